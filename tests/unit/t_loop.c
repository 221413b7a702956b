/* SPDX-License-Identifier: Apache-2.0 */
/* base/loop: deferred calls, turn end, timers in order, the thread pool. */
#include "base/loop.h"
#include "tests/tap.h"

static char trace[256];
static struct timer timers[4], guard;

static void note(void *ctx)
{
	size_t n = strlen(trace);

	snprintf(trace + n, sizeof trace - n, "%s", (const char *)ctx);
}

static void defers_more(void *ctx)
{
	note(ctx);
	loop_defer(note, "c");
}

static void at_end(void *ctx)
{
	(void)ctx;
	if (strcmp(trace, "abc") == 0)
		note("|");
}

static void finish(void *ctx)
{
	(void)ctx;
	loop_stop();
}

static void test_defer(void)
{
	loop_at_turn_end(at_end, NULL);
	loop_defer(note, "a");
	loop_defer(defers_more, "b");
	loop_defer(note, &timers);
	loop_undefer(&timers);
	is_str(trace, "", "nothing runs inside the call that asks");
	timer_init(&guard, finish, NULL);
	timer_start(&guard, 20);
	loop_run();
	is_str(trace, "abc|", "deferred calls run in order, then the turn ends");
}

static void test_timers(void)
{
	trace[0] = '\0';
	for (int i = 0; i < 4; i++)
		timer_init(&timers[i], note, (char *[]){ "0", "1", "2", "3" }[i]);
	timer_start(&timers[0], 40);
	timer_start(&timers[1], 10);
	timer_start(&timers[2], 20);
	timer_start(&timers[3], 30);
	timer_stop(&timers[2]);
	timer_start(&timers[1], 35);
	timer_start(&guard, 80);
	ok(timer_is_on(&timers[0]) && !timer_is_on(&timers[2]), "timers know whether they are on");
	loop_run();
	is_str(trace, "310", "timers ring in order, stopped ones do not, restarted ones later");
	ok(!timer_is_on(&timers[0]), "a timer that rang is off");
}

static struct timer many[2000];
static int64_t last_due;
static int rang, disorder;

static void ring(void *ctx)
{
	struct timer *t = ctx;

	rang++;
	if (t->due_ms < last_due)
		disorder++;
	last_due = t->due_ms;
}

static void test_many(void)
{
	unsigned seed = 7;

	for (size_t i = 0; i < COUNT(many); i++) {
		seed = seed * 1103515245u + 12345u;
		timer_init(&many[i], ring, &many[i]);
		timer_start(&many[i], (seed >> 8) % 50);
	}
	for (size_t i = 0; i < COUNT(many); i += 2)
		timer_stop(&many[i]);
	timer_start(&guard, 100);
	loop_run();
	is_int(rang, 1000, "a thousand of two thousand timers ring");
	is_int(disorder, 0, "and in order");
}

static void add(void *ctx)
{
	*(int *)ctx += 1;
}

static void test_work(void)
{
	static int n = 0;

	loop_work(add, add, &n);
	timer_start(&guard, 100);
	loop_run();
	is_int(n, 2, "work runs on the pool and its end on the loop");
}

int main(void)
{
	test_defer();
	test_timers();
	test_many();
	test_work();
	loop_fini();
	return done();
}
