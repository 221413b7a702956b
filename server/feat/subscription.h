/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription.h — subscription stanzas on their way to a local account. */
#ifndef FEAT_SUBSCRIPTION_H
#define FEAT_SUBSCRIPTION_H

#include "core/account.h"

enum { SUBSCRIPTION_TYPES_MOST = 2 };   /* a removal ends both ways at once */

/* What one account says to another; bare addresses.  An item may be older than the
 * person who has the address now, and then it is not about this sender: */
struct subscription_sent {
	struct jid from, to;
	enum presence_type types[SUBSCRIPTION_TYPES_MOST];
	unsigned n;
	unsigned held;                  /* what the sender's list was before: of the
	                                   receiver's item no more is the sender's.  As
	                                   the receiver has it; SUB_BOTH: not known */
	bool is_end;                    /* the sender's account ends: nothing stays */
};

/* `sent` arrives at an account of this service: its roster is changed once, its
 * clients are told, presence is shared or withdrawn, a granted request is answered.
 * Then `next`, with the status of what went wrong, XDB_OK also when the account is
 * none or does not care.  j->data is as before.  Detaches the job. */
void subscription_arrive(struct job *j, const struct subscription_sent *sent,
    job_stored_fn *next);

#endif
