/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/have.c — contextCSN stands on the top entry of a database.  Which
 * that is, nobody told us: every entry from im_base upwards is asked at once,
 * and the first that shows it is the one. */
#include "xdb_ldap/have.h"

#include "xdb_ldap/dn.h"

enum { LEVELS_MOST = 16 };

struct have {
	struct csn_set *set;
	struct call *calls[LEVELS_MOST];
	unsigned n;
};

static void answered(struct xdb_op *op)
{
	struct have *h = op->data;

	h->set->n = 0;
	for (unsigned i = 0; i < h->n; i++) {
		const struct call *c = h->calls[i];
		size_t n;
		struct slice *v;

		if (c->status == XDB_DOWN || c->status == XDB_BUSY) {
			op_finish(op, c->status, c->why);
			return;
		}
		if (c->status != XDB_OK || c->entries == NULL || h->set->n != 0)
			continue;
		v = entry_all(c->entries, ATTR_CONTEXT_CSN, &n);
		csn_take(h->set, v, n);
	}
	op_finish(op, XDB_OK, NULL);
}

struct xdb_op *have_load(struct xdb *db, struct conn *conn, struct csn_set *set)
{
	struct xdb_op *op = op_new(db, sizeof (struct have));
	struct have *h = op->data;
	struct slice dn = slice_of(db->profiles_base);

	h->set = set;
	while ((dn = dn_parent(dn)).n != 0 && h->n < LEVELS_MOST)
		h->calls[h->n++] = call_search(op, &(struct search){
		    .base = op_text(op, dn), .scope = LDAP_SCOPE_BASE,
		    .filter = "(objectClass=*)", .set = SET_CONTEXT, .at = conn });
	op_await(op, answered);
	return op;
}
