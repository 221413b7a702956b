/* SPDX-License-Identifier: Apache-2.0 */
/* net/conn.c — the life of a connection; see net/conn.h for its phases. */
#include "net/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "net/origin.h"

enum {
	READS_A_TURN = 4,               /* then others have theirs */
	PREAUTH_DEPTH = 8,
	PREAUTH_SPACE = 1024,
	ATTRIBUTES = 64,
};

static struct parse_limits limits_before(const struct io_limits *l)
{
	return (struct parse_limits){ l->preauth_bytes, PREAUTH_DEPTH,
		IO_PREAUTH_ELEMENTS, ATTRIBUTES, PREAUTH_SPACE };
}

static struct parse_limits limits_after(const struct io_limits *l)
{
	return (struct parse_limits){ l->stanza_bytes, PARSE_DEPTH_MOST,
		IO_STANZA_ELEMENTS, ATTRIBUTES, 0 };
}

/* --- events ------------------------------------------------------------------ */

static struct net_event event_of(const struct conn *c, enum io_kind kind)
{
	return (struct net_event){
		.io = { .kind = kind, .conn = c->id }, .origin = c->origin,
		.is_for_core = true, .is_authenticated = c->is_authenticated,
	};
}

/* IO_OPENED the first time, IO_SECURED after STARTTLS. */
static void announce(struct conn *c)
{
	struct net_event ev = event_of(c, c->is_announced ? IO_SECURED : IO_OPENED);
	struct io_peer *peer;

	c->is_announced = true;
	ev.peer = peer_text_new(c, &peer);
	ev.io.peer = peer;
	worker_emit(c->worker, &ev, 0);
}

/* --- what the socket is watched for -------------------------------------------- */

static void polled(uv_poll_t *handle, int status, int events);

static void poll_for(struct conn *c, int events)
{
	if (c->phase == CONN_GONE || events == c->polled)
		return;
	c->polled = (uint8_t)events;
	if (events == 0)
		uv_poll_stop(&c->poll);
	else
		uv_poll_start(&c->poll, events, polled);
}

static bool may_parse(const struct conn *c)
{
	return c->phase == CONN_OPEN && !c->is_locked && !c->is_paused
	    && !c->is_deaf;
}

static bool may_read(const struct conn *c)
{
	return may_parse(c) && c->held.n == 0;
}

/* A socket that must not be read for now is watched on until something comes:
 * most locks are shorter than that, and cost no system call. */
static void poll_on(struct conn *c)
{
	int events = c->polled & (UV_READABLE | UV_DISCONNECT);

	if (c->phase == CONN_SHAKING)
		return;                 /* the handshake knows */
	if (may_read(c) || c->phase == CONN_LINGERING)
		events = UV_READABLE;
	if (c->is_blocked)
		events |= UV_WRITABLE;
	poll_for(c, events);
}

/* What has come is not for now. */
static bool must_wait(const struct conn *c)
{
	return c->phase != CONN_SHAKING && c->phase != CONN_LINGERING
	    && !may_read(c);
}

/* Whoever leaves before he is known is not waited for; others may have said
 * something before they left, or have an answer to come. */
static void wait_for_core(struct conn *c, int events)
{
	bool may_leave = c->is_authenticated || c->is_deaf;

	if (!may_leave && ((events & UV_DISCONNECT) != 0
	    || conn_peek(c) == GOT_END))
		conn_end(c, IO_BY_PEER);
	else
		poll_for(c, (c->polled & UV_WRITABLE)
		    | (may_leave ? 0 : UV_DISCONNECT));
}

static void polled(uv_poll_t *handle, int status, int events)
{
	struct conn *c = handle->data;

	if (status < 0) {
		conn_end(c, c->phase < CONN_CLOSING ? IO_FAILED : IO_BY_US);
		return;
	}
	if ((events & (UV_READABLE | UV_DISCONNECT)) != 0 && must_wait(c))
		wait_for_core(c, events);
	if (c->phase == CONN_GONE)
		return;
	if (c->is_blocked && (events & UV_WRITABLE) != 0) {
		c->is_blocked = false;
		worker_touch(c->worker, c);
	}
	conn_look(c);
}

/* --- reading -------------------------------------------------------------------- */

/* False: too many before it was authenticated. */
static bool lock_step(struct conn *c)
{
	if (c->is_authenticated)
		return true;
	c->is_locked = true;
	return ++c->elements <= IO_PREAUTH_ELEMENTS;
}

static void parse_next(struct conn *c, struct slice *in)
{
	struct net_event ev = event_of(c, IO_ELEMENT);
	size_t before = in->n;

	switch (parser_feed(c->parser, in, &ev.io.arena, &ev.io.elem,
	    &ev.io.error)) {
	case PARSE_MORE:
		return;
	case PARSE_HEADER:
		ev.io.kind = IO_HEADER;
		break;
	case PARSE_ELEMENT:
		break;
	case PARSE_FOOTER:
		ev.io.kind = IO_FOOTER;
		c->is_deaf = true;
		break;
	case PARSE_ERROR:
		ev.io.kind = IO_MALFORMED;
		c->is_deaf = true;
		break;
	}
	if (!c->is_deaf && !lock_step(c)) {
		arena_wipe(&ev.io.arena);
		ev.io = (struct io_event){ .kind = IO_MALFORMED,
			.conn = c->id, .error = PARSE_TOO_LARGE };
		c->is_deaf = true;
	}
	worker_emit(c->worker, &ev, before - in->n);
}

/* What may not be parsed yet is held. */
static void parse(struct conn *c, struct slice in)
{
	while (in.n != 0 && may_parse(c)) {
		parse_next(c, &in);
		if (!c->worker->is_thread)
			worker_relieve(c->worker);
	}
	if (c->phase == CONN_OPEN && !c->is_deaf)
		buf_add_secret(&c->held, in);
}

static void read_on(struct conn *c)
{
	struct slice bytes;

	for (unsigned i = 0; may_read(c); i++) {
		enum conn_got got;

		if (i == READS_A_TURN) {
			worker_again(c->worker, c);
			break;
		}
		got = conn_read(c, &bytes);
		if (got == GOT_END) {
			conn_end(c, IO_BY_PEER);
			return;
		}
		if (got == GOT_NOTHING)
			break;
		if (c->is_authenticated)
			worker_clock_start(c->worker, CLOCK_IDLE, c);
		parse(c, bytes);
		conn_wipe(bytes);
		if (c->phase != CONN_OPEN || !conn_has_pending(c))
			break;
	}
	poll_on(c);
}

/* LINGERING: until the peer has closed too, or the clock rings. */
static void discard(struct conn *c)
{
	for (unsigned i = 0; i < READS_A_TURN; i++)
		switch (conn_throw_away(c)) {
		case GOT_BYTES:
			break;
		case GOT_NOTHING:
			poll_on(c);
			return;
		case GOT_END:
			conn_end(c, IO_BY_US);
			return;
		}
}

static void tell(const struct conn *c, enum log_level level, const char *event,
    const char *why)
{
	char who[32];

	snprintf(who, sizeof who, "c2s/%llu", (unsigned long long)c->id);
	log_event(level, event, who, "why=\"%s\"", why);
}

/* --- TLS --------------------------------------------------------------------------- */

static void start_shaking(struct conn *c)
{
	c->tls = tls_accept(c->worker->tls, c->fd);
	c->phase = CONN_SHAKING;
	worker_clock_start(c->worker, CLOCK_HANDSHAKE, c);
	poll_for(c, UV_READABLE);
}

static void shaken(struct conn *c)
{
	c->phase = CONN_OPEN;
	list_remove(&c->fast);
	parser_restart(c->parser);
	poll_for(c, UV_READABLE);
	announce(c);
	tls_lighten(c->tls);            /* the core knows now what there was to know */
	read_on(c);
}

static void shake(struct conn *c)
{
	if (!worker_may_shake(c->worker)) {
		worker_again(c->worker, c);
		return;
	}
	switch (tls_handshake(c->tls)) {
	case TLS_OK:
		shaken(c);
		break;
	case TLS_WANT_READ:
		poll_for(c, UV_READABLE);
		break;
	case TLS_WANT_WRITE:
		poll_for(c, UV_WRITABLE);
		break;
	case TLS_CLOSED:
	case TLS_FAILED:
		tell(c, LOG_DEBUG, "handshake-failed", tls_why(c->tls));
		conn_end(c, IO_TLS_FAILED);
		break;
	}
}

/* TLS-01: nothing may have come behind <starttls/>, neither to us nor to the
 * socket, for the <proceed/> has not been written yet. */
static void proceed(struct conn *c)
{
	if (c->tls != NULL || c->phase != CONN_OPEN || c->is_deaf
	    || c->held.n != 0 || !parser_is_idle(c->parser)
	    || conn_peek(c) == GOT_BYTES) {
		tell(c, LOG_INFO, "starttls-injection", "bytes behind starttls");
		conn_end(c, IO_TLS_FAILED);
		return;
	}
	c->phase = CONN_PROCEEDING;
}

/* --- commands ------------------------------------------------------------------------ */

static void send_bytes(struct conn *c, struct slice bytes)
{
	size_t most = c->worker->limits.queue_bytes;

	buf_add(&c->unsent, bytes);
	if (c->unsent.n - c->sent <= most)
		return;
	/* Much at once is not slow yet: let the socket have what it takes. */
	if (c->phase == CONN_OPEN && !c->is_blocked && !conn_write(c))
		conn_end(c, IO_FAILED);
	else if (c->unsent.n - c->sent > most)
		conn_end(c, IO_TOO_SLOW);
}

static void close_softly(struct conn *c)
{
	if (c->phase != CONN_OPEN) {
		conn_end(c, IO_BY_US);
		return;
	}
	c->phase = CONN_CLOSING;
	c->is_deaf = true;
	buf_wipe(&c->held);
	list_remove(&c->slow);
	worker_clock_start(c->worker, CLOCK_CLOSE, c);
}

static void authenticated(struct conn *c)
{
	struct parse_limits limits = limits_after(&c->worker->limits);
	struct net_event ev;

	if (c->is_authenticated)
		return;
	c->is_authenticated = true;
	parser_set_limits(c->parser, &limits);
	worker_clock_start(c->worker, CLOCK_IDLE, c);
	ev = event_of(c, IO_SECURED);
	ev.is_for_core = false;
	worker_emit(c->worker, &ev, 0);
}

void conn_command(struct conn *c, enum command_kind kind, struct slice bytes)
{
	if (c->phase >= CONN_CLOSING)
		return;
	c->is_locked = false;
	worker_touch(c->worker, c);
	switch (kind) {
	case COMMAND_SEND:
		send_bytes(c, bytes);
		break;
	case COMMAND_CLOSE:
		close_softly(c);
		break;
	case COMMAND_START_TLS:
		proceed(c);
		break;
	case COMMAND_RESTART:
		parser_restart(c->parser);
		break;
	case COMMAND_AUTHENTICATED:
		authenticated(c);
		break;
	case COMMAND_PAUSE:
		c->is_paused = true;
		break;
	case COMMAND_RESUME:
		c->is_paused = false;
		break;
	case COMMAND_ADOPT:
	case COMMAND_CONFIGURE:
	case COMMAND_STOP:
		break;                  /* the worker's */
	}
}

void conn_go_on(struct conn *c)
{
	struct buf held = c->held;

	if (held.n != 0 && may_parse(c)) {
		c->held = (struct buf){ 0 };
		parse(c, buf_slice(&held));
		buf_wipe(&held);
	}
	if (may_read(c) && conn_has_pending(c))
		worker_again(c->worker, c);
	poll_on(c);
}

/* --- writing ---------------------------------------------------------------------------- */

static void all_sent(struct conn *c)
{
	if (c->phase == CONN_PROCEEDING) {
		start_shaking(c);
	} else if (c->phase == CONN_CLOSING) {
		conn_shut(c);
		c->phase = CONN_LINGERING;
		discard(c);
	}
}

void conn_flush(struct conn *c)
{
	if (c->phase == CONN_SHAKING || c->phase >= CONN_LINGERING)
		return;
	if (c->unsent.n != 0 && !c->is_blocked && !conn_write(c)) {
		conn_end(c, c->phase == CONN_CLOSING ? IO_BY_US : IO_FAILED);
		return;
	}
	if (c->unsent.n == 0)
		all_sent(c);
	poll_on(c);
}

void conn_look(struct conn *c)
{
	switch ((enum conn_phase)c->phase) {
	case CONN_SHAKING:
		shake(c);
		break;
	case CONN_OPEN:
		read_on(c);
		break;
	case CONN_LINGERING:
		discard(c);
		break;
	case CONN_PROCEEDING:
	case CONN_CLOSING:
	case CONN_GONE:
		break;
	}
}

/* --- birth and death ------------------------------------------------------------------------ */

void conn_open(struct worker *w, const struct adopt *how)
{
	struct parse_limits limits = limits_before(&w->limits);
	struct conn *c = NEW(struct conn);

	c->worker = w;
	c->fd = how->fd;
	c->address = how->address;
	c->origin = origin_of(&how->address.any);
	c->is_direct_tls = how->is_direct_tls;
	c->phase = CONN_OPEN;
	c->id = worker_slot_take(w, c);
	c->parser = parser_new(&limits);
	if (uv_poll_init(w->loop, &c->poll, c->fd) != 0)
		panic("a socket that cannot be polled");
	c->poll.data = c;
	worker_clock_start(w, CLOCK_AUTH, c);
	if (c->is_direct_tls) {
		start_shaking(c);
	} else {
		poll_for(c, UV_READABLE);
		announce(c);
	}
}

void conn_clock_rang(struct conn *c, enum worker_clock clock)
{
	struct net_event idle = event_of(c, IO_IDLE);

	switch (clock) {
	case CLOCK_HANDSHAKE:
	case CLOCK_AUTH:
		conn_end(c, IO_TIMED_OUT);
		break;
	case CLOCK_CLOSE:
		conn_end(c, IO_BY_US);
		break;
	case CLOCK_IDLE:
		worker_clock_start(c->worker, CLOCK_IDLE, c);
		worker_emit(c->worker, &idle, 0);
		break;
	case CLOCK_COUNT:
		break;
	}
}

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

void conn_end(struct conn *c, enum io_closed_why why)
{
	struct net_event ev = event_of(c, IO_CLOSED);

	if (c->phase == CONN_GONE)
		return;
	c->phase = CONN_GONE;
	list_remove(&c->slow);
	list_remove(&c->fast);
	list_remove(&c->touched);
	list_remove(&c->again);
	uv_close((uv_handle_t *)&c->poll, closed);
	tls_free(&c->tls);
	close(c->fd);
	parser_free(&c->parser);
	buf_wipe(&c->held);
	buf_fini(&c->unsent);
	worker_slot_give(c->worker, c->id);
	ev.io.why = why;
	ev.is_for_core = c->is_announced;
	worker_emit(c->worker, &ev, 0);
}
