/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/owner.h — whose entry is about to be written.
 *
 * A profile in the tree is called by its person's entryUUID.  Where profiles are on the
 * people's own entries the DN is a name, which may be somebody else's by now
 * (directory.md, rule 4): what one person sent must not be written into the other's.
 * An assertion (RFC 4528) with the modify would be exact, and must not be: roster.c
 * says why.  So the entry is looked at just before. */
#ifndef XDB_LDAP_OWNER_H
#define XDB_LDAP_OWNER_H

#include "xdb_ldap/op.h"

/* The operation's data begins with it. */
struct owner {
	struct call *call;              /* op_await_one()'s, too */
	op_step_fn *next;
};

/* `next`, at once where nothing is to be looked at (an empty uuid: nobody knows whose);
 * CONFLICT when the entry is not that person's any more. */
void owner_look(struct xdb_op *op, const char *dn, struct slice uuid, op_step_fn *next);

#endif
