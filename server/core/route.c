/* SPDX-License-Identifier: Apache-2.0 */
/* core/route.c — where a stanza goes (RFC 6120 §10, RFC 6121 §8).
 *
 *              to:  nobody or     our domain    other bare     full JID
 *                   own bare                    JID
 *  message          feature       feature       feature        feature
 *  presence         feature       feature       feature        feature
 *  iq get, set      dispatch      dispatch      dispatch       the session, or
 *                   (own acct)    (host)        (other acct)   service-unavailable
 *  iq result, error dropped       dropped       dropped        the session, or dropped
 *
 *  a claimed domain (rooms)       its handler; presence is shown to the features first
 *  any other domain               presence: feature; else remote-server-not-found */
#include "core/route.h"

#include "base/log.h"
#include "core/host.h"
#include "core/stream.h"

enum { CLAIMS_MOST = 4 };

static struct { struct jid domain; route_domain_fn *handler; } claims[CLAIMS_MOST];
static size_t claim_n;

void route_claim(const struct jid *domain, route_domain_fn *handler)
{
	for (size_t i = 0; i < claim_n; i++)
		if (jid_eq(&claims[i].domain, domain)) {
			claims[i].handler = handler;
			return;
		}
	if (claim_n == CLAIMS_MOST)
		panic("too many domains");
	claims[claim_n].domain = *domain;
	claims[claim_n++].handler = handler;
}

static route_domain_fn *claim_find(const struct jid *j)
{
	for (size_t i = 0; i < claim_n; i++)
		if (slice_eq(jid_domain(&claims[i].domain), jid_domain(j)))
			return claims[i].handler;
	return NULL;
}

bool route_is_claimed(const struct jid *j)
{
	return claim_find(j) != NULL;
}

bool route_to_full(const struct jid *full, const struct elem *stanza,
    const struct write_as *as)
{
	struct session *s = session_find(full);

	if (s == NULL)
		return false;
	session_send_as(s, stanza, as);
	return true;
}

/* RFC 6120 §8.2.3: id and type required, one child in a get or set. */
static bool iq_is_good(struct job *j)
{
	enum iq_type type = stanza_iq_type(j->stanza);

	if (type == IQ_BAD || elem_attr(j->stanza, "id").p == NULL)
		return false;
	return (type != IQ_GET && type != IQ_SET)
	    || elem_children(j->stanza) == 1;
}

static void iq_to_full(struct job *j)
{
	enum iq_type type = stanza_iq_type(j->stanza);
	struct session *s = session_find(&j->to);

	if (s != NULL) {
		session_send(s, j->stanza);
		job_pass(j);            /* the other client answers */
	} else if (type == IQ_GET || type == IQ_SET) {
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	} else {
		job_done(j);
	}
}

static void route_iq(struct job *j)
{
	enum iq_type type = stanza_iq_type(j->stanza);

	if (jid_is_set(&j->to) && j->to.resource_n != 0)
		iq_to_full(j);
	else if (type != IQ_GET && type != IQ_SET)
		job_done(j);
	else if (job_is_to_self(j))
		dispatch_iq(j, TO_OWN_ACCOUNT);
	else
		dispatch_iq(j, j->to.local_n != 0 ? TO_OTHER_ACCOUNT : TO_HOST);
}

static void route_presence(struct job *j)
{
	if (hook_presence(j) == HOOK_TAKEN)
		return;
	if (jid_is_set(&j->to) && route_is_claimed(&j->to))
		claim_find(&j->to)(j);
	else
		job_done(j);
}

static void route_message(struct job *j)
{
	if (hook_message(j) == HOOK_PASS)
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
}

void route(struct job *j)
{
	bool has_to = jid_is_set(&j->to);

	if (j->kind == STANZA_IQ && !iq_is_good(j)) {
		job_fail(j, SE_BAD_REQUEST, NULL);
		return;
	}
	if (j->kind == STANZA_PRESENCE) {
		route_presence(j);
	} else if (has_to && route_is_claimed(&j->to)) {
		claim_find(&j->to)(j);
	} else if (has_to && !host_is_local(&j->to)) {
		job_fail(j, SE_REMOTE_SERVER_NOT_FOUND,
		    "This service does not reach other domains yet.");
	} else if (j->kind == STANZA_IQ) {
		route_iq(j);
	} else {
		route_message(j);
	}
}

void route_new(struct arena *arena, struct elem *stanza)
{
	struct jid from, to;

	if (!jid_parse(arena, elem_attr(stanza, "from"), &from)
	    || !jid_parse(arena, elem_attr(stanza, "to"), &to)) {
		log_event(LOG_WARN, "stanza-without-address", "-", "name=%s",
		    log_text(stanza->name));
		arena_fini(arena);
		return;
	}
	route(job_new(NULL, arena, stanza, &from, &to));
}
