/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bases.h — are the people and the profiles there for us to see?
 *
 * Rights are taken away without a word: what may not be seen looks like what is not
 * there. */
#ifndef XDB_LDAP_BASES_H
#define XDB_LDAP_BASES_H

#include "xdb_ldap/op.h"

struct pool;

/* Asks one of the pool's servers for people_base and where profiles are, by
 * comparisons, and by searches where those say no.
 * OK: they are there.  DOWN: nobody says.  BROKEN: not for us; `why` is static. */
struct xdb_op *bases_ask(struct xdb *db, struct pool *in);

#endif
