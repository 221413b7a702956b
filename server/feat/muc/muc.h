/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/muc.h — rooms (XEP-0045), as others see the feature.
 *
 *      muc.c       the descriptor, and which handler a stanza to the service gets
 *      room.c      the registry: reading, keeping and letting go of rooms; turns
 *      room_sync.c entry <-> room
 *      occupant.c  who is in a room: nicks, and the sessions behind each
 *      presence.c  telling a room who is there
 *      join.c leave.c create.c     entering, going, making a room
 *      message.c   to all, to one, the subject;  history.c, fan.c  under it
 *      invite.c voice.c            asking others in, asking to speak
 *      affiliation.c change.c admin.c privilege.c      who is what, and may what
 *      bound.c bound_note.c source.c roll.c    following a list of the directory
 *      owner.c config.c form.c     settings
 *      disco.c list.c proxy.c      finding out
 *      forged.c nick.c             what does not get in
 */
#ifndef FEAT_MUC_MUC_H
#define FEAT_MUC_MUC_H

#include "base/str.h"

/* Another process (the web) made, changed or deleted the entry of this room:
 * it is read again, and occupants are told.  The room_changed hook. */
void muc_room_changed(struct slice name);

#endif
