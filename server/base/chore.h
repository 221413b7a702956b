/* SPDX-License-Identifier: Apache-2.0 */
/* base/chore.h — long work, in pieces, so that nobody waits for it.
 *
 * What may take long (a list of ten thousand, a table to be swept) is done by
 * chores: each turn of the loop, when everybody else was served and what they
 * wrote is on its way, chores have CHORE_NS together, however many they are.
 * What is left is done in the next turn, which comes at once: sockets are looked
 * at in between, and the loop does not sleep while there is work.
 *
 * A chore's function does a little (some ten microseconds) again and again while
 * chore_has_time(), and when there is more to do starts itself anew:
 *
 *	static void names_write(void *ctx)
 *	{
 *		do {
 *			if (!write_one(s)) { … done …; return; }
 *		} while (chore_has_time());
 *		chore_start(&s->writing);
 *	}
 */
#ifndef BASE_CHORE_H
#define BASE_CHORE_H

#include "base/list.h"
#include "base/loop.h"

enum { CHORE_NS = 500 * 1000 };         /* of one turn, for all of them */

struct chore { struct list link; loop_fn *fn; void *ctx; };     /* in its owner */

void chore_init(struct chore *c, loop_fn *fn, void *ctx);
/* fn(ctx) once, from the loop, in this turn or a later one; in the order of
 * starting.  What is on stays where it is. */
void chore_start(struct chore *c);
void chore_stop(struct chore *c);       /* always allowed on an initialised one */
bool chore_is_on(const struct chore *c);

/* Is there time left in this turn?  Costs what a look at the clock costs. */
bool chore_has_time(void);

/* For long work that begins where its event comes, like reading the answers of
 * a socket: what it takes between these two counts as the chores'. */
void chore_enter(void);
void chore_leave(void);

/* loop.c's: does what the time allows at the end of a turn.  True: anything was
 * done or is left to do, so that the next turn must come at once. */
bool chores_run(void);

#endif
