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

/* A try whose verdict takes a while.  What is under way may all be wrong: with the
 * failures it is never more than the limit.  Who comes beyond that waits in line,
 * for those before may be right and make room: many people at once lose nothing. */
enum throttle_says { THROTTLE_GO, THROTTLE_HOLD, THROTTLE_SPENT };
struct throttle_try;                    /* the throttle's, until it is ended */
/* `may`: its turn has come; or no try is looked at any more. */
typedef void throttle_fn(void *ctx, bool may);

/* GO: it is under way.  HOLD: `fn` is called, once and from the loop.  SPENT: it was
 * not begun.  `fn` NULL: SPENT instead of HOLD. */
enum throttle_says throttle_begin(struct throttle *t, const char *address,
    struct slice name, throttle_fn *fn, void *ctx, struct throttle_try **try_r);
/* After throttle_failed or throttle_passed, if there was a verdict; at any time. */
void throttle_end(struct throttle_try **wp);

#endif
