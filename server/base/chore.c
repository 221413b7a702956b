/* SPDX-License-Identifier: Apache-2.0 */
/* base/chore.c — one queue of chores, and how much of the turn they have had. */
#include "base/chore.h"

#include <assert.h>

static struct list queue = { &queue, &queue };
static unsigned depth;                  /* of chore_enter */
static uint64_t began, spent;           /* nanoseconds; spent before `began` */

void chore_init(struct chore *c, loop_fn *fn, void *ctx)
{
	*c = (struct chore){ .fn = fn, .ctx = ctx };
	list_init(&c->link);
}

void chore_start(struct chore *c)
{
	assert(c->fn != NULL);
	if (list_is_linked(&c->link))
		return;
	list_push(&queue, &c->link);
	loop_hurry();
}

void chore_stop(struct chore *c)
{
	list_remove(&c->link);
}

bool chore_is_on(const struct chore *c)
{
	return list_is_linked(&c->link);
}

bool chore_has_time(void)
{
	return spent + (depth != 0 ? uv_hrtime() - began : 0) < CHORE_NS;
}

void chore_enter(void)
{
	if (depth++ == 0)
		began = uv_hrtime();
}

void chore_leave(void)
{
	assert(depth != 0);
	if (--depth == 0)
		spent += uv_hrtime() - began;
}

/* One at least, in turns in which reading answers took all the time. */
bool chores_run(void)
{
	struct chore *c = LIST_FIRST(&queue, struct chore, link);
	bool was_any = c != NULL;

	chore_enter();
	while (c != NULL) {
		chore_stop(c);
		c->fn(c->ctx);
		c = chore_has_time() ? LIST_FIRST(&queue, struct chore, link)
		    : NULL;
	}
	chore_leave();
	spent = 0;
	return was_any || !list_is_empty(&queue);
}
