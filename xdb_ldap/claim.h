/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/claim.h — an address becomes a person's.
 *
 * A profile belongs to the person with the entryUUID it names, and its jid follows
 * what that person is called.  Who is given a name that another had before:
 *
 *   the other is called otherwise now    the other's profile gets its own address first,
 *                                        also where it is this person's (an exchange)
 *   the other is of that name, too       CONFLICT
 *   there is no other any more           CONFLICT, and the log says which profile is
 *                                        in the way: nobody gets a stranger's roster
 */
#ifndef XDB_LDAP_CLAIM_H
#define XDB_LDAP_CLAIM_H

#include "xdb_ldap/op.h"

/* Borrows the operation; op->data is as it was when `done` runs. */
typedef void claim_done_fn(struct xdb_op *op, enum xdb_status status, const char *why);

struct claim_of {
	struct slice uuid, dn, jid;     /* in the operation's arena */
	bool is_renamed;                /* a profile with another address may follow */
};

void claim_start(struct xdb_op *op, const struct claim_of *of, claim_done_fn *done);

#endif
