/* SPDX-License-Identifier: Apache-2.0 */
/* core/route.h — where a stanza goes (RFC 6121 §8, RFC 6120 §10).
 *
 * The table is at the head of route.c. */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include "core/feature.h"

/* A stanza from a session (or a service, j->session_id 0): takes the job. */
void route(struct job *j);

/* A stanza made here, addresses in its attributes (both set, canonical): to a
 * session, a claimed domain, or back as an error.  Takes the arena. */
void route_new(struct arena *arena, struct elem *stanza);

/* Straight to one session; false when it is not there.  The hot path of rooms. */
bool route_to_full(const struct jid *full, const struct elem *stanza, const struct write_as *as);

/* A service of its own at another domain (rooms): every stanza to that domain
 * or to an address in it comes to `handler`, which ends the job. */
typedef void route_domain_fn(struct job *j);
void route_claim(const struct jid *domain, route_domain_fn *handler);
bool route_is_claimed(const struct jid *j);

/* Answers an IQ by the table of routes; the standard errors where there is
 * none.  For claimed domains' own use with TO_MUC_HOST and the like. */
void dispatch_iq(struct job *j, enum addressee to);
/* Builds the table; false and both names when two features want one IQ. */
bool dispatch_build(const char **why_r);
void dispatch_fini(void);

#endif
