/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded set of those to whom a session has shown itself. */
#include "feat/directed.h"
#include "tests/tap.h"

static struct slice address(struct buf *b, unsigned i)
{
	buf_clear(b);
	buf_addf(b, "sala%u@conference.example/yo", i);
	return buf_slice(b);
}

static unsigned count(const struct directed *d)
{
	struct slice a;
	size_t at = 0;
	unsigned n = 0;

	while ((a = directed_next(d, &at)).p != NULL)
		n++;
	return n;
}

int main(void)
{
	struct directed d = { .addresses = { 0 } };
	struct buf b = { 0 };
	bool good = true;
	size_t at = 0;

	ok(directed_next(&d, &at).p == NULL, "an empty set has nobody");
	for (unsigned i = 0; i < DIRECTED_MOST; i++)
		good = good && directed_add(&d, address(&b, i));
	ok(good, "500 addresses fit");
	is_int(count(&d), DIRECTED_MOST, "and are all there");
	ok(!directed_add(&d, SLICE("uno@mas.example")), "one more does not");
	ok(directed_add(&d, address(&b, 7)), "one that is there is no one more");
	directed_remove(&d, address(&b, 7));
	directed_remove(&d, SLICE("nadie@example"));
	is_int(count(&d), DIRECTED_MOST - 1, "one is forgotten, nobody else");
	ok(directed_add(&d, SLICE("uno@mas.example")), "and makes room");
	buf_clear(&b);
	buf_adds(&b, "efimero@example");
	directed_remove(&d, SLICE("uno@mas.example"));
	directed_add(&d, buf_slice(&b));
	buf_clear(&b);
	buf_adds(&b, "XXXXXXXXXXXXXXX");
	directed_remove(&d, SLICE("efimero@example"));
	is_int(count(&d), DIRECTED_MOST - 1, "the set keeps its own copy");
	directed_fini(&d);
	at = 0;
	ok(directed_next(&d, &at).p == NULL, "nobody is left at the end");
	directed_fini(&d);
	buf_fini(&b);
	return done();
}
