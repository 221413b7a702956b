/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/budget.c — a row for each who was wrong lately or is being tried; the
 * one that was used least recently makes room. */
#include "xdb_ldap/budget.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/loop.h"
#include "base/map.h"
#include "xdb_ldap/entry.h"

enum {
	ROWS_MOST = 16384,
	ASSUMED_MOST = 2, ASSUMED_KEEP_MS = 60 * 60 * 1000,
	KEEP_LEAST_MS = 10 * 60 * 1000,
	/* pwdFailureCountInterval 0: only a right password makes it forget. */
	KEEP_EVER_MS = 24 * 60 * 60 * 1000,
};

struct row {
	struct list link;
	struct buf name;
	unsigned wrong, open, most;
	bool is_told;                   /* `most` is somebody's word */
	int64_t until_ms;               /* then `wrong` is 0 again */
	uint64_t as;
};

struct budget {
	struct map rows;
	struct list order;              /* the oldest first */
	struct list waits;
	unsigned owners;
};

/* --- limits ------------------------------------------------------------------------ */

struct budget_limit budget_limit_none(void)
{
	return (struct budget_limit){ .most = UINT32_MAX,
		.keep_ms = KEEP_LEAST_MS };
}

static uint64_t number_of(const struct entry *e, enum attr attr)
{
	uint64_t n;

	return slice_number(entry_one(e, attr), INT32_MAX, &n) ? n : 0;
}

struct budget_limit budget_limit_assumed(unsigned most)
{
	return (struct budget_limit){ most != 0 ? most : ASSUMED_MOST,
		ASSUMED_KEEP_MS };
}

struct budget_limit budget_limit_of(const struct entry *policy)
{
	int64_t keep_ms, most;

	most = (int64_t)number_of(policy, ATTR_FAILURES_MOST);
	if (!slice_eq_nocase(entry_one(policy, ATTR_LOCKOUT), SLICE("TRUE"))
	    || most == 0)
		return budget_limit_none();
	keep_ms = (int64_t)number_of(policy, ATTR_FAILURES_KEPT) * 1000;
	if (keep_ms == 0)
		keep_ms = KEEP_EVER_MS;
	return (struct budget_limit){ .most = most < 3 ? 1 : (unsigned)(most - 1) / 2,
		.keep_ms = keep_ms > KEEP_LEAST_MS ? keep_ms : KEEP_LEAST_MS };
}

/* --- rows ---------------------------------------------------------------------------- */

static void row_free(struct budget *b, struct row *r)
{
	map_take(&b->rows, buf_slice(&r->name));
	list_remove(&r->link);
	buf_fini(&r->name);
	free(r);
}

static struct row *row_find(struct budget *b, struct slice name)
{
	struct row *r = map_find(&b->rows, name);

	if (r != NULL && loop_now_ms() >= r->until_ms)
		r->wrong = 0;
	return r;
}

/* Those under way are never so many: the queue of binds is shorter. */
static struct row *row_get(struct budget *b, struct slice name)
{
	struct row *r = row_find(b, name);

	if (r == NULL) {
		if (map_count(&b->rows) >= ROWS_MOST)
			row_free(b, LIST_FIRST(&b->order, struct row, link));
		r = NEW(struct row);
		buf_add(&r->name, name);
		r->most = ASSUMED_MOST;
		map_put(&b->rows, buf_slice(&r->name), r);
	} else {
		list_remove(&r->link);
	}
	list_push(&b->order, &r->link);
	return r;
}

static void row_let_go(struct budget *b, struct row *r)
{
	if (r->open == 0 && r->wrong == 0)
		row_free(b, r);
}

struct budget *budget_new(void)
{
	struct budget *b = NEW(struct budget);

	list_init(&b->order);
	list_init(&b->waits);
	return budget_share(b);
}

struct budget *budget_share(struct budget *b)
{
	b->owners++;
	return b;
}

void budget_free(struct budget **bp)
{
	struct budget *b = *bp;
	struct row *r;

	*bp = NULL;
	if (b == NULL || --b->owners != 0)
		return;
	while ((r = LIST_FIRST(&b->order, struct row, link)) != NULL)
		row_free(b, r);
	map_fini(&b->rows);
	free(b);
}

/* --- asking and telling -------------------------------------------------------------- */

enum budget_says budget_ask(struct budget *b, struct slice name, uint64_t as)
{
	struct row *r = row_find(b, name);

	if (r != NULL && as != 0 && as != r->as)
		r->wrong = 0;
	if (r == NULL)
		return BUDGET_GO;
	if (r->wrong >= r->most)
		return BUDGET_SPENT;
	/* The first goes alone: how many there may be is asked when it is wrong. */
	return r->open != 0 && (!r->is_told || r->wrong + r->open >= r->most)
	    ? BUDGET_HOLD : BUDGET_GO;
}

bool budget_has_room(struct budget *b, struct slice name)
{
	const struct row *r = row_find(b, name);

	return r == NULL || r->wrong + r->open < r->most;
}

unsigned budget_count(struct budget *b, struct slice name)
{
	const struct row *r = row_find(b, name);

	return r != NULL ? r->wrong + r->open : 0;
}

void budget_begin(struct budget *b, struct slice name, uint64_t as)
{
	struct row *r = row_get(b, name);

	r->open++;
	if (as != 0)
		r->as = as;
}

/* All that wait for the name ask again, and one of them is let through. */
static void wake(struct budget *b, struct slice name)
{
	struct budget_wait *w;
	struct list woken;

	list_init(&woken);
	LIST_EACH(w, &b->waits, struct budget_wait, link)
		if (slice_eq(w->name, name)) {
			list_remove(&w->link);
			list_push(&woken, &w->link);
		}
	while ((w = LIST_FIRST(&woken, struct budget_wait, link)) != NULL) {
		list_remove(&w->link);
		w->fn(w->ctx);
	}
}

/* No policy is known of that may keep them longer, or it would have been told. */
static void keep_unknown(struct row *r, unsigned unknown)
{
	int64_t until_ms = loop_now_ms() + KEEP_LEAST_MS;

	r->wrong += unknown;
	if (until_ms > r->until_ms)
		r->until_ms = until_ms;
}

/* It may have made room meanwhile. */
void budget_end(struct budget *b, struct slice name, unsigned unknown)
{
	struct row *r = unknown != 0 ? row_get(b, name) : row_find(b, name);

	if (r == NULL)
		return;
	r->open -= r->open != 0;
	if (unknown != 0)
		keep_unknown(r, unknown);
	row_let_go(b, r);
	wake(b, name);
}

void budget_wait(struct budget *b, struct budget_wait *w)
{
	list_push(&b->waits, &w->link);
}

void budget_wait_over(struct budget_wait *w)
{
	if (list_is_linked(&w->link))
		list_remove(&w->link);
}

void budget_wrong(struct budget *b, struct slice name, uint64_t as,
    struct budget_limit limit)
{
	struct row *r = row_get(b, name);

	r->wrong++;
	if (as != 0)
		r->as = as;
	r->most = limit.most;
	r->is_told = true;
	r->until_ms = loop_now_ms() + limit.keep_ms;
}

void budget_right(struct budget *b, struct slice name)
{
	struct row *r = row_find(b, name);

	if (r == NULL)
		return;
	r->wrong = 0;
	row_let_go(b, r);
}
