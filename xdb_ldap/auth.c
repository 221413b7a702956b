/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/auth.c — passwords set, SCRAM verifiers kept. */
#include "xdb_ldap/dn.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/trial.h"
#include "xdb_ldap/owner.h"
#include "xdb_ldap/wrong.h"

enum { VERIFIER_BYTES_MOST = 512 };

/* --- set ------------------------------------------------------------------------------ */

static void is_set(struct xdb_op *op);

struct xdb_op *xdb_password_set(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (!trial_may_be_new(op, password))
		return op;
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

struct scram_write {
	struct owner owner;
	const char *dn;
	struct mods m;
};

static void scram_send(struct xdb_op *op)
{
	struct scram_write *w = op->data;

	op_await_one(op, call_modify(op, w->dn, &w->m));
}

struct xdb_op *xdb_scram_store(struct xdb *db, struct slice profile_dn,
    struct slice person_uuid, const struct slice *verifiers, size_t n,
    struct slice source)
{
	struct xdb_op *op = op_new(db, sizeof (struct scram_write));
	struct scram_write *w = op->data;

	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	for (size_t i = 0; i < n; i++)
		if (verifiers[i].n == 0 || verifiers[i].n > VERIFIER_BYTES_MOST) {
			op_finish(op, XDB_BROKEN, "no verifier");
			return op;
		}
	mods_put(&w->m, op, LDAP_MOD_REPLACE, ATTR_SCRAM, verifiers, n);
	mods_set(&w->m, op, ATTR_SCRAM_SOURCE, n == 0 ? slice_make(NULL, 0)
	    : source.n != 0 ? source : SLICE("-"));
	w->dn = op_text(op, profile_dn);
	owner_look(op, w->dn, person_uuid, scram_send);
	return op;
}
