/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/mend.h — a room's entry goes on naming whom it named.
 *
 * DNs in an entry are somebody's for as long as the room is in memory, whatever the
 * person is called; each reading is given what the one before knew.  The directory
 * should follow people by itself (slapo-refint), and does not everywhere, nor always at
 * once: what it has not done after a moment is done here. */
#ifndef FEAT_MUC_MEND_H
#define FEAT_MUC_MEND_H

#include "base/loop.h"
#include "xdb_ldap/xdb.h"

struct room;

struct mending {
	struct arena arena;             /* of these: */
	struct xdb_room_named *named;   /* as the entry was read last */
	size_t named_n;
	struct xdb_op *op;              /* the entry is being written */
	struct timer look;              /* reads it again */
	int64_t since_ms;               /* it is out of date; 0: it is not */
	int64_t lost_ms;                /* until the next look for heirs; 0: for none */
	int64_t not_before_ms;          /* after what was written last */
};

void mend_init(struct room *r);
/* The entry was made of what the room is. */
void mend_begin(struct room *r);
/* What the entry says.  Whatever in it is out of date is written, now or after the
 * reading that this leads to. */
void mend_take(struct room *r, const struct xdb_room *entry);
void mend_fini(struct room *r);

#endif
