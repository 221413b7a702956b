/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/report.h — the results, for people, programs and monitoring. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <stdio.h>

#include "ctl/doctor.h"

struct report_counts { unsigned faults, warnings, skipped, unsure; };

struct report_counts report_count(const struct result *results, size_t n);
/* The convention of monitoring plugins: 0 good, 1 warning, 2 critical,
 * 3 could not tell. */
int report_code(const struct report_counts *counts);
/* "no fault found", "2 faults, 1 warning". */
void report_sum(struct buf *out, const struct report_counts *counts);

/* A line for each check, then the sum; quiet: only what is not good. */
void report_text(FILE *out, const struct doctor *d, bool is_quiet,
    bool has_colours);
/* One object. */
void report_json(FILE *out, const struct doctor *d);

#endif
