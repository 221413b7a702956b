/* SPDX-License-Identifier: Apache-2.0 */
/* How often a password may be guessed (SASL-16, WEB-08). */
#include "tests/tap.h"

#include "base/loop.h"
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

/* --- side by side ------------------------------------------------------------------ */

enum { MANY = 64 };
struct one { struct throttle_try *try; enum throttle_says says; int told; bool may; };

static void told(void *ctx, bool may)
{
	struct one *o = ctx;

	o->told++;
	o->may = may;
}

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop();
}

static void turn(void)
{
	loop_defer(stop, NULL);
	loop_run();
}

static void begin(struct throttle *t, struct one *o, unsigned n, const char *name)
{
	char text[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof text, "%s%u", name, i);
		o[i] = (struct one){ 0 };
		o[i].says = throttle_begin(t, HERE, *name == '\0' ? ann
		    : slice_of(text), told, &o[i], &o[i].try);
	}
}

static unsigned of(const struct one *o, unsigned n, enum throttle_says says)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		found += o[i].says == says;
	return found;
}

static void check_wrong_side_by_side(void)
{
	struct throttle *t = throttle_new(&limits);
	struct one o[MANY];
	unsigned tried = 0, refused = 0;

	begin(t, o, MANY, "");
	is_int(of(o, MANY, THROTTLE_GO), limits.away.name, "no more than may fail go on");
	is_int(of(o, MANY, THROTTLE_HOLD), MANY - limits.away.name, "the others wait");
	for (unsigned i = 0; i < MANY; i++) {
		turn();
		if (o[i].says == THROTTLE_GO || o[i].may) {
			throttle_failed(t, HERE, ann, loop_now_ms());
			tried++;
		} else {
			refused += o[i].told == 1;
		}
		throttle_end(&o[i].try);
	}
	is_int(tried, limits.away.name, "all wrong: that was all");
	is_int(refused, MANY - limits.away.name, "and the others are told");
	begin(t, o, 1, "");
	ok(o[0].says == THROTTLE_SPENT && o[0].try == NULL, "as who comes after");
	throttle_free(&t);
}

static void check_right_side_by_side(void)
{
	struct throttle *t = throttle_new(&limits);
	struct one o[MANY];
	unsigned n = 0;

	begin(t, o, MANY, "person");
	is_int(of(o, MANY, THROTTLE_GO), limits.away.address, "of one address, too");
	for (unsigned i = 0; i < MANY; i++) {
		turn();
		n += o[i].says == THROTTLE_GO || (o[i].told == 1 && o[i].may);
		throttle_end(&o[i].try);
	}
	is_int(n, MANY, "many people who are right come in one after the other");
	begin(t, o, MANY, "");
	for (unsigned i = 0; i < MANY; i++) {
		turn();
		ok(o[i].says == THROTTLE_GO || o[i].may, "in the order they came");
		throttle_passed(t, HERE, ann);
		throttle_end(&o[i].try);
	}
	throttle_free(&t);
}

/* Clients go while they wait, or while their try is under way. */
static void check_who_leaves(void)
{
	struct throttle *t = throttle_new(&limits);
	struct one o[MANY];

	begin(t, o, MANY, "");
	throttle_end(&o[limits.away.name].try);
	throttle_end(&o[0].try);
	throttle_end(&o[1].try);
	throttle_end(&o[limits.away.name + 1].try);     /* its turn, not yet told */
	turn();
	is_int(o[limits.away.name].told + o[limits.away.name + 1].told, 0,
	    "who left hears nothing");
	ok(o[limits.away.name + 2].may && o[limits.away.name + 3].may,
	    "their places are free");
	is_int(o[limits.away.name + 4].told, 0, "and no others");
	is_int(throttle_begin(t, HERE, ann, NULL, NULL, &o[0].try),
	    THROTTLE_SPENT, "who cannot wait is refused");
	throttle_free(&t);              /* with all that are under way */
}

int main(void)
{
	check_names();
	check_addresses();
	check_networks();
	check_memory();
	check_wrong_side_by_side();
	check_right_side_by_side();
	check_who_leaves();
	return done();
}
