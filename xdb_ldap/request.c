/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/request.c — activation links: an entry with the hash of a secret.
 *
 * The secret itself is in the link and nowhere else; the hash is kept as
 * lower-case hex.  Nobody comes back for a link that is over, so whoever makes the next
 * one takes some of those away. */
#include "base/crypto.h"
#include "base/loop.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"

enum {
	HASH_HEX = 64, ID_BYTES = 16,
	DEAD_MOST = 16,                 /* removed at once */
	DEAD_FOR_S = 24 * 60 * 60,      /* clocks differ */
};

static bool is_hash(struct slice hash)
{
	for (size_t i = 0; i < hash.n; i++)
		if (!(hash.p[i] >= '0' && hash.p[i] <= '9')
		    && !(hash.p[i] >= 'a' && hash.p[i] <= 'f'))
			return false;
	return hash.n == HASH_HEX;
}

/* --- create ----------------------------------------------------------------------------- */

static struct slice new_id(struct xdb_op *op)
{
	struct buf id = { 0 };

	crypto_token(&id, ID_BYTES);
	return slice_of(op_take(op, &id));
}

static struct slice time_text(struct xdb_op *op, int64_t seconds)
{
	struct buf text = { 0 };

	time_write(&text, seconds);
	return slice_of(op_take(op, &text));
}

struct request_create { struct call *call; const char *dn; struct mods m; };

static void dead_found(struct xdb_op *op);
static void request_add(struct xdb_op *op);

/* By the state there is an index. */
static struct call *dead_seek(struct xdb_op *op)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_eq(&filter, op_name(op, ATTR_REQUEST_STATE), SLICE("open"));
	filter_eq(&filter, op_name(op, ATTR_REQUEST_KIND), SLICE("activation"));
	filter_present(&filter, op_name(op, ATTR_TOKEN_EXPIRES));
	filter_open(&filter, '!');
	filter_least(&filter, op_name(op, ATTR_TOKEN_EXPIRES),
	    time_text(op, wall_now_ms() / 1000 - DEAD_FOR_S));
	filter_close(&filter);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = op->db->requests_base,
	    .scope = LDAP_SCOPE_ONELEVEL, .filter = op_take(op, &filter),
	    .set = SET_NOTHING, .most = DEAD_MOST });
}

struct xdb_op *xdb_request_create(struct xdb *db, const struct xdb_request *request)
{
	struct xdb_op *op = op_new(db, sizeof (struct request_create));
	struct request_create *c = op->data;
	struct slice id = new_id(op);
	struct mods m = { 0 };

	if (!is_hash(request->token_hash) || !dn_is_valid(request->person_dn)
	    || request->uid.n == 0) {
		op_finish(op, XDB_BROKEN, "a request needs a hash and a person");
		return op;
	}
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, SLICE(CLASS_REQUEST));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_REQUEST_ID, id);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_REQUEST_KIND, SLICE("activation"));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_REQUEST_STATE, SLICE("open"));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_TOKEN_HASH, request->token_hash);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_TOKEN_EXPIRES,
	    time_text(op, request->expires_s));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_PERSON, request->person_dn);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_UID, request->uid);
	c->dn = dn_make(&op->arena, op_name(op, ATTR_REQUEST_ID), id,
	    db->requests_base);
	c->m = m;
	c->call = dead_seek(op);
	op_await(op, dead_found);
	return op;
}

/* Whatever becomes of those: the next link asks again. */
static void dead_found(struct xdb_op *op)
{
	const struct request_create *c = op->data;
	const struct entry *e = c->call->entries;

	for (size_t i = 0; e != NULL && i < DEAD_MOST; e = e->next, i++)
		(void)call_delete(op, op_text(op, e->dn));
	op_await(op, request_add);
}

static void request_add(struct xdb_op *op)
{
	struct request_create *c = op->data;

	op_await_one(op, call_add(op, c->dn, &c->m));
}

/* --- load -------------------------------------------------------------------------------- */

struct request_load { struct call *call; struct xdb_request *request; };

static void request_found(struct xdb_op *op);
static void request_person_found(struct xdb_op *op);

struct xdb_op *xdb_request_load(struct xdb *db, struct slice token_hash)
{
	struct xdb_op *op = op_new(db, sizeof (struct request_load));
	struct request_load *l = op->data;
	struct buf filter = { 0 };

	if (!is_hash(token_hash)) {
		op_finish(op, XDB_ABSENT, "no hash");
		return op;
	}
	filter_open(&filter, '&');
	filter_eq(&filter, op_name(op, ATTR_TOKEN_HASH), token_hash);
	filter_eq(&filter, op_name(op, ATTR_REQUEST_STATE), SLICE("open"));
	filter_close(&filter);
	l->call = call_search(op, &(struct search){
	    .base = db->requests_base, .scope = LDAP_SCOPE_ONELEVEL,
	    .filter = op_take(op, &filter), .set = SET_REQUEST, .most = 2 });
	op_await(op, request_found);
	return op;
}

static void request_found(struct xdb_op *op)
{
	struct request_load *l = op->data;
	struct call *c = l->call;
	struct xdb_request *r;

	if (op_search_failed(op, c))
		return;
	if (c->entry_n != 1 || c->is_cut) {
		op_finish(op, c->entry_n == 0 ? XDB_ABSENT : XDB_BROKEN,
		    "not exactly one request");
		return;
	}
	l->request = r = ARENA_NEW(&op->arena, struct xdb_request);
	r->dn = c->entries->dn;
	r->token_hash = entry_one(c->entries, ATTR_TOKEN_HASH);
	r->person_dn = entry_one(c->entries, ATTR_PERSON);
	r->uid = entry_one(c->entries, ATTR_UID);
	if (!dn_is_valid(r->person_dn) || !time_read(entry_one(c->entries,
	    ATTR_TOKEN_EXPIRES), &r->expires_s)) {
		sound_say(op->db, c->entries, r->person_dn.n == 0 ? ATTR_PERSON
		    : ATTR_TOKEN_EXPIRES, 1);
		op_finish(op, XDB_ABSENT, "the request is nobody's, or for ever");
		return;
	}
	l->call = call_search(op, &(struct search){
	    .base = op_text(op, r->person_dn), .scope = LDAP_SCOPE_BASE,
	    .filter = op->db->people_filter, .set = SET_NAME });
	op_await(op, request_person_found);
}

/* Somebody may have been removed since (refint takes imPerson away then, where it is
 * loaded), or renamed (and imPerson follows, but not the uid): what counts is what
 * the person is called now. */
static void request_person_found(struct xdb_op *op)
{
	struct request_load *l = op->data;
	const struct entry *e = l->call->entries;

	if (l->call->status != XDB_ABSENT && op_failed(op, l->call))
		return;
	if (e == NULL || entry_one(e, ATTR_NAME).n == 0) {
		op_finish(op, XDB_ABSENT, "the request's person is gone");
		return;
	}
	l->request->uid = entry_one(e, ATTR_NAME);
	op->res.request = l->request;
	op_finish(op, XDB_OK, NULL);
}

/* --- delete -------------------------------------------------------------------------------- */

struct xdb_op *xdb_request_delete(struct xdb *db, struct slice dn)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (op_owns(op, dn, db->requests_base))
		op_await_one(op, call_delete(op, op_text(op, dn)));
	return op;
}
