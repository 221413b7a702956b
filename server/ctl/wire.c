/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/wire.c — a socket with a deadline below libldap; see ctl/wire.h. */
#include "ctl/wire.h"

#include <lber.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openldap.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t wire_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket is ready or the deadline is over. */
static bool await(struct wire *w, short events)
{
	struct pollfd p = { .fd = w->fd, .events = events };
	int64_t left = w->deadline_ms - wire_now_ms();

	if (left > 0 && poll(&p, 1, (int)left) > 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static bool fail(struct wire *w, const char *why)
{
	if (w->why.n == 0)
		buf_adds(&w->why, why);
	return false;
}

/* --- libldap's side: a Sockbuf layer ---------------------------------------- */

static int io_setup(Sockbuf_IO_Desc *d, void *arg)
{
	d->sbiod_pvt = arg;
	return 0;
}

static int io_end(Sockbuf_IO_Desc *d)
{
	(void)d;
	return 0;
}

static int io_ctrl(Sockbuf_IO_Desc *d, int option, void *arg)
{
	struct wire *w = d->sbiod_pvt;

	/* What OpenSSL has read already, poll(2) does not see. */
	if (option == LBER_SB_OPT_DATA_READY)
		return w->tls != NULL && tls_has_pending(w->tls);
	if (option == LBER_SB_OPT_SET_NONBLOCK)
		return 1;
	return LBER_SBIOD_CTRL_NEXT(d, option, arg);
}

/* The direction TLS waits for; 0: it is over. */
static short tls_wants(enum tls_result r)
{
	return r == TLS_WANT_READ ? POLLIN : r == TLS_WANT_WRITE ? POLLOUT : 0;
}

static ber_slen_t read_tls(struct wire *w, void *p, size_t room)
{
	enum tls_result r;
	size_t n;

	while ((r = tls_read(w->tls, p, room, &n)) != TLS_OK)
		if (tls_wants(r) == 0) {
			errno = EIO;
			return r == TLS_CLOSED ? 0 : -1;
		} else if (!await(w, tls_wants(r))) {
			return -1;
		}
	return (ber_slen_t)n;
}

static ber_slen_t io_read(Sockbuf_IO_Desc *d, void *p, ber_len_t room)
{
	struct wire *w = d->sbiod_pvt;
	ssize_t n;

	if (w->tls != NULL)
		return read_tls(w, p, room);
	while ((n = recv(w->fd, p, room, 0)) < 0
	    && (errno == EAGAIN || errno == EINTR))
		if (!await(w, POLLIN))
			return -1;
	return n;
}

static ber_slen_t write_some(struct wire *w, void *p, size_t n)
{
	enum tls_result r;
	size_t sent = 0;

	if (w->tls == NULL) {
		ssize_t raw = send(w->fd, p, n, MSG_NOSIGNAL);

		return raw < 0 && (errno == EAGAIN || errno == EINTR)
		    && await(w, POLLOUT) ? 0 : raw;
	}
	r = tls_write(w->tls, p, n, &sent);
	if (r == TLS_OK)
		return (ber_slen_t)sent;
	errno = EIO;
	return tls_wants(r) != 0 && await(w, tls_wants(r)) ? 0 : -1;
}

static ber_slen_t io_write(Sockbuf_IO_Desc *d, void *p, ber_len_t n)
{
	struct wire *w = d->sbiod_pvt;
	size_t done = 0;

	while (done < n) {
		ber_slen_t r = write_some(w, (char *)p + done, n - done);

		if (r < 0)
			return -1;
		done += (size_t)r;
	}
	return (ber_slen_t)n;
}

static Sockbuf_IO io = { io_setup, io_end, io_ctrl, io_read, io_write, io_end };

static bool libldap_begin(struct wire *w)
{
	static const int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;
	Sockbuf *sb = NULL;

	if (ldap_init_fd(w->fd, LDAP_PROTO_EXT, NULL, &w->ld) != LDAP_SUCCESS)
		return fail(w, "libldap refuses the connection");
	ldap_set_option(w->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(w->ld, LDAP_OPT_DEREF, &never);
	/* LDAP-10: nobody sends our password on to somebody else. */
	ldap_set_option(w->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_get_option(w->ld, LDAP_OPT_SOCKBUF, &sb);
	if (sb == NULL || ber_sockbuf_add_io(sb, &io, LBER_SBIOD_LEVEL_PROVIDER,
	    w) != 0)
		return fail(w, "libldap refuses the connection");
	return true;
}

/* --- connecting ---------------------------------------------------------------- */

/* A resolver that does not answer would keep getaddrinfo(3) for half a minute;
 * what is asked too late stays behind until the program ends. */
static struct addrinfo *resolve(struct wire *w)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct gaicb *ask = NEW(struct gaicb);
	struct timespec limit = { .tv_sec = WIRE_CONNECT_MS / 1000 };
	struct addrinfo *found = NULL;
	int code;

	ask->ar_name = w->server->host;
	ask->ar_service = w->server->port;
	ask->ar_request = &hints;
	code = getaddrinfo_a(GAI_NOWAIT, &ask, 1, NULL);
	if (code == 0)
		gai_suspend((const struct gaicb *const *)&ask, 1, &limit);
	if (code == 0)
		code = gai_error(ask);
	if (code == EAI_INPROGRESS && gai_cancel(ask) != EAI_CANCELED) {
		fail(w, "the resolver does not answer");
		return NULL;
	}
	found = code == 0 ? ask->ar_result : NULL;
	if (found == NULL)
		fail(w, gai_strerror(code));
	free(ask);
	return found;
}

static bool is_loopback(const struct sockaddr *addr)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;

	return addr->sa_family == AF_INET
	    ? ntohl(v4->sin_addr.s_addr) >> 24 == 127
	    : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool connect_to(struct wire *w, const struct sockaddr *addr, socklen_t n)
{
	static const int yes = 1;
	int error = 0;
	socklen_t size = sizeof error;

	w->fd = socket(addr->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Times are measured here: no waiting for the other's ACK. */
	if (addr->sa_family != AF_UNIX)
		(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &yes,
		    sizeof yes);
	if (w->fd >= 0 && connect(w->fd, addr, n) != 0 && (errno != EINPROGRESS
	    || !await(w, POLLOUT)))
		error = errno;
	else if (w->fd < 0 || getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error,
	    &size) != 0)
		error = errno;
	if (error == 0)
		return true;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	buf_clear(&w->why);
	return fail(w, strerror(error));
}

static bool connect_local(struct wire *w)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(w->server->host);

	if (n >= sizeof un.sun_path)
		return fail(w, "the path of the socket is too long");
	memcpy(un.sun_path, w->server->host, n);
	return connect_to(w, (const struct sockaddr *)(const void *)&un,
	    sizeof un);
}

static bool connect_any(struct wire *w)
{
	struct addrinfo *all = resolve(w);
	bool is_open = false;

	if (all == NULL)
		return false;
	w->stage = WIRE_CONNECT;
	for (const struct addrinfo *a = all; a != NULL && !is_open;
	    a = a->ai_next) {
		w->deadline_ms = wire_now_ms() + WIRE_CONNECT_MS;
		/* LDAP-08: clear text never leaves the machine. */
		is_open = w->server->security == LINK_CLEAR
		    && !is_loopback(a->ai_addr)
		    ? fail(w, "clear text to another machine is refused")
		    : connect_to(w, a->ai_addr, a->ai_addrlen);
	}
	freeaddrinfo(all);
	return is_open;
}

/* --- TLS ------------------------------------------------------------------------- */

static bool ask_tls(struct wire *w)
{
	LDAPMessage *msg = NULL;
	int id, code = LDAP_SERVER_DOWN;

	if (ldap_extended_operation(w->ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL,
	    &id) == LDAP_SUCCESS)
		code = wire_answer(w, id, &msg);
	ldap_msgfree(msg);
	if (code == LDAP_SUCCESS)
		return true;
	w->is_late = code == LDAP_TIMEOUT;
	buf_addf(&w->why, code == LDAP_TIMEOUT ? "StartTLS is not answered"
	    : "StartTLS is refused: %s", ldap_err2string(code));
	return false;
}

static bool shake(struct wire *w)
{
	struct tls *tls = tls_connect(w->context, w->fd, w->server->host);
	enum tls_result r;

	while ((r = tls_handshake(tls)) != TLS_OK)
		if (tls_wants(r) == 0 || !await(w, tls_wants(r))) {
			w->is_late = tls_wants(r) != 0;
			fail(w, w->is_late ? "no TLS handshake in time"
			    : tls_why(tls));
			tls_free(&tls);
			return false;
		}
	w->tls = tls;
	return true;
}

/* --- life ------------------------------------------------------------------------- */

static bool reach(struct wire *w)
{
	w->deadline_ms = wire_now_ms() + WIRE_CONNECT_MS;
	if (w->server->security != LINK_LOCAL)
		return connect_any(w);
	w->stage = WIRE_CONNECT;
	return connect_local(w);
}

/* To the point where a TLS handshake may begin. */
static bool begin(struct wire *w)
{
	if (!reach(w))
		return false;
	w->stage = WIRE_TLS;
	w->deadline_ms = wire_now_ms() + WIRE_CONNECT_MS;
	return libldap_begin(w)
	    && (w->server->security != LINK_STARTTLS || ask_tls(w));
}

static struct wire *wire_new(const struct server *server,
    struct tls_context *context)
{
	struct wire *w = NEW(struct wire);

	w->fd = -1;
	w->server = server;
	w->context = context;
	return w;
}

struct wire *wire_open(const struct server *server, struct tls_context *context)
{
	struct wire *w = wire_new(server, context);
	bool needs_tls = server->security == LINK_STARTTLS
	    || server->security == LINK_TLS;

	if (begin(w) && (!needs_tls || shake(w)))
		w->stage = WIRE_OPEN;
	return w;
}

bool wire_certificate(const struct server *server, struct cert *cert_r)
{
	struct wire *w = wire_new(server, NULL);
	bool is_read = begin(w) && cert_fetch(w->fd, server->host,
	    WIRE_CONNECT_MS, cert_r);

	wire_close(&w);
	return is_read;
}

void wire_close(struct wire **wp)
{
	struct wire *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	w->deadline_ms = wire_now_ms() + 200;
	if (w->ld != NULL)
		ldap_unbind_ext(w->ld, NULL, NULL);
	if (w->tls != NULL)
		tls_goodbye(w->tls);
	tls_free(&w->tls);
	if (w->fd >= 0)
		close(w->fd);
	buf_fini(&w->why);
	free(w);
}
