/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/report.c — prints results; knows nothing of how they came to be. */
#include "ctl/report.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/version.h"

static const struct { const char *word, *colour; } shown[] = {
	[VERDICT_OK]      = { "ok",      "\033[32m" },
	[VERDICT_WARNING] = { "warning", "\033[33m" },
	[VERDICT_FAULT]   = { "fault",   "\033[1;31m" },
	[VERDICT_SKIPPED] = { "skipped", "\033[2m" },
};
enum { WORD_COLUMN = 9, ID_COLUMN = 20 };

struct report_counts report_count(const struct result *results, size_t n)
{
	struct report_counts c = { 0 };

	for (size_t i = 0; i < n; i++) {
		c.faults += results[i].verdict == VERDICT_FAULT;
		c.warnings += results[i].verdict == VERDICT_WARNING;
		c.skipped += results[i].verdict == VERDICT_SKIPPED;
		c.unsure += results[i].is_unsure;
	}
	return c;
}

int report_code(const struct report_counts *c)
{
	return c->faults != 0 ? 2 : c->warnings != 0 ? 1 : c->unsure != 0 ? 3 : 0;
}

static void sum_add(struct buf *out, unsigned n, const char *word)
{
	if (n != 0)
		buf_addf(out, "%s%u %s%s", out->n != 0 ? ", " : "", n, word,
		    n == 1 ? "" : "s");
}

void report_sum(struct buf *out, const struct report_counts *c)
{
	sum_add(out, c->faults, "fault");
	sum_add(out, c->warnings, "warning");
	if (out->n == 0)
		buf_adds(out, c->unsure != 0 ? "could not tell" : "no fault found");
	if (c->unsure != 0)
		buf_addf(out, ", %u not looked at", c->unsure);
}

static void print_one(FILE *out, const struct check *check,
    const struct result *r, bool has_colours)
{
	fprintf(out, "%s%-*s%s%-*s%.*s\n",
	    has_colours ? shown[r->verdict].colour : "", WORD_COLUMN,
	    shown[r->verdict].word, has_colours ? "\033[0m" : "", ID_COLUMN,
	    check->id, SLICE_ARG(buf_slice(&r->what)));
	if (r->next.n != 0)
		fprintf(out, "%*s-> %.*s\n", WORD_COLUMN + ID_COLUMN - 3, "",
		    SLICE_ARG(buf_slice(&r->next)));
}

void report_text(FILE *out, const struct doctor *d, bool is_quiet,
    bool has_colours)
{
	struct report_counts c = report_count(d->results, check_n);
	struct buf sum = { 0 };

	for (size_t i = 0; i < check_n; i++) {
		enum verdict v = d->results[i].verdict;

		if (!is_quiet || v == VERDICT_WARNING || v == VERDICT_FAULT)
			print_one(out, &checks[i], &d->results[i], has_colours);
	}
	report_sum(&sum, &c);
	fprintf(out, "%s\n", buf_cstr(&sum));
	buf_fini(&sum);
}

/* What a directory says may be no UTF-8; JSON is. */
static json_t *text(const struct buf *b)
{
	json_t *s = json_stringn(b->p != NULL ? b->p : "", b->n);
	struct buf clean = { 0 };

	if (s != NULL)
		return s;
	for (size_t i = 0; i < b->n; i++)
		buf_addc(&clean, (unsigned char)b->p[i] < 0x80 ? b->p[i] : '?');
	s = json_stringn(clean.p, clean.n);
	buf_fini(&clean);
	return s;
}

static json_t *one_json(const struct check *check, const struct result *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_string(check->id));
	json_object_set_new(o, "tests", json_string(check->tests));
	json_object_set_new(o, "verdict", json_string(shown[r->verdict].word));
	json_object_set_new(o, "what", text(&r->what));
	json_object_set_new(o, "next", text(&r->next));
	json_object_set_new(o, "because", r->because != NULL
	    ? json_string(r->because) : json_null());
	json_object_set_new(o, "ms", json_integer(r->ms));
	return o;
}

void report_json(FILE *out, const struct doctor *d)
{
	struct report_counts c = report_count(d->results, check_n);
	struct buf sum = { 0 };
	json_t *o = json_object(), *list = json_array();

	report_sum(&sum, &c);
	json_object_set_new(o, "version", json_string(TERTULIA_VERSION));
	json_object_set_new(o, "configuration", json_string(d->path));
	json_object_set_new(o, "code", json_integer(report_code(&c)));
	json_object_set_new(o, "summary", text(&sum));
	json_object_set_new(o, "faults", json_integer(c.faults));
	json_object_set_new(o, "warnings", json_integer(c.warnings));
	json_object_set_new(o, "skipped", json_integer(c.skipped));
	for (size_t i = 0; i < check_n; i++)
		json_array_append_new(list, one_json(&checks[i], &d->results[i]));
	json_object_set_new(o, "checks", list);
	json_dumpf(o, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(o);
	buf_fini(&sum);
}
