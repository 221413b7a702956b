/* SPDX-License-Identifier: Apache-2.0 */
/* base/loop.c — one libuv loop for the thinking thread.
 *
 * A turn of the loop is: timers, sockets, then (uv_prepare, just before the
 * loop sleeps) the deferred calls until none is left, then the turn-end calls
 * that write what was gathered, then for some time the chores (base/chore.h). */
#include "base/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/chore.h"
#include "base/log.h"

enum { TURN_END_MOST = 8 };

struct call { loop_fn *fn; void *ctx; };

static struct {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_timer_t alarm;
	uv_idle_t hurry;                /* while it is on, the loop does not sleep */
	bool is_open;
	struct call *calls;             /* deferred: a queue in an array */
	size_t call_first, call_n, call_room;
	struct call at_end[TURN_END_MOST];
	size_t at_end_n;
	struct timer **heap;            /* heap[0] is the earliest */
	size_t heap_n, heap_room;
} loop;

/* --- deferred calls ------------------------------------------------------- */

void loop_defer(loop_fn *fn, void *ctx)
{
	if (loop.call_n == loop.call_room) {
		loop.call_room = loop.call_room != 0 ? loop.call_room * 2 : 64;
		loop.calls = mem_grow(loop.calls,
		    loop.call_room * sizeof *loop.calls);
	}
	loop.calls[loop.call_n++] = (struct call){ fn, ctx };
}

void loop_undefer(void *ctx)
{
	for (size_t i = loop.call_first; i < loop.call_n; i++)
		if (loop.calls[i].ctx == ctx)
			loop.calls[i].fn = NULL;
}

static void run_deferred(void)
{
	while (loop.call_first < loop.call_n) {
		struct call c = loop.calls[loop.call_first++];

		if (c.fn != NULL)
			c.fn(c.ctx);
	}
	loop.call_first = loop.call_n = 0;
}

void loop_at_turn_end(loop_fn *fn, void *ctx)
{
	assert(loop.at_end_n < TURN_END_MOST);
	loop.at_end[loop.at_end_n++] = (struct call){ fn, ctx };
}

static void turn_ends(uv_prepare_t *handle)
{
	(void)handle;
	do {
		run_deferred();
		for (size_t i = 0; i < loop.at_end_n; i++)
			loop.at_end[i].fn(loop.at_end[i].ctx);
	} while (loop.call_n != 0);
	/* What chores gave away to others is theirs in the next turn. */
	if (chores_run())
		loop_hurry();
	else
		uv_idle_stop(&loop.hurry);
}

static void hurries(uv_idle_t *handle)
{
	(void)handle;
}

void loop_hurry(void)
{
	loop_main();
	uv_idle_start(&loop.hurry, hurries);
}

/* --- timers: a binary heap, the earliest on top ---------------------------- */

static void heap_set(size_t i, struct timer *t)
{
	loop.heap[i] = t;
	t->place = i + 1;
}

static void heap_up(size_t i)
{
	struct timer *t = loop.heap[i];

	while (i != 0 && loop.heap[(i - 1) / 2]->due_ms > t->due_ms) {
		heap_set(i, loop.heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_set(i, t);
}

static void heap_down(size_t i)
{
	struct timer *t = loop.heap[i];

	for (;;) {
		size_t kid = i * 2 + 1;

		if (kid + 1 < loop.heap_n
		    && loop.heap[kid + 1]->due_ms < loop.heap[kid]->due_ms)
			kid++;
		if (kid >= loop.heap_n || loop.heap[kid]->due_ms >= t->due_ms)
			break;
		heap_set(i, loop.heap[kid]);
		i = kid;
	}
	heap_set(i, t);
}

static void alarm_rang(uv_timer_t *handle);

static void alarm_set(void)
{
	int64_t wait;

	if (loop.heap_n == 0) {
		uv_timer_stop(&loop.alarm);
		return;
	}
	wait = loop.heap[0]->due_ms - loop_now_ms();
	uv_timer_start(&loop.alarm, alarm_rang,
	    wait > 0 ? (uint64_t)wait : 0, 0);
}

static void alarm_rang(uv_timer_t *handle)
{
	int64_t now = loop_now_ms();

	(void)handle;
	while (loop.heap_n != 0 && loop.heap[0]->due_ms <= now) {
		struct timer *t = loop.heap[0];

		timer_stop(t);
		t->fn(t->ctx);
	}
	alarm_set();
}

void timer_init(struct timer *t, loop_fn *fn, void *ctx)
{
	*t = (struct timer){ .fn = fn, .ctx = ctx };
}

void timer_start(struct timer *t, int64_t after_ms)
{
	loop_main();
	timer_stop(t);
	if (loop.heap_n == loop.heap_room) {
		loop.heap_room = loop.heap_room != 0 ? loop.heap_room * 2 : 64;
		loop.heap = mem_grow(loop.heap,
		    loop.heap_room * sizeof (struct timer *));
	}
	t->due_ms = loop_now_ms() + (after_ms > 0 ? after_ms : 0);
	heap_set(loop.heap_n++, t);
	heap_up(t->place - 1);
	if (t->place == 1)
		alarm_set();
}

void timer_stop(struct timer *t)
{
	size_t i = t->place - 1;
	struct timer *last;

	if (t->place == 0)
		return;
	t->place = 0;
	last = loop.heap[--loop.heap_n];
	if (last == t)
		return;
	heap_set(i, last);
	heap_up(i);
	heap_down(last->place - 1);
}

bool timer_is_on(const struct timer *t)
{
	return t->place != 0;
}

/* --- clock ----------------------------------------------------------------- */

int64_t loop_now_ms(void)
{
	return (int64_t)uv_now(loop_main());
}

int64_t wall_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- work on the thread pool ----------------------------------------------- */

struct work { uv_work_t uv; loop_fn *work, *done; void *ctx; };

static void work_run(uv_work_t *uv)
{
	struct work *w = uv->data;

	w->work(w->ctx);
}

static void work_done(uv_work_t *uv, int status)
{
	struct work *w = uv->data;

	(void)status;
	w->done(w->ctx);
	free(w);
}

void loop_work(loop_fn *work, loop_fn *done, void *ctx)
{
	struct work *w = NEW(struct work);

	*w = (struct work){ .work = work, .done = done, .ctx = ctx };
	w->uv.data = w;
	if (uv_queue_work(loop_main(), &w->uv, work_run, work_done) != 0)
		panic("thread pool refused work");
}

/* --- life ------------------------------------------------------------------ */

uv_loop_t *loop_main(void)
{
	if (!loop.is_open) {
		if (uv_loop_init(&loop.uv) != 0)
			fatal("event loop: cannot be created");
		uv_prepare_init(&loop.uv, &loop.prepare);
		uv_prepare_start(&loop.prepare, turn_ends);
		uv_timer_init(&loop.uv, &loop.alarm);
		uv_idle_init(&loop.uv, &loop.hurry);
		loop.is_open = true;
	}
	return &loop.uv;
}

static bool is_stopping;

void loop_run(void)
{
	is_stopping = false;
	while (!is_stopping)
		uv_run(loop_main(), UV_RUN_ONCE);
}

void loop_stop(void)
{
	is_stopping = true;
	uv_stop(loop_main());
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_fini(void)
{
	if (!loop.is_open)
		return;
	run_deferred();
	uv_walk(&loop.uv, close_handle, NULL);
	uv_run(&loop.uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop.uv) != 0)
		log_event(LOG_WARN, "loop-not-empty", "-", "handles=left");
	free(loop.calls);
	free(loop.heap);
	loop.is_open = false;
	loop.calls = NULL;
	loop.heap = NULL;
	loop.call_room = loop.heap_n = loop.heap_room = loop.at_end_n = 0;
}
