/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/iohost.h — a small core behind the real net/io.h, in a process of
 * its own, and clients that talk to it over loopback.
 *
 * The host does what elements tell it by their names (table `says`), and writes
 * a line about each event to a pipe, which the test reads: "opened 7 tls=no",
 * "closed 7 timed-out".  It ends when its input ends; a leak is its exit status. */
#ifndef TESTS_IOHOST_H
#define TESTS_IOHOST_H

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/loop.h"
#include "net/io.h"
#include "tests/unit/certs.h"
#include "xml/ns.h"

enum { PORT_PLAIN, PORT_TLS, PORTS };

static struct iohost {
	pid_t pid;
	int to, from;                   /* pipes */
	char said[4096];                /* lines not yet read by the test */
	size_t said_n;
	struct sockaddr_in port[PORTS];
	const char *name;               /* "inline", "threads" */
} iohost;

/* --- inside the host --------------------------------------------------------- */

static struct settings host_settings;
static struct tls_context *host_tls;
static conn_id host_paused[256], host_last;
static size_t host_paused_n;
static struct timer host_timer;
static int host_kept[256];
static size_t host_kept_n;

FORMAT(1, 2)
static inline void host_tell(const char *fmt, ...)
{
	struct buf line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	buf_addc(&line, '\n');
	if (write(iohost.from, line.p, line.n) < 0)
		abort();
	buf_fini(&line);
}

static inline void host_say(conn_id c, const char *text)
{
	io_send(c, slice_of(text));
}

static inline void do_header(conn_id c, const struct elem *e)
{
	(void)e;
	host_say(c, "<header/>");
}

static inline void do_ping(conn_id c, const struct elem *e)
{
	struct buf out = { 0 };

	buf_addf(&out, "<pong n='" SLICE_FMT "'/>", SLICE_ARG(elem_attr(e, "n")));
	io_send(c, buf_slice(&out));
	buf_fini(&out);
}

static inline void do_starttls(conn_id c, const struct elem *e)
{
	(void)e;
	host_say(c, "<proceed/>");
	io_start_tls(c);
}

static inline void do_auth(conn_id c, const struct elem *e)
{
	(void)e;
	host_say(c, "<success/>");
	io_authenticated(c);
	io_restart(c);
}

static inline void do_quiet(conn_id c, const struct elem *e)
{
	(void)c, (void)e;               /* no command: stays locked */
}

static inline void host_resume(void *ctx)
{
	(void)ctx;
	while (host_paused_n != 0)
		io_resume(host_paused[--host_paused_n]);
}

static inline void host_later(loop_fn *fn, int64_t ms)
{
	if (timer_is_on(&host_timer))
		return;
	timer_init(&host_timer, fn, NULL);
	timer_start(&host_timer, ms);
}

static inline void do_pause(conn_id c, const struct elem *e)
{
	(void)e;
	if (host_paused_n == COUNT(host_paused))
		host_resume(NULL);
	host_paused[host_paused_n++] = c;
	io_pause(c);
	host_later(host_resume, 800);
}

static inline void do_flood(conn_id c, const struct elem *e)
{
	char block[1024];
	uint64_t kb = 0;

	memset(block, 'x', sizeof block);
	for (slice_number(elem_attr(e, "kb"), 100000, &kb); kb != 0; kb--)
		io_send(c, slice_make(block, sizeof block));
	host_say(c, "<end/>");
}

static inline void do_bye(conn_id c, const struct elem *e)
{
	do_flood(c, e);
	io_close(c);
	host_say(c, "<too-late/>");
}

static inline void do_stop(conn_id c, const struct elem *e)
{
	do_flood(c, e);
	io_stop_listening();
	loop_stop();
}

static inline void do_reload(conn_id c, const struct elem *e)
{
	const char *why = NULL;
	struct tls_context *tls = tls_context_server(certs_path("new.pem"),
	    certs_path("new.key"), "xmpp-client", &why);

	(void)e;
	host_settings.limits.preauth_bytes = 512;
	io_reload(&host_settings, tls);
	tls_context_free(&host_tls);
	host_tls = tls;
	host_say(c, "<reloaded/>");
}

static inline void host_release(void *ctx)
{
	(void)ctx;
	while (host_kept_n != 0)
		close(host_kept[--host_kept_n]);
}

/* DOS-04: no descriptor is left, for a second and a half. */
static inline void do_exhaust(conn_id c, const struct elem *e)
{
	(void)e;
	while (host_kept_n < COUNT(host_kept)
	    && (host_kept[host_kept_n] = open("/dev/null", O_RDONLY)) >= 0)
		host_kept_n++;
	host_later(host_release, 1500);
	host_say(c, "<exhausted/>");
}

static inline void do_counts(conn_id c, const struct elem *e)
{
	struct io_counts n;
	struct rusage used;

	(void)e;
	io_counts_get(&n);
	getrusage(RUSAGE_SELF, &used);
	host_tell("counts %llu %llu %llu peak=%ld", (unsigned long long)n.connections,
	    (unsigned long long)n.accepted, (unsigned long long)n.refused, used.ru_maxrss / 1024);
	io_resume(c);
}

/* A number that is gone, and those near it. */
static inline void do_stale(conn_id c, const struct elem *e)
{
	(void)e;
	host_say(host_last, "<for-someone-else/>");
	host_say(c ^ (UINT64_C(1) << 32), "<for-someone-else/>");
	host_say(c | 0xff000000u, "<for-someone-else/>");
	host_say(c | 0x00ffff00u, "<for-someone-else/>");
	host_say(0, "<for-someone-else/>");
	io_close(host_last);
	host_say(c, "<done/>");
}

static const struct { const char *name; void (*fn)(conn_id, const struct elem *); } says[] = {
	{ "ping", do_ping }, { "starttls", do_starttls }, { "auth", do_auth },
	{ "quiet", do_quiet }, { "pause", do_pause }, { "flood", do_flood },
	{ "bye", do_bye }, { "stop", do_stop }, { "reload", do_reload },
	{ "exhaust", do_exhaust }, { "counts", do_counts }, { "stale", do_stale },
};

static inline void host_element(const struct io_event *ev)
{
	host_tell("element " SLICE_FMT, SLICE_ARG(ev->elem->name));
	for (size_t i = 0; i < COUNT(says); i++)
		if (slice_is(ev->elem->name, says[i].name))
			says[i].fn(ev->conn, ev->elem);
}

static inline void host_peer(const char *what, const struct io_peer *p)
{
	struct buf bind = { 0 };

	enc_hex(&bind, p->exporter);
	buf_addc(&bind, '/');
	enc_hex(&bind, p->end_point);
	host_tell("%s %s tls=%s direct=%d name=%s bind=" SLICE_FMT, what,
	    strncmp(p->address, "127.0.0.1:", 10) == 0 ? "loopback" : p->address,
	    p->is_secured ? p->tls_version : "no", p->is_direct_tls,
	    p->server_name != NULL ? p->server_name : "-", SLICE_ARG(buf_slice(&bind)));
	buf_fini(&bind);
}

static inline void host_event(struct io_event *ev, void *ctx)
{
	static const char *const whys[] = { "by-peer", "by-us", "tls-failed", "timed-out", "too-slow", "failed" };
	static int depth;

	if (depth++ != 0 || ctx != &iohost)
		host_tell("re-entered");
	switch (ev->kind) {
	case IO_OPENED:
		host_peer("opened", ev->peer);
		break;
	case IO_SECURED:
		host_peer("secured", ev->peer);
		break;
	case IO_HEADER:
		host_tell("header");
		do_header(ev->conn, ev->elem);
		break;
	case IO_ELEMENT:
		host_element(ev);
		break;
	case IO_FOOTER:
		host_tell("footer");
		host_say(ev->conn, "</stream:stream>");
		io_close(ev->conn);
		break;
	case IO_MALFORMED:
		host_tell("malformed %d", (int)ev->error);
		host_say(ev->conn, "<malformed/>");
		io_close(ev->conn);
		break;
	case IO_IDLE:
		host_tell("idle");
		host_say(ev->conn, "<idle/>");
		break;
	case IO_CLOSED:
		host_tell("closed %s", whys[ev->why]);
		host_last = ev->conn;
		break;
	}
	arena_fini(&ev->arena);
	depth--;
}

static inline void host_input(uv_poll_t *handle, int status, int events)
{
	(void)handle, (void)status, (void)events;
	loop_stop();                    /* the test is over */
}

static inline int host_run(const int *listeners, int input)
{
	struct rlimit fds = { 256, 256 };
	struct uv_poll_s end;
	const char *why = NULL;

	setrlimit(RLIMIT_NOFILE, &fds);
	host_tls = tls_context_server(certs_path("ec.pem"), certs_path("ec.key"), "xmpp-client", &why);
	io_start(&(struct io_conf){ .settings = &host_settings, .tls = host_tls,
		.event = host_event, .ctx = &iohost });
	io_listen(listeners[PORT_PLAIN], false);
	io_listen(listeners[PORT_TLS], true);
	uv_poll_init(loop_main(), &end, input);
	uv_poll_start(&end, UV_READABLE, host_input);
	loop_run();
	io_stop(1000);
	tls_context_free(&host_tls);
	loop_fini();
	host_release(NULL);
	return 0;
}

/* --- beside it ----------------------------------------------------------------- */

static inline int iohost_socket(struct sockaddr_in *port_r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0
	    || getsockname(fd, (struct sockaddr *)port_r, &n) != 0)
		abort();
	return fd;
}

/* Small limits and short times. */
static inline void iohost_settings(void)
{
	host_settings.limits.stanza_bytes = 64 * 1024;
	host_settings.limits.preauth_bytes = 8 * 1024;
	host_settings.limits.queue_bytes = 256 * 1024;
	host_settings.limits.connections = 100;
	host_settings.limits.connections_per_ip = 100;
	host_settings.limits.unauthenticated_per_ip = 8;
	host_settings.limits.auth_ms = 1500;
	host_settings.limits.handshake_ms = 700;
	host_settings.limits.idle_ms = 1000;
}

/* Settings are set; certificates are made. */
static inline void iohost_start(unsigned threads)
{
	int listeners[PORTS], to[2], from[2];

	host_settings.server.io_threads = threads;
	iohost = (struct iohost){ .name = threads != 0 ? "threads" : "inline" };
	for (int i = 0; i < PORTS; i++)
		listeners[i] = iohost_socket(&iohost.port[i]);
	if (pipe(to) != 0 || pipe(from) != 0)
		abort();
	fflush(stdout);
	iohost.pid = fork();
	if (iohost.pid == 0) {
		close(to[1]);
		close(from[0]);
		iohost.from = from[1];
		exit(host_run(listeners, to[0]));
	}
	close(to[0]);
	close(from[1]);
	for (int i = 0; i < PORTS; i++)
		close(listeners[i]);
	iohost.to = to[1];
	iohost.from = from[0];
}

static inline int64_t clock_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static inline bool can_read(int fd, int64_t until)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int64_t left = until - clock_ms();

	return poll(&p, 1, left > 0 ? (int)left : 0) == 1;
}

static char iohost_last[2048];          /* the line read last */

/* The next line of the host, without its end; "" when none comes in time. */
static inline const char *iohost_line(int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	char *end;
	ssize_t n;

	while ((end = memchr(iohost.said, '\n', iohost.said_n)) == NULL) {
		if (!can_read(iohost.from, until)
		    || (n = read(iohost.from, iohost.said + iohost.said_n,
		    sizeof iohost.said - iohost.said_n)) <= 0)
			return "";
		iohost.said_n += (size_t)n;
	}
	n = end - iohost.said;
	snprintf(iohost_last, sizeof iohost_last, "%.*s", (int)n, iohost.said);
	iohost.said_n -= (size_t)n + 1;
	memmove(iohost.said, end + 1, iohost.said_n);
	return iohost_last;
}

/* Skips lines up to one that begins so. */
static inline bool iohost_says(const char *start, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	const char *line;

	do {
		line = iohost_line(until - clock_ms());
		if (strncmp(line, start, strlen(start)) == 0)
			return true;
	} while (*line != '\0');
	printf("# waited for \"%s\" of the host\n", start);
	return false;
}

/* That and no other line comes next. */
static inline bool iohost_is(const char *want, int64_t wait_ms)
{
	const char *line = iohost_line(wait_ms);

	if (strcmp(line, want) == 0)
		return true;
	printf("# wanted \"%s\", the host said \"%s\"\n", want, line);
	return false;
}

/* No line that begins so comes in that time. */
static inline bool iohost_never(const char *start, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	const char *line;

	while (*(line = iohost_line(until - clock_ms())) != '\0')
		if (strncmp(line, start, strlen(start)) == 0)
			return false;
	return true;
}

/* Ends the host; true when it left nothing behind. */
static inline bool iohost_end(void)
{
	int status = -1;
	const char *line;

	close(iohost.to);
	while (*(line = iohost_line(5000)) != '\0')
		if (strcmp(line, "re-entered") == 0)
			return false;
	close(iohost.from);
	return waitpid(iohost.pid, &status, 0) == iohost.pid && status == 0;
}

/* --- a client without TLS ---------------------------------------------------------- */

#define HEADER "<?xml version='1.0'?><stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='im.example.org'>"

struct peer { int fd; struct buf got; };

static inline struct peer peer_connect(int port)
{
	struct peer p = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	if (connect(p.fd, (struct sockaddr *)&iohost.port[port], sizeof iohost.port[port]) != 0)
		abort();
	return p;
}

static inline void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	buf_fini(&p->got);
}

static inline bool peer_say(struct peer *p, const char *text)
{
	size_t n = strlen(text);

	return send(p->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads once; 0: the end, -1: nothing in time. */
static inline ssize_t peer_read(struct peer *p, int64_t until)
{
	ssize_t n;

	if (!can_read(p->fd, until))
		return -1;
	buf_reserve(&p->got, 65536);
	n = recv(p->fd, p->got.p + p->got.n, 65536, 0);
	if (n > 0)
		p->got.n += (size_t)n;
	return n > 0 ? n : 0;
}

static inline bool peer_has(const struct peer *p, const char *text)
{
	return p->got.n != 0 && memmem(p->got.p, p->got.n, text, strlen(text)) != NULL;
}

/* Until the text has come; what came is forgotten up to its end. */
static inline bool peer_hears(struct peer *p, const char *text, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	const char *at;

	while (!peer_has(p, text))
		if (peer_read(p, until) <= 0)
			return false;
	at = memmem(p->got.p, p->got.n, text, strlen(text));
	buf_drop(&p->got, (size_t)(at - p->got.p) + strlen(text));
	return true;
}

static inline bool peer_ends(struct peer *p, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	ssize_t n;

	while ((n = peer_read(p, until)) > 0)
		continue;
	return n == 0;
}

/* Logged in, as far as the host is concerned. */
static inline struct peer peer_in(void)
{
	struct peer p = peer_connect(PORT_PLAIN);

	if (!peer_say(&p, HEADER "<auth/>" HEADER) || !peer_hears(&p, "<success/><header/>", 2000))
		printf("# could not log in\n");
	return p;
}

#endif
