/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_own.h — what account.c, account_roster.c and account_edit.c
 * share, and nobody else includes. */
#ifndef CORE_ACCOUNT_OWN_H
#define CORE_ACCOUNT_OWN_H

#include "core/account.h"

/* account.c: memory takes what was loaded. */
void account_refresh(struct account *a, const struct xdb_account *loaded);

/* account_roster.c: contacts and requests in memory. */
void account_roster_take(struct account *a, const struct xdb_profile *p);
void account_roster_clear(struct account *a);
void account_contact_put(struct account *a, struct slice jid,
    const struct xdb_roster_item *item);                /* NULL: remove */
void account_request_put(struct account *a, struct slice jid,
    const struct xdb_pending *pending);                 /* NULL: remove */
const struct xdb_roster_item *account_contact_at(const struct account *a, struct slice bare);
const struct xdb_pending *account_request_at(const struct account *a, struct slice bare);

/* account_edit.c: one change after the other. */
void account_edit_start(struct job *j, struct account *a, struct slice contact,
    account_plan_fn *plan, job_stored_fn *next);
void account_edit_over(struct job *j);

#endif
