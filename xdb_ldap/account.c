/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/account.c — an account is a person and a profile. */
#include "xdb_ldap/dn.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/wrong.h"

/* --- load ------------------------------------------------------------------------------ */

static void account_found(struct xdb_op *op);

struct xdb_op *xdb_account_load(struct xdb *db, struct slice uid)
{
	struct xdb_op *op = op_new(db, sizeof (struct found));
	struct found *f = op->data;

	*f = (struct found){ .uid = uid, .person_set = SET_PERSON,
	    .profile_set = SET_PROFILE, .next = account_found };
	found_start(op);
	return op;
}

static void account_found(struct xdb_op *op)
{
	struct found *f = op->data;
	struct xdb_account *account = ARENA_NEW(&op->arena, struct xdb_account);

	person_read(op->db, f->person, &account->person);
	account->person.uid = f->name;
	wrong_saw(op->db->wrong, account->person.dn,
	    account->person.password_changed);
	profile_read(op, f->profile, account->person.password_changed,
	    &account->profile);
	op->res.account = account;
	op_finish(op, XDB_OK, NULL);
}

/* --- make a profile --------------------------------------------------------------------- */

static bool is_uuid(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
		    || (c >= 'A' && c <= 'F');

		if (is_dash ? c != '-' : !is_hex)
			return false;
	}
	return s.n == 36;
}

static void profile_made(struct xdb_op *op);

/* On the person's entry; imUser is there: 20.  No assertion that it is still that
 * person's: slapo-unique hands it on to its own search, which then fails (2.5.13). */
static void create_inline(struct xdb_op *op, const struct xdb_person *person,
    struct slice jid)
{
	struct mods m = { 0 };

	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, SLICE(CLASS_USER));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_JID, jid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_STATUS, SLICE("active"));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_ROSTER_VERSION, SLICE("0"));
	*(struct call **)op->data = call_modify(op, op_text(op, person->dn), &m,
	    NULL);
	op_await(op, profile_made);
}

struct xdb_op *xdb_profile_create(struct xdb *db, const struct xdb_person *person,
    struct slice jid)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct call **c = op->data;
	struct mods m = { 0 };

	if (!is_uuid(person->uuid) || jid.n == 0) {
		op_finish(op, XDB_BROKEN, "the person has no entryUUID");
		return op;
	}
	if (db->is_inline) {
		if (op_owns(op, person->dn, db->people_base))
			create_inline(op, person, jid);
		return op;
	}
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, SLICE(CLASS_PROFILE));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_PERSON_UUID, person->uuid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_PERSON, person->dn);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_JID, jid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_STATUS, SLICE("active"));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_ROSTER_VERSION, SLICE("0"));
	*c = call_add(op, dn_make(&op->arena, op_name(op, ATTR_PERSON_UUID),
	    person->uuid, db->profiles_base), &m);
	op_await(op, profile_made);
	return op;
}

static void profile_made(struct xdb_op *op)
{
	struct call *c = *(struct call **)op->data;

	/* slapo-unique: another profile has this JID. */
	if (c->code == LDAP_CONSTRAINT_VIOLATION)
		op_finish(op, XDB_CONFLICT, "another profile has this JID");
	else if (c->status == XDB_ABSENT && !op->db->is_inline)
		op_finish(op, XDB_BROKEN, "there is no ou=profiles");
	else if (!op_failed(op, c))
		op_finish(op, XDB_OK, NULL);
}
