/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliation.h — who belongs to a room, present or not (XEP-0045 §5.2). */
#ifndef FEAT_MUC_AFFILIATION_H
#define FEAT_MUC_AFFILIATION_H

#include "feat/muc/room.h"

struct occupant;

/* One that the room's entry names: explicit.  Those of its list are not kept
 * with the room (bound.h). */
struct affiliate {                      /* one block of memory */
	struct xdb_room_person person;
	struct room *room;
	struct list fellows;            /* affiliated.c: the same person elsewhere */
};

/* Keeps a copy, in place of what the address or the person was; AFF_NONE removes. */
void affiliate_put(struct room *r, const struct xdb_room_person *p);
/* The affiliate of that very bare JID (or domain), or NULL. */
const struct affiliate *affiliate_find(const struct room *r, struct slice bare);
/* What whoever is called so is: who they are by entryUUID counts, where that is known,
 * and not what they are called. */
const struct affiliate *affiliate_of(const struct room *r, struct slice bare);
/* All: start with 0, NULL at the end. */
const struct affiliate *affiliate_next(const struct room *r, size_t *at);
void affiliates_clear(struct room *r);
void affiliates_fini(struct room *r);

/* What the list says that the room follows: AFF_NONE where there is no list. */
enum xdb_affiliation affiliation_by_list(const struct room *r, struct slice bare);
/* Both together: an explicit outcast is one, and else the higher counts. */
enum xdb_affiliation affiliation_exact(const struct room *r, struct slice bare);
/* What somebody is in this room: by their bare JID, else by their domain. */
enum xdb_affiliation affiliation_of(const struct room *r, const struct jid *who);

/* Everybody who is `which`, explicitly or by the list; false at the end. */
struct affiliates_walk { enum xdb_affiliation which; size_t at, listed; };
bool affiliates_walk(const struct room *r, struct affiliates_walk *w,
    struct arena *a, struct xdb_room_person *person_r);
size_t affiliates_count(const struct room *r, enum xdb_affiliation which);

/* Whose this nick is (§7.2.8), or NULL. */
const struct affiliate *affiliate_by_nick(const struct room *r, struct slice nick);

/* Why something happens to an occupant: who did it (their nick) and what for;
 * both may be empty. */
struct cause { struct slice actor, reason; };

/* After the list or the room's settings changed: those in the room whom it
 * concerns get the role that follows, or leave (301, 321, 322), and all are
 * told.  The room may be gone after. */
void affiliations_apply(struct room *r, const struct cause *why);
/* The same for one; the occupant may be gone after, and so the room. */
void affiliation_apply(struct occupant *o, const struct cause *why);
/* The room is moderated no more: visitors become participants. */
void affiliations_give_voice(struct room *r);

#endif
