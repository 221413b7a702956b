/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliated.h — in which rooms in memory a person of the directory is somebody. */
#ifndef FEAT_MUC_AFFILIATED_H
#define FEAT_MUC_AFFILIATED_H

#include "feat/muc/affiliation.h"

/* An affiliate of a room, from when it is kept until it is freed; only those whose
 * entryUUID is known are found again. */
void affiliated_add(struct affiliate *a);
void affiliated_remove(struct affiliate *a);

/* Each room that names the person of this entryUUID, once at least; `fn` leaves the
 * rooms' affiliates as they are. */
void affiliated_each(struct slice uuid, void (*fn)(struct room *r));

#endif
