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
	static struct gaicb *left;
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
		left = ask;
		(void)left;
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

static int answer(struct wire *w, int id, LDAPMessage **msg_r);

static bool ask_tls(struct wire *w)
{
	LDAPMessage *msg = NULL;
	int id, code = LDAP_SERVER_DOWN;

	if (ldap_extended_operation(w->ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL,
	    &id) == LDAP_SUCCESS)
		code = answer(w, id, &msg);
	ldap_msgfree(msg);
	if (code == LDAP_SUCCESS)
		return true;
	buf_addf(&w->why, "StartTLS is refused: %s", ldap_err2string(code));
	return false;
}

static bool shake(struct wire *w)
{
	struct tls *tls = tls_connect(w->context, w->fd, w->server->host);
	enum tls_result r;

	while ((r = tls_handshake(tls)) != TLS_OK)
		if (tls_wants(r) == 0 || !await(w, tls_wants(r))) {
			fail(w, tls_wants(r) != 0 ? "no TLS handshake in time"
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

/* --- calls --------------------------------------------------------------------------- */

/* Result code of a call; the whole answer in *msg_r. */
static int answer(struct wire *w, int id, LDAPMessage **msg_r)
{
	int64_t left = w->deadline_ms - wire_now_ms();
	struct timeval limit = { 0, 1000 };
	int code, type;

	if (left > 0)
		limit = (struct timeval){ (time_t)(left / 1000),
			(suseconds_t)(left % 1000 * 1000) };
	type = ldap_result(w->ld, id, LDAP_MSG_ALL, &limit, msg_r);
	if (type == 0)
		return LDAP_TIMEOUT;
	if (type < 0)
		return errno == ETIMEDOUT ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
	if (ldap_parse_result(w->ld, *msg_r, &code, NULL, NULL, NULL, NULL, 0)
	    != LDAP_SUCCESS)
		return LDAP_DECODING_ERROR;
	return code;
}

/* A call that was sent with `rc`, and nothing of it but its code. */
static int settle(struct wire *w, int rc, int id)
{
	LDAPMessage *msg = NULL;

	if (rc == LDAP_SUCCESS)
		rc = answer(w, id, &msg);
	ldap_msgfree(msg);
	return rc;
}

static void begin_call(struct wire *w)
{
	errno = 0;
	w->deadline_ms = wire_now_ms() + WIRE_ANSWER_MS;
}

static bool has_policy(struct wire *w, LDAPMessage *msg)
{
	LDAPControl **controls = NULL;
	bool is_there;

	if (ldap_parse_result(w->ld, msg, NULL, NULL, NULL, NULL, &controls, 0)
	    != LDAP_SUCCESS)
		return false;
	is_there = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE,
	    controls, NULL) != NULL;
	ldap_controls_free(controls);
	return is_there;
}

int wire_bind(struct wire *w, const char *dn, struct slice password,
    bool *has_policy_r)
{
	LDAPControl policy = {
		.ldctl_oid = (char[]){ LDAP_CONTROL_PASSWORDPOLICYREQUEST },
	};
	LDAPControl *controls[] = { &policy, NULL };
	struct berval secret = { password.n, (char *)(uintptr_t)password.p };
	struct berval nothing = { 0, (char[]){ "" } };
	LDAPMessage *msg = NULL;
	int id, code;

	begin_call(w);
	code = dn == NULL
	    ? ldap_sasl_bind(w->ld, NULL, "EXTERNAL", &nothing, NULL, NULL, &id)
	    : ldap_sasl_bind(w->ld, dn, LDAP_SASL_SIMPLE, &secret, controls,
	    NULL, &id);
	if (code == LDAP_SUCCESS)
		code = answer(w, id, &msg);
	if (has_policy_r != NULL)
		*has_policy_r = code == LDAP_SUCCESS && has_policy(w, msg);
	ldap_msgfree(msg);
	return code;
}

/* The cookie of the next page into q->cookie; empty: that was the last. */
static void page_turn(struct wire *w, LDAPMessage *msg, struct berval *cookie)
{
	LDAPControl **controls = NULL, *page;
	struct berval next = { 0 };
	ber_int_t count;

	ldap_memfree(cookie->bv_val);
	*cookie = (struct berval){ 0 };
	if (msg == NULL || ldap_parse_result(w->ld, msg, NULL, NULL, NULL, NULL,
	    &controls, 0) != LDAP_SUCCESS)
		return;
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (page != NULL && ldap_parse_pageresponse_control(w->ld, page, &count,
	    &next) == LDAP_SUCCESS)
		*cookie = next;
	ldap_controls_free(controls);
}

enum { PAGE_ENTRIES = 500 };

int wire_search(struct wire *w, const struct question *q, LDAPMessage **found_r)
{
	LDAPControl *page = NULL, *controls[] = { q->control, NULL };
	char **attrs = (char **)(uintptr_t)q->attrs;
	int id, code = LDAP_SUCCESS;

	*found_r = NULL;
	begin_call(w);
	if (q->cookie != NULL)
		code = ldap_create_page_control(w->ld, PAGE_ENTRIES, q->cookie, 1,
		    &page);
	if (page != NULL)
		controls[0] = page;
	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(w->ld, q->base, q->scope,
		    q->filter != NULL ? q->filter : "(objectClass=*)", attrs, 0,
		    controls[0] != NULL ? controls : NULL, NULL, NULL, q->most,
		    &id);
	if (page != NULL)
		ldap_control_free(page);
	if (code == LDAP_SUCCESS)
		code = answer(w, id, found_r);
	if (q->cookie != NULL)
		page_turn(w, code == LDAP_SUCCESS ? *found_r : NULL, q->cookie);
	return code;
}

enum { CHANGES_MOST = 16 };

/* libldap's form of the changes; all of it lives as long as `room`. */
struct mods_room {
	LDAPMod mod[CHANGES_MOST], *mods[CHANGES_MOST + 1];
	struct berval value[CHANGES_MOST], *values[CHANGES_MOST][2];
};

static LDAPMod **mods_of(struct mods_room *room, const struct change *c)
{
	size_t i;

	memset(room, 0, sizeof *room);
	for (i = 0; i < CHANGES_MOST && c[i].attr != NULL; i++) {
		room->value[i] = (struct berval){ c[i].value.n,
			(char *)(uintptr_t)c[i].value.p };
		room->values[i][0] = c[i].value.p != NULL ? &room->value[i]
		    : NULL;
		room->mod[i].mod_op = c[i].op | LDAP_MOD_BVALUES;
		room->mod[i].mod_type = (char *)(uintptr_t)c[i].attr;
		room->mod[i].mod_bvalues = c[i].value.p != NULL
		    ? room->values[i] : NULL;
		room->mods[i] = &room->mod[i];
	}
	return room->mods;
}

int wire_add(struct wire *w, const char *dn, const struct change *changes,
    int flags)
{
	/* OpenLDAP's no-op control; critical, so whoever does not know it
	 * refuses instead of adding. */
	LDAPControl noop = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ "1.3.6.1.4.1.4203.666.5.2" } };
	LDAPControl *controls[] = { &noop, NULL };
	struct mods_room room;
	int id, rc;

	begin_call(w);
	rc = ldap_add_ext(w->ld, dn, mods_of(&room, changes),
	    (flags & WIRE_NOOP) != 0 ? controls : NULL, NULL, &id);
	return settle(w, rc, id);
}

int wire_modify(struct wire *w, const char *dn, const struct change *changes,
    const char *assertion)
{
	LDAPControl assert_ = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_ASSERT } };
	LDAPControl *controls[] = { &assert_, NULL };
	struct mods_room room;
	int id, rc = LDAP_SUCCESS;

	begin_call(w);
	if (assertion != NULL)
		rc = ldap_create_assertion_control_value(w->ld,
		    (char *)(uintptr_t)assertion, &assert_.ldctl_value);
	if (rc == LDAP_SUCCESS)
		rc = ldap_modify_ext(w->ld, dn, mods_of(&room, changes),
		    assertion != NULL ? controls : NULL, NULL, &id);
	ldap_memfree(assert_.ldctl_value.bv_val);
	return settle(w, rc, id);
}

int wire_delete(struct wire *w, const char *dn)
{
	int id, rc;

	begin_call(w);
	rc = ldap_delete_ext(w->ld, dn, NULL, NULL, &id);
	return settle(w, rc, id);
}

/* --- entries --------------------------------------------------------------------------- */

LDAPMessage *wire_first(struct wire *w, LDAPMessage *found)
{
	return found != NULL ? ldap_first_entry(w->ld, found) : NULL;
}

size_t wire_values(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr, struct slice **values_r)
{
	struct berval **values = ldap_get_values_len(w->ld, entry, attr);
	size_t n = values != NULL ? (size_t)ldap_count_values_len(values) : 0;

	*values_r = arena_alloc(a, (n + 1) * sizeof **values_r);
	for (size_t i = 0; i < n; i++)
		(*values_r)[i] = slice_make(arena_dup(a, values[i]->bv_val,
		    values[i]->bv_len), values[i]->bv_len);
	if (values != NULL)
		ldap_value_free_len(values);
	return n;
}

struct slice wire_value(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr)
{
	struct slice *values;

	return entry != NULL && wire_values(w, a, entry, attr, &values) != 0
	    ? values[0] : (struct slice){ NULL, 0 };
}

const char *wire_dn(struct wire *w, struct arena *a, LDAPMessage *entry)
{
	char *dn = ldap_get_dn(w->ld, entry);
	const char *copy = arena_dup(a, dn != NULL ? dn : "",
	    dn != NULL ? strlen(dn) : 0);

	ldap_memfree(dn);
	return copy;
}
