/* SPDX-License-Identifier: Apache-2.0 */
/* net/origin.c — see net/origin.h. */
#include "net/origin.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"

struct origin { uint64_t number; unsigned all, unauthenticated; };

static struct map origins;
static unsigned total;

uint64_t origin_of(const struct sockaddr *address)
{
	struct in6_addr v6 = { 0 };
	struct in_addr v4 = { 0 };
	uint64_t number;

	if (address->sa_family == AF_INET6) {
		memcpy(&v6, (const char *)address
		    + offsetof(struct sockaddr_in6, sin6_addr), sizeof v6);
		if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
			memcpy(&number, &v6, sizeof number);
			return number;
		}
		memcpy(&v4, v6.s6_addr + 12, sizeof v4);
	} else {
		memcpy(&v4, (const char *)address
		    + offsetof(struct sockaddr_in, sin_addr), sizeof v4);
	}
	/* No one's /64: ff00::/8 is multicast. */
	return UINT64_C(0xffffffff00000000) | v4.s_addr;
}

static struct slice key_of(const uint64_t *number)
{
	return slice_make(number, sizeof *number);
}

bool origin_admit(const struct origin_limits *limits, uint64_t number)
{
	struct origin *o = map_find(&origins, key_of(&number));

	if (total >= limits->all || (o != NULL && (o->all >= limits->each
	    || o->unauthenticated >= limits->each_unauthenticated)))
		return false;
	if (o == NULL) {
		o = NEW(struct origin);
		o->number = number;
		map_put(&origins, key_of(&o->number), o);
	}
	o->all++;
	o->unauthenticated++;
	total++;
	return true;
}

void origin_authenticated(uint64_t number)
{
	struct origin *o = map_find(&origins, key_of(&number));

	assert(o != NULL && o->unauthenticated != 0);
	o->unauthenticated--;
}

void origin_gone(uint64_t number, bool was_authenticated)
{
	struct origin *o = map_find(&origins, key_of(&number));

	assert(o != NULL && total != 0);
	if (!was_authenticated)
		origin_authenticated(number);
	total--;
	if (--o->all != 0)
		return;
	map_take(&origins, key_of(&o->number));
	free(o);
}

unsigned origin_total(void)
{
	return total;
}

void origin_fini(void)
{
	struct origin *o;
	size_t at = 0;

	while ((o = map_next(&origins, &at)) != NULL) {
		map_take(&origins, key_of(&o->number));
		free(o);
	}
	map_fini(&origins);
	total = 0;
}
