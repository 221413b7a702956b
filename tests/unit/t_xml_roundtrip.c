/* SPDX-License-Identifier: Apache-2.0 */
/* XML-06: parse(write(t)) is t, for random trees of everything a tree can hold.
 *
 *   t_xml_roundtrip              the test; T_XML_ROUNDS, T_XML_SEED change it
 *   t_xml_roundtrip print N      N texts for an oracle (test_xml_oracle.py):
 *                                half as the writer made them, half damaged;
 *                                each: text NUL tree NUL, where tree is empty
 *                                when our parser refused the text */
#include "tests/tap.h"

#include <stdlib.h>

#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

static const struct parse_limits limits = { 64 * 1024, 64, 2000, 64, 0 };

static uint64_t random_state;

static unsigned below(unsigned most)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % most;
}

/* --- random trees --- */

static struct slice any_ns(void)
{
	static const char *const all[] = { NS_CLIENT, NS_CLIENT, NS_STREAM, NS_XML,
	    "", "urn:a", "urn:b", "urn:&'()", "jabber:client%20", "http://x/?a&lt;b#c",
	    NS_ROSTER };

	return slice_of(all[below(COUNT(all))]);
}

static struct slice any_name(void)
{
	static const char *const all[] = { "a", "b", "message", "stream", "xmlx",
	    "\xc3\xb1", "_.-1", "x", "body", "lang" };

	return slice_of(all[below(COUNT(all))]);
}

static struct slice any_text(struct arena *a)
{
	static const char *const all[] = { "<", ">", "&", "'", "\"", "\t", "\n",
	    "\r", "\r\n", " ", "x", "]]>", "&lt;", "<![CDATA[", "--", "\xc3\xb1",
	    "\xe2\x80\xa8", "\xef\xbf\xbd", "\xf0\x9f\x98\x80", "\x7f", "\xc2\x85",
	    "/>", "='", "&#1;", "</stream:stream>" };
	struct buf b = { 0 };
	struct slice text;

	for (unsigned n = below(6); n != 0; n--)
		buf_adds(&b, all[below(COUNT(all))]);
	text = slice_dup(a, buf_slice(&b));
	buf_fini(&b);
	return text;
}

static void add_attr(struct arena *a, struct elem *e)
{
	struct attr **end = &e->attrs, *at = ARENA_NEW(a, struct attr);

	at->ns = below(2) == 0 ? SLICE("") : any_ns();
	at->name = any_name();
	at->value = any_text(a);
	for (; *end != NULL; end = &(*end)->next)
		if (slice_eq((*end)->name, at->name) && slice_eq((*end)->ns, at->ns))
			return;
	*end = at;
}

/* Text only where none stands before it: a parser gives one piece. */
static void add_text(struct arena *a, struct elem *e)
{
	if (e->last == NULL || e->last->elem != NULL)
		elem_add_text(a, e, any_text(a));
}

static struct elem *random_tree(struct arena *a)
{
	struct elem *top = elem_new_slice(a, any_ns(), any_name()), *e = top;

	for (unsigned n = below(40); n != 0; n--) {
		unsigned dice = below(6);

		if (dice == 0 && e->parent != NULL) {
			e = e->parent;
		} else if (dice == 1) {
			add_text(a, e);
		} else if (dice <= 3) {
			add_attr(a, e);
		} else {
			struct elem *child = elem_new_slice(a, any_ns(), any_name());

			elem_add_elem(a, e, child);
			e = dice == 4 ? child : e;
		}
	}
	return top;
}

/* --- comparing --- */

static bool same_attrs(const struct elem *a, const struct elem *b)
{
	const struct attr *x = a->attrs, *y = b->attrs;

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!slice_eq(x->ns, y->ns) || !slice_eq(x->name, y->name) ||
		    !slice_eq(x->value, y->value))
			return false;
	return x == y;
}

static bool same_tree(const struct elem *a, const struct elem *b)
{
	const struct node *x = a->first, *y = b->first;

	if (!slice_eq(a->ns, b->ns) || !slice_eq(a->name, b->name) || !same_attrs(a, b))
		return false;
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		if ((x->elem == NULL) != (y->elem == NULL))
			return false;
		if (x->elem != NULL ? !same_tree(x->elem, y->elem) :
		    !slice_eq(x->text, y->text))
			return false;
	}
	return x == y;
}

/* --- round trips --- */

static struct parser *open_stream(void)
{
	struct parser *p = parser_new(&limits);
	struct slice in = SLICE("<stream:stream xmlns='" NS_CLIENT
	    "' xmlns:stream='" NS_STREAM "'>");
	struct arena a;
	struct elem *e;
	enum parse_error error;

	if (parser_feed(p, &in, &a, &e, &error) != PARSE_HEADER)
		abort();
	arena_fini(&a);
	return p;
}

static void write_tree(struct buf *out, const char *ns, const struct elem *e)
{
	struct xml_writer w;

	buf_clear(out);
	write_init(&w, out, ns);
	write_elem(&w, e);
}

static bool through_stream(struct parser *p, struct buf *out, const struct elem *tree)
{
	struct arena a;
	struct elem *e;
	enum parse_error error;
	struct slice in;
	bool same;

	write_tree(out, NS_CLIENT, tree);
	in = buf_slice(out);
	same = parser_feed(p, &in, &a, &e, &error) == PARSE_ELEMENT && in.n == 0 &&
	    same_tree(tree, e);
	arena_fini(&a);
	return same;
}

static bool through_document(struct buf *out, const struct elem *tree)
{
	struct arena a = { NULL };
	enum parse_error error;
	struct elem *e;
	bool same;

	write_tree(out, "", tree);
	e = parse_document(&a, buf_slice(out), &limits, &error);
	same = e != NULL && same_tree(tree, e) && same_tree(e, elem_copy(&a, e));
	arena_fini(&a);
	return same;
}

static void round_trips(unsigned long rounds)
{
	struct parser *p = open_stream();
	struct buf out = { 0 };
	unsigned long i;
	bool same = true;

	for (i = 0; i < rounds && same; i++) {
		struct arena a = { NULL };
		struct elem *tree = random_tree(&a);

		same = through_stream(p, &out, tree) &&
		    (i % 16 != 0 || through_document(&out, tree));
		arena_fini(&a);
	}
	if (!same)
		printf("# tree %lu: " SLICE_FMT "\n", i, SLICE_ARG(buf_slice(&out)));
	ok(same, "XML-06 what is written parses back to the same tree");
	parser_free(&p);
	buf_fini(&out);
}

/* XML-07: a value is one value, whatever it holds, and one stanza one stanza. */
static void injection(void)
{
	static const char *const hostile[] = { "'/><message to='x'/><a b='",
	    "\"/><presence/>", "</message>", "]]>", "<![CDATA[", "&#60;", "a\tb\nc\rd",
	    "</stream:stream>" };
	struct parser *p = open_stream();

	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct arena a = { NULL };
		struct elem *m = elem_new(&a, NS_CLIENT, "message");
		struct slice text = slice_of(hostile[i]);
		struct write_as as = { .from = text, .to = text, .id = text };
		struct buf out = { 0 };

		elem_set_lang(&a, m, text);
		elem_add_text_child(&a, m, NS_CLIENT, "body", text);
		write_stanza(&out, m, &as);
		elem_set(&a, m, "from", text);
		elem_set(&a, m, "to", text);
		elem_set(&a, m, "id", text);
		okf(through_stream(p, &out, m), "XML-07 no way out of a value: %s", hostile[i]);
		buf_fini(&out);
		arena_fini(&a);
	}
	parser_free(&p);
}

/* --- for the oracle --- */

static int by_name(const void *a, const void *b)
{
	const struct attr *const *x = a, *const *y = b;
	int c = slice_cmp((*x)->ns, (*y)->ns);

	return c != 0 ? c : slice_cmp((*x)->name, (*y)->name);
}

static void dump_slice(struct buf *out, struct slice s)
{
	buf_addf(out, "%zu:", s.n);
	buf_add(out, s);
}

static void dump(struct buf *out, const struct elem *e)
{
	const struct attr *sorted[64];
	size_t n = 0;

	buf_addc(out, 'E');
	dump_slice(out, e->ns);
	dump_slice(out, e->name);
	for (const struct attr *at = e->attrs; at != NULL; at = at->next)
		sorted[n++] = at;
	qsort(sorted, n, sizeof sorted[0], by_name);
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, 'A');
		dump_slice(out, sorted[i]->ns);
		dump_slice(out, sorted[i]->name);
		dump_slice(out, sorted[i]->value);
	}
	for (const struct node *x = e->first; x != NULL; x = x->next) {
		if (x->elem != NULL) {
			dump(out, x->elem);
		} else {
			buf_addc(out, 'T');
			dump_slice(out, x->text);
		}
	}
	buf_addc(out, '.');
}

/* One to three bytes exchanged, doubled, taken out or put in. */
static void damage(struct buf *text)
{
	static const char bytes[] = "<>/'\"=&;: ax!-[]?\t\x01\x80\xc0\xef";

	for (unsigned n = 1 + below(3); n != 0 && text->n > 1; n--) {
		size_t at = below((unsigned)text->n);
		char c = bytes[below(sizeof bytes - 1)];

		switch (below(3)) {
		case 0:
			text->p[at] = c;
			break;
		case 1:
			memmove(text->p + at, text->p + at + 1, text->n - at - 1);
			text->n--;
			break;
		case 2:
			buf_addc(text, c);
			memmove(text->p + at + 1, text->p + at, text->n - at - 1);
			text->p[at] = c;
			break;
		}
	}
}

static void print_one(bool damaged)
{
	struct arena a = { NULL };
	struct buf text = { 0 }, tree = { 0 };
	enum parse_error error;
	struct elem *e;

	write_tree(&text, "", random_tree(&a));
	if (damaged)
		damage(&text);
	e = parse_document(&a, buf_slice(&text), &limits, &error);
	if (e != NULL)
		dump(&tree, e);
	buf_addc(&text, '\0');
	buf_addc(&tree, '\0');
	fwrite(text.p, 1, text.n, stdout);
	fwrite(tree.p, 1, tree.n, stdout);
	buf_fini(&text);
	buf_fini(&tree);
	arena_fini(&a);
}

static uint64_t number(const char *text, uint64_t otherwise)
{
	if (text != NULL)
		slice_number(slice_of(text), UINT32_MAX, &otherwise);
	return otherwise;
}

int main(int argc, char **argv)
{
	random_state = number(getenv("T_XML_SEED"), 20261122);
	if (argc == 3 && strcmp(argv[1], "print") == 0) {
		for (uint64_t n = number(argv[2], 0); n != 0; n--)
			print_one(n % 2 == 0);
		return 0;
	}
	printf("# seed %" PRIu64 "\n", random_state);
	round_trips((unsigned long)number(getenv("T_XML_ROUNDS"), 50000));
	injection();
	parse_thread_fini();
	return done();
}
