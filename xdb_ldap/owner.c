/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/owner.c — one search of one entry, by its name and by its entryUUID. */
#include "xdb_ldap/owner.h"

#include <ldap.h>

#include "xdb_ldap/call.h"
#include "xdb_ldap/filter.h"

static void looked(struct xdb_op *op)
{
	struct owner *w = op->data;

	/* Nothing of that name (32) is the same answer. */
	if (w->call->code == LDAP_NO_SUCH_OBJECT
	    || (w->call->status == XDB_OK && w->call->entry_n == 0))
		op_finish(op, XDB_CONFLICT, "the entry is another person's by now");
	else if (!op_failed(op, w->call))
		w->next(op);
}

void owner_look(struct xdb_op *op, const char *dn, struct slice uuid, op_step_fn *next)
{
	struct owner *w = op->data;
	struct buf filter = { 0 };

	if (!op->db->is_inline || uuid.n == 0) {
		next(op);
		return;
	}
	w->next = next;
	op_seek_uuid(op, &filter, ATTR_UUID, uuid);
	w->call = call_search(op, &(struct search){ .base = dn,
	    .scope = LDAP_SCOPE_BASE, .filter = op_take(op, &filter),
	    .set = SET_NOTHING, .most = 1 });
	op_await(op, looked);
}
