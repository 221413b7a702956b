/* SPDX-License-Identifier: Apache-2.0 */
/* base/map.h — slice to pointer, open addressing, keyed SipHash.
 *
 * Keys come from peers, so the hash is keyed per process (security XML-16).
 * The map borrows keys: a key must live, unchanged, as long as its entry;
 * usually it is a member of the value. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_entry { struct slice key; void *value; uint64_t hash; };
struct map { struct map_entry *slots; size_t room, used, dead; };   /* {0} is empty */

void *map_find(const struct map *m, struct slice key);              /* NULL: none */
/* Adds or replaces; gives the value replaced, or NULL.  `value` is not NULL. */
void *map_put(struct map *m, struct slice key, void *value);
void *map_take(struct map *m, struct slice key);                    /* removes and gives it */
size_t map_count(const struct map *m);
/* Iterates: *at starts at 0; NULL at the end.  Removing the entry just given is
 * allowed while iterating, adding is not. */
void *map_next(const struct map *m, size_t *at);
void map_fini(struct map *m);                                       /* not the values */

uint64_t map_hash(struct slice key);                                /* SipHash-1-3, process key */

#endif
