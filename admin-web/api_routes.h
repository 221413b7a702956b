/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api_routes.h — handlers of the JSON API, for the table in routes.c.
 * What each takes and gives is described in openapi.json. */
#ifndef WEB_API_ROUTES_H
#define WEB_API_ROUTES_H

struct exchange;

void api_accounts_list(struct exchange *x);
void api_accounts_create(struct exchange *x);
void api_account_get(struct exchange *x);
void api_account_change(struct exchange *x);
void api_account_delete(struct exchange *x);
void api_orphans_list(struct exchange *x);
void api_orphan_get(struct exchange *x);
void api_orphan_delete(struct exchange *x);
void api_rooms_list(struct exchange *x);
void api_rooms_create(struct exchange *x);
void api_room_get(struct exchange *x);
void api_room_change(struct exchange *x);
void api_room_delete(struct exchange *x);
void api_sessions_list(struct exchange *x);

#endif
