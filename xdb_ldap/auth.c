/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/auth.c — passwords checked and set, SCRAM verifiers kept. */
#include "xdb_ldap/dn.h"
#include "xdb_ldap/op.h"

enum { PASSWORD_BYTES_MOST = 1024, VERIFIER_BYTES_MOST = 512 };

/* LDAP-01: an empty password is an anonymous bind and succeeds on some servers
 * for any DN, and a NUL ends the password for some of them. */
static bool is_password(struct slice p)
{
	return p.n != 0 && p.n <= PASSWORD_BYTES_MOST
	    && memchr(p.p, '\0', p.n) == NULL;
}

struct xdb_op *xdb_password_check(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (!is_password(password))
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
	else if (!dn_is_valid(person_dn))
		op_finish(op, XDB_BROKEN, "no DN to bind as");
	else
		op_await_one(op, call_bind(op, op_text(op, person_dn),
		    password));
	return op;
}

struct xdb_op *xdb_password_set(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (!is_password(password))
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
	else if (!dn_is_valid(person_dn))
		op_finish(op, XDB_BROKEN, "no DN to set a password for");
	else
		op_await_one(op, call_password(op, op_text(op, person_dn),
		    password));
	return op;
}

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
