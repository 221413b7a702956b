/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/join.h — entering a room, showing oneself in it, and leaving it
 * (XEP-0045 §7.2, 7.6, 7.7, 7.14). */
#ifndef FEAT_MUC_JOIN_H
#define FEAT_MUC_JOIN_H

#include "core/session.h"
#include "feat/muc/room.h"

/* Available presence to room@service/nick, room NULL: there is none. */
void join_or_update(struct job *j, struct room *r);

/* Presence that ends being there: unavailable, or an error. */
void leave(struct job *j);
/* A message that is an error: whoever cannot be reached is not there, and the
 * job ended.  False: it is an error of another kind. */
bool leave_if_unreachable(struct job *j);
/* Every room of a session that ended. */
void leave_all(struct session *s);

#endif
