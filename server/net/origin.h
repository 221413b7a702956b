/* SPDX-License-Identifier: Apache-2.0 */
/* net/origin.h — how many connections come from where (security DOS-01).
 *
 * An origin is an IPv4 address or the /64 of an IPv6 address, as a number: what
 * one customer has.  Core's thread only. */
#ifndef NET_ORIGIN_H
#define NET_ORIGIN_H

#include <netinet/in.h>

#include "base/settings.h"

uint64_t origin_of(const struct sockaddr *address);

struct origin_limits { unsigned all, each, each_unauthenticated; };

/* Counts one more, not yet authenticated; false and not counted: too many. */
bool origin_admit(const struct origin_limits *limits, uint64_t origin);
void origin_authenticated(uint64_t origin);
void origin_gone(uint64_t origin, bool was_authenticated);
unsigned origin_total(void);
void origin_fini(void);

#endif
