/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/load.c — what one thing costs an XMPP server, in processor time.
 *
 *   load port=5223 ca=ca.pem users=200 pids=PID,PID login window=8 talk …
 *
 * Arguments are done in their order: key=value sets (the table below), a word runs
 * a scenario (scenario.c) with what is set by then.  Each prints one line of JSON.
 * Its own cost does not count, as long as it leaves the server a core. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/bench/scenario.h"

static void set_pids(struct slice value)
{
	pids_add(&plan.server, value);
}

static void set_slapd(struct slice value)
{
	pids_add(&plan.slapd, value);
}

static const struct key {
	const char *name;
	const char **text;
	uint64_t *number;
	void (*take)(struct slice value);
} keys[] = {
	{ "port",      NULL, &conf.port, NULL },
	{ "ca",        &conf.ca, NULL, NULL },
	{ "domain",    &conf.domain, NULL, NULL },
	{ "muc",       &plan.muc, NULL, NULL },
	{ "stem",      &conf.stem, NULL, NULL },
	{ "password",  &conf.password, NULL, NULL },
	{ "mechanism", &conf.mechanism, NULL, NULL },  /* PLAIN or SCRAM-SHA-256 */
	{ "resource",  &conf.resource, NULL, NULL },
	{ "raw",       NULL, &conf.is_raw, NULL },     /* 1: the relay, no XMPP */
	{ "sasl",      NULL, &conf.stops_at_sasl, NULL },      /* 1: and no further */
	{ "label",     &plan.label, NULL, NULL },
	{ "pids",      NULL, NULL, set_pids },
	{ "slapd",     NULL, NULL, set_slapd },
	{ "im",        NULL, &plan.im, NULL },
	{ "users",     NULL, &plan.users, NULL },
	{ "talkers",   NULL, &plan.talkers, NULL },
	{ "window",    NULL, &plan.window, NULL },
	{ "messages",  NULL, &plan.messages, NULL },
	{ "rate",      NULL, &plan.per_second, NULL },
	{ "seconds",   NULL, &plan.seconds, NULL },
	{ "rooms",     NULL, &plan.rooms, NULL },
	{ "occupants", NULL, &plan.occupants, NULL },
	{ "first",     NULL, &plan.first, NULL },
	{ "stride",    NULL, &plan.stride, NULL },
	{ "friends",   NULL, &plan.friends, NULL },
};

static void set(struct slice name, struct slice value, const char *argument)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct key *k = &keys[i];

		if (!slice_is(name, k->name))
			continue;
		if (k->take != NULL)
			k->take(value);
		else if (k->text != NULL)
			*k->text = value.p;     /* ends where the argument does */
		else if (!slice_number(value, UINT32_MAX, k->number))
			die(argument);
		return;
	}
	die(argument);
}

static void run(const char *name)
{
	static bool has_begun;

	if (!has_begun)
		clients_begin(plan.users);
	has_begun = true;
	for (size_t i = 0; i < scenarios_n; i++)
		if (strcmp(scenarios[i].name, name) == 0) {
			scenarios[i].run();
			return;
		}
	die(name);
}

int main(int argc, char **argv)
{
	struct slice name, value;
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);       /* a client is a descriptor */
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++)
		if (slice_cut(slice_of(argv[i]), '=', &name, &value))
			set(name, value, argv[i]);
		else
			run(argv[i]);
	return 0;
}
