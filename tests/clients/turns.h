/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/turns.h — how long a program's loop was away (LDAP-11).
 *
 * Counted in ticks of a thread that does nothing else, for a machine that
 * stands still does not tick.  Time in which this thread could have run and
 * others had the processor is not its own fault either; time in which it did
 * run is a long turn, but not a wait.
 *
 * Turns themselves are counted in processor time of this thread, which is nobody
 * else's fault on any machine: from one end of a turn to the next, sleep and all. */
#ifndef TESTS_CLIENTS_TURNS_H
#define TESTS_CLIENTS_TURNS_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/str.h"

#define TICK_MS 5

struct moment {
	int64_t ticked, starved, ran;   /* ms */
};

static _Atomic int64_t ticks;
static struct moment last_beat;
static int64_t longest_wait_ms;
static uv_timer_t beat_timer;
static pthread_t metronome;
static uv_prepare_t turn_end;
static uint64_t turn_began_ns, busiest_turn_us, turns_us, turns_n;

static void *tick(void *nothing)
{
	for (;;) {
		usleep(TICK_MS * 1000);
		ticks++;
	}
	return nothing;
}

static struct moment moment_now(void)
{
	struct moment m = { ticks * TICK_MS, 0, 0 };
	FILE *f = fopen("/proc/self/schedstat", "r");
	uint64_t ran = 0, starved = 0;
	char line[128] = "";
	struct slice rest, word;

	if (f == NULL)
		return m;
	rest = fgets(line, sizeof line, f) != NULL ? slice_of(line) : slice_of("");
	fclose(f);
	if (slice_word(&rest, &word) && slice_number(word, UINT64_MAX, &ran)
	    && slice_word(&rest, &word) && slice_number(word, UINT64_MAX, &starved)) {
		m.ran = (int64_t)(ran / 1000000);
		m.starved = (int64_t)(starved / 1000000);
	}
	return m;
}

static void beat(uv_timer_t *t)
{
	struct moment now = moment_now();
	int64_t turn = now.ticked - last_beat.ticked - (now.starved - last_beat.starved);
	int64_t wait = turn - (now.ran - last_beat.ran);

	(void)t;
	if (wait > longest_wait_ms)
		longest_wait_ms = wait;
	last_beat = now;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void turn_ended(uv_prepare_t *p)
{
	uint64_t now = cpu_ns(), us = (now - turn_began_ns) / 1000;

	(void)p;
	turn_began_ns = now;
	turns_us += us;
	turns_n++;
	if (us > busiest_turn_us)
		busiest_turn_us = us;
}

/* From here on. */
static void turns_reset(void)
{
	turn_began_ns = cpu_ns();
	busiest_turn_us = turns_us = turns_n = 0;
}

static void turns_start(void)
{
	uv_prepare_init(loop_main(), &turn_end);
	uv_prepare_start(&turn_end, turn_ended);
	turns_reset();
	uv_timer_init(loop_main(), &beat_timer);
	uv_timer_start(&beat_timer, beat, TICK_MS, TICK_MS);
	if (pthread_create(&metronome, NULL, tick, NULL) != 0)
		abort();
}

static void turns_stop(void)
{
	pthread_cancel(metronome);
	pthread_join(metronome, NULL);
}

#endif
