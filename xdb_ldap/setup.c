/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/setup.c — from the name of a server to a connection that is bound:
 * look up, connect to one address after the other, StartTLS or TLS at once,
 * bind as the service.  There is no way back to clear text (LDAP-08). */
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/transport.h"

/* --- resolving ------------------------------------------------------------------------ */

/* The question outlives the connection that asked: it is on the thread pool. */
struct resolve {
	uv_getaddrinfo_t uv;
	struct conn *conn;              /* NULL: forgotten */
};

static void try_next_address(struct conn *c);

static void resolved(uv_getaddrinfo_t *uv, int status, struct addrinfo *found)
{
	struct resolve *r = uv->data;
	struct conn *c = r->conn;

	free(r);
	if (c == NULL) {
		uv_freeaddrinfo(found);
		return;
	}
	c->resolve = NULL;
	if (status != 0 || found == NULL) {
		uv_freeaddrinfo(found);
		conn_stop(c, "the host name was not found");
		return;
	}
	c->addrs = c->addr = found;
	try_next_address(c);
}

static void resolve_start(struct conn *c)
{
	static const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
	};
	struct resolve *r = NEW(struct resolve);

	r->uv.data = r;
	r->conn = c;
	if (uv_getaddrinfo(loop_main(), &r->uv, resolved, c->server->host,
	    c->server->port, &hints) != 0) {
		free(r);
		conn_stop(c, "the host name cannot be looked up");
		return;
	}
	c->resolve = r;
}

void setup_forget(struct conn *c)
{
	if (c->addrs != NULL)
		uv_freeaddrinfo(c->addrs);
	c->addrs = c->addr = NULL;
	if (c->resolve == NULL)
		return;
	c->resolve->conn = NULL;
	uv_cancel((uv_req_t *)&c->resolve->uv);
	c->resolve = NULL;
}

/* --- connecting ----------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *addr)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;

	if (addr->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return addr->sa_family == AF_INET6
	    && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void connect_to(struct conn *c, const struct sockaddr *addr, socklen_t n)
{
	const char *why;

	c->transport = transport_open(addr, n, conn_happened, c, &why);
	if (c->transport == NULL && c->addr != NULL && c->addr->ai_next != NULL) {
		c->addr = c->addr->ai_next;
		try_next_address(c);
	} else if (c->transport == NULL) {
		conn_stop(c, why);
	}
}

static int64_t time_left_ms(const struct conn *c)
{
	return c->started_ms + c->pool->db->connect_timeout_ms - loop_now_ms();
}

/* One address that swallows everything must not eat the others' time. */
static int64_t address_share_ms(const struct conn *c)
{
	int64_t n = 1;

	for (const struct addrinfo *a = c->addr->ai_next; a != NULL; a = a->ai_next)
		n++;
	return time_left_ms(c) / n;
}

static void try_next_address(struct conn *c)
{
	if (c->state != CONN_CONNECTING)
		conn_enter(c, CONN_CONNECTING);
	/* LDAP-08: clear text never leaves the machine. */
	if (c->server->security == LINK_CLEAR && !is_loopback(c->addr->ai_addr)) {
		conn_stop(c, "clear text to another machine is refused");
		return;
	}
	timer_start(&c->life, address_share_ms(c));
	connect_to(c, c->addr->ai_addr, c->addr->ai_addrlen);
}

static void connect_local(struct conn *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(c->server->host);

	conn_enter(c, CONN_CONNECTING);
	if (n >= sizeof un.sun_path) {
		conn_stop(c, "the path of the socket is too long");
		return;
	}
	memcpy(un.sun_path, c->server->host, n);
	connect_to(c, (const struct sockaddr *)(const void *)&un, sizeof un);
}

void setup_begin(void *ctx)
{
	struct conn *c = ctx;

	if (c->server->security == LINK_LOCAL)
		connect_local(c);
	else
		resolve_start(c);
}

/* --- StartTLS, handshake, bind ---------------------------------------------------------- */

static void setup_failed(struct conn *c, int rc)
{
	log_event(LOG_WARN, "ldap-setup-failed", "-", "state=%s server=%s code=%d",
	    conn_state_text(c->state), c->server->uri, rc);
	conn_stop(c, "the server refused to go on");
}

static void ask_tls(struct conn *c)
{
	int rc = ldap_extended_operation(c->ld, LDAP_EXOP_START_TLS, NULL, NULL,
	    NULL, &c->setup_id);

	conn_enter(c, CONN_ASKING_TLS);
	if (rc != LDAP_SUCCESS)
		setup_failed(c, rc);
}

static void shake(struct conn *c)
{
	conn_enter(c, CONN_SHAKING);
	if (!transport_secure(c->transport, c->pool->db->tls, c->server->host))
		conn_stop(c, "the server spoke in clear text before TLS");
}

static void bind_service(struct conn *c)
{
	struct xdb *db = c->pool->db;
	struct berval password = { db->bind_password.n, db->bind_password.p };
	struct berval nothing = { 0, (char[]){ "" } };
	int rc;

	if (c->pool->use == POOL_BIND || (!db->sasl_external && *db->bind_dn == '\0')) {
		conn_ready(c);
		return;
	}
	conn_enter(c, CONN_BINDING);
	if (db->sasl_external)
		rc = ldap_sasl_bind(c->ld, NULL, "EXTERNAL", &nothing, NULL,
		    NULL, &c->setup_id);
	else
		rc = ldap_sasl_bind(c->ld, db->bind_dn, LDAP_SASL_SIMPLE,
		    &password, NULL, NULL, &c->setup_id);
	if (rc != LDAP_SUCCESS)
		setup_failed(c, rc);
}

static void connected(struct conn *c)
{
	timer_start(&c->life, time_left_ms(c));
	c->ld = transport_ldap(c->transport, c->pool->db->deref);
	if (c->ld == NULL) {
		conn_stop(c, "libldap refused the connection");
		return;
	}
	switch (c->server->security) {
	case LINK_STARTTLS:
		ask_tls(c);
		return;
	case LINK_TLS:
		shake(c);
		return;
	case LINK_CLEAR:
	case LINK_LOCAL:
		bind_service(c);
		return;
	}
}

/* The answer to what setup sent: there is no other yet. */
void setup_answered(struct conn *c, LDAPMessage *msg)
{
	int code = LDAP_DECODING_ERROR;

	if (ldap_msgid(msg) != c->setup_id || ldap_parse_result(c->ld, msg,
	    &code, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS)
		code = LDAP_PROTOCOL_ERROR;
	if (code == LDAP_SUCCESS && c->state == CONN_ASKING_TLS) {
		shake(c);
	} else if (code == LDAP_SUCCESS && c->state == CONN_BINDING) {
		conn_ready(c);
	} else if (c->state == CONN_ASKING_TLS) {
		conn_stop(c, "the server refused StartTLS");
	} else {
		c->is_refused = code == LDAP_INVALID_CREDENTIALS
		    || code == LDAP_INAPPROPRIATE_AUTH
		    || code == LDAP_INSUFFICIENT_ACCESS
		    || code == LDAP_UNWILLING_TO_PERFORM;
		log_event(LOG_ERROR, "ldap-service-bind", "-",
		    "server=%s code=%d the directory refuses the service's own identity",
		    c->server->uri, code);
		conn_stop(c, "the server refused the service's own bind");
	}
}

/* --- events and time ------------------------------------------------------------------------- */

/* The next address of the host, or the end. */
static void address_failed(struct conn *c, const char *why)
{
	if (c->state == CONN_CONNECTING && c->addr != NULL
	    && c->addr->ai_next != NULL) {
		transport_close(&c->transport);
		c->addr = c->addr->ai_next;
		try_next_address(c);
	} else {
		conn_stop(c, why);
	}
}

void setup_happened(struct conn *c, enum transport_event event)
{
	switch (event) {
	case TRANSPORT_CONNECTED:
		connected(c);
		return;
	case TRANSPORT_SECURED:
		bind_service(c);
		return;
	case TRANSPORT_LOST:
		address_failed(c, transport_why(c->transport));
		return;
	case TRANSPORT_READABLE:
		return;
	}
}

void setup_late(struct conn *c)
{
	address_failed(c, c->state == CONN_SHAKING ? "no TLS handshake in time"
	    : "no connection in time");
}
