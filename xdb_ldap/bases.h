/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bases.h — are the people and the profiles there for us to see?
 *
 * Rights are taken away without a word: what may not be seen looks like what is not
 * there. */
#ifndef XDB_LDAP_BASES_H
#define XDB_LDAP_BASES_H

#include "xdb_ldap/op.h"

struct pool;

/* Anybody of whom we know that they are there: may we still see them?  {0} is nobody. */
struct somebody {
	struct buf dn;
	bool is_incomparable;           /* we may read, and not compare */
};

/* This one is there; taken when there is nobody. */
void somebody_offer(struct somebody *who, struct slice dn);

/* Asks one of the pool's servers for people_base and where profiles are, by
 * comparisons, and by searches where those say no.
 * OK: they are there.  DOWN: nobody says.  BROKEN: not for us; `why` is static.
 * `who`, which may be NULL and outlives the operation, is looked for as well, and
 * somebody else in their place when they are not there; then res->n is 0 when a search
 * for anybody at all found nobody, and else 1. */
struct xdb_op *bases_ask(struct xdb *db, struct pool *in, struct somebody *who);

#endif
