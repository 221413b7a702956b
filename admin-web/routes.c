/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/routes.c — everything there is, in one table. */
#include "admin-web/api_routes.h"
#include "admin-web/files.h"
#include "admin-web/pages.h"
#include "admin-web/route.h"

#define V1 "/api/v1"

const struct route routes[] = {
	{ "GET",  "/",            ROLE_ANYONE, ROUTE_PAGE,      page_home,     "home" },
	{ "GET",  "/signin",      ROLE_ANYONE, ROUTE_PAGE,      page_signin,   "signin-page" },
	{ "POST", "/signin",      ROLE_ANYONE, ROUTE_OPEN_FORM, post_signin,   "sign-in" },
	{ "POST", "/signout",     ROLE_PERSON, ROUTE_FORM,      post_signout,  "sign-out" },
	{ "POST", "/language",    ROLE_ANYONE, ROUTE_OPEN_FORM, post_language, "language" },
	{ "GET",  "/me",          ROLE_PERSON, ROUTE_PAGE,      page_me,       "me" },

	{ "GET",  "/password",    ROLE_ANYONE, ROUTE_PAGE,      page_password, "password-page" },
	{ "POST", "/password",    ROLE_ANYONE, ROUTE_OPEN_FORM, post_password, "password-change" },

	{ "GET",  "/activate/{token}", ROLE_ANYONE, ROUTE_PAGE,      page_activate, "activate-page" },
	{ "POST", "/activate/{token}", ROLE_ANYONE, ROUTE_OPEN_FORM, post_activate, "activate" },

	{ "GET",  "/people",               ROLE_ADMIN, ROUTE_PAGE, page_people,         "people" },
	{ "GET",  "/create/person",        ROLE_ADMIN, ROUTE_PAGE, page_person_new,     "person-form" },
	{ "POST", "/create/person",        ROLE_ADMIN, ROUTE_FORM, post_person_new,     "account-create" },
	{ "GET",  "/people/{uid}",         ROLE_ADMIN, ROUTE_PAGE, page_person,         "person" },
	{ "POST", "/people/{uid}/account", ROLE_ADMIN, ROUTE_FORM, post_person_account, "account-create" },
	{ "POST", "/people/{uid}/status",  ROLE_ADMIN, ROUTE_FORM, post_person_status,  "account-status" },
	{ "POST", "/people/{uid}/link",    ROLE_ADMIN, ROUTE_FORM, post_person_link,    "activation-link" },
	{ "GET",  "/people/{uid}/delete",  ROLE_ADMIN, ROUTE_PAGE, page_person_delete,  "account-delete-page" },
	{ "POST", "/people/{uid}/delete",  ROLE_ADMIN, ROUTE_FORM, post_person_delete,  "account-delete" },

	{ "GET",  "/orphans",              ROLE_ADMIN, ROUTE_PAGE, page_orphans,        "orphans" },
	{ "GET",  "/orphans/{id}/delete",  ROLE_ADMIN, ROUTE_PAGE, page_orphan_delete,  "orphan-delete-page" },
	{ "POST", "/orphans/{id}/delete",  ROLE_ADMIN, ROUTE_FORM, post_orphan_delete,  "orphan-delete" },

	{ "GET",  "/rooms",                ROLE_ADMIN, ROUTE_PAGE, page_rooms,          "rooms" },
	{ "GET",  "/create/room",          ROLE_ADMIN, ROUTE_PAGE, page_room_new,       "room-form" },
	{ "POST", "/create/room",          ROLE_ADMIN, ROUTE_FORM, post_room_new,       "room-create" },
	{ "GET",  "/rooms/{name}",         ROLE_ADMIN, ROUTE_PAGE, page_room,           "room" },
	{ "POST", "/rooms/{name}",         ROLE_ADMIN, ROUTE_FORM, post_room,           "room-change" },
	{ "GET",  "/rooms/{name}/delete",  ROLE_ADMIN, ROUTE_PAGE, page_room_delete,    "room-delete-page" },
	{ "POST", "/rooms/{name}/delete",  ROLE_ADMIN, ROUTE_FORM, post_room_delete,    "room-delete" },

	{ "GET",  "/online",               ROLE_ADMIN, ROUTE_PAGE, page_online,         "online" },

	{ "GET",  "/style.css",            ROLE_ANYONE, ROUTE_FILE, file_get,           "file" },
	{ "GET",  "/icon.svg",             ROLE_ANYONE, ROUTE_FILE, file_get,           "file" },

	{ "GET",    V1 "/openapi.json",    ROLE_ANYONE, ROUTE_API, file_get,             "api-description" },
	{ "GET",    V1 "/accounts{?q,limit,offset}", ROLE_ADMIN, ROUTE_API, api_accounts_list, "api-accounts" },
	{ "POST",   V1 "/accounts",        ROLE_ADMIN,  ROUTE_API, api_accounts_create,  "api-account-create" },
	{ "GET",    V1 "/accounts/{uid}",  ROLE_ADMIN,  ROUTE_API, api_account_get,      "api-account" },
	{ "PATCH",  V1 "/accounts/{uid}",  ROLE_ADMIN,  ROUTE_API, api_account_change,   "api-account-change" },
	{ "DELETE", V1 "/accounts/{uid}",  ROLE_ADMIN,  ROUTE_API, api_account_delete,   "api-account-delete" },
	{ "GET",    V1 "/orphans{?limit}", ROLE_ADMIN,  ROUTE_API, api_orphans_list,     "api-orphans" },
	{ "GET",    V1 "/orphans/{id}",    ROLE_ADMIN,  ROUTE_API, api_orphan_get,       "api-orphan" },
	{ "DELETE", V1 "/orphans/{id}",    ROLE_ADMIN,  ROUTE_API, api_orphan_delete,    "api-orphan-delete" },
	{ "GET",    V1 "/rooms",           ROLE_ADMIN,  ROUTE_API, api_rooms_list,       "api-rooms" },
	{ "POST",   V1 "/rooms",           ROLE_ADMIN,  ROUTE_API, api_rooms_create,     "api-room-create" },
	{ "GET",    V1 "/rooms/{name}",    ROLE_ADMIN,  ROUTE_API, api_room_get,         "api-room" },
	{ "PATCH",  V1 "/rooms/{name}",    ROLE_ADMIN,  ROUTE_API, api_room_change,      "api-room-change" },
	{ "DELETE", V1 "/rooms/{name}",    ROLE_ADMIN,  ROUTE_API, api_room_delete,      "api-room-delete" },
	{ "GET",    V1 "/sessions",        ROLE_ADMIN,  ROUTE_API, api_sessions_list,    "api-sessions" },
};

const size_t routes_n = COUNT(routes);
