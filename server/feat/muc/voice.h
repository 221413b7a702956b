/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/voice.h — asking for voice, and giving it (XEP-0045 §7.13, 8.6). */
#ifndef FEAT_MUC_VOICE_H
#define FEAT_MUC_VOICE_H

#include "feat/muc/room.h"

/* Ends the job when the message is a request for voice or the answer to one.
 * False: it is something else. */
bool voice_message(struct job *j, struct room *r);

#endif
