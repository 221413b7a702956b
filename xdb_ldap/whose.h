/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/whose.h — whose entry is at this DN, on this server?
 *
 * Identity is the entry's UUID and never the DN, which was read a while ago or at
 * another server: branches are renamed, DNs given to others, replicas late
 * (directory.md rule 4).  So what was proved at a DN is somebody's only together
 * with this.  One comparison; where ours is not allowed to compare but to read, one
 * entry is read. */
#ifndef XDB_LDAP_WHOSE_H
#define XDB_LDAP_WHOSE_H

#include "xdb_ldap/op.h"

/* Asks where `in` searches; whose_says() has the answer. */
struct call *whose_ask(struct xdb_op *op, struct slice dn, struct slice uuid,
    struct pool *in);

enum whose {
	WHOSE_SAME, WHOSE_OTHER,        /* or nobody's */
	WHOSE_ASK_AGAIN,                /* whose_ask() does it another way now */
	WHOSE_UNKNOWN,                  /* neither a yes nor a no */
};
enum whose whose_says(const struct call *c, struct slice uuid);

#endif
