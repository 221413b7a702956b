/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/places.h — where people stand in a directory, all of them counted. */
#ifndef CTL_PLACES_H
#define CTL_PLACES_H

#include "ctl/wire.h"

enum { PLACES_SHOWN = 8 };

struct place {
	const char *dn;
	size_t n;                       /* people at or below it */
};

struct places {
	struct place all;                /* the deepest entry that holds everybody; dn "": nobody */
	struct place most[PLACES_SHOWN];  /* places below that with people right in them, by number */
	size_t most_n, place_n;         /* of place_n */
	bool has_more;                  /* places than are shown */
	bool is_cut;                    /* there may be more: the server gives no more */
};

/* Who matches `filter` below `base`.  Texts in the arena. */
void places_count(struct wire *w, struct arena *a, const char *base,
    const char *filter, struct places *places_r);

#endif
