/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_clock.c — do this machine and the directory agree about the time? */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/scratch.h"

void check_clock(struct doctor *d, struct result *r)
{
	int64_t off = d->scratch->made_at - d->scratch->server_made_at;
	enum verdict v = judge_clock(off);

	if (d->scratch->server_made_at == 0) {
		result_say(r, VERDICT_SKIPPED, "no room could be made, or the "
		    "directory shows no createTimestamp");
		return;
	}
	if (v == VERDICT_OK)
		result_say(r, v, "they agree");
	else
		result_say(r, v, "this machine is %lld seconds %s the directory",
		    (long long)(off < 0 ? -off : off), off < 0 ? "behind"
		    : "ahead of");
	if (v != VERDICT_OK)
		result_next(r, "set both by NTP: verifiers and links are judged "
		    "by their times");
}
