/* SPDX-License-Identifier: Apache-2.0 */
/* tertulia-im.c — the process that faces the network: builds the world in
 * order, runs the loop, tears it down in reverse.
 *
 * It is started by tertuliad, which opens the listening sockets and hands them
 * over.  SIGHUP reads the configuration again (core/reload.h).  SIGTERM says good-bye to every stream and lets
 * writes that have begun finish. */
#include <sys/resource.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/proc.h"
#include "core/admission.h"
#include "core/membership.h"
#include "core/certified.h"
#include "core/control.h"
#include "core/guesses.h"
#include "core/host.h"
#include "core/job.h"
#include "core/live.h"
#include "core/parts.h"
#include "core/reload.h"
#include "core/shared_follow.h"
#include "core/proof.h"
#include "core/route.h"
#include "core/source.h"
#include "core/stream.h"
#include "core/verifiers.h"

enum { LISTENERS_MOST = 32, GOODBYE_MS = 4000 };

static struct arena names;
static uv_signal_t on_term, on_int, on_hup;
static struct timer goodbye;
static int64_t goodbye_until_ms;

/* --- the end ----------------------------------------------------------------------- */

static void goodbye_look(void *ctx)
{
	(void)ctx;
	if ((stream_count() != 0 || job_detached_count() != 0
	    || verifiers_count() != 0) && loop_now_ms() < goodbye_until_ms) {
		timer_start(&goodbye, 20);
		return;
	}
	if (job_detached_count() != 0)
		log_event(LOG_WARN, "changes-cut-off", "-", "n=%zu",
		    job_detached_count());
	loop_stop();
}

static void stop(uv_signal_t *handle, int signum)
{
	(void)handle;
	(void)signum;
	if (goodbye_until_ms != 0) {
		loop_stop();            /* the second signal is in a hurry */
		return;
	}
	log_event(LOG_INFO, "stopping", "-", "sessions=%zu", session_count());
	goodbye_until_ms = loop_now_ms() + GOODBYE_MS;
	io_stop_listening();
	stream_end_all("system-shutdown");
	timer_init(&goodbye, goodbye_look, NULL);
	timer_start(&goodbye, 0);
}

static void again(uv_signal_t *handle, int signum)
{
	(void)handle;
	(void)signum;
	if (goodbye_until_ms == 0)
		reload();
}

static void watch_signal(uv_signal_t *handle, uv_signal_cb fn, int signum)
{
	uv_signal_init(loop_main(), handle);
	uv_signal_start(handle, fn, signum);
}

/* --- the beginning ------------------------------------------------------------------ */

static void raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void host_name(const char *text, struct jid *jid_r)
{
	if (!jid_parse(&names, slice_of(text), jid_r) || jid_r->local_n != 0
	    || jid_r->resource_n != 0)
		fatal("%s is not a domain name", text);
}

static void listen_all(void)
{
	static const struct { const char *kind; bool is_direct; } kinds[] = {
		{ "c2s", false }, { "c2s_tls", true },
	};
	int fds[LISTENERS_MOST];

	for (size_t k = 0; k < COUNT(kinds); k++) {
		size_t n = proc_inherited(kinds[k].kind, fds, COUNT(fds));

		for (size_t i = 0; i < n; i++)
			io_listen(fds[i], kinds[k].is_direct);
	}
}

static void build(const struct settings *s)
{
	struct tls_context *tls = parts_tls(s);
	struct sasl_conf sasl = parts_sasl(s);
	const char *why = NULL;

	if (tls == NULL)
		fatal("tertulia-im: the certificates cannot be used; see the log");
	host.settings = s;
	host.started_ms = wall_now_ms();
	host_name(s->server.domain, &host.jid);
	host_name(s->server.muc_domain, &host.muc_jid);
	host_name(s->search.domain, &host.search_jid);
	if (!sasl_start(&sasl, s->server.state_dir, &why))
		fatal("[sasl]: %s", why);
	host.xdb = parts_store(s, &why);
	if (host.xdb == NULL)
		fatal("[ldap]: %s", why);
	if (!features_start(&why) || !dispatch_build(&why))
		fatal("features: %s", why);
	live_start();
	shared_start();
	admission_start();
	membership_start();
	if (!control_start(s->server.control_socket, &why))
		fatal("%s: %s", s->server.control_socket, why);
	io_start(&(struct io_conf){ .settings = s, .tls = tls,
		.event = stream_io_event });
	tls_context_free(&tls);
	listen_all();
}

static void tear_down(void)
{
	io_stop(1000);
	control_stop();
	job_detached_free();
	shared_stop();
	admission_stop();
	membership_stop();
	accounts_look_stop();
	features_stop();
	sources_fini();
	dispatch_fini();
	accounts_forget_away();
	certified_stop();
	reload_stop();
	xdb_close(&host.xdb);
	loop_fini();                    /* and with it what the thread pool does */
	sasl_stop();
	verifiers_stop();
	proofs_stop();
	guesses_fini();
	arena_fini(&names);
	reload_fini();
}

int main(int argc, char **argv)
{
	struct settings *s;

	if (argc != 3 || strcmp(argv[1], "-c") != 0)
		fatal("tertulia-im is started by tertuliad");
	s = parts_settings(argv[2]);
	if (s == NULL)
		return 1;
	reload_start(argv[2], s);
	parts_log(s);
	signal(SIGPIPE, SIG_IGN);
	raise_files();
	build(s);
	watch_signal(&on_term, stop, SIGTERM);
	watch_signal(&on_int, stop, SIGINT);
	watch_signal(&on_hup, again, SIGHUP);
	proc_ready();
	loop_run();
	tear_down();
	return 0;
}
