/* SPDX-License-Identifier: Apache-2.0 */
/* core/roll.c — names in a row, and two open tables that point at them. */
#include "core/roll.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"

enum { HEAD = 1 + 2, NAME_MOST = 1023 };        /* RFC 7622 §3.3.1 */

void roll_init(struct roll *l, size_t most)
{
	*l = (struct roll){ .room = 4 };
	while (l->room < 2 * most)      /* at most half full: short ways */
		l->room *= 2;
	l->by_name = mem_new(l->room * sizeof *l->by_name);
	l->people = mem_new(l->room * sizeof *l->people);
}

void roll_fini(struct roll *l)
{
	buf_fini(&l->rows);
	free(l->by_name);
	free(l->people);
	*l = (struct roll){ .room = 0 };
}

/* --- rows --- */

static unsigned roles_at(const struct roll *l, size_t at)
{
	return (unsigned char)l->rows.p[at];
}

static struct slice name_at(const struct roll *l, size_t at)
{
	const unsigned char *p = (const unsigned char *)l->rows.p + at;

	return slice_make(p + HEAD, (size_t)p[1] << 8 | p[2]);
}

/* The place in by_name of this name, or the free one it would get. */
static size_t place_of(const struct roll *l, struct slice name)
{
	size_t i = map_hash(name) & (l->room - 1);

	while (l->by_name[i] != 0
	    && !slice_eq(name_at(l, l->by_name[i] - 1), name))
		i = (i + 1) & (l->room - 1);
	return i;
}

static uint64_t person_key(struct slice uuid)
{
	return map_hash(uuid) | 1;      /* never 0 */
}

static size_t place_of_person(const struct roll *l, uint64_t key)
{
	size_t i = (key >> 1) & (l->room - 1);

	while (l->people[i] != 0 && l->people[i] != key)
		i = (i + 1) & (l->room - 1);
	return i;
}

/* --- writing --- */

/* In any order the same sum. */
static uint64_t print_of(struct slice name, unsigned roles)
{
	return map_hash(name) * (2 * (uint64_t)roles + 1);
}

static void row_add(struct roll *l, struct slice name, unsigned roles)
{
	buf_addc(&l->rows, (char)roles);
	buf_addc(&l->rows, (char)(name.n >> 8));
	buf_addc(&l->rows, (char)(name.n & 0xff));
	buf_add(&l->rows, name);
	l->print += print_of(name, roles);
	l->n++;
}

static void row_join(struct roll *l, size_t at, unsigned roles)
{
	roles |= roles_at(l, at);
	l->print += print_of(name_at(l, at), roles)
	    - print_of(name_at(l, at), roles_at(l, at));
	l->rows.p[at] = (char)roles;
}

bool roll_add(struct roll *l, struct slice name, struct slice uuid, unsigned roles)
{
	uint64_t key = person_key(uuid);
	size_t i;

	if (name.n == 0 || name.n > NAME_MOST)
		return false;
	i = place_of(l, name);
	if (l->by_name[i] != 0) {
		row_join(l, l->by_name[i] - 1, roles);
		return true;
	}
	assert(2 * l->n < l->room);
	l->by_name[i] = (uint32_t)l->rows.n + 1;
	row_add(l, name, roles);
	l->people[place_of_person(l, key)] = key;
	return true;
}

/* --- reading --- */

unsigned roll_find(const struct roll *l, struct slice name)
{
	size_t i;

	if (l->n == 0)
		return 0;
	i = place_of(l, name);
	return l->by_name[i] != 0 ? roles_at(l, l->by_name[i] - 1) : 0;
}

bool roll_has_person(const struct roll *l, struct slice uuid)
{
	return l->n != 0 && l->people[place_of_person(l, person_key(uuid))] != 0;
}

bool roll_next(const struct roll *l, size_t *at, struct slice *name_r,
    unsigned *roles_r)
{
	if (*at >= l->rows.n)
		return false;
	*roles_r = roles_at(l, *at);
	*name_r = name_at(l, *at);
	*at += HEAD + name_r->n;
	return true;
}
