/* SPDX-License-Identifier: Apache-2.0 */
/* base/throttle.c — how often a password may be guessed.
 *
 * An entry counts the failures of its ten minutes; keys are hashes, so that a
 * guessed "name" that was really a password is not kept in memory.  When the
 * table is full the entry that was quiet for longest makes room. */
#include "base/throttle.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"

struct entry {
	uint64_t key;                   /* keyed hash, see map_hash() */
	int64_t since_ms;
	unsigned failures;
	struct list link;               /* longest quiet first */
};

struct throttle {
	struct throttle_limits limits;
	struct map entries;
	struct list age;
};

static struct slice key_of(const struct entry *e)
{
	return slice_make(&e->key, sizeof e->key);
}

struct throttle *throttle_new(const struct throttle_limits *limits)
{
	struct throttle *t = NEW(struct throttle);

	t->limits = *limits;
	list_init(&t->age);
	return t;
}

static void entry_drop(struct throttle *t, struct entry *e)
{
	map_take(&t->entries, key_of(e));
	list_remove(&e->link);
	free(e);
}

void throttle_free(struct throttle **tp)
{
	struct entry *e;

	if (*tp == NULL)
		return;
	LIST_EACH(e, &(*tp)->age, struct entry, link)
		entry_drop(*tp, e);
	map_fini(&(*tp)->entries);
	free(*tp);
	*tp = NULL;
}

/* Whoever has one IPv6 address has a /64 of them. */
static void add_address(struct buf *out, const char *address)
{
	struct in6_addr v6;

	if (inet_pton(AF_INET6, address, &v6) == 1)
		buf_add(out, slice_make(&v6, 8));
	else
		buf_adds(out, address);
	buf_addc(out, ' ');
}

/* `name` empty: the entry of the address as a whole. */
static struct entry *entry_find(struct throttle *t, const char *address,
    struct slice name, bool is_made)
{
	struct buf text = { 0 };
	struct entry *e, look = { 0 };

	add_address(&text, address);
	buf_add(&text, name);
	look.key = map_hash(buf_slice(&text));
	buf_wipe(&text);
	e = map_find(&t->entries, key_of(&look));
	if (e != NULL || !is_made)
		return e;
	if (map_count(&t->entries) >= THROTTLE_ENTRIES)
		entry_drop(t, LIST_FIRST(&t->age, struct entry, link));
	e = NEW(struct entry);
	e->key = look.key;
	map_put(&t->entries, key_of(e), e);
	list_push(&t->age, &e->link);
	return e;
}

static unsigned allowed(const struct throttle *t, const char *address,
    struct slice name)
{
	bool is_loopback = strncmp(address, "127.", 4) == 0
	    || strcmp(address, "::1") == 0;
	const struct throttle_limit *l = is_loopback ? &t->limits.loopback
	    : &t->limits.away;

	return name.n != 0 ? l->name : l->address;
}

static int64_t entry_wait(struct throttle *t, const char *address,
    struct slice name, int64_t now_ms)
{
	struct entry *e = entry_find(t, address, name, false);

	if (e == NULL || now_ms - e->since_ms >= THROTTLE_MS
	    || e->failures < allowed(t, address, name))
		return 0;
	return THROTTLE_MS - (now_ms - e->since_ms);
}

int64_t throttle_wait_ms(struct throttle *t, const char *address,
    struct slice name, int64_t now_ms)
{
	int64_t a = entry_wait(t, address, name, now_ms);
	int64_t b = entry_wait(t, address, slice_make("", 0), now_ms);

	return a > b ? a : b;
}

static void entry_failed(struct throttle *t, const char *address,
    struct slice name, int64_t now_ms)
{
	struct entry *e = entry_find(t, address, name, true);

	if (e->failures == 0 || now_ms - e->since_ms >= THROTTLE_MS) {
		e->since_ms = now_ms;
		e->failures = 0;
	}
	e->failures++;
	list_remove(&e->link);          /* the longest quiet is the first to go */
	list_push(&t->age, &e->link);
}

void throttle_failed(struct throttle *t, const char *address, struct slice name,
    int64_t now_ms)
{
	entry_failed(t, address, name, now_ms);
	entry_failed(t, address, slice_make("", 0), now_ms);
}

void throttle_passed(struct throttle *t, const char *address, struct slice name)
{
	struct entry *e = entry_find(t, address, name, false);

	if (e != NULL)
		entry_drop(t, e);
}
