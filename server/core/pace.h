/* SPDX-License-Identifier: Apache-2.0 */
/* core/pace.h — how long it takes to find out who somebody is (security SASL-08).
 *
 * A login of somebody who is in memory would be answered sooner than one of a
 * name that nobody has, which tells who exists.  So the first step takes
 * everybody the same time: as long as the directory has needed lately, with a
 * floor above what it needs on a good day. */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdint.h>

/* The directory needed that long to tell who somebody is, or that nobody is. */
void pace_saw(int64_t ms);
/* How long it shall take, milliseconds. */
int64_t pace_ms(void);

#endif
