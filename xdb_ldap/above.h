/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/above.h — the entries that people stand below, by their DNs.
 *
 * When one of them is renamed, moved or removed, all below it are elsewhere, and the
 * server says nothing of those.  It may be of any class, a person too; which of all
 * the entries there are have somebody below them is known from people's own DNs.
 *
 * A DN counts as it is spelled, but for the case of ASCII: servers make the DN of an
 * entry of its parent's.  What was once such an entry stays one: 4 to 10 bytes each. */
#ifndef XDB_LDAP_ABOVE_H
#define XDB_LDAP_ABOVE_H

#include "base/str.h"

struct above {
	uint32_t *slots;                /* 0: free */
	size_t room, n;
	struct buf folded;
};

/* {0} is empty. */
void above_fini(struct above *a);
/* What stands for this DN; never 0. */
uint32_t above_mark(struct above *a, struct slice dn);
/* Everything that an entry of this DN stands below. */
void above_add(struct above *a, struct slice dn);
/* The same, and that entry: who stood below it goes with it. */
void above_add_at(struct above *a, struct slice dn);
/* Somebody stands, or stood, below the entry of this mark. */
bool above_has(const struct above *a, uint32_t mark);

#endif
