/* SPDX-License-Identifier: Apache-2.0 */
/* Each limit of the parser at its last good and its first bad value, and how
 * early it is felt. */
#include "tests/tap.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

#define HEAD "<stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams'>"

static const struct parse_limits wide = { 256 * 1024, 64, 2000, 64, 0 };
static const struct parse_limits narrow = { 8192, 8, 32, 16, 1024 };

struct outcome { enum parse_event event; enum parse_error error; size_t eaten; };

/* The last event but PARSE_MORE, and after how many bytes it came. */
static struct outcome feed(struct parser *p, struct slice all, size_t step)
{
	struct outcome o = { PARSE_MORE, PARSE_OK, 0 };
	size_t at = 0;

	while (at < all.n && o.event != PARSE_ERROR) {
		size_t n = step < all.n - at ? step : all.n - at;
		struct slice in = slice_make(all.p + at, n);
		enum parse_event event = PARSE_ERROR;

		at += n;
		while (event != PARSE_MORE) {
			struct arena a;
			struct elem *e;
			enum parse_error error;

			event = parser_feed(p, &in, &a, &e, &error);
			arena_fini(&a);
			if (event != PARSE_MORE)
				o = (struct outcome){ event, error, at - in.n };
			if (event == PARSE_ERROR)
				break;
		}
	}
	return o;
}

static struct outcome run(const struct parse_limits *limits, struct slice in,
    size_t step)
{
	struct parser *p = parser_new(limits);
	struct outcome o;

	feed(p, SLICE(HEAD), sizeof HEAD);
	o = feed(p, in, step);
	parser_free(&p);
	return o;
}

static void passes(const struct parse_limits *limits, struct buf *in, const char *name)
{
	okf(run(limits, buf_slice(in), in->n).event == PARSE_ELEMENT &&
	    run(limits, buf_slice(in), 7).event == PARSE_ELEMENT, "%s passes", name);
	buf_clear(in);
}

static void too_large(const struct parse_limits *limits, struct buf *in, const char *name)
{
	struct outcome whole = run(limits, buf_slice(in), in->n);
	struct outcome parts = run(limits, buf_slice(in), 7);

	okf(whole.event == PARSE_ERROR && whole.error == PARSE_TOO_LARGE &&
	    parts.event == PARSE_ERROR && parts.error == PARSE_TOO_LARGE,
	    "%s is too large", name);
	buf_clear(in);
}

static void add_many(struct buf *b, const char *unit, size_t n)
{
	while (n-- != 0)
		buf_adds(b, unit);
}

/* start, filling, end: n bytes together. */
static void add_filled(struct buf *b, const char *start, char fill, const char *end,
    size_t n)
{
	size_t filling = n - strlen(start) - strlen(end);

	buf_adds(b, start);
	while (filling-- != 0)
		buf_addc(b, fill);
	buf_adds(b, end);
}

static void bytes(void)
{
	static const struct { const char *name, *start, *end; char fill; } forms[] = {
		{ "text",        "<a>",          "</a>",      'x' },
		{ "a value",     "<a b='",       "'/>",       'x' },
		{ "CDATA",       "<a><![CDATA[", "]]></a>",   ']' },
		{ "space in a tag", "<a ",       "/>",        ' ' },
		{ "space in an end tag", "<a></a", ">",       ' ' },
		{ "space in text", "<a>",        "</a>",      '\n' },
	};
	struct buf in = { 0 };
	char name[100];

	for (size_t i = 0; i < COUNT(forms); i++)
		for (size_t n = narrow.bytes - 1; n <= narrow.bytes + 1; n++) {
			snprintf(name, sizeof name, "XML-09 child of %zu bytes, mostly %s",
			    n, forms[i].name);
			add_filled(&in, forms[i].start, forms[i].fill, forms[i].end, n);
			(n <= narrow.bytes ? passes : too_large)(&narrow, &in, name);
		}
	for (size_t i = 0; i < COUNT(forms); i++) {
		add_filled(&in, forms[i].start, forms[i].fill, "", 100000);
		okf(run(&narrow, buf_slice(&in), 1).eaten == narrow.bytes + 1,
		    "XML-09 endless %s is refused with the first byte too many", forms[i].name);
		buf_clear(&in);
	}
	add_many(&in, "<a>", 1);
	add_many(&in, "x", 9990);
	add_many(&in, "</a>", 1);
	passes(&wide, &in, "XML-09 the 10000 bytes that RFC 6120 §13.12 asks for");
	buf_fini(&in);
}

static void header_bytes(void)
{
	for (size_t n = narrow.bytes - 1; n <= narrow.bytes + 1; n++) {
		struct buf in = { 0 };
		struct parser *p = parser_new(&narrow);
		struct outcome o;

		add_filled(&in, "<stream:stream xmlns:stream='" NS_STREAM "' to='", 'x', "'>", n);
		o = feed(p, buf_slice(&in), 100);
		okf(n <= narrow.bytes ? o.event == PARSE_HEADER :
		    o.event == PARSE_ERROR && o.error == PARSE_TOO_LARGE,
		    "XML-09 header of %zu bytes", n);
		parser_free(&p);
		buf_fini(&in);
	}
}

static void counts(void)
{
	struct buf in = { 0 };

	add_many(&in, "<a>", 1);
	add_many(&in, "<b/>", 31);
	add_many(&in, "</a>", 1);
	passes(&narrow, &in, "XML-10 child of 32 elements");
	add_many(&in, "<a>", 1);
	add_many(&in, "<b/>", 32);
	too_large(&narrow, &in, "XML-10 child of 33 elements, not yet complete,");
	add_many(&in, "<a>", 1);
	add_many(&in, "<a/>", 1999);
	add_many(&in, "</a>", 1);
	passes(&wide, &in, "XML-11 child of 2000 elements");
	add_many(&in, "<a>", 1);
	add_many(&in, "<a/>", 2000);
	too_large(&wide, &in, "XML-11 child of 2001 elements");
	add_many(&in, "<a>", 8);
	add_many(&in, "</a>", 8);
	passes(&narrow, &in, "XML-10 depth 8");
	add_many(&in, "<a>", 9);
	too_large(&narrow, &in, "XML-10 depth 9");
	add_many(&in, "<a>", 8);
	add_many(&in, "<a/>", 1);
	too_large(&narrow, &in, "XML-10 depth 9, the last one empty,");
	add_many(&in, "<a>", 64);
	add_many(&in, "</a>", 64);
	passes(&wide, &in, "XML-11 depth 64");
	add_many(&in, "<a>", 65);
	too_large(&wide, &in, "XML-11 depth 65");
	buf_fini(&in);
}

static void add_attributes(struct buf *in, unsigned n)
{
	buf_adds(in, "<a xmlns:x='u'");
	for (unsigned i = 1; i < n; i++)
		buf_addf(in, " b%u=''", i);
	buf_adds(in, "/>");
}

static void attributes(void)
{
	struct buf in = { 0 };

	add_attributes(&in, 64);
	passes(&wide, &in, "XML-11 64 attributes with declarations");
	add_attributes(&in, 65);
	too_large(&wide, &in, "XML-11 65 attributes with declarations");
	add_filled(&in, "<", 'a', "/>", 256 + 3);
	passes(&wide, &in, "XML-11 element's name of 256 bytes");
	add_filled(&in, "<", 'a', "/>", 257 + 3);
	too_large(&wide, &in, "XML-11 element's name of 257 bytes");
	add_filled(&in, "<a ", 'b', "=''/>", 256 + 8);
	passes(&wide, &in, "XML-11 attribute's name of 256 bytes");
	add_filled(&in, "<a ", 'b', "=''/>", 257 + 8);
	too_large(&wide, &in, "XML-11 attribute's name of 257 bytes");
	add_filled(&in, "<a></", 'a', "", 257 + 5);
	too_large(&wide, &in, "XML-11 end tag's name of 257 bytes");
	add_filled(&in, "<a xmlns='", 'u', "'/>", 512 + 13);
	passes(&wide, &in, "XML-11 namespace of 512 bytes");
	add_filled(&in, "<a xmlns='", 'u', "'/>", 513 + 13);
	too_large(&wide, &in, "XML-11 namespace of 513 bytes");
	add_filled(&in, "<p:a xmlns:p='", 'u', "'/>", 513 + 17);
	too_large(&wide, &in, "XML-11 prefix's namespace of 513 bytes");
	buf_fini(&in);
}

static void space(void)
{
	struct buf in = { 0 };

	add_many(&in, " ", 1024);
	buf_adds(&in, "<a/>");
	add_many(&in, "\n", 1024);
	buf_adds(&in, "<a/>");
	passes(&narrow, &in, "XML-13 1024 bytes of space before each child");
	add_many(&in, " ", 1025);
	too_large(&narrow, &in, "XML-13 1025 bytes of space");
	add_many(&in, "        ", 100000);
	buf_adds(&in, "<a/>");
	passes(&wide, &in, "XML-13 any space when there is no limit");
	buf_fini(&in);
}

/* With counts that would allow it, memory is the limit that holds. */
static void memory(void)
{
	static const struct parse_limits lavish = { 256 * 1024, 64, 100000, 100000, 0 };
	struct parser *other = parser_new(&wide);
	struct buf in = { 0 };

	feed(other, SLICE(HEAD "<a><b>"), sizeof HEAD);
	add_many(&in, "<a>", 1);
	add_many(&in, "<b/>", 60000);
	add_many(&in, "</a>", 1);
	too_large(&lavish, &in, "XML-12 tree of 60000 elements");
	buf_adds(&in, "<a");
	for (unsigned i = 0; i < 17000; i++)
		buf_addf(&in, " xmlns:p%u='u'", i);
	buf_adds(&in, "/>");
	too_large(&lavish, &in, "XML-12 17000 declarations in expat's tables");
	ok(feed(other, SLICE("</b></a>"), 3).event == PARSE_ELEMENT,
	    "XML-12 another stream of the thread lives on");
	parser_free(&other);
	buf_fini(&in);
}

static void changed(void)
{
	struct parser *p = parser_new(&narrow);
	struct buf in = { 0 };

	feed(p, SLICE(HEAD), sizeof HEAD);
	add_filled(&in, "<a>", 'x', "</a>", 20000);
	parser_set_limits(p, &wide);
	ok(feed(p, buf_slice(&in), 1000).event == PARSE_ELEMENT, "wider limits count at once");
	parser_set_limits(p, &narrow);
	ok(feed(p, buf_slice(&in), 1000).error == PARSE_TOO_LARGE, "and narrower ones");
	parser_free(&p);
	buf_fini(&in);
}

/* XML-11 with little stack: nothing recurses over what a peer sent. */
static void *on_small_stack(void *ctx)
{
	struct buf *in = ctx;
	struct arena a = { NULL };
	enum parse_error error;
	struct elem *e = parse_document(&a, buf_slice(in), &wide, &error);
	struct buf out = { 0 };

	if (e != NULL) {
		struct xml_writer w;

		write_init(&w, &out, "");
		write_elem(&w, elem_copy(&a, e));
	}
	buf_clear(in);
	buf_add(in, e != NULL ? buf_slice(&out) : SLICE("refused"));
	buf_fini(&out);
	arena_fini(&a);
	parse_thread_fini();
	return NULL;
}

static void run_on_small_stack(struct buf *in)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	pthread_create(&thread, &attr, on_small_stack, in);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

static void small_stack(void)
{
	struct buf in = { 0 }, same = { 0 };

	add_many(&in, "<a>", 100000);
	run_on_small_stack(&in);
	is_slice(buf_slice(&in), SLICE("refused"), "XML-11 100000 deep with 64 KiB of stack");
	buf_clear(&in);
	add_many(&in, "<a>", 63);
	add_many(&in, "<a/>", 1900);
	add_many(&in, "</a>", 63);
	buf_add(&same, buf_slice(&in));
	run_on_small_stack(&in);
	ok(slice_eq(buf_slice(&in), buf_slice(&same)),
	    "XML-11 the largest tree is copied and written with 64 KiB of stack");
	buf_fini(&in);
	buf_fini(&same);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Were it quadratic, it would be minutes, not a fraction of a second. */
static void dribble(void)
{
	static const struct { const char *name, *start, *end; char fill; } forms[] = {
		{ "a value of '>'", "<a b='", "'/>", '>' },
		{ "text", "<a>", "</a>", 'x' },
		{ "CDATA", "<a><![CDATA[", "]]></a>", ']' },
	};

	for (size_t i = 0; i < COUNT(forms); i++) {
		struct buf in = { 0 };
		double before = cpu_seconds(), took;
		bool good;

		add_filled(&in, forms[i].start, forms[i].fill, forms[i].end, wide.bytes);
		good = run(&wide, buf_slice(&in), 1).event == PARSE_ELEMENT;
		took = cpu_seconds() - before;
		okf(good && took < 2, "XML-08 256 KiB of %s byte by byte in linear time", forms[i].name);
		printf("# %.3f s\n", took);
		buf_fini(&in);
	}
}

int main(void)
{
	bytes();
	header_bytes();
	counts();
	attributes();
	space();
	memory();
	changed();
	small_stack();
	dribble();
	parse_thread_fini();
	return done();
}
