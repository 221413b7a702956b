/* SPDX-License-Identifier: Apache-2.0 */
/* core/roll.h — who is on a list and in which roles, in little memory: some 60
 * bytes a person, so that lists of ten thousand can be kept.
 *
 * A roll is written once, name by name and therefore in slices, and then only
 * read.  Names are prepared local parts of this domain. */
#ifndef CORE_ROLL_H
#define CORE_ROLL_H

#include "base/str.h"

struct roll {
	struct buf rows;                /* roles, length, name; one after the other */
	uint32_t *by_name;              /* place in rows, plus 1; 0: free */
	uint64_t *people;               /* map_hash of entryUUIDs; 0: free */
	size_t room;                    /* of both, a power of two */
	size_t n;
	uint64_t print;                 /* rolls that say the same have the same */
};

/* For at most `most` people. */
void roll_init(struct roll *l, size_t most);
void roll_fini(struct roll *l);
/* `roles`: enum xdb_group_role, one at least; a name that is there already has
 * all of both.  False: it is no name that can be kept (none, or longer than a
 * JID's part). */
bool roll_add(struct roll *l, struct slice name, struct slice uuid, unsigned roles);

/* 0: not on it. */
unsigned roll_find(const struct roll *l, struct slice name);
/* Is somebody on it whose entry this is? */
bool roll_has_person(const struct roll *l, struct slice uuid);
/* All, in the order they were added: start with 0, false at the end. */
bool roll_next(const struct roll *l, size_t *at, struct slice *name_r,
    unsigned *roles_r);

#endif
