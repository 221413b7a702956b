/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard_merge.c — one vCard from two sources, and back (XEP-0054). */
#include "feat/vcard_merge.h"

#include "base/enc.h"
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

struct elem *vcard_merge(struct arena *a, const struct xdb_vcard *v)
{
	static const struct parse_limits limits = { .bytes = 1 << 20,
		.depth = 16, .elements = 5000, .attributes = 100 };
	struct elem *card = directory_part(a, v), *rest, *e;
	struct elem *directory = elem_copy(a, card);
	enum parse_error error;

	if (v->remainder.n == 0)
		return card;
	rest = parse_document(a, v->remainder, &limits, &error);
	if (rest == NULL || !elem_is(rest, NS_VCARD, "vCard"))
		return NULL;
	for (e = elem_child(rest, NULL, NULL); e != NULL;
	    e = elem_next(e, NULL, NULL))
		if (!is_overruled(a, directory, e))
			elem_add_elem(a, card, elem_copy(a, e));
	return card;
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

const char *vcard_remainder(struct arena *a, const struct xdb_vcard *v,
    const struct elem *sent, struct slice *remainder_r)
{
	struct elem *directory = directory_part(a, v), *e;
	struct elem *rest = elem_new(a, NS_VCARD, "vCard");
	const char *changed = changed_field(a, directory, sent);

	if (changed != NULL)
		return changed;
	for (e = elem_child(sent, NULL, NULL); e != NULL;
	    e = elem_next(e, NULL, NULL))
		if (!is_blank(a, e) && !card_has(a, directory, e))
			elem_add_elem(a, rest, elem_copy(a, e));
	*remainder_r = rest->first != NULL ? written(a, rest)
	    : slice_make(NULL, 0);
	return NULL;
}
