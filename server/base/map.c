/* SPDX-License-Identifier: Apache-2.0 */
/* base/map.c — linear probing, tombstones, at most three quarters full. */
#include "base/map.h"

#include <stdlib.h>

#include "base/crypto.h"

static const char tombstone;            /* its address marks a removed entry */

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1]; v[1] = rotl(v[1], 13); v[1] ^= v[0]; v[0] = rotl(v[0], 32);
	v[2] += v[3]; v[3] = rotl(v[3], 16); v[3] ^= v[2];
	v[0] += v[3]; v[3] = rotl(v[3], 21); v[3] ^= v[0];
	v[2] += v[1]; v[1] = rotl(v[1], 17); v[1] ^= v[2]; v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein): keyed, so that a peer cannot choose
 * names that collide. */
uint64_t map_hash(struct slice key)
{
	static uint64_t k[2];
	static bool keyed;
	uint64_t v[4], m;
	size_t left = key.n;
	const char *p = key.p;

	if (!keyed) {
		crypto_random(k, sizeof k);
		keyed = true;
	}
	v[0] = k[0] ^ 0x736f6d6570736575u;
	v[1] = k[1] ^ 0x646f72616e646f6du;
	v[2] = k[0] ^ 0x6c7967656e657261u;
	v[3] = k[1] ^ 0x7465646279746573u;
	for (; left >= 8; p += 8, left -= 8) {
		memcpy(&m, p, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	m = (uint64_t)key.n << 56;
	for (size_t i = 0; i < left; i++)
		m |= (uint64_t)(unsigned char)p[i] << (8 * i);
	v[3] ^= m;
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool is_dead(const struct map_entry *e)
{
	return e->key.p == &tombstone;
}

static struct map_entry *slot_find(const struct map *m, struct slice key,
    uint64_t hash)
{
	if (m->room == 0)
		return NULL;
	for (size_t i = hash & (m->room - 1);; i = (i + 1) & (m->room - 1)) {
		struct map_entry *e = &m->slots[i];

		if (e->value == NULL && !is_dead(e))
			return NULL;
		if (e->value != NULL && e->hash == hash && slice_eq(e->key, key))
			return e;
	}
}

static void slot_add(struct map *m, struct map_entry entry)
{
	size_t i = entry.hash & (m->room - 1);

	while (m->slots[i].value != NULL)
		i = (i + 1) & (m->room - 1);
	if (is_dead(&m->slots[i]))
		m->dead--;
	m->slots[i] = entry;
	m->used++;
}

static void map_resize(struct map *m)
{
	struct map old = *m;
	size_t room = 16;

	while (room < (old.used + 1) * 2)
		room *= 2;
	*m = (struct map){ mem_new(room * sizeof *m->slots), room, 0, 0 };
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].value != NULL)
			slot_add(m, old.slots[i]);
	free(old.slots);
}

void *map_find(const struct map *m, struct slice key)
{
	struct map_entry *e = slot_find(m, key, map_hash(key));

	return e != NULL ? e->value : NULL;
}

void *map_put(struct map *m, struct slice key, void *value)
{
	uint64_t hash = map_hash(key);
	struct map_entry *e = slot_find(m, key, hash);

	if (e != NULL) {
		void *old = e->value;

		e->key = key;
		e->value = value;
		return old;
	}
	if ((m->used + m->dead + 1) * 4 > m->room * 3)
		map_resize(m);
	slot_add(m, (struct map_entry){ key, value, hash });
	return NULL;
}

void *map_take(struct map *m, struct slice key)
{
	struct map_entry *e = slot_find(m, key, map_hash(key));
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	*e = (struct map_entry){ { &tombstone, 0 }, NULL, 0 };
	m->used--;
	m->dead++;
	return value;
}

size_t map_count(const struct map *m)
{
	return m->used;
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->room) {
		struct map_entry *e = &m->slots[(*at)++];

		if (e->value != NULL)
			return e->value;
	}
	return NULL;
}

void map_fini(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
