/* SPDX-License-Identifier: Apache-2.0 */
/* tertulia-web — the web process: pages for administrators and the JSON API.
 *
 * Started by tertuliad, which gives it listening sockets.  It has its own
 * identity in the directory and asks the im process only through the control
 * socket; everything runs on one loop. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "admin-web/auth.h"
#include "admin-web/exchange.h"
#include "admin-web/http.h"
#include "admin-web/login.h"
#include "admin-web/reload.h"
#include "admin-web/web.h"
#include "base/listen.h"
#include "base/proc.h"
#include "base/throttle.h"
#include "base/version.h"

enum {
	STOP_MS = 3000,         /* for requests that are being answered */
	STOP_LOOK_MS = 50,
};

/* Loopback may be a proxy that many people come through (WEB-08). */
static const struct throttle_limits guesses = {
	.away = { .name = 10, .address = 20 },
	.loopback = { .name = 10, .address = 200 },
};

static struct web web;
static const char *conf_path;
static int fds[LISTEN_MOST];
static struct timer stopping;
static int64_t stop_by_ms;

/* --- the end ----------------------------------------------------------------------------- */

static void stop_looks(void *ctx)
{
	(void)ctx;
	if (!list_is_empty(&web.exchanges) && loop_now_ms() < stop_by_ms) {
		timer_start(&stopping, STOP_LOOK_MS);
		return;
	}
	loop_stop();
}

static void stop(void)
{
	if (timer_is_on(&stopping)) {   /* asked twice */
		stop_by_ms = 0;
		return;
	}
	http_quiesce(web.http);
	stop_by_ms = loop_now_ms() + STOP_MS;
	timer_start(&stopping, STOP_LOOK_MS);
}

static void signal_came(uv_signal_t *handle, int number)
{
	(void)handle;
	if (number == SIGHUP)
		reload(&web);
	else
		stop();
}

static void signals_watch(void)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT };
	static uv_signal_t handles[COUNT(numbers)];

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uv_signal_init(loop_main(), &handles[i]);
		uv_signal_start(&handles[i], signal_came, numbers[i]);
	}
}

/* --- main -------------------------------------------------------------------------------- */

static void world_open(void)
{
	struct buf text = { 0 };
	const char *why = "";
	size_t n = proc_inherited("web", fds, LISTEN_MOST);

	web.settings = settings_load(conf_path, &text);
	if (web.settings == NULL)
		fatal("%stertulia-web: cannot start", buf_cstr(&text));
	if (!log_open(web.settings->log.file, web.settings->log.level, &why))
		fatal("tertulia-web: %s: %s", web.settings->log.file, why);
	list_init(&web.exchanges);
	web.logins = logins_new(&web.exchanges);
	web.throttle = throttle_new(&guesses);
	web.basic = basic_new();
	web.db = directory_open(web.settings, &why);
	if (web.db == NULL)
		fatal("tertulia-web: [web] bind_dn, bind_password_file: %s", why);
	if (http_open(&web, fds, n, &why) == NULL)
		fatal("tertulia-web: %s", why);
	reload_start(conf_path, web.settings);
	timer_init(&stopping, stop_looks, NULL);
	if (n == 0)
		log_event(LOG_WARN, "nothing-to-serve", "web",
		    "[listen] web names no address of this machine");
}

static void world_close(void)
{
	http_close(&web.http);
	exchanges_cut(&web);
	reload_stop();
	xdb_close(&web.db);
	basic_free(&web.basic);
	throttle_free(&web.throttle);
	logins_free(&web.logins);
	loop_fini();
	reload_fini(&web.settings);
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:V")) != -1)
		if (c == 'c')
			conf_path = optarg;
		else if (c == 'V')
			return puts("tertulia-web " TERTULIA_VERSION) == EOF;
	if (conf_path == NULL || optind != argc)
		fatal("usage: tertulia-web -c file (started by tertuliad)");
	umask(077);
	http_keep_secrets();
	world_open();
	signals_watch();
	proc_ready();
	loop_run();
	world_close();
	return 0;
}
