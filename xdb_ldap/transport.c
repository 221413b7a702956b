/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/transport.c — bytes between a socket and libldap's Sockbuf. */
#include "xdb_ldap/transport.h"

#include <lber.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openldap.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/chore.h"
#include "base/loop.h"

enum {
	READ_BYTES = 16 * 1024,
	INPUT_MOST = 64 * 1024,                 /* then libldap must read first */
	MESSAGE_MOST = 16 * 1024 * 1024,        /* one LDAP message (LDAP-17) */
};

enum stage { CONNECTING, CLEAR, SHAKING, SECURE, ENDED };

struct transport {
	uv_poll_t poll;
	int fd, mask;
	enum stage stage;
	bool is_flushing;               /* a flush is deferred */
	bool wants_write;               /* the socket took less than we had */
	struct tls *tls;
	struct buf in, out;
	size_t in_at;
	const char *why;
	/* borrowed */
	transport_fn *event;
	void *ctx;
};

static void socket_ready(uv_poll_t *poll, int status, int events);

static void poll_set(struct transport *t)
{
	int mask = 0;

	if (t->stage != ENDED && t->stage != CONNECTING
	    && t->in.n - t->in_at < INPUT_MOST)
		mask |= UV_READABLE;
	if (t->stage == CONNECTING || t->wants_write)
		mask |= UV_WRITABLE;
	if (mask == t->mask)
		return;
	t->mask = mask;
	if (mask != 0)
		uv_poll_start(&t->poll, mask, socket_ready);
	else
		uv_poll_stop(&t->poll);
}

static void ended(struct transport *t, const char *why)
{
	if (t->why == NULL)
		t->why = why;
	t->stage = ENDED;
	t->wants_write = false;
}

/* --- writing ---------------------------------------------------------------------- */

/* What was sent may have been a password. */
static void out_drop(struct transport *t, size_t n)
{
	size_t was = t->out.n;

	buf_drop(&t->out, n);
	explicit_bzero(t->out.p + t->out.n, was - t->out.n);
}

static bool write_some(struct transport *t)
{
	size_t n = 0;
	ssize_t sent;

	if (t->stage == SECURE) {
		enum tls_result r = tls_write(t->tls, t->out.p, t->out.n, &n);

		if (r == TLS_WANT_WRITE)
			t->wants_write = true;
		else if (r == TLS_CLOSED || r == TLS_FAILED)
			ended(t, "connection lost while sending");
		if (r == TLS_OK)
			out_drop(t, n);
		return r == TLS_OK;
	}
	sent = send(t->fd, t->out.p, t->out.n, MSG_NOSIGNAL);
	if (sent >= 0)
		out_drop(t, (size_t)sent);
	else if (errno == EAGAIN || errno == EINTR)
		t->wants_write = true;
	else
		ended(t, "connection lost while sending");
	return sent >= 0;
}

static void flush(struct transport *t)
{
	t->wants_write = false;
	while (t->out.n != 0 && (t->stage == CLEAR || t->stage == SECURE)
	    && write_some(t))
		;
}

static void flush_later(void *ctx)
{
	struct transport *t = ctx;

	t->is_flushing = false;
	flush(t);
	/* The end is told by reading: what the peer said before comes first. */
	if (t->stage == ENDED)
		t->event(TRANSPORT_READABLE, t->ctx);
	else
		poll_set(t);
}

/* --- reading ---------------------------------------------------------------------- */

static void in_settle(struct transport *t)
{
	if (t->in_at == t->in.n)
		t->in_at = t->in.n = 0;
}

static bool read_some(struct transport *t)
{
	size_t n = 0;
	ssize_t got;

	buf_reserve(&t->in, READ_BYTES);
	if (t->stage == SECURE) {
		enum tls_result r = tls_read(t->tls, t->in.p + t->in.n,
		    READ_BYTES, &n);

		if (r == TLS_WANT_WRITE)
			t->wants_write = true;
		else if (r == TLS_CLOSED)
			ended(t, "server closed the connection");
		else if (r == TLS_FAILED)
			ended(t, tls_why(t->tls));
		t->in.n += r == TLS_OK ? n : 0;
		return r == TLS_OK && n != 0;
	}
	got = recv(t->fd, t->in.p + t->in.n, READ_BYTES, 0);
	if (got > 0)
		t->in.n += (size_t)got;
	else if (got == 0)
		ended(t, "server closed the connection");
	else if (errno != EAGAIN && errno != EINTR)
		ended(t, "connection lost");
	return got > 0;
}

static void fill(struct transport *t)
{
	while ((t->stage == CLEAR || t->stage == SECURE)
	    && t->in.n - t->in_at < INPUT_MOST && read_some(t))
		;
}

bool transport_has_input(const struct transport *t)
{
	return t->in_at < t->in.n;
}

bool transport_more(struct transport *t)
{
	fill(t);
	if (t->stage != ENDED)
		poll_set(t);
	return transport_has_input(t);
}

bool transport_is_over(const struct transport *t)
{
	return t->stage == ENDED;
}

size_t transport_backlog(const struct transport *t)
{
	return t->out.n;
}

/* --- events ----------------------------------------------------------------------- */

static void shake(struct transport *t)
{
	enum tls_result r = tls_handshake(t->tls);

	t->wants_write = r == TLS_WANT_WRITE;
	if (r == TLS_OK) {
		t->stage = SECURE;
		poll_set(t);
		t->event(TRANSPORT_SECURED, t->ctx);
	} else if (r == TLS_CLOSED || r == TLS_FAILED) {
		const char *why = tls_why(t->tls);

		ended(t, why != NULL ? why : "TLS handshake failed");
		poll_set(t);
		t->event(TRANSPORT_LOST, t->ctx);
	} else {
		poll_set(t);
	}
}

static void connected(struct transport *t)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0) {
		ended(t, error == ECONNREFUSED ? "connection refused"
		    : "cannot connect");
		poll_set(t);
		t->event(TRANSPORT_LOST, t->ctx);
		return;
	}
	t->stage = CLEAR;
	poll_set(t);
	t->event(TRANSPORT_CONNECTED, t->ctx);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct transport *t = poll->data;

	(void)events;
	if (status < 0 && t->stage != CONNECTING && t->stage != ENDED)
		ended(t, "connection lost");
	switch (t->stage) {
	case CONNECTING:
		connected(t);
		return;
	case SHAKING:
		shake(t);
		return;
	case CLEAR:
	case SECURE:
		flush(t);
		chore_enter();          /* a long answer is long work already here */
		fill(t);
		chore_leave();
		break;
	case ENDED:
		break;
	}
	poll_set(t);
	if (transport_has_input(t) || t->stage == ENDED)
		t->event(TRANSPORT_READABLE, t->ctx);
}

static void shake_first(void *ctx)
{
	struct transport *t = ctx;

	if (t->stage == SHAKING)
		shake(t);
}

bool transport_secure(struct transport *t, struct tls_context *tls,
    const char *host)
{
	if (transport_has_input(t) || t->out.n != 0 || t->stage != CLEAR)
		return false;
	t->tls = tls_connect(tls, t->fd, host);
	if (t->tls == NULL)
		return false;
	t->stage = SHAKING;
	loop_defer(shake_first, t);
	return true;
}

const char *transport_why(const struct transport *t)
{
	return t->why != NULL ? t->why : "connection lost";
}

/* --- life ------------------------------------------------------------------------- */

static void socket_options(int fd, int family)
{
	static const struct { int level, option, value; } tcp[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 15000 },
	};

	/* Each of them betters the link; none is needed. */
	for (size_t i = 0; family != AF_UNIX && i < COUNT(tcp); i++)
		(void)setsockopt(fd, tcp[i].level, tcp[i].option,
		    &tcp[i].value, sizeof tcp[i].value);
}

struct transport *transport_open(const struct sockaddr *addr, socklen_t n,
    transport_fn *event, void *ctx, const char **why_r)
{
	int fd = socket(addr->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct transport *t;

	*why_r = "no socket";
	if (fd < 0)
		return NULL;
	socket_options(fd, addr->sa_family);
	if (connect(fd, addr, n) != 0 && errno != EINPROGRESS) {
		*why_r = errno == ECONNREFUSED ? "connection refused"
		    : errno == ENOENT ? "no such socket" : "cannot connect";
		close(fd);
		return NULL;
	}
	t = NEW(struct transport);
	t->fd = fd;
	t->event = event;
	t->ctx = ctx;
	t->poll.data = t;
	uv_poll_init(loop_main(), &t->poll, fd);
	poll_set(t);
	return t;
}

static void poll_closed(uv_handle_t *handle)
{
	struct transport *t = handle->data;

	close(t->fd);
	free(t);
}

void transport_close(struct transport **tp)
{
	struct transport *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	flush(t);
	loop_undefer(t);
	if (t->tls != NULL && t->stage == SECURE)
		tls_goodbye(t->tls);
	tls_free(&t->tls);
	buf_wipe(&t->in);
	buf_wipe(&t->out);
	uv_close((uv_handle_t *)&t->poll, poll_closed);
}

/* --- libldap's side: a Sockbuf layer ------------------------------------------------ */

static int io_setup(Sockbuf_IO_Desc *d, void *arg)
{
	d->sbiod_pvt = arg;
	return 0;
}

static int io_remove(Sockbuf_IO_Desc *d)
{
	d->sbiod_pvt = NULL;
	return 0;
}

static int io_ctrl(Sockbuf_IO_Desc *d, int option, void *arg)
{
	struct transport *t = d->sbiod_pvt;

	if (option == LBER_SB_OPT_DATA_READY)
		return transport_has_input(t) || t->stage == ENDED;
	if (option == LBER_SB_OPT_SET_NONBLOCK)
		return 1;
	return LBER_SBIOD_CTRL_NEXT(d, option, arg);
}

static ber_slen_t io_read(Sockbuf_IO_Desc *d, void *p, ber_len_t room)
{
	struct transport *t = d->sbiod_pvt;
	size_t n = t->in.n - t->in_at;

	if (n == 0) {
		if (t->stage == ENDED)
			return 0;
		errno = EAGAIN;
		return -1;
	}
	if (n > room)
		n = room;
	memcpy(p, t->in.p + t->in_at, n);
	t->in_at += n;
	in_settle(t);
	return (ber_slen_t)n;
}

static ber_slen_t io_write(Sockbuf_IO_Desc *d, void *p, ber_len_t n)
{
	struct transport *t = d->sbiod_pvt;
	bool is_over = t->stage == ENDED;

	/* `p` is libldap's message, which may have a password in it and is freed as it
	 * is; taken whole, it is not looked at again. */
	if (!is_over)
		buf_add_secret(&t->out, slice_make(p, n));
	explicit_bzero(p, n);
	if (is_over) {
		errno = EPIPE;
		return -1;
	}
	if (!t->is_flushing) {
		t->is_flushing = true;
		loop_defer(flush_later, t);
	}
	return (ber_slen_t)n;
}

static int io_close(Sockbuf_IO_Desc *d)
{
	(void)d;
	return 0;
}

static Sockbuf_IO io = {
	io_setup, io_remove, io_ctrl, io_read, io_write, io_close
};

static const struct { int option, value; } ldap_options[] = {
	{ LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3 },
	{ LDAP_OPT_SIZELIMIT, 0 },
	{ LDAP_OPT_TIMELIMIT, 0 },
};

static const int derefs[] = {
	[DEREF_NEVER] = LDAP_DEREF_NEVER, [DEREF_SEARCH] = LDAP_DEREF_SEARCHING,
	[DEREF_BASE] = LDAP_DEREF_FINDING, [DEREF_ALWAYS] = LDAP_DEREF_ALWAYS,
};

LDAP *transport_ldap(struct transport *t, enum xdb_deref deref)
{
	ber_len_t most = MESSAGE_MOST;
	Sockbuf *sb = NULL;
	LDAP *ld = NULL;

	if (ldap_init_fd(t->fd, LDAP_PROTO_EXT, NULL, &ld) != LDAP_SUCCESS)
		return NULL;
	for (size_t i = 0; i < COUNT(ldap_options); i++)
		ldap_set_option(ld, ldap_options[i].option,
		    &ldap_options[i].value);
	ldap_set_option(ld, LDAP_OPT_DEREF, &derefs[deref]);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_OFF);
	ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb);
	if (sb == NULL || ber_sockbuf_add_io(sb, &io,
	    LBER_SBIOD_LEVEL_PROVIDER, t) != 0) {
		ldap_unbind_ext(ld, NULL, NULL);
		return NULL;
	}
	ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
	return ld;
}
