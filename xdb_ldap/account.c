/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/account.c — an account is a person and a profile. */
#include "base/log.h"
#include "xdb_ldap/claim.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/wrong.h"

/* --- load ------------------------------------------------------------------------------ */

static void account_found(struct xdb_op *op);
static void account_renamed(struct xdb_op *op, enum xdb_status status,
    const char *why);

static struct xdb_op *load(struct xdb *db, struct slice uid, struct slice known,
    enum map_set set)
{
	struct xdb_op *op = op_new(db, sizeof (struct found));
	struct found *f = op->data;

	*f = (struct found){ .uid = uid, .known = slice_dup(&op->arena, known),
	    .person_set = set, .profile_set = SET_PROFILE, .next = account_found };
	found_start(op);
	return op;
}

struct xdb_op *xdb_account_load(struct xdb *db, struct slice uid)
{
	return load(db, uid, slice_make(NULL, 0), SET_PERSON);
}

struct xdb_op *xdb_account_load_known(struct xdb *db, struct slice uid,
    struct slice uuid)
{
	return load(db, uid, uuid, SET_PERSON);
}

struct xdb_op *xdb_account_load_photo(struct xdb *db, struct slice uid,
    struct slice uuid)
{
	return load(db, uid, uuid, SET_PERSON_PHOTO);
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
	    log_text(entry_one(f->profile, ATTR_JID)), log_text(f->name),
	    why != NULL ? why : "-");
	if (status == XDB_OK)
		p->jid = f->jid;
	op->res.refusal = XDB_REFUSAL_NONE;
	op_finish(op, XDB_OK, NULL);
}

/* --- a profile, whoever's ------------------------------------------------------------- */

static void profile_found(struct xdb_op *op);

static const char *profile_filter(struct xdb_op *op, struct slice uuid)
{
	struct buf filter = { 0 };

	op_seek_uuid(op, &filter, op->db->is_inline ? ATTR_UUID
	    : ATTR_PERSON_UUID, uuid);
	return op_take(op, &filter);
}

struct xdb_op *xdb_profile_load(struct xdb *db, struct slice uuid)
{
	struct xdb_op *op = op_new(db, sizeof (struct found));
	struct found *f = op->data;

	f->uid = slice_dup(&op->arena, uuid);
	f->profile_call = call_search(op, &(struct search){
	    .base = db->profiles_base, .scope = db->is_inline
	    ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL,
	    .filter = profile_filter(op, uuid), .most = 2,
	    .set = db->is_inline ? SET_INLINE : SET_PROFILE });
	op_await(op, profile_found);
	return op;
}

static void profile_found(struct xdb_op *op)
{
	struct found *f = op->data;
	struct xdb_account *account = ARENA_NEW(&op->arena, struct xdb_account);
	const struct entry *e;

	if (op_search_failed(op, f->profile_call))
		return;
	e = f->profile_call->entries;
	if (e == NULL || (op->db->is_inline && !person_is_user(e))) {
		op_finish(op, XDB_ABSENT, "no profile of this person");
	} else if (f->profile_call->entry_n > 1) {
		op_finish(op, XDB_BROKEN, "several profiles are of this person");
	} else {
		account->person.uuid = f->uid;
		profile_read(op, e, slice_make(NULL, 0), &account->profile);
		account->profile.scram_n = 0;
		op->res.account = account;
		op_finish(op, XDB_OK, NULL);
	}
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
