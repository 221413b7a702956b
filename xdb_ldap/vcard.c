/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/vcard.c — what the directory says about a person, and the rest that
 * it has no place for (imVCard, kept as the client sent it). */
#include "base/picture.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/owner.h"

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

static const enum attr written[XDB_VCARD_FIELDS] = {
	[XDB_VCARD_PHOTO] = ATTR_PHOTO, [XDB_VCARD_NICKNAME] = ATTR_NICKNAME,
	[XDB_VCARD_URL] = ATTR_URL,     [XDB_VCARD_TITLE] = ATTR_TITLE,
	[XDB_VCARD_MAIL] = ATTR_MAIL,   [XDB_VCARD_PHONE] = ATTR_PHONE,
	[XDB_VCARD_MOBILE] = ATTR_MOBILE, [XDB_VCARD_FAX] = ATTR_FAX,
};

/* Nothing can be changed of it without losing what was not read, or so that the change
 * is seen: a photo is replaced as a whole, for it cannot be compared (RFC 2798); of a
 * value with control characters we do not know what it is; and behind more values
 * than are read there is no place for one. */
static bool is_sealed(const struct xdb *db, const struct entry *e, int field)
{
	enum attr attr = written[field];
	size_t n;
	struct slice *values = entry_all(e, attr, &n);

	if (field == XDB_VCARD_PHOTO)
		return entry_is_cut(e, attr) || n > 1
		    || (n == 1 && picture_type(values[0]) == NULL);
	return entry_is_altered(e, attr)
	    || (entry_is_cut(e, attr) && n == db->names.rows[attr].most_values);
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
};

static void lists_read(const struct entry *e, struct xdb_vcard *v)
{
	v->mails = entry_all(e, ATTR_MAIL, &v->mail_n);
	v->phones = entry_all(e, ATTR_PHONE, &v->phone_n);
	v->mobiles = entry_all(e, ATTR_MOBILE, &v->mobile_n);
	v->faxes = entry_all(e, ATTR_FAX, &v->fax_n);
	v->units = entry_all(e, ATTR_DEPARTMENT, &v->unit_n);
	v->urls = entry_all(e, ATTR_URL, &v->url_n);
	v->titles = entry_all(e, ATTR_TITLE, &v->title_n);
	v->nicknames = entry_all(e, ATTR_NICKNAME, &v->nickname_n);
}

static void vcard_read(const struct xdb *db, const struct entry *e,
    struct xdb_vcard *v)
{
	struct slice url = entry_one(e, ATTR_URL);

	person_read(db, e, &v->person);
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
	v->photo = photo_read(e, &v->is_photo_hidden);
	v->photo_type = picture_type(v->photo);
	for (int i = 0; i < XDB_VCARD_FIELDS; i++) {
		v->partial |= (unsigned)entry_is_cut(e, written[i]) << i;
		v->sealed |= (unsigned)is_sealed(db, e, i) << i;
	}
}

static void vcard_found(struct xdb_op *op)
{
	struct found *f = op->data;
	struct xdb_vcard *v = ARENA_NEW(&op->arena, struct xdb_vcard);

	vcard_read(op->db, f->person, v);
	v->person.uid = f->name;
	if (f->profile != NULL) {
		v->profile_dn = f->profile->dn;
		v->remainder = entry_one(f->profile, ATTR_VCARD);
		v->status = profile_status_read(op, f->profile);
	}
	op->res.vcard = v;
	op_finish(op, XDB_OK, NULL);
}

/* --- store ---------------------------------------------------------------------------- */

struct remainder_write {
	struct owner owner;
	const char *dn;
	struct mods m;
};

static void remainder_send(struct xdb_op *op)
{
	struct remainder_write *w = op->data;

	op_await_one(op, call_modify(op, w->dn, &w->m));
}

struct xdb_op *xdb_vcard_store(struct xdb *db, struct slice profile_dn,
    struct slice person_uuid, struct slice remainder)
{
	struct xdb_op *op = op_new(db, sizeof (struct remainder_write));
	struct remainder_write *w = op->data;

	if (remainder.n > db->names.rows[ATTR_VCARD].most_bytes) {
		op_refuse(op, XDB_NO_RIGHT, "the vCard is too large");
		return op;
	}
	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	mods_set(&w->m, op, ATTR_VCARD, remainder);
	w->dn = op_text(op, profile_dn);
	owner_look(op, w->dn, person_uuid, remainder_send);
	return op;
}

/* --- what the person changes ------------------------------------------------------------ */

static bool has(const struct slice *values, size_t n, struct slice wanted)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(values[i], wanted))
			return true;
	return false;
}

/* Of those whose first value is shown the order matters. */
static bool is_ordered(enum xdb_vcard_field field)
{
	return field == XDB_VCARD_NICKNAME || field == XDB_VCARD_URL
	    || field == XDB_VCARD_TITLE;
}

/* What is taken away says so itself; where there was nothing, there is nothing. */
static void assert_none(struct buf *filter, const char *name)
{
	filter_open(filter, '!');
	filter_present(filter, name);
	filter_close(filter);
}

/* All old values go and all new ones come, in their order; one that went meanwhile
 * is missed, and nothing is done. */
static void put_exchange(struct mods *m, struct xdb_op *op,
    const struct xdb_vcard_change *c)
{
	if (c->was_n != 0)
		mods_put(m, op, LDAP_MOD_DELETE, written[c->field], c->was,
		    c->was_n);
	if (c->is_n != 0)
		mods_put(m, op, LDAP_MOD_ADD, written[c->field], c->is, c->is_n);
}

/* By value, so that what was not read stays, and a value that went meanwhile is
 * noticed.  A photo, which cannot be compared, is the only one (is_sealed()). */
static void put_change(struct mods *m, struct xdb_op *op, struct buf *assertion,
    const struct xdb_vcard_change *c)
{
	enum attr attr = written[c->field];

	if (c->field == XDB_VCARD_PHOTO) {
		mods_put(m, op, LDAP_MOD_REPLACE, attr, c->is, c->is_n);
		return;
	}
	if (is_ordered(c->field)) {
		put_exchange(m, op, c);
		if (c->was_n == 0 && !c->is_partial)
			assert_none(assertion, op_name(op, attr));
		return;
	}
	for (size_t i = 0; i < c->was_n; i++)
		if (!has(c->is, c->is_n, c->was[i]))
			mods_put_one(m, op, LDAP_MOD_DELETE, attr, c->was[i]);
	for (size_t i = 0; i < c->is_n; i++)
		if (!has(c->was, c->was_n, c->is[i]))
			mods_put_one(m, op, LDAP_MOD_ADD, attr, c->is[i]);
}

/* What would be believed when it is read again. */
static bool is_taken(struct xdb_op *op, const struct xdb_vcard_change *c)
{
	const struct map_row *row = &op->db->names.rows[written[c->field]];

	for (size_t i = 0; i < c->is_n; i++)
		if (c->is[i].n == 0 || c->is[i].n > row->most_bytes)
			return false;
	return row->name != NULL && c->is_n <= row->most_values;
}

static void written_as_person(struct xdb_op *op);

/* The assertion (RFC 4528) that this is still the same person, with what was read.
 * Where the server has none (389 Directory Server) the old values that are taken
 * away say so, and the DN alone where there were none. */
struct xdb_op *xdb_vcard_write(struct xdb *db, const struct xdb_person *person,
    const struct xdb_vcard_change *changes, size_t n)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct buf filter = { 0 };
	struct mods m = { 0 };
	const char *dn, *assertion;

	if (!op_owns(op, person->dn, db->people_base))
		return op;
	filter_open(&filter, '&');
	filter_eq(&filter, op_name(op, ATTR_UUID), person->uuid);
	for (size_t i = 0; i < n; i++) {
		if (!is_taken(op, &changes[i])) {
			buf_fini(&filter);
			op_refuse(op, XDB_NO_RIGHT, "more than is kept");
			return op;
		}
		put_change(&m, op, &filter, &changes[i]);
	}
	dn = op_text(op, person->dn);
	filter_close(&filter);
	assertion = op_take(op, &filter);
	*(struct call **)op->data = call_modify_as(op, dn, dn, &m,
	    db->root.has_assertion ? assertion : NULL);
	op_await(op, written_as_person);
	return op;
}

/* That a value, an attribute or a class does not fit is the directory's no to
 * what the person wants, and nothing is broken. */
static void written_as_person(struct xdb_op *op)
{
	static const int unfit[] = { LDAP_UNDEFINED_TYPE, LDAP_CONSTRAINT_VIOLATION,
	    LDAP_INVALID_SYNTAX, LDAP_OBJECT_CLASS_VIOLATION,
	    LDAP_INAPPROPRIATE_MATCHING };
	struct call *c = *(struct call **)op->data;

	for (size_t i = 0; i < COUNT(unfit); i++)
		if (c->code == unfit[i] && c->status != XDB_OK) {
			op_refuse(op, XDB_NO_RIGHT,
			    "the directory does not take this value");
			return;
		}
	if (!op_failed(op, c))
		op_finish(op, XDB_OK, NULL);
}
