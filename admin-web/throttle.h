/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/throttle.h — how often a password may be guessed (WEB-08).
 *
 * Ten wrong ones for a name from an address, twenty for an address in all,
 * within ten minutes; then that name or address waits.  Loopback may be many
 * people behind a proxy, so it gets ten times as much. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include "base/str.h"

struct throttle;

enum { THROTTLE_MS = 600000, THROTTLE_NAME = 10, THROTTLE_ADDRESS = 20,
	THROTTLE_ENTRIES = 4096 };

struct throttle *throttle_new(void);
void throttle_free(struct throttle **tp);

/* Milliseconds to wait before another try is looked at; 0: go on. */
int64_t throttle_wait_ms(struct throttle *t, const char *address,
    struct slice name, int64_t now_ms);
void throttle_failed(struct throttle *t, const char *address, struct slice name,
    int64_t now_ms);
/* The right password: the name is forgiven, the address is not. */
void throttle_passed(struct throttle *t, const char *address, struct slice name);

#endif
