/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/pool.h — which connection, which server, and when to try again. */
#ifndef XDB_LDAP_POOL_H
#define XDB_LDAP_POOL_H

#include "xdb_ldap/store.h"

struct call;

void pool_init(struct pool *p, struct xdb *db, enum pool_use use, unsigned n);
void pool_fini(struct pool *p);
/* Connects what should be connected. */
void pool_start(struct pool *p);

/* Sends the call or queues it; a full queue answers XDB_BUSY. */
void pool_submit(struct pool *p, struct call *call);
/* A call that waits is forgotten. */
void pool_withdraw(struct pool *p, struct call *call);

/* The probe's server has all that the one in use has: everything goes there. */
void pool_move_back(struct pool *p);

/* From connections. */
void pool_ready(struct pool *p, struct conn *c);
/* `c` ended and is IDLE. */
struct loss {
	struct server *server;
	const char *why;
	bool was_ready, is_fault;
};
void pool_lost(struct pool *p, struct conn *c, const struct loss *loss);
/* The server answers nothing: all its connections that heard nothing since. */
void pool_mute(struct pool *p, struct server *server, int64_t since_ms);
/* It answers that it is not available, on any of its connections. */
void pool_unavailable(struct pool *p, struct server *server);
/* A call of a lost connection: queued again (a read, once), or failed. */
void pool_return(struct pool *p, struct call *call, const char *why);
/* Hands out waiting calls; after an answer made room. */
void pool_pump(struct pool *p);

/* "search", "bind", "watch": for the log. */
const char *pool_text(const struct pool *p);

/* A connection that is ready, or NULL. */
struct conn *pool_conn(const struct pool *p);
/* Whose connections search at this server, as the service. */
struct pool *pool_of(struct xdb *db, const struct server *s);
/* The best server that a connection is ready at, or NULL. */
const struct server *pool_server(const struct pool *p);

/* server.c: the list of servers from URIs; false with a reason. */
bool servers_parse(struct xdb *db, const struct xdb_conf *conf, const char **why_r);
/* What the connections to them are made with; NULL with a reason. */
struct tls_context *servers_tls(const struct xdb_conf *conf, const char **why_r);
void server_failed(struct server *s, bool is_refusing);
void server_is_well(struct server *s);
/* When it may be tried next; `hurry`: calls are waiting. */
int64_t server_due_ms(const struct server *s, bool hurry);
/* It has failed for so long, and is not being tried. */
bool server_is_gone(const struct server *s, int64_t patience_ms);

#endif
