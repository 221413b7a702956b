/* SPDX-License-Identifier: Apache-2.0 */
/* feat/directed.c — to whom a session has shown itself by name. */
#include "feat/directed.h"

#include <stdlib.h>

struct seen { struct slice address; };  /* its text stands behind it */

bool directed_add(struct directed *d, struct slice address)
{
	struct seen *s;

	if (map_find(&d->addresses, address) != NULL)
		return true;
	if (map_count(&d->addresses) >= DIRECTED_MOST)
		return false;
	s = mem_new(sizeof *s + address.n);
	s->address = slice_make(s + 1, address.n);
	memcpy(s + 1, address.p, address.n);
	map_put(&d->addresses, s->address, s);
	return true;
}

void directed_remove(struct directed *d, struct slice address)
{
	free(map_take(&d->addresses, address));
}

struct slice directed_next(const struct directed *d, size_t *at)
{
	struct seen *s = map_next(&d->addresses, at);

	return s != NULL ? s->address : slice_make(NULL, 0);
}

void directed_fini(struct directed *d)
{
	struct slice address;
	size_t at = 0;

	while ((address = directed_next(d, &at)).p != NULL)
		directed_remove(d, address);
	map_fini(&d->addresses);
}
