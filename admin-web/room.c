/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/room.c — conference rooms: made, changed, deleted. */
#include "admin-web/room.h"

#include "admin-web/api.h"
#include "admin-web/web.h"

/* --- looking at one --------------------------------------------------------------------- */

static void copy_people(struct exchange *x, struct xdb_room *r)
{
	struct xdb_room_person *to = arena_alloc(&x->arena,
	    r->person_n * sizeof *to);

	for (size_t i = 0; i < r->person_n; i++)
		to[i] = (struct xdb_room_person){
			.jid = slice_dup(&x->arena, r->people[i].jid),
			.dn = slice_dup(&x->arena, r->people[i].dn),
			.affiliation = r->people[i].affiliation,
			.nick = slice_dup(&x->arena, r->people[i].nick),
			.reason = slice_dup(&x->arena, r->people[i].reason),
		};
	r->people = to;
}

struct xdb_room *room_copy(struct exchange *x, const struct xdb_room *from)
{
	struct xdb_room *r = ARENA_NEW(&x->arena, struct xdb_room);
	struct xdb_room_option *options;

	*r = *from;
	r->dn = slice_dup(&x->arena, from->dn);
	r->name = slice_dup(&x->arena, from->name);
	r->title = slice_dup(&x->arena, from->title);
	r->description = slice_dup(&x->arena, from->description);
	r->subject = slice_dup(&x->arena, from->subject);
	r->language = slice_dup(&x->arena, from->language);
	r->bound_to = slice_dup(&x->arena, from->bound_to);
	r->bound_state.why = slice_dup(&x->arena, from->bound_state.why);
	/* Room for the three that this interface sets. */
	options = arena_alloc(&x->arena, (r->option_n + 3) * sizeof *options);
	for (size_t i = 0; i < r->option_n; i++)
		options[i] = (struct xdb_room_option){
			slice_dup(&x->arena, from->options[i].key),
			slice_dup(&x->arena, from->options[i].value) };
	r->options = options;
	copy_people(x, r);
	return r;
}

static bool option_is(const struct xdb_room *r, const char *key, const char *value)
{
	for (size_t i = 0; i < r->option_n; i++)
		if (slice_is(r->options[i].key, key))
			return slice_is(r->options[i].value, value);
	return false;
}

bool room_is_members_only(const struct xdb_room *r)
{
	return option_is(r, "membersonly", "yes");
}

bool room_is_public(const struct xdb_room *r)
{
	return !option_is(r, "public", "no");
}

static void option_set(struct xdb_room *r, const char *key, bool is_on)
{
	size_t i = 0;

	while (i < r->option_n && !slice_is(r->options[i].key, key))
		i++;
	r->options[i].key = slice_of(key);
	r->options[i].value = slice_of(is_on ? "yes" : "no");
	if (i == r->option_n)
		r->option_n++;
}

const char *room_jid(struct exchange *x, const struct xdb_room *r)
{
	return exchange_printf(x, SLICE_FMT "@%s", SLICE_ARG(r->name),
	    x->web->settings->server.muc_domain);
}

const char *room_path(struct exchange *x, const struct xdb_room *r)
{
	return exchange_path(x, "/rooms/", r->name);
}

static void set(json_t *o, const char *name, struct slice value)
{
	json_object_set_new(o, name, value.n != 0 ? api_text(value) : json_null());
}

json_t *room_json(struct exchange *x, const struct xdb_room *r)
{
	json_t *o = json_object();

	set(o, "name", r->name);
	set(o, "jid", slice_of(room_jid(x, r)));
	set(o, "title", r->title);
	set(o, "description", r->description);
	set(o, "subject", r->subject);
	set(o, "list", r->bound_to);
	json_object_set_new(o, "membersOnly",
	    json_boolean(room_is_members_only(r)));
	json_object_set_new(o, "public",
	    json_boolean(room_is_public(r)));
	return o;
}

struct finding { room_fn *then; };

static void room_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct finding *find = x->act;

	if (res->status == XDB_OK)
		find->then(x, room_copy(x, res->room));
	else if (res->status == XDB_ABSENT)
		exchange_fail(x, 404, T_NO_SUCH_ROOM);
	else
		exchange_fail_xdb(x, res->status);
}

void room_find(struct exchange *x, struct slice name, room_fn *then)
{
	struct finding *find = ARENA_NEW(&x->arena, struct finding);

	find->then = then;
	x->act = find;
	exchange_await(x, xdb_room_load(x->web->db, name), room_loaded);
}

/* --- making and changing ------------------------------------------------------------------- */

struct editing {
	struct room_wish wish;
	struct xdb_room *room;
	bool is_new;
	room_done_fn *then;
};

static void edit_list_found(struct exchange *x, const struct xdb_result *res);
static void edit_ready(struct exchange *x);
static void edit_known(struct exchange *x, const json_t *answer);
static void edit_store(struct exchange *x);
static void edit_stored(struct exchange *x, const struct xdb_result *res);
static void edit_told(struct exchange *x, const json_t *answer);

static void edit_ends(struct exchange *x, unsigned status, enum text why)
{
	struct editing *e = x->act;

	audit(x, e->is_new ? "room-create" : "room-change", e->room->name,
	    status == 0 ? "done" : status == 409 ? "exists" : "refused");
	e->then(x, status, why, e->room);
}

/* `most` characters, as the description says and browsers count. */
static void check(struct exchange *x, struct slice s, const char *field,
    size_t most, bool may_break)
{
	if (s.p != NULL && (input_characters(s) > most
	    || !input_is_text(s, may_break)))
		exchange_fault(x, field, T_BAD_TEXT);
}

/* The wish goes into the room; then its list is looked up, if it names one. */
static void edit_begin(struct exchange *x, struct editing *e)
{
	const struct room_wish *w = &e->wish;
	struct xdb_room *r = e->room;

	x->act = e;
	check(x, w->title, "title", 255, false);
	check(x, w->description, "description", 1024, true);
	if (w->title.p != NULL && w->title.n == 0)
		exchange_fault(x, "title", T_MISSING);
	else if (w->title.p != NULL && input_is_blank(w->title))
		exchange_fault(x, "title", T_BLANK);
	if (x->fault_n != 0) {
		edit_ends(x, 422, T_MEMBERS_BAD);
		return;
	}
	if (w->title.p != NULL)
		r->title = w->title;
	if (w->description.p != NULL)
		r->description = w->description;
	if (w->list.p != NULL)
		r->bound_to = w->list;
	if (w->members_only >= 0)
		option_set(r, "membersonly", w->members_only == 1);
	if (w->is_public >= 0)
		option_set(r, "public", w->is_public == 1);
	option_set(r, "persistent", true);
	if (w->list.p != NULL && w->list.n != 0)
		exchange_await(x, xdb_group_search(x->web->db,
		    slice_make("", 0), ROOM_LISTS_MOST), edit_list_found);
	else
		edit_ready(x);
}

static bool is_named(const struct xdb_group *g, struct slice wanted)
{
	return slice_eq(g->name, wanted);
}

static bool is_called(const struct xdb_group *g, struct slice wanted)
{
	return slice_eq_nocase(g->dn, wanted);
}

typedef bool meant_fn(const struct xdb_group *g, struct slice wanted);

/* The next that is meant, from there on; NULL: none. */
static const struct xdb_group *list_next(const struct xdb_result *res, size_t *at,
    meant_fn *is_meant, struct slice wanted)
{
	while (*at < res->n) {
		const struct xdb_group *g = &res->groups[(*at)++];

		if (is_meant(g, wanted))
			return g;
	}
	return NULL;
}

static void edit_list_of_several(struct exchange *x, const struct xdb_group *one,
    const struct xdb_group *other)
{
	exchange_fault_said(x, "list", say_with(x, T_LIST_WHICH,
	    slice_cstr(&x->arena, one->dn), slice_cstr(&x->arena, other->dn),
	    NULL));
	edit_ends(x, 409, T_LIST_TWICE);
}

/* By DN, or by the name people know it under, which must be one list's alone. */
static void edit_list_found(struct exchange *x, const struct xdb_result *res)
{
	struct editing *e = x->act;
	const struct xdb_group *g = NULL, *other = NULL;
	size_t at = 0;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	if (res->status == XDB_OK)
		g = list_next(res, &at, is_called, e->wish.list);
	if (res->status == XDB_OK && g == NULL) {
		at = 0;
		g = list_next(res, &at, is_named, e->wish.list);
		other = list_next(res, &at, is_named, e->wish.list);
	}
	if (other != NULL) {
		edit_list_of_several(x, g, other);
	} else if (g != NULL) {
		e->room->bound_to = slice_dup(&x->arena, g->dn);
		edit_ready(x);
	} else {
		exchange_fault(x, "list", T_NO_SUCH_LIST);
		edit_ends(x, 422, T_MEMBERS_BAD);
	}
}

static void edit_ready(struct exchange *x)
{
	struct editing *e = x->act;

	if (e->is_new)
		exchange_ask(x, json_pack("{s:s, s:o}", "op", "room-temporary",
		    "name", api_text(e->room->name)), edit_known);
	else
		edit_store(x);
}

/* A room that lives only in the im process would become the one whose entry is
 * made, and its owner nobody in it.  An im process that is there and does not
 * answer may have such a room, so without its word nothing is made; one that
 * does not run has none, and making rooms does not wait for it.  (A room opened
 * between this answer and the entry is as old as a write takes.) */
static void edit_known(struct exchange *x, const json_t *answer)
{
	const json_t *temporary = json_object_get(answer, "temporary");

	if (json_is_true(temporary)) {
		exchange_fault(x, "name", T_ROOM_TEMPORARY);
		edit_ends(x, 409, T_ROOM_TEMPORARY);
	} else if (json_is_false(temporary) || x->is_im_away) {
		edit_store(x);
	} else {
		exchange_fail(x, 503, T_IM_DOWN);
	}
}

static void edit_store(struct exchange *x)
{
	struct editing *e = x->act;

	exchange_detach(x);
	exchange_await(x, e->is_new ? xdb_room_create(x->web->db, e->room)
	    : xdb_room_configure(x->web->db, NULL, e->room), edit_stored);
}

static void edit_stored(struct exchange *x, const struct xdb_result *res)
{
	struct editing *e = x->act;

	if (res->status == XDB_CONFLICT && e->is_new) {
		exchange_fault(x, "name", T_ROOM_EXISTS);
		edit_ends(x, 409, T_ROOM_EXISTS);
	} else if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
	} else {
		exchange_ask(x, json_pack("{s:s, s:o}", "op", "room-changed",
		    "name", api_text(e->room->name)), edit_told);
	}
}

static void edit_told(struct exchange *x, const json_t *answer)
{
	(void)answer;
	edit_ends(x, 0, T_COUNT);
}

void room_make(struct exchange *x, const struct room_wish *wish,
    room_done_fn *then)
{
	struct editing *e = ARENA_NEW(&x->arena, struct editing);
	struct xdb_room_person *owner = ARENA_NEW(&x->arena, struct xdb_room_person);
	const char *name = input_local_part(&x->arena, wish->name);

	*e = (struct editing){ .wish = *wish, .is_new = true, .then = then };
	if (wish->name.n == 0)
		exchange_fault(x, "name", T_MISSING);
	else if (name == NULL)
		exchange_fault(x, "name", T_BAD_ROOM_NAME);
	if (wish->title.p == NULL)
		exchange_fault(x, "title", T_MISSING);
	owner->affiliation = AFF_OWNER;
	owner->dn = x->who.dn;
	owner->jid = slice_of(exchange_printf(x, "%s@%s", x->who.uid,
	    x->web->settings->server.domain));
	e->room = room_copy(x, &(struct xdb_room){
		.name = name != NULL ? slice_of(name) : wish->name });
	e->room->people = owner;
	e->room->person_n = 1;
	edit_begin(x, e);
}

void room_change(struct exchange *x, struct xdb_room *r,
    const struct room_wish *wish, room_done_fn *then)
{
	struct editing *e = ARENA_NEW(&x->arena, struct editing);

	*e = (struct editing){ .wish = *wish, .room = r, .then = then };
	edit_begin(x, e);
}

/* --- deleting --------------------------------------------------------------------------------- */

struct deleting { struct slice name; exchange_fn *then; };

static void delete_told(struct exchange *x, const json_t *answer)
{
	struct deleting *d = x->act;

	(void)answer;
	d->then(x);
}

static void delete_stored(struct exchange *x, const struct xdb_result *res)
{
	struct deleting *d = x->act;

	audit(x, "room-delete", d->name, xdb_status_text(res->status));
	if (res->status != XDB_OK)
		exchange_fail_xdb(x, res->status);
	else
		exchange_ask(x, json_pack("{s:s, s:o}", "op", "room-changed",
		    "name", api_text(d->name)), delete_told);
}

void room_delete(struct exchange *x, struct xdb_room *r, exchange_fn *then)
{
	struct deleting *d = ARENA_NEW(&x->arena, struct deleting);

	d->name = r->name;
	d->then = then;
	x->act = d;
	exchange_detach(x);
	exchange_await(x, xdb_room_delete(x->web->db, r->dn), delete_stored);
}
