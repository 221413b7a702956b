/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/entry.c — values out of an entry, with bounds. */
#include "xdb_ldap/entry.h"

#include <lber.h>

#include "xdb_ldap/address.h"
#include "xdb_ldap/sync.h"

enum { STEP_VALUES = 128 };            /* some ten microseconds */

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

/* What nearly all values are: nothing in them is to be looked at twice. */
static bool is_plain(struct slice s)
{
	unsigned char odd = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		odd |= (unsigned char)((c < 0x20) | (c > 0x7e));
	}
	return odd == 0;
}

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
	if (is_plain(s)) {
		*value_r = slice_dup(a, s);
		return row->kind == ATTR_EXACT || s.n != 0;
	}
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

/* What came behind the semicolon.  "jpegPhoto;binary" is jpegPhoto, "cn;lang-es" is
 * another attribute, "member;range=0-1499" a part of one, "member;range=1500-*" the rest
 * ([MS-ADTS] §3.1.1.3.1.3.3).  False: another attribute. */
static bool option_take(struct field *f, struct slice option)
{
	const struct slice range = SLICE("range=");
	struct slice from, to;

	if (option.n < range.n
	    || !slice_eq_nocase(slice_make(option.p, range.n), range))
		return option.n == 0 || slice_eq_nocase(option, SLICE("binary"));
	option = slice_make(option.p + range.n, option.n - range.n);
	slice_cut(option, '-', &from, &to);
	f->is_part = true;
	f->is_rest = slice_is(to, "*");
	if (!slice_number(from, UINT32_MAX, &f->from)
	    || (!f->is_rest && !slice_number(to, UINT32_MAX, &f->to))) {
		f->is_rest = false;
		f->from = 1;
		f->to = 0;
	}
	return true;
}

static void attribute_begin(struct entry_reader *r, struct slice described)
{
	struct slice head, option;
	struct field field = { .n = 0 };

	r->first = r->field_n;
	slice_cut(described, ';', &head, &option);
	if (!option_take(&field, option))
		return;
	for (int i = 0; i < ATTR_N && r->field_n < ATTR_N; i++) {
		const char *name = r->names->rows[i].name;

		if (name == NULL || !slice_eq_nocase(head, slice_of(name)))
			continue;
		field.attr = (enum attr)i;
		r->room[r->field_n] = 0;
		r->fields[r->field_n++] = field;
	}
}

static void field_grow(struct entry_reader *r, unsigned at)
{
	struct field *f = &r->fields[at];
	unsigned room = r->room[at] != 0 ? 4 * r->room[at] : 2;
	struct slice *more = arena_raw(r->arena, room * sizeof *more);

	if (f->n != 0)
		memcpy(more, f->v, f->n * sizeof *more);
	f->v = more;
	r->room[at] = room;
}

static void field_take(struct entry_reader *r, unsigned at,
    const struct berval *value)
{
	struct field *f = &r->fields[at];
	const struct map_row *row = &r->names->rows[f->attr];

	if (f->n == r->room[at])
		field_grow(r, at);
	if (f->n == row->most_values
	    || !value_take(r->arena, row, value, &f->v[f->n]))
		f->is_cut = true;
	else
		f->is_altered |= f->v[f->n++].n != value->bv_len;
}

/* The next attribute of PartialAttributeList (RFC 4511 §4.5.2), or its end. */
static bool attribute_next(struct entry_reader *r)
{
	struct berval name;
	ber_len_t len;

	if (ber_peek_tag(r->ber, &len) == LBER_DEFAULT)
		return false;
	if (ber_scanf(r->ber, "{m", &name) == LBER_ERROR) {
		r->is_bad = true;
		return false;
	}
	attribute_begin(r, slice_make(name.bv_val, name.bv_len));
	if (ber_first_element(r->ber, &len, &r->end) == LBER_DEFAULT)
		r->end = NULL;          /* it has no values */
	return true;
}

static void value_next(struct entry_reader *r)
{
	struct berval value;
	ber_len_t len;

	if (ber_scanf(r->ber, "m", &value) == LBER_ERROR) {
		r->is_bad = true;
		return;
	}
	for (unsigned i = r->first; i < r->field_n; i++)
		field_take(r, i, &value);
	if (ber_next_element(r->ber, &len, r->end) == LBER_DEFAULT)
		r->end = NULL;
}

bool entry_begin(struct entry_reader *r, struct arena *a,
    const struct names *names, LDAP *ld, LDAPMessage *msg)
{
	struct berval dn;

	r->ber = NULL;
	if (ldap_get_dn_ber(ld, msg, &r->ber, &dn) != LDAP_SUCCESS)
		return false;
	r->arena = a;
	r->names = names;
	r->is_bad = false;
	r->field_n = 0;
	r->end = NULL;
	r->entry = ARENA_NEW(a, struct entry);
	r->entry->dn = slice_dup(a, slice_make(dn.bv_val, dn.bv_len));
	return true;
}

bool entry_step(struct entry_reader *r)
{
	for (int i = 0; i < STEP_VALUES; i++)
		if (r->is_bad || (r->end == NULL && !attribute_next(r)))
			return false;
		else if (r->end != NULL)
			value_next(r);
	return true;
}

/* Thousands of entries with a handful of fields each may be in one answer. */
static void fields_keep(struct entry_reader *r)
{
	struct entry *e = r->entry;

	e->field_n = r->field_n;
	e->fields = arena_alloc(r->arena, (r->field_n + 1) * sizeof *e->fields);
	memcpy(e->fields, r->fields, r->field_n * sizeof *e->fields);
}

/* One value makes the address wherever it stands: there is no need to read the DN. */
static void name_first(struct entry_reader *r)
{
	for (unsigned i = 0; i < r->field_n; i++) {
		struct field *f = &r->fields[i];
		size_t n = f->n;

		if (f->attr != ATTR_NAME || (n == 1 && !f->is_cut))
			continue;
		address_first(r->arena, r->entry->dn,
		    r->names->rows[ATTR_NAME].name, &f->v, &n);
		f->n = (unsigned)n;
	}
}

struct entry *entry_end(struct entry_reader *r)
{
	ber_len_t len;
	bool is_whole = !r->is_bad && r->end == NULL
	    && ber_peek_tag(r->ber, &len) == LBER_DEFAULT;

	ber_free(r->ber, 0);
	r->ber = NULL;
	if (!is_whole)
		return NULL;
	name_first(r);
	fields_keep(r);
	return r->entry;
}

struct entry *entry_read(struct arena *a, const struct names *names, LDAP *ld,
    LDAPMessage *msg)
{
	struct entry_reader r;

	if (!entry_begin(&r, a, names, ld, msg))
		return NULL;
	while (entry_step(&r))
		;
	return entry_end(&r);
}

const struct field *entry_find(const struct entry *e, enum attr attr)
{
	const struct field *found = NULL;

	for (unsigned i = 0; i < e->field_n; i++)
		if (e->fields[i].attr == attr
		    && (found == NULL || e->fields[i].is_part))
			found = &e->fields[i];
	return found;
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

	return f != NULL && (f->is_cut || f->is_part);
}

bool entry_is_altered(const struct entry *e, enum attr attr)
{
	const struct field *f = entry_find(e, attr);

	return f != NULL && f->is_altered;
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
