/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/account.c — an account is a person and a profile. */
#include "base/log.h"
#include "xdb_ldap/claim.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/wrong.h"

/* --- load ------------------------------------------------------------------------------ */

static void account_found(struct xdb_op *op);
static void account_renamed(struct xdb_op *op, enum xdb_status status,
    const char *why);

static struct xdb_op *load(struct xdb *db, struct slice uid, enum map_set set)
{
	struct xdb_op *op = op_new(db, sizeof (struct found));
	struct found *f = op->data;

	*f = (struct found){ .uid = uid, .person_set = set,
	    .profile_set = SET_PROFILE, .next = account_found };
	found_start(op);
	return op;
}

struct xdb_op *xdb_account_load(struct xdb *db, struct slice uid)
{
	return load(db, uid, SET_PERSON);
}

struct xdb_op *xdb_account_load_photo(struct xdb *db, struct slice uid)
{
	return load(db, uid, SET_PERSON_PHOTO);
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
	account->photo = photo_read(f->person, &account->is_photo_hidden);
	op->res.account = account;
	if (f->jid_is_old)
		claim_start(op, &(struct claim_of){ .uuid = account->person.uuid,
		    .dn = account->person.dn, .jid = f->jid,
		    .is_renamed = true }, account_renamed);
	else
		op_finish(op, XDB_OK, NULL);
}

/* The account is that person's whatever its jid says. */
static void account_renamed(struct xdb_op *op, enum xdb_status status,
    const char *why)
{
	const struct found *f = op->data;
	struct xdb_profile *p = &((struct xdb_account *)(uintptr_t)
	    op->res.account)->profile;

	log_event(status == XDB_OK ? LOG_INFO : LOG_WARN, status == XDB_OK
	    ? "profile-renamed" : "profile-not-renamed", "-",
	    "profile=%s was=%s name=%s why=%s", log_text(p->dn),
	    log_text(p->jid), log_text(f->name), why != NULL ? why : "-");
	if (status == XDB_OK)
		p->jid = f->jid;
	op->res.refusal = XDB_REFUSAL_NONE;
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

static void profile_claimed(struct xdb_op *op, enum xdb_status status,
    const char *why)
{
	op_finish(op, status, why);
}

struct xdb_op *xdb_profile_create(struct xdb *db, const struct xdb_person *person,
    struct slice jid)
{
	struct xdb_op *op = op_new(db, 0);

	if (!is_uuid(person->uuid) || jid.n == 0)
		op_finish(op, XDB_BROKEN, "the person has no entryUUID");
	else if (!db->is_inline || op_owns(op, person->dn, db->people_base))
		claim_start(op, &(struct claim_of){
		    .uuid = slice_dup(&op->arena, person->uuid),
		    .dn = slice_dup(&op->arena, person->dn),
		    .jid = slice_dup(&op->arena, jid) }, profile_claimed);
	return op;
}
