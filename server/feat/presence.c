/* SPDX-License-Identifier: Apache-2.0 */
/* feat/presence.c — RFC 6121 §4: who is there, told to those who may know.
 *
 *   from a client           to nobody                      to somebody
 *   (no type)               broadcast; the first one also  delivered, and remembered
 *                           brings the others' presence    unless they see us anyway
 *                           and waiting requests
 *   unavailable             broadcast, and to all who      delivered, and forgotten
 *                           were remembered
 *   probe                   -                              answered, if allowed
 *   error                   -                              to a full JID, else dropped
 *
 * A session that ends in any other way is unavailable to the same people.
 * Contacts elsewhere are not reached yet; contacts here are answered from
 * memory: who is not in memory has no session.  The subscription stanzas are
 * subscription.c's. */
#include "feat/presence.h"

#include <stdlib.h>

#include "core/host.h"
#include "core/route.h"
#include "core/shared.h"
#include "feat/avatar.h"
#include "feat/directed.h"
#include "feat/fanout.h"
#include "feat/features.h"
#include "feat/subscription.h"
#include "xml/ns.h"

static size_t slot;                     /* of struct directed in a session */

static struct directed *directed_of(struct session *s)
{
	if (s->slot[slot] == NULL)
		s->slot[slot] = NEW(struct directed);
	return s->slot[slot];
}

/* --- sessions shown to others --------------------------------------------------------- */

/* Both lists say so: an item may be older than the person who has that address now,
 * whose own list knows nothing of it (schema/README, Whose an address is). */
static bool is_shown(const struct account *who, const struct account *to)
{
	return account_is_seen_by(who, &to->jid)
	    && account_sees(to, &who->jid);
}

/* The id is its author's own: it goes with the first telling only. */
static void show_init(struct fanout *f, const struct session *s)
{
	struct write_as as = { .from = jid_full(&s->jid), .id = SLICE("") };

	fanout_init(f, s->presence, &as);
}

static void show_all(const struct account *who, struct session *to)
{
	struct session *s;
	struct fanout f;

	LIST_EACH(s, &who->sessions, struct session, account_link) {
		if (s == to || !session_is_available(s))
			continue;
		show_init(&f, s);
		fanout_send(&f, to, jid_full(&to->jid));
		fanout_fini(&f);
	}
}

void presence_share(struct account *who, struct account *to)
{
	struct session *s;

	if (who == NULL || to == NULL || !is_shown(who, to))
		return;
	LIST_EACH(s, &to->sessions, struct session, account_link)
		if (session_is_available(s))
			show_all(who, s);
}

void presence_withdraw(struct account *who, struct account *to)
{
	struct arena arena = { NULL };
	struct session *s;
	struct elem *e;
	struct fanout f;

	if (who == NULL || to == NULL)
		return;
	e = elem_new(&arena, NS_CLIENT, "presence");
	LIST_EACH(s, &who->sessions, struct session, account_link) {
		struct write_as as = { .from = jid_full(&s->jid),
			.type = SLICE("unavailable") };

		if (!session_is_available(s))
			continue;
		fanout_init(&f, e, &as);
		fanout_available(&f, to, jid_bare(&to->jid), NULL);
		fanout_fini(&f);
	}
	arena_fini(&arena);
}

/* --- broadcast --------------------------------------------------------------------------- */

static bool has_own(const struct account *a, struct slice contact, unsigned side)
{
	const struct contact *c = map_find(&a->contacts, contact);

	return c != NULL && (c->item.subscription & side) != 0;
}

struct telling { struct fanout f; struct account *a; };

static void tell_fellow(const struct shared_person *p, void *ctx)
{
	struct telling *t = ctx;
	struct account *other = fanout_account(p->jid);

	if (other != NULL && !has_own(t->a, p->jid, SUB_FROM))
		fanout_available(&t->f, other, p->jid, NULL);
}

static void tell_contacts(struct telling *t)
{
	struct account *other;
	struct contact *c;
	size_t at = 0;

	while ((c = map_next(&t->a->contacts, &at)) != NULL)
		if ((c->item.subscription & SUB_FROM) != 0
		    && (other = fanout_account(c->item.jid)) != NULL
		    && account_sees(other, &t->a->jid))
			fanout_available(&t->f, other, c->item.jid, NULL);
	shared_each_fellow(jid_bare(&t->a->jid), tell_fellow, t);
}

static void tell_everybody(struct telling *t)
{
	struct account *other;
	size_t at = 0;

	while ((other = account_next(&at)) != NULL)
		if (!list_is_empty(&other->sessions) && other != t->a
		    && account_is_seen_by(t->a, &other->jid))
			fanout_available(&t->f, other, jid_bare(&other->jid),
			    NULL);
}

/* §4.2.2, §4.4.2, §4.5.2: subscribers, and our own resources. */
static void broadcast_as(struct session *s, const struct elem *presence,
    const struct write_as *as)
{
	struct account *a = s->account;
	struct telling t = { .a = a };

	fanout_init(&t.f, presence, as);
	if (shared_is_public(jid_bare(&a->jid)))
		tell_everybody(&t);
	else
		tell_contacts(&t);
	fanout_available(&t.f, a, jid_bare(&a->jid), NULL);
	fanout_fini(&t.f);
}

static void broadcast(struct session *s, const struct elem *presence)
{
	broadcast_as(s, presence, &(struct write_as){
	    .from = jid_full(&s->jid) });
}

void presence_again(struct session *s)
{
	broadcast_as(s, s->presence, &(struct write_as){
	    .from = jid_full(&s->jid), .id = SLICE("") });
}

static void send_request(struct session *s, const struct xdb_pending *p)
{
	struct arena arena = { NULL };
	struct elem *e = elem_new(&arena, NS_CLIENT, "presence");
	struct write_as as = { .from = p->jid,
		.to = jid_bare(&s->account->jid), .type = SLICE("subscribe") };

	if (p->status.n != 0)
		elem_add_text_child(&arena, e, NS_CLIENT, "status", p->status);
	session_send_as(s, e, &as);
	arena_fini(&arena);
}

/* §3.1.3: what nobody has answered yet is asked at each login. */
static void send_requests(struct session *s)
{
	struct account *a = s->account;

	for (struct list *l = a->requests.next; l != &a->requests; l = l->next)
		send_request(s, &LIST_ITEM(l, struct request, link)->pending);
}

static void welcome_shared(const struct shared_person *p, void *ctx)
{
	struct session *s = ctx;
	struct account *other = fanout_account(p->jid);

	if (other != NULL && !has_own(s->account, p->jid, SUB_TO))
		show_all(other, s);
}

/* §4.2: a session that just became available learns who else is. */
static void welcome(struct session *s)
{
	struct account *a = s->account, *other;
	struct contact *c;
	size_t at = 0;

	show_all(a, s);
	while ((c = map_next(&a->contacts, &at)) != NULL)
		if ((c->item.subscription & SUB_TO) != 0
		    && (other = fanout_account(c->item.jid)) != NULL
		    && account_is_seen_by(other, &a->jid))
			show_all(other, s);
	shared_each(jid_bare(&a->jid), welcome_shared, s);
	send_requests(s);
}

/* RFC 6121 §4.7.2.3: one integer from -128 to 127. */
static bool read_priority(struct arena *arena, const struct elem *presence,
    int *priority_r)
{
	const struct elem *e = elem_child(presence, NS_CLIENT, "priority");
	struct slice text;
	bool is_negative;
	uint64_t n;

	*priority_r = 0;
	if (e == NULL)
		return true;
	text = slice_trim(elem_text(arena, e));
	is_negative = slice_starts(text, SLICE("-"));
	if (is_negative)
		text = slice_make(text.p + 1, text.n - 1);
	if (elem_next(e, NS_CLIENT, "priority") != NULL
	    || !slice_number(text, is_negative ? 128 : 127, &n))
		return false;
	*priority_r = is_negative ? -(int)n : (int)n;
	return true;
}

static void available(struct job *j)
{
	struct session *s = j->session;
	bool is_first = !session_is_available(s);
	int priority;

	if (!read_priority(&j->arena, j->stanza, &priority)) {
		job_fail(j, SE_BAD_REQUEST,
		    "A priority is one integer from -128 to 127.");
		return;
	}
	session_set_presence(s, avatar_stamp(&j->arena, s->account, j->stanza),
	    priority);
	broadcast(s, s->presence);
	if (is_first)
		welcome(s);
	job_done(j);
}

/* --- leaving -------------------------------------------------------------------------------- */

/* A service or a session alike hears of it by the ordinary way. */
static void tell_directed(const struct session *s, struct slice to,
    const struct elem *presence)
{
	struct arena arena = { NULL };
	struct elem *e = elem_copy(&arena, presence);

	elem_set(&arena, e, "from", slice_dup(&arena, jid_full(&s->jid)));
	elem_set(&arena, e, "to", slice_dup(&arena, to));
	route_new(&arena, e);
}

static void leave(struct session *s, const struct elem *presence)
{
	struct directed *d = s->slot[slot];
	struct slice address;
	size_t at = 0;

	if (session_is_available(s)) {
		session_clear_presence(s);
		broadcast(s, presence);
	}
	s->slot[slot] = NULL;
	if (d == NULL)
		return;
	while ((address = directed_next(d, &at)).p != NULL)
		tell_directed(s, address, presence);
	directed_fini(d);
	free(d);
}

static void presence_session_gone(struct session *s)
{
	struct arena arena = { NULL };
	struct elem *e = elem_new(&arena, NS_CLIENT, "presence");

	elem_set_cstr(&arena, e, "type", "unavailable");
	leave(s, e);
	arena_fini(&arena);
}

/* --- to somebody ----------------------------------------------------------------------------- */

/* §8.5: presence to an account is for its available resources, to a full JID
 * for that resource; who is not there hears nothing, and nobody is told. */
static void deliver(struct job *j)
{
	struct write_as as = { .from = jid_full(&j->from) };
	struct account *a;
	struct fanout f;

	if (j->to.resource_n != 0) {
		route_to_full(&j->to, j->stanza, &as);
	} else if ((a = fanout_account(jid_bare(&j->to))) != NULL) {
		fanout_init(&f, j->stanza, &as);
		fanout_available(&f, a, jid_bare(&j->to), NULL);
		fanout_fini(&f);
	}
	job_done(j);
}

/* §4.6.3: who gets our broadcasts hears of our end by them. */
static bool hears_broadcasts(const struct session *s, const struct jid *to)
{
	const struct account *other = fanout_account(jid_bare(to));

	return session_is_available(s) && host_is_local(to)
	    && (jid_eq_bare(to, &s->jid) || (other != NULL
	    ? is_shown(s->account, other) : account_is_seen_by(s->account, to)));
}

/* False: there are too many already. */
static bool remember(struct job *j)
{
	struct session *s = j->session;
	struct slice to = jid_full(&j->to);

	if (s == NULL)
		return true;            /* a service remembers by itself */
	if (elem_attr(j->stanza, "type").p != NULL) {
		if (s->slot[slot] != NULL)
			directed_remove(s->slot[slot], to);
		return true;
	}
	return hears_broadcasts(s, &j->to) || directed_add(directed_of(s), to);
}

static enum hook_result directed(struct job *j)
{
	bool is_claimed = route_is_claimed(&j->to);

	if (!is_claimed && !host_is_local(&j->to)) {
		job_fail(j, SE_REMOTE_SERVER_NOT_FOUND,
		    "This service does not reach other domains yet.");
		return HOOK_TAKEN;
	}
	if (!remember(j)) {
		job_fail(j, SE_RESOURCE_CONSTRAINT,
		    "This session has shown its presence to too many.");
		return HOOK_TAKEN;
	}
	if (is_claimed)
		return HOOK_PASS;
	deliver(j);
	return HOOK_TAKEN;
}

/* --- probes (§4.3) -------------------------------------------------------------------------- */

static void probe_loaded(struct job *j, struct account *a, enum xdb_status status);
static void probe_undone(struct job *j, enum xdb_status status);

/* Whoever does not see the contact by their own list gets no answer, and
 * nothing is looked up, so that nothing is learnt from its timing (RTE-09).  We
 * hold our list to be true unless the contact's says otherwise. */
static void probe(struct job *j)
{
	struct session *s = j->session;

	if (s == NULL) {
		job_done(j);
	} else if (jid_eq_bare(&j->to, &j->from)) {
		show_all(s->account, s);
		job_done(j);
	} else if (account_sees(s->account, &j->to)) {
		account_want(j, jid_local(&j->to), probe_loaded);
	} else {
		job_done(j);
	}
}

static bool has_available(const struct account *a)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (session_is_available(s))
			return true;
	return false;
}

static void answer_unavailable(struct job *j)
{
	struct elem *e = elem_new(&j->arena, NS_CLIENT, "presence");
	struct write_as as = { .from = jid_bare(&j->to),
		.to = jid_full(&j->from), .type = SLICE("unavailable") };

	session_send_as(j->session, e, &as);
	job_done(j);
}

static void probe_loaded(struct job *j, struct account *a,
    enum xdb_status status)
{
	if (status != XDB_OK && status != XDB_ABSENT) {
		job_done(j);
	} else if (a == NULL || !account_is_seen_by(a, &j->from)) {
		/* §4.3.2: our list is wrong, and is put right. */
		subscription_arrive(j, &(struct subscription_sent){
		    .from = j->to, .to = j->from,
		    .types = { PRESENCE_UNSUBSCRIBED }, .n = 1,
		    .held = SUB_BOTH }, probe_undone);
	} else if (!has_available(a)) {
		answer_unavailable(j);
	} else {
		show_all(a, j->session);
		job_done(j);
	}
}

static void probe_undone(struct job *j, enum xdb_status status)
{
	(void)status;
	job_done(j);
}

/* --- what others changed in the directory ------------------------------------------------------- */

/* As if the stanzas of §3 had done it: who gained sees, who lost sees no more. */
static void presence_contact_changed(struct account *a, struct slice contact,
    enum xdb_subscription was)
{
	struct account *other = fanout_account(contact);
	struct contact *c = map_find(&a->contacts, contact);
	unsigned is = (c != NULL ? c->item.subscription : SUB_NONE)
	    | shared_between(jid_bare(&a->jid), contact);
	unsigned gained = is & ~(unsigned)was, lost = (unsigned)was & ~is;

	if ((gained & SUB_FROM) != 0)
		presence_share(a, other);
	if ((lost & SUB_FROM) != 0)
		presence_withdraw(a, other);
	/* Unless the other never showed, or has withdrawn already. */
	if (other == NULL || !account_is_seen_by(other, &a->jid))
		return;
	if ((gained & SUB_TO) != 0)
		presence_share(other, a);
	if ((lost & SUB_TO) != 0)
		presence_withdraw(other, a);
}

static void presence_group_hides(struct account *a, struct slice contact)
{
	struct account *other = fanout_account(contact);

	if (other != NULL && !account_is_seen_by(other, &a->jid))
		presence_withdraw(other, a);
}

static void presence_request_came(struct account *a,
    const struct xdb_pending *request)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (session_is_available(s))
			send_request(s, request);
}

/* --- the hook ----------------------------------------------------------------------------------- */

static void to_nobody(struct job *j)
{
	if (j->session == NULL) {
		job_done(j);
	} else if (elem_attr(j->stanza, "type").p == NULL) {
		available(j);
	} else {
		leave(j->session, j->stanza);
		job_done(j);
	}
}

static enum hook_result presence_presence(struct job *j)
{
	enum presence_type type = stanza_presence_type(j->stanza);
	bool is_known = type == PRESENCE_AVAILABLE
	    || type == PRESENCE_UNAVAILABLE;

	if (type == PRESENCE_BAD) {
		job_fail(j, SE_BAD_REQUEST, "No such type of presence.");
		return HOOK_TAKEN;
	}
	if (is_known && jid_is_set(&j->to))
		return directed(j);
	if (is_known) {
		to_nobody(j);
		return HOOK_TAKEN;
	}
	if (jid_is_set(&j->to) && route_is_claimed(&j->to))
		return HOOK_PASS;
	if (!jid_is_set(&j->to) || !host_is_local(&j->to))
		job_done(j);
	else if (type == PRESENCE_PROBE)
		probe(j);
	else if (j->to.resource_n != 0)
		deliver(j);
	else
		job_done(j);            /* an error to nobody in particular */
	return HOOK_TAKEN;
}

static bool presence_start(const char **why_r)
{
	(void)why_r;
	slot = feature_index(&feature_presence);
	return true;
}

static const struct hooks hooks = {
	.session_gone = presence_session_gone,
	.presence = presence_presence,
	.contact_changed = presence_contact_changed,
	.group_hides = presence_group_hides,
	.request_came = presence_request_came,
};

const struct feature feature_presence = {
	.name = "presence",
	.spec = "RFC 6121 §4",
	.hooks = &hooks,
	.start = presence_start,
};
