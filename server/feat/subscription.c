/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription.c — RFC 6121 §3: asking for presence, granting, ending.
 *
 * A stanza passes two accounts, one after the other:
 *
 *   sender's   outbound ─► push ─┬─► contact's  inbound ─► deliver ─► push ─► presence
 *   roster                       │   roster                    │
 *                                │                             └─► answer: `subscribed`
 *                                └─► another domain: not reached     inbound at the sender
 *
 * What happens at each is subscription_table.c's to say.  A person who does not
 * exist looks like one who does not answer (RTE-09).  A request waits in the
 * directory with its status text and is delivered at each login until it is
 * answered (presence.c). */
#include "feat/subscription.h"

#include "core/host.h"
#include "core/route.h"
#include "core/shared.h"
#include "feat/fanout.h"
#include "feat/features.h"
#include "feat/presence.h"
#include "feat/roster.h"
#include "feat/subscription_again.h"
#include "feat/subscription_table.h"
#include "xml/ns.h"

enum {
	STATUS_BYTES_MOST = 1024,       /* kept of a request; longer: without */
	REQUESTS_MOST = 1000,           /* waiting at one account */
};

struct note {
	struct subscription_sent sent;
	job_stored_fn *next;
	void *outer;                    /* j->data of who asked us */

	/* the change of one account, as planned last */
	struct account *owner;          /* held by the job */
	enum sub_way way;
	struct sub_state was;           /* in the list, … */
	struct sub_state held, is;      /* of that about this sender; now */
	enum sub_act acts[SUBSCRIPTION_TYPES_MOST];
	bool is_refused;                /* no room for one more */
	struct xdb_roster_item item;
	struct xdb_pending pending;
};

static const struct jid *peer_of(const struct note *n)
{
	return n->way == SUB_OUT ? &n->sent.to : &n->sent.from;
}

/* --- the change of one account ------------------------------------------------------ */

static struct sub_state state_of(const struct account *a,
    const struct jid *peer)
{
	const struct xdb_roster_item *i = account_contact(a, peer);
	struct sub_state s = { .request = account_request(a, peer) != NULL };

	if (i != NULL) {
		s.subscription = i->subscription;
		s.ask = i->ask;
		s.approved = i->approved;
	}
	return s;
}

static bool item_differs(const struct sub_state *a, const struct sub_state *b)
{
	return a->subscription != b->subscription || a->ask != b->ask
	    || a->approved != b->approved;
}

static bool has_room(const struct account *a, const struct note *n)
{
	unsigned requests = 0;

	if (item_differs(&n->was, &n->is)
	    && account_contact(a, peer_of(n)) == NULL && roster_is_full(a))
		return false;
	if (!n->is.request || n->was.request)
		return true;
	for (struct list *l = a->requests.next; l != &a->requests; l = l->next)
		requests++;
	return requests < REQUESTS_MOST;
}

static void fill_item(struct note *n, const struct account *a,
    struct account_edit *edit_r)
{
	const struct xdb_roster_item *old = account_contact(a, peer_of(n));

	n->item = old != NULL ? *old : (struct xdb_roster_item){ 0 };
	n->item.jid = jid_bare(peer_of(n));
	n->item.subscription = n->is.subscription;
	n->item.ask = n->is.ask;
	n->item.approved = n->is.approved;
	edit_r->changes_item = true;
	edit_r->item = &n->item;
}

static void fill_request(struct job *j, struct note *n,
    struct account_edit *edit_r)
{
	const struct elem *e = elem_child(j->stanza, NS_CLIENT, "status");
	struct slice status = e != NULL ? elem_text(&j->arena, e) : SLICE("");

	edit_r->changes_pending = true;
	if (!n->is.request)
		return;
	n->pending.jid = jid_bare(peer_of(n));
	n->pending.status = status.n <= STATUS_BYTES_MOST ? status : SLICE("");
	edit_r->pending = &n->pending;
}

/* The rest was another's who had the address before: what that person asked, was
 * granted or promised is not this one's. */
static struct sub_state held_of(const struct note *n)
{
	struct sub_state s = n->was;

	if (n->way == SUB_OUT)
		return s;
	s.subscription = (enum xdb_subscription)(s.subscription & n->sent.held);
	s.request = s.request && (n->sent.held & SUB_FROM) != 0;
	s.approved = s.approved && !n->sent.is_end
	    && s.subscription == n->was.subscription;
	return s;
}

static bool plan(struct job *j, struct account *a,
    struct account_edit *edit_r)
{
	struct note *n = j->data;

	n->was = state_of(a, peer_of(n));
	n->is = n->held = held_of(n);
	for (unsigned i = 0; i < n->sent.n; i++)
		n->is = subscription_next(n->way, n->sent.types[i], n->is,
		    &n->acts[i]);
	n->is_refused = !has_room(a, n);
	if (n->is_refused)
		return false;
	if (item_differs(&n->was, &n->is))
		fill_item(n, a, edit_r);
	if (n->was.request != n->is.request || n->held.request != n->is.request)
		fill_request(j, n, edit_r);
	return edit_r->changes_item || edit_r->changes_pending;
}

static void change(struct job *j, struct account *owner, enum sub_way way,
    job_stored_fn *next)
{
	struct note *n = j->data;

	n->owner = owner;
	n->way = way;
	account_edit(j, owner, jid_bare(peer_of(n)), plan, next);
}

static void push_if_changed(const struct note *n)
{
	if (item_differs(&n->was, &n->is))
		roster_push(n->owner, jid_bare(peer_of(n)));
}

/* --- inbound: at the account it is for ------------------------------------------------ */

static void arrive_loaded(struct job *j, struct account *a, enum xdb_status status);
static void arrive_stored(struct job *j, enum xdb_status status);
static void answer(struct job *j, const struct note *n);

static void arrive_over(struct job *j, enum xdb_status status)
{
	struct note *n = j->data;

	j->data = n->outer;
	/* Nobody by that name, or nobody who may have a roster: silence. */
	if (status == XDB_ABSENT || status == XDB_REFUSED)
		status = XDB_OK;
	n->next(j, status);
}

void subscription_arrive(struct job *j, const struct subscription_sent *sent,
    job_stored_fn *next)
{
	struct note *n = ARENA_NEW(&j->arena, struct note);

	n->sent = *sent;
	n->sent.from = jid_bare_dup(&j->arena, &sent->from);
	n->sent.to = jid_bare_dup(&j->arena, &sent->to);
	n->next = next;
	n->outer = j->data;
	j->data = n;
	job_detach(j);
	account_want(j, jid_local(&n->sent.to), arrive_loaded);
}

static void arrive_loaded(struct job *j, struct account *a,
    enum xdb_status status)
{
	if (status == XDB_OK)
		change(j, a, SUB_IN, arrive_stored);
	else
		arrive_over(j, status);
}

static struct slice type_word(enum presence_type type)
{
	switch (type) {
	case PRESENCE_SUBSCRIBE:        return SLICE("subscribe");
	case PRESENCE_SUBSCRIBED:       return SLICE("subscribed");
	case PRESENCE_UNSUBSCRIBE:      return SLICE("unsubscribe");
	case PRESENCE_UNSUBSCRIBED:     return SLICE("unsubscribed");
	case PRESENCE_AVAILABLE:
	case PRESENCE_UNAVAILABLE:
	case PRESENCE_PROBE:
	case PRESENCE_ERROR:
	case PRESENCE_BAD:
		break;
	}
	return SLICE("");
}

/* The sender's own words when this is its stanza, else one of ours. */
static const struct elem *stanza_of(struct job *j, enum presence_type type)
{
	if (j->kind == STANZA_PRESENCE
	    && stanza_presence_type(j->stanza) == type)
		return j->stanza;
	return elem_new(&j->arena, NS_CLIENT, "presence");
}

/* §3.1.3: a request goes to who is available; §3.1.6, §3.2.3, §3.3.3: what
 * changes a roster, to who asked for it.  Who is available hears of it too:
 * a client without a roster also wants to know that its wish was granted. */
static void deliver(struct job *j, const struct note *n,
    enum presence_type type)
{
	struct write_as as = { .from = jid_bare(&n->sent.from),
		.type = type_word(type) };
	struct slice to = jid_bare(&n->sent.to);
	struct fanout f;

	fanout_init(&f, stanza_of(j, type), &as);
	if (type == PRESENCE_SUBSCRIBE)
		fanout_available(&f, n->owner, to, NULL);
	else
		fanout_concerned(&f, n->owner, to);
	fanout_fini(&f);
}

static bool is_approval(const struct note *n)
{
	for (size_t i = 0; i < n->sent.n; i++)
		if (n->sent.types[i] == PRESENCE_SUBSCRIBED)
			return true;
	return false;
}

/* What the change of a roster means for who is seen.  Who has the address saw
 * nothing of what was another's, and does not hear of its end. */
static void presence_follows(const struct note *n)
{
	struct account *other = fanout_account(jid_bare(&n->sent.from));
	unsigned shared = shared_between(jid_bare(&n->owner->jid),
	    jid_bare(&n->sent.from));
	unsigned gained = n->is.subscription & ~n->held.subscription & ~shared;
	unsigned lost = n->held.subscription & ~n->is.subscription & ~shared;

	/* §3.1.5: shown on approval, also where this list had it and the other had not. */
	if (((gained | (is_approval(n) ? n->is.subscription & ~shared : 0)) & SUB_TO) != 0)
		presence_share(other, n->owner);
	if ((lost & SUB_TO) != 0)
		presence_withdraw(other, n->owner);
	if ((lost & SUB_FROM) != 0)
		presence_withdraw(n->owner, other);
}

static void arrive_stored(struct job *j, enum xdb_status status)
{
	struct note *n = j->data;
	bool is_answered = false;

	if (status != XDB_OK || n->is_refused) {
		arrive_over(j, status);
		return;
	}
	for (unsigned i = 0; i < n->sent.n; i++) {
		if (n->acts[i] == SUB_PASS)
			deliver(j, n, n->sent.types[i]);
		is_answered = is_answered || n->acts[i] == SUB_ANSWER;
	}
	push_if_changed(n);
	presence_follows(n);
	if (is_answered)
		answer(j, n);
	else
		arrive_over(j, XDB_OK);
}

/* §3.1.3, §3.4.2: granted without asking the user. */
static void answer(struct job *j, const struct note *n)
{
	const struct jid *from = &n->sent.from, *to = &n->sent.to;
	struct arena arena = { NULL };
	struct elem *e;

	if (host_is_local(from)) {
		subscription_arrive(j, &(struct subscription_sent){ .from = *to,
		    .to = *from, .types = { PRESENCE_SUBSCRIBED }, .n = 1,
		    .held = SUB_BOTH }, arrive_over);
		return;
	}
	e = elem_new(&arena, NS_CLIENT, "presence");
	elem_set(&arena, e, "from", slice_dup(&arena, jid_bare(to)));
	elem_set(&arena, e, "to", slice_dup(&arena, jid_bare(from)));
	elem_set(&arena, e, "type", type_word(PRESENCE_SUBSCRIBED));
	route_new(&arena, e);
	arrive_over(j, XDB_OK);
}

/* --- outbound: at the account that sends it -------------------------------------------- */

static void outbound_stored(struct job *j, enum xdb_status status);
static void outbound_arrived(struct job *j, enum xdb_status status);

/* What a group of the directory has granted: asking for it is answered at once,
 * ending it is not ours.  True: the stanza went no further. */
static bool is_shared(struct job *j)
{
	enum presence_type type = stanza_presence_type(j->stanza);
	bool is_theirs = type == PRESENCE_SUBSCRIBE
	    || type == PRESENCE_UNSUBSCRIBE;
	unsigned shared = shared_between(jid_bare(&j->from), jid_bare(&j->to));
	struct write_as as = { .from = jid_bare(&j->to),
		.to = jid_bare(&j->from), .type = type_word(PRESENCE_SUBSCRIBED) };

	if ((shared & (is_theirs ? SUB_TO : SUB_FROM)) == 0)
		return false;
	if (type == PRESENCE_UNSUBSCRIBE || type == PRESENCE_UNSUBSCRIBED) {
		job_fail(j, SE_NOT_ALLOWED, "A group of the directory shows you "
		    "to each other; it can only be changed there.");
		return true;
	}
	if (type == PRESENCE_SUBSCRIBE)
		session_send_as(j->session, elem_new(&j->arena, NS_CLIENT,
		    "presence"), &as);
	job_done(j);
	return true;
}

static void outbound(struct job *j)
{
	struct note *n = ARENA_NEW(&j->arena, struct note);

	n->sent = (struct subscription_sent){
		.from = jid_bare_dup(&j->arena, &j->from),
		.to = jid_bare_dup(&j->arena, &j->to),
		.types = { stanza_presence_type(j->stanza) }, .n = 1,
		.held = SUB_BOTH };
	j->data = n;
	subscription_again_forget(&n->sent.from, &n->sent.to);
	change(j, j->session->account, SUB_OUT, outbound_stored);
}

/* Of who asks, or ends it: who had nothing has nothing there either.  Who had asked
 * may have been granted it, and not have heard (subscription_again.h). */
static unsigned held_by(const struct note *n)
{
	enum presence_type type = n->sent.types[0];
	unsigned held = SUB_NONE;

	if (type != PRESENCE_SUBSCRIBE && type != PRESENCE_UNSUBSCRIBE)
		return SUB_BOTH;
	if ((n->was.subscription & SUB_TO) != 0 || n->was.ask)
		held |= SUB_FROM;
	if ((n->was.subscription & SUB_FROM) != 0)
		held |= SUB_TO;
	return held;
}

static void outbound_stored(struct job *j, enum xdb_status status)
{
	struct note *n = j->data;

	if (status != XDB_OK) {
		job_fail_xdb(j, status);
		return;
	}
	if (n->is_refused) {
		job_fail(j, SE_POLICY_VIOLATION, "The contact list is full.");
		return;
	}
	push_if_changed(n);
	n->sent.held = held_by(n);
	if (n->acts[0] != SUB_PASS)
		job_done(j);
	else if (!host_is_local(&n->sent.to))
		job_fail(j, SE_REMOTE_SERVER_NOT_FOUND,
		    "This service does not reach other domains yet.");
	else
		subscription_arrive(j, &n->sent, outbound_arrived);
}

static void outbound_arrived(struct job *j, enum xdb_status status)
{
	const struct note *n = j->data;

	if (status == XDB_OK || subscription_again(&n->sent, j->stanza, status))
		job_done(j);
	else
		job_fail_xdb(j, status);
}

/* Of a service of this server. */
static void inbound(struct job *j)
{
	struct note *n = ARENA_NEW(&j->arena, struct note);

	n->sent = (struct subscription_sent){ .from = j->from, .to = j->to,
		.types = { stanza_presence_type(j->stanza) }, .n = 1,
		.held = SUB_BOTH };
	j->data = n;
	subscription_arrive(j, &n->sent, outbound_arrived);
}

/* --- the hook ----------------------------------------------------------------------------- */

static enum hook_result subscription_presence(struct job *j)
{
	enum presence_type type = stanza_presence_type(j->stanza);

	if (!subscription_is(type)
	    || (jid_is_set(&j->to) && route_is_claimed(&j->to)))
		return HOOK_PASS;
	if (!jid_is_set(&j->to))
		job_fail(j, SE_BAD_REQUEST, "Whose presence?");
	else if (jid_eq_bare(&j->to, &j->from))
		job_done(j);            /* everybody sees themselves */
	else if (host_is_local(&j->to) && j->to.local_n == 0)
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else if (j->session != NULL && is_shared(j))
		return HOOK_TAKEN;
	else if (j->session != NULL)
		outbound(j);
	else if (host_is_local(&j->to))
		inbound(j);
	else
		job_done(j);
	return HOOK_TAKEN;
}

static void subscription_stream_features(struct xml_writer *w)
{
	write_leaf(w, NS_PREAPPROVAL, "sub", SLICE(""));
}

static const struct hooks hooks = {
	.stream_features = subscription_stream_features,
	.presence = subscription_presence,
};

const struct feature feature_subscription = {
	.name = "subscription",
	.spec = "RFC 6121 §3",
	.hooks = &hooks,
	.stop = subscription_again_stop,
};
