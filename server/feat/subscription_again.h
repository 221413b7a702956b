/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription_again.h — subscription stanzas that the directory could not take. */
#ifndef FEAT_SUBSCRIPTION_AGAIN_H
#define FEAT_SUBSCRIPTION_AGAIN_H

#include "xml/stanza.h"
#include "xdb_ldap/xdb.h"

enum { SUBSCRIPTION_TYPES_MOST = 2 };   /* a removal ends both ways at once */

/* The sender's roster says that it was sent, and `status` is how it went at the account
 * it is for; `stanza`, if any, has a request's status text.  True: that was weather; a copy is kept, in memory, and arrives there when
 * the directory is back.  False: it was none, or too many are kept. */
bool subscription_again(const struct jid *from, const struct jid *to,
    const enum presence_type *types, unsigned n, const struct elem *stanza,
    enum xdb_status status);
/* The sender says something else now. */
void subscription_again_forget(const struct jid *from, const struct jid *to);
/* At the end; what is kept is logged. */
void subscription_again_stop(void);

#endif
