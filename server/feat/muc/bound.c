/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/bound.c — a room and its list: which it is, and what follows when it
 * changes.
 *
 * Telling a thousand occupants of one who is a member no more takes a
 * millisecond, so what concerns many is done in pieces; who enters meanwhile is
 * what the list says already. */
#include "feat/muc/bound.h"

#include "core/host.h"
#include "feat/muc/affiliation.h"
#include "feat/muc/occupant.h"

static void list_told(void *ctx, bool are_others);
static void other_told(void *ctx, bool are_others);
static void apply_piece(void *ctx);

/* --- life --- */

void bound_init(struct room *r)
{
	struct binding *b = &r->bound;

	b->list = (struct follower){ .told = list_told, .ctx = r };
	b->other = (struct follower){ .told = other_told, .ctx = r };
	chore_init(&b->applying, apply_piece, r);
	timer_init(&b->note, bound_note_write, r);
}

void bound_fini(struct room *r)
{
	struct binding *b = &r->bound;

	source_unfollow(&b->list);
	source_unfollow(&b->other);
	chore_stop(&b->applying);
	timer_stop(&b->note);
	xdb_cancel(&b->noting);
	arena_fini(&b->noted_texts);
}

/* --- which list --- */

static bool follows(const struct follower *f, struct slice dn)
{
	return f->source != NULL && slice_eq(f->source->dn, dn);
}

/* Who is on it, or that there is no telling but by the room's entry. */
static bool is_known(const struct source *s)
{
	return s->has_roll || (s->is_asked && s->status != XDB_DOWN
	    && s->status != XDB_BUSY);
}

/* The change of lists: nobody is less in between. */
static bool take_other(struct room *r)
{
	struct binding *b = &r->bound;

	if (!is_known(b->other.source))
		return false;
	source_unfollow(&b->list);
	source_join(&b->list, b->other.source);
	source_unfollow(&b->other);
	return true;
}

void bound_follow(struct room *r, struct slice dn,
    const struct xdb_bound_state *noted)
{
	struct binding *b = &r->bound;
	/* What is said of another list says nothing of this. */
	struct slice uuid = slice_eq(noted->dn, dn) ? noted->uuid
	    : slice_make(NULL, 0);

	bound_note_keep(b, noted);
	if (follows(&b->list, dn) || dn.n == 0)
		source_unfollow(&b->other);
	if (dn.n == 0) {
		source_unfollow(&b->list);
	} else if (b->list.source == NULL) {
		source_follow(&b->list, dn, uuid);
	} else if (!follows(&b->list, dn) && !follows(&b->other, dn)) {
		source_unfollow(&b->other);
		source_follow(&b->other, dn, uuid);
		if (source_is_ready(b->other.source))
			take_other(r);
	}
	if (dn.n != 0 || noted->read_s != 0 || noted->failed_s != 0)
		bound_note_later(r);
}

bool bound_is_ready(const struct room *r)
{
	return r->bound.list.source == NULL
	    || source_is_ready(r->bound.list.source);
}

enum xdb_status bound_status(const struct room *r)
{
	const struct source *s = r->bound.list.source;

	return s == NULL || is_known(s) ? XDB_OK : s->status;
}

const struct roll *bound_roll(const struct room *r)
{
	return r->bound.list.source != NULL ? &r->bound.list.source->roll : NULL;
}

bool bound_is_old(const struct room *r, int64_t *read_ms_r)
{
	const struct source *s = r->bound.list.source;

	if (s == NULL || s->failed_ms == 0)
		return false;
	*read_ms_r = s->read_ms;
	return true;
}

/* --- being told --- */

static void list_told(void *ctx, bool are_others)
{
	struct room *r = ctx;

	if (r->is_gone)
		return;
	bound_note_later(r);
	if (r->state == ROOM_LOADING)
		room_list_known(r);
	else if (are_others || r->bound.must_apply)
		bound_apply(r);
}

static void other_told(void *ctx, bool are_others)
{
	struct room *r = ctx;

	(void)are_others;
	if (r->is_gone || !take_other(r))
		return;
	bound_note_later(r);
	bound_apply(r);
}

/* --- what follows for those in the room --- */

static struct occupant *after(const struct room *r, const struct list *link)
{
	return link->next == &r->occupants ? NULL
	    : LIST_ITEM(link->next, struct occupant, link);
}

void bound_passes(struct room *r, const struct occupant *o)
{
	if (r->bound.at == o)
		r->bound.at = after(r, &o->link);
}

static void apply_piece(void *ctx)
{
	static const struct cause nobody;
	struct room *r = ctx;
	struct occupant *o;

	chore_enter();
	do {
		o = r->bound.at;
		if (o == NULL)
			break;
		r->bound.at = after(r, &o->link);
		affiliation_apply(o, &nobody);
	} while (chore_has_time());
	chore_leave();
	if (r->bound.at != NULL)
		chore_start(&r->bound.applying);
}

/* A room that has just been bound, and is for members only now, keeps those in
 * it until it is known who they are. */
void bound_apply(struct room *r)
{
	const struct source *s = r->bound.list.source;

	r->bound.must_apply = s != NULL && !is_known(s);
	if (r->bound.must_apply)
		return;
	r->bound.at = after(r, &r->occupants);
	apply_piece(r);
}
