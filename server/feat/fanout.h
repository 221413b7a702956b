/* SPDX-License-Identifier: Apache-2.0 */
/* feat/fanout.h — one stanza to many sessions, by who they are: an account's
 * available ones, those concerned with its roster.  Serialised once (xml/fan.h): a
 * person's presence goes to hundreds. */
#ifndef FEAT_FANOUT_H
#define FEAT_FANOUT_H

#include "core/session.h"
#include "xml/fan.h"

struct fanout {
	struct fan fan;
	struct buf to;                  /* scratch: an address, escaped */
};

/* `as` changes what it holds, its `to` apart; the stanza's name is borrowed. */
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
