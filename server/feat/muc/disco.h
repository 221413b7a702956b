/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/disco.h — what can be found out about rooms (XEP-0045 §6). */
#ifndef FEAT_MUC_DISCO_H
#define FEAT_MUC_DISCO_H

#include "feat/muc/room.h"

/* Handlers of disco IQs to the service … */
void disco_service_info(struct job *j);
void disco_service_items(struct job *j);
/* … and to a room. */
void disco_room_info(struct job *j, struct room *r);
void disco_room_items(struct job *j, struct room *r);

#endif
