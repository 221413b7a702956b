/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/mend.c — when what is out of date in a room's entry is written. */
#include "feat/muc/mend.h"

#include "base/log.h"
#include "core/host.h"
#include "feat/muc/affiliation.h"

/* The directory's own hand is quicker, as a rule.  Who is gone is nobody's heir while
 * the room is in memory, so there is no hurry to forget them.  After a write the
 * reading may be of a server that has not heard of it. */
enum { MOVED_MS = 500, GONE_MS = 10 * 1000, AGAIN_MS = 2000,
	REFUSED_MS = 5 * 60 * 1000, LOST_MS = 5 * 60 * 1000 };

static void look(void *ctx)
{
	room_reread(ctx);
}

void mend_init(struct room *r)
{
	timer_init(&r->mending.look, look, r);
}

void mend_fini(struct room *r)
{
	xdb_cancel(&r->mending.op);
	timer_stop(&r->mending.look);
	arena_fini(&r->mending.arena);
}

void mend_begin(struct room *r)
{
	struct mending *m = &r->mending;
	const struct affiliate *x;
	size_t at = 0;

	arena_fini(&m->arena);
	m->named = arena_alloc(&m->arena, (map_count(&r->affiliates) + 1)
	    * sizeof *m->named);
	m->named_n = 0;
	while ((x = affiliate_next(r, &at)) != NULL)
		if (x->person.dn.n != 0 && x->person.uuid.n != 0)
			m->named[m->named_n++] = (struct xdb_room_named){
				x->person.affiliation,
				slice_dup(&m->arena, x->person.dn),
				slice_dup(&m->arena, x->person.uuid) };
}

static void remember(struct mending *m, const struct xdb_room *entry)
{
	arena_fini(&m->arena);
	m->named = arena_alloc(&m->arena, (entry->named_n + 1) * sizeof *m->named);
	m->named_n = entry->named_n;
	for (size_t i = 0; i < m->named_n; i++)
		m->named[i] = (struct xdb_room_named){
			entry->named[i].affiliation,
			slice_dup(&m->arena, entry->named[i].dn),
			slice_dup(&m->arena, entry->named[i].uuid) };
}

static void written(const struct xdb_result *res, void *ctx)
{
	struct room *r = ctx;
	struct mending *m = &r->mending;
	bool is_no = res->status == XDB_REFUSED || res->status == XDB_BROKEN;

	m->op = NULL;
	m->not_before_ms = loop_now_ms() + (is_no ? REFUSED_MS : AGAIN_MS);
	log_event(is_no ? LOG_WARN : LOG_INFO, "room-people-followed", "-",
	    "room=%s status=%s", log_text(jid_bare(&r->jid)),
	    xdb_status_text(res->status));
	timer_start(&m->look, is_no ? REFUSED_MS : AGAIN_MS);
}

/* What is due: `is` is somebody who moved, and comes first. */
static size_t due(const struct xdb_room *entry, struct xdb_room_stale *due_r,
    int64_t age_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < entry->stale_n; i++)
		if (age_ms >= (entry->stale[i].is.n != 0 ? MOVED_MS : GONE_MS))
			due_r[n++] = entry->stale[i];
	return n;
}

static void write_due(struct room *r, const struct xdb_room *entry)
{
	struct mending *m = &r->mending;
	struct arena a = { NULL };
	struct xdb_room_stale *stale = arena_alloc(&a,
	    (entry->stale_n + 1) * sizeof *stale);
	int64_t now = loop_now_ms();
	size_t n = due(entry, stale, now - m->since_ms);

	if (n == 0 || now < m->not_before_ms || r->editor != NULL) {
		timer_start(&m->look, n == 0 && now - m->since_ms >= MOVED_MS
		    ? GONE_MS : n == 0 ? MOVED_MS : AGAIN_MS);
	} else {
		m->op = xdb_room_mend(host.xdb, buf_slice(&r->dn), stale, n);
		xdb_then(m->op, written, r);
	}
	arena_fini(&a);
}

/* Has anybody got the name of who is lost?  Names are given on at once, or not for long. */
static void look_for_heirs(struct mending *m, const struct xdb_room *entry)
{
	if (entry->lost_n == 0)
		m->lost_ms = 0;
	else if (m->op == NULL) {
		m->lost_ms = m->lost_ms == 0 ? GONE_MS
		    : m->lost_ms < LOST_MS / 2 ? m->lost_ms * 2 : LOST_MS;
		timer_start(&m->look, m->lost_ms);
	}
}

void mend_take(struct room *r, const struct xdb_room *entry)
{
	struct mending *m = &r->mending;

	remember(m, entry);
	if (entry->stale_n == 0)
		m->since_ms = 0;
	else if (m->since_ms == 0)
		m->since_ms = loop_now_ms();
	if (entry->stale_n != 0 && m->op == NULL)
		write_due(r, entry);
	else
		look_for_heirs(m, entry);
}
