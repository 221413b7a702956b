/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6121 appendix A: every state, every subscription stanza, both ways; the
 * flag of §3.4 on top; and two accounts that do anything, in any order. */
#include "feat/subscription_table.h"
#include "tests/tap.h"

/* --- the tables of the appendix, row by row --------------------------------------- */

static const struct { const char *name; struct sub_state state; } states[] = {
	{ "None",                  { SUB_NONE, false, false, false } },
	{ "None + Pending Out",    { SUB_NONE, true,  false, false } },
	{ "None + Pending In",     { SUB_NONE, false, true,  false } },
	{ "None + Pending Out+In", { SUB_NONE, true,  true,  false } },
	{ "To",                    { SUB_TO,   false, false, false } },
	{ "To + Pending In",       { SUB_TO,   false, true,  false } },
	{ "From",                  { SUB_FROM, false, false, false } },
	{ "From + Pending Out",    { SUB_FROM, true,  false, false } },
	{ "Both",                  { SUB_BOTH, false, false, false } },
};
enum { N, NO, NI, NOI, T, TI, F, FO, B, STATES };

static const struct { enum presence_type type; const char *name; } stanzas[] = {
	{ PRESENCE_SUBSCRIBE,    "subscribe"    },
	{ PRESENCE_UNSUBSCRIBE,  "unsubscribe"  },
	{ PRESENCE_SUBSCRIBED,   "subscribed"   },
	{ PRESENCE_UNSUBSCRIBED, "unsubscribed" },
};

/* '-' goes no further, '!' routed or delivered, '=' answered; then the state. */
struct row { char act; int next; };

static const struct row tables[2][4][STATES] = {
	[SUB_OUT] = {
		/* A.2.1 subscribe: always routed */
		{ { '!', NO }, { '!', NO }, { '!', NOI }, { '!', NOI }, { '!', T },
		  { '!', TI }, { '!', FO }, { '!', FO }, { '!', B } },
		/* A.2.2 unsubscribe: always routed */
		{ { '!', N }, { '!', N }, { '!', NI }, { '!', NI }, { '!', N },
		  { '!', NI }, { '!', F }, { '!', F }, { '!', F } },
		/* A.2.3 subscribed: routed only as the answer to a request */
		{ { '-', N }, { '-', NO }, { '!', F }, { '!', FO }, { '-', T },
		  { '!', B }, { '-', F }, { '-', FO }, { '-', B } },
		/* A.2.4 unsubscribed: denies a request or ends a subscription */
		{ { '-', N }, { '-', NO }, { '!', N }, { '!', NO }, { '-', T },
		  { '!', T }, { '!', N }, { '!', NO }, { '!', T } },
	},
	[SUB_IN] = {
		/* A.3.1 subscribe: asked once; who has it is told so */
		{ { '!', NI }, { '!', NOI }, { '-', NI }, { '-', NOI }, { '!', TI },
		  { '-', TI }, { '=', F }, { '=', FO }, { '=', B } },
		/* A.3.2 unsubscribe */
		{ { '-', N }, { '-', NO }, { '!', N }, { '!', NO }, { '-', T },
		  { '!', T }, { '!', N }, { '!', NO }, { '!', T } },
		/* A.3.3 subscribed: only what was asked for */
		{ { '-', N }, { '!', T }, { '-', NI }, { '!', TI }, { '-', T },
		  { '-', TI }, { '-', F }, { '!', B }, { '-', B } },
		/* A.3.4 unsubscribed */
		{ { '-', N }, { '!', N }, { '-', NI }, { '!', NI }, { '!', N },
		  { '!', NI }, { '-', F }, { '!', F }, { '!', F } },
	},
};

static const char acts[] = { [SUB_IGNORE] = '-', [SUB_PASS] = '!', [SUB_ANSWER] = '=' };
static const char *const ways[] = { [SUB_OUT] = "outbound", [SUB_IN] = "inbound" };

static bool same(struct sub_state a, struct sub_state b)
{
	return a.subscription == b.subscription && a.ask == b.ask
	    && a.request == b.request && a.approved == b.approved;
}

static void appendix(enum sub_way way)
{
	for (size_t z = 0; z < COUNT(stanzas); z++)
		for (size_t s = 0; s < STATES; s++) {
			const struct row *want = &tables[way][z][s];
			enum sub_act act;
			struct sub_state next = subscription_next(way,
			    stanzas[z].type, states[s].state, &act);

			next.approved = false;          /* has tests of its own */
			okf(acts[act] == want->act
			    && same(next, states[want->next].state),
			    "%s %s in %s: %c %s", ways[way], stanzas[z].name,
			    states[s].name, want->act, states[want->next].name);
		}
}

/* --- §3.4: pre-approval --------------------------------------------------------------- */

static struct sub_state with_flag(int state)
{
	struct sub_state s = states[state].state;

	s.approved = true;
	return s;
}

static void flag_is_set(void)
{
	static const int kept[] = { N, NO, T };
	static const int granted[] = { NI, NOI, TI, F, FO, B };
	enum sub_act act;

	for (size_t i = 0; i < COUNT(kept); i++) {
		struct sub_state next = subscription_next(SUB_OUT,
		    PRESENCE_SUBSCRIBED, states[kept[i]].state, &act);

		okf(act == SUB_IGNORE && same(next, with_flag(kept[i])),
		    "subscribed in %s is kept for later, not routed",
		    states[kept[i]].name);
	}
	for (size_t i = 0; i < COUNT(granted); i++)
		okf(!subscription_next(SUB_OUT, PRESENCE_SUBSCRIBED,
		    states[granted[i]].state, &act).approved,
		    "subscribed in %s approves nothing in advance",
		    states[granted[i]].name);
}

static void flag_answers(void)
{
	static const struct { int is, next; } cases[] = {
		{ N, F }, { NO, FO }, { T, B }, { NI, F }, { NOI, FO },
		{ TI, B }, { F, F }, { FO, FO }, { B, B },
	};
	enum sub_act act;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sub_state next = subscription_next(SUB_IN,
		    PRESENCE_SUBSCRIBE, with_flag(cases[i].is), &act);

		okf(act == SUB_ANSWER && same(next, with_flag(cases[i].next)),
		    "subscribe to %s, pre-approved, is answered: %s",
		    states[cases[i].is].name, states[cases[i].next].name);
	}
}

static void flag_stays(void)
{
	enum sub_act act;

	for (size_t s = 0; s < STATES; s++) {
		okf(!subscription_next(SUB_OUT, PRESENCE_UNSUBSCRIBED,
		    with_flag((int)s), &act).approved,
		    "unsubscribed in %s takes the approval back",
		    states[s].name);
		for (size_t z = 0; z < COUNT(stanzas); z++)
			okf(subscription_next(SUB_IN, stanzas[z].type,
			    with_flag((int)s), &act).approved,
			    "inbound %s in %s leaves the approval alone",
			    stanzas[z].name, states[s].name);
	}
}

/* --- states the appendix has no name for ---------------------------------------------- */

static void odd_states(void)
{
	struct sub_state odd = { SUB_BOTH, true, true, false };
	enum sub_act act;

	ok(same(subscription_next(SUB_OUT, PRESENCE_SUBSCRIBE, odd, &act),
	    states[B].state), "asking for what one has is not asking");
	odd.subscription = SUB_TO;
	ok(same(subscription_next(SUB_OUT, PRESENCE_SUBSCRIBED, odd, &act),
	    states[B].state) && act == SUB_PASS,
	    "a request beside To is a request");
	odd.subscription = SUB_FROM;
	ok(same(subscription_next(SUB_IN, PRESENCE_SUBSCRIBED, odd, &act),
	    states[B].state) && act == SUB_PASS, "a question beside From is one");
	ok(!subscription_is(PRESENCE_PROBE) && !subscription_is(PRESENCE_BAD)
	    && subscription_is(PRESENCE_UNSUBSCRIBED),
	    "four stanzas and no other are the table's");
}

/* --- two accounts ---------------------------------------------------------------------- *
 * From strangers on, each of the two sends any of the four at any time; every
 * stanza arrives before the next is sent.  However far they go, both rosters
 * tell the same story. */

struct pair { struct sub_state side[2]; };

static unsigned code_of(struct sub_state s)
{
	return (unsigned)s.subscription | (s.ask ? 4u : 0) | (s.request ? 8u : 0)
	    | (s.approved ? 16u : 0);
}

static void send(struct pair *p, int from, enum presence_type type)
{
	struct sub_state *me = &p->side[from], *you = &p->side[1 - from];
	enum sub_act act;

	*me = subscription_next(SUB_OUT, type, *me, &act);
	if (act != SUB_PASS)
		return;
	*you = subscription_next(SUB_IN, type, *you, &act);
	if (act == SUB_ANSWER)
		*me = subscription_next(SUB_IN, PRESENCE_SUBSCRIBED, *me, &act);
}

static bool agree(struct sub_state a, struct sub_state b)
{
	return ((a.subscription & SUB_TO) != 0) == ((b.subscription & SUB_FROM) != 0)
	    && a.ask == b.request;
}

static void two_accounts(void)
{
	static bool seen[32][32];
	static struct pair todo[32 * 32 * 2];
	size_t n = 1, pairs = 0;
	bool good = true;

	seen[0][0] = true;
	while (n != 0) {
		struct pair p = todo[--n];

		pairs++;
		good = good && agree(p.side[0], p.side[1])
		    && agree(p.side[1], p.side[0]);
		for (int i = 0; i < 2 * (int)COUNT(stanzas); i++) {
			struct pair q = p;
			bool *was;

			send(&q, i % 2, stanzas[i / 2].type);
			was = &seen[code_of(q.side[0])][code_of(q.side[1])];
			if (!*was)
				todo[n++] = q;
			*was = true;
		}
	}
	ok(good, "both rosters agree whatever the two do");
	ok(pairs > 16, "and they can do a lot");
	ok(seen[SUB_BOTH][SUB_BOTH], "they can become friends");
}

int main(void)
{
	appendix(SUB_OUT);
	appendix(SUB_IN);
	flag_is_set();
	flag_answers();
	flag_stays();
	odd_states();
	two_accounts();
	return done();
}
