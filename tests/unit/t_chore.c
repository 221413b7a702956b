/* SPDX-License-Identifier: Apache-2.0 */
/* base/chore: of each turn of the loop long work has its share and no more,
 * whoever does it, and the others are served in between.  What is counted are
 * pieces that take a known time at least: a machine that is slow makes fewer of
 * them fit, never more. */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/chore.h"
#include "tests/tap.h"

enum { PIECE_NS = 50 * 1000, FIT = CHORE_NS / PIECE_NS };

static struct timer guard;
static uv_prepare_t turn;               /* the end of each, when chores ran */
static unsigned pieces, most_pieces, turns;

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop();
}

static void turn_ends(uv_prepare_t *p)
{
	(void)p;
	turns++;
	if (pieces > most_pieces)
		most_pieces = pieces;
	pieces = 0;
}

static void burn(uint64_t ns)
{
	uint64_t end = uv_hrtime() + ns;

	while (uv_hrtime() < end)
		;
}

static void reset(void)
{
	pieces = most_pieces = turns = 0;
}

/* --- the budget --- */

static struct work { struct chore chore; int left; } works[3];
static int busy;

static void work_run(void *ctx)
{
	struct work *w = ctx;

	do {
		burn(PIECE_NS);
		pieces++;
		if (--w->left == 0) {
			if (--busy == 0)
				loop_stop();
			return;
		}
	} while (chore_has_time());
	chore_start(&w->chore);
}

static void works_start(int left)
{
	for (size_t i = 0; i < COUNT(works); i++) {
		chore_init(&works[i].chore, work_run, &works[i]);
		works[i].left = left;
		chore_start(&works[i].chore);
	}
	busy = COUNT(works);
}

static void test_share(void)
{
	reset();
	works_start(100);
	ok(pieces == 0, "nothing runs inside the call that asks");
	loop_run();
	okf(most_pieces <= FIT + 1, "three chores at once: %u pieces at most in a "
	    "turn, %d fit", most_pieces, FIT);
	okf(turns >= 300 / (FIT + 1), "and so they took turns (%u)", turns);
}

/* --- others are served --- */

static int pipe_ends[2];
static unsigned since_written, most_waited, heard;

static void readable(uv_poll_t *p, int status, int events)
{
	char c;

	(void)p;
	(void)status;
	(void)events;
	if (read(pipe_ends[0], &c, 1) != 1)
		return;
	heard++;
	if (since_written > most_waited)
		most_waited = since_written;
	since_written = 0;
}

/* Writes when the last was heard; counts what is done until it is. */
static void talk_run(void *ctx)
{
	struct work *w = ctx;

	do {
		burn(PIECE_NS);
		if (since_written++ == 0 && write(pipe_ends[1], "x", 1) != 1)
			return;
		if (--w->left == 0) {
			loop_stop();
			return;
		}
	} while (chore_has_time());
	chore_start(&w->chore);
}

static void test_served(void)
{
	uv_poll_t poll;

	if (pipe(pipe_ends) != 0)
		return;
	uv_poll_init(loop_main(), &poll, pipe_ends[0]);
	uv_poll_start(&poll, UV_READABLE, readable);
	chore_init(&works[0].chore, talk_run, &works[0]);
	works[0].left = 500;
	chore_start(&works[0].chore);
	loop_run();
	okf(heard >= 500 / (FIT + 2) && most_waited <= FIT + 1,
	    "a message waits for %u pieces at most (%u messages)", most_waited,
	    heard);
	uv_poll_stop(&poll);
	uv_close((uv_handle_t *)&poll, NULL);
	timer_start(&guard, 1);
	loop_run();
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

/* --- order --- */

static char trace[64];

static void long_run(void *ctx)
{
	struct work *w = ctx;
	size_t n = strlen(trace);

	burn(CHORE_NS + PIECE_NS);
	trace[n] = (char)('a' + (w - works));
	if (--w->left != 0)
		chore_start(&w->chore);
	else if (--busy == 0)
		loop_stop();
}

static void test_order(void)
{
	works_start(3);
	for (size_t i = 0; i < COUNT(works); i++)
		works[i].chore.fn = long_run;
	loop_run();
	is_str(trace, "abcabcabc", "none is before another twice");
}

/* --- what else counts --- */

static void deferred(void *ctx)
{
	(void)ctx;
	chore_enter();
	chore_enter();
	burn(CHORE_NS);
	chore_leave();
	ok(!chore_has_time(), "what was done elsewhere counts");
	chore_leave();
}

static void test_enter(void)
{
	reset();
	works_start(1);
	busy = 2;                       /* so that it ends with the second */
	loop_defer(deferred, NULL);
	loop_run();
	is_int((long)most_pieces, 1, "then a chore has one piece all the same");
	timer_start(&guard, 5);
	loop_run();
}

/* --- life --- */

static void frees_itself(void *ctx)
{
	free(ctx);
	loop_stop();
}

static void test_life(void)
{
	struct work *w = NEW(struct work);
	unsigned before;

	works_start(1);
	busy = 1;
	chore_start(&works[1].chore);
	chore_stop(&works[0].chore);
	chore_stop(&works[2].chore);
	chore_stop(&works[2].chore);
	loop_run();
	ok(works[0].left == 1 && works[1].left == 0 && works[2].left == 1
	    && !chore_is_on(&works[1].chore),
	    "what was stopped does not run, what was started twice runs once");
	chore_init(&w->chore, frees_itself, w);
	chore_start(&w->chore);
	loop_run();
	before = turns;
	timer_start(&guard, 100);
	loop_run();
	okf(turns - before < 20, "without chores the loop sleeps (%u turns)",
	    turns - before);
}

int main(void)
{
	timer_init(&guard, stop, NULL);
	uv_prepare_init(loop_main(), &turn);
	uv_prepare_start(&turn, turn_ends);
	test_share();
	test_served();
	test_order();
	test_enter();
	test_life();
	loop_fini();
	return done();
}
