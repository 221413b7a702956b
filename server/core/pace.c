/* SPDX-License-Identifier: Apache-2.0 */
/* core/pace.c — rises with the slowest load, sinks by an eighth of the way with
 * every other; an outage is not waited for. */
#include "core/pace.h"

enum { LEAST_MS = 4, MOST_MS = 50 };

static int64_t pace = LEAST_MS;

void pace_saw(int64_t ms)
{
	if (ms > MOST_MS)
		ms = MOST_MS;
	/* one more: the clock ticks in whole milliseconds */
	pace = ms + 1 > pace ? ms + 1 : pace - (pace - ms) / 8;
	if (pace < LEAST_MS)
		pace = LEAST_MS;
}

int64_t pace_ms(void)
{
	return pace;
}
