/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/claim.c — an address becomes a person's.
 *
 *   look ──► whose is the other profile with that address?
 *    ▲ ▲        │ called otherwise: that profile's jid is changed ──┐
 *    │ └────────┼───────────────────────────────────────────────────┤
 *    │          │ but theirs is taken: it is set aside ─────────────┘
 *    │  nobody has it: make the profile, or change its jid ──► who was set aside
 *    └──────────── somebody was faster ─┘                     gets theirs ──► done
 *
 * Two who exchange their names are in each other's way: one is set aside, under its own
 * UUID, which is nobody's name, so that there is an address at every moment.  Of three
 * in a circle one stays there until it is asked for itself, when theirs is free.
 *
 * A jid is changed by taking the old value away and adding the new one in one modify:
 * it is nothing where the old one is gone (directory.md rule 3).  That no two are the
 * same is slapo-unique's to see; it does not bear an assertion (2.5.13). */
#include "xdb_ldap/claim.h"

#include "base/log.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/person.h"

enum { LOOKS_MOST = 5, PROFILES_MOST = 4 };

struct claim {
	void *data;                     /* op->data of who asked */
	claim_done_fn *done;
	struct claim_of of;
	const struct entry *mine, *other;
	struct slice goes;              /* the other's own address */
	const struct entry *aside;      /* who was set aside, … */
	struct slice aside_jid, aside_goes;     /* … as what, and where it belongs */
	struct call *call;
	unsigned looks;
};

/* --- the end --------------------------------------------------------------------------- */

static void claim_over(struct xdb_op *op, enum xdb_status status, const char *why)
{
	const struct claim *c = op->data;

	op->data = c->data;
	c->done(op, status, why);
}

/* What is not there is the base of a search. */
static bool claim_failed(struct xdb_op *op, const struct call *call)
{
	if (call->status == XDB_OK)
		return false;
	op->res.refusal = call->refusal;
	claim_over(op, call->status == XDB_ABSENT ? XDB_BROKEN : call->status,
	    call->why);
	return true;
}

/* --- looking ----------------------------------------------------------------------------- */

static void look(struct xdb_op *op);
static void looked(struct xdb_op *op);
static void owner_found(struct xdb_op *op);
static void other_moved(struct xdb_op *op);
static void set_aside(struct xdb_op *op);
static void settle(struct xdb_op *op);
static void settled(struct xdb_op *op);

static enum attr owner_attr(const struct xdb_op *op)
{
	return op->db->is_inline ? ATTR_UUID : ATTR_PERSON_UUID;
}

void claim_start(struct xdb_op *op, const struct claim_of *of, claim_done_fn *done)
{
	struct claim *c = ARENA_NEW(&op->arena, struct claim);

	*c = (struct claim){ .data = op->data, .done = done, .of = *of };
	op->data = c;
	look(op);
}

static void look(struct xdb_op *op)
{
	struct claim *c = op->data;
	struct buf filter = { 0 };

	if (c->looks++ == LOOKS_MOST) {
		claim_over(op, XDB_CONFLICT, "others change this address, too");
		return;
	}
	c->mine = c->other = NULL;
	filter_open(&filter, '|');
	filter_eq(&filter, op_name(op, ATTR_JID), c->of.jid);
	op_seek_uuid(op, &filter, owner_attr(op), c->of.uuid);
	filter_close(&filter);
	c->call = call_search(op, &(struct search){ .base = op->db->profiles_base,
	    .scope = op->db->is_inline ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL,
	    .filter = op_take(op, &filter), .most = PROFILES_MOST,
	    .set = op->db->is_inline ? SET_INLINE_STATUS : SET_PROFILE_STATUS });
	op_await(op, looked);
}

static bool is_profile(const struct xdb_op *op, const struct entry *e)
{
	return e != NULL && (!op->db->is_inline || person_is_user(e));
}

static void looked(struct xdb_op *op)
{
	struct claim *c = op->data;
	struct buf filter = { 0 };

	if (claim_failed(op, c->call))
		return;
	for (const struct entry *e = c->call->entries; e != NULL; e = e->next)
		if (slice_eq_nocase(entry_one(e, owner_attr(op)), c->of.uuid))
			c->mine = e;
		else if (is_profile(op, e))
			c->other = e;
	if (c->other == NULL) {
		settle(op);
		return;
	}
	if (op->db->is_inline) {
		owner_found(op);        /* the entry is the person's */
		return;
	}
	/* Whatever people_filter says: who is there has that profile. */
	op_seek_uuid(op, &filter, ATTR_UUID, entry_one(c->other, ATTR_PERSON_UUID));
	c->call = call_search(op, &(struct search){ .base = op->db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op_take(op, &filter),
	    .set = SET_NAME, .most = 2 });
	op_await(op, owner_found);
}

/* `was` empty: it has none. */
static struct call *rename_call(struct xdb_op *op, const struct entry *profile,
    struct slice was, struct slice jid)
{
	struct mods m = { 0 };

	if (was.n != 0)
		mods_put_one(&m, op, LDAP_MOD_DELETE, ATTR_JID, was);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_JID, jid);
	return call_modify(op, op_text(op, profile->dn), &m);
}

static void orphan_tell(struct xdb_op *op, const struct claim *c)
{
	log_event(LOG_WARN, "profile-orphaned", "-", "jid=%s profile=%s "
	    "next=\"its person is gone: remove this profile, or give it to the "
	    "person who has the name now (imPersonUUID, with its RDN)\"",
	    log_text(c->of.jid), log_text(c->other->dn));
	claim_over(op, XDB_CONFLICT, "a profile whose person is gone has this address");
}

static void owner_found(struct xdb_op *op)
{
	struct claim *c = op->data;
	const struct entry *owner = c->other;
	struct slice name, jid;

	if (!op->db->is_inline) {
		if (claim_failed(op, c->call))
			return;
		owner = c->call->entries;
	}
	if (owner == NULL) {
		orphan_tell(op, c);
		return;
	}
	name = entry_one(owner, ATTR_NAME);
	jid = address_of(op->db, &op->arena, name);
	if (jid.n == 0 || !jid_is_ours(op->db, c->other) || slice_eq_nocase(jid, c->of.jid)
	    || address_is_unknown(op->db, name)) {
		claim_over(op, XDB_CONFLICT, "another person has this address");
		return;
	}
	c->goes = jid;
	c->call = rename_call(op, c->other, entry_one(c->other, ATTR_JID), jid);
	op_await(op, other_moved);
}

static void other_moved(struct xdb_op *op)
{
	struct claim *c = op->data;

	if (c->call->code == LDAP_CONSTRAINT_VIOLATION) {
		set_aside(op);
		return;
	}
	if (c->call->status != XDB_OK && c->call->status != XDB_CONFLICT) {
		claim_failed(op, c->call);
		return;
	}
	if (c->call->status == XDB_OK)
		log_event(LOG_INFO, "profile-renamed", "-", "profile=%s was=%s",
		    log_text(c->other->dn), log_text(c->of.jid));
	look(op);
}

/* --- who are in each other's way ------------------------------------------------------- */

static void set_aside(struct xdb_op *op)
{
	struct claim *c = op->data;
	struct buf jid = { 0 };

	if (c->aside != NULL) {
		claim_over(op, XDB_CONFLICT, "who had this address has none to "
		    "go to: theirs is another profile's");
		return;
	}
	buf_add(&jid, entry_one(c->other, owner_attr(op)));
	buf_addf(&jid, "@%s", op->db->domain);
	c->aside = c->other;
	c->aside_jid = slice_dup(&op->arena, buf_slice(&jid));
	c->aside_goes = c->goes;
	buf_fini(&jid);
	c->call = rename_call(op, c->aside, entry_one(c->aside, ATTR_JID),
	    c->aside_jid);
	op_await(op, other_moved);
}

static void brought_back(struct xdb_op *op)
{
	const struct claim *c = op->data;

	log_event(LOG_INFO, c->call->status == XDB_OK ? "profile-renamed"
	    : "profile-set-aside", "-", "profile=\"%s\" was=%s is=%s",
	    log_text(c->aside->dn), log_text(c->of.jid), log_text(
	    c->call->status == XDB_OK ? c->aside_goes : c->aside_jid));
	claim_over(op, XDB_OK, NULL);
}

/* The address is whose it should be; what becomes of the other is theirs. */
static void claimed(struct xdb_op *op)
{
	struct claim *c = op->data;

	if (c->aside == NULL) {
		claim_over(op, XDB_OK, NULL);
		return;
	}
	c->call = rename_call(op, c->aside, c->aside_jid, c->aside_goes);
	op_await(op, brought_back);
}

/* --- making it so ---------------------------------------------------------------------------- */

/* A person may have one before there is an account, their own (jid_is_ours). */
static bool has_jid(const struct entry *e)
{
	return e != NULL && entry_find(e, ATTR_JID) != NULL;
}

/* On the person's entry; imUser is there: 20.  No assertion that it is still that
 * person's: slapo-unique hands it on to its own search, which then fails (2.5.13). */
static struct call *make_call(struct xdb_op *op, const struct claim *c)
{
	struct mods m = { 0 };
	const char *dn;

	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, op->db->is_inline
	    ? SLICE(CLASS_USER) : SLICE(CLASS_PROFILE));
	if (!has_jid(c->mine))
		mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_JID, c->of.jid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_STATUS, SLICE("active"));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_ROSTER_VERSION, SLICE("0"));
	if (op->db->is_inline)
		return call_modify(op, op_text(op, c->of.dn), &m);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_PERSON_UUID, c->of.uuid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_PERSON, c->of.dn);
	dn = dn_make(&op->arena, op_name(op, ATTR_PERSON_UUID), c->of.uuid,
	    op->db->profiles_base);
	return call_add(op, dn, &m);
}

static void settle(struct xdb_op *op)
{
	struct claim *c = op->data;

	if (!is_profile(op, c->mine)) {
		c->call = make_call(op, c);
	} else if (jid_is_missing(op->db, c->mine)) {
		c->call = rename_call(op, c->mine, slice_make(NULL, 0), c->of.jid);
	} else if (slice_eq_nocase(entry_one(c->mine, ATTR_JID), c->of.jid)
	    || !jid_is_ours(op->db, c->mine)) {
		claimed(op);
		return;
	} else if (!c->of.is_renamed) {
		claim_over(op, XDB_CONFLICT, "the profile of this person has "
		    "another address");
		return;
	} else {
		c->call = rename_call(op, c->mine, entry_one(c->mine, ATTR_JID),
		    c->of.jid);
	}
	op_await(op, settled);
}

static void settled(struct xdb_op *op)
{
	struct claim *c = op->data;

	/* slapo-unique, 68, or the old value is gone: somebody was faster. */
	if (c->call->code == LDAP_CONSTRAINT_VIOLATION
	    || c->call->status == XDB_CONFLICT)
		look(op);
	else if (!claim_failed(op, c->call))
		claimed(op);
}
