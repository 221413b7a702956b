/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bases.c — the bases, compared: which is no search, of which there are none
 * while nothing happens. */
#include "xdb_ldap/bases.h"

#include "xdb_ldap/pool.h"

struct bases {
	struct pool *in;
	struct call *people, *profiles;
};

/* Whatever was compared, it is there for us to see. */
static bool is_there(const struct call *c)
{
	return c->status == XDB_OK || c->status == XDB_CONFLICT
	    || c->code == LDAP_NO_SUCH_ATTRIBUTE;
}

static bool is_unanswered(const struct call *c)
{
	return c->status == XDB_DOWN || c->status == XDB_BUSY;
}

/* --- the bases ---------------------------------------------------------------------------- */

static void bases_read(struct xdb_op *op)
{
	const struct bases *b = op->data;

	if (is_unanswered(b->people) || is_unanswered(b->profiles))
		op_finish(op, XDB_DOWN, "no answer");
	else if (b->people->status != XDB_OK)
		op_finish(op, XDB_BROKEN, "people_base is not there, or may not be "
		    "searched");
	else if (b->profiles->status != XDB_OK)
		op_finish(op, XDB_BROKEN, "ou=profiles of im_base is not there, or may "
		    "not be searched");
	else
		op_finish(op, XDB_OK, NULL);
}

static struct call *base_read(struct xdb_op *op, const char *base)
{
	const struct bases *b = op->data;

	return call_search(op, &(struct search){ .base = base,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_NOTHING, .in = b->in });
}

static void compared(struct xdb_op *op)
{
	struct bases *b = op->data;

	if (is_unanswered(b->people) || is_unanswered(b->profiles)) {
		op_finish(op, XDB_DOWN, "no answer");
	} else if (is_there(b->people) && is_there(b->profiles)) {
		op_finish(op, XDB_OK, NULL);
	} else {
		b->people = base_read(op, op->db->people_base);
		b->profiles = base_read(op, op->db->profiles_base);
		op_await(op, bases_read);
	}
}

static struct call *compare(struct xdb_op *op, const char *dn)
{
	const struct bases *b = op->data;

	return call_compare(op, dn, ATTR_OBJECT_CLASS, SLICE("top"), b->in);
}

/* It is nobody's operation. */
struct xdb_op *bases_ask(struct xdb *db, struct pool *in)
{
	struct xdb_op *op = op_new(db, sizeof (struct bases));
	struct bases *b = op->data;

	db->operations--;
	b->in = in;
	b->people = compare(op, db->people_base);
	b->profiles = compare(op, db->profiles_base);
	op_await(op, compared);
	return op;
}
