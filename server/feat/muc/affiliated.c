/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliated.c — people by entryUUID, each with their affiliations.
 *
 * When somebody is renamed, or leaves and another gets the name, slapd's refint writes
 * the room's entry anew and tells nobody (RFC 4533 says nothing of it, nor do entryCSN
 * and modifyTimestamp; measured with 2.5.13): the person's own news must do. */
#include "feat/muc/affiliated.h"

#include <stdlib.h>

#include "base/map.h"

struct affiliated {
	struct list of;                 /* struct affiliate, fellows; never empty */
	char uuid[];                    /* the key's bytes */
};

static struct map people;               /* entryUUID -> struct affiliated */

static struct affiliated *affiliated_get(struct slice uuid)
{
	struct affiliated *p = map_find(&people, uuid);

	if (p != NULL)
		return p;
	p = mem_new(sizeof *p + uuid.n);
	list_init(&p->of);
	memcpy(p->uuid, uuid.p, uuid.n);
	map_put(&people, slice_make(p->uuid, uuid.n), p);
	return p;
}

void affiliated_add(struct affiliate *a)
{
	if (a->person.uuid.n != 0)
		list_push(&affiliated_get(a->person.uuid)->of, &a->fellows);
}

void affiliated_remove(struct affiliate *a)
{
	struct affiliated *p;

	if (!list_is_linked(&a->fellows))
		return;
	list_remove(&a->fellows);
	p = map_find(&people, a->person.uuid);
	if (!list_is_empty(&p->of))
		return;
	free(map_take(&people, a->person.uuid));
	if (map_count(&people) == 0)
		map_fini(&people);
}

void affiliated_each(struct slice uuid, void (*fn)(struct room *r))
{
	struct affiliated *p = map_find(&people, uuid);
	struct affiliate *a;

	if (p == NULL)
		return;
	LIST_EACH(a, &p->of, struct affiliate, fellows)
		fn(a->room);
}

struct affiliate *affiliated_in(const struct room *r, struct slice uuid)
{
	struct affiliated *p = uuid.n != 0 ? map_find(&people, uuid) : NULL;
	struct affiliate *a;

	if (p == NULL)
		return NULL;
	LIST_EACH(a, &p->of, struct affiliate, fellows)
		if (a->room == r)
			return a;
	return NULL;
}

void affiliated_each_gone(bool (*is_gone)(struct slice uuid), void (*fn)(struct room *r))
{
	struct affiliated *p;
	struct affiliate *a;
	size_t at = 0;

	while ((p = map_next(&people, &at)) != NULL) {
		a = LIST_FIRST(&p->of, struct affiliate, fellows);
		if (is_gone(a->person.uuid))
			affiliated_each(a->person.uuid, fn);
	}
}
