/* SPDX-License-Identifier: Apache-2.0 */
/* SASL-08: how long a "no" is held back. */
#include "tests/tap.h"

#include "xdb_ldap/tempo.h"

enum { NOW = 1000, DRAWS = 2000, NAMES = 200 };

/* The `i`th name or person of a kind. */
static struct slice called(struct buf *b, const char *kind, unsigned i)
{
	buf_clear(b);
	buf_addf(b, "%s=%u", kind, i);
	return buf_slice(b);
}

static void nobody_yet(void)
{
	struct tempo *t = tempo_new();
	int64_t most = 0, ms;

	is_int(tempo_draw(t, SLICE("uid=eva")), 0, "nothing was seen: nothing is held");
	tempo_saw(t, SLICE("uuid=1"), 70, NOW);
	is_int(tempo_draw(t, SLICE("uid=eva")), 70, "one was seen: so long");
	tempo_saw(t, SLICE("uuid=1"), 3 * TEMPO_MOST_MS, NOW);
	for (unsigned i = 0; i < DRAWS; i++)
		if ((ms = tempo_draw(t, SLICE("uid=eva"))) > most)
			most = ms;
	is_int(most, TEMPO_MOST_MS, "an outage is not waited for");
	tempo_free(&t);
	ok(t == NULL, "a freed one is gone");
}

/* A bit for each time between 40 and 40 + TEMPO_TIMES; the highest: another. */
static uint64_t drawn(const struct tempo *t, struct slice name)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		int64_t ms = tempo_draw(t, name);

		seen |= UINT64_C(1) << (ms >= 40 && ms < 40 + TEMPO_TIMES
		    ? ms - 40 : 63);
	}
	return seen;
}

static void by_lot(void)
{
	uint64_t all = (UINT64_C(1) << TEMPO_TIMES) - 1;
	struct tempo *t = tempo_new(), *next = tempo_new();

	for (int i = 0; i < TEMPO_TIMES; i++)
		tempo_saw(t, SLICE("uuid=1"), 200, NOW);
	for (int i = 0; i < TEMPO_TIMES; i++)
		tempo_saw(t, SLICE("uuid=1"), 40 + i, NOW);
	ok(drawn(t, SLICE("uid=eva")) == all, "each of the newest times is drawn, and no other");
	ok(drawn(t, SLICE("uuid=1")) == all, "for the person, too, when locked");
	tempo_take(next, t);
	ok(drawn(next, SLICE("uid=eva")) == all, "the next store goes on with them");
	tempo_free(&t);
	tempo_free(&next);
}

/* Two hashes: a name is of one of them, and of the same each time. */
static void one_person(void)
{
	struct tempo *t = tempo_new();
	struct buf name = { 0 };
	unsigned slow = 0, mixed = 0;

	for (unsigned i = 0; i < 4 * TEMPO_PEOPLE; i++)
		tempo_saw(t, called(&name, "uuid", i), i % 2 == 0 ? 5 : 100, NOW);
	for (unsigned i = 0; i < NAMES; i++) {
		int64_t first = tempo_draw(t, called(&name, "uid", i));

		for (unsigned k = 0; k < 20; k++)
			mixed += tempo_draw(t, buf_slice(&name)) != first;
		slow += first == 100;
	}
	is_int(mixed, 0, "a name goes with one person");
	ok(slow > NAMES / 20 && slow < NAMES - NAMES / 20, "names go with different people");
	buf_fini(&name);
	tempo_free(&t);
}

/* The place of uuid=0 is wanted by others, and theirs when it is not seen any more. */
static void room(void)
{
	struct tempo *t = tempo_new();
	struct buf name = { 0 };

	tempo_saw(t, SLICE("uuid=0"), 70, NOW);
	for (unsigned i = 1; i < 20 * TEMPO_PEOPLE; i++)
		tempo_saw(t, called(&name, "uuid", i), 5, NOW + TEMPO_KEPT_MS - 1);
	is_int(tempo_draw(t, SLICE("uuid=0")), 70, "whoever was seen lately stays");
	for (unsigned i = 1; i < 20 * TEMPO_PEOPLE; i++)
		tempo_saw(t, called(&name, "uuid", i), 5, NOW + TEMPO_KEPT_MS);
	is_int(tempo_draw(t, SLICE("uuid=0")), 5, "and then makes room");
	buf_fini(&name);
	tempo_free(&t);
}

int main(void)
{
	nobody_yet();
	by_lot();
	one_person();
	room();
	return done();
}
