/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/seek.c — many names at once: filters made of them, answers told apart. */
#include "xdb_ldap/seek.h"

#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"

enum { PER_FILTER = 20 };

void seek_begin(struct seek *s)
{
	map_fini(&s->by_key);
	s->by_key = (struct map){ 0 };
	s->asked_n = 0;
	s->call_n = 0;
}

void seek_fini(struct seek *s)
{
	map_fini(&s->by_key);
	buf_fini(&s->filter);
}

/* --- what a name is ------------------------------------------------------------------ */

static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("|/:\"\\<>(),;@",
		    s.p[i]) != NULL)
			return false;
	return s.n != 0;
}

static bool has_scheme(struct slice s, struct slice scheme)
{
	return s.n > scheme.n
	    && slice_eq_nocase(slice_make(s.p, scheme.n), scheme);
}

static void skip(struct slice *s, size_t n)
{
	*s = slice_make(s->p + n, s->n - n);
}

/* NameAndOptionalUID of uniqueMember (RFC 4517 §3.3.21): cn=x,dc=y#'0101'B. */
static void cut_optional_uid(struct slice *s)
{
	if (s->n < 4 || s->p[s->n - 1] != 'B' || s->p[s->n - 2] != '\'')
		return;
	for (size_t i = s->n - 2; i > 0; i--)
		if (s->p[i] == '#') {
			s->n = i;
			return;
		}
}

static enum form form_of_mail(struct slice *value)
{
	struct slice rest;

	if (has_scheme(*value, SLICE("mailto:"))) {
		skip(value, 7);
		slice_cut(*value, '?', value, &rest);
	}
	if (has_scheme(*value, SLICE("ldap:")))
		return FORM_URL;
	if (value->n > 1 && value->p[0] == '\\')
		skip(value, 1);         /* sendmail: the user, no alias */
	if (memchr(value->p, '@', value->n) != NULL)
		return FORM_MAIL;
	/* Programs, files and included files are nobody of this directory. */
	return is_word(*value) ? FORM_WORD : FORM_NONE;
}

enum form form_of(enum form stated, struct slice *value)
{
	*value = slice_trim(*value);
	if (value->n == 0)
		return FORM_NONE;
	if (stated == FORM_DN)
		cut_optional_uid(value);
	if (stated == FORM_DN || stated == FORM_UID || stated == FORM_URL)
		return stated;
	if (stated == FORM_ANY && memchr(value->p, '=', value->n) != NULL
	    && !has_scheme(*value, SLICE("ldap:")) && dn_is_valid(*value))
		return FORM_DN;
	return form_of_mail(value);
}

static const char letters[] = {
	[FORM_DN] = 'd', [FORM_UID] = 'u', [FORM_WORD] = 'w', [FORM_MAIL] = 'm',
};

static bool key_write(struct buf *out, enum form form, struct slice name)
{
	buf_addc(out, letters[form]);
	if (form == FORM_DN)
		return dn_normal(out, name);
	name = slice_trim(name);
	for (size_t i = 0; i < name.n; i++)
		buf_addc(out, name.p[i] >= 'A' && name.p[i] <= 'Z'
		    ? (char)(name.p[i] + 32) : name.p[i]);
	return true;
}

bool seek_add(struct xdb_op *op, struct seek *s, const struct sought *one)
{
	struct sought *at = &s->asked[s->asked_n];
	struct buf key = { 0 };

	if (s->asked_n == SEEK_MOST)
		return false;
	*at = *one;
	at->is_found = false;
	/* What is no DN is asked for by nobody, and stays not found. */
	if (key_write(&key, one->form, one->value)) {
		at->key = slice_dup(&op->arena, buf_slice(&key));
		at->same = map_put(&s->by_key, at->key, at);
	} else {
		at->form = FORM_NONE;
	}
	buf_fini(&key);
	s->asked_n++;
	return true;
}

/* --- searching ----------------------------------------------------------------------- */

struct among {                          /* where, and how a name is a filter there */
	const char *base;
	const char *(*narrow)(struct xdb_op *op);       /* in front of all */
	bool (*put)(struct xdb_op *op, struct buf *out, const struct sought *one);
	enum map_set set;
};

/* Only what is indexed: anything else would read the whole directory. */
static bool put_rdn(struct xdb_op *op, struct buf *out, struct slice dn)
{
	const char *const indexed[] = { op_name(op, ATTR_NAME),
		op_name(op, ATTR_UID), op_name(op, ATTR_CN),
		op_name(op, ATTR_MAIL), NULL };
	struct slice value;
	const char *is = dn_first_of(&op->arena, dn, indexed, &value);

	if (is != NULL)
		filter_eq(out, is, value);
	return is != NULL;
}

static bool put_person(struct xdb_op *op, struct buf *out,
    const struct sought *one)
{
	const char *name = op_name(op, ATTR_NAME), *uid = op_name(op, ATTR_UID);

	switch (one->form) {
	case FORM_DN:
		return put_rdn(op, out, one->value);
	case FORM_UID:
	case FORM_WORD:
		filter_eq(out, uid, one->value);
		if (strcmp(name, uid) != 0)
			filter_eq(out, name, one->value);
		return true;
	case FORM_MAIL:
		filter_eq(out, op_name(op, ATTR_MAIL), one->value);
		return true;
	case FORM_NONE:
	case FORM_URL:
	case FORM_ANY:
		break;
	}
	return false;
}

static const char *narrow_people(struct xdb_op *op)
{
	return op->db->people_filter;
}

static void put_class_and(struct xdb_op *op, struct buf *out, const char *class,
    enum attr attr, struct slice value)
{
	filter_open(out, '&');
	filter_eq(out, op_name(op, ATTR_OBJECT_CLASS), slice_of(class));
	filter_eq(out, op_name(op, attr), value);
	filter_close(out);
}

static bool put_group(struct xdb_op *op, struct buf *out,
    const struct sought *one)
{
	switch (one->form) {
	case FORM_DN:
		return put_rdn(op, out, one->value);
	case FORM_WORD:
		put_class_and(op, out, CLASS_ALIAS, ATTR_CN, one->value);
		return true;
	case FORM_MAIL:
		put_class_and(op, out, CLASS_LIST, ATTR_MAIL, one->value);
		return true;
	case FORM_NONE:
	case FORM_UID:
	case FORM_URL:
	case FORM_ANY:
		break;
	}
	return false;
}

static const char *narrow_groups(struct xdb_op *op)
{
	struct buf filter = { 0 };

	filter_open(&filter, '|');
	for (const char *const *c = map_group_classes; *c != NULL; c++)
		filter_eq(&filter, op_name(op, ATTR_OBJECT_CLASS), slice_of(*c));
	filter_close(&filter);
	return op_take(op, &filter);
}

static void filter_send(struct xdb_op *op, struct seek *s,
    const struct among *among)
{
	if (s->in_filter == 0)
		return;
	filter_close(&s->filter);
	filter_close(&s->filter);
	s->in_filter = 0;
	s->calls[s->call_n++] = call_search(op, &(struct search){
	    .base = among->base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = op_take(op, &s->filter), .set = among->set });
	s->filter = (struct buf){ 0 };
}

static bool add_to_filter(struct xdb_op *op, struct seek *s,
    const struct among *among, const char *narrow, const struct sought *one)
{
	struct buf piece = { 0 };
	bool is_put = among->put(op, &piece, one);

	if (is_put && s->in_filter++ == 0) {
		filter_open(&s->filter, '&');
		filter_raw(&s->filter, narrow);
		filter_open(&s->filter, '|');
	}
	buf_add(&s->filter, buf_slice(&piece));
	buf_fini(&piece);
	return is_put;
}

/* A DN that says nothing we have an index for: the entry itself is asked. */
static void read_entry(struct xdb_op *op, struct seek *s,
    const struct among *among, const char *narrow, const struct sought *one)
{
	struct slice normal = slice_make(one->key.p + 1, one->key.n - 1);
	struct buf base = { 0 };

	if (one->form == FORM_DN && dn_normal(&base, slice_of(among->base))
	    && dn_is_below(normal, buf_slice(&base)))
		s->calls[s->call_n++] = call_search(op, &(struct search){
		    .base = op_text(op, one->value), .scope = LDAP_SCOPE_BASE,
		    .filter = narrow, .set = among->set });
	buf_fini(&base);
}

static bool seek_send(struct xdb_op *op, struct seek *s, const struct among *among)
{
	const char *narrow = among->narrow(op);

	s->call_n = 0;
	for (size_t i = 0; i < s->asked_n; i++) {
		struct sought *one = &s->asked[i];

		if (one->is_found || one->form == FORM_NONE)
			continue;
		if (!add_to_filter(op, s, among, narrow, one))
			read_entry(op, s, among, narrow, one);
		if (s->in_filter == PER_FILTER)
			filter_send(op, s, among);
	}
	filter_send(op, s, among);
	return s->call_n != 0;
}

bool seek_people(struct xdb_op *op, struct seek *s)
{
	return seek_send(op, s, &(struct among){ .base = op->db->people_base,
	    .narrow = narrow_people, .put = put_person, .set = SET_MEMBER });
}

bool seek_groups(struct xdb_op *op, struct seek *s)
{
	return seek_send(op, s, &(struct among){ .base = op->db->groups_base,
	    .narrow = narrow_groups, .put = put_group,
	    .set = SET_GROUP_WHOLE });
}

bool seek_failed(struct xdb_op *op, const struct seek *s)
{
	for (unsigned i = 0; i < s->call_n; i++) {
		const struct call *c = s->calls[i];

		if (c->scope == LDAP_SCOPE_BASE && c->status == XDB_ABSENT)
			continue;       /* somebody who is gone */
		if (op_search_failed(op, c))
			return true;
		/* Who is missing would be taken for nobody. */
		if (c->is_cut) {
			op_finish(op, XDB_BROKEN, "the server does not give all");
			return true;
		}
	}
	return false;
}

/* --- answers ----------------------------------------------------------------------------- */

static void hit(struct xdb_op *op, struct seek *s, const struct entry *e,
    enum form form, struct slice name, seek_hit_fn *fn)
{
	struct buf key = { 0 };
	struct sought *one = NULL;

	if (key_write(&key, form, name))
		one = map_find(&s->by_key, buf_slice(&key));
	for (; one != NULL; one = one->same) {
		one->is_found = true;
		fn(op, one, e);
	}
	buf_fini(&key);
}

/* Of people no class is asked for. */
static bool is_of_class(const struct entry *e, const char *class)
{
	return class == NULL ? entry_find(e, ATTR_OBJECT_CLASS) == NULL
	    : entry_is_of(e, ATTR_OBJECT_CLASS, slice_of(class));
}

void seek_match(struct xdb_op *op, struct seek *s, const struct entry *e,
    seek_hit_fn *fn)
{
	static const struct { const char *class; enum attr attr; enum form form; }
	rows[] = {
		{ NULL, ATTR_UID, FORM_UID }, { NULL, ATTR_UID, FORM_WORD },
		{ NULL, ATTR_NAME, FORM_UID }, { NULL, ATTR_NAME, FORM_WORD },
		{ NULL, ATTR_MAIL, FORM_MAIL },
		{ CLASS_LIST, ATTR_MAIL, FORM_MAIL },
		{ CLASS_ALIAS, ATTR_CN, FORM_WORD },
	};

	hit(op, s, e, FORM_DN, e->dn, fn);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n;
		struct slice *v = entry_all(e, rows[i].attr, &n);

		for (size_t k = 0; k < n && is_of_class(e, rows[i].class); k++)
			hit(op, s, e, rows[i].form, v[k], fn);
	}
}
