/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/named.h — whose the DNs in a room's entry are.
 *
 * A DN is a name, and names go from one person to another; who is meant is the person
 * it was when the room was read before (directory.md, rule 4).  So a DN is looked for
 * by itself first; where that finds somebody else or nobody, whose it was is looked for
 * by entryUUID, among people and then among all there is. */
#ifndef XDB_LDAP_NAMED_H
#define XDB_LDAP_NAMED_H

#include "xdb_ldap/seek.h"

struct named {                          /* one DN of the entry */
	enum xdb_affiliation affiliation;
	struct slice dn;
	struct slice was;               /* whose it was; empty: not known */
	struct slice stands;            /* who of our people is called so; empty: nobody */
	struct slice uuid;              /* whose it is; empty: nobody's */
	struct slice at;                /* where that is by now; empty: nowhere */
	struct slice uid;               /* and the name there; empty: nobody of ours */
};

/* What was known before, in the operation's memory. */
struct named_known { const struct xdb_room_named *v; size_t n; };
struct named_known named_keep(struct arena *a, const struct xdb_room_named *v, size_t n);

struct named_look {                     /* op->data begins with it */
	struct seek seek;               /* first: seek.h */
	struct named *v;                /* the caller's: affiliation and dn */
	size_t n;
	struct named_known known;
	/* While it is looked for. */
	op_step_fn *next;
	unsigned stage;
	size_t at;
	struct call *anybody;
};

/* Fills in whose they are; `next` is the step when that is known of all, and the
 * operation is finished when something failed. */
void named_find(struct xdb_op *op, op_step_fn *next);
/* room->named and room->stale of what was found. */
void named_tell(struct xdb_op *op, const struct named_look *l, struct xdb_room *room);

#endif
