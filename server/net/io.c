/* SPDX-License-Identifier: Apache-2.0 */
/* net/io.c — the core's side of net/io.h: commands to the workers, events from
 * them, and which worker gets the next connection. */
#include "net/io.h"

#include <assert.h>
#include <signal.h>

#include "base/log.h"
#include "base/loop.h"
#include "net/listen.h"
#include "net/worker.h"

enum {
	EVENTS_A_TURN = 256,            /* then the core writes what it answered */
	EVENTS_WEIGHT = 8 * 1024 * 1024,        /* unread; beyond it threads wait */
};

static struct {
	struct io_conf conf;            /* event and ctx */
	struct worker workers[WORKERS_MOST];
	unsigned workers_n;
	bool is_running, is_threaded;
	bool is_kicked;                 /* this turn has commands */
	struct mailbox events;          /* threads only */
	struct buf row;                 /* of events that are being delivered */
	size_t row_at;
} io;

/* --- events -------------------------------------------------------------------- */

static unsigned worker_of(conn_id c)
{
	return (unsigned)(c >> 24) & 0xff;
}

static void deliver(struct net_event *ev)
{
	if (ev->io.kind == IO_CLOSED) {
		origin_gone(ev->origin, ev->is_authenticated);
		io.workers[worker_of(ev->io.conn)].load--;
	} else if (!ev->is_for_core) {
		origin_authenticated(ev->origin);
	}
	if (ev->is_for_core) {
		io.conf.event(&ev->io, io.conf.ctx);
		ev->io.arena = (struct arena){ 0 };     /* it was the handler's */
	}
	net_event_fini(ev);
}

/* The next of the row; false at its end. */
static bool next_event(struct net_event *ev_r)
{
	struct slice rest = slice_make(io.row.p + io.row_at, io.row.n - io.row_at);
	struct slice tail;

	if (!record_next(&rest, ev_r, sizeof *ev_r, &tail))
		return false;
	io.row_at = io.row.n - rest.n;
	return true;
}

/* In slices, so that answers leave before all is heard. */
static void hear(uv_async_t *handle)
{
	struct net_event ev;

	if (io.row_at == io.row.n) {
		buf_clear(&io.row);
		io.row_at = 0;
		mailbox_take(&io.events, &io.row);
	}
	for (int i = 0; i < EVENTS_A_TURN && next_event(&ev); i++) {
		deliver(&ev);
		for (unsigned w = 0; w < io.workers_n; w++)
			worker_relieve(&io.workers[w]);
	}
	if (io.row_at != io.row.n)
		uv_async_send(handle);
}

/* Those that nobody hears any more. */
static void forget_events(void)
{
	struct net_event ev;

	do {
		while (next_event(&ev))
			net_event_fini(&ev);
		buf_clear(&io.row);
		io.row_at = 0;
		mailbox_take(&io.events, &io.row);
	} while (io.row.n != 0);
	buf_fini(&io.row);
}

/* --- commands --------------------------------------------------------------------- */

static void turn_ends(void *ctx)
{
	(void)ctx;
	io.is_kicked = false;
	if (io.is_running)
		for (unsigned i = 0; i < io.workers_n; i++)
			worker_turn(&io.workers[i]);
}

static void kicked(void *ctx)
{
	(void)ctx;
}

/* A command that comes when this turn's end was already dealt with (from some
 * other call at its end) makes the loop end it once more. */
static void queue(struct worker *w, conn_id conn, enum command_kind kind,
    struct slice tail)
{
	struct command cmd = { conn, kind };

	record_add(&w->commands, &cmd, sizeof cmd, tail);
	if (!io.is_kicked)
		loop_defer(kicked, &io);
	io.is_kicked = true;
}

static void command(conn_id c, enum command_kind kind, struct slice tail)
{
	if (io.is_running && worker_of(c) < io.workers_n)
		queue(&io.workers[worker_of(c)], c, kind, tail);
}

static const struct slice nothing;

void io_send(conn_id c, struct slice bytes)
{
	command(c, COMMAND_SEND, bytes);
}

void io_close(conn_id c)
{
	command(c, COMMAND_CLOSE, nothing);
}

void io_start_tls(conn_id c)
{
	command(c, COMMAND_START_TLS, nothing);
}

void io_restart(conn_id c)
{
	command(c, COMMAND_RESTART, nothing);
}

void io_authenticated(conn_id c)
{
	command(c, COMMAND_AUTHENTICATED, nothing);
}

void io_pause(conn_id c)
{
	command(c, COMMAND_PAUSE, nothing);
}

void io_resume(conn_id c)
{
	command(c, COMMAND_RESUME, nothing);
}

/* --- life ---------------------------------------------------------------------------- */

static void accepted(int fd, const union io_address *address,
    bool is_direct_tls)
{
	struct adopt how = { fd, is_direct_tls, *address };
	struct worker *least = &io.workers[0];

	for (unsigned i = 1; i < io.workers_n; i++)
		if (io.workers[i].load < least->load)
			least = &io.workers[i];
	least->load++;
	queue(least, 0, COMMAND_ADOPT, slice_make(&how, sizeof how));
}

static struct io_limits limits_of(const struct settings *s)
{
	return (struct io_limits){
		.stanza_bytes = s->limits.stanza_bytes,
		.preauth_bytes = s->limits.preauth_bytes,
		.queue_bytes = s->limits.queue_bytes,
		.auth_ms = s->limits.auth_ms,
		.handshake_ms = s->limits.handshake_ms,
		.idle_ms = s->limits.idle_ms,
	};
}

void io_start(const struct io_conf *conf)
{
	unsigned threads = conf->settings->server.io_threads;
	struct io_limits limits = limits_of(conf->settings);

	assert(!io.is_running && threads <= WORKERS_MOST);
	signal(SIGPIPE, SIG_IGN);
	io.conf = *conf;
	io.is_running = true;
	io.is_threaded = threads != 0;
	io.workers_n = threads != 0 ? threads : 1;
	if (io.is_threaded)
		mailbox_init(&io.events, loop_main(), hear, NULL, EVENTS_WEIGHT);
	for (unsigned i = 0; i < io.workers_n; i++) {
		io.workers[i] = (struct worker){
			.index = i, .is_thread = io.is_threaded,
			.deliver = deliver, .to_core = &io.events,
		};
		worker_start(&io.workers[i], &limits,
		    tls_context_ref(conf->tls));
	}
	loop_at_turn_end(turn_ends, NULL);
	listen_start(accepted);
	listen_limit(conf->settings);
}

void io_reload(const struct settings *s, struct tls_context *tls)
{
	listen_limit(s);
	for (unsigned i = 0; i < io.workers_n; i++) {
		struct configure new = { limits_of(s), tls_context_ref(tls) };

		queue(&io.workers[i], 0, COMMAND_CONFIGURE,
		    slice_make(&new, sizeof new));
	}
}

void io_listen(int fd, bool is_direct_tls)
{
	listen_add(fd, is_direct_tls);
}

void io_stop_listening(void)
{
	listen_close_all();
}

void io_stop(int64_t ms)
{
	if (!io.is_running)
		return;
	io.is_running = false;
	listen_close_all();
	if (io.is_threaded)
		mailbox_close(&io.events);
	for (unsigned i = 0; i < io.workers_n; i++)
		worker_stop(&io.workers[i], ms);
	if (io.is_threaded) {
		forget_events();
		mailbox_fini(&io.events);
	}
	origin_fini();
}

void io_counts_get(struct io_counts *counts_r)
{
	*counts_r = (struct io_counts){ .connections = origin_total() };
	listen_counts(&counts_r->accepted, &counts_r->refused);
	for (unsigned i = 0; i < io.workers_n; i++) {
		counts_r->bytes_in += io.workers[i].bytes_in;
		counts_r->bytes_out += io.workers[i].bytes_out;
	}
}
