/* SPDX-License-Identifier: Apache-2.0 */
/* net/mailbox.h — records in a row, and a box to hand rows between threads.
 *
 * A writer gathers records in a buf of its own, without a lock; at the end of
 * its turn the whole row changes hands at once, and the reader's loop is woken.
 * So the price of the lock is per turn, not per message, and what one turn
 * wrote arrives together. */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <uv.h>

#include "base/str.h"

/* One record: a head of fixed size, copied, and bytes behind it. */
void record_add(struct buf *row, const void *head, size_t head_n,
    struct slice tail);
/* The next one; moves `row` on; false at the end. */
bool record_next(struct slice *row, void *head_r, size_t head_n,
    struct slice *tail_r);

struct mailbox {
	uv_mutex_t lock;
	uv_cond_t taken;
	uv_async_t wake;
	struct buf row;                 /* posted, not yet taken */
	size_t weight, most;            /* of it; beyond `most` writers wait */
	bool is_closed;
};

/* `woken` runs on `loop` after a post.  most 0: writers never wait. */
void mailbox_init(struct mailbox *m, uv_loop_t *loop, uv_async_cb woken,
    void *data, size_t most);
/* Hands over the row, which is empty afterwards.  Waits while too much stands
 * in the box: back-pressure on a thread that is faster than its reader. */
void mailbox_post(struct mailbox *m, struct buf *row, size_t weight);
/* Everything posted, into `row`, which is empty. */
void mailbox_take(struct mailbox *m, struct buf *row);
/* From now on nobody waits. */
void mailbox_close(struct mailbox *m);
/* On the reader's thread, after the last post; frees what was not taken. */
void mailbox_fini(struct mailbox *m);

#endif
