/* SPDX-License-Identifier: Apache-2.0 */
/* How long a wrong password is remembered (LDAP-15). */
#include "tests/tap.h"

#include "xdb_ldap/wrong.h"

static const struct slice ann = SLICE_INIT("uid=ann,dc=example,dc=org");
static const struct slice bob = SLICE_INIT("uid=bob,dc=example,dc=org");
static const struct slice bad = SLICE_INIT("bad"), worse = SLICE_INIT("worse");
static const struct slice monday = SLICE_INIT("20260105080000Z");
static const struct slice friday = SLICE_INIT("20260109080000Z");

enum { BEGAN = 1000, SECOND = 1000, MINUTE = 60 * SECOND };

static void add(struct wrong *w, struct slice dn, struct slice password, int64_t now_ms)
{
	unsigned char mark[WRONG_MARK_BYTES];

	wrong_mark(w, dn, password, mark);
	wrong_add(w, mark, now_ms);
}

static bool knows(struct wrong *w, struct slice dn, struct slice password,
    int64_t now_ms)
{
	unsigned char mark[WRONG_MARK_BYTES];

	wrong_mark(w, dn, password, mark);
	return wrong_is_known(w, mark, now_ms);
}

/* It may have been right, and whom slapd asks away (saslauthd). */
static void check_once(void)
{
	struct wrong *w = wrong_new();

	wrong_saw(w, ann, monday);
	ok(!knows(w, ann, bad, BEGAN), "nothing is known at first");
	add(w, ann, bad, BEGAN);
	ok(knows(w, ann, bad, BEGAN + 20 * SECOND), "wrong a moment ago");
	ok(!knows(w, ann, worse, BEGAN), "another password is another");
	ok(!knows(w, bob, bad, BEGAN), "somebody else's, too");
	ok(!knows(w, ann, bad, BEGAN + MINUTE), "once is soon forgotten");
	wrong_free(&w);
}

static void check_twice(void)
{
	struct wrong *w = wrong_new();

	wrong_saw(w, ann, monday);
	add(w, ann, bad, BEGAN);
	add(w, ann, bad, BEGAN + MINUTE);
	ok(knows(w, ann, bad, BEGAN + 9 * MINUTE), "twice is remembered longer");
	ok(!knows(w, ann, bad, BEGAN + 12 * MINUTE), "and not for ever");
	wrong_saw(w, ann, friday);
	ok(!knows(w, ann, bad, BEGAN + 9 * MINUTE), "a new password forgets it");
	wrong_free(&w);
}

static void check_blind(void)
{
	struct wrong *w = wrong_new();

	add(w, ann, bad, BEGAN);
	add(w, ann, bad, BEGAN + MINUTE);
	ok(knows(w, ann, bad, BEGAN + MINUTE + 30 * SECOND), "twice, a minute");
	ok(!knows(w, ann, bad, BEGAN + 3 * MINUTE),
	    "and no longer where nobody tells of a change");
	wrong_free(&w);
	ok(w == NULL, "freed");
}

int main(void)
{
	check_once();
	check_twice();
	check_blind();
	return done();
}
