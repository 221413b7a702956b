/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/conn.c — one LDAP connection: from a name to a bound identity, then
 * requests out and answers in, until it is lost.  A handle that failed is never
 * used again; the slot starts from nothing. */
#include "xdb_ldap/conn.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/call.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/transport.h"

enum {
	MESSAGES_PER_TURN = 128,        /* then others have their turn */
};

static const char *const state_texts[] = {
	[CONN_IDLE] = "idle", [CONN_RESOLVING] = "resolving",
	[CONN_CONNECTING] = "connecting", [CONN_ASKING_TLS] = "starttls",
	[CONN_SHAKING] = "tls-handshake", [CONN_BINDING] = "binding",
	[CONN_READY] = "ready",
};

const char *conn_state_text(enum conn_state state)
{
	return state_texts[state];
}

static void conn_enter(struct conn *c, enum conn_state state)
{
	log_event(LOG_DEBUG, "ldap-state", c->pool->is_for_binds ? "bind" : "search",
	    "from=%s to=%s server=%s", state_texts[c->state],
	    state_texts[state], c->server->uri);
	c->state = state;
}

/* --- losing it ---------------------------------------------------------------------- */

static void forget_addresses(struct conn *c)
{
	if (c->addrs != NULL)
		uv_freeaddrinfo(c->addrs);
	c->addrs = c->addr = NULL;
}

static void resolve_forget(struct conn *c);

static void link_close(struct conn *c)
{
	timer_stop(&c->life);
	timer_stop(&c->again);
	if (c->ld != NULL)
		ldap_unbind_ext(c->ld, NULL, NULL);
	c->ld = NULL;
	transport_close(&c->transport);
}

static void return_calls(struct conn *c, const char *why)
{
	/* From the last: each goes to the head of the queue. */
	while (!list_is_empty(&c->flying)) {
		struct call *call = LIST_ITEM(c->flying.prev, struct call,
		    place_link);

		list_remove(&call->place_link);
		call->place = CALL_NOWHERE;
		c->flying_n--;
		pool_return(c->pool, call, why);
	}
}

static void end(struct conn *c, const char *why, bool is_fault)
{
	struct server *server = c->server;
	bool was_ready = c->state == CONN_READY;

	if (c->state == CONN_IDLE)
		return;
	loop_undefer(c);
	resolve_forget(c);
	forget_addresses(c);
	link_close(c);
	conn_enter(c, CONN_IDLE);
	c->server = NULL;
	c->is_owed = c->is_leaving = false;
	return_calls(c, why);
	pool_lost(c->pool, c, &(struct loss){ .server = server, .why = why,
	    .was_ready = was_ready, .is_fault = is_fault });
}

void conn_stop(struct conn *c, const char *why)
{
	end(c, why, true);
}

void conn_leave(struct conn *c, const char *why)
{
	end(c, why, false);
}

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

static void resolve_forget(struct conn *c)
{
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

static void transport_happened(enum transport_event event, void *ctx);

static void connect_to(struct conn *c, const struct sockaddr *addr, socklen_t n)
{
	const char *why;

	c->transport = transport_open(addr, n, transport_happened, c, &why);
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

static void begin(void *ctx)
{
	struct conn *c = ctx;

	if (c->server->security == LINK_LOCAL)
		connect_local(c);
	else
		resolve_start(c);
}

void conn_start(struct conn *c, struct server *server)
{
	assert(c->state == CONN_IDLE && list_is_empty(&c->flying));
	c->server = server;
	c->is_refused = false;
	c->started_ms = loop_now_ms();
	conn_enter(c, CONN_RESOLVING);
	timer_start(&c->life, c->pool->db->connect_timeout_ms);
	loop_defer(begin, c);
}

/* --- StartTLS, handshake, bind ---------------------------------------------------------- */

static void setup_failed(struct conn *c, int rc)
{
	log_event(LOG_WARN, "ldap-setup-failed", "-", "state=%s server=%s code=%d",
	    state_texts[c->state], c->server->uri, rc);
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

static void ready(struct conn *c)
{
	conn_enter(c, CONN_READY);
	forget_addresses(c);
	timer_stop(&c->life);
	c->ready_ms = c->heard_ms = loop_now_ms();
	pool_ready(c->pool, c);
}

static void bind_service(struct conn *c)
{
	struct xdb *db = c->pool->db;
	struct berval password = { db->bind_password.n, db->bind_password.p };
	struct berval nothing = { 0, (char[]){ "" } };
	int rc;

	if (c->pool->is_for_binds || (!db->sasl_external && *db->bind_dn == '\0')) {
		ready(c);
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
	c->ld = transport_ldap(c->transport);
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
static void setup_answered(struct conn *c, LDAPMessage *msg)
{
	int code = LDAP_DECODING_ERROR;

	if (ldap_msgid(msg) != c->setup_id || ldap_parse_result(c->ld, msg,
	    &code, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS)
		code = LDAP_PROTOCOL_ERROR;
	if (code == LDAP_SUCCESS && c->state == CONN_ASKING_TLS) {
		shake(c);
	} else if (code == LDAP_SUCCESS && c->state == CONN_BINDING) {
		ready(c);
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

/* --- answers ---------------------------------------------------------------------------- */

static struct call *flying_find(const struct conn *c, int msgid)
{
	struct call *call;

	LIST_EACH(call, &c->flying, struct call, place_link)
		if (call->msgid == msgid)
			return call;
	return NULL;
}

static int64_t silence_ms(const struct conn *c)
{
	const struct xdb *db = c->pool->db;

	/* With another server to ask, there must be time left to ask it. */
	return db->server_n > 1 && !c->pool->is_for_binds ? db->timeout_ms / 2
	    : db->timeout_ms;
}

static void heard(struct conn *c)
{
	c->heard_ms = loop_now_ms();
	if (c->flying_n == 0 && !c->is_owed)
		timer_stop(&c->life);
	else
		timer_start(&c->life, silence_ms(c));
}

static void sent(struct conn *c)
{
	if (!timer_is_on(&c->life))
		timer_start(&c->life, silence_ms(c));
}

static void land(struct conn *c, struct call *call)
{
	list_remove(&call->place_link);
	call->place = CALL_NOWHERE;
	c->flying_n--;
}

static void call_answered(struct conn *c, struct call *call, LDAPMessage *msg)
{
	switch (call_take(call, c->ld, msg)) {
	case CALL_WAITS:
		return;
	case CALL_DONE:
		land(c, call);
		call_finish(call, call->status,
		    call->status == XDB_OK ? NULL : ldap_err2string(call->code));
		return;
	case CALL_SENDS:
		if (call_send(call, c->ld, c->pool->db->timeout_ms)
		    == LDAP_SUCCESS)
			return;
		land(c, call);
		call_finish(call, XDB_DOWN, "connection lost");
		return;
	}
}

/* False: the connection is no more. */
static bool message_take(struct conn *c, LDAPMessage *msg)
{
	struct call *call;

	if (ldap_msgid(msg) == 0) {     /* RFC 4511 §4.4.1 */
		conn_stop(c, "the server said goodbye");
		return false;
	}
	if (c->state != CONN_READY) {
		setup_answered(c, msg);
		return c->ld != NULL && c->state != CONN_SHAKING;
	}
	call = flying_find(c, ldap_msgid(msg));
	if (call != NULL)
		call_answered(c, call, msg);
	else
		c->is_owed = false;
	heard(c);
	return true;
}

/* How many messages were taken; -1: the connection is no more. */
static int take_some(struct conn *c)
{
	struct timeval now = { 0, 0 };

	for (int n = 0; n < MESSAGES_PER_TURN; n++) {
		LDAPMessage *msg = NULL;
		int type = ldap_result(c->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now,
		    &msg);
		bool goes_on;

		if (type == 0)
			return n;
		if (type < 0) {
			conn_stop(c, transport_why(c->transport));
			return -1;
		}
		goes_on = message_take(c, msg);
		ldap_msgfree(msg);
		if (!goes_on)
			return -1;
	}
	return MESSAGES_PER_TURN;
}

static void drain(void *ctx)
{
	struct conn *c = ctx;
	int n;

	do {
		n = take_some(c);
	} while (n >= 0 && n < MESSAGES_PER_TURN && transport_more(c->transport));
	if (n == MESSAGES_PER_TURN)
		timer_start(&c->again, 1);
	if (n < 0)
		return;
	/* libldap does not always tell an end from "not yet": half a message
	 * in its hands and an old EAGAIN in errno look alike. */
	if (n < MESSAGES_PER_TURN && transport_is_over(c->transport))
		conn_stop(c, transport_why(c->transport));
	else if (c->is_leaving && c->flying_n == 0 && !c->is_owed)
		conn_leave(c, "a better server is back");
	else
		pool_pump(c->pool);
}

static void transport_happened(enum transport_event event, void *ctx)
{
	struct conn *c = ctx;

	switch (event) {
	case TRANSPORT_CONNECTED:
		connected(c);
		return;
	case TRANSPORT_SECURED:
		bind_service(c);
		return;
	case TRANSPORT_READABLE:
		/* In the handshake the end of the socket comes as LOST. */
		if (c->ld != NULL && c->state != CONN_SHAKING)
			drain(c);
		return;
	case TRANSPORT_LOST:
		if (c->state == CONN_CONNECTING && c->addr != NULL
		    && c->addr->ai_next != NULL) {
			transport_close(&c->transport);
			c->addr = c->addr->ai_next;
			try_next_address(c);
		} else {
			conn_stop(c, transport_why(c->transport));
		}
		return;
	}
}

/* --- time ------------------------------------------------------------------------------------ */

static void life_ended(void *ctx)
{
	struct conn *c = ctx;

	if (c->state == CONN_READY) {
		pool_mute(c->pool, c->server, loop_now_ms() - silence_ms(c));
	} else if (c->state == CONN_CONNECTING && c->addr != NULL
	    && c->addr->ai_next != NULL) {
		transport_close(&c->transport);
		c->addr = c->addr->ai_next;
		try_next_address(c);
	} else {
		conn_stop(c, c->state == CONN_SHAKING ? "no TLS handshake in time"
		    : "no connection in time");
	}
}

/* --- calls ------------------------------------------------------------------------------------- */

bool conn_has_room(const struct conn *c)
{
	unsigned most = c->pool->is_for_binds ? 1 : CONN_FLYING_MOST;

	return c->state == CONN_READY && !c->is_leaving && !c->is_owed
	    && c->flying_n < most
	    && transport_backlog(c->transport) < CONN_BACKLOG_MOST;
}

static bool is_our_fault(int rc)
{
	return rc == LDAP_FILTER_ERROR || rc == LDAP_PARAM_ERROR
	    || rc == LDAP_ENCODING_ERROR;
}

void conn_send(struct conn *c, struct call *call)
{
	int rc = call_send(call, c->ld, c->pool->db->timeout_ms);

	if (rc != LDAP_SUCCESS) {
		log_event(LOG_ERROR, "ldap-send-failed", "-", "code=%d meaning=%s",
		    rc, log_text(slice_of(ldap_err2string(rc))));
		call_finish(call, is_our_fault(rc) ? XDB_BROKEN : XDB_DOWN,
		    "the request could not be sent");
		return;
	}
	call->place = CALL_FLYING;
	call->conn = c;
	list_push(&c->flying, &call->place_link);
	c->flying_n++;
	sent(c);
}

void conn_forget(struct conn *c, struct call *call)
{
	land(c, call);
	if (call->kind == CALL_BIND)
		c->is_owed = true;      /* RFC 4511 §4.11: a bind is not abandoned */
	else
		ldap_abandon_ext(c->ld, call->msgid, NULL, NULL);
}

/* --- life ----------------------------------------------------------------------------------------- */

struct conn *conn_new(struct pool *pool)
{
	struct conn *c = NEW(struct conn);

	c->pool = pool;
	list_init(&c->flying);
	timer_init(&c->life, life_ended, c);
	timer_init(&c->again, drain, c);
	return c;
}

void conn_free(struct conn **cp)
{
	struct conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	assert(list_is_empty(&c->flying));
	resolve_forget(c);
	forget_addresses(c);
	link_close(c);
	loop_undefer(c);
	free(c);
}
