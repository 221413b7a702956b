/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/vcard.c — what the directory says about a person, and the rest that
 * it has no place for (imVCard, kept as the client sent it). */
#include "xdb_ldap/person.h"

/* --- load --------------------------------------------------------------------------- */

static void vcard_found(struct xdb_op *op);

struct xdb_op *xdb_vcard_load(struct xdb *db, struct slice uid)
{
	struct xdb_op *op = op_new(db, sizeof (struct found));
	struct found *f = op->data;

	*f = (struct found){ .uid = uid, .person_set = SET_VCARD,
	    .profile_set = SET_PROFILE_VCARD, .next = vcard_found };
	found_start(op);
	return op;
}

#define ONE(attr, member) { attr, offsetof(struct xdb_vcard, member) }

static const struct { enum attr attr; size_t offset; } fields[] = {
	ONE(ATTR_NICKNAME, nickname),
	ONE(ATTR_ORGANISATION, organisation),
	ONE(ATTR_STREET, street),
	ONE(ATTR_LOCALITY, locality),
	ONE(ATTR_REGION, region),
	ONE(ATTR_POSTAL_CODE, postal_code),
	ONE(ATTR_COUNTRY, country),
	ONE(ATTR_PHOTO, photo),
};

static const struct { const char *magic; size_t n; const char *type; } photos[] = {
	{ "\xff\xd8\xff", 3, "image/jpeg" },
	{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
	{ "GIF87a", 6, "image/gif" },
	{ "GIF89a", 6, "image/gif" },
};

/* A photo whose kind is not known is none: clients would be told a lie. */
static void photo_judge(struct xdb_vcard *v)
{
	for (size_t i = 0; i < COUNT(photos); i++)
		if (slice_starts(v->photo,
		    slice_make(photos[i].magic, photos[i].n)))
			v->photo_type = photos[i].type;
	if (v->photo_type == NULL)
		v->photo = slice_make(NULL, 0);
}

static void lists_read(const struct entry *e, struct xdb_vcard *v)
{
	v->mails = entry_all(e, ATTR_MAIL, &v->mail_n);
	v->phones = entry_all(e, ATTR_PHONE, &v->phone_n);
	v->mobiles = entry_all(e, ATTR_MOBILE, &v->mobile_n);
	v->faxes = entry_all(e, ATTR_FAX, &v->fax_n);
	v->units = entry_all(e, ATTR_DEPARTMENT, &v->unit_n);
}

static void vcard_read(const struct entry *e, struct xdb_vcard *v)
{
	struct slice url = entry_one(e, ATTR_URL);

	person_read(e, &v->person);
	for (size_t i = 0; i < COUNT(fields); i++) {
		void *at = (char *)v + fields[i].offset;

		*(struct slice *)at = entry_one(e, fields[i].attr);
	}
	/* RFC 2079: the URI, a space, a label. */
	(void)slice_word(&url, &v->url);
	v->role = entry_one(e, ATTR_EMPLOYEE_TYPE);
	if (v->role.n == 0)
		v->role = entry_one(e, ATTR_AFFILIATION);
	lists_read(e, v);
	photo_judge(v);
}

static void vcard_found(struct xdb_op *op)
{
	struct found *f = op->data;
	struct xdb_vcard *v = ARENA_NEW(&op->arena, struct xdb_vcard);

	vcard_read(f->person, v);
	v->person.uid = f->name;
	if (f->profile != NULL) {
		v->profile_dn = f->profile->dn;
		v->remainder = entry_one(f->profile, ATTR_VCARD);
	}
	op->res.vcard = v;
	op_finish(op, XDB_OK, NULL);
}

/* --- store ---------------------------------------------------------------------------- */

struct xdb_op *xdb_vcard_store(struct xdb *db, struct slice profile_dn,
    struct slice remainder)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (remainder.n > db->names.rows[ATTR_VCARD].most_bytes) {
		op_refuse(op, XDB_NO_RIGHT, "the vCard is too large");
		return op;
	}
	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	mods_set(&m, op, ATTR_VCARD, remainder);
	op_await_one(op, call_modify(op, op_text(op, profile_dn), &m, NULL));
	return op;
}
