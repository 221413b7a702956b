/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription_table.h — the rules of subscriptions (RFC 6121 §3 and its
 * appendix A), without any I/O: state and stanza in, new state and act out. */
#ifndef FEAT_SUBSCRIPTION_TABLE_H
#define FEAT_SUBSCRIPTION_TABLE_H

#include "xdb_ldap/xdb.h"
#include "xml/stanza.h"

/* What one account knows about one contact. */
struct sub_state {
	enum xdb_subscription subscription;
	bool ask;                       /* "pending out": we asked */
	bool request;                   /* "pending in": they asked */
	bool approved;                  /* pre-approved, §3.4 */
};

enum sub_way { SUB_OUT, SUB_IN };       /* the account sends the stanza, or gets it */

enum sub_act {
	SUB_IGNORE,                     /* goes no further */
	SUB_PASS,                       /* outbound: routed; inbound: delivered */
	SUB_ANSWER,                     /* inbound: answered with `subscribed` for the user */
};

/* Is this one of the four stanzas the table is about? */
bool subscription_is(enum presence_type stanza);
/* A state that the appendix does not name (both, and yet asking) is read as the
 * nearest it does. */
struct sub_state subscription_next(enum sub_way way, enum presence_type stanza,
    struct sub_state is, enum sub_act *act_r);

#endif
