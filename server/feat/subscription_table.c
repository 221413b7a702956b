/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription_table.c — RFC 6121 appendix A as a table.
 *
 * Nine states, four stanzas, two ways.  Names of states: what is held (NONE,
 * TO, FROM, BOTH), then what is pending (OUT: we asked; IN: they asked).
 * Pre-approval (§3.4) is a flag beside the state; it changes three rows, which
 * are the functions below the table. */
#include "feat/subscription_table.h"

#include <assert.h>

enum state {
	NONE, NONE_OUT, NONE_IN, NONE_OUT_IN, TO, TO_IN, FROM, FROM_OUT, BOTH,
	STATES,
};

struct cell { enum sub_act act; enum state next; };

#define IGN SUB_IGNORE
#define PAS SUB_PASS
#define ANS SUB_ANSWER

/* Columns in the order of the states, so "no change" repeats the column. */
static const struct cell outbound[][STATES] = {
	/*  NONE             NONE_OUT           NONE_IN            NONE_OUT_IN
	 *  TO               TO_IN              FROM               FROM_OUT            BOTH */
	[PRESENCE_SUBSCRIBE] = {                                        /* A.2.1 */
	    { PAS, NONE_OUT }, { PAS, NONE_OUT }, { PAS, NONE_OUT_IN }, { PAS, NONE_OUT_IN },
	    { PAS, TO },       { PAS, TO_IN },    { PAS, FROM_OUT },    { PAS, FROM_OUT },    { PAS, BOTH } },
	[PRESENCE_UNSUBSCRIBE] = {                                      /* A.2.2 */
	    { PAS, NONE },     { PAS, NONE },     { PAS, NONE_IN },     { PAS, NONE_IN },
	    { PAS, NONE },     { PAS, NONE_IN },  { PAS, FROM },        { PAS, FROM },        { PAS, FROM } },
	[PRESENCE_SUBSCRIBED] = {                                       /* A.2.3 */
	    { IGN, NONE },     { IGN, NONE_OUT }, { PAS, FROM },        { PAS, FROM_OUT },
	    { IGN, TO },       { PAS, BOTH },     { IGN, FROM },        { IGN, FROM_OUT },    { IGN, BOTH } },
	[PRESENCE_UNSUBSCRIBED] = {                                     /* A.2.4 */
	    { IGN, NONE },     { IGN, NONE_OUT }, { PAS, NONE },        { PAS, NONE_OUT },
	    { IGN, TO },       { PAS, TO },       { PAS, NONE },        { PAS, NONE_OUT },    { PAS, TO } },
};

static const struct cell inbound[][STATES] = {
	[PRESENCE_SUBSCRIBE] = {                                        /* A.3.1 */
	    { PAS, NONE_IN },  { PAS, NONE_OUT_IN }, { IGN, NONE_IN },  { IGN, NONE_OUT_IN },
	    { PAS, TO_IN },    { IGN, TO_IN },    { ANS, FROM },        { ANS, FROM_OUT },    { ANS, BOTH } },
	[PRESENCE_UNSUBSCRIBE] = {                                      /* A.3.2 */
	    { IGN, NONE },     { IGN, NONE_OUT }, { PAS, NONE },        { PAS, NONE_OUT },
	    { IGN, TO },       { PAS, TO },       { PAS, NONE },        { PAS, NONE_OUT },    { PAS, TO } },
	[PRESENCE_SUBSCRIBED] = {                                       /* A.3.3 */
	    { IGN, NONE },     { PAS, TO },       { IGN, NONE_IN },     { PAS, TO_IN },
	    { IGN, TO },       { IGN, TO_IN },    { IGN, FROM },        { PAS, BOTH },        { IGN, BOTH } },
	[PRESENCE_UNSUBSCRIBED] = {                                     /* A.3.4 */
	    { IGN, NONE },     { PAS, NONE },     { IGN, NONE_IN },     { PAS, NONE_IN },
	    { PAS, NONE },     { PAS, NONE_IN },  { IGN, FROM },        { PAS, FROM },        { PAS, FROM } },
};

/* --- a state in the table's words, and back -------------------------------------- */

static const struct sub_state meaning[STATES] = {
	[NONE]        = { SUB_NONE, false, false, false },
	[NONE_OUT]    = { SUB_NONE, true,  false, false },
	[NONE_IN]     = { SUB_NONE, false, true,  false },
	[NONE_OUT_IN] = { SUB_NONE, true,  true,  false },
	[TO]          = { SUB_TO,   false, false, false },
	[TO_IN]       = { SUB_TO,   false, true,  false },
	[FROM]        = { SUB_FROM, false, false, false },
	[FROM_OUT]    = { SUB_FROM, true,  false, false },
	[BOTH]        = { SUB_BOTH, false, false, false },
};

static enum state state_of(const struct sub_state *is)
{
	/* Who has it asks for nothing, and who gave it is asked for nothing. */
	bool ask = is->ask && (is->subscription & SUB_TO) == 0;
	bool request = is->request && (is->subscription & SUB_FROM) == 0;

	switch (is->subscription) {
	case SUB_NONE:
		return ask ? (request ? NONE_OUT_IN : NONE_OUT)
		    : request ? NONE_IN : NONE;
	case SUB_TO:
		return request ? TO_IN : TO;
	case SUB_FROM:
		return ask ? FROM_OUT : FROM;
	case SUB_BOTH:
		return BOTH;
	}
	return NONE;
}

/* --- pre-approval (§3.4.2) -------------------------------------------------------- */

/* `subscribed` that answers no request is kept for the request to come. */
static bool approved_after(enum presence_type stanza, enum state now, bool was)
{
	bool has_from = (meaning[now].subscription & SUB_FROM) != 0;

	if (stanza == PRESENCE_UNSUBSCRIBED)
		return false;
	return was || (stanza == PRESENCE_SUBSCRIBED && !has_from
	    && !meaning[now].request);
}

/* The request that was pre-approved: granted at once. */
static struct sub_state granted(enum state now)
{
	struct sub_state s = meaning[now];

	s.subscription = (enum xdb_subscription)(s.subscription | SUB_FROM);
	s.request = false;
	s.approved = true;
	return s;
}

/* ----------------------------------------------------------------------------------- */

bool subscription_is(enum presence_type stanza)
{
	switch (stanza) {
	case PRESENCE_SUBSCRIBE:
	case PRESENCE_SUBSCRIBED:
	case PRESENCE_UNSUBSCRIBE:
	case PRESENCE_UNSUBSCRIBED:
		return true;
	case PRESENCE_AVAILABLE:
	case PRESENCE_UNAVAILABLE:
	case PRESENCE_PROBE:
	case PRESENCE_ERROR:
	case PRESENCE_BAD:
		return false;
	}
	return false;
}

struct sub_state subscription_next(enum sub_way way,
    enum presence_type stanza, struct sub_state is, enum sub_act *act_r)
{
	enum state now = state_of(&is);
	const struct cell *c;
	struct sub_state next;

	assert(subscription_is(stanza));
	c = way == SUB_OUT ? &outbound[stanza][now] : &inbound[stanza][now];
	*act_r = c->act;
	next = meaning[c->next];
	next.approved = is.approved;
	if (way == SUB_OUT)
		next.approved = approved_after(stanza, now, is.approved);
	if (way == SUB_IN && stanza == PRESENCE_SUBSCRIBE && is.approved) {
		*act_r = SUB_ANSWER;
		next = granted(now);
	}
	return next;
}
