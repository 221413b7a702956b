/* SPDX-License-Identifier: Apache-2.0 */
/* What a watcher remembers: found, replaced, removed, swept; compared with a
 * plain array through many random steps. */
#include "tests/tap.h"
#include "base/crypto.h"
#include "xdb_ldap/known.h"

enum { ENTRIES = 500, STEPS = 40000 };

static struct { bool is_there; uint32_t seen; uint64_t print; unsigned char whose; } plain[ENTRIES];

static void uuid_of(unsigned i, unsigned char *uuid)
{
	memset(uuid, 0, SYNC_UUID_BYTES);
	memcpy(uuid, &i, sizeof i);
}

static void put(struct known *k, unsigned i, uint32_t seen)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	struct known_row *row;

	uuid_of(i, uuid);
	row = known_get(k, uuid);
	row->seen = seen;
	row->print = seen * 1000 + i;
	if (k->has_whose)
		known_whose(k, row)[0] = (unsigned char)i;
	plain[i].is_there = true;
	plain[i].seen = seen;
	plain[i].print = row->print;
	plain[i].whose = (unsigned char)i;
}

static void drop(struct known *k, unsigned i)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	struct known_row *row;

	uuid_of(i, uuid);
	row = known_find(k, uuid);
	if (row != NULL)
		known_remove(k, row);
	plain[i].is_there = false;
}

static bool is_same(const struct known *k)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	size_t n = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		struct known_row *row;

		uuid_of(i, uuid);
		row = known_find(k, uuid);
		if ((row != NULL) != plain[i].is_there)
			return false;
		if (row == NULL)
			continue;
		n++;
		if (row->seen != plain[i].seen || row->print != plain[i].print
		    || (k->has_whose
		    && known_whose(k, row)[0] != plain[i].whose))
			return false;
	}
	return n == k->n;
}

static void sweep_all(struct known *k, uint32_t since)
{
	struct known_row *row;

	for (k->swept = 0; !known_is_swept(k); )
		while ((row = known_sweep(k, since)) != NULL)
			known_remove(k, row);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (plain[i].seen < since)
			plain[i].is_there = false;
}

static void test_steps(bool has_whose)
{
	struct known k = { .has_whose = has_whose };
	bool same = true;

	memset(plain, 0, sizeof plain);
	for (unsigned step = 1; step < STEPS; step++) {
		uint16_t dice[2];

		crypto_random(dice, sizeof dice);
		if (dice[0] % 3 == 0)
			drop(&k, dice[1] % ENTRIES);
		else
			put(&k, dice[1] % ENTRIES, step);
		if (step % 5000 == 0)
			sweep_all(&k, step - 700);
		if (step % 250 == 0)
			same = same && is_same(&k);
	}
	okf(same, "as a plain array, %s", has_whose ? "somebody's" : "nobody's");
	ok(k.room <= ENTRIES * 4, "no larger than it must be");
	known_fini(&k);
}

static void test_empty(void)
{
	unsigned char uuid[SYNC_UUID_BYTES] = { 0 };
	struct known k = { .n = 0 };

	ok(known_find(&k, uuid) == NULL, "nothing is found in nothing");
	ok(known_sweep(&k, 1) == NULL && known_is_swept(&k),
	    "nothing is swept out of it");
	known_fini(&k);
}

/* Of three that are missing the second stays. */
static void test_pass(void)
{
	struct known k = { .n = 0 };
	struct known_row *row;
	unsigned passed = 0;
	unsigned char uuid[SYNC_UUID_BYTES];

	for (unsigned i = 0; i < 3; i++) {
		uuid_of(i, uuid);
		known_get(&k, uuid)->seen = i + 1;
	}
	for (k.swept = 0; !known_is_swept(&k); ) {
		row = known_sweep(&k, 4);
		if (row != NULL && row->seen == 2) {
			passed++;
			known_pass(&k);
		} else if (row != NULL) {
			known_remove(&k, row);
		}
	}
	uuid_of(1, uuid);
	ok(k.n == 1 && passed == 1 && known_find(&k, uuid) != NULL,
	    "who is passed over stays, and is not met again");
	known_fini(&k);
}

/* The header's promise. */
static void test_memory(void)
{
	struct known people = { .n = 0 }, profiles = { .has_whose = true };

	for (unsigned i = 0; i < 100000; i++) {
		unsigned char uuid[SYNC_UUID_BYTES];

		uuid_of(i, uuid);
		known_get(&people, uuid)->seen = 1;
		known_get(&profiles, uuid)->seen = 1;
	}
	is_int(people.room * sizeof *people.rows, 5 << 20,
	    "100,000 people take 5 MiB");
	is_int(profiles.room * (sizeof *profiles.rows + sizeof *profiles.whose),
	    7 << 20, "their profiles 7 MiB");
	known_fini(&people);
	known_fini(&profiles);
}

int main(void)
{
	test_empty();
	test_steps(false);
	test_steps(true);
	test_pass();
	test_memory();
	return done();
}
