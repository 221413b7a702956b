/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/pool.c — calls to connections, connections to servers.
 *
 * Servers are taken in the order of the configuration, first the ones believed
 * well.  One that failed is tried again by one connection alone when its pause
 * is over, sooner while calls wait; a better one that is back gets everything
 * again, when it has what the others took meanwhile (comeback.h).  Who asks waits
 * for it, for a slapd that restarts is back in a moment; not when all have been gone
 * for as long as anybody waits, and one more attempt failed.  There is one uv timer
 * behind all of it: pool->wake. */
#include "xdb_ldap/pool.h"

#include "base/log.h"
#include "xdb_ldap/call.h"
#include "xdb_ldap/comeback.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/fresh.h"
#include "xdb_ldap/watch.h"

enum { STEADY_MS = 1000 };      /* a connection that stood less counts as failed */

const char *pool_text(const struct pool *p)
{
	static const char *const texts[] = { [POOL_SEARCH] = "search",
		[POOL_BIND] = "bind", [POOL_WATCH] = "watch",
		[POOL_WRITE] = "write" };

	return texts[p->use];
}

/* All pools of a store: start with 0, NULL at the end. */
static struct pool *pool_next(struct xdb *db, unsigned *at)
{
	struct pool *all[] = { &db->search, &db->binds, &db->watchers,
		&db->writes };

	return *at < COUNT(all) ? all[(*at)++] : NULL;
}

/* --- choosing a server ------------------------------------------------------------------ */

static bool is_hurried(const struct pool *p)
{
	return p->queue_n != 0;
}

static bool server_may_be_tried(const struct server *s, bool hurry)
{
	if (s->failures == 0)
		return true;
	return !s->is_tried && server_due_ms(s, hurry) <= loop_now_ms();
}

/* Such a pool keeps connected, and looks for something better. */
static bool is_steady(const struct pool *p)
{
	return p->use == POOL_SEARCH || p->use == POOL_WRITE;
}

static bool has_server(const struct pool *p, const struct server *s)
{
	return s >= p->servers && s < p->servers + p->server_n;
}

struct pool *pool_of(struct xdb *db, const struct server *s)
{
	return has_server(&db->writes, s) ? &db->writes : &db->search;
}

/* Somebody is connected, and not to `s`. */
static bool is_served_elsewhere(struct xdb *db, const struct server *s)
{
	const struct pool *p = pool_of(db, s);

	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY && p->conns[i]->server != s)
			return true;
	return false;
}

static struct server *server_choose(struct pool *p, unsigned before, bool is_probe)
{
	for (unsigned i = 0; i < before; i++) {
		struct server *s = &p->servers[i];

		/* One that may lack changes is better than none. */
		if (s->is_behind && !is_probe && is_served_elsewhere(p->db, s))
			continue;
		if (server_may_be_tried(s, is_hurried(p)))
			return s;
	}
	return NULL;
}

static void start(struct conn *c, struct server *s)
{
	s->is_tried = s->failures != 0;
	conn_start(c, s);
}

/* --- keeping connections ------------------------------------------------------------------ */

static unsigned count_state(const struct pool *p, bool ready)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->conn_n; i++) {
		enum conn_state state = p->conns[i]->state;

		n += ready ? state == CONN_READY
		    : state != CONN_READY && state != CONN_IDLE;
	}
	return n;
}

/* The search pool is kept up, and the watchers' when there are any; the bind
 * pool follows demand. */
static bool wants_more(const struct pool *p)
{
	switch (p->use) {
	case POOL_SEARCH:
	case POOL_WRITE:
		return true;
	case POOL_BIND:
		return count_state(p, false) < p->queue_n;
	case POOL_WATCH:
		return p->db->watch != NULL && !p->db->watch->is_paused;
	}
	return false;
}

static unsigned worst_server(const struct pool *p)
{
	unsigned worst = 0;

	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY
		    && p->conns[i]->server > &p->servers[worst])
			worst = (unsigned)(p->conns[i]->server - p->servers);
	return worst;
}

/* Fail-back: a probe of its own, so that nobody waits for it. */
static void probe_better(struct pool *p)
{
	struct server *better;

	if (!is_steady(p) || p->probe->state != CONN_IDLE)
		return;
	better = server_choose(p, worst_server(p), true);
	if (better != NULL)
		start(p->probe, better);
}

/* The servers that somebody would try now if their pause were over. */
static unsigned wanted_servers(const struct pool *p)
{
	for (unsigned i = 0; i < p->conn_n && wants_more(p); i++)
		if (p->conns[i]->state == CONN_IDLE)
			return p->server_n;
	return !is_steady(p) || p->probe->state != CONN_IDLE ? 0
	    : worst_server(p);
}

static int64_t next_due_ms(const struct pool *p)
{
	int64_t due = INT64_MAX;

	for (unsigned i = 0; i < wanted_servers(p); i++) {
		const struct server *s = &p->servers[i];
		int64_t at = server_due_ms(s, is_hurried(p));

		if (s->failures != 0 && !s->is_tried && at < due)
			due = at;
	}
	return due;
}

static void set_alarm(struct pool *p)
{
	int64_t due = next_due_ms(p), now = loop_now_ms();

	timer_stop(&p->wake);
	if (due != INT64_MAX)
		timer_start(&p->wake, due > now ? due - now + 1 : 1);
}

static void keep(struct pool *p)
{
	for (unsigned i = 0; i < p->conn_n && wants_more(p); i++) {
		struct server *s;

		if (p->conns[i]->state != CONN_IDLE)
			continue;
		s = server_choose(p, p->server_n, false);
		if (s == NULL)
			break;
		start(p->conns[i], s);
	}
	probe_better(p);
	set_alarm(p);
}

static void woken(void *ctx)
{
	keep(ctx);
}

/* --- calls ---------------------------------------------------------------------------------- */

static struct conn *conn_choose(const struct pool *p)
{
	struct conn *best = NULL;

	for (unsigned i = 0; i < p->conn_n; i++)
		if (conn_has_room(p->conns[i]) && (best == NULL
		    || p->conns[i]->flying_n < best->flying_n))
			best = p->conns[i];
	return best;
}

/* NULL: all wait until it is known what the attributes are called. */
static struct call *next_call(struct pool *p)
{
	struct call *first = LIST_FIRST(&p->queue, struct call, place_link);

	if (p->use != POOL_SEARCH || p->db->root.is_known || first->is_of_root)
		return first;
	root_want(p->db);               /* which goes ahead of all */
	return NULL;
}

void pool_pump(struct pool *p)
{
	struct call *call;
	struct conn *c;

	while (!p->is_held && p->queue_n != 0 && (c = conn_choose(p)) != NULL
	    && (call = next_call(p)) != NULL) {
		pool_withdraw(p, call);
		conn_send(c, call);
	}
	if (p->queue_n != 0)
		keep(p);
}

static void enqueue(struct pool *p, struct call *call, bool at_head)
{
	call->place = CALL_QUEUED;
	if (at_head)
		list_push_front(&p->queue, &call->place_link);
	else
		list_push(&p->queue, &call->place_link);
	p->queue_n++;
}

void pool_submit(struct pool *p, struct call *call)
{
	if (p->queue_n >= QUEUE_MOST) {
		call_finish(call, XDB_BUSY, "too many requests are waiting");
		return;
	}
	enqueue(p, call, call->is_of_root);
	pool_pump(p);
}

void pool_withdraw(struct pool *p, struct call *call)
{
	list_remove(&call->place_link);
	call->place = CALL_NOWHERE;
	p->queue_n--;
}

void pool_return(struct pool *p, struct call *call, const char *why)
{
	if (!call_may_be_resent(call)) {
		call_finish(call, XDB_DOWN, why);
		return;
	}
	call->was_resent = true;
	call_forget_answer(call);
	enqueue(p, call, true);
}

/* --- what happens to connections ---------------------------------------------------------------- */

/* They were marked before, all of them, so that what one gives back does not
 * go to the next. */
static void leave(struct pool *p, const struct server *server, const char *why)
{
	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->is_leaving && p->conns[i]->server == server)
			conn_leave(p->conns[i], why);
}

static void move_to_better(struct pool *p, const struct server *better)
{
	if (!has_server(p, better))
		return;
	/* All are marked first: what waits must not go to the next of them. */
	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY
		    && p->conns[i]->server > better)
			p->conns[i]->is_leaving = true;
	for (unsigned i = 0; i < p->conn_n; i++) {
		struct conn *c = p->conns[i];

		if (c->state == CONN_READY && c->is_leaving
		    && c->flying_n == 0 && !c->is_owed)
			conn_leave(c, "a better server is back");
	}
}

static void serve_all(struct xdb *db)
{
	struct pool *each;

	for (unsigned at = 0; (each = pool_next(db, &at)) != NULL; ) {
		pool_pump(each);
		keep(each);
	}
}

void pool_move_back(struct pool *p)
{
	struct server *s = p->probe->server;
	struct pool *each;

	log_event(LOG_INFO, "ldap-back", pool_text(p), "server=%s", s->uri);
	s->is_behind = false;
	for (unsigned at = 0; (each = pool_next(p->db, &at)) != NULL; )
		move_to_better(each, s);
	conn_leave(p->probe, "the probe has answered");
	serve_all(p->db);
}

/* This one is in use now: those before it were away, and must show what they
 * have before they are used again. */
static void take_as_measure(struct pool *p, struct server *s)
{
	struct pool *each;

	for (struct server *better = p->servers; better < s; better++)
		better->is_behind = true;
	s->is_behind = false;
	/* The others follow, who have nobody that looks for something better. */
	for (unsigned at = 0; (each = pool_next(p->db, &at)) != NULL; )
		if (!is_steady(each))
			move_to_better(each, s);
	if (p->use == POOL_SEARCH && p->db->fresh != NULL)
		fresh_reads_at(p->db->fresh, s);
}

void pool_ready(struct pool *p, struct conn *c)
{
	struct server *s = c->server;

	if (s->failures != 0 || count_state(p, true) == 1 || c == p->probe)
		log_event(LOG_INFO, "ldap-up", pool_text(p), "server=%s",
		    s->uri);
	server_is_well(s);
	if (c == p->probe) {
		comeback_begin(p->comeback);
		return;
	}
	if (s->is_behind && is_served_elsewhere(p->db, s)) {
		conn_leave(c, "it was away and may lack changes");
		return;
	}
	if (is_steady(p))
		take_as_measure(p, s);
	if (p->use == POOL_SEARCH)
		root_want(p->db);
	serve_all(p->db);
	if (p->use == POOL_WATCH && c->state == CONN_READY)
		watch_ready(p->db->watch, c);
}

/* Several connections that were under way fail together: that is one failure.
 * One that stood for a while and ended is none yet; connecting again tells. */
static bool is_failure(const struct conn *c, const struct loss *loss)
{
	const struct server *s = loss->server;

	if (!loss->is_fault || (s->failures != 0 && c->started_ms < s->tried_ms))
		return false;
	return !loss->was_ready || loop_now_ms() - c->ready_ms < STEADY_MS;
}

static bool is_gone(const struct pool *p)
{
	for (unsigned i = 0; i < p->server_n; i++)
		if (!server_is_gone(&p->servers[i], p->db->timeout_ms))
			return false;
	return count_state(p, true) + count_state(p, false) == 0;
}

/* Once around: what comes of this waits for the next attempt. */
static void send_away(struct pool *p)
{
	for (unsigned n = p->queue_n; n != 0 && p->queue_n != 0; n--) {
		struct call *call = LIST_FIRST(&p->queue, struct call, place_link);

		pool_withdraw(p, call);
		call_finish(call, XDB_DOWN, p->db->why);
	}
}

void pool_lost(struct pool *p, struct conn *c, const struct loss *loss)
{
	log_event(loss->is_fault && !loss->was_ready ? LOG_WARN : LOG_INFO,
	    "ldap-lost", pool_text(p), "server=%s why=%s", loss->server->uri, log_text(slice_of(loss->why)));
	if (loss->is_fault)
		p->db->why = loss->why;
	if (c == p->probe)
		comeback_end(p->comeback);
	if (p->use == POOL_WATCH && p->db->watch != NULL)
		watch_lost(p->db->watch, loss->was_ready && loss->is_fault
		    ? loop_now_ms() - c->ready_ms : -1);
	if (p->use == POOL_WATCH && loss->was_ready)
		loss->server->is_tried = false;
	else if (is_failure(c, loss))
		server_failed(loss->server, c->is_refused);
	else if (!loss->was_ready)
		loss->server->is_tried = false;
	pool_pump(p);
	keep(p);
	if (is_gone(p))
		send_away(p);
}

static void give_up(struct pool *p, struct server *server, int64_t since_ms,
    const char *why)
{
	struct pool *each;

	server_failed(server, false);
	p->db->why = why;
	for (unsigned at = 0; (each = pool_next(p->db, &at)) != NULL; )
		for (unsigned i = 0; i < each->conn_n; i++) {
			struct conn *c = each->conns[i];

			if (c->state == CONN_READY && c->server == server
			    && c->heard_ms <= since_ms)
				c->is_leaving = true;
		}
	for (unsigned at = 0; (each = pool_next(p->db, &at)) != NULL; ) {
		leave(each, server, p->db->why);
		if (each->probe->state == CONN_READY
		    && each->probe->server == server)
			conn_leave(each->probe, p->db->why);
	}
}

void pool_mute(struct pool *p, struct server *server, int64_t since_ms)
{
	/* A connection heard of at the beginning of the silence, since it became
	 * ready just then, say, is no sign of life: what was asked here would be
	 * sent there, and be silent again, which no read survives twice. */
	int64_t alive_ms = since_ms + (loop_now_ms() - since_ms) / 2;

	log_event(LOG_WARN, "ldap-mute", "-", "server=%s", server->uri);
	give_up(p, server, alive_ms, "the server answers nothing");
}

void pool_unavailable(struct pool *p, struct server *server)
{
	log_event(LOG_WARN, "ldap-unavailable", "-", "server=%s", server->uri);
	give_up(p, server, INT64_MAX, "the server says that it is not available");
}

/* --- life ------------------------------------------------------------------------------------------ */

static void take_servers(struct pool *p)
{
	struct xdb *db = p->db;
	unsigned readers = db->server_n - db->writer_n;

	/* A password is checked where it is changed and its failures are counted,
	 * while such a server is there. */
	p->servers = p->use == POOL_WRITE || p->use == POOL_BIND ? db->servers
	    : db->servers + db->writer_n;
	p->server_n = p->use == POOL_WRITE ? db->writer_n
	    : p->use == POOL_BIND ? db->server_n : readers;
}

void pool_init(struct pool *p, struct xdb *db, enum pool_use use, unsigned n)
{
	p->db = db;
	p->use = use;
	take_servers(p);
	p->conn_n = n;
	p->conns = arena_alloc(&db->arena, n * sizeof (struct conn *));
	for (unsigned i = 0; i < n; i++)
		p->conns[i] = conn_new(p);
	p->probe = conn_new(p);
	p->comeback = ARENA_NEW(&db->arena, struct comeback);
	comeback_init(p->comeback, p);
	list_init(&p->queue);
	timer_init(&p->wake, woken, p);
}

void pool_start(struct pool *p)
{
	keep(p);
}

void pool_fini(struct pool *p)
{
	if (p->comeback != NULL)
		comeback_fini(p->comeback);
	for (unsigned i = 0; i < p->conn_n; i++)
		conn_free(&p->conns[i]);
	conn_free(&p->probe);
	if (p->wake.fn != NULL)
		timer_stop(&p->wake);
	p->conn_n = 0;
	p->comeback = NULL;
}

struct conn *pool_conn(const struct pool *p)
{
	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY && !p->conns[i]->is_leaving)
			return p->conns[i];
	return NULL;
}

const struct server *pool_server(const struct pool *p)
{
	const struct server *best = NULL;

	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY
		    && (best == NULL || p->conns[i]->server < best))
			best = p->conns[i]->server;
	return best;
}
