/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/conn.h — one LDAP connection as a state machine.
 *
 *   IDLE ─start─► RESOLVING ─► CONNECTING ─► ASKING_TLS ─► SHAKING ─┐
 *     ▲            (ldapi: not)     │         (StartTLS)     ▲      │
 *     │                             ├─────────(ldaps)────────┘      │
 *     │                             ▼                               ▼
 *     └──── lost ◄──── READY ◄── BINDING ◄──────────────────────────┘
 *
 * conn_enter alone writes the state.  A connection is a slot of its pool that
 * lives as long as the pool; what is made anew each time hangs below it. */
#ifndef XDB_LDAP_CONN_H
#define XDB_LDAP_CONN_H

#include <ldap.h>

#include "base/chore.h"
#include "xdb_ldap/store.h"
#include "xdb_ldap/transport.h"

struct call;
struct resolve;
struct addrinfo;

enum conn_state {
	CONN_IDLE, CONN_RESOLVING, CONN_CONNECTING, CONN_ASKING_TLS,
	CONN_SHAKING, CONN_BINDING, CONN_READY,
};

/* slapd hangs up on connections with too much pending (directory.md §3.11). */
enum { CONN_FLYING_MOST = 64, CONN_BACKLOG_MOST = 1024 * 1024 };

struct conn {
	struct transport *transport;
	LDAP *ld;
	struct resolve *resolve;
	struct addrinfo *addrs;
	/* borrowed */
	struct pool *pool;
	struct server *server;          /* NULL when idle */
	struct addrinfo *addr;          /* the one being tried */
	enum conn_state state;
	int setup_id;                   /* message of StartTLS or bind */
	struct list flying;             /* calls sent and not answered */
	unsigned flying_n;
	bool is_owed;                   /* a bind nobody waits for any more */
	bool is_leaving;                /* takes no new calls: a better server is back */
	bool is_unavailable;            /* the server said so, and there are others */
	bool is_refused;                /* the directory does not accept our bind */
	int64_t started_ms, ready_ms, heard_ms;
	struct timer life;              /* until READY; then: until heard of again */
	struct chore again;             /* goes on reading when there is time */
	LDAPMessage *held;              /* a long one, half read; NULL: none */
	struct call *holder;            /* … and whose it is */
};

struct conn *conn_new(struct pool *pool);
void conn_free(struct conn **cp);

void conn_start(struct conn *c, struct server *server);
/* Ends it, by a fault or because we want to; calls in flight are sent again
 * elsewhere or fail (pool_return). */
void conn_stop(struct conn *c, const char *why);
void conn_leave(struct conn *c, const char *why);

bool conn_has_room(const struct conn *c);
/* Sends a call; the call is in flight, or has been answered with a failure. */
void conn_send(struct conn *c, struct call *call);
/* Nobody wants the answer any more; `is_late`: because it did not come. */
void conn_forget(struct conn *c, struct call *call, bool is_late);

const char *conn_state_text(enum conn_state state);

/* --- between conn.c and setup.c ------------------------------------------------ */

void conn_enter(struct conn *c, enum conn_state state);
void conn_ready(struct conn *c);
void conn_happened(enum transport_event event, void *ctx);

void setup_begin(void *conn);
/* An event before READY; a message before READY; no time left. */
void setup_happened(struct conn *c, enum transport_event event);
void setup_answered(struct conn *c, LDAPMessage *msg);
void setup_late(struct conn *c);
/* Drops the question for the name, and its answer. */
void setup_forget(struct conn *c);

#endif
