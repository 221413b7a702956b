/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared_tell.c — a roster group changed: who is told what, in pieces.
 *
 * Pairs of somebody who looks and somebody who is seen; of n members of whom k
 * changed, k of each n, and all n for each of the k.  A pair is told by the hook
 * that also tells of changes made with ldapmodify, so pushes and presence are the
 * same.  The other half of a pair is told when its turn comes, therefore each is
 * given what the other sees of it (SUB_FROM), and nothing is shown twice.  Who is
 * in no group has no other half: what it sees is given and taken by itself. */
#include "core/shared_tell.h"

#include "base/chore.h"
#include "core/account.h"
#include "core/feature.h"

enum { LOOK_EVERY = 8 };

struct task {
	struct list link;
	struct arena arena;             /* the task is in it */
	const struct shared_group *group;       /* to compare; NULL: gone */
	struct shared_party *parties;
	size_t n, changed_n;
	bool is_public;
	bool is_forced;                 /* told though nobody gains or loses sight */
	bool is_of_contacts;            /* nothing is new for those who changed */
	struct slice *others;           /* public: everybody else who is here */
	size_t other_n;
	/* where it goes on */
	size_t viewer, contact;
	const struct shared_party *held;        /* to be told, and perhaps the last */
	enum xdb_subscription held_was;
};

static struct list tasks = { &tasks, &tasks };
static struct chore telling;
static bool is_last;

bool shared_is_telling(void)
{
	return !list_is_empty(&tasks) && !is_last;
}

static void task_free(struct task *t)
{
	struct arena arena = t->arena;

	list_remove(&t->link);
	arena_fini(&arena);
}

/* --- one pair -------------------------------------------------------------------------- */

static struct account *account_of(struct slice bare)
{
	struct slice local, domain;
	struct account *a;

	slice_cut(bare, '@', &local, &domain);
	a = account_find(local);
	return a != NULL && !list_is_empty(&a->sessions) ? a : NULL;
}

static unsigned bits(const struct task *t, bool viewer, bool contact)
{
	if (!t->is_public)
		return viewer && contact ? SUB_BOTH : SUB_NONE;
	return (contact ? SUB_TO : 0u) | (viewer ? SUB_FROM : 0u);
}

/* False: nothing is new between these two. */
static bool look(const struct task *t, const struct account *a,
    const struct shared_party *viewer, const struct shared_party *contact,
    enum xdb_subscription *was_r)
{
	const struct contact *own = map_find(&a->contacts, contact->jid);
	struct slice me = jid_bare(&a->jid);
	unsigned before = bits(t, viewer->was, contact->was);
	unsigned after = bits(t, viewer->is, contact->is);
	unsigned base = shared_between_without(me, contact->jid, t->group)
	    | (own != NULL ? own->item.subscription : SUB_NONE);
	bool is_mutual = viewer->was || viewer->is;

	if (slice_eq(me, contact->jid) || (before == after && !t->is_forced)
	    || (before | after) == SUB_NONE)
		return false;
	*was_r = (enum xdb_subscription)(base | before);
	if (is_mutual)
		*was_r = (enum xdb_subscription)((*was_r & SUB_FROM)
		    | ((base | after) & SUB_TO));
	return true;
}

static void tell_held(struct task *t, struct account *a, bool is_end)
{
	if (t->held == NULL)
		return;
	is_last = is_end && t->link.next == &tasks;
	hook_contact_changed(a, t->held->jid, t->held_was);
	is_last = false;
	if (t->viewer >= t->n && t->held->was && !t->held->is)
		hook_group_hides(a, t->held->jid);
	t->held = NULL;
}

/* --- all of them ------------------------------------------------------------------------- */

static const struct shared_party nobody;        /* in no group: sees what is public */

static const struct shared_party *viewer_of(const struct task *t,
    struct slice *jid_r)
{
	if (t->viewer < t->n) {
		*jid_r = t->parties[t->viewer].jid;
		return &t->parties[t->viewer];
	}
	*jid_r = t->others[t->viewer - t->n];
	return &nobody;
}

static size_t contacts_of(const struct task *t)
{
	bool is_new = t->viewer < t->changed_n && !t->is_of_contacts;

	return is_new || (t->is_forced && !t->is_of_contacts) ? t->n
	    : t->changed_n;
}

/* The next contact of this viewer; the last is told when it is known to be. */
static void contact_run(struct task *t, struct account *a,
    const struct shared_party *viewer)
{
	const struct shared_party *c = &t->parties[t->contact++];
	enum xdb_subscription was;

	if (!look(t, a, viewer, c, &was))
		return;
	tell_held(t, a, false);
	t->held = c;
	t->held_was = was;
}

/* A piece of what there is to do. */
static void step(struct task *t)
{
	struct slice jid;
	const struct shared_party *v = viewer_of(t, &jid);
	struct account *a = account_of(jid);
	size_t end = a != NULL ? contacts_of(t) : 0;

	for (int i = 0; i < LOOK_EVERY && t->contact < end; i++)
		contact_run(t, a, v);
	if (t->contact < end)
		return;
	if (a != NULL)
		tell_held(t, a, true);
	t->held = NULL;
	t->contact = 0;
	t->viewer++;
}

static void run(void *ctx)
{
	struct task *t;

	(void)ctx;
	while ((t = LIST_FIRST(&tasks, struct task, link)) != NULL) {
		if (t->viewer < t->n + t->other_n)
			step(t);
		else
			task_free(t);
		if (!chore_has_time()) {
			chore_start(&telling);
			return;
		}
	}
}

/* --- what is to be told --------------------------------------------------------------------- */

static void everybody_else(struct task *t)
{
	struct account *a;
	size_t at = 0;

	t->others = arena_alloc(&t->arena,
	    (account_count() + 1) * sizeof *t->others);
	while ((a = account_next(&at)) != NULL)
		if (!list_is_empty(&a->sessions)
		    && map_find(&t->group->members, jid_bare(&a->jid)) == NULL)
			t->others[t->other_n++] = slice_dup(&t->arena,
			    jid_bare(&a->jid));
}

static void task_start(struct arena *arena, const struct task *as)
{
	struct task *t = ARENA_NEW(arena, struct task);

	*t = *as;
	t->arena = *arena;
	if (t->is_public)
		everybody_else(t);
	list_push(&tasks, &t->link);
	if (telling.fn == NULL)
		chore_init(&telling, run, NULL);
	chore_start(&telling);
}

struct fellows { struct arena *arena; struct shared_party *parties; size_t n, room; };

static void fellow_add(const struct shared_person *p, void *ctx)
{
	struct fellows *f = ctx;

	if (f->n == f->room) {
		struct shared_party *more = arena_alloc(f->arena,
		    2 * f->room * sizeof *more);

		memcpy(more, f->parties, f->n * sizeof *more);
		f->parties = more;
		f->room *= 2;
	}
	f->parties[f->n++] = (struct shared_party){ .was = true, .is = true,
		.jid = slice_dup(f->arena, p->jid) };
}

/* Another name, in all groups at once: told to all who see it. */
static void rename_start(struct slice jid, const struct shared_group *g)
{
	struct arena arena = { NULL };
	struct fellows f = { .arena = &arena, .room = 64 };

	f.parties = arena_alloc(&arena, f.room * sizeof *f.parties);
	fellow_add(shared_find(jid), &f);
	shared_each_fellow(jid, fellow_add, &f);
	task_start(&arena, &(struct task){ .group = g, .parties = f.parties,
	    .n = f.n, .changed_n = 1, .is_public = shared_is_public(jid),
	    .is_forced = true, .is_of_contacts = true });
}

void shared_tell(const struct shared_group *g, const struct shared_change *c,
    struct arena *arena)
{
	for (size_t i = 0; i < c->renamed_n; i++)
		rename_start(c->renamed[i], g);
	if (c->changed_n == 0 && !c->is_retitled) {
		arena_fini(arena);
		return;
	}
	task_start(arena, &(struct task){ .group = g, .parties = c->parties,
	    .n = c->n, .changed_n = c->changed_n, .is_public = g->is_public,
	    .is_forced = c->is_retitled });
}

void shared_tell_forget(const struct shared_group *g)
{
	struct task *t;

	LIST_EACH(t, &tasks, struct task, link)
		if (t->group == g)
			t->group = NULL;
}

void shared_tell_stop(void)
{
	while (!list_is_empty(&tasks))
		task_free(LIST_FIRST(&tasks, struct task, link));
	chore_stop(&telling);
}
