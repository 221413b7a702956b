/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/known.c — open addressing, linear probing; removing moves what
 * follows back, so there are no tombstones to sweep after a refresh. */
#include "xdb_ldap/known.h"

#include <stdlib.h>

#include "base/map.h"

enum {
	ROOM_LEAST = 64,
	SWEEP_MOST = 8192,              /* rows at a time: 20 microseconds */
};

static size_t home(const struct known *k, const unsigned char *uuid)
{
	/* Keyed: an entryUUID can be chosen by who may add entries. */
	return map_hash(slice_make(uuid, SYNC_UUID_BYTES)) & (k->room - 1);
}

static size_t slot_of(const struct known *k, const unsigned char *uuid)
{
	size_t i = home(k, uuid);

	while (k->rows[i].seen != 0
	    && memcmp(k->rows[i].uuid, uuid, SYNC_UUID_BYTES) != 0)
		i = (i + 1) & (k->room - 1);
	return i;
}

static void allocate(struct known *k, size_t room)
{
	k->room = room;
	k->rows = mem_new(room * sizeof *k->rows);
	k->whose = k->has_whose ? mem_new(room * sizeof *k->whose) : NULL;
}

static void move(struct known *to, size_t at, const struct known *from,
    size_t i)
{
	to->rows[at] = from->rows[i];
	if (to->whose != NULL)
		memcpy(to->whose[at], from->whose[i], sizeof to->whose[at]);
}

static void grow(struct known *k)
{
	struct known old = *k;

	allocate(k, old.room != 0 ? old.room * 2 : ROOM_LEAST);
	for (size_t i = 0; i < old.room; i++)
		if (old.rows[i].seen != 0)
			move(k, slot_of(k, old.rows[i].uuid), &old, i);
	k->swept = 0;                   /* rows are elsewhere now */
	free(old.rows);
	free(old.whose);
}

struct known_row *known_find(const struct known *k, const unsigned char *uuid)
{
	struct known_row *row;

	if (k->room == 0)
		return NULL;
	row = &k->rows[slot_of(k, uuid)];
	return row->seen != 0 ? row : NULL;
}

struct known_row *known_get(struct known *k, const unsigned char *uuid)
{
	struct known_row *row = known_find(k, uuid);

	if (row != NULL)
		return row;
	if ((k->n + 1) * 8 > k->room * 7)
		grow(k);
	k->n++;
	row = &k->rows[slot_of(k, uuid)];
	*row = (struct known_row){ .print = 0 };
	memcpy(row->uuid, uuid, sizeof row->uuid);
	return row;
}

unsigned char *known_whose(const struct known *k, const struct known_row *row)
{
	return k->whose[row - k->rows];
}

/* Is slot `i` on the way from `from` to `to`, going round? */
static bool is_between(size_t from, size_t i, size_t to)
{
	return from <= to ? from <= i && i <= to : from <= i || i <= to;
}

/* Knuth, The Art of Computer Programming 3, §6.4, algorithm R. */
void known_remove(struct known *k, struct known_row *row)
{
	size_t hole = (size_t)(row - k->rows), i = hole;

	k->n--;
	for (;;) {
		i = (i + 1) & (k->room - 1);
		if (k->rows[i].seen == 0)
			break;
		if (is_between(home(k, k->rows[i].uuid), hole, i)) {
			move(k, hole, k, i);
			hole = i;
		}
	}
	k->rows[hole].seen = 0;
}

/* What is moved back by a removal comes from further on or, around the end,
 * from what was looked at already: nothing is skipped. */
struct known_row *known_sweep(struct known *k, uint32_t since)
{
	size_t end = k->swept + SWEEP_MOST < k->room ? k->swept + SWEEP_MOST
	    : k->room;

	for (; k->swept < end; k->swept++) {
		struct known_row *row = &k->rows[k->swept];

		if (row->seen != 0 && row->seen < since)
			return row;
	}
	return NULL;
}

bool known_is_swept(const struct known *k)
{
	return k->swept >= k->room;
}

void known_pass(struct known *k)
{
	k->swept++;
}

void known_fini(struct known *k)
{
	free(k->rows);
	free(k->whose);
	*k = (struct known){ .has_whose = k->has_whose };
}
