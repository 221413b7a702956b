/* SPDX-License-Identifier: Apache-2.0 */
/* feat/roster.h — what others need of rosters: pushes and one limit. */
#ifndef FEAT_ROSTER_H
#define FEAT_ROSTER_H

#include "core/account.h"

/* Tells all interested sessions of the account how it stands with `contact`
 * (bare, canonical) now: the item, or that it is gone (RFC 6121 §2.1.6). */
void roster_push(struct account *a, struct slice contact);
/* Has it as many contacts as [limits] roster_items allows? */
bool roster_is_full(const struct account *a);

#endif
