/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/room.h — conference rooms as administrators see them, and what is
 * done to them, by page or by API.  Rooms made here are persistent. */
#ifndef WEB_ROOM_H
#define WEB_ROOM_H

#include "admin-web/exchange.h"

/* The store's own form, copied into the exchange's arena. */
struct xdb_room *room_copy(struct exchange *x, const struct xdb_room *from);

bool room_is_members_only(const struct xdb_room *r);
bool room_is_public(const struct xdb_room *r);          /* unless it says no */
const char *room_jid(struct exchange *x, const struct xdb_room *r);
const char *room_path(struct exchange *x, const struct xdb_room *r);
json_t *room_json(struct exchange *x, const struct xdb_room *r);

typedef void room_fn(struct exchange *x, struct xdb_room *r);
/* Loads the one of that name, or answers 404, 503, … itself. */
void room_find(struct exchange *x, struct slice name, room_fn *then);

/* What somebody wants of a room.  Slices with p NULL and flags of -1 stay as
 * they are; an empty list unbinds. */
struct room_wish {
	struct slice name, title, description, list;
	int members_only, is_public;
};
/* 0: done, go on with `room`; 409 or 422: x->fault says what is wrong, `why`
 * sums it up. */
typedef void room_done_fn(struct exchange *x, unsigned status, enum text why,
    struct xdb_room *room);

/* The person who asks becomes the owner. */
void room_make(struct exchange *x, const struct room_wish *wish, room_done_fn *then);
void room_change(struct exchange *x, struct xdb_room *r,
    const struct room_wish *wish, room_done_fn *then);
void room_delete(struct exchange *x, struct xdb_room *r, exchange_fn *then);

enum { ROOM_LISTS_MOST = 500 };         /* lists offered for a choice */

#endif
