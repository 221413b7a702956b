/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bases.c — the bases, and one person below the first: compared, which is no
 * search, of which there are none while nothing happens. */
#include "xdb_ldap/bases.h"

#include "xdb_ldap/pool.h"

struct bases {
	struct pool *in;
	struct somebody *who;
	struct call *people, *profiles, *person;
};

/* Whatever was compared, it is there for us to see. */
static bool is_there(const struct call *c)
{
	return c->status == XDB_OK || c->status == XDB_CONFLICT
	    || c->code == LDAP_NO_SUCH_ATTRIBUTE;
}

static bool is_unanswered(const struct call *c)
{
	return c != NULL && (c->status == XDB_DOWN || c->status == XDB_BUSY);
}

/* --- somebody ----------------------------------------------------------------------------- */

void somebody_offer(struct somebody *who, struct slice dn)
{
	if (who->dn.n == 0)
		buf_add(&who->dn, dn);
}

/* Only the directory's own word that there is nobody counts as that. */
static void person_found(struct xdb_op *op)
{
	const struct bases *b = op->data;
	const struct call *c = b->person;
	struct somebody *who = b->who;

	op->res.n = c->status != XDB_OK || c->entries != NULL;
	if (c->entries != NULL) {
		who->is_incomparable = slice_eq(buf_slice(&who->dn), c->entries->dn);
		buf_clear(&who->dn);
		buf_add(&who->dn, c->entries->dn);
	}
	op_finish(op, XDB_OK, NULL);
}

static void person_seek(struct xdb_op *op)
{
	struct bases *b = op->data;

	b->person = call_search(op, &(struct search){
	    .base = op->db->people_base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = op->db->people_filter, .set = SET_NOTHING, .most = 1,
	    .in = b->in });
	op_await(op, person_found);
}

static void person_ask(struct xdb_op *op)
{
	const struct bases *b = op->data;
	bool is_seen = b->person != NULL && is_there(b->person);

	if (b->who != NULL && !is_seen) {
		person_seek(op);
		return;
	}
	if (is_seen)
		b->who->is_incomparable = false;
	op->res.n = 1;
	op_finish(op, XDB_OK, NULL);
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
		person_ask(op);
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

	if (is_unanswered(b->people) || is_unanswered(b->profiles)
	    || is_unanswered(b->person)) {
		op_finish(op, XDB_DOWN, "no answer");
	} else if (is_there(b->people) && is_there(b->profiles)) {
		person_ask(op);
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
struct xdb_op *bases_ask(struct xdb *db, struct pool *in, struct somebody *who)
{
	struct xdb_op *op = op_new(db, sizeof (struct bases));
	struct bases *b = op->data;

	db->operations--;
	b->in = in;
	b->who = who;
	b->people = compare(op, db->people_base);
	b->profiles = compare(op, db->profiles_base);
	if (who != NULL && who->dn.n != 0)
		b->person = compare(op, op_text(op, buf_slice(&who->dn)));
	op_await(op, compared);
	return op;
}
