/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api_rooms.c — /api/v1/rooms and /api/v1/sessions. */
#include "admin-web/api.h"
#include "admin-web/api_routes.h"
#include "admin-web/room.h"
#include "admin-web/web.h"

static void list_loaded(struct exchange *x, const struct xdb_result *res)
{
	json_t *rooms;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	rooms = json_array();
	for (size_t i = 0; res->status == XDB_OK && i < res->n; i++)
		json_array_append_new(rooms, room_json(x, &res->rooms[i]));
	api_answer(x, 200, json_pack("{s:o, s:b}", "rooms", rooms,
	    "isCut", res->is_cut));
}

void api_rooms_list(struct exchange *x)
{
	exchange_await(x, xdb_room_list(x->web->db), list_loaded);
}

/* --- create, change ----------------------------------------------------------------- */

static bool read_wish(struct exchange *x, struct room_wish *w, bool is_new)
{
	const struct api_member members[] = {
		{ .name = "title", .is_required = is_new, .text_r = &w->title },
		{ .name = "description", .may_be_null = true,
		    .text_r = &w->description },
		{ .name = "list", .may_be_null = true, .text_r = &w->list },
		{ .name = "membersOnly", .is_bool = true, .flag_r = &w->members_only },
		{ .name = "public", .is_bool = true, .flag_r = &w->is_public },
		{ .name = "name", .is_required = true, .text_r = &w->name },
	};

	/* A room keeps its name: that member comes last, and only for new ones. */
	return api_read(x, members, COUNT(members) - (is_new ? 0 : 1));
}

static void created(struct exchange *x, unsigned status, enum text why,
    struct xdb_room *room)
{
	if (status != 0) {
		exchange_fail(x, status, why);
		return;
	}
	reply_header(x, "Location", exchange_printf(x, "/api/v1%s",
	    room_path(x, room)));
	api_answer(x, 201, room_json(x, room));
}

void api_rooms_create(struct exchange *x)
{
	struct room_wish w = { .members_only = -1, .is_public = -1 };

	if (!read_wish(x, &w, true))
		return;
	if (w.members_only < 0)
		w.members_only = 0;
	if (w.is_public < 0)
		w.is_public = 1;
	room_make(x, &w, created);
}

static void get_found(struct exchange *x, struct xdb_room *room)
{
	api_answer(x, 200, room_json(x, room));
}

void api_room_get(struct exchange *x)
{
	room_find(x, x->param[0], get_found);
}

static void changed(struct exchange *x, unsigned status, enum text why,
    struct xdb_room *room)
{
	(void)room;
	if (status != 0)
		exchange_fail(x, status, why);
	else
		room_find(x, x->param[0], get_found);
}

static void change_found(struct exchange *x, struct xdb_room *room)
{
	room_change(x, room, x->data, changed);
}

void api_room_change(struct exchange *x)
{
	struct room_wish *w = ARENA_NEW(&x->arena, struct room_wish);

	w->members_only = w->is_public = -1;
	x->data = w;
	if (read_wish(x, w, false))
		room_find(x, x->param[0], change_found);
}

static void deleted(struct exchange *x)
{
	api_answer(x, 204, NULL);
}

static void delete_found(struct exchange *x, struct xdb_room *room)
{
	room_delete(x, room, deleted);
}

void api_room_delete(struct exchange *x)
{
	room_find(x, x->param[0], delete_found);
}

/* --- sessions ------------------------------------------------------------------------- */

static struct slice member(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return slice_make(json_is_string(v) ? json_string_value(v) : "",
	    json_is_string(v) ? json_string_length(v) : 0);
}

/* The im process gives full JIDs; scripts get account and resource apart. */
static json_t *session_json(const json_t *s)
{
	struct slice bare, resource;

	slice_cut(member(s, "jid"), '/', &bare, &resource);
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o}",
	    "jid", api_text(bare), "resource", api_text(resource),
	    "address", api_text(member(s, "address")),
	    "tls", api_text(member(s, "tls")),
	    "since", json_integer_value(json_object_get(s, "since")),
	    "presence", api_text(member(s, "presence")));
}

static void sessions_heard(struct exchange *x, const json_t *answer)
{
	json_t *list, *s;
	size_t i;

	if (answer == NULL) {
		exchange_fail(x, 503, T_IM_DOWN);
		return;
	}
	list = json_array();
	json_array_foreach(json_object_get(answer, "sessions"), i, s)
		json_array_append_new(list, session_json(s));
	api_answer(x, 200, list);
}

void api_sessions_list(struct exchange *x)
{
	exchange_ask(x, json_pack("{s:s}", "op", "sessions"), sessions_heard);
}
