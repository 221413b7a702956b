/* SPDX-License-Identifier: Apache-2.0 */
/* xml/write.c — escaping, namespaces, and the tree walk.
 *
 * Bytes that no XML document may hold (controls, bad UTF-8: they can only come
 * from our own stores, never through the parser) leave as U+FFFD, so what is
 * written is well-formed whatever is asked for. */
#include "xml/write.h"

#include <assert.h>
#include <stdio.h>

#include "xml/ns.h"
#include "xml/utf8.h"

/* --- escaping --- */

enum { PLAIN, HIGH, BAD, TAB, LF, CR, AMP, LT, GT, APOS, QUOT };

static const struct slice written[] = {
	[BAD] = SLICE_INIT("\xef\xbf\xbd"),
	[TAB] = SLICE_INIT("&#9;"),     [LF] = SLICE_INIT("&#10;"),
	[CR] = SLICE_INIT("&#13;"),     [AMP] = SLICE_INIT("&amp;"),
	[LT] = SLICE_INIT("&lt;"),      [GT] = SLICE_INIT("&gt;"),
	[APOS] = SLICE_INIT("&apos;"),  [QUOT] = SLICE_INIT("&quot;"),
};

/* CR is escaped in text too: a parser would read it as LF (XML 1.0 §2.11). */
#define EVERYWHERE \
	[0x00 ... 0x08] = BAD, [0x0b ... 0x0c] = BAD, ['\r'] = CR, \
	[0x0e ... 0x1f] = BAD, ['&'] = AMP, ['<'] = LT, ['>'] = GT, \
	[0x80 ... 0xff] = HIGH

static const uint8_t in_text[256] = { EVERYWHERE };
static const uint8_t in_value[256] = {
	EVERYWHERE, ['\t'] = TAB, ['\n'] = LF, ['\''] = APOS, ['"'] = QUOT,
};

/* True when one of 8 bytes may be no plain one: below 0x20, above 0x7f, or one of
 * " & ' < > (& and ' differ in the lowest bit alone, < and > in the next).  May be
 * true for a few more, which only costs the slow way; saves 0.15 µs a message. */
static bool may_need_care(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w, amp_apos, lt_gt, quot;

	memcpy(&w, p, sizeof w);
	amp_apos = (w | ones) ^ ones * '\'';
	lt_gt = (w | ones << 1) ^ ones * '>';
	quot = w ^ ones * '"';
	return ((w | (w - ones * 0x20) | ((amp_apos - ones) & ~amp_apos)
	    | ((lt_gt - ones) & ~lt_gt) | ((quot - ones) & ~quot))
	    & ones * 0x80) != 0;
}

static void add_escaped(struct buf *out, struct slice s, const uint8_t *how)
{
	size_t from = 0, i = 0, one_by_one = 0;

	while (i < s.n) {
		unsigned kind;
		size_t good;

		if (i >= one_by_one && s.n - i >= 8) {
			one_by_one = i + 8;
			if (!may_need_care(s.p + i)) {
				i += 8;
				continue;
			}
		}
		kind = how[(unsigned char)s.p[i]];
		good = kind == PLAIN ? 1 : kind != HIGH ? 0 :
		    utf8_char(slice_make(s.p + i, s.n - i));
		if (good != 0) {
			i += good;
			continue;
		}
		buf_add(out, slice_make(s.p + from, i - from));
		buf_add(out, written[kind == HIGH ? BAD : kind]);
		from = ++i;
	}
	if (from < s.n)
		buf_add(out, slice_make(s.p + from, s.n - from));
}

void write_escaped(struct buf *out, struct slice text)
{
	add_escaped(out, text, in_value);
}

static void add_attr(struct buf *out, struct slice prefix, struct slice name,
    struct slice value)
{
	buf_addc(out, ' ');
	buf_add(out, prefix);
	buf_add(out, name);
	buf_add(out, SLICE("='"));
	add_escaped(out, value, in_value);
	buf_addc(out, '\'');
}

/* --- call by call --- */

void write_init(struct xml_writer *w, struct buf *out, const char *ns)
{
	w->out = out;
	w->depth = 0;
	w->in_tag = false;
	w->ns[0] = slice_of(ns);
}

static void end_tag_open(struct xml_writer *w)
{
	if (w->in_tag)
		buf_addc(w->out, '>');
	w->in_tag = false;
}

/* The two namespaces whose elements need a prefix: NS_XML may not be a default
 * namespace at all, and directly in a stream <stream:features/> and
 * <stream:error/> are what clients look for (RFC 6120 §4.8.5); the stream's
 * header declares that prefix. */
static struct slice prefix_of(const struct xml_writer *w, struct slice ns)
{
	if (slice_is(ns, NS_XML))
		return SLICE("xml:");
	if (w->depth == 0 && slice_is(ns, NS_STREAM) && slice_is(w->ns[0], NS_CLIENT))
		return SLICE("stream:");
	return SLICE("");
}

void write_open_slice(struct xml_writer *w, struct slice ns, struct slice name)
{
	struct slice prefix = prefix_of(w, ns), outer = w->ns[w->depth];

	assert(w->depth + 1 < WRITE_DEPTH);
	end_tag_open(w);
	buf_addc(w->out, '<');
	w->depth++;
	w->name_at[w->depth] = w->out->n;
	w->name_n[w->depth] = prefix.n + name.n;
	buf_add(w->out, prefix);
	buf_add(w->out, name);
	w->in_tag = true;
	w->ns[w->depth] = prefix.n != 0 ? outer : ns;
	if (!slice_eq(w->ns[w->depth], outer))
		add_attr(w->out, SLICE(""), SLICE("xmlns"), ns);
}

void write_open(struct xml_writer *w, const char *ns, const char *name)
{
	write_open_slice(w, slice_of(ns), slice_of(name));
}

void write_attr(struct xml_writer *w, const char *name, struct slice value)
{
	assert(w->in_tag);
	if (value.p != NULL)
		add_attr(w->out, SLICE(""), slice_of(name), value);
}

void write_attr_cstr(struct xml_writer *w, const char *name, const char *value)
{
	write_attr(w, name, slice_of(value));
}

void write_lang(struct xml_writer *w, struct slice lang)
{
	assert(w->in_tag);
	if (lang.p != NULL)
		add_attr(w->out, SLICE("xml:"), SLICE("lang"), lang);
}

void write_text(struct xml_writer *w, struct slice text)
{
	if (text.n == 0)
		return;
	end_tag_open(w);
	add_escaped(w->out, text, in_text);
}

void write_close(struct xml_writer *w)
{
	struct buf *out = w->out;
	size_t at, n;

	assert(w->depth != 0);
	at = w->name_at[w->depth];
	n = w->name_n[w->depth--];
	if (w->in_tag) {
		buf_add(out, SLICE("/>"));
		w->in_tag = false;
		return;
	}
	/* The name is copied from the start tag: reserve first, adding may move it. */
	buf_reserve(out, n + 3);
	buf_add(out, SLICE("</"));
	buf_add(out, slice_make(out->p + at, n));
	buf_addc(out, '>');
}

void write_leaf(struct xml_writer *w, const char *ns, const char *name,
    struct slice text)
{
	write_open(w, ns, name);
	write_text(w, text);
	write_close(w);
}

/* --- trees --- */

/* The first attribute of `e` in the same namespace as `at` declares the prefix,
 * which has its number, counted from 1. */
static const struct attr *declarer(const struct elem *e, const struct attr *at,
    unsigned *number_r)
{
	const struct attr *first = e->attrs;

	*number_r = 1;
	for (; !slice_eq(first->ns, at->ns); first = first->next)
		++*number_r;
	return first;
}

static void write_foreign_attr(struct xml_writer *w, const struct elem *e,
    const struct attr *at)
{
	unsigned number;
	bool declares = declarer(e, at, &number) == at;
	char text[16];
	size_t n = (size_t)snprintf(text, sizeof text, "a%u:", number);

	if (declares)
		add_attr(w->out, SLICE("xmlns:"), slice_make(text, n - 1), at->ns);
	add_attr(w->out, slice_make(text, n), at->name, at->value);
}

static void write_tree_attr(struct xml_writer *w, const struct elem *e,
    const struct attr *at)
{
	if (at->ns.n == 0)
		add_attr(w->out, SLICE(""), at->name, at->value);
	else if (slice_is(at->ns, NS_XML))
		add_attr(w->out, SLICE("xml:"), at->name, at->value);
	else
		write_foreign_attr(w, e, at);
}

static void open_elem(struct xml_writer *w, const struct elem *e)
{
	write_open_slice(w, e->ns, e->name);
	for (const struct attr *at = e->attrs; at != NULL; at = at->next)
		write_tree_attr(w, e, at);
}

void write_children(struct xml_writer *w, const struct elem *top)
{
	const struct elem *e = top;
	const struct node *n = e->first;

	while (n != NULL || e != top) {
		if (n == NULL) {
			write_close(w);
			n = e->place->next;
			e = e->parent;
		} else if (n->elem == NULL) {
			write_text(w, n->text);
			n = n->next;
		} else {
			e = n->elem;
			open_elem(w, e);
			n = e->first;
		}
	}
}

void write_elem(struct xml_writer *w, const struct elem *e)
{
	open_elem(w, e);
	write_children(w, e);
	write_close(w);
}

/* --- stanzas --- */

enum { OVERRIDES = 4 };

static struct slice *override_of(struct slice names[OVERRIDES],
    struct slice values[OVERRIDES], struct slice name)
{
	for (size_t i = 0; i < OVERRIDES; i++)
		if (slice_eq(names[i], name))
			return &values[i];
	return NULL;
}

void write_stanza(struct buf *out, const struct elem *stanza,
    const struct write_as *as)
{
	struct slice names[OVERRIDES] = { SLICE_INIT("from"), SLICE_INIT("to"),
	    SLICE_INIT("id"), SLICE_INIT("type") };
	struct slice values[OVERRIDES] = { { NULL, 0 } };
	struct xml_writer w;

	if (as != NULL) {
		values[0] = as->from;
		values[1] = as->to;
		values[2] = as->id;
		values[3] = as->type;
	}
	write_init(&w, out, NS_CLIENT);
	write_open_slice(&w, stanza->ns, stanza->name);
	for (size_t i = 0; i < OVERRIDES; i++)
		if (values[i].n != 0)
			add_attr(out, SLICE(""), names[i], values[i]);
	for (const struct attr *at = stanza->attrs; at != NULL; at = at->next) {
		const struct slice *own = at->ns.n != 0 ? NULL :
		    override_of(names, values, at->name);

		if (own == NULL || own->p == NULL)
			write_tree_attr(&w, stanza, at);
	}
	write_children(&w, stanza);
	write_close(&w);
}

/* --- the stream itself --- */

void write_stream_header(struct buf *out, const struct write_header *h)
{
	buf_adds(out, "<?xml version='1.0'?><stream:stream");
	add_attr(out, SLICE(""), SLICE("xmlns"), SLICE(NS_CLIENT));
	add_attr(out, SLICE("xmlns:"), SLICE("stream"), SLICE(NS_STREAM));
	if (h->id.p != NULL)
		add_attr(out, SLICE(""), SLICE("id"), h->id);
	if (h->from.p != NULL)
		add_attr(out, SLICE(""), SLICE("from"), h->from);
	if (h->to.p != NULL)
		add_attr(out, SLICE(""), SLICE("to"), h->to);
	if (h->lang.p != NULL)
		add_attr(out, SLICE("xml:"), SLICE("lang"), h->lang);
	add_attr(out, SLICE(""), SLICE("version"), SLICE("1.0"));
	buf_addc(out, '>');
}

void write_stream_footer(struct buf *out)
{
	buf_adds(out, "</stream:stream>");
}
