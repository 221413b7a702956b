/* SPDX-License-Identifier: Apache-2.0 */
/* core/login.h — from <auth/> to a known account: SASL's three moves over the
 * directory (look, fetch, run). */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "core/account.h"
#include "net/sasl.h"

struct login;

/* Called from the loop or from within the call that started or answered.
 * Success and failure are the last thing a login does: they may free it. */
struct login_events {
	void (*challenge)(void *ctx, struct slice data);
	/* `account` is the caller's to release. */
	void (*success)(void *ctx, struct account *account, struct slice data);
	void (*failure)(void *ctx, enum sasl_result why);
};

/* One exchange; `who` (for the log), `peer` (its address) and the binding's slices
 * outlive it. */
struct login *login_new(const struct sasl_binding *binding, const char *who,
    const char *peer, const struct login_events *events, void *ctx);
void login_start(struct login *l, struct slice mechanism, const struct slice *initial);
void login_response(struct login *l, struct slice response);
bool login_is_by_certificate(const struct login *l);
/* What it succeeded by, for the log. */
const char *login_mechanism(const struct login *l);
void login_free(struct login **lp);

#endif
