/* SPDX-License-Identifier: Apache-2.0 */
/* A stream from a stranger: it means the same however it is cut into reads, and
 * each child that is let in is written so that it reads back as it was.  The
 * first byte chooses limits and the size of the pieces. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/utf8.h"
#include "xml/write.h"

static const struct parse_limits all_limits[] = {
	{ 256 * 1024, 64, 2000, 64, 0 },
	{ 8192, 8, 32, 16, 1024 },
	{ 100, 3, 4, 2, 3 },
};

static void write_tree(struct buf *out, const struct elem *e)
{
	struct xml_writer w;

	write_init(&w, out, "");
	write_elem(&w, e);
}

static void check_round_trip(const struct elem *e)
{
	static const struct parse_limits wide = { 8 * 1024 * 1024, 64, 2000, 128, 0 };
	struct arena a = { NULL };
	struct buf once = { 0 }, twice = { 0 };
	enum parse_error error;
	struct elem *again;

	write_tree(&once, e);
	assert(utf8_is_good(buf_slice(&once)));
	again = parse_document(&a, buf_slice(&once), &wide, &error);
	assert(again != NULL);
	write_tree(&twice, again);
	assert(slice_eq(buf_slice(&once), buf_slice(&twice)));
	buf_fini(&once);
	buf_fini(&twice);
	arena_fini(&a);
}

/* Feeds a piece, notes each event; false after an error. */
static bool feed(struct parser *p, struct slice in, struct buf *events, bool check)
{
	for (;;) {
		struct arena a;
		struct elem *e;
		enum parse_error error;
		enum parse_event ev = parser_feed(p, &in, &a, &e, &error);

		if (ev == PARSE_MORE) {
			assert(in.n == 0);
			return true;
		}
		buf_addf(events, "%d %d;", (int)ev, (int)error);
		if (ev == PARSE_ERROR)
			return false;
		if (ev == PARSE_ELEMENT) {
			write_tree(events, e);
			if (check)
				check_round_trip(e);
		}
		arena_fini(&a);
	}
}

static void run(const struct parse_limits *limits, struct slice all, size_t step,
    struct buf *events)
{
	struct parser *p = parser_new(limits);
	bool good = true;

	while (all.n != 0 && good) {
		size_t n = step < all.n ? step : all.n;

		good = feed(p, slice_make(all.p, n), events, step >= all.n);
		all = slice_make(all.p + n, all.n - n);
	}
	parser_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, pieces = { 0 };
	const struct parse_limits *limits;
	struct slice all;

	if (size == 0)
		return 0;
	limits = &all_limits[data[0] % COUNT(all_limits)];
	all = slice_make(data + 1, size - 1);
	run(limits, all, size, &whole);
	run(limits, all, 1 + data[0] % 7u, &pieces);
	assert(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_fini(&whole);
	buf_fini(&pieces);
	parse_thread_fini();
	return 0;
}
