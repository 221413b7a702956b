/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/root.h — what the server is, and what it can, by its root DSE
 * (RFC 4512 §5.1).
 *
 * It is asked on the first connection before any other search: the names of all
 * that is read hang on it.  What was learnt holds for the life of the store. */
#ifndef XDB_LDAP_ROOT_H
#define XDB_LDAP_ROOT_H

#include "xdb_ldap/xdb.h"

struct entry;

struct root {
	struct xdb_op *op;              /* asks */
	enum xdb_preset preset;         /* never AUTO once is_known */
	enum xdb_preset looks_like;     /* AUTO: it does not show */
	bool is_known, is_wanted;
	bool has_usability;             /* usability.h */
	bool has_policy;                /* slapo-ppolicy, or it may be there */
	bool has_assertion;             /* RFC 4528 */
};

/* Asks on a search connection, unless that is known or being asked; calls that
 * wait for it are sent then. */
void root_want(struct xdb *db);

/* Asks again, on the watchers' connection.  OK: res->n is 1 where RFC 4533 is
 * listed, else 0; what else it says is learnt when it was not known. */
struct xdb_op *root_ask(struct xdb *db);

/* What a root DSE says; NULL: it may not be read.  For who did not ask here. */
void root_learn(struct xdb *db, const struct entry *found);

#endif
