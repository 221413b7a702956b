/* SPDX-License-Identifier: Apache-2.0 */
/* base/map against a plain array as model, and base/list. */
#include "base/list.h"
#include "base/map.h"
#include "tests/tap.h"

enum { KEYS = 500, ROUNDS = 50000 };

static struct { char key[16]; bool is_in; int value; } model[KEYS];

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

static bool agrees(const struct map *m)
{
	size_t n = 0;

	for (size_t i = 0; i < KEYS; i++) {
		void *found = map_find(m, slice_of(model[i].key));

		if (found != (model[i].is_in ? &model[i].value : NULL))
			return false;
		n += model[i].is_in;
	}
	return map_count(m) == n;
}

static void test_model(void)
{
	struct map m = { 0 };
	unsigned seed = 4711;
	bool good = true;

	for (size_t i = 0; i < KEYS; i++)
		snprintf(model[i].key, sizeof model[i].key, "key-%zu", i);
	for (int r = 0; r < ROUNDS && good; r++) {
		unsigned i = next_random(&seed) % KEYS;
		struct slice key = slice_of(model[i].key);

		if (next_random(&seed) % 2 != 0) {
			good = map_put(&m, key, &model[i].value)
			    == (model[i].is_in ? &model[i].value : NULL);
			model[i].is_in = true;
		} else {
			good = map_take(&m, key)
			    == (model[i].is_in ? &model[i].value : NULL);
			model[i].is_in = false;
		}
		if (r % 1000 == 0)
			good = good && agrees(&m);
	}
	ok(good && agrees(&m), "puts and takes agree with the model (seed 4711)");
	ok(m.room <= 2048, "tombstones do not make it grow for ever");
	map_fini(&m);
}

static void test_walk(void)
{
	struct map m = { 0 };
	char keys[100][8];
	size_t at = 0, seen = 0;
	char *k;

	for (int i = 0; i < 100; i++) {
		snprintf(keys[i], sizeof keys[i], "%d", i);
		map_put(&m, slice_of(keys[i]), keys[i]);
	}
	while ((k = map_next(&m, &at)) != NULL) {
		seen++;
		map_take(&m, slice_of(k));
	}
	ok(seen == 100 && map_count(&m) == 0, "a walk may remove what it is given");
	map_fini(&m);
}

/* XML-16: keys that collide under an unkeyed hash are spread by a keyed one. */
static void test_spread(void)
{
	unsigned buckets[64] = { 0 }, most = 0;
	char key[8];

	for (int i = 0; i < 6400; i++) {
		snprintf(key, sizeof key, "%06x", i);
		buckets[map_hash(slice_of(key)) % 64]++;
	}
	for (int i = 0; i < 64; i++)
		most = buckets[i] > most ? buckets[i] : most;
	ok(most < 200, "XML-16 hashes are spread over buckets");
	ok(map_hash(SLICE("a")) != map_hash(SLICE("b")), "XML-16 keys differ, hashes differ");
}

struct item { struct list link; int n; };

static void test_list(void)
{
	struct list head;
	struct item items[3] = { { { 0 }, 1 }, { { 0 }, 2 }, { { 0 }, 3 } }, *it;
	int sum = 0;

	list_init(&head);
	ok(list_is_empty(&head) && LIST_FIRST(&head, struct item, link) == NULL, "a new list is empty");
	for (int i = 0; i < 3; i++)
		list_push(&head, &items[i].link);
	LIST_EACH(it, &head, struct item, link) {
		sum = sum * 10 + it->n;
		if (it->n == 2)
			list_remove(&it->link);
	}
	ok(sum == 123, "a walk keeps order and may remove its item");
	ok(!list_is_linked(&items[1].link) && list_is_linked(&items[0].link), "links know");
	list_remove(&items[1].link);
	ok(LIST_FIRST(&head, struct item, link) == &items[0], "removing twice is harmless");
}

int main(void)
{
	test_model();
	test_walk();
	test_spread();
	test_list();
	return done();
}
