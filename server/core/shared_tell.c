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
	/* Another name, before it is known who sees it (parties) */
	struct slice renamed;           /* empty: that is known */
	struct shared_walk walk;
	size_t room;                    /* of parties */
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

static void gather(struct task *t);

static void run(void *ctx)
{
	struct task *t;

	(void)ctx;
	while ((t = LIST_FIRST(&tasks, struct task, link)) != NULL) {
		if (t->renamed.n != 0)
			gather(t);
		else if (t->viewer < t->n + t->other_n)
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

typedef bool is_told_fn(const struct task *t, struct slice jid);

static bool is_member(const struct task *t, struct slice jid)
{
	return map_find(&t->group->members, jid) != NULL;
}

static void everybody_else(struct task *t, is_told_fn *is_told)
{
	struct account *a;
	size_t at = 0;

	t->others = arena_alloc(&t->arena,
	    (account_count() + 1) * sizeof *t->others);
	while ((a = account_next(&at)) != NULL)
		if (!list_is_empty(&a->sessions) && !is_told(t, jid_bare(&a->jid)))
			t->others[t->other_n++] = slice_dup(&t->arena,
			    jid_bare(&a->jid));
}

static void task_start(struct arena *arena, const struct task *as)
{
	struct task *t = ARENA_NEW(arena, struct task);

	*t = *as;
	t->arena = *arena;
	if (t->is_public && t->renamed.n == 0)
		everybody_else(t, is_member);
	list_push(&tasks, &t->link);
	if (telling.fn == NULL)
		chore_init(&telling, run, NULL);
	chore_start(&telling);
}

/* --- another name: who sees it ---------------------------------------------------------------- */

static bool is_fellow(const struct task *t, struct slice jid)
{
	return slice_eq(jid, t->parties[0].jid)
	    || shared_are_fellows(t->parties[0].jid, jid);
}

static void party_grow(struct task *t)
{
	struct shared_party *more;

	if (t->n < t->room)
		return;
	t->room = t->room != 0 ? 2 * t->room : 64;
	more = arena_raw(&t->arena, t->room * sizeof *more);
	if (t->n != 0)
		memcpy(more, t->parties, t->n * sizeof *more);
	t->parties = more;
}

static void gathered(const struct shared_person *p, void *ctx)
{
	struct task *t = ctx;

	if (slice_eq(p->jid, t->renamed))
		t->n = 0;               /* from the beginning */
	party_grow(t);
	t->parties[t->n++] = (struct shared_party){ .was = true, .is = true,
		.jid = slice_dup(&t->arena, p->jid) };
}

/* A piece of those in their groups. */
static void gather(struct task *t)
{
	if (shared_fellows_step(t->renamed, &t->walk, gathered, t))
		return;
	if (shared_find(t->renamed) == NULL)
		t->n = 0;               /* gone meanwhile: there is no name to be told */
	t->renamed = slice_make(NULL, 0);
	t->changed_n = t->n != 0;
	t->is_public = t->n != 0 && shared_is_public(t->parties[0].jid);
	if (t->is_public)
		everybody_else(t, is_fellow);
}

/* In all groups at once: told to all who see it. */
static void rename_start(struct slice jid, const struct shared_group *g)
{
	struct arena arena = { NULL };

	jid = slice_dup(&arena, jid);
	task_start(&arena, &(struct task){ .group = g, .renamed = jid,
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
