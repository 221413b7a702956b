/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/conn.c — one LDAP connection: requests out and answers in, until it
 * is lost.  How it came to be is setup.c.  A handle that failed is never used
 * again; the slot starts from nothing. */
#include "xdb_ldap/conn.h"


#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/call.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/transport.h"
#include "xdb_ldap/watch.h"

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

void conn_enter(struct conn *c, enum conn_state state)
{
	log_event(LOG_DEBUG, "ldap-state", pool_text(c->pool),
	    "from=%s to=%s server=%s", state_texts[c->state],
	    state_texts[state], c->server->uri);
	c->state = state;
}

/* --- losing it ---------------------------------------------------------------------- */

static void unhold(struct conn *c)
{
	if (c->held == NULL)
		return;
	call_let_go(c->holder);
	ldap_msgfree(c->held);
	c->held = NULL;
	c->holder = NULL;
}

static void link_close(struct conn *c)
{
	timer_stop(&c->life);
	chore_stop(&c->again);
	unhold(c);
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
	setup_forget(c);
	link_close(c);
	conn_enter(c, CONN_IDLE);
	c->server = NULL;
	c->is_owed = c->is_leaving = c->is_unavailable = false;
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
	return c->pool->server_n > 1 && c->pool->use != POOL_BIND ? db->timeout_ms / 2
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
	if (c->holder == call)
		unhold(c);
	list_remove(&call->place_link);
	call->place = CALL_NOWHERE;
	c->flying_n--;
}

/* True: the message is to be given again. */
static bool call_answered(struct conn *c, struct call *call, LDAPMessage *msg)
{
	switch (call_take(call, c->ld, msg)) {
	case CALL_WAITS:
		break;
	case CALL_READS:
		return true;
	case CALL_DONE:
		/* It stays with the connection, and goes where that goes. */
		if (call->code == LDAP_UNAVAILABLE && call_may_be_resent(call)
		    && c->pool->server_n > 1) {
			c->is_unavailable = true;
			break;
		}
		land(c, call);
		call_finish(call, call->status,
		    call->status == XDB_OK ? NULL : ldap_err2string(call->code));
		break;
	case CALL_PAGES:
		land(c, call);
		call_by_pages(call);
		break;
	case CALL_SENDS:
		c->pool->db->requests++;
		if (call_send(call, c->ld, c->pool->db->timeout_ms)
		    == LDAP_SUCCESS)
			break;
		land(c, call);
		call_finish(call, XDB_DOWN, "connection lost");
		break;
	}
	return false;
}

enum taken { TAKEN, NOTHING, HELD, LOST };

/* Takes a message, or more of the one that is held, which it frees when it was
 * the last of it. */
static enum taken message_take(struct conn *c, struct call *call, LDAPMessage *msg)
{
	if (call != NULL && call_answered(c, call, msg)) {
		c->held = msg;
		c->holder = call;
		heard(c);
		return HELD;
	}
	if (call == NULL && c->pool->use == POOL_WATCH)
		watch_message(c->pool->db->watch, msg);
	else if (call == NULL)
		c->is_owed = false;
	c->held = NULL;
	c->holder = NULL;
	ldap_msgfree(msg);
	heard(c);
	if (!c->is_unavailable)
		return TAKEN;
	pool_unavailable(c->pool, c->server);
	return LOST;
}

/* Before the connection is ready, and the end that a server announces. */
static enum taken setup_take(struct conn *c, LDAPMessage *msg)
{
	if (ldap_msgid(msg) == 0)       /* RFC 4511 §4.4.1 */
		conn_stop(c, "the server said goodbye");
	else
		setup_answered(c, msg);
	ldap_msgfree(msg);
	return c->ld != NULL && c->state != CONN_SHAKING ? TAKEN : LOST;
}

static enum taken take_one(struct conn *c)
{
	struct timeval now = { 0, 0 };
	LDAPMessage *msg = NULL;
	int type;

	if (c->held != NULL)
		return message_take(c, c->holder, c->held);
	type = ldap_result(c->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &msg);
	if (type == 0)
		return NOTHING;
	if (type < 0) {
		conn_stop(c, transport_why(c->transport));
		return LOST;
	}
	if (ldap_msgid(msg) == 0 || c->state != CONN_READY)
		return setup_take(c, msg);
	return message_take(c, flying_find(c, ldap_msgid(msg)), msg);
}

/* Until there is nothing, or no time. */
static enum taken take_all(struct conn *c)
{
	enum taken t;

	do {
		t = take_one(c);
		if (t == NOTHING && transport_more(c->transport))
			t = TAKEN;
	} while (t == TAKEN && chore_has_time());
	return t;
}

static void drain(void *ctx)
{
	struct conn *c = ctx;
	enum taken t;

	chore_enter();
	t = take_all(c);
	chore_leave();
	if (t == LOST)
		return;
	if (t != NOTHING)
		chore_start(&c->again);
	/* libldap does not always tell an end from "not yet": half a message
	 * in its hands and an old EAGAIN in errno look alike. */
	if (t == NOTHING && transport_is_over(c->transport))
		conn_stop(c, transport_why(c->transport));
	else if (c->is_leaving && c->flying_n == 0 && !c->is_owed)
		conn_leave(c, "a better server is back");
	else
		pool_pump(c->pool);
}

void conn_happened(enum transport_event event, void *ctx)
{
	struct conn *c = ctx;

	if (event != TRANSPORT_READABLE)
		setup_happened(c, event);
	/* In the handshake the end of the socket comes as LOST. */
	else if (c->ld != NULL && c->state != CONN_SHAKING)
		drain(c);
}

/* --- time ------------------------------------------------------------------------------------ */

static void life_ended(void *ctx)
{
	struct conn *c = ctx;

	if (c->state == CONN_READY)
		pool_mute(c->pool, c->server, loop_now_ms() - silence_ms(c));
	else
		setup_late(c);
}

/* --- calls ------------------------------------------------------------------------------------- */

bool conn_has_room(const struct conn *c)
{
	unsigned most = c->pool->use == POOL_BIND ? 1 : CONN_FLYING_MOST;

	return c->state == CONN_READY && !c->is_leaving && !c->is_owed
	    && c->flying_n < most
	    && transport_backlog(c->transport) < CONN_BACKLOG_MOST;
}

static bool call_is_bind(const struct call *call)
{
	return call->kind == CALL_BIND || call->kind == CALL_CHANGE;
}

static bool is_our_fault(int rc)
{
	return rc == LDAP_FILTER_ERROR || rc == LDAP_PARAM_ERROR
	    || rc == LDAP_ENCODING_ERROR;
}

void conn_send(struct conn *c, struct call *call)
{
	int rc;

	call->was_sent = true;
	call->server = c->server;
	rc = call_send(call, c->ld, c->pool->db->timeout_ms);
	c->pool->db->requests++;
	if (rc != LDAP_SUCCESS) {
		log_event(LOG_ERROR, "ldap-send-failed", "-", "code=%d meaning=%s",
		    rc, log_text(slice_of(ldap_err2string(rc))));
		call_finish(call, is_our_fault(rc) ? XDB_BROKEN : XDB_DOWN,
		    "the request could not be sent");
		return;
	}
	/* A bind that waited for its turn has its time from now on: what came too late
	 * because we were many would count as wrong (trial.c). */
	if (call_is_bind(call))
		op_more_time(call->op);
	call->sent_ms = loop_now_ms();
	call->unheard_n++;
	call->place = CALL_FLYING;
	call->conn = c;
	list_push(&c->flying, &call->place_link);
	c->flying_n++;
	sent(c);
}

void conn_forget(struct conn *c, struct call *call, bool is_late)
{
	land(c, call);
	if (call_is_bind(call))
		c->is_owed = true;      /* RFC 4511 §4.11: a bind is not abandoned */
	else
		ldap_abandon_ext(c->ld, call->msgid, NULL, NULL);
	/* Nothing is expected any more; but when the server was late, it must
	 * soon be heard of. */
	if (!is_late && c->flying_n == 0 && !c->is_owed)
		timer_stop(&c->life);
}

/* --- life ----------------------------------------------------------------------------------------- */

void conn_start(struct conn *c, struct server *server)
{
	assert(c->state == CONN_IDLE && list_is_empty(&c->flying));
	c->server = server;
	c->is_refused = false;
	c->started_ms = loop_now_ms();
	conn_enter(c, CONN_RESOLVING);
	timer_start(&c->life, c->pool->db->connect_timeout_ms);
	loop_defer(setup_begin, c);
}

void conn_ready(struct conn *c)
{
	conn_enter(c, CONN_READY);
	setup_forget(c);
	timer_stop(&c->life);
	c->ready_ms = c->heard_ms = loop_now_ms();
	pool_ready(c->pool, c);
}

struct conn *conn_new(struct pool *pool)
{
	struct conn *c = NEW(struct conn);

	c->pool = pool;
	list_init(&c->flying);
	timer_init(&c->life, life_ended, c);
	chore_init(&c->again, drain, c);
	return c;
}

void conn_free(struct conn **cp)
{
	struct conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	assert(list_is_empty(&c->flying));
	setup_forget(c);
	link_close(c);
	loop_undefer(c);
	free(c);
}
