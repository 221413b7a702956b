/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription.h — subscription stanzas on their way to a local account. */
#ifndef FEAT_SUBSCRIPTION_H
#define FEAT_SUBSCRIPTION_H

#include "core/account.h"

/* `types` come from `from` to `to`, an account of this service, both bare: its
 * roster is changed once, its clients are told, presence is shared or
 * withdrawn, a granted request is answered.  Then `next`, with the status of
 * what went wrong, XDB_OK also when the account is none or does not care.
 * j->data is as before.  Detaches the job. */
void subscription_arrive(struct job *j, const struct jid *from,
    const struct jid *to, const enum presence_type *types, unsigned n,
    job_stored_fn *next);

#endif
