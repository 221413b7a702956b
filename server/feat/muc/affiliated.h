/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliated.h — in which rooms in memory a person of the directory is somebody. */
#ifndef FEAT_MUC_AFFILIATED_H
#define FEAT_MUC_AFFILIATED_H

#include "feat/muc/affiliation.h"

/* An affiliate of a room, from when it is kept until it is freed; only those whose
 * entryUUID is known are found again. */
void affiliated_add(struct affiliate *a);
void affiliated_remove(struct affiliate *a);

/* What the person of this entryUUID is in this room, or NULL. */
struct affiliate *affiliated_in(const struct room *r, struct slice uuid);
/* Each room that names the person of this entryUUID, once at least; `fn` leaves the
 * rooms' affiliates as they are. */
void affiliated_each(struct slice uuid, void (*fn)(struct room *r));
/* The same of all people whom `is_gone` says to be so. */
void affiliated_each_gone(bool (*is_gone)(struct slice uuid), void (*fn)(struct room *r));

#endif
