/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/proxy.h — IQs from one occupant to another, through the room
 * (XEP-0045 §17.4, XEP-0410). */
#ifndef FEAT_MUC_PROXY_H
#define FEAT_MUC_PROXY_H

#include "feat/muc/room.h"

/* A get or set to room@service/nick. */
void proxy_ask(struct job *j, struct room *r);
/* A result or an error to room@service/nick: the answer to one of those. */
void proxy_answer(struct job *j);
void proxy_fini(void);

#endif
