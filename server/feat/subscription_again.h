/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription_again.h — subscription stanzas that the directory could not take. */
#ifndef FEAT_SUBSCRIPTION_AGAIN_H
#define FEAT_SUBSCRIPTION_AGAIN_H

#include "feat/subscription.h"

/* The sender's roster says that it was sent, and `status` is how it went at the account
 * it is for; `stanza`, if any, has a request's status text.  True: that was weather; a copy is kept, in memory, and arrives there when
 * the directory is back.  False: it was none, or too many are kept. */
bool subscription_again(const struct subscription_sent *sent,
    const struct elem *stanza, enum xdb_status status);
/* The sender says something else now. */
void subscription_again_forget(const struct jid *from, const struct jid *to);
/* At the end; what is kept is logged. */
void subscription_again_stop(void);

#endif
