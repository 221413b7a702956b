/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/fresh.c — written entries, until the replica has them.
 *
 * One comparison at a time serves all writes that were answered before it began:
 * the provider is asked how far it is, then the replica until it is there too. */
#include "xdb_ldap/fresh.h"

#include <ldap.h>

#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/have.h"
#include "xdb_ldap/pool.h"

enum {
	ENTRIES_MOST = 256,             /* above: everything is fresh */
	LOOK_FIRST_MS = 5, LOOK_MOST_MS = 500,
	BELIEVED_MS = 60 * 1000,        /* a replica that stands still is used again */
	UNTOLD_MS = 10 * 1000,          /* the same where servers do not tell */
};

struct written { struct buf dn; uint64_t number; int64_t at_ms; };

struct fresh {
	struct written v[ENTRIES_MOST];
	unsigned n;
	/* Numbers of writes; up to `all` everything is fresh. */
	uint64_t last, all, mark;
	int64_t all_ms;
	struct xdb_op *op;
	struct csn_set need, has;
	struct timer again;
	int64_t look_ms;
	const struct server *replica;
	/* borrowed */
	struct xdb *db;
};

/* --- forgetting -------------------------------------------------------------------------- */

static void forget(struct fresh *f, unsigned i)
{
	struct written was = f->v[i];

	f->v[i] = f->v[--f->n];
	f->v[f->n] = was;               /* its buffer is used again */
}

static void forget_up_to(struct fresh *f, uint64_t number)
{
	for (unsigned i = f->n; i-- != 0; )
		if (f->v[i].number <= number)
			forget(f, i);
	if (f->all <= number)
		f->all = 0;
}

static void forget_older(struct fresh *f, int64_t age_ms)
{
	int64_t since = loop_now_ms() - age_ms;
	unsigned was = f->n;

	for (unsigned i = f->n; i-- != 0; )
		if (f->v[i].at_ms < since)
			forget(f, i);
	if (f->all != 0 && f->all_ms < since)
		f->all = 0;
	if (was != f->n && age_ms == BELIEVED_MS)
		log_event(LOG_WARN, "ldap-lag", "-",
		    "the replica does not follow: what was written a minute ago "
		    "is not there");
}

/* --- comparing ---------------------------------------------------------------------------- */

static void look_again(struct fresh *f)
{
	forget_older(f, BELIEVED_MS);
	if (f->n == 0 && f->all == 0)
		return;
	timer_start(&f->again, f->look_ms);
	f->look_ms = f->look_ms * 2 < LOOK_MOST_MS ? f->look_ms * 2 : LOOK_MOST_MS;
}

static void begin(struct fresh *f);

static void replica_told(const struct xdb_result *res, void *ctx)
{
	struct fresh *f = ctx;

	f->op = NULL;
	if (res->status == XDB_OK && csn_covers(&f->has, &f->need)) {
		forget_up_to(f, f->mark);
		f->need.n = 0;
		f->look_ms = LOOK_FIRST_MS;
		begin(f);
	} else {
		look_again(f);
	}
}

static void provider_told(const struct xdb_result *res, void *ctx);

/* Asks the provider, or once that is known the replica. */
static void look(void *ctx)
{
	struct fresh *f = ctx;
	struct conn *c = pool_conn(f->need.n == 0 ? &f->db->writes
	    : &f->db->search);

	if (c == NULL) {
		look_again(f);
		return;
	}
	if (f->need.n == 0) {
		f->mark = f->last;
		f->op = have_load(f->db, c, &f->need);
		xdb_then(f->op, provider_told, f);
	} else {
		f->op = have_load(f->db, c, &f->has);
		xdb_then(f->op, replica_told, f);
	}
}

static void provider_told(const struct xdb_result *res, void *ctx)
{
	struct fresh *f = ctx;

	f->op = NULL;
	if (res->status == XDB_OK && f->need.n != 0) {
		look(f);
		return;
	}
	if (res->status == XDB_OK)
		forget_older(f, UNTOLD_MS);
	else
		f->need.n = 0;
	look_again(f);
}

static void begin(struct fresh *f)
{
	if (f->op == NULL && !timer_is_on(&f->again) && (f->n != 0 || f->all != 0))
		timer_start(&f->again, 0);
}

/* --- what happens ----------------------------------------------------------------------------- */

static void all_is_fresh(struct fresh *f)
{
	f->all = ++f->last;
	f->all_ms = loop_now_ms();
	begin(f);
}

void fresh_wrote(struct fresh *f, const char *dn)
{
	struct written *w = &f->v[f->n];

	if (f->n == ENTRIES_MOST) {
		all_is_fresh(f);
		return;
	}
	buf_clear(&w->dn);
	if (!dn_normal(&w->dn, slice_of(dn)))
		return;                 /* then it was not written */
	w->number = ++f->last;
	w->at_ms = loop_now_ms();
	f->n++;
	begin(f);
}

/* Another replica may be further behind than the one before. */
void fresh_reads_at(struct fresh *f, const struct server *s)
{
	if (f->replica != NULL && f->replica != s) {
		xdb_cancel(&f->op);
		timer_stop(&f->again);
		f->need.n = 0;
		all_is_fresh(f);
	}
	f->replica = s;
}

static bool could_find(int scope, struct slice entry, struct slice base)
{
	return scope == LDAP_SCOPE_BASE ? slice_eq(entry, base)
	    : dn_is_below(entry, base);
}

bool fresh_covers(const struct fresh *f, const char *base, int scope)
{
	struct buf normal = { 0 };
	bool found = false;

	/* A replica that was not compared yet is better than no server at all;
	 * for what we wrote ourselves it is not. */
	if (f->all != 0 && pool_conn(&f->db->writes) != NULL)
		return true;
	if (f->n == 0 || !dn_normal(&normal, slice_of(base))) {
		buf_fini(&normal);
		return false;
	}
	for (unsigned i = 0; i < f->n && !found; i++)
		found = could_find(scope, buf_slice(&f->v[i].dn),
		    buf_slice(&normal));
	buf_fini(&normal);
	return found;
}

/* --- life --------------------------------------------------------------------------------------- */

struct fresh *fresh_new(struct xdb *db)
{
	struct fresh *f = NEW(struct fresh);

	f->db = db;
	f->look_ms = LOOK_FIRST_MS;
	timer_init(&f->again, look, f);
	return f;
}

void fresh_free(struct fresh **fp)
{
	struct fresh *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	timer_stop(&f->again);
	xdb_cancel(&f->op);
	for (unsigned i = 0; i < ENTRIES_MOST; i++)
		buf_fini(&f->v[i].dn);
	free(f);
}
