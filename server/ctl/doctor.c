/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/doctor.c — goes through the table of checks. */
#include "ctl/doctor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/scratch.h"

void result_say(struct result *r, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	if (verdict > r->verdict)
		buf_clear(&r->what);    /* what was good matters no more */
	if (verdict < r->verdict)
		return;
	r->verdict = verdict;
	if (r->what.n != 0)
		buf_adds(&r->what, "; ");
	va_start(ap, fmt);
	buf_addv(&r->what, fmt, ap);
	va_end(ap);
}

void result_next(struct result *r, const char *fmt, ...)
{
	va_list ap;

	if (r->next.n != 0)
		return;
	va_start(ap, fmt);
	buf_addv(&r->next, fmt, ap);
	va_end(ap);
}

const char *doctor_attr(const struct doctor *d, enum attr attr)
{
	return d->directory.names.rows[attr].name;
}

/* --- what hangs on what ------------------------------------------------------ */

static const struct result *result_of(const struct doctor *d, struct slice id)
{
	for (size_t i = 0; i < check_n; i++)
		if (slice_is(id, checks[i].id))
			return &d->results[i];
	panic("a check needs %.*s, which is none", SLICE_ARG(id));
}

/* The id of the check that keeps this one from being made. */
static bool is_held(const struct doctor *d, const struct check *c,
    const char **by_r)
{
	struct slice rest = slice_of(c->needs), id;

	while (slice_word(&rest, &id)) {
		const struct result *r = result_of(d, id);

		if (r->verdict == VERDICT_FAULT || r->verdict == VERDICT_SKIPPED) {
			*by_r = r->because;
			for (size_t i = 0; i < check_n && *by_r == NULL; i++)
				if (slice_is(id, checks[i].id))
					*by_r = checks[i].id;
			return true;
		}
	}
	return false;
}

static bool is_broken(const struct doctor *d)
{
	return (d->im != NULL && d->im->is_broken)
	    || (d->web != NULL && d->web->is_broken);
}

/* An error is not "nothing found" (directory.md rule 1): whatever this check
 * made of the silence, the silence is the finding, and the rest hangs on it. */
static void broke(struct doctor *d, const struct check *c, struct result *r)
{
	d->broken_in = c->id;
	buf_clear(&r->what);
	buf_clear(&r->next);
	r->verdict = VERDICT_OK;
	result_say(r, VERDICT_FAULT, "the directory broke off or did not answer "
	    "within %d seconds", WIRE_ANSWER_MS / 1000);
	result_next(r, "see the LDAP server's log and load, and run this again");
}

static void run_one(struct doctor *d, const struct check *c, struct result *r)
{
	int64_t began = wire_now_ms();

	if (d->broken_in != NULL)
		r->because = d->broken_in;
	if (r->because != NULL || is_held(d, c, &r->because))
		result_say(r, VERDICT_SKIPPED, "because of %s", r->because);
	else
		c->run(d, r);
	if (d->broken_in == NULL && is_broken(d))
		broke(d, c, r);
	r->ms = wire_now_ms() - began;
}

/* --- the run -------------------------------------------------------------------- */

static const int asking[] = { SIGINT, SIGTERM, SIGHUP };

/* They wait until a check is over: nothing is left half-made. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(asking); i++)
		sigaddset(&set, asking[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool is_asked_to_stop(void)
{
	sigset_t set;

	sigpending(&set);
	for (size_t i = 0; i < COUNT(asking); i++)
		if (sigismember(&set, asking[i]))
			return true;
	return false;
}

bool doctor_run(struct doctor *d, bool shows_progress)
{
	bool is_stopped = false;

	hold_signals();
	d->results = arena_alloc(&d->arena, check_n * sizeof *d->results);
	for (size_t i = 0; i < check_n; i++) {
		struct result *r = &d->results[i];

		is_stopped = is_stopped || is_asked_to_stop();
		if (shows_progress)
			fprintf(stderr, "\r\033[K%zu/%zu %s …", i + 1, check_n,
			    checks[i].tests);
		if (is_stopped) {
			result_say(r, VERDICT_SKIPPED, "asked to stop");
			r->is_unsure = true;
		} else {
			run_one(d, &checks[i], r);
		}
	}
	if (shows_progress)
		fputs("\r\033[K", stderr);
	return !is_stopped;
}

void doctor_end(struct doctor *d)
{
	/* d->im is one of those dialled. */
	struct wire **wires[] = { &d->web, &d->admin, &d->nobody };

	scratch_end(d);
	for (size_t i = 0; i < COUNT(wires); i++)
		wire_close(wires[i]);
	for (size_t i = 0; d->dialled != NULL && i < d->directory.server_n; i++)
		wire_close(&d->dialled[i]);
	for (size_t i = 0; d->results != NULL && i < check_n; i++) {
		buf_fini(&d->results[i].what);
		buf_fini(&d->results[i].next);
	}
	tls_context_free(&d->tls);
	settings_free(&d->settings);
	buf_fini(&d->complaints);
	buf_fini(&d->mend);
	free(d->people);
	map_fini(&d->known);
	arena_fini(&d->directory.arena);
	arena_fini(&d->arena);
}
