/* SPDX-License-Identifier: Apache-2.0 */
/* What streams cost in heap: idle ones next to nothing, hostile ones no more
 * than 24 times the stanza limit (XML-12).  Every allocation of the process,
 * expat's too, is counted by putting ourselves in front of malloc. */
#include "tests/tap.h"

#include <stdlib.h>

#include "xml/ns.h"
#include "xml/parse.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif

#ifdef SANITIZED

int main(void)
{
	skip("XML-12 heap of streams", "the sanitizer has a malloc of its own");
	return done();
}

#else

#include <malloc.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static size_t heap, peak;

static void *counted(void *p)
{
	heap += p != NULL ? malloc_usable_size(p) : 0;
	peak = heap > peak ? heap : peak;
	return p;
}

void *malloc(size_t n)
{
	return counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
	heap -= p != NULL ? malloc_usable_size(p) : 0;
	return counted(__libc_realloc(p, n));
}

void free(void *p)
{
	heap -= p != NULL ? malloc_usable_size(p) : 0;
	__libc_free(p);
}

#define HEAD "<stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams'>"

static const struct parse_limits wide = { 256 * 1024, 64, 2000, 64, 0 };
static const struct parse_limits narrow = { 8192, 8, 32, 16, 1024 };

/* Feeds all in pieces of 4000 bytes; true when no error came. */
static bool feed(struct parser *p, struct slice all)
{
	while (all.n != 0) {
		size_t n = all.n < 4000 ? all.n : 4000;
		struct slice in = slice_make(all.p, n);
		enum parse_event event;

		do {
			struct arena a;
			struct elem *e;
			enum parse_error error;

			event = parser_feed(p, &in, &a, &e, &error);
			arena_fini(&a);
			if (event == PARSE_ERROR)
				return false;
		} while (event != PARSE_MORE);
		all = slice_make(all.p + n, all.n - n);
	}
	return true;
}

/* Unit after unit, each with its number, while bytes and elements last. */
static void fill(struct buf *b, const struct parse_limits *limits,
    const char *start, const char *unit, const char *end)
{
	size_t room = limits->bytes - strlen(unit) - 8 - strlen(end);

	buf_adds(b, start);
	for (unsigned i = 1; b->n < room; i++) {
		const char *number = strchr(unit, '$');

		if (unit[0] == '<' && i == limits->elements)
			break;
		if (number == NULL) {
			buf_adds(b, unit);
			continue;
		}
		buf_add(b, slice_make(unit, (size_t)(number - unit)));
		buf_addf(b, "%x", i);
		buf_adds(b, number + 1);
	}
	buf_adds(b, end);
}

/* Elements with as many attributes as they may have. */
static void fill_attributes(struct buf *b, const struct parse_limits *limits,
    const char *start, const char *unit, const char *end)
{
	buf_adds(b, start);
	for (unsigned i = 1; i < limits->elements && b->n + limits->attributes * 20 +
	    strlen(end) < limits->bytes; i++) {
		buf_adds(b, "<b");
		for (unsigned k = 0; k < limits->attributes; k++)
			buf_addf(b, unit[0] == 'x' ? " xmlns:x%xx%x='u'" : " p:b%xx%x=''", i, k);
		buf_adds(b, unit[0] == 'n' ? ">" : "/>");
	}
	buf_adds(b, end);
}

typedef void fill_fn(struct buf *, const struct parse_limits *, const char *,
    const char *, const char *);

static const struct {
	const char *name;
	fill_fn *fill;
	const char *start, *unit, *end;
} hostile[] = {
	{ "one text", fill, "<a>", "x", "</a>" },
	{ "lines", fill, "<a>", "\n", "</a>" },
	{ "references", fill, "<a>", "&#65;", "</a>" },
	{ "one value", fill, "<a b='", "x", "'/>" },
	{ "empty elements", fill, "<a>", "<b/>", "</a>" },
	{ "elements of many names", fill, "<a>", "<b$/>", "</a>" },
	{ "attributes of many names", fill_attributes, "<a xmlns:p='u'>", "b", "</a>" },
	{ "attributes in a long namespace", fill_attributes,
	    "<a xmlns:p='uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"
	    "'>", "b", "</a>" },
	{ "declarations of many prefixes", fill_attributes, "<a>", "x", "</a>" },
	{ "an end that never comes", fill_attributes, "<a xmlns:p='u'>", "n", "" },
};

static void attack(const struct parse_limits *limits, size_t i)
{
	struct buf in = { 0 };
	struct parser *p;
	size_t before, most;

	hostile[i].fill(&in, limits, hostile[i].start, hostile[i].unit, hostile[i].end);
	parse_thread_fini();
	before = heap;
	p = parser_new(limits);
	peak = heap;
	feed(p, SLICE(HEAD));
	feed(p, buf_slice(&in));
	most = peak - before;
	okf(most <= 24 * limits->bytes + 64 * 1024, "XML-12 %s, %zu bytes: heap bounded",
	    hostile[i].name, in.n);
	printf("# most %zu bytes, %.1f for each byte\n", most, (double)most / (double)in.n);
	parser_free(&p);
	okf(heap - before <= 512 * 1024, "XML-12 %s: little stays behind", hostile[i].name);
	parse_thread_fini();
	okf(heap == before, "XML-12 %s: nothing is lost", hostile[i].name);
	buf_fini(&in);
}

/* Ever new names into the thread's shared parser. */
static void names_do_not_gather(void)
{
	struct parser *p = parser_new(&wide);
	size_t before = heap;
	bool good = feed(p, SLICE(HEAD));

	for (unsigned i = 0; i < 100000 && good; i++) {
		char child[80];
		int n = snprintf(child, sizeof child, "<n%x a%x='' xmlns:p%x='u'/>", i, i, i);

		good = feed(p, slice_make(child, (size_t)n));
	}
	ok(good, "XML-12 100000 children of new names pass");
	ok(heap - before < 600 * 1024, "XML-12 and their names do not gather for ever");
	printf("# %zu bytes\n", heap - before);
	parser_free(&p);
}

static void idle_streams(void)
{
	enum { STREAMS = 1000 };
	static struct parser *p[STREAMS];
	struct parser *first = parser_new(&wide);
	size_t before;

	feed(first, SLICE(HEAD "<a/>"));        /* the thread's parser is there */
	before = heap;
	for (size_t i = 0; i < STREAMS; i++) {
		p[i] = parser_new(&wide);
		feed(p[i], SLICE(HEAD "<message><body>x</body></message>"));
	}
	okf((heap - before) / STREAMS <= 256, "an idle stream costs %zu bytes of heap",
	    (heap - before) / STREAMS);
	for (size_t i = 0; i < STREAMS; i++)
		parser_free(&p[i]);
	parser_free(&first);
	parse_thread_fini();
}

int main(void)
{
	struct parser *p = parser_new(&wide);

	/* What libraries allocate once. */
	feed(p, SLICE(HEAD "<a/><!"));
	parser_free(&p);
	puts("# heap:");
	for (size_t i = 0; i < COUNT(hostile); i++) {
		attack(&wide, i);
		attack(&narrow, i);
	}
	names_do_not_gather();
	idle_streams();
	return done();
}

#endif
