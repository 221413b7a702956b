/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/usage.h — what processes have used, as /proc tells it: seconds of
 * processor time (user and system, all threads), KiB of memory that are their own
 * share (PSS).  A process counts with all its descendants. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include "base/str.h"

enum { PIDS_MOST = 64 };

struct pids { uint64_t pid[PIDS_MOST]; size_t n; };

/* "12,34": added, with all who descend from them at this moment. */
void pids_add(struct pids *p, struct slice list);

double cpu_of(const struct pids *p);
uint64_t pss_of(const struct pids *p);
/* The thread that main() runs in: the core's. */
double cpu_of_main_thread(uint64_t pid);
/* The threads whose name begins so. */
double cpu_of_threads(uint64_t pid, const char *name);

#endif
