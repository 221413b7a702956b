/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on several threads at once: each thread has an expat parser of its
 * own, and ICU is opened once for all.  Worth most under a thread sanitizer. */
#include "tests/tap.h"

#include <pthread.h>

#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

enum { THREADS = 4, STANZAS = 2000 };

static const struct parse_limits limits = { 65536, 64, 2000, 64, 0 };

#define HEAD "<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>"

/* The number of the thread and of the stanza comes back in the stanza. */
static bool one(struct parser *p, unsigned thread, unsigned n)
{
	struct buf text = { 0 }, again = { 0 };
	struct slice in;
	struct arena a;
	struct elem *e;
	enum parse_error error;
	struct jid to;
	bool good;

	buf_addf(&text, "<message to='jos\xc3\xa9%u@example.org/%u'><body>%u</body></message>",
	    thread, n, n);
	in = buf_slice(&text);
	good = parser_feed(p, &in, &a, &e, &error) == PARSE_ELEMENT;
	if (good) {
		write_stanza(&again, e, NULL);
		good = slice_eq(buf_slice(&again), buf_slice(&text)) &&
		    jid_parse(&a, elem_attr(e, "to"), &to) &&
		    slice_eq(jid_full(&to), elem_attr(e, "to"));
	}
	arena_fini(&a);
	buf_fini(&text);
	buf_fini(&again);
	return good;
}

static void *run(void *ctx)
{
	unsigned thread = *(const unsigned *)ctx, n = 0;
	struct parser *p = parser_new(&limits);
	struct slice in = SLICE(HEAD);
	struct arena a;
	struct elem *e;
	enum parse_error error;

	if (parser_feed(p, &in, &a, &e, &error) == PARSE_HEADER)
		while (n < STANZAS && one(p, thread, n))
			n++;
	arena_fini(&a);
	parser_free(&p);
	parse_thread_fini();
	return n == STANZAS ? ctx : NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, run, &numbers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		okf(result != NULL, "thread %u parsed its %d stanzas", i, STANZAS);
	}
	return done();
}
