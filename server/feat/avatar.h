/* SPDX-License-Identifier: Apache-2.0 */
/* feat/avatar.h — the photo's hash in presence (XEP-0153 §3). */
#ifndef FEAT_AVATAR_H
#define FEAT_AVATAR_H

#include "core/session.h"

/* The photo of somebody who is online may be another now. */
void avatar_touched(struct account *a);

/* A presence of that account as it shall be told: the same, or a copy in the arena
 * with the hash that is true. */
const struct elem *avatar_stamp(struct arena *arena, const struct account *a,
    const struct elem *presence);

#endif
