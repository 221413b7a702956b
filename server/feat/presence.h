/* SPDX-License-Identifier: Apache-2.0 */
/* feat/presence.h — one account's presence shown to another, or taken back. */
#ifndef FEAT_PRESENCE_H
#define FEAT_PRESENCE_H

#include "core/session.h"

/* Each available session of `who`, as it is now, to each available session of
 * `to`, when the lists of both say that it is shown.  Either may be NULL: then there
 * is nothing to send. */
void presence_share(struct account *who, struct account *to);
/* The session's presence to all who see it, once more. */
void presence_again(struct session *s);
/* The same sessions as unavailable. */
void presence_withdraw(struct account *who, struct account *to);

#endif
