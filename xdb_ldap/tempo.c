/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/tempo.c — a place for each person, by a keyed hash; a name that has none
 * goes with the next. */
#include "xdb_ldap/tempo.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/crypto.h"
#include "base/map.h"

struct place {
	uint64_t whose;
	int64_t seen_ms;
	uint16_t times[TEMPO_TIMES];
	unsigned n;                     /* ever; 0: free */
};

struct tempo { struct place places[TEMPO_PEOPLE]; };

struct tempo *tempo_new(void)
{
	return NEW(struct tempo);
}

void tempo_free(struct tempo **tp)
{
	free(*tp);
	*tp = NULL;
}

void tempo_take(struct tempo *t, const struct tempo *from)
{
	*t = *from;
}

void tempo_saw(struct tempo *t, struct slice person, int64_t took_ms,
    int64_t now_ms)
{
	uint64_t whose = map_hash(person);
	struct place *p = &t->places[whose % TEMPO_PEOPLE];

	if (p->n != 0 && p->whose != whose && now_ms - p->seen_ms < TEMPO_KEPT_MS)
		return;
	if (p->n == 0 || p->whose != whose)
		*p = (struct place){ .whose = whose };
	p->seen_ms = now_ms;
	p->times[p->n++ % TEMPO_TIMES] = (uint16_t)(took_ms < 0 ? 0
	    : took_ms < TEMPO_MOST_MS ? took_ms : TEMPO_MOST_MS);
}

/* NULL: there is nobody yet. */
static const struct place *place_for(const struct tempo *t, struct slice name)
{
	uint64_t at = map_hash(name);

	for (unsigned i = 0; i < TEMPO_PEOPLE; i++, at++)
		if (t->places[at % TEMPO_PEOPLE].n != 0)
			return &t->places[at % TEMPO_PEOPLE];
	return NULL;
}

int64_t tempo_draw(const struct tempo *t, struct slice name)
{
	const struct place *p = place_for(t, name);
	unsigned lot = 0, n;

	if (p == NULL)
		return 0;
	n = p->n < TEMPO_TIMES ? p->n : TEMPO_TIMES;
	crypto_random(&lot, sizeof lot);
	return p->times[lot % n];
}
