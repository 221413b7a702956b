/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/admin.h — lists of roles and affiliations (XEP-0045 §8.2–9.9, 10.3–10.8). */
#ifndef FEAT_MUC_ADMIN_H
#define FEAT_MUC_ADMIN_H

#include "feat/muc/room.h"

/* Handlers of IQs in NS_MUC_ADMIN to a room. */
void admin_get(struct job *j, struct room *r);
void admin_set(struct job *j, struct room *r);

#endif
