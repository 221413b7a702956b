/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/certificate.c — whose certificate it is, when it does not say.
 *
 * One search; what it finds is a hint, and what is in the entry decides: a mail
 * address has to be the same, a certificate the same bytes.  (The directory finds
 * mail addresses by its own idea of equal, and certificates by issuer and serial
 * number, which any authority may write.) */
#include "base/crypto.h"
#include "base/enc.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/person.h"

struct owner {
	struct call *call;
	struct slice *mails;            /* copied */
	size_t mail_n;
	struct slice sha256;
};

static void owner_found(struct xdb_op *op);

/* RFC 4523 §2.5: { serialNumber 4711, issuer rdnSequence:"CN=…" } */
static struct slice assertion(struct xdb_op *op,
    const struct xdb_certificate *c)
{
	struct buf text = { 0 };

	buf_adds(&text, "{ serialNumber ");
	buf_add(&text, c->serial);
	buf_adds(&text, ", issuer rdnSequence:\"");
	for (size_t i = 0; i < c->issuer.n; i++) {
		if (c->issuer.p[i] == '"')
			buf_addc(&text, '"');
		buf_addc(&text, c->issuer.p[i]);
	}
	buf_adds(&text, "\" }");
	return slice_of(op_take(op, &text));
}

static const char *owner_filter(struct xdb_op *op,
    const struct xdb_certificate *c)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	filter_open(&filter, '|');
	for (size_t i = 0; i < c->mail_n; i++)
		filter_eq(&filter, op_name(op, ATTR_MAIL), c->mails[i]);
	if (c->mail_n == 0)
		filter_eq(&filter, op_name(op, ATTR_CERTIFICATE),
		    assertion(op, c));
	filter_close(&filter);
	filter_close(&filter);
	return op_take(op, &filter);
}

struct xdb_op *xdb_certificate_owner(struct xdb *db,
    const struct xdb_certificate *c)
{
	struct xdb_op *op = op_new(db, sizeof (struct owner));
	struct owner *o = op->data;

	o->sha256 = slice_dup(&op->arena, c->sha256);
	o->mail_n = c->mail_n;
	o->mails = arena_alloc(&op->arena, (c->mail_n + 1) * sizeof *o->mails);
	for (size_t i = 0; i < c->mail_n; i++)
		o->mails[i] = slice_dup(&op->arena, c->mails[i]);
	o->call = call_search(op, &(struct search){ .base = db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = owner_filter(op, c),
	    .set = c->mail_n != 0 ? SET_PERSON : SET_CERTIFICATE, .most = 2 });
	op_await(op, owner_found);
	return op;
}

static bool has_mail(const struct owner *o, const struct entry *e)
{
	size_t n;
	struct slice *values = entry_all(e, ATTR_MAIL, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < o->mail_n; k++)
			if (slice_eq_nocase(values[i], o->mails[k]))
				return true;
	return false;
}

static bool is_certificate(struct slice bytes, struct slice sha256)
{
	unsigned char digest[CRYPTO_HASH_MOST];
	struct buf hex = { 0 };
	bool is_same;

	crypto_digest(HASH_SHA256, bytes, digest);
	enc_hex(&hex, slice_make(digest, crypto_hash_size(HASH_SHA256)));
	is_same = slice_eq(buf_slice(&hex), sha256);
	buf_fini(&hex);
	return is_same;
}

static bool has_certificate(const struct owner *o, const struct entry *e)
{
	size_t n;
	struct slice *values = entry_all(e, ATTR_CERTIFICATE, &n);

	for (size_t i = 0; i < n; i++)
		if (is_certificate(values[i], o->sha256))
			return true;
	return false;
}

static void owner_found(struct xdb_op *op)
{
	struct owner *o = op->data;
	struct call *c = o->call;
	struct xdb_account *account;

	if (op_search_failed(op, c))
		return;
	if (c->entry_n > 1 || c->is_cut) {
		op_finish(op, XDB_BROKEN, "several people have it");
		return;
	}
	if (c->entries == NULL || !(o->mail_n != 0 ? has_mail(o, c->entries)
	    : has_certificate(o, c->entries))) {
		op_finish(op, XDB_ABSENT, "nobody has it");
		return;
	}
	account = ARENA_NEW(&op->arena, struct xdb_account);
	person_read(op->db, c->entries, &account->person);
	op->res.account = account;
	op_finish(op, XDB_OK, NULL);
}
