/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/message.h — what is said in a room (XEP-0045 §7.4, 7.5, 8.1), and
 * what the room says itself. */
#ifndef FEAT_MUC_MESSAGE_H
#define FEAT_MUC_MESSAGE_H

#include "feat/muc/occupant.h"

enum { SUBJECT_BYTES_MOST = 2048 };

/* Handlers of messages; each ends the job. */
void message_to_room(struct job *j, struct room *r);
void message_to_occupant(struct job *j, struct room *r);

void subject_set(struct room *r, struct slice text, struct slice by,
    int64_t wall_ms);
/* Appends the subject as one gets it on entering, also the empty one. */
void subject_tell(struct room *r, struct slice to, struct buf *out);
/* To everybody, from the room itself. */
void room_tell_subject(struct room *r);

/* <message/> from the room with these status codes (§10.2.1), ended by 0. */
void room_tell_codes(struct room *r, const unsigned *codes);

#endif
