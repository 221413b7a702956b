/* SPDX-License-Identifier: Apache-2.0 */
/* base/loop.h — the event loop (libuv), deferred calls, timers, the clock.
 *
 * Everything in a process but its I/O threads runs on one loop, `loop_main()`.
 * A callback is only ever called from the loop, never from inside the call
 * that asked for it. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

uv_loop_t *loop_main(void);             /* created at first use, process lifetime */
void loop_run(void);                    /* until loop_stop */
void loop_stop(void);
void loop_fini(void);                   /* closes what is left; for leak checkers */

int64_t loop_now_ms(void);              /* monotonic, as of this loop turn; tests may turn it */
int64_t wall_now_ms(void);              /* real time, milliseconds since 1970 */

/* Call fn(ctx) once, later in this loop turn or the next, before the loop
 * sleeps.  Deferred calls run in order; those added meanwhile run in the same
 * drain.  loop_undefer(ctx) forgets all calls for ctx. */
typedef void loop_fn(void *ctx);
void loop_defer(loop_fn *fn, void *ctx);
void loop_undefer(void *ctx);

/* The next turn comes at once: the loop does not sleep before it.  For
 * base/chore.h. */
void loop_hurry(void);

/* Called at the end of each loop turn, before it sleeps: where output that was
 * gathered is written.  Process lifetime. */
void loop_at_turn_end(loop_fn *fn, void *ctx);

/* One-shot timer, embedded in its owner.  Starting again restarts; stop is
 * always allowed on an initialised timer.  All of them share one heap under one
 * uv_timer: a million idle ones cost no wake-up. */
struct timer {
	loop_fn *fn;
	void *ctx;
	int64_t due_ms;
	size_t place;                  /* in the heap, from 1; 0: off */
};
void timer_init(struct timer *t, loop_fn *fn, void *ctx);
void timer_start(struct timer *t, int64_t after_ms);
void timer_stop(struct timer *t);
bool timer_is_on(const struct timer *t);

/* Work that blocks or is slow, on libuv's thread pool; done runs on the loop. */
void loop_work(loop_fn *work, loop_fn *done, void *ctx);

#endif
