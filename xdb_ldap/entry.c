/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/entry.c — values out of an entry, with bounds. */
#include "xdb_ldap/entry.h"

#include "xdb_ldap/sync.h"

enum { FIELD_MOST = ATTR_N };

/* --- text --------------------------------------------------------------------- */

struct lead { unsigned char least, most; unsigned tail; uint32_t floor; };

/* RFC 3629 §4, as lead bytes, what follows them, and the least code point. */
static const struct lead leads[] = {
	{ 0x00, 0x7f, 0, 0 },
	{ 0xc2, 0xdf, 1, 0x80 },
	{ 0xe0, 0xef, 2, 0x800 },
	{ 0xf0, 0xf4, 3, 0x10000 },
};

static const struct lead *lead_find(unsigned char c)
{
	for (size_t i = 0; i < COUNT(leads); i++)
		if (c >= leads[i].least && c <= leads[i].most)
			return &leads[i];
	return NULL;
}

/* The length of the character at `p`, 0 when there is none. */
static size_t char_size(const unsigned char *p, size_t left)
{
	const struct lead *l = lead_find(p[0]);
	uint32_t code;

	if (l == NULL || left <= l->tail)
		return 0;
	code = p[0] & (l->tail == 0 ? 0x7fu : 0x3fu >> l->tail);
	for (unsigned i = 1; i <= l->tail; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < l->floor || code > 0x10ffff || code == 0xfffe || code == 0xffff
	    || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return 1 + l->tail;
}

bool text_is_utf8(struct slice s)
{
	for (size_t i = 0; i < s.n; ) {
		size_t n = char_size((const unsigned char *)s.p + i, s.n - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* XML 1.0 §2.2: of those that are controls to us. */
static bool is_in_xml(char c)
{
	return c == '\n' || c == '\t' || c == '\r' || c == 0x7f;
}

bool text_is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]))
			return false;
	return text_is_utf8(s);
}

bool text_is_lines(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) && !is_in_xml(s.p[i]))
			return false;
	return text_is_utf8(s);
}

/* --- one value ------------------------------------------------------------------ */

static struct slice without_controls(struct arena *a, struct slice s,
    bool has_lines)
{
	char *copy = arena_raw(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!is_control(s.p[i]) || (has_lines && is_in_xml(s.p[i])))
			copy[n++] = s.p[i];
	copy[n] = '\0';
	return slice_make(copy, n);
}

static bool id_take(struct arena *a, struct slice id, struct slice *text_r)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	char text[SYNC_UUID_CHARS];

	if (!sync_uuid_of_id(id, uuid))
		return false;
	sync_uuid_text(uuid, text);
	*text_r = slice_dup(a, slice_make(text, sizeof text));
	return true;
}

static bool value_take(struct arena *a, const struct map_row *row,
    const struct berval *bv, struct slice *value_r)
{
	struct slice s = slice_make(bv->bv_val, bv->bv_len);

	if (s.n > row->most_bytes)
		return false;
	if (row->kind == ATTR_BYTES) {
		*value_r = slice_dup(a, s);
		return true;
	}
	if (row->kind == ATTR_ID)
		return id_take(a, s, value_r);
	if (!text_is_utf8(s))
		return false;
	if (row->kind == ATTR_EXACT) {
		*value_r = slice_dup(a, s);
		return memchr(s.p, '\0', s.n) == NULL;
	}
	*value_r = without_controls(a, s, row->kind == ATTR_LINES);
	return value_r->n != 0;
}

/* --- one entry ------------------------------------------------------------------ */

static void field_take(struct entry *e, struct arena *a,
    const struct names *names, enum attr attr, const struct berval *values)
{
	const struct map_row *row = &names->rows[attr];
	struct field *f = &e->fields[e->field_n++];
	unsigned n = 0;

	*f = (struct field){ .attr = attr };
	while (values[n].bv_val != NULL)
		n++;
	f->v = arena_alloc(a, (n + 1) * sizeof *f->v);
	for (unsigned i = 0; i < n; i++)
		if (f->n == row->most_values
		    || !value_take(a, row, &values[i], &f->v[f->n]))
			f->is_cut = true;
		else
			f->n++;
}

/* "jpegPhoto;binary" is jpegPhoto; "cn;lang-es" is another attribute, and
 * "member;range=0-1499" (RFC draft of Active Directory) is a part of one. */
static bool is_named(struct slice described, const char *name, bool *is_part_r)
{
	struct slice head, option;

	slice_cut(described, ';', &head, &option);
	if (!slice_eq_nocase(head, slice_of(name)))
		return false;
	*is_part_r = option.n >= 6
	    && slice_eq_nocase(slice_make(option.p, 6), SLICE("range="));
	return option.n == 0 || *is_part_r
	    || slice_eq_nocase(option, SLICE("binary"));
}

static void attribute_take(struct entry *e, struct arena *a,
    const struct names *names, struct slice described,
    const struct berval *values)
{
	for (int i = 0; i < ATTR_N && e->field_n < FIELD_MOST; i++) {
		const char *name = names->rows[i].name;
		bool is_part;

		if (name == NULL || !is_named(described, name, &is_part))
			continue;
		field_take(e, a, names, (enum attr)i, values);
		if (is_part)
			e->fields[e->field_n - 1].is_cut =
			    e->fields[e->field_n - 1].is_part = true;
	}
}

/* Thousands of entries with a handful of fields each may be in one answer. */
static void fields_keep(struct entry *e, struct arena *a)
{
	struct field *kept = arena_alloc(a, (e->field_n + 1) * sizeof *kept);

	memcpy(kept, e->fields, e->field_n * sizeof *kept);
	e->fields = kept;
}

struct entry *entry_read(struct arena *a, const struct names *names, LDAP *ld,
    LDAPMessage *msg)
{
	struct entry *e = ARENA_NEW(a, struct entry);
	struct field fields[FIELD_MOST];
	BerElement *ber = NULL;
	struct berval dn, name, *values;

	if (ldap_get_dn_ber(ld, msg, &ber, &dn) != LDAP_SUCCESS)
		return NULL;
	e->dn = slice_dup(a, slice_make(dn.bv_val, dn.bv_len));
	e->fields = fields;
	while (ldap_get_attribute_ber(ld, msg, ber, &name, &values)
	    == LDAP_SUCCESS && name.bv_val != NULL) {
		if (values != NULL)
			attribute_take(e, a, names,
			    slice_make(name.bv_val, name.bv_len), values);
		ldap_memfree(values);
	}
	ber_free(ber, 0);
	fields_keep(e, a);
	return e;
}

const struct field *entry_find(const struct entry *e, enum attr attr)
{
	for (unsigned i = 0; i < e->field_n; i++)
		if (e->fields[i].attr == attr)
			return &e->fields[i];
	return NULL;
}

struct slice entry_one(const struct entry *e, enum attr attr)
{
	const struct field *f = entry_find(e, attr);

	return f != NULL && f->n != 0 ? f->v[0] : slice_make(NULL, 0);
}

struct slice *entry_all(const struct entry *e, enum attr attr, size_t *n_r)
{
	const struct field *f = entry_find(e, attr);

	*n_r = f != NULL ? f->n : 0;
	return f != NULL ? f->v : NULL;
}

bool entry_is_of(const struct entry *e, enum attr attr, struct slice value)
{
	size_t n;
	struct slice *v = entry_all(e, attr, &n);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(v[i], value))
			return true;
	return false;
}

bool entry_is_cut(const struct entry *e, enum attr attr)
{
	const struct field *f = entry_find(e, attr);

	return f != NULL && f->is_cut;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

bool entry_name(const struct entry *e, enum attr attr, struct slice asked,
    struct slice *name_r)
{
	size_t n;
	struct slice *names = entry_all(e, attr, &n);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(names[i], asked)) {
			*name_r = names[i];
			return true;
		}
	for (size_t i = 0; i < n; i++)
		if (!is_ascii(names[i])) {
			*name_r = names[i];
			return true;
		}
	return false;
}
