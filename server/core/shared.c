/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared.c — roster groups in memory, and what a roster shows of them. */
#include "core/shared.h"

#include <stdlib.h>

enum { PIECE = 32 };                    /* of an edit, before somebody looks at the clock */

static struct list groups = { &groups, &groups };
static struct map people;               /* JID -> struct shared_person */
static struct map by_uuid;
static unsigned serials;

struct list *shared_groups(void)
{
	return &groups;
}

bool shared_is_on(void)
{
	return !list_is_empty(&groups);
}

const struct shared_person *shared_find(struct slice jid)
{
	return map_find(&people, jid);
}

const struct shared_person *shared_find_uuid(struct slice uuid)
{
	return map_find(&by_uuid, uuid);
}

/* --- who sees whom -------------------------------------------------------------------- */

static bool is_in(const struct shared_person *p, const struct shared_group *g)
{
	for (unsigned i = 0; p != NULL && i < p->group_n; i++)
		if (p->groups[i] == g)
			return true;
	return false;
}

/* Does this group show its members to `me` (NULL: in no group)? */
static bool is_shown(const struct shared_group *g, const struct shared_person *me)
{
	return g->is_public || is_in(me, g);
}

/* People are in a few groups: comparing them is a few steps. */
static unsigned between(const struct shared_person *me,
    const struct shared_person *other, const struct shared_group *without)
{
	unsigned sub = SUB_NONE;

	for (unsigned i = 0; other != NULL && i < other->group_n; i++)
		if (other->groups[i] != without
		    && is_shown(other->groups[i], me))
			sub |= SUB_TO;
	for (unsigned i = 0; me != NULL && i < me->group_n; i++)
		if (me->groups[i] != without && is_shown(me->groups[i], other))
			sub |= SUB_FROM;
	return sub;
}

enum xdb_subscription shared_between_without(struct slice me,
    struct slice contact, const struct shared_group *g)
{
	if (!shared_is_on() || slice_eq(me, contact))
		return SUB_NONE;
	return (enum xdb_subscription)between(shared_find(me),
	    shared_find(contact), g);
}

enum xdb_subscription shared_between(struct slice me, struct slice contact)
{
	return shared_between_without(me, contact, NULL);
}

bool shared_is_public(struct slice me)
{
	const struct shared_person *p = shared_is_on() ? shared_find(me) : NULL;

	for (unsigned i = 0; p != NULL && i < p->group_n; i++)
		if (p->groups[i]->is_public)
			return true;
	return false;
}

/* --- walking ------------------------------------------------------------------------------ */

/* The group under which `p` is told to `me`, of several: the first. */
static const struct shared_group *first_shown(const struct shared_person *p,
    const struct shared_person *me)
{
	for (unsigned i = 0; i < p->group_n; i++)
		if (is_shown(p->groups[i], me))
			return p->groups[i];
	return NULL;
}

static void walk(const struct shared_group *g, const struct shared_person *me,
    struct slice my_jid, shared_fn *fn, void *ctx)
{
	const struct shared_person *p;
	size_t at = 0;

	while ((p = map_next(&g->members, &at)) != NULL)
		if (first_shown(p, me) == g && !slice_eq(p->jid, my_jid))
			fn(p, ctx);
}

void shared_each(struct slice me, shared_fn *fn, void *ctx)
{
	const struct shared_person *p = shared_is_on() ? shared_find(me) : NULL;
	struct shared_group *g;

	LIST_EACH(g, &groups, struct shared_group, link)
		if (is_shown(g, p))
			walk(g, p, me, fn, ctx);
}

/* The first group that both are in. */
static const struct shared_group *first_common(const struct shared_person *p,
    const struct shared_person *me)
{
	for (unsigned i = 0; i < p->group_n; i++)
		if (is_in(me, p->groups[i]))
			return p->groups[i];
	return NULL;
}

void shared_each_fellow(struct slice me, shared_fn *fn, void *ctx)
{
	const struct shared_person *p, *mine = shared_is_on() ? shared_find(me)
	    : NULL;

	for (unsigned i = 0; mine != NULL && i < mine->group_n; i++) {
		const struct shared_group *g = mine->groups[i];
		size_t at = 0;

		while ((p = map_next(&g->members, &at)) != NULL)
			if (p != mine && first_common(p, mine) == g)
				fn(p, ctx);
	}
}

bool shared_are_fellows(struct slice me, struct slice other)
{
	const struct shared_person *p = shared_find(me), *o = shared_find(other);

	return p != NULL && o != NULL && first_common(o, p) != NULL;
}

static uint64_t mark_of_all(const struct shared_person *me)
{
	uint64_t sum = me->group_n;

	for (unsigned i = 0; i < me->group_n; i++)
		sum += me->groups[i]->mark * (2 * me->groups[i]->serial + 1);
	return sum;
}

/* Where a map goes on is known only while nothing came into it or went. */
bool shared_fellows_step(struct slice me, struct shared_walk *w, shared_fn *fn,
    void *ctx)
{
	const struct shared_person *p, *mine = shared_find(me);

	if (mine == NULL)
		return false;
	if (!w->is_begun || w->mark != mark_of_all(mine)) {
		*w = (struct shared_walk){ .mark = mark_of_all(mine),
			.is_begun = true };
		fn(mine, ctx);
	}
	for (int i = 0; i < PIECE && w->group < mine->group_n; i++) {
		const struct shared_group *g = mine->groups[w->group];

		p = map_next(&g->members, &w->at);
		if (p != NULL && p != mine && first_common(p, mine) == g)
			fn(p, ctx);
		w->group += p == NULL;
		w->at = p != NULL ? w->at : 0;
	}
	return w->group < mine->group_n;
}

/* FNV-1a, as account_roster.c: versions outlive the process. */
static uint64_t mark(struct slice s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

/* Odd multiples keep two groups that swapped their contents apart. */
uint64_t shared_mark(struct slice me)
{
	const struct shared_person *p = shared_is_on() ? shared_find(me) : NULL;
	struct shared_group *g;
	uint64_t sum = 0;

	LIST_EACH(g, &groups, struct shared_group, link)
		if (is_shown(g, p))
			sum += g->mark * (mark(g->key) | 1);
	return sum;
}

/* --- merging ----------------------------------------------------------------------------------- */

static bool has(const struct xdb_roster_item *item, struct slice title)
{
	for (size_t i = 0; i < item->group_n; i++)
		if (slice_eq(item->groups[i], title))
			return true;
	return false;
}

bool shared_merge(struct arena *a, struct slice me,
    struct xdb_roster_item *item)
{
	unsigned sub = shared_between(me, item->jid);
	const struct shared_person *mine, *p;
	struct slice *all;

	item->subscription |= sub;
	item->ask = item->ask && (item->subscription & SUB_TO) == 0;
	if ((sub & SUB_TO) == 0)
		return false;
	mine = shared_find(me);
	p = shared_find(item->jid);
	all = arena_alloc(a, (item->group_n + p->group_n) * sizeof *all);
	if (item->group_n != 0)
		memcpy(all, item->groups, item->group_n * sizeof *all);
	item->groups = all;
	for (unsigned i = 0; i < p->group_n; i++)
		if (is_shown(p->groups[i], mine)
		    && !has(item, p->groups[i]->title))
			all[item->group_n++] = p->groups[i]->title;
	if (item->name.n == 0)
		item->name = p->name;
	return true;
}

/* --- people -------------------------------------------------------------------------------------- */

static struct slice own(struct slice s)
{
	return slice_make(slice_new(s), s.n);
}

static void disown(struct slice s)
{
	free((char *)(uintptr_t)s.p);
}

static struct shared_person *person_get(const struct shared_entry *e)
{
	struct shared_person *p = map_find(&people, e->jid);

	if (p != NULL)
		return p;
	p = NEW(struct shared_person);
	p->jid = own(e->jid);
	p->uuid = own(e->uuid);
	p->name = own(e->name);
	map_put(&people, p->jid, p);
	map_put(&by_uuid, p->uuid, p);
	return p;
}

static void person_free(struct shared_person *p)
{
	map_take(&people, p->jid);
	if (map_find(&by_uuid, p->uuid) == p)
		map_take(&by_uuid, p->uuid);
	disown(p->jid);
	disown(p->uuid);
	disown(p->name);
	free(p->groups);
	free(p);
}

static uint64_t mark_of(const struct shared_person *p)
{
	return mark(p->jid) * (mark(p->name) | 1);
}

/* A name is everywhere the same: each of the groups looks different now. */
static bool person_rename(struct shared_person *p, struct slice name)
{
	if (slice_eq(p->name, name))
		return false;
	for (unsigned i = 0; i < p->group_n; i++)
		p->groups[i]->mark -= mark_of(p);
	disown(p->name);
	p->name = own(name);
	for (unsigned i = 0; i < p->group_n; i++)
		p->groups[i]->mark += mark_of(p);
	return true;
}

static void join(struct shared_group *g, struct shared_person *p)
{
	unsigned i = p->group_n++;

	if (p->group_n > p->group_room) {
		p->group_room = p->group_room != 0 ? p->group_room * 2 : 2;
		p->groups = mem_grow(p->groups,
		    p->group_room * sizeof (struct shared_group *));
	}
	for (; i > 0 && p->groups[i - 1]->serial > g->serial; i--)
		p->groups[i] = p->groups[i - 1];
	p->groups[i] = g;
	map_put(&g->members, p->jid, p);
	g->mark += mark_of(p);
}

static void leave(struct shared_group *g, struct shared_person *p)
{
	unsigned kept = 0;

	map_take(&g->members, p->jid);
	g->mark -= mark_of(p);
	for (unsigned i = 0; i < p->group_n; i++)
		if (p->groups[i] != g)
			p->groups[kept++] = p->groups[i];
	p->group_n = kept;
	if (kept == 0)
		person_free(p);
}

/* --- groups --------------------------------------------------------------------------------------- */

struct shared_group *shared_group_new(struct slice key, bool is_public)
{
	struct shared_group *g = NEW(struct shared_group);

	g->key = own(key);
	g->title = own(SLICE(""));
	g->is_public = is_public;
	g->serial = ++serials;
	list_push(&groups, &g->link);
	return g;
}

void shared_group_rekey(struct shared_group *g, struct slice key)
{
	disown(g->key);
	g->key = own(key);
}

void shared_group_free(struct shared_group **gp)
{
	struct shared_group *g = *gp;

	*gp = NULL;
	list_remove(&g->link);
	map_fini(&g->members);
	disown(g->key);
	disown(g->title);
	free(g);
}

static bool retitle(struct shared_group *g, struct slice title)
{
	if (slice_eq(g->title, title))
		return false;
	g->mark += mark(title) - mark(g->title);
	disown(g->title);
	g->title = own(title);
	return true;
}

static void party_add(struct shared_change *c, struct slice jid, bool was,
    bool is)
{
	c->parties[c->n++] = (struct shared_party){ .jid = jid, .was = was,
		.is = is };
}

/* Who left and came back under the same name is somebody else. */
static void person_identify(struct shared_person *p, struct slice uuid)
{
	if (slice_eq(p->uuid, uuid))
		return;
	if (map_find(&by_uuid, p->uuid) == p)
		map_take(&by_uuid, p->uuid);
	disown(p->uuid);
	p->uuid = own(uuid);
	map_put(&by_uuid, p->uuid, p);
}

/* --- from what it was to what it is ------------------------------------------------------------------ */

/* One who came, or has another name; the last of two who share a JID counts for
 * nothing.  False: all were looked at. */
static bool take_entry(struct shared_edit *e)
{
	struct shared_change *c = &e->change;
	const struct shared_entry *entry = &e->entries[e->at];
	struct shared_person *p;

	if (e->at == e->n)
		return false;
	e->at++;
	if (map_find(&e->now, entry->jid) != NULL)
		return true;
	p = person_get(entry);
	person_identify(p, entry->uuid);
	if (person_rename(p, entry->name))
		c->renamed[c->renamed_n++] = slice_dup(e->arena, p->jid);
	if (!is_in(p, e->group)) {
		join(e->group, p);
		party_add(c, slice_dup(e->arena, p->jid), false, true);
	}
	map_put(&e->now, p->jid, p);
	return true;
}

static bool drop_other(struct shared_edit *e)
{
	struct shared_person *p = map_next(&e->group->members, &e->at);

	if (p != NULL && map_find(&e->now, p->jid) == NULL) {
		party_add(&e->change, slice_dup(e->arena, p->jid), true, false);
		leave(e->group, p);
	}
	return p != NULL;
}

static bool mark_changed(struct shared_edit *e)
{
	struct shared_change *c = &e->change;

	if (e->at == 0)
		c->changed_n = c->n;
	if (e->at == c->changed_n)
		return false;
	map_put(&e->told, c->parties[e->at].jid, &c->parties[e->at]);
	e->at++;
	return true;
}

/* The others are concerned when anything changed. */
static bool add_other(struct shared_edit *e)
{
	struct shared_change *c = &e->change;
	const struct shared_person *p;

	if (c->changed_n == 0 && !c->is_retitled)
		return false;
	p = map_next(&e->group->members, &e->at);
	if (p != NULL && map_find(&e->told, p->jid) == NULL)
		party_add(c, slice_dup(e->arena, p->jid), true, true);
	return p != NULL;
}

void shared_edit_begin(struct shared_edit *e, struct shared_group *g,
    struct slice title, const struct shared_entry *entries, size_t n,
    struct arena *a)
{
	size_t was_n = map_count(&g->members);

	*e = (struct shared_edit){ .group = g, .entries = entries, .n = n,
		.arena = a, .change.is_retitled = retitle(g, title) };
	e->change.parties = arena_raw(a,
	    (was_n + n + 1) * sizeof *e->change.parties);
	e->change.renamed = arena_raw(a, (n + 1) * sizeof *e->change.renamed);
}

bool shared_edit_step(struct shared_edit *e)
{
	static bool (*const stages[])(struct shared_edit *e) = {
		take_entry, drop_other, mark_changed, add_other,
	};

	for (int i = 0; i < PIECE; i++) {
		if (e->stage == COUNT(stages))
			return false;
		if (!stages[e->stage](e)) {
			e->stage++;
			e->at = 0;
		}
	}
	return true;
}

void shared_edit_end(struct shared_edit *e)
{
	map_fini(&e->told);
	map_fini(&e->now);
}

void shared_group_set(struct shared_group *g, struct slice title,
    const struct shared_entry *entries, size_t n, struct arena *a,
    struct shared_change *c)
{
	struct shared_edit e;

	shared_edit_begin(&e, g, title, entries, n, a);
	while (shared_edit_step(&e))
		;
	*c = e.change;
	shared_edit_end(&e);
}
