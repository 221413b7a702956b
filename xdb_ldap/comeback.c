/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/comeback.c — fail-back to a server that has everything again. */
#include "xdb_ldap/comeback.h"

#include "base/log.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/have.h"
#include "xdb_ldap/pool.h"

enum {
	COMPARE_MS = 250,               /* between two looks */
	HOLD_LOOK_MS = 10,
	HOLD_MOST_MS = 1000,            /* calls wait for so long at most */
	HOLD_PAUSE_MS = 3000,           /* after that was not enough */
};

static void compare(void *ctx);

static void later(struct comeback *b, int64_t ms)
{
	timer_start(&b->again, ms);
}

/* The connections that would be left. */
static struct conn *in_use(const struct pool *p)
{
	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->state == CONN_READY
		    && p->conns[i]->server > p->probe->server)
			return p->conns[i];
	return NULL;
}

static bool is_quiet(const struct pool *p)
{
	for (unsigned i = 0; i < p->conn_n; i++)
		if (p->conns[i]->flying_n != 0)
			return false;
	return true;
}

static void move(struct comeback *b)
{
	struct pool *p = b->pool;

	comeback_end(b);
	pool_move_back(p);
}

static void hold(struct comeback *b)
{
	b->state = COMEBACK_HOLDING;
	b->held_ms = loop_now_ms();
	b->pool->is_held = true;
	later(b, 1);
}

static void release(struct comeback *b)
{
	b->state = COMEBACK_COMPARING;
	b->pool->is_held = false;
	later(b, HOLD_PAUSE_MS);
	pool_pump(b->pool);
}

static bool has_held_too_long(const struct comeback *b)
{
	return b->state == COMEBACK_HOLDING
	    && loop_now_ms() - b->held_ms > HOLD_MOST_MS;
}

static void is_behind(struct comeback *b)
{
	if (!b->is_told)
		log_event(LOG_WARN, "ldap-behind", pool_text(b->pool),
		    "server=%s it is back, and lacks changes that the one in use has",
		    b->pool->probe->server->uri);
	b->is_told = true;
	if (has_held_too_long(b))
		release(b);
	else
		later(b, b->state == COMEBACK_HOLDING ? HOLD_LOOK_MS : COMPARE_MS);
}

static void has_come(const struct xdb_result *res, void *ctx)
{
	struct comeback *b = ctx;

	b->op = NULL;
	if (res->status != XDB_OK || !csn_covers(&b->has, &b->need))
		is_behind(b);
	else if (b->state == COMEBACK_HOLDING)
		move(b);
	else
		hold(b);
}

static void need_known(const struct xdb_result *res, void *ctx)
{
	struct comeback *b = ctx;

	b->op = NULL;
	if (res->status != XDB_OK) {
		is_behind(b);
		return;
	}
	if (b->need.n == 0) {           /* such servers cannot tell */
		move(b);
		return;
	}
	b->op = have_load(b->pool->db, b->pool->probe, &b->has);
	xdb_then(b->op, has_come, b);
}

static void compare(void *ctx)
{
	struct comeback *b = ctx;
	struct conn *c = in_use(b->pool);

	if (c == NULL) {
		move(b);                /* nobody else is there any more */
	} else if (b->state == COMEBACK_HOLDING && !is_quiet(b->pool)) {
		if (has_held_too_long(b))
			release(b);
		else
			later(b, HOLD_LOOK_MS);
	} else {
		b->op = have_load(b->pool->db, c, &b->need);
		xdb_then(b->op, need_known, b);
	}
}

void comeback_begin(struct comeback *b)
{
	b->state = COMEBACK_COMPARING;
	b->is_told = false;
	later(b, 0);
}

void comeback_end(struct comeback *b)
{
	timer_stop(&b->again);
	xdb_cancel(&b->op);
	b->state = COMEBACK_IDLE;
	b->pool->is_held = false;
}

void comeback_init(struct comeback *b, struct pool *pool)
{
	b->pool = pool;
	timer_init(&b->again, compare, b);
}

void comeback_fini(struct comeback *b)
{
	if (b->again.fn != NULL)
		comeback_end(b);
}
