/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliation.h — who belongs to a room, present or not (XEP-0045 §5.2). */
#ifndef FEAT_MUC_AFFILIATION_H
#define FEAT_MUC_AFFILIATION_H

#include "feat/muc/room.h"

struct affiliate { struct xdb_room_person person; };    /* one block of memory */

/* Keeps a copy; AFF_NONE removes. */
void affiliate_put(struct room *r, const struct xdb_room_person *p);
/* The affiliate of that very bare JID (or domain), or NULL. */
const struct affiliate *affiliate_find(const struct room *r, struct slice bare);
/* All: start with 0, NULL at the end. */
const struct affiliate *affiliate_next(const struct room *r, size_t *at);
unsigned affiliates_count(const struct room *r, enum xdb_affiliation a);
void affiliates_clear(struct room *r);
void affiliates_fini(struct room *r);

/* What somebody is in this room: by their bare JID, else by their domain. */
enum xdb_affiliation affiliation_of(const struct room *r, const struct jid *who);
/* Whose this nick is (§7.2.8), or NULL. */
const struct affiliate *affiliate_by_nick(const struct room *r, struct slice nick);

/* Why something happens to an occupant: who did it (their nick) and what for;
 * both may be empty. */
struct cause { struct slice actor, reason; };

/* After the list or the room's settings changed: those in the room whom it
 * concerns get the role that follows, or leave (301, 321, 322), and all are
 * told.  The room may be gone after. */
void affiliations_apply(struct room *r, const struct cause *why);
/* The room is moderated no more: visitors become participants. */
void affiliations_give_voice(struct room *r);

#endif
