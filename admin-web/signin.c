/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/signin.c — in, out, the choice of language, and the page for people
 * who are no administrators. */
#include "admin-web/account.h"
#include "admin-web/auth.h"
#include "admin-web/layout.h"
#include "admin-web/login.h"
#include "admin-web/pages.h"
#include "admin-web/password.h"
#include "admin-web/web.h"

/* A path to go on to: only one that a page of the table answers (WEB-22). */
static const char *safe_next(struct exchange *x, struct slice next)
{
	struct route_match match;

	if (!http_guard_path(next))
		return "/";
	route_find(&x->arena, routes, routes_n, SLICE("GET"), next, &match);
	return match.route != NULL && match.route->kind == ROUTE_PAGE
	    ? slice_cstr(&x->arena, next) : "/";
}

void page_home(struct exchange *x)
{
	exchange_redirect(x, x->who.uid == NULL ? "/signin"
	    : x->who.is_admin ? "/people" : "/me");
}

/* --- sign in --------------------------------------------------------------------------- */

static void show_signin(struct exchange *x, const char *complaint,
    struct slice name, const char *next)
{
	struct page p;

	layout_begin_card(x, &p, say(x, T_SIGN_IN));
	if (complaint != NULL)
		part_alert(&p, complaint);
	part_text(&p, "dim", say_with(x, T_SIGN_IN_HELP,
	    x->web->settings->server.domain, NULL));
	form_begin(x, &p, "/signin", "stack");
	form_hidden(&p, "next", next);
	form_field(x, &p, &(struct field){ .name = "name", .type = "text",
	    .label = T_USER_NAME, .help = T_COUNT, .value = name,
	    .autocomplete = "username", .is_required = true,
	    .is_focused = name.n == 0, .most = 255 });
	form_field(x, &p, &(struct field){ .name = "password",
	    .type = "password", .label = T_PASSWORD, .help = T_COUNT,
	    .autocomplete = "current-password", .is_required = true,
	    .is_focused = name.n != 0, .most = 1024 });
	form_button(&p, "button main", say(x, T_SIGN_IN));
	part_link(&p, "button", "/password", say(x, T_CHANGE_PASSWORD));
	page_close(&p);
	layout_end(x, &p);
}

void page_signin(struct exchange *x)
{
	if (x->login != NULL)
		page_home(x);
	else
		show_signin(x, NULL, slice_make("", 0),
		    safe_next(x, form_get(&x->query, "next")));
}

static void signed_in(struct exchange *x)
{
	exchange_redirect(x, safe_next(x, form_get(&x->form, "next")));
}

static void signin_checked(struct exchange *x, enum auth_outcome outcome)
{
	const char *next = safe_next(x, form_get(&x->form, "next"));
	struct slice name = form_get(&x->form, "name");

	switch (outcome) {
	case AUTH_GOOD:
		login_begin(x);
		account_proved(x, form_get_exact(&x->form, "password"),
		    signed_in);
		return;
	case AUTH_MUST_CHANGE:
		x->who = (struct who){ 0 };
		x->reply.status = 403;
		password_show(x, say(x, T_MUST_CHANGE), name);
		return;
	case AUTH_WRONG:
		x->reply.status = 403;
		show_signin(x, say(x, T_SIGN_IN_WRONG), name, next);
		return;
	case AUTH_WAIT:
		x->reply.status = 429;
		reply_header(x, "Retry-After", "60");
		show_signin(x, say(x, T_TOO_MANY_TRIES), name, next);
		return;
	case AUTH_DOWN:
		x->reply.status = 503;
		reply_header(x, "Retry-After", "5");
		show_signin(x, say(x, T_DIRECTORY_DOWN), name, next);
		return;
	}
}

void post_signin(struct exchange *x)
{
	auth_check(x, form_get(&x->form, "name"),
	    form_get_exact(&x->form, "password"), signin_checked);
}

void post_signout(struct exchange *x)
{
	audit(x, "sign-out", slice_of(x->who.uid), "done");
	login_end(x);
	exchange_redirect(x, "/signin");
}

/* --- language ---------------------------------------------------------------------------- */

void post_language(struct exchange *x)
{
	enum lang lang;

	if (lang_parse(form_get(&x->form, "to"), &lang))
		reply_header(x, "Set-Cookie", exchange_printf(x, LANGUAGE_COOKIE
		    "=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000",
		    lang_tag(lang)));
	exchange_redirect(x, safe_next(x, form_get(&x->form, "back")));
}

/* --- for everybody -------------------------------------------------------------------------- */

static const struct client { const char *name, *url; enum text where; } clients[] = {
	{ "Conversations", "https://conversations.im/", T_ON_ANDROID },
	{ "Monal", "https://monal-im.org/", T_ON_APPLE },
	{ "Gajim", "https://gajim.org/", T_ON_DESKTOP },
	{ "Dino", "https://dino.im/", T_ON_LINUX },
	{ "Profanity", "https://profanity-im.github.io/", T_ON_TERMINAL },
};

static void write_clients(struct exchange *x, struct page *p)
{
	page_open_class(p, "ul", "plain");
	for (size_t i = 0; i < COUNT(clients); i++) {
		page_open(p, "li");
		part_link(p, NULL, clients[i].url, clients[i].name);
		page_cstr(p, " — ");
		page_cstr(p, say(x, clients[i].where));
		page_close(p);
	}
	page_close(p);
}

void page_me(struct exchange *x)
{
	const char *domain = x->web->settings->server.domain;
	struct page p;

	layout_begin(x, &p, SECTION_NONE, say_with(x, T_HELLO, x->who.name, NULL));
	if (!x->who.is_admin)
		part_text(&p, NULL, say(x, T_ME_NOT_ADMIN));
	page_open_class(&p, "section", "panel");
	part_heading(&p, say(x, T_YOUR_ADDRESS));
	page_leaf_cstr(&p, "p", "address", exchange_printf(x, "%s@%s",
	    x->who.uid, domain));
	part_text(&p, "dim", say(x, T_YOUR_ADDRESS_HELP));
	part_link(&p, "button", "/password", say(x, T_CHANGE_PASSWORD));
	page_close(&p);
	page_open_class(&p, "section", "panel");
	part_heading(&p, say(x, T_HOW_TO_BEGIN));
	page_open(&p, "ol");
	page_leaf_cstr(&p, "li", NULL, say(x, T_BEGIN_CLIENT));
	page_leaf_cstr(&p, "li", NULL, say(x, T_BEGIN_ADDRESS));
	page_leaf_cstr(&p, "li", NULL, say_with(x, T_BEGIN_ROOMS,
	    x->web->settings->server.muc_domain, NULL));
	page_close(&p);
	write_clients(x, &p);
	page_close(&p);
	layout_end(x, &p);
}
