/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/seek.c — many names at once: filters made of them, answers told apart. */
#include "xdb_ldap/seek.h"

#include "base/log.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"

void seek_begin(struct xdb_op *op, struct seek *s)
{
	map_fini(&s->by_key);
	s->by_key = (struct map){ 0 };
	s->asked_n = 0;
	s->since = met_now(op->db);
}

void seek_fini(struct seek *s)
{
	map_fini(&s->by_key);
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
	[FORM_DN] = 'd', [FORM_UID] = 'u', [FORM_UUID] = 'i', [FORM_WORD] = 'w', [FORM_MAIL] = 'm',
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
	bool is_of_people;
	const char *(*base)(const struct xdb *db);
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
	case FORM_UUID:
		op_seek_uuid(op, out, ATTR_UUID, one->value);
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
	case FORM_UUID:
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

static const char *narrow_nobody(struct xdb_op *op)
{
	(void)op;
	return "(objectClass=*)";
}

static const char *people_base(const struct xdb *db)
{
	return db->people_base;
}

static const char *groups_base(const struct xdb *db)
{
	return db->groups_base;
}

static const struct among people = { .is_of_people = true, .base = people_base,
	.narrow = narrow_people, .put = put_person, .set = SET_MEMBER };
static const struct among anybody = { .is_of_people = true, .base = people_base,
	.narrow = narrow_nobody, .put = put_person, .set = SET_MEMBER };
static const struct among groups = { .base = groups_base,
	.narrow = narrow_groups, .put = put_group, .set = SET_GROUP_WHOLE };

/* A DN that says nothing we have an index for: the entry itself is asked, if it
 * is where it should be.  NULL: it is not. */
static struct call *read_entry(struct xdb_op *op, const struct among *among,
    const struct sought *one)
{
	struct slice normal = slice_make(one->key.p + 1, one->key.n - 1);
	struct buf base = { 0 };
	struct call *c = NULL;

	if (one->form == FORM_DN
	    && dn_normal(&base, slice_of(among->base(op->db)))
	    && dn_is_below(normal, buf_slice(&base)))
		c = call_search(op, &(struct search){
		    .base = op_text(op, one->value), .scope = LDAP_SCOPE_BASE,
		    .filter = among->narrow(op), .set = among->set });
	buf_fini(&base);
	return c;
}

static bool is_to_ask(const struct seek *s, const struct sought *one)
{
	return !one->is_found && one->form != FORM_NONE
	    && !(s->among->is_of_people && one->is_no_person);
}

static size_t names_most(const struct xdb *db)
{
	return db->seek_names != 0 ? db->seek_names : SEEK_FILTER_NAMES;
}

/* Writes names into a filter's middle, from *at on.  Stops before the first that
 * is none of a filter, and when it is full; says how many are in it. */
static size_t names_put(struct xdb_op *op, struct seek *s, struct buf *out,
    size_t *at, size_t end)
{
	size_t n = 0;

	for (; *at < end && n < names_most(op->db)
	    && out->n < SEEK_FILTER_BYTES; (*at)++) {
		const struct sought *one = &s->asked[*at];

		if (!is_to_ask(s, one))
			continue;
		if (!s->among->put(op, out, one))
			break;
		n++;
	}
	return n;
}

static struct call *search_names(struct xdb_op *op, const struct among *among,
    struct slice names)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_raw(&filter, among->narrow(op));
	filter_open(&filter, '|');
	buf_add(&filter, names);
	filter_close(&filter);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = among->base(op->db),
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op_take(op, &filter),
	    .set = among->set });
}

/* One search, of the names from `from` on.  Says where it ends; NULL call: none
 * of them is to be asked for. */
static struct asking ask(struct xdb_op *op, struct seek *s, size_t from,
    size_t end)
{
	struct asking a = { .from = from, .to = from };
	struct buf names = { 0 };

	if (names_put(op, s, &names, &a.to, end) != 0)
		a.call = search_names(op, s->among, buf_slice(&names));
	else if (a.to < end)
		a.call = read_entry(op, s->among, &s->asked[a.to++]);
	buf_fini(&names);
	return a;
}

static void seek_taken(struct xdb_op *op);
static void seek_answered(struct xdb_op *op);

/* Sends as much as may be under way, and as there is time for. */
static void seek_ask(struct xdb_op *op)
{
	struct seek *s = op->data;

	while (s->at < s->asked_n && s->asking_n < SEEK_CALLS_MOST) {
		struct asking a = ask(op, s, s->at, s->asked_n);

		s->at = a.to;
		if (a.call != NULL)
			s->askings[s->asking_n++] = a;
		if (!chore_has_time() && s->at < s->asked_n) {
			op_yield(op, seek_ask);
			return;
		}
	}
	if (s->asking_n != 0)
		op_await(op, seek_answered);
	else
		s->next(op);
}

static void seek_start(struct xdb_op *op, const struct among *among,
    seek_hit_fn *hit, op_step_fn *next)
{
	struct seek *s = op->data;

	s->among = among;
	s->hit = hit;
	s->next = next;
	s->at = 0;
	s->asking_n = 0;
	seek_ask(op);
}

void seek_people(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next)
{
	seek_start(op, &people, hit, next);
}

void seek_groups(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next)
{
	seek_start(op, &groups, hit, next);
}

void seek_anybody(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next)
{
	seek_start(op, &anybody, hit, next);
}

/* --- what was too much for the server ------------------------------------------------ */

static bool is_too_much(const struct call *c)
{
	return c->code == LDAP_ADMINLIMIT_EXCEEDED || c->is_cut
	    || c->code == LDAP_UNWILLING_TO_PERFORM;
}

static size_t names_in(const struct seek *s, const struct asking *a)
{
	size_t n = 0;

	for (size_t i = a->from; i < a->to; i++)
		n += is_to_ask(s, &s->asked[i]);
	return n;
}

/* Those of them that nobody else finds are asked for again, half as many at once.
 * What came of too much is not taken: it may be one of two of the same name. */
static void ask_less(struct xdb_op *op, struct seek *s, struct asking *a)
{
	size_t n = names_in(s, a);

	if (n / 2 < names_most(op->db))
		op->db->seek_names = n / 2;
	log_event(LOG_INFO, "ldap-filter-halved", "-", "names=%zu code=%d", n,
	    a->call->code);
	if (a->from < s->again)
		s->again = a->from;
	a->call = NULL;
}

/* True, and the operation is finished, when this one failed. */
static bool has_failed(struct xdb_op *op, const struct call *c)
{
	if (c->scope == LDAP_SCOPE_BASE && c->status == XDB_ABSENT)
		return false;           /* somebody who is gone */
	if (op_search_failed(op, c))
		return true;
	/* Who is missing would be taken for nobody. */
	if (c->is_cut)
		op_finish(op, XDB_BROKEN, "the server does not give all");
	return c->is_cut;
}

static void seek_answered(struct xdb_op *op)
{
	struct seek *s = op->data;

	s->again = s->at;
	for (unsigned i = 0; i < s->asking_n; i++)
		if (is_too_much(s->askings[i].call)
		    && names_in(s, &s->askings[i]) > 1)
			ask_less(op, s, &s->askings[i]);
		else if (has_failed(op, s->askings[i].call))
			return;
	s->taken = 0;
	s->entry = NULL;
	op_yield(op, seek_taken);
}

/* --- answers ----------------------------------------------------------------------------- */

static void hit(struct xdb_op *op, struct seek *s, const struct entry *e,
    enum form form, struct slice name)
{
	struct buf key = { 0 };
	struct sought *one = NULL;

	if (key_write(&key, form, name))
		one = map_find(&s->by_key, buf_slice(&key));
	for (; one != NULL; one = one->same) {
		one->is_found = true;
		s->hit(op, one, e);
	}
	buf_fini(&key);
}

/* Of people no class is asked for. */
static bool is_of_class(const struct entry *e, const char *class)
{
	return class == NULL ? entry_find(e, ATTR_OBJECT_CLASS) == NULL
	    : entry_is_of(e, ATTR_OBJECT_CLASS, slice_of(class));
}

static void match(struct xdb_op *op, struct seek *s, const struct entry *e)
{
	static const struct { const char *class; enum attr attr; enum form form; }
	rows[] = {
		{ NULL, ATTR_UID, FORM_UID }, { NULL, ATTR_UID, FORM_WORD },
		{ NULL, ATTR_NAME, FORM_UID }, { NULL, ATTR_NAME, FORM_WORD },
		{ NULL, ATTR_MAIL, FORM_MAIL }, { NULL, ATTR_UUID, FORM_UUID },
		{ CLASS_LIST, ATTR_MAIL, FORM_MAIL },
		{ CLASS_ALIAS, ATTR_CN, FORM_WORD },
	};

	hit(op, s, e, FORM_DN, e->dn);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n;
		struct slice *v = entry_all(e, rows[i].attr, &n);

		for (size_t k = 0; k < n && is_of_class(e, rows[i].class); k++)
			hit(op, s, e, rows[i].form, v[k]);
	}
}

/* The next entry of this wave's answers. */
static const struct entry *next_entry(struct seek *s)
{
	const struct entry *e;

	for (; s->entry == NULL && s->taken < s->asking_n; s->taken++)
		if (s->askings[s->taken].call != NULL)
			s->entry = s->askings[s->taken].call->entries;
	e = s->entry;
	if (e != NULL)
		s->entry = e->next;
	return e;
}

static void seek_taken(struct xdb_op *op)
{
	struct seek *s = op->data;
	const struct entry *e;

	while ((e = next_entry(s)) != NULL) {
		match(op, s, e);
		if (op->res.status != XDB_OK)
			return;         /* the hit was too much */
		if (!chore_has_time()) {
			op_yield(op, seek_taken);
			return;
		}
	}
	s->asking_n = 0;
	s->at = s->again;
	op_more_time(op);
	seek_ask(op);
}
