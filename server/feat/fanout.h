/* SPDX-License-Identifier: Apache-2.0 */
/* feat/fanout.h — one stanza to many: serialised once, `to` set for each.
 *
 * Presence of one person goes to hundreds; what differs between the copies is
 * one attribute.  So the stanza is written once without `to`, and each copy is
 * the name, the attribute, the rest. */
#ifndef FEAT_FANOUT_H
#define FEAT_FANOUT_H

#include "core/session.h"

struct fanout {
	struct buf xml;                 /* the stanza without `to` */
	struct buf copy;                /* scratch */
	size_t name_n;                  /* "<presence" */
};

/* `as` changes what it holds, its `to` apart. */
void fanout_init(struct fanout *f, const struct elem *stanza, const struct write_as *as);
void fanout_fini(struct fanout *f);

/* An empty `to`: without one. */
void fanout_send(struct fanout *f, struct session *s, struct slice to);
/* To all available sessions but `except` (may be NULL). */
void fanout_available(struct fanout *f, const struct account *a, struct slice to,
    const struct session *except);
/* To all sessions that asked for the roster (RFC 6121: interested resources)
 * or are available. */
void fanout_concerned(struct fanout *f, const struct account *a, struct slice to);

/* The account of a bare JID, canonical text, when it is of this service and in
 * memory: nobody else has sessions here. */
struct account *fanout_account(struct slice bare);

#endif
