/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/owner.h — settings and end of a room (XEP-0045 §10.1, 10.2, 10.9). */
#ifndef FEAT_MUC_OWNER_H
#define FEAT_MUC_OWNER_H

#include "feat/muc/room.h"

/* Handlers of IQs in NS_MUC_OWNER to a room. */
void owner_get(struct job *j, struct room *r);
void owner_set(struct job *j, struct room *r);

#endif
