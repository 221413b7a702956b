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

enum { NOTE_MS = 3000, NOTE_DAY_S = 24 * 60 * 60, NOTE_DN_MOST = 1024 };

static void note_written(const struct xdb_result *res, void *ctx);

void bound_note_keep(struct binding *b, const struct xdb_bound_state *s)
{
	struct arena texts = arena_with_room(arena_dup_room(s->why.n)
	    + arena_dup_room(s->uuid.n) + arena_dup_room(s->dn.n));

	b->noted = *s;
	b->noted.why = slice_dup(&texts, s->why);
	b->noted.uuid = slice_dup(&texts, s->uuid);
	b->noted.dn = slice_dup(&texts, s->dn);
	arena_fini(&b->noted_texts);
	b->noted_texts = texts;
}

void bound_note_later(struct room *r)
{
	if (!timer_is_on(&r->bound.note))
		timer_start(&r->bound.note, NOTE_MS);
}

/* Which list it is must outlast its name: after a start nothing else tells. */
static void note_which(struct xdb_bound_state *is, const struct source *s)
{
	struct slice dn = s->is_moved ? buf_slice(&s->place) : s->dn;

	if (s->uuid.n == 0 || dn.n > NOTE_DN_MOST)
		return;
	is->uuid = buf_slice(&s->uuid);
	is->dn = dn;
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
	note_which(&is, s);
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
	    && slice_eq(a->uuid, b->uuid) && slice_eq(a->dn, b->dn)
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
	if (s != NULL && s->is_moved && slice_eq(s->dn, r->config.bound_to))
		moved_to = buf_slice(&s->place);
	if (moved_to.n == 0 && says_the_same(&is, &b->noted))
		return;
	bound_note_keep(b, &is);
	b->noting = xdb_room_set_bound_state(host.xdb, buf_slice(&r->dn), &is,
	    r->config.bound_to, moved_to);
	xdb_then(b->noting, note_written, r);
}

/* One that failed is made up for with the next; where another list was written in
 * meanwhile, that is looked at first. */
static void note_written(const struct xdb_result *res, void *ctx)
{
	struct room *r = ctx;

	r->bound.noting = NULL;
	if (res->status != XDB_OK)
		log_event(LOG_WARN, "room-note-failed", "-",
		    "room=%s status=%s why=%s", log_text(jid_bare(&r->jid)),
		    xdb_status_text(res->status),
		    res->why != NULL ? res->why : "-");
	if (res->status == XDB_CONFLICT)
		room_reread(r);
	bound_note_later(r);
}
