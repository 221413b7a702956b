/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/op.h — the life of an operation: calls, then a step, then the answer.
 *
 * A kind of operation reads top to bottom in its file:
 *
 *   struct xdb_op *xdb_thing_load(db, name)      makes calls, op_await(op, thing_found)
 *   static void thing_found(op)                  all calls are answered; more calls
 *                                                and op_await, or op_finish
 *
 * Steps and the caller's callback are called from the loop, never from inside
 * the call that asked for them (promise 1).  A deadline ends the operation
 * whatever it waits for (promise 5). */
#ifndef XDB_LDAP_OP_H
#define XDB_LDAP_OP_H

#include "base/chore.h"
#include "xdb_ldap/call.h"
#include "xdb_ldap/store.h"

typedef void op_step_fn(struct xdb_op *op);

struct xdb_op {
	struct arena arena;             /* the operation itself lives in it */
	struct list link;               /* in db->ops until it is answered */
	struct list calls;
	unsigned open_n;                /* calls not yet answered */
	struct timer deadline;
	struct chore turn;
	struct xdb_result res;
	void *data;                     /* of the kind, in the arena */
	op_step_fn *over;               /* frees what of that is not; may be NULL */
	/* Of an unanswered one that nobody waits for any more: is it to go on, for
	 * what it did matters?  NULL: no. */
	bool (*goes_on)(const struct xdb_op *op);
	bool is_kept;                   /* after the answer: the caller frees it */
	/* borrowed */
	struct xdb *db;
	op_step_fn *next;
	xdb_done_fn *done;
	void *ctx;
};

/* A new operation with `data_size` zeroed bytes in op->data. */
struct xdb_op *op_new(struct xdb *db, size_t data_size);
/* The step comes when no call is open, in this or a later turn of the loop. */
void op_await(struct xdb_op *op, op_step_fn *next);
/* The step comes when there is time for long work (base/chore.h); it asks
 * chore_has_time(), and comes this way again when there is more to do.  Calls may
 * be open. */
void op_yield(struct xdb_op *op, op_step_fn *next);
/* The step comes after op_wake, or never: the deadline. */
void op_park(struct xdb_op *op, op_step_fn *next);
void op_wake(struct xdb_op *op);
/* The deadline begins again: for what goes on in pieces, each of which is soon
 * answered or never. */
void op_more_time(struct xdb_op *op);
/* The answer: op->res with this status; delivered from the loop.  Nothing of
 * the operation runs afterwards. */
void op_finish(struct xdb_op *op, enum xdb_status status, const char *why);
void op_refuse(struct xdb_op *op, enum xdb_refusal refusal, const char *why);
/* True, and the operation is finished with its error, when `c` is not OK. */
bool op_failed(struct xdb_op *op, const struct call *c);

/* A call was answered. */
void op_called(struct xdb_op *op);
void op_drop(struct xdb_op *op);

/* The usual end: OK when the one call `c` was.  `c` is the first member of
 * op->data. */
void op_await_one(struct xdb_op *op, struct call *c);
/* `dn` is below `base`, which is ours; else the operation is refused. */
bool op_owns(struct xdb_op *op, struct slice dn, const char *base);
/* op_failed for a search below one of our bases, where "no such object" means
 * that the base is not there: nothing is known. */
bool op_search_failed(struct xdb_op *op, const struct call *c);

/* Attribute names of this store. */
const char *op_name(const struct xdb_op *op, enum attr attr);

/* A term of a filter: any of these has `text` in it; no text, no term. */
void op_seek_text(const struct xdb_op *op, struct buf *filter,
    const enum attr *attrs, size_t n, struct slice text);

/* Another: whose `attr` is this entryUUID, as the server calls it (sync.h). */
void op_seek_uuid(const struct xdb_op *op, struct buf *filter, enum attr attr,
    struct slice uuid);

/* Copies for the operation: strings that end in NUL. */
const char *op_text(struct xdb_op *op, struct slice s);
/* What was written, in the arena; the buffer is freed. */
const char *op_take(struct xdb_op *op, struct buf *b);

#endif
