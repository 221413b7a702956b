/* SPDX-License-Identifier: Apache-2.0 */
/* How often a password may be guessed (SASL-16, WEB-08). */
#include "tests/tap.h"

#include "base/throttle.h"

static const struct slice ann = SLICE_INIT("ann"), bob = SLICE_INIT("bob");
static const struct throttle_limits limits = {
	.away = { .name = 10, .address = 20 },
	.loopback = { .name = 30, .address = 200 },
};
#define HERE "192.0.2.1"
#define THERE "192.0.2.2"

static void fail_often(struct throttle *t, const char *address, unsigned n,
    int64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof name, "name%u", i);
		throttle_failed(t, address, slice_of(name), now_ms);
	}
}

static void check_names(void)
{
	struct throttle *t = throttle_new(&limits);

	for (unsigned i = 0; i < limits.away.name; i++) {
		ok(throttle_wait_ms(t, HERE, ann, 1000) == 0, "a try is looked at");
		throttle_failed(t, HERE, ann, 1000);
	}
	is_int(throttle_wait_ms(t, HERE, ann, 1000), THROTTLE_MS,
	    "after ten wrong ones a name waits");
	is_int(throttle_wait_ms(t, HERE, ann, 1000 + THROTTLE_MS - 1), 1,
	    "until ten minutes after the first");
	is_int(throttle_wait_ms(t, HERE, ann, 1000 + THROTTLE_MS), 0, "and no longer");
	is_int(throttle_wait_ms(t, HERE, bob, 1000), 0, "another name does not wait");
	is_int(throttle_wait_ms(t, THERE, ann, 1000), 0,
	    "nor does the name from another address");
	throttle_failed(t, HERE, ann, 1000 + THROTTLE_MS);
	is_int(throttle_wait_ms(t, HERE, ann, 1000 + THROTTLE_MS), 0,
	    "counting begins anew");
	throttle_passed(t, HERE, ann);
	for (unsigned i = 1; i < limits.away.name; i++)
		throttle_failed(t, HERE, ann, 2000 + THROTTLE_MS);
	is_int(throttle_wait_ms(t, HERE, ann, 2000 + THROTTLE_MS), 0,
	    "the right password forgives the name");
	throttle_free(&t);
}

static void check_addresses(void)
{
	struct throttle *t = throttle_new(&limits);

	fail_often(t, HERE, limits.away.address, 1000);
	ok(throttle_wait_ms(t, HERE, bob, 1000) > 0,
	    "an address that tries many names waits");
	throttle_passed(t, HERE, bob);
	ok(throttle_wait_ms(t, HERE, bob, 1000) > 0, "and is not forgiven");
	ok(throttle_wait_ms(t, THERE, bob, 1000) == 0, "others do not wait");
	fail_often(t, "127.0.0.1", limits.away.address, 1000);
	ok(throttle_wait_ms(t, "127.0.0.1", bob, 1000) == 0,
	    "loopback may be many people");
	fail_often(t, "::1", limits.loopback.address, 1000);
	ok(throttle_wait_ms(t, "::1", bob, 1000) > 0, "but not without end");
	for (unsigned i = 0; i < limits.loopback.name; i++) {
		ok(throttle_wait_ms(t, "127.0.0.2", ann, 1000) == 0,
		    "a name has tries of loopback's own");
		throttle_failed(t, "127.0.0.2", ann, 1000);
	}
	ok(throttle_wait_ms(t, "127.0.0.2", ann, 1000) > 0, "as many as there are");
	throttle_free(&t);
}

static void check_networks(void)
{
	struct throttle *t = throttle_new(&limits);

	fail_often(t, "2001:db8:1:2::1", limits.away.address, 1000);
	ok(throttle_wait_ms(t, "2001:db8:1:2:ffff::9", bob, 1000) > 0,
	    "addresses of one /64 are one");
	ok(throttle_wait_ms(t, "2001:db8:1:3::1", bob, 1000) == 0,
	    "those of another are not");
	throttle_free(&t);
}

static void check_memory(void)
{
	struct throttle *t = throttle_new(&limits);

	fail_often(t, THERE, THROTTLE_ENTRIES * 3, 1000);
	throttle_failed(t, HERE, ann, 1000);
	ok(throttle_wait_ms(t, HERE, bob, 1000) == 0,
	    "a flood of names needs no more memory than there is");
	ok(throttle_wait_ms(t, THERE, bob, 1000) > 0,
	    "and does not wash away who floods");
	throttle_free(&t);
	throttle_free(&t);
	ok(t == NULL, "freed twice");
}

int main(void)
{
	check_names();
	check_addresses();
	check_networks();
	check_memory();
	return done();
}
