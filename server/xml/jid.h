/* SPDX-License-Identifier: Apache-2.0 */
/* xml/jid.h — XMPP addresses (RFC 7622): split, prepare, compare, print.
 *
 * A struct jid is always prepared: its text is canonical, so two addresses are
 * the same exactly when their bytes are (security RTE-13).  The three parts
 * stand in one text, `local@domain/resource`, so the bare JID is a prefix of
 * the full one and printing costs nothing.
 *
 * Local part: PRECIS UsernameCaseMapped; resource: OpaqueString; domain: lower
 * case, IDNA U-labels or address literals.  What stringprep (RFC 6122) and
 * PRECIS would map to different text is refused, so that an old and a new
 * client never mean two people by one name. */
#ifndef XML_JID_H
#define XML_JID_H

#include "base/str.h"

#define JID_PART_MOST 1023              /* bytes, RFC 7622 §3.2–3.4 */

struct jid {
	const char *text;               /* NUL-terminated, canonical, in the arena given */
	uint16_t local_n, domain_n, resource_n;         /* 0: not there */
};

/* False: not an address.  ASCII goes a fast way without ICU. */
bool jid_parse(struct arena *a, struct slice text, struct jid *jid_r);
/* Puts prepared parts together (empty local or resource: without). */
struct jid jid_join(struct arena *a, struct slice local, struct slice domain, struct slice resource);
/* What that takes of an arena. */
size_t jid_join_room(struct slice local, struct slice domain, struct slice resource);
/* The bare JID with this resource, which is prepared; false: not a resource. */
bool jid_with_resource(struct arena *a, const struct jid *bare, struct slice resource, struct jid *jid_r);
struct jid jid_dup(struct arena *a, const struct jid *j);
struct jid jid_bare_dup(struct arena *a, const struct jid *j);

/* A bare address, prepared; false: it is none, or has a resource. */
bool jid_prep_bare(struct arena *a, struct slice in, struct slice *out_r);
/* Each part prepared on its own; false: not allowed.  Result in the arena. */
bool jid_prep_local(struct arena *a, struct slice in, struct slice *out_r);
bool jid_prep_domain(struct arena *a, struct slice in, struct slice *out_r);
bool jid_prep_resource(struct arena *a, struct slice in, struct slice *out_r);
/* As SCRAM has it (RFC 5802 §2.2): the client may have prepared it in either way. */
bool jid_prep_password(struct arena *a, struct slice in, struct slice *out_r);

static inline bool jid_is_set(const struct jid *j) { return j->text != NULL; }
static inline size_t jid_local_span(const struct jid *j) { return j->local_n != 0 ? j->local_n + 1u : 0; }
static inline struct slice jid_local(const struct jid *j) { return slice_make(j->text, j->local_n); }
static inline struct slice jid_domain(const struct jid *j)
{
	return slice_make(j->text + jid_local_span(j), j->domain_n);
}
static inline struct slice jid_bare(const struct jid *j)
{
	return slice_make(j->text, jid_local_span(j) + j->domain_n);
}
static inline struct slice jid_resource(const struct jid *j)
{
	return slice_make(j->text + jid_bare(j).n + (j->resource_n != 0), j->resource_n);
}
static inline struct slice jid_full(const struct jid *j)
{
	return slice_make(j->text, jid_bare(j).n + (j->resource_n != 0 ? j->resource_n + 1u : 0));
}
static inline bool jid_eq(const struct jid *a, const struct jid *b)
{
	return slice_eq(jid_full(a), jid_full(b));
}
static inline bool jid_eq_bare(const struct jid *a, const struct jid *b)
{
	return slice_eq(jid_bare(a), jid_bare(b));
}

#endif
