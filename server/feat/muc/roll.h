/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/roll.h — who is on a list and as what, in little memory: some 60
 * bytes a person, so that lists of ten thousand can be kept.
 *
 * A roll is written once, name by name and therefore in slices, and then only
 * read.  Names are prepared local parts of this domain. */
#ifndef FEAT_MUC_ROLL_H
#define FEAT_MUC_ROLL_H

#include "base/str.h"
#include "xdb_ldap/xdb.h"

struct roll {
	struct buf rows;                /* affiliation, length, name; one after the other */
	uint32_t *by_name;              /* place in rows, plus 1; 0: free */
	uint64_t *people;               /* map_hash of entryUUIDs; 0: free */
	size_t room;                    /* of both, a power of two */
	size_t n;
	uint64_t print;                 /* rolls that say the same have the same */
};

/* For at most `most` people. */
void roll_init(struct roll *l, size_t most);
void roll_fini(struct roll *l);
/* A name that is there already keeps the higher affiliation.  False: it is no
 * name that can be kept (none, or longer than a JID's part). */
bool roll_add(struct roll *l, struct slice name, struct slice uuid,
    enum xdb_affiliation affiliation);

/* AFF_NONE: not on it. */
enum xdb_affiliation roll_find(const struct roll *l, struct slice name);
/* Is somebody on it whose entry this is? */
bool roll_has_person(const struct roll *l, struct slice uuid);
/* All, in the order they were added: start with 0, false at the end. */
bool roll_next(const struct roll *l, size_t *at, struct slice *name_r,
    enum xdb_affiliation *affiliation_r);

#endif
