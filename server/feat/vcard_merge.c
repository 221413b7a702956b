/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard_merge.c — one vCard from two sources, and back (XEP-0054). */
#include "feat/vcard_merge.h"

#include <stddef.h>

#include "base/enc.h"
#include "base/picture.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

/* Of a field that is single, two values cannot stand side by side; of the
 * others a person may have more than the directory knows. */
static const struct { const char *name; bool is_single; } fields[] = {
	{ "FN", true },      { "N", true },       { "NICKNAME", true },
	{ "PHOTO", true },   { "TITLE", true },   { "ROLE", true },
	{ "ORG", true },     { "URL", true },     { "DESC", true },
	{ "EMAIL", false },  { "TEL", false },    { "ADR", false },
};

/* --- the directory's part ----------------------------------------------------------------- */

static void add(struct arena *a, struct elem *parent, const char *name,
    struct slice text)
{
	if (text.n != 0)
		elem_add_text_child(a, parent, NS_VCARD, name, text);
}

static void add_name(struct arena *a, struct elem *card,
    const struct xdb_person *p)
{
	struct elem *n;

	add(a, card, "FN", p->display_name.n != 0 ? p->display_name : p->cn);
	if (p->sn.n == 0 && p->given_name.n == 0)
		return;
	n = elem_add(a, card, NS_VCARD, "N");
	add(a, n, "FAMILY", p->sn);
	add(a, n, "GIVEN", p->given_name);
}

/* `flags`: empty elements that say which kind this one is. */
static void add_each(struct arena *a, struct elem *card, const char *name,
    const char *flags, const char *child, const struct slice *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct elem *e = elem_add(a, card, NS_VCARD, name);
		struct slice rest = slice_of(flags), flag;

		while (slice_word(&rest, &flag))
			elem_add_elem(a, e, elem_new_slice(a,
			    SLICE(NS_VCARD), flag));
		add(a, e, child, values[i]);
	}
}

static void add_work(struct arena *a, struct elem *card,
    const struct xdb_vcard *v)
{
	struct elem *e;

	add(a, card, "TITLE", v->person.title);
	add(a, card, "ROLE", v->role);
	if (v->organisation.n != 0 || v->unit_n != 0) {
		e = elem_add(a, card, NS_VCARD, "ORG");
		add(a, e, "ORGNAME", v->organisation);
		for (size_t i = 0; i < v->unit_n; i++)
			add(a, e, "ORGUNIT", v->units[i]);
	}
	if (v->street.n + v->locality.n + v->region.n + v->postal_code.n
	    + v->country.n == 0)
		return;
	e = elem_add(a, card, NS_VCARD, "ADR");
	elem_add(a, e, NS_VCARD, "WORK");
	add(a, e, "STREET", v->street);
	add(a, e, "LOCALITY", v->locality);
	add(a, e, "REGION", v->region);
	add(a, e, "PCODE", v->postal_code);
	add(a, e, "CTRY", v->country);
}

static void add_photo(struct arena *a, struct elem *card,
    const struct xdb_vcard *v)
{
	struct buf text = { 0 };
	struct elem *e;

	if (v->photo.n == 0 || v->photo_type == NULL)
		return;
	e = elem_add(a, card, NS_VCARD, "PHOTO");
	add(a, e, "TYPE", slice_of(v->photo_type));
	enc_base64(&text, v->photo);
	add(a, e, "BINVAL", slice_dup(a, buf_slice(&text)));
	buf_fini(&text);
}

static struct elem *directory_part(struct arena *a, const struct xdb_vcard *v)
{
	struct elem *card = elem_new(a, NS_VCARD, "vCard");

	add_name(a, card, &v->person);
	add(a, card, "NICKNAME", v->nickname);
	add_photo(a, card, v);
	add_each(a, card, "EMAIL", "INTERNET", "USERID", v->mails, v->mail_n);
	add_each(a, card, "TEL", "WORK VOICE", "NUMBER", v->phones, v->phone_n);
	add_each(a, card, "TEL", "CELL", "NUMBER", v->mobiles, v->mobile_n);
	add_each(a, card, "TEL", "WORK FAX", "NUMBER", v->faxes, v->fax_n);
	add_work(a, card, v);
	add(a, card, "URL", v->url);
	add(a, card, "DESC", v->note);
	return card;
}

/* --- comparing values ----------------------------------------------------------------------- *
 * Clients write a field in their own way: other flags, another order, empty
 * children, base64 in lines.  Two are the same when their texts are. */

static struct slice value_of(struct arena *a, const struct elem *e)
{
	struct slice text = slice_trim(elem_text(a, e)), rest = text, word;
	struct buf joined = { 0 };

	if (!elem_is(e, NS_VCARD, "BINVAL"))
		return text;
	while (slice_word(&rest, &word))
		buf_add(&joined, word);
	text = slice_dup(a, buf_slice(&joined));
	buf_fini(&joined);
	return text;
}

/* The type of a photo is told by its bytes. */
static bool is_value(struct arena *a, const struct elem *e)
{
	return !elem_is(e, NS_VCARD, "TYPE") && value_of(a, e).n != 0;
}

static unsigned value_count(struct arena *a, const struct elem *field)
{
	const struct elem *e = elem_child(field, NULL, NULL);
	unsigned n = e == NULL && value_of(a, field).n != 0;

	for (; e != NULL; e = elem_next(e, NULL, NULL))
		n += is_value(a, e);
	return n;
}

static bool has_value(struct arena *a, const struct elem *field,
    const struct elem *wanted)
{
	struct slice value = value_of(a, wanted);
	const struct elem *e = elem_child(field, NS_VCARD, NULL);

	for (; e != NULL; e = elem_next(e, NS_VCARD, NULL))
		if (slice_eq(e->name, wanted->name)
		    && slice_eq(value_of(a, e), value))
			return true;
	return false;
}

static bool is_same(struct arena *a, const struct elem *x,
    const struct elem *y)
{
	const struct elem *e = elem_child(x, NULL, NULL);

	if (!slice_eq(x->name, y->name) || value_count(a, x) != value_count(a, y))
		return false;
	if (e == NULL)
		return elem_children(y) == 0
		    && slice_eq(value_of(a, x), value_of(a, y));
	for (; e != NULL; e = elem_next(e, NULL, NULL))
		if (is_value(a, e) && !has_value(a, y, e))
			return false;
	return true;
}

static bool card_has(struct arena *a, const struct elem *card,
    const struct elem *field)
{
	const struct elem *e = elem_child(card, NS_VCARD, NULL);

	for (; e != NULL; e = elem_next(e, NS_VCARD, NULL))
		if (is_same(a, e, field))
			return true;
	return false;
}

static bool is_field(const struct elem *e)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		if (elem_is(e, NS_VCARD, fields[i].name))
			return true;
	return false;
}

/* A field that says nothing: what a form leaves of an empty line. */
static bool is_blank(struct arena *a, const struct elem *e)
{
	return is_field(e) && value_count(a, e) == 0;
}

/* Is a field of that name in `card` that `other` has not? */
static bool has_more(struct arena *a, const struct elem *card,
    const struct elem *other, const char *name)
{
	const struct elem *e = elem_child(card, NS_VCARD, name);

	for (; e != NULL; e = elem_next(e, NS_VCARD, name))
		if (!is_blank(a, e) && !card_has(a, other, e))
			return true;
	return false;
}

/* --- together ---------------------------------------------------------------------------------- */

static bool is_overruled(struct arena *a, const struct elem *directory,
    const struct elem *e)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		if (fields[i].is_single && elem_is(e, NS_VCARD, fields[i].name)
		    && elem_child(directory, NS_VCARD, fields[i].name) != NULL)
			return true;
	return card_has(a, directory, e);
}

/* What was stored, or shall be: the same limits, so that whatever is taken can be read
 * again.  NULL: it is no vCard, or beyond them. */
static struct elem *remainder_read(struct arena *a, struct slice text)
{
	static const struct parse_limits limits = { .bytes = 1 << 20,
		.depth = 16, .elements = 5000, .attributes = 100 };
	enum parse_error error;
	struct elem *rest = parse_document(a, text, &limits, &error);

	return rest != NULL && elem_is(rest, NS_VCARD, "vCard") ? rest : NULL;
}

struct elem *vcard_merge(struct arena *a, const struct xdb_vcard *v)
{
	struct elem *card = directory_part(a, v), *rest, *e;
	struct elem *directory = elem_copy(a, card);

	if (v->remainder.n == 0)
		return card;
	rest = remainder_read(a, v->remainder);
	if (rest == NULL)
		return NULL;
	for (e = elem_child(rest, NULL, NULL); e != NULL;
	    e = elem_next(e, NULL, NULL))
		if (!is_overruled(a, directory, e))
			elem_add_elem(a, card, elem_copy(a, e));
	return card;
}

/* --- what is the person's to change -------------------------------------------------------- */

#define ONE(member) offsetof(struct xdb_vcard, member), 0
#define LIST(member, n) offsetof(struct xdb_vcard, member), \
	offsetof(struct xdb_vcard, n)

/* Of those with the same name `flag` tells which, and NULL is the other ones. */
static const struct {
	const char *word, *name, *flag, *child;
	size_t at, n;                   /* in struct xdb_vcard: values, their number */
} own[XDB_VCARD_FIELDS] = {
	[XDB_VCARD_PHOTO]    = { "photo", "PHOTO", NULL, "BINVAL", ONE(photo) },
	[XDB_VCARD_NICKNAME] = { "nickname", "NICKNAME", NULL, NULL,
		ONE(nickname) },
	[XDB_VCARD_URL]      = { "url", "URL", NULL, NULL, ONE(url) },
	[XDB_VCARD_TITLE]    = { "title", "TITLE", NULL, NULL,
		ONE(person.title) },
	[XDB_VCARD_MAIL]     = { "mail", "EMAIL", NULL, "USERID",
		LIST(mails, mail_n) },
	[XDB_VCARD_PHONE]    = { "phone", "TEL", NULL, "NUMBER",
		LIST(phones, phone_n) },
	[XDB_VCARD_MOBILE]   = { "mobile", "TEL", "CELL", "NUMBER",
		LIST(mobiles, mobile_n) },
	[XDB_VCARD_FAX]      = { "fax", "TEL", "FAX", "NUMBER",
		LIST(faxes, fax_n) },
};

/* Kinds of telephones and addresses that the directory has no attribute for. */
static const char *const others_flags[] = { "HOME", "PAGER", "MODEM", "BBS" };

unsigned vcard_fields(const struct conf_list *words)
{
	unsigned mask = 0;

	for (size_t i = 0; i < words->n; i++)
		for (int k = 0; k < XDB_VCARD_FIELDS; k++)
			if (strcmp(words->v[i], own[k].word) == 0)
				mask |= 1u << k;
	return mask;
}

const char *vcard_field_name(enum xdb_vcard_field field)
{
	return own[field].name;
}

static bool has_flag(const struct elem *e, const char *flag)
{
	return elem_child(e, NS_VCARD, flag) != NULL;
}

/* 1u << field; 0: it is none of these. */
static unsigned bit_of(const struct elem *e)
{
	unsigned bit = 0;

	for (size_t i = 0; i < COUNT(others_flags); i++)
		if (has_flag(e, others_flags[i]))
			return 0;
	for (int i = 0; i < XDB_VCARD_FIELDS; i++) {
		if (!elem_is(e, NS_VCARD, own[i].name)
		    || (own[i].flag != NULL && !has_flag(e, own[i].flag)))
			continue;
		if (own[i].child == NULL || has_flag(e, own[i].child)
		    || e->first == NULL)
			bit = 1u << i;  /* the last that fits: flags come later */
	}
	return bit;
}

/* RFC 2079 §2: behind a space comes a label, so one in the URI is %20. */
static struct slice without_spaces(struct arena *a, struct slice uri)
{
	struct buf text = { 0 };
	struct slice made;

	for (size_t i = 0; i < uri.n; i++)
		if (uri.p[i] == ' ')
			buf_adds(&text, "%20");
		else
			buf_addc(&text, uri.p[i]);
	made = slice_dup(a, buf_slice(&text));
	buf_fini(&text);
	return made;
}

/* A text, or the bytes of a photo; false: it is no base64. */
static bool new_value(struct arena *a, const struct elem *e, int field,
    struct slice *value_r)
{
	const struct elem *at = own[field].child != NULL
	    ? elem_child(e, NS_VCARD, own[field].child) : e;
	struct buf bytes = { 0 };
	bool is_good = true;

	*value_r = at != NULL ? value_of(a, at) : slice_make(NULL, 0);
	if (field == XDB_VCARD_URL)
		*value_r = without_spaces(a, *value_r);
	if (field != XDB_VCARD_PHOTO)
		return true;
	is_good = dec_base64(&bytes, *value_r);
	*value_r = slice_dup(a, buf_slice(&bytes));
	buf_fini(&bytes);
	return is_good;
}

/* Why it cannot be; NULL: it can. */
static const char *unfit(struct arena *a, int field, struct slice value,
    size_t photo_bytes)
{
	struct buf text = { 0 };
	const char *why = NULL;

	if (field == XDB_VCARD_PHOTO && picture_type(value) == NULL)
		buf_adds(&text, "The photo is neither JPEG nor PNG nor GIF.");
	else if (field == XDB_VCARD_PHOTO && value.n > photo_bytes)
		buf_addf(&text, "The photo has %zu KiB; %zu are allowed.",
		    (value.n + 1023) / 1024, photo_bytes / 1024);
	for (size_t i = 0; field != XDB_VCARD_PHOTO && i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' && text.n == 0)
			buf_addf(&text, "%s must be one line.", own[field].name);
	if (text.n != 0)
		why = slice_cstr(a, buf_slice(&text));
	buf_fini(&text);
	return why;
}

static bool is_among(const struct slice *values, size_t n, struct slice wanted)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(values[i], wanted))
			return true;
	return false;
}

/* Values as they stand in `v`. */
static const struct slice *old_values(const struct xdb_vcard *v, int field,
    size_t *n_r)
{
	const void *at = (const char *)v + own[field].at;
	const void *n = (const char *)v + own[field].n;

	if (own[field].n != 0) {
		*n_r = *(const size_t *)n;
		return *(struct slice *const *)at;
	}
	*n_r = ((const struct slice *)at)->n != 0;
	return at;
}

static const char *one_only(struct arena *a, int field)
{
	struct buf text = { 0 };
	const char *why;

	buf_addf(&text, "A vCard can have one %s here.", own[field].name);
	why = slice_cstr(a, buf_slice(&text));
	buf_fini(&text);
	return why;
}

static const char *hidden_there(struct arena *a, int field)
{
	struct buf text = { 0 };
	const char *why;

	buf_addf(&text, "The directory has more of %s than can be shown here, which a "
	    "change would lose: have it changed there.", own[field].name);
	why = slice_cstr(a, buf_slice(&text));
	buf_fini(&text);
	return why;
}

/* What was sent of a field. */
static struct slice *new_values(struct arena *a, const struct elem *sent, int field,
    size_t *n_r, const char **unfit_r, size_t photo_bytes)
{
	struct slice *values = arena_alloc(a,
	    (elem_children(sent) + 1) * sizeof *values), value;
	const struct elem *e = elem_child(sent, NS_VCARD, own[field].name);

	*n_r = 0;
	for (; e != NULL; e = elem_next(e, NS_VCARD, own[field].name)) {
		if (bit_of(e) != 1u << field || is_blank(a, e))
			continue;
		if (!new_value(a, e, field, &value))
			*unfit_r = "The photo's base64 cannot be read.";
		else if (value.n != 0 && !is_among(values, *n_r, value))
			values[(*n_r)++] = value;
	}
	if (own[field].n == 0 && *n_r > 1 && *unfit_r == NULL)
		*unfit_r = one_only(a, field);
	for (size_t i = 0; i < *n_r && *unfit_r == NULL; i++)
		*unfit_r = unfit(a, field, values[i], photo_bytes);
	return values;
}

static bool is_unchanged(const struct xdb_vcard_change *c)
{
	for (size_t i = 0; i < c->is_n; i++)
		if (!is_among(c->was, c->was_n, c->is[i]))
			return false;
	return c->is_n == c->was_n;
}

/* Of a field with one value in a vCard the entry may have several: the first is
 * shown and changed, the others stay. */
static void whole_list(struct arena *a, const struct xdb_vcard *v,
    struct xdb_vcard_change *c)
{
	const struct slice *all = NULL;
	struct slice *is;
	size_t n = 0;

	if (c->field == XDB_VCARD_URL)
		all = v->urls, n = v->url_n;
	else if (c->field == XDB_VCARD_TITLE)
		all = v->titles, n = v->title_n;
	else if (c->field == XDB_VCARD_NICKNAME)
		all = v->nicknames, n = v->nickname_n;
	if (n == 0)
		return;
	is = arena_alloc(a, (n + 1) * sizeof *is);
	if (c->is_n != 0)
		is[0] = c->is[0];
	for (size_t i = 1; i < n; i++)
		if (!is_among(is, c->is_n, all[i]))
			is[c->is_n++] = all[i];
	c->was = all;
	c->was_n = n;
	c->is = is;
}

static void field_plan(struct arena *a, const struct xdb_vcard *v,
    const struct elem *sent, const struct vcard_policy *policy,
    enum xdb_vcard_field field, struct vcard_plan *plan)
{
	struct xdb_vcard_change c = { .field = field };
	const char *why = NULL;

	c.was = old_values(v, field, &c.was_n);
	c.is = new_values(a, sent, field, &c.is_n, &why, policy->photo_bytes);
	if (why == NULL && is_unchanged(&c))
		return;
	if (why == NULL && (v->sealed & 1u << field) != 0)
		why = hidden_there(a, field);
	c.is_partial = (v->partial & 1u << field) != 0;
	whole_list(a, v, &c);
	plan->unfit = why != NULL ? why : plan->unfit;
	plan->changes[plan->change_n++] = c;
}

/* --- and back ----------------------------------------------------------------------------------- */

static struct slice written(struct arena *a, const struct elem *card)
{
	struct buf out = { 0 };
	struct xml_writer w;
	struct slice text;

	write_init(&w, &out, "");
	write_elem(&w, card);
	text = slice_dup(a, buf_slice(&out));
	buf_fini(&out);
	return text;
}

/* More than the directory has is a change when there can be but one, or when
 * something of the directory's went away at the same time. */
static const char *changed_field(struct arena *a,
    const struct elem *directory, const struct elem *sent)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		const char *name = fields[i].name;

		if (elem_child(directory, NS_VCARD, name) != NULL
		    && has_more(a, sent, directory, name)
		    && (fields[i].is_single
		    || has_more(a, directory, sent, name)))
			return name;
	}
	return NULL;
}

/* The card without what is the person's to change. */
static struct elem *without(struct arena *a, const struct elem *card,
    unsigned writable)
{
	struct elem *rest = elem_new(a, NS_VCARD, "vCard");
	const struct elem *e = elem_child(card, NULL, NULL);

	for (; e != NULL; e = elem_next(e, NULL, NULL))
		if ((bit_of(e) & writable) == 0)
			elem_add_elem(a, rest, elem_copy(a, e));
	return rest;
}

void vcard_plan(struct arena *a, const struct xdb_vcard *v, const struct elem *sent,
    const struct vcard_policy *policy, struct vcard_plan *plan)
{
	struct elem *directory = without(a, directory_part(a, v), policy->writable);
	struct elem *others = without(a, sent, policy->writable), *e;
	struct elem *rest = elem_new(a, NS_VCARD, "vCard");

	*plan = (struct vcard_plan){ .held = changed_field(a, directory, others) };
	for (e = elem_child(others, NULL, NULL); e != NULL;
	    e = elem_next(e, NULL, NULL))
		if (!is_blank(a, e) && !card_has(a, directory, e))
			elem_add_elem(a, rest, elem_copy(a, e));
	if (rest->first != NULL)
		plan->remainder = written(a, rest);
	if (rest->first != NULL && remainder_read(a, plan->remainder) == NULL)
		plan->unfit = "The vCard is nested too deeply, or has too many parts.";
	for (int i = 0; i < XDB_VCARD_FIELDS; i++)
		if ((policy->writable & 1u << i) != 0)
			field_plan(a, v, sent, policy, (enum xdb_vcard_field)i,
			    plan);
}
