/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared_tell.h — a roster group changed: pushes and presence to everybody
 * concerned, in pieces.  A member who comes is news to two thousand others, and
 * they to the one. */
#ifndef CORE_SHARED_TELL_H
#define CORE_SHARED_TELL_H

#include "core/shared.h"

/* Memory has it already.  Takes the arena, in which the change is. */
void shared_tell(const struct shared_group *g, const struct shared_change *c,
    struct arena *arena);
/* The group is about to be freed; what is still to be told is told all the same. */
void shared_tell_forget(const struct shared_group *g);
void shared_tell_stop(void);
/* Is what is being told now not all that this account is to be told?  Then its
 * roster is of no version yet that a client could come back with. */
bool shared_is_telling(void);

#endif
