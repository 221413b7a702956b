/* SPDX-License-Identifier: Apache-2.0 */
/* core/membership.h — a people_filter that asks for memberOf.
 *
 * What memberOf says of a person changes with the group alone: overlays write it
 * without a new entryCSN, or work it out when it is asked for, and RFC 4533 tells of the
 * group and nobody else.  So those in memory are looked for again, a little later, for
 * the overlay is at work after the group was told:
 *
 *   (memberOf=<DN>), all of them read      who was not in one of these groups, or is in
 *                                          others of them than when last looked at;
 *                                          groups of other names concern nobody
 *   one is not read, gone, renamed; or     everybody, at news of any group
 *   it is asked for in another way
 */
#ifndef CORE_MEMBERSHIP_H
#define CORE_MEMBERSHIP_H

#include "base/str.h"

/* After live_start; and when settings or store are others. */
void membership_start(void);
void membership_renew(void);
void membership_stop(void);
/* From core/live.c: some group changed. */
void membership_news(void);

/* In which of those groups somebody is, as far as is known: for account->membership. */
uint32_t membership_of(struct slice local, struct slice person_uuid);

#endif
