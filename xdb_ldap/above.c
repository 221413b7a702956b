/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/above.c — a set of marks: open addressing, nothing is removed. */
#include "xdb_ldap/above.h"

#include <stdlib.h>

#include "base/map.h"
#include "xdb_ldap/dn.h"

enum { ROOM_LEAST = 64 };

void above_fini(struct above *a)
{
	free(a->slots);
	buf_fini(&a->folded);
	*a = (struct above){ .slots = NULL };
}

uint32_t above_mark(struct above *a, struct slice dn)
{
	uint32_t mark;

	buf_clear(&a->folded);
	for (size_t i = 0; i < dn.n; i++)
		buf_addc(&a->folded, dn.p[i] >= 'A' && dn.p[i] <= 'Z'
		    ? (char)(dn.p[i] - 'A' + 'a') : dn.p[i]);
	mark = (uint32_t)map_hash(buf_slice(&a->folded));
	return mark != 0 ? mark : 1;
}

/* Marks come out of a keyed hash: they are spread as they are. */
static uint32_t *slot_of(const struct above *a, uint32_t mark)
{
	size_t i = mark & (a->room - 1);

	while (a->slots[i] != 0 && a->slots[i] != mark)
		i = (i + 1) & (a->room - 1);
	return &a->slots[i];
}

bool above_has(const struct above *a, uint32_t mark)
{
	return a->room != 0 && *slot_of(a, mark) != 0;
}

static void grow(struct above *a)
{
	struct above old = *a;

	a->room = old.room != 0 ? old.room * 2 : ROOM_LEAST;
	a->slots = mem_new(a->room * sizeof *a->slots);
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i] != 0)
			*slot_of(a, old.slots[i]) = old.slots[i];
	free(old.slots);
}

static void put(struct above *a, uint32_t mark)
{
	if (a->n >= a->room / 4 * 3)
		grow(a);
	*slot_of(a, mark) = mark;
	a->n++;
}

/* What one of them stands below is there already. */
void above_add_at(struct above *a, struct slice dn)
{
	for (; dn.n != 0; dn = dn_parent(dn)) {
		uint32_t mark = above_mark(a, dn);

		if (above_has(a, mark))
			return;
		put(a, mark);
	}
}

void above_add(struct above *a, struct slice dn)
{
	above_add_at(a, dn_parent(dn));
}
