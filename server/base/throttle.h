/* SPDX-License-Identifier: Apache-2.0 */
/* base/throttle.h — how often a password may be guessed (security SASL-16, WEB-08).
 *
 * So many wrong ones for a name from an address, and so many for an address in
 * all, within ten minutes; then that name or address waits.  Others, and the same
 * name from elsewhere, do not: nobody locks a colleague out.  Loopback may be many
 * people behind a proxy or a gateway, so it has a limit of its own. */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include "base/str.h"

struct throttle;

enum { THROTTLE_MS = 600000, THROTTLE_ENTRIES = 4096 };

struct throttle_limit {
	unsigned name;                  /* of one name from one address */
	unsigned address;               /* of one address (IPv6: one /64) */
};
struct throttle_limits { struct throttle_limit away, loopback; };

struct throttle *throttle_new(const struct throttle_limits *limits);
void throttle_free(struct throttle **tp);

/* Milliseconds to wait before another try is looked at; 0: go on. */
int64_t throttle_wait_ms(struct throttle *t, const char *address,
    struct slice name, int64_t now_ms);
void throttle_failed(struct throttle *t, const char *address, struct slice name,
    int64_t now_ms);
/* The right password: the name is forgiven, the address is not. */
void throttle_passed(struct throttle *t, const char *address, struct slice name);

#endif
