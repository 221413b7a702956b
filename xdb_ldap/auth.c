/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/auth.c — passwords checked and set, SCRAM verifiers kept. */
#include "xdb_ldap/dn.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/wrong.h"

enum { PASSWORD_BYTES_MOST = 1024, VERIFIER_BYTES_MOST = 512 };

/* LDAP-01: an empty password is an anonymous bind and succeeds on some servers
 * for any DN, and a NUL ends the password for some of them. */
static bool is_password(struct slice p)
{
	return p.n != 0 && p.n <= PASSWORD_BYTES_MOST
	    && memchr(p.p, '\0', p.n) == NULL;
}

/* --- check -------------------------------------------------------------------------- */

struct check { struct call *call; unsigned char mark[WRONG_MARK_BYTES]; };

static void checked(struct xdb_op *op);

/* False: the operation is refused. */
static bool may_bind(struct xdb_op *op, struct slice dn, struct slice password)
{
	struct check *ch = op->data;

	if (!is_password(password)) {
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
		return false;
	}
	if (!dn_is_valid(dn)) {
		op_finish(op, XDB_BROKEN, "no DN to bind as");
		return false;
	}
	wrong_mark(op->db->wrong, dn, password, ch->mark);
	if (!wrong_is_known(op->db->wrong, ch->mark))
		return true;
	op_refuse(op, XDB_WRONG_PASSWORD, "wrong again");
	return false;
}

static void remember_wrong(struct xdb_op *op)
{
	struct check *ch = op->data;

	if (ch->call->code == LDAP_INVALID_CREDENTIALS
	    && ch->call->refusal == XDB_WRONG_PASSWORD)
		wrong_add(op->db->wrong, ch->mark);
}

struct xdb_op *xdb_password_check(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct check));
	struct check *ch = op->data;

	if (!may_bind(op, person_dn, password))
		return op;
	ch->call = call_bind(op, op_text(op, person_dn), password);
	op_await(op, checked);
	return op;
}

static void checked(struct xdb_op *op)
{
	struct check *ch = op->data;

	remember_wrong(op);
	if (!op_failed(op, ch->call))
		op_finish(op, XDB_OK, NULL);
}

/* --- change --------------------------------------------------------------------------- */

static void changed(struct xdb_op *op);

struct xdb_op *xdb_password_change(struct xdb *db, struct slice person_dn,
    struct slice was, struct slice is)
{
	struct xdb_op *op = op_new(db, sizeof (struct check));
	struct check *ch = op->data;

	if (!is_password(is)) {
		op_refuse(op, XDB_BAD_PASSWORD, "no new password");
		return op;
	}
	if (!may_bind(op, person_dn, was))
		return op;
	ch->call = call_change(op, op_text(op, person_dn), was, is);
	op_await(op, changed);
	return op;
}

static void changed(struct xdb_op *op)
{
	struct check *ch = op->data;

	if (!ch->call->sets)
		remember_wrong(op);
	else if (ch->call->status == XDB_OK)
		wrong_forget(op->db->wrong, slice_of(ch->call->dn));
	op->res.says = ch->call->says;
	if (!op_failed(op, ch->call))
		op_finish(op, XDB_OK, NULL);
}

/* --- set ------------------------------------------------------------------------------ */

static void is_set(struct xdb_op *op);

struct xdb_op *xdb_password_set(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (!is_password(password)) {
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
		return op;
	}
	if (!dn_is_valid(person_dn)) {
		op_finish(op, XDB_BROKEN, "no DN to set a password for");
		return op;
	}
	*(struct call **)op->data = call_password(op, op_text(op, person_dn),
	    password);
	op_await(op, is_set);
	return op;
}

static void is_set(struct xdb_op *op)
{
	struct call *c = *(struct call **)op->data;

	wrong_forget(op->db->wrong, slice_of(c->dn));
	if (c->code == LDAP_CONSTRAINT_VIOLATION)
		op_refuse(op, XDB_NO_RIGHT, "the directory's policy refuses this password");
	else if (!op_failed(op, c))
		op_finish(op, XDB_OK, NULL);
}

/* --- SCRAM ------------------------------------------------------------------------------ */

struct xdb_op *xdb_scram_store(struct xdb *db, struct slice profile_dn,
    const struct slice *verifiers, size_t n, struct slice source)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	for (size_t i = 0; i < n; i++)
		if (verifiers[i].n == 0 || verifiers[i].n > VERIFIER_BYTES_MOST) {
			op_finish(op, XDB_BROKEN, "no verifier");
			return op;
		}
	mods_put(&m, op, LDAP_MOD_REPLACE, ATTR_SCRAM, verifiers, n);
	mods_set(&m, op, ATTR_SCRAM_SOURCE, n == 0 ? slice_make(NULL, 0)
	    : source.n != 0 ? source : SLICE("-"));
	op_await_one(op, call_modify(op, op_text(op, profile_dn), &m, NULL));
	return op;
}
