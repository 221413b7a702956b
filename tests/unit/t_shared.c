/* SPDX-License-Identifier: Apache-2.0 */
/* Roster groups: who sees whom, what a roster shows of them, what a change
 * concerns; and the same in any order as it is put together from nothing. */
#include "core/shared.h"
#include "tests/tap.h"

#include <stdlib.h>

static struct shared_group *red, *blue, *open_;

/* "ann bob" as entries: ann@x, of uuid u-ann, called Ann. */
static size_t entries_of(struct arena *a, const char *names,
    struct shared_entry *entries)
{
	struct slice rest = slice_of(names), word;
	size_t n = 0;

	while (slice_word(&rest, &word)) {
		struct buf jid = { 0 }, uuid = { 0 };

		buf_add(&jid, word);
		buf_adds(&jid, "@x");
		buf_adds(&uuid, "u-");
		buf_add(&uuid, word);
		entries[n].jid = slice_dup(a, buf_slice(&jid));
		entries[n].uuid = slice_dup(a, buf_slice(&uuid));
		entries[n++].name = slice_dup(a, word);
		buf_fini(&jid);
		buf_fini(&uuid);
	}
	return n;
}

static struct shared_change set(struct arena *a, struct shared_group *g,
    const char *title, const char *names)
{
	struct shared_entry entries[32];
	struct shared_change c;

	shared_group_set(g, slice_of(title), entries, entries_of(a, names,
	    entries), a, &c);
	return c;
}

static void begin(void)
{
	struct arena a = { NULL };

	red = shared_group_new(SLICE("red"), false);
	blue = shared_group_new(SLICE("blue"), false);
	open_ = shared_group_new(SLICE("open"), true);
	set(&a, red, "Red", "ann bob cem");
	set(&a, blue, "Blue", "bob cem dan");
	set(&a, open_, "Open", "dan eva");
	arena_fini(&a);
}

static void end(void)
{
	struct shared_group **all[] = { &red, &blue, &open_ };
	struct arena a = { NULL };

	for (size_t i = 0; i < COUNT(all); i++) {
		set(&a, *all[i], "", "");
		shared_group_free(all[i]);
	}
	arena_fini(&a);
}

/* --- who sees whom ------------------------------------------------------------------ */

static const struct { const char *me, *contact; enum xdb_subscription is; const char *why; }
pairs[] = {
	{ "ann@x", "bob@x", SUB_BOTH, "two of one group" },
	{ "ann@x", "dan@x", SUB_TO,   "everybody sees a public group" },
	{ "dan@x", "ann@x", SUB_FROM, "and it is seen by everybody" },
	{ "dan@x", "eva@x", SUB_BOTH, "those in it see one another" },
	{ "bob@x", "dan@x", SUB_BOTH, "by one group both, by another one way" },
	{ "ann@x", "ann@x", SUB_NONE, "nobody is their own contact" },
	{ "ann@x", "zoe@x", SUB_NONE, "somebody in no group" },
	{ "zoe@x", "ann@x", SUB_NONE, "to whom no group is shown" },
	{ "zoe@x", "eva@x", SUB_TO,   "but the public one" },
	{ "a@y",   "b@y",   SUB_NONE, "strangers" },
};

static void test_pairs(void)
{
	begin();
	for (size_t i = 0; i < COUNT(pairs); i++)
		is_int(shared_between(slice_of(pairs[i].me),
		    slice_of(pairs[i].contact)), pairs[i].is, pairs[i].why);
	is_int(shared_between_without(SLICE("bob@x"), SLICE("cem@x"), red),
	    SUB_BOTH, "without one group the other is left");
	is_int(shared_between_without(SLICE("ann@x"), SLICE("bob@x"), red),
	    SUB_NONE, "without the only one nothing is");
	ok(shared_is_public(SLICE("dan@x")) && !shared_is_public(SLICE("ann@x")),
	    "who is seen by everybody");
	end();
	ok(!shared_is_on(), "no groups, nothing on");
	is_int(shared_between(SLICE("ann@x"), SLICE("bob@x")), SUB_NONE,
	    "and nothing shared");
}

/* --- merging ----------------------------------------------------------------------------- */

struct merge {
	const char *why, *jid, *name;
	enum xdb_subscription sub;
	bool ask;
	const char *groups;             /* space apart */
	const char *is;                 /* name sub ask groups …; NULL: not shared */
};

static const struct merge merges[] = {
	{ "nothing of one's own", "bob@x", "", SUB_NONE, false, "", "bob 3 0 Red" },
	{ "a name of one's own", "bob@x", "Bobby", SUB_NONE, false, "", "Bobby 3 0 Red" },
	{ "groups of one's own", "bob@x", "", SUB_NONE, false, "Mine Red", "bob 3 0 Mine Red" },
	{ "a subscription of one's own", "bob@x", "B", SUB_FROM, false, "", "B 3 0 Red" },
	{ "who has it does not ask", "bob@x", "", SUB_NONE, true, "", "bob 3 0 Red" },
	{ "public: one way", "eva@x", "", SUB_NONE, false, "", "eva 1 0 Open" },
	{ "public, and the other way by oneself", "eva@x", "", SUB_FROM, false, "", "eva 3 0 Open" },
	{ "no group", "zoe@x", "Zoe", SUB_TO, true, "Mine", NULL },
};

static struct xdb_roster_item item_of(struct arena *a, const struct merge *m)
{
	struct xdb_roster_item item = { .jid = slice_of(m->jid),
		.name = slice_of(m->name), .subscription = m->sub, .ask = m->ask };
	struct slice rest = slice_of(m->groups), word;

	item.groups = arena_alloc(a, 8 * sizeof *item.groups);
	while (slice_word(&rest, &word))
		item.groups[item.group_n++] = word;
	return item;
}

static void test_merging(void)
{
	struct arena a = { NULL };

	begin();
	for (size_t i = 0; i < COUNT(merges); i++) {
		const struct merge *m = &merges[i];
		struct xdb_roster_item item = item_of(&a, m);
		struct buf got = { 0 };
		bool is_shared = shared_merge(&a, SLICE("ann@x"), &item);

		buf_add(&got, item.name);
		buf_addf(&got, " %d %d", item.subscription, item.ask);
		for (size_t g = 0; g < item.group_n; g++) {
			buf_addc(&got, ' ');
			buf_add(&got, item.groups[g]);
		}
		ok(is_shared == (m->is != NULL), m->why);
		is_str(buf_cstr(&got), m->is != NULL ? m->is : "Zoe 1 0 Mine",
		    "… as it is shown");
		buf_fini(&got);
	}
	end();
	arena_fini(&a);
}

/* --- walking ---------------------------------------------------------------------------------- */

static void count(const struct shared_person *p, void *ctx)
{
	struct map *seen = ctx;

	ok(map_put(seen, p->jid, (void *)(uintptr_t)p) == NULL, "told once");
}

static size_t walked(void (*each)(struct slice, shared_fn *, void *),
    const char *me)
{
	struct map seen = { 0 };
	size_t n;

	each(slice_of(me), count, &seen);
	n = map_count(&seen);
	ok(map_find(&seen, slice_of(me)) == NULL, "oneself not");
	map_fini(&seen);
	return n;
}

static void test_walking(void)
{
	begin();
	is_int(walked(shared_each, "ann@x"), 4, "ann is shown bob, cem, dan, eva");
	is_int(walked(shared_each, "bob@x"), 4, "bob: ann, cem, dan, eva");
	is_int(walked(shared_each, "zoe@x"), 2, "zoe: the public two");
	is_int(walked(shared_each_fellow, "bob@x"), 3, "bob's fellows: ann, cem, dan");
	is_int(walked(shared_each_fellow, "zoe@x"), 0, "zoe has none");
	ok(shared_are_fellows(SLICE("ann@x"), SLICE("bob@x"))
	    && !shared_are_fellows(SLICE("ann@x"), SLICE("dan@x"))
	    && !shared_are_fellows(SLICE("zoe@x"), SLICE("ann@x")),
	    "fellows are in a group together");
	end();
}

/* --- walking in pieces ------------------------------------------------------------------- */

enum { HUNDRED = 100 };

struct seen { struct map map; unsigned begun; };

static void see(const struct shared_person *p, void *ctx)
{
	struct seen *s = ctx;

	if (slice_is(p->jid, "p0@x")) {
		map_fini(&s->map);
		s->begun++;
	}
	ok(map_put(&s->map, p->jid, (void *)(uintptr_t)p) == NULL, "each once");
}

static void hundred(struct buf *names, size_t n)
{
	buf_clear(names);
	for (size_t i = 0; i < n; i++)
		buf_addf(names, "p%zu ", i);
}

static void set_many(struct shared_group *g, size_t n)
{
	struct shared_entry *entries = mem_new((n + 1) * sizeof *entries);
	struct shared_change c;
	struct arena a = { NULL };
	struct buf names = { 0 };

	hundred(&names, n);
	shared_group_set(g, SLICE("Many"), entries, entries_of(&a,
	    buf_cstr(&names), entries), &a, &c);
	buf_fini(&names);
	arena_fini(&a);
	free(entries);
}

static void test_pieces(void)
{
	struct shared_group *many = shared_group_new(SLICE("many"), false);
	struct shared_walk w = { .group = 0 };
	struct seen s = { .begun = 0 };
	unsigned steps = 0;

	set_many(many, HUNDRED);
	while (shared_fellows_step(SLICE("p0@x"), &w, see, &s))
		steps++;
	okf(map_count(&s.map) == HUNDRED && s.begun == 1 && steps > 1,
	    "a hundred fellows, in %u pieces", steps);
	w = (struct shared_walk){ .group = 0 };
	ok(shared_fellows_step(SLICE("p0@x"), &w, see, &s) && s.begun == 2,
	    "a piece");
	set_many(many, 2 * HUNDRED);
	while (shared_fellows_step(SLICE("p0@x"), &w, see, &s))
		;
	ok(map_count(&s.map) == 2 * HUNDRED && s.begun == 3,
	    "as many more meanwhile: from the beginning");
	set_many(many, 0);
	ok(!shared_fellows_step(SLICE("p0@x"), &w, see, &s) && s.begun == 3,
	    "and who is in none has none");
	map_fini(&s.map);
	shared_group_free(&many);
}

/* --- changes ------------------------------------------------------------------------------------- */

static void test_changes(void)
{
	struct arena a = { NULL };
	struct shared_entry other = { .jid = SLICE_INIT("bob@x"),
		.uuid = SLICE_INIT("u-2"), .name = SLICE_INIT("Roberto") };
	struct shared_change c;

	begin();
	c = set(&a, red, "Red", "ann bob cem");
	ok(c.n == 0 && c.changed_n == 0 && !c.is_retitled && c.renamed_n == 0,
	    "the same again concerns nobody");
	c = set(&a, red, "Red", "cem dan ann");
	is_int(c.changed_n, 2, "one came and one went");
	is_int(c.n, 4, "which concerns four");
	ok(slice_is(c.parties[0].jid, "dan@x") && !c.parties[0].was
	    && c.parties[0].is, "who came");
	ok(slice_is(c.parties[1].jid, "bob@x") && c.parties[1].was
	    && !c.parties[1].is, "who went");
	ok(c.parties[2].was && c.parties[2].is, "who stayed");
	c = set(&a, red, "Rot", "cem dan ann");
	ok(c.is_retitled && c.changed_n == 0 && c.n == 3, "another title");
	shared_group_set(blue, SLICE("Blue"), &other, 1, &a, &c);
	ok(c.renamed_n == 1 && slice_is(c.renamed[0], "bob@x"), "another name");
	ok(shared_find_uuid(SLICE("u-2")) == shared_find(SLICE("bob@x"))
	    && shared_find_uuid(SLICE("u-bob")) == NULL, "another person");
	end();
	ok(shared_find(SLICE("ann@x")) == NULL
	    && shared_find_uuid(SLICE("u-ann")) == NULL, "nobody is left");
	arena_fini(&a);
}

static void test_marks(void)
{
	struct arena a = { NULL };
	uint64_t was, is;

	begin();
	is_int(shared_mark(SLICE("zoe@x")) == shared_mark(SLICE("yan@x")), 1,
	    "two who see the same have the same version");
	was = shared_mark(SLICE("ann@x"));
	set(&a, red, "Red", "ann bob");
	is = shared_mark(SLICE("ann@x"));
	ok(was != is, "a member less is another version");
	set(&a, red, "Red", "bob cem ann");
	ok(shared_mark(SLICE("ann@x")) == was, "as it was: the first one again");
	set(&a, red, "Rot", "bob cem ann");
	ok(shared_mark(SLICE("ann@x")) != was, "another title: another one");
	set(&a, red, "Red", "ann bob cem");
	is = shared_mark(SLICE("eva@x"));
	set(&a, blue, "Blue", "bob");
	ok(shared_mark(SLICE("ann@x")) == was && shared_mark(SLICE("eva@x")) == is,
	    "what is not shown to somebody does not count for them");
	end();
	is_int((int)shared_mark(SLICE("ann@x")), 0, "nothing: none");
	arena_fini(&a);
}

/* --- in any order ----------------------------------------------------------------------------------- */

/* Who is in, one bit each. */
static const char *names_of(struct buf *b, unsigned bits)
{
	static const char *const all[] = { "ann ", "bob ", "cem ", "dan ", "eva ",
		"fay ", "gil " };

	buf_clear(b);
	for (size_t i = 0; i < COUNT(all); i++)
		if ((bits >> i & 1) != 0)
			buf_adds(b, all[i]);
	return buf_cstr(b);
}

static unsigned dice(void)
{
	static unsigned state = 20261122;

	state = state * 1664525 + 1013904223;
	return state >> 16;
}

static uint64_t mark_when_last(const unsigned *last, unsigned before)
{
	struct shared_group **all[] = { &red, &blue, &open_ };
	struct arena a = { NULL };
	struct buf names = { 0 };
	uint64_t mark;

	begin();
	for (unsigned i = 0; i < before; i++)
		set(&a, *all[dice() % 3], dice() % 2 != 0 ? "T" : "U",
		    names_of(&names, dice()));
	for (int g = 2; g >= 0; g--)
		set(&a, *all[g], "Fin", names_of(&names, last[g]));
	mark = shared_mark(SLICE("ann@x"));
	end();
	buf_fini(&names);
	arena_fini(&a);
	return mark;
}

static void test_any_order(void)
{
	unsigned wrong = 0;

	for (int round = 0; round < 300; round++) {
		unsigned last[] = { dice(), dice(), dice() };

		wrong += mark_when_last(last, 20) != mark_when_last(last, 0);
	}
	is_int(wrong, 0, "what a roster is does not depend on how it came to be");
}

int main(void)
{
	test_pairs();
	test_merging();
	test_walking();
	test_pieces();
	test_changes();
	test_marks();
	test_any_order();
	return done();
}
