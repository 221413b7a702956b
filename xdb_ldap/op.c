/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/op.c — operations: made, waited for, ended, answered. */
#include "xdb_ldap/op.h"

#include <assert.h>

#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/sync.h"

enum { OP_ROOM = 2048 };

struct xdb_op *op_new(struct xdb *db, size_t data_size)
{
	struct arena arena = arena_with_room(OP_ROOM);
	struct xdb_op *op = ARENA_NEW(&arena, struct xdb_op);

	op->arena = arena;
	op->db = db;
	op->data = arena_alloc(&op->arena, data_size);
	list_init(&op->calls);
	list_push(&db->ops, &op->link);
	db->operations++;
	return op;
}

const char *op_name(const struct xdb_op *op, enum attr attr)
{
	return op->db->names.rows[attr].name;
}

void op_seek_text(const struct xdb_op *op, struct buf *filter,
    const enum attr *attrs, size_t n, struct slice text)
{
	if (text.n == 0)
		return;
	filter_open(filter, '|');
	for (size_t i = 0; i < n; i++)
		filter_has(filter, op_name(op, attrs[i]), text);
	filter_close(filter);
}

void op_seek_uuid(const struct xdb_op *op, struct buf *filter, enum attr attr,
    struct slice uuid)
{
	struct buf id = { 0 };

	if (attr == ATTR_PERSON_UUID || !sync_id_of_uuid(op_name(op, attr), uuid,
	    &id))
		filter_eq(filter, op_name(op, attr), uuid);
	else
		filter_eq(filter, op_name(op, attr), buf_slice(&id));
	buf_fini(&id);
}

const char *op_text(struct xdb_op *op, struct slice s)
{
	return slice_cstr(&op->arena, s);
}

const char *op_take(struct xdb_op *op, struct buf *b)
{
	const char *text = op_text(op, buf_slice(b));

	buf_fini(b);
	return text;
}

/* --- waiting ---------------------------------------------------------------------- */

static void step(void *ctx)
{
	struct xdb_op *op = ctx;
	op_step_fn *next = op->next;

	op->next = NULL;
	assert(next != NULL);
	next(op);
}

static void finish(struct xdb_op *op, enum xdb_status status, const char *why,
    bool is_late);

static void late(void *ctx)
{
	finish(ctx, XDB_DOWN, "no answer in time", true);
}

void op_park(struct xdb_op *op, op_step_fn *next)
{
	assert(op->next == NULL);
	op->next = next;
	if (op->deadline.fn == NULL) {
		timer_init(&op->deadline, late, op);
		timer_start(&op->deadline, op->db->timeout_ms);
	}
}

void op_wake(struct xdb_op *op)
{
	if (op->next != NULL)
		loop_defer(step, op);
}

void op_await(struct xdb_op *op, op_step_fn *next)
{
	op_park(op, next);
	if (op->open_n == 0)
		op_wake(op);
}

void op_yield(struct xdb_op *op, op_step_fn *next)
{
	assert(op->next == NULL);
	op->next = next;
	if (op->turn.fn == NULL)
		chore_init(&op->turn, step, op);
	chore_start(&op->turn);
}

void op_more_time(struct xdb_op *op)
{
	if (op->deadline.fn != NULL)
		timer_start(&op->deadline, op->db->timeout_ms);
}

void op_called(struct xdb_op *op)
{
	assert(op->open_n != 0);
	/* Before op_await the step is not known yet; op_await sees the zero. */
	if (--op->open_n == 0 && op->next != NULL && !chore_is_on(&op->turn))
		loop_defer(step, op);
}

/* --- the end ------------------------------------------------------------------------ */

static void op_free(struct xdb_op *op)
{
	struct arena arena = op->arena;

	if (op->over != NULL)
		op->over(op);
	arena_fini(&arena);
}

static void leave(struct xdb_op *op, bool is_late)
{
	struct call *c;

	if (op->deadline.fn != NULL)
		timer_stop(&op->deadline);
	chore_stop(&op->turn);
	LIST_EACH(c, &op->calls, struct call, link) {
		list_remove(&c->link);
		call_drop(c, is_late);
	}
	loop_undefer(op);
	op->next = NULL;
	op->open_n = 0;
}

static void deliver(void *ctx)
{
	struct xdb_op *op = ctx;

	list_remove(&op->link);
	if (op->done != NULL)
		op->done(&op->res, op->ctx);
	if (!op->is_kept)
		op_free(op);
}

static void finish(struct xdb_op *op, enum xdb_status status, const char *why,
    bool is_late)
{
	leave(op, is_late);
	op->res.status = status;
	op->res.why = why;
	if (status == XDB_DOWN || status == XDB_BROKEN || status == XDB_BUSY)
		op->db->failures++;
	loop_defer(deliver, op);
}

void op_finish(struct xdb_op *op, enum xdb_status status, const char *why)
{
	finish(op, status, why, false);
}

void op_refuse(struct xdb_op *op, enum xdb_refusal refusal, const char *why)
{
	op->res.refusal = refusal;
	op_finish(op, XDB_REFUSED, why);
}

bool op_failed(struct xdb_op *op, const struct call *c)
{
	if (c->status == XDB_OK)
		return false;
	op->res.refusal = c->refusal;
	op_finish(op, c->status, c->why);
	return true;
}

bool op_search_failed(struct xdb_op *op, const struct call *c)
{
	if (c->status != XDB_ABSENT)
		return op_failed(op, c);
	op_finish(op, XDB_BROKEN, "the base of the search is not there");
	return true;
}

static void ended_one(struct xdb_op *op)
{
	if (!op_failed(op, *(struct call **)op->data))
		op_finish(op, XDB_OK, NULL);
}

void op_await_one(struct xdb_op *op, struct call *c)
{
	*(struct call **)op->data = c;
	op_await(op, ended_one);
}

bool op_owns(struct xdb_op *op, struct slice dn, const char *base)
{
	struct buf normal = { 0 }, base_normal = { 0 };
	bool owns = dn_normal(&normal, dn)
	    && dn_normal(&base_normal, slice_of(base))
	    && normal.n > base_normal.n
	    && dn_is_below(buf_slice(&normal), buf_slice(&base_normal));

	buf_fini(&normal);
	buf_fini(&base_normal);
	if (!owns)
		op_refuse(op, XDB_NO_RIGHT, "this entry is not ours to change");
	return owns;
}

void op_drop(struct xdb_op *op)
{
	leave(op, false);
	list_remove(&op->link);
	op_free(op);
}

void xdb_then(struct xdb_op *op, xdb_done_fn *done, void *ctx)
{
	op->done = done;
	op->ctx = ctx;
}

struct xdb_op *xdb_keep(const struct xdb_result *res)
{
	const char *at = (const char *)res - offsetof(struct xdb_op, res);
	struct xdb_op *op = (struct xdb_op *)(uintptr_t)at;

	op->is_kept = true;
	return op;
}

void xdb_cancel(struct xdb_op **opp)
{
	struct xdb_op *op = *opp;

	*opp = NULL;
	if (op == NULL)
		return;
	if (op->goes_on != NULL && op->goes_on(op))
		op->done = NULL;
	else
		op_drop(op);
}
