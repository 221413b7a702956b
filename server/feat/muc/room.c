/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/room.c — the registry of rooms, reading them, and whose turn it is.
 *
 *                OK, list known               last occupant left, a while
 *   asked ──► LOADING ──► READY ───────────────────────────────────► gone
 *                │ ABSENT   ▲ │ asked when empty and not just read
 *                ▼          └─┘ (reads again: an empty room costs a search,
 *              gone              and so is never behind the directory)
 */
#include "feat/muc/room.h"

#include <assert.h>
#include <stdlib.h>

#include "core/host.h"
#include "feat/muc/affiliated.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

/* An empty room is read again after the first, let go after the second; one
 * with a history that somebody may come back to, after the third. */
enum { FRESH_MS = 5 * 1000, IDLE_MS = 5 * 60 * 1000,
	IDLE_WITH_PAST_MS = 24 * 60 * 60 * 1000, AGAIN_MS = 2000,
	UNRESOLVED_MS = 5 * 60 * 1000 };

static struct map rooms;                /* local part -> struct room */

static void room_idle(void *ctx);
static void room_again(void *ctx);
static void room_loaded(const struct xdb_result *res, void *ctx);
static void room_turn(void *ctx);

struct room *room_find(struct slice name)
{
	struct room *r = map_find(&rooms, name);

	return r != NULL && r->state == ROOM_READY ? r : NULL;
}

struct room *room_next(size_t *at)
{
	struct room *r;

	while ((r = map_next(&rooms, at)) != NULL && r->state != ROOM_READY)
		;
	return r;
}

/* --- life --- */

static struct room *room_new(const struct jid *jid)
{
	struct room *r = NEW(struct room);

	assert(map_find(&rooms, jid_local(jid)) == NULL);
	r->jid = jid_bare_dup(&r->arena, jid);
	config_default(&r->config);
	list_init(&r->occupants);
	list_init(&r->seats);
	list_init(&r->waiting);
	list_init(&r->editing);
	timer_init(&r->idle, room_idle, r);
	timer_init(&r->again, room_again, r);
	bound_init(r);
	mend_init(r);
	map_put(&rooms, jid_local(&r->jid), r);
	return r;
}

struct room *room_make(const struct jid *jid)
{
	struct room *r = room_new(jid);

	r->state = ROOM_READY;
	r->is_locked = true;
	return r;
}

static void room_free(struct room *r)
{
	xdb_cancel(&r->op);
	timer_stop(&r->idle);
	timer_stop(&r->again);
	loop_undefer(r);
	bound_fini(r);
	mend_fini(r);
	affiliates_fini(r);
	map_fini(&r->nicks);
	map_fini(&r->seats_by_jid);
	history_fini(&r->history);
	config_fini(&r->config);
	buf_fini(&r->subject.text);
	buf_fini(&r->subject.by);
	buf_fini(&r->dn);
	buf_fini(&r->uuid);
	arena_fini(&r->arena);
	free(r);
}

void room_end(struct room *r)
{
	if (r->is_gone)
		return;
	r->is_gone = true;
	map_take(&rooms, jid_local(&r->jid));
	timer_stop(&r->idle);
	timer_stop(&r->again);
	timer_stop(&r->mending.look);
	loop_defer(room_turn, r);
}

void room_emptied(struct room *r)
{
	if (r->is_gone)
		return;
	if (room_is_stored(r))
		timer_start(&r->idle, r->history.n != 0 ? IDLE_WITH_PAST_MS
		    : IDLE_MS);
	else
		room_end(r);
}

static bool is_awaited(const struct room *r)
{
	return r->editor != NULL || r->op != NULL
	    || !list_is_empty(&r->editing) || !list_is_empty(&r->waiting);
}

static void room_idle(void *ctx)
{
	struct room *r = ctx;

	if (!list_is_empty(&r->seats))
		return;                 /* the last to leave starts it again */
	if (is_awaited(r))
		timer_start(&r->idle, IDLE_MS);
	else
		room_end(r);
}

/* --- reading --- */

static void room_read(struct room *r)
{
	r->needs_reading = false;
	r->op = xdb_room_load_again(host.xdb, jid_local(&r->jid),
	    r->mending.named, r->mending.named_n);
	xdb_then(r->op, room_loaded, r);
}

static bool wants_reading(const struct room *r)
{
	return room_is_stored(r) && list_is_empty(&r->seats)
	    && r->op == NULL && r->editor == NULL
	    && loop_now_ms() - r->read_ms > FRESH_MS;
}

/* A room with people in it does not keep anybody waiting. */
static bool is_usable(const struct room *r)
{
	return r->state == ROOM_READY
	    && (r->op == NULL || !list_is_empty(&r->seats));
}

struct visit *visit_of(struct job *j)
{
	if (j->data == NULL)
		j->data = ARENA_NEW(&j->arena, struct visit);
	return j->data;
}

void room_want(struct job *j, room_fn *next)
{
	struct room *r = map_find(&rooms, jid_local(&j->to));

	if (r == NULL) {
		r = room_new(&j->to);
		room_read(r);
	} else if (wants_reading(r)) {
		room_read(r);
	}
	if (is_usable(r)) {
		next(j, r);
		return;
	}
	visit_of(j)->next = next;
	list_push(&r->waiting, &j->wait);
}

/* Each looks the name up anew: the first to come may have made the room. */
static void wake(struct room *r, enum xdb_status status)
{
	struct job *j;

	while ((j = LIST_FIRST(&r->waiting, struct job, wait)) != NULL) {
		list_remove(&j->wait);
		if (status == XDB_OK || status == XDB_ABSENT)
			visit_of(j)->next(j, room_find(jid_local(&r->jid)));
		else
			job_fail_xdb(j, status);
	}
}

/* Whom a DN named before anybody read it here is not known: the directory may be about
 * to write another, and tells nobody. */
static void look_later(struct room *r)
{
	if (r->unresolved_n != 0 && !r->is_gone)
		timer_start(&r->again, UNRESOLVED_MS);
}

/* For a room in memory the answer is news; without one it stays as it is. */
static enum xdb_status reread(struct room *r, const struct xdb_result *res)
{
	if (res->status == XDB_OK) {
		r->read_ms = loop_now_ms();
		room_sync(r, res->room);
		look_later(r);
	} else if (res->status != XDB_ABSENT) {
		timer_start(&r->again, AGAIN_MS);
	} else if (room_is_stored(r)) {
		room_vanished(r);
	}
	return XDB_OK;
}

/* Nobody enters before it is known what they are. */
static void loading_ends(struct room *r, enum xdb_status status)
{
	if (status != XDB_OK) {
		room_end(r);
	} else {
		r->state = ROOM_READY;
		room_emptied(r);
	}
	wake(r, status);
}

static void first_read(struct room *r, const struct xdb_result *res)
{
	if (res->status != XDB_OK) {
		loading_ends(r, res->status);
		return;
	}
	r->read_ms = loop_now_ms();
	room_take(r, res->room);
	if (r->unresolved_n != 0)       /* renamed while it was read? */
		timer_start(&r->again, AGAIN_MS);
	if (bound_is_ready(r))
		loading_ends(r, bound_status(r));
}

void room_list_known(struct room *r)
{
	if (r->op != NULL)
		return;                 /* its entry is being read, once more */
	loading_ends(r, bound_status(r));
	loop_defer(room_turn, r);
}

static void room_loaded(const struct xdb_result *res, void *ctx)
{
	struct room *r = ctx;

	r->op = NULL;
	if (r->state == ROOM_LOADING)
		first_read(r, res);
	else
		wake(r, reread(r, res));
	loop_defer(room_turn, r);
}

void room_reread(struct room *r)
{
	r->needs_reading = true;
	loop_defer(room_turn, r);
}

static void room_again(void *ctx)
{
	room_reread(ctx);
}

/* Its entry may be this one, as far as we know. */
static bool may_be(const struct room *r, struct slice uuid)
{
	return r->uuid.n == 0 ? r->state == ROOM_LOADING || room_is_stored(r)
	    : slice_eq(buf_slice(&r->uuid), uuid);
}

void room_reread_uuid(struct slice uuid)
{
	struct room *r;
	size_t at = 0;

	while ((r = map_next(&rooms, &at)) != NULL)
		if (may_be(r, uuid))
			room_reread(r);
}

void rooms_verify(void)
{
	struct room *r;
	size_t at = 0;

	while ((r = room_next(&at)) != NULL)
		if (room_is_stored(r) && !xdb_watch_knows(host.xdb, XDB_ROOM,
		    buf_slice(&r->uuid)))
			room_reread(r);
}

static bool is_gone(struct slice uuid)
{
	return !xdb_watch_knows(host.xdb, XDB_PERSON, uuid);
}

void rooms_verify_people(void)
{
	affiliated_each_gone(is_gone, room_reread);
}

void room_reread_name(struct slice name)
{
	struct room *r = map_find(&rooms, name);

	if (r != NULL)
		room_reread(r);
}

/* --- saying no --- */

void room_refuse(struct job *j, enum stanza_error error, const char *type,
    const char *text)
{
	struct elem *reply = stanza_error(&j->arena, j->stanza, error, text);
	struct elem *e = elem_child(reply, NS_CLIENT, "error");

	elem_set(&j->arena, e, "by", jid_bare(&j->to));
	if (type != NULL)
		elem_set_cstr(&j->arena, e, "type", type);
	job_reply_stanza(j, reply);
}

/* --- whose turn it is --- */

static void give_turn(struct job *j, struct room *r)
{
	struct visit *v = visit_of(j);

	v->room = r;
	if (r != NULL)
		r->editor = j;
	v->next(j, r);
}

/* Deferred: after each change, each reading, and the end. */
static void room_turn(void *ctx)
{
	struct room *r = ctx;
	struct job *j;

	if (r->editor != NULL || r->op != NULL)
		return;
	if (r->needs_reading && !r->is_gone) {
		room_read(r);
		return;
	}
	while ((j = LIST_FIRST(&r->editing, struct job, wait)) != NULL) {
		list_remove(&j->wait);
		give_turn(j, r->is_gone ? NULL : r);
		if (!r->is_gone)
			return;
	}
	if (r->is_gone && list_is_empty(&r->waiting))
		room_free(r);
}

void room_edit(struct job *j, struct room *r, room_fn *next)
{
	job_detach(j);
	visit_of(j)->next = next;
	if (r->editor == NULL && r->op == NULL && list_is_empty(&r->editing))
		give_turn(j, r);
	else
		list_push(&r->editing, &j->wait);
}

struct room *room_edited(const struct job *j)
{
	const struct visit *v = j->data;

	return v->room;
}

void room_edit_done(struct room *r)
{
	r->editor = NULL;
	loop_defer(room_turn, r);
}

/* --- the end of the service --- */

static void unlink_all(struct list *jobs)
{
	struct job *j;

	LIST_EACH(j, jobs, struct job, wait)
		list_remove(&j->wait);
}

void rooms_fini(void)
{
	struct room *r;
	size_t at = 0;

	while ((r = map_next(&rooms, &at)) != NULL) {
		presence_dissolve(r, NULL, 332);        /* XEP-0045 §11.2 */
		unlink_all(&r->waiting);
		unlink_all(&r->editing);
		map_take(&rooms, jid_local(&r->jid));
		room_free(r);
	}
	map_fini(&rooms);
	guests_fini();
}
