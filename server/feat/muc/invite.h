/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/invite.h — mediated invitations (XEP-0045 §7.8.2, 9.5). */
#ifndef FEAT_MUC_INVITE_H
#define FEAT_MUC_INVITE_H

#include "feat/muc/room.h"

/* Invites, or brings a refusal back, when that is what the message is for; it
 * ends the job then.  False: it is something else. */
bool invite_message(struct job *j, struct room *r);
/* From the room itself, to somebody who is not in it and may enter now. */
void invite_member(struct room *r, struct slice bare);

#endif
