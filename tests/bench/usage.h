/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/usage.h — what a process has used, as /proc tells it. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"

static inline bool read_proc(uint64_t pid, const char *name, struct buf *out)
{
	char path[64], bytes[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%llu/%s", (unsigned long long)pid,
	    name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
	if (fd >= 0)
		close(fd);
	buf_clear(out);
	if (n > 0)
		buf_add(out, slice_make(bytes, (size_t)n));
	return n > 0;
}

/* Seconds of processor time: utime and stime, fields 14 and 15, behind a name
 * that may hold spaces. */
static inline double cpu_of(uint64_t pid)
{
	struct buf b = { 0 };
	struct slice rest, word = { NULL, 0 };
	uint64_t ticks = 0, n;

	if (pid != 0 && read_proc(pid, "stat", &b)) {
		rest = buf_slice(&b);
		while (slice_cut(rest, ')', &word, &rest) && rest.n != 0
		    && memchr(rest.p, ')', rest.n) != NULL)
			;
		for (int field = 3; slice_word(&rest, &word); field++)
			if ((field == 14 || field == 15)
			    && slice_number(word, UINT64_MAX / 2, &n))
				ticks += n;
	}
	buf_fini(&b);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* Kibibytes that are this process's own share of memory. */
static inline uint64_t pss_of(uint64_t pid)
{
	struct buf b = { 0 };
	struct slice rest, word;
	uint64_t n = 0;

	if (read_proc(pid, "smaps_rollup", &b)) {
		rest = buf_slice(&b);
		while (slice_word(&rest, &word))
			if (slice_is(word, "Pss:") && slice_word(&rest, &word)) {
				slice_number(word, UINT64_MAX / 2, &n);
				break;
			}
	}
	buf_fini(&b);
	return n;
}

#endif
