/* SPDX-License-Identifier: Apache-2.0 */
/* base/throttle.c — how often a password may be guessed.
 *
 * An entry counts the failures of its ten minutes; keys are hashes, so that a
 * guessed "name" that was really a password is not kept in memory.  When the
 * table is full the entry that was quiet for longest makes room, but none of which
 * a try is under way: of those there are no more than there are connections.
 *
 * A try takes a place at its name's entry, then one at its address's: always in this
 * order, so that no two wait for each other.  Who leaves gives its place to the first
 * in line. */
#include "base/throttle.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/loop.h"
#include "base/map.h"

struct entry {
	uint64_t key;                   /* keyed hash, see map_hash() */
	int64_t since_ms;
	unsigned failures, open;        /* open: tries under way that have a place here */
	struct list link;               /* longest quiet first; not while one is open */
	struct list line;               /* of tries; empty unless one is open */
};

enum { PLACES = 2 };                    /* the name's, the address's */

struct throttle_try {
	struct throttle *t;
	struct list link;               /* among all */
	struct list line;               /* where it waits */
	uint64_t key[PLACES];
	unsigned limit[PLACES];
	unsigned taken;                 /* places */
	bool may;
	throttle_fn *fn;
	void *ctx;
};

struct throttle {
	struct throttle_limits limits;
	struct map entries;
	struct list age, tries;
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
	list_init(&t->tries);
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
	struct throttle_try *w;
	struct entry *e;

	if (*tp == NULL)
		return;
	while ((w = LIST_FIRST(&(*tp)->tries, struct throttle_try, link)) != NULL)
		throttle_end(&w);
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

/* `name` empty: of the address as a whole. */
static uint64_t key_for(const char *address, struct slice name)
{
	struct buf text = { 0 };
	uint64_t key;

	add_address(&text, address);
	buf_add(&text, name);
	key = map_hash(buf_slice(&text));
	buf_wipe(&text);
	return key;
}

static struct entry *entry_find(struct throttle *t, uint64_t key)
{
	return map_find(&t->entries, slice_make(&key, sizeof key));
}

static struct entry *entry_get(struct throttle *t, uint64_t key)
{
	struct entry *e = entry_find(t, key);

	if (e != NULL)
		return e;
	if (map_count(&t->entries) >= THROTTLE_ENTRIES && !list_is_empty(&t->age))
		entry_drop(t, LIST_FIRST(&t->age, struct entry, link));
	e = NEW(struct entry);
	e->key = key;
	list_init(&e->line);
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
	struct entry *e = entry_find(t, key_for(address, name));

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
	struct entry *e = entry_get(t, key_for(address, name));

	if (e->failures == 0 || now_ms - e->since_ms >= THROTTLE_MS) {
		e->since_ms = now_ms;
		e->failures = 0;
	}
	e->failures++;
	list_remove(&e->link);          /* the longest quiet is the first to go */
	if (e->open == 0)
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
	struct entry *e = entry_find(t, key_for(address, name));

	if (e != NULL && e->open == 0)
		entry_drop(t, e);
	else if (e != NULL)
		e->failures = 0;
}

/* --- tries under way ------------------------------------------------------------ */

static bool has_room(const struct entry *e, unsigned limit)
{
	bool is_over = loop_now_ms() - e->since_ms >= THROTTLE_MS;

	return (is_over ? 0 : e->failures) + e->open < limit;
}

/* Takes the places that are left to take, or a place in the line for one. */
static enum throttle_says go_on(struct throttle_try *w)
{
	for (; w->taken < PLACES; w->taken++) {
		struct entry *e = entry_get(w->t, w->key[w->taken]);

		if (!has_room(e, w->limit[w->taken])) {
			if (e->open != 0 && w->fn != NULL)
				list_push(&e->line, &w->line);
			return e->open != 0 && w->fn != NULL ? THROTTLE_HOLD
			    : THROTTLE_SPENT;
		}
		e->open++;
		list_remove(&e->link);
	}
	return THROTTLE_GO;
}

static void tell(void *ctx)
{
	struct throttle_try *w = ctx;

	w->fn(w->ctx, w->may);
}

/* Each that is taken off the line finds a place here, or that nobody is left who
 * might make room. */
static void line_moves(struct entry *e)
{
	struct throttle_try *w;
	enum throttle_says says;

	while ((w = LIST_FIRST(&e->line, struct throttle_try, line)) != NULL
	    && (e->open == 0 || has_room(e, w->limit[w->taken]))) {
		list_remove(&w->line);
		says = go_on(w);
		w->may = says == THROTTLE_GO;
		if (says != THROTTLE_HOLD)
			loop_defer(tell, w);
	}
}

static void place_free(struct throttle *t, uint64_t key)
{
	struct entry *e = entry_find(t, key);

	e->open--;
	line_moves(e);
	if (e->open == 0 && e->failures == 0)
		entry_drop(t, e);
	else if (e->open == 0)
		list_push(&t->age, &e->link);
}

enum throttle_says throttle_begin(struct throttle *t, const char *address,
    struct slice name, throttle_fn *fn, void *ctx, struct throttle_try **try_r)
{
	struct throttle_try *w = NEW(struct throttle_try);
	struct slice names[PLACES] = { name, slice_make("", 0) };
	enum throttle_says says;

	w->t = t;
	w->fn = fn;
	w->ctx = ctx;
	for (unsigned i = 0; i < PLACES; i++) {
		w->key[i] = key_for(address, names[i]);
		w->limit[i] = allowed(t, address, names[i]);
	}
	list_push(&t->tries, &w->link);
	*try_r = w;
	says = go_on(w);
	if (says == THROTTLE_SPENT)
		throttle_end(try_r);
	return says;
}

void throttle_end(struct throttle_try **wp)
{
	struct throttle_try *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	loop_undefer(w);
	list_remove(&w->line);
	list_remove(&w->link);
	while (w->taken != 0)
		place_free(w->t, w->key[--w->taken]);
	free(w);
}
