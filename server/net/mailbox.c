/* SPDX-License-Identifier: Apache-2.0 */
/* net/mailbox.c — see net/mailbox.h. */
#include "net/mailbox.h"

#include <assert.h>

#include "base/log.h"

enum { ROOM_KEPT = 4 * 1024 * 1024 };   /* of a row between two turns */

void record_add(struct buf *row, const void *head, size_t head_n,
    struct slice tail)
{
	buf_reserve(row, sizeof tail.n + head_n + tail.n);
	buf_add(row, slice_make(&tail.n, sizeof tail.n));
	buf_add(row, slice_make(head, head_n));
	buf_add(row, tail);
}

bool record_next(struct slice *row, void *head_r, size_t head_n,
    struct slice *tail_r)
{
	if (row->n == 0)
		return false;
	assert(row->n >= sizeof tail_r->n + head_n);
	memcpy(&tail_r->n, row->p, sizeof tail_r->n);
	memcpy(head_r, row->p + sizeof tail_r->n, head_n);
	head_n += sizeof tail_r->n;
	assert(row->n - head_n >= tail_r->n);
	tail_r->p = row->p + head_n;
	*row = slice_make(tail_r->p + tail_r->n, row->n - head_n - tail_r->n);
	return true;
}

void mailbox_init(struct mailbox *m, uv_loop_t *loop, uv_async_cb woken,
    void *data, size_t most)
{
	*m = (struct mailbox){ .most = most };
	if (uv_mutex_init(&m->lock) != 0 || uv_cond_init(&m->taken) != 0
	    || uv_async_init(loop, &m->wake, woken) != 0)
		panic("no mailbox between threads");
	m->wake.data = data;
}

/* An empty row that grew large once does not stay so. */
static void empty(struct buf *row)
{
	if (row->room > ROOM_KEPT)
		buf_fini(row);
	buf_clear(row);
}

void mailbox_post(struct mailbox *m, struct buf *row, size_t weight)
{
	uv_mutex_lock(&m->lock);
	while (m->most != 0 && m->weight > m->most && !m->is_closed)
		uv_cond_wait(&m->taken, &m->lock);
	m->weight += weight;
	if (m->row.n == 0) {
		struct buf other = m->row;

		m->row = *row;
		*row = other;
	} else {
		buf_add(&m->row, buf_slice(row));
	}
	uv_mutex_unlock(&m->lock);
	empty(row);
	uv_async_send(&m->wake);
}

void mailbox_take(struct mailbox *m, struct buf *row)
{
	struct buf other = *row;

	assert(other.n == 0);
	empty(&other);
	uv_mutex_lock(&m->lock);
	*row = m->row;
	m->row = other;
	m->weight = 0;
	uv_cond_broadcast(&m->taken);
	uv_mutex_unlock(&m->lock);
}

void mailbox_close(struct mailbox *m)
{
	uv_mutex_lock(&m->lock);
	m->is_closed = true;
	uv_cond_broadcast(&m->taken);
	uv_mutex_unlock(&m->lock);
}

void mailbox_fini(struct mailbox *m)
{
	uv_close((uv_handle_t *)&m->wake, NULL);
	uv_mutex_destroy(&m->lock);
	uv_cond_destroy(&m->taken);
	buf_fini(&m->row);
}
