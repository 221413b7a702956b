/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/bound_note.c — imBoundState: the room's entry says how it went to read
 * its list (directory.md, rule 10), for administrators and the web.
 *
 * A list that was renamed is written to imBoundTo by its new name, or the room
 * would lose it with the next start; what then comes as news of the room binds it
 * to the same list again.
 *
 * Written some seconds after news, for much of it comes at once, and only when
 * it would say something else: each writing is news of the room, too. */
#include "feat/muc/bound.h"

#include "base/log.h"
#include "core/host.h"
#include "feat/muc/room.h"

enum { NOTE_MS = 3000, NOTE_DAY_S = 24 * 60 * 60 };

static void note_written(const struct xdb_result *res, void *ctx);

void bound_note_keep(struct binding *b, const struct xdb_bound_state *s)
{
	b->noted = *s;
	buf_clear(&b->noted_why);
	buf_add(&b->noted_why, s->why);
	b->noted.why = buf_slice(&b->noted_why);
}

void bound_note_later(struct room *r)
{
	if (!timer_is_on(&r->bound.note))
		timer_start(&r->bound.note, NOTE_MS);
}

/* One that failed before this process was there has failed since then. */
static struct xdb_bound_state state_of(const struct source *s,
    const struct xdb_bound_state *noted)
{
	struct xdb_bound_state is = { .read_s = 0 };

	if (s == NULL)
		return is;
	is.read_s = s->read_ms / 1000;
	is.matched = s->roll.n;
	is.unresolved = s->unresolved_n;
	if (s->failed_ms == 0)
		return is;
	is.failed_s = noted->failed_s != 0 ? noted->failed_s
	    : s->failed_ms / 1000;
	is.why = buf_slice(&s->why);
	if (is.read_s == 0)
		is.read_s = noted->read_s;
	return is;
}

/* When it was read is no news for a day. */
static bool says_the_same(const struct xdb_bound_state *a,
    const struct xdb_bound_state *b)
{
	return a->matched == b->matched && a->unresolved == b->unresolved
	    && a->failed_s == b->failed_s && slice_eq(a->why, b->why)
	    && a->read_s - b->read_s < NOTE_DAY_S
	    && (a->read_s != 0) == (b->read_s != 0);
}

void bound_note_write(void *ctx)
{
	struct room *r = ctx;
	struct binding *b = &r->bound;
	const struct source *s = b->list.source;
	struct xdb_bound_state is = state_of(s, &b->noted);
	struct slice moved_to = slice_make(NULL, 0);

	if (!room_is_stored(r) || b->noting != NULL)
		return;
	/* A directory that is away cannot take it; one that was not asked yet has
	 * nothing to say. */
	if (s != NULL && (!s->is_asked || s->status == XDB_DOWN))
		return;
	if (s != NULL && s->is_moved)
		moved_to = buf_slice(&s->place);
	if (moved_to.n == 0 && says_the_same(&is, &b->noted))
		return;
	bound_note_keep(b, &is);
	b->noting = xdb_room_set_bound_state(host.xdb, buf_slice(&r->dn), &is,
	    moved_to);
	xdb_then(b->noting, note_written, r);
}

/* One that failed is made up for with the next. */
static void note_written(const struct xdb_result *res, void *ctx)
{
	struct room *r = ctx;

	r->bound.noting = NULL;
	if (res->status != XDB_OK)
		log_event(LOG_WARN, "room-note-failed", "-",
		    "room=%s status=%s why=%s", log_text(jid_bare(&r->jid)),
		    xdb_status_text(res->status),
		    res->why != NULL ? res->why : "-");
	bound_note_later(r);
}
