/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/scenario.h — the things that are measured, each a line of JSON. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "tests/bench/client.h"
#include "tests/bench/usage.h"

/* What the arguments say; a scenario takes those that it names. */
extern struct plan {
	uint64_t users;         /* who log in */
	uint64_t talkers;       /* talk, rate: of them, in pairs; 0: all */
	uint64_t window;        /* messages on their way, of each talker or room */
	uint64_t messages;      /* talk, away: in all; room: to each room */
	uint64_t per_second, seconds;           /* rate, idle */
	uint64_t rooms, occupants;
	uint64_t first, stride; /* away: who is asked about */
	uint64_t friends;       /* befriend, storm: in each one's roster */
	const char *muc;        /* the conference service */
	const char *label;      /* goes into every line */
	struct pids server, slapd;
	uint64_t im;            /* whose threads are told apart; 0: nobody's */
} plan;

struct scenario { const char *name; void (*run)(void); };
extern const struct scenario scenarios[];
extern const size_t scenarios_n;

#endif
