/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/occupant.h — who is in a room.
 *
 * An occupant is a nick in a room; it belongs to one person (bare JID), who may
 * sit there with several sessions, each a seat (XEP-0045 §7.2.8).  What others
 * see of the occupant is the presence of its main seat: the one that spoke up
 * last. */
#ifndef FEAT_MUC_OCCUPANT_H
#define FEAT_MUC_OCCUPANT_H

#include "core/session.h"
#include "feat/muc/room.h"

enum view { VIEW_PLAIN, VIEW_FULL, VIEW_OWN, VIEWS };

struct occupant {
	struct list link;               /* in room->occupants */
	struct jid jid;                 /* room@service/nick */
	struct jid real;                /* bare */
	struct standing standing;
	struct list seats;
	struct seat *main;
	struct fan shown[VIEW_OWN];     /* its presence as others get it; may be empty */
	struct arena life, name;        /* real; jid, renewed with each nick */
	/* borrowed */
	struct room *room;
};

struct seat {
	struct list in_occupant, in_room, in_guest;
	struct jid full;
	struct slice to;                /* `full` as it stands in an attribute */
	struct elem *presence;          /* as it came last */
	struct arena life, presence_arena;
	/* borrowed */
	struct occupant *occupant;
	struct session *session;        /* the session_gone hook takes the seat first */
	struct guest *guest;
};

static inline struct slice occupant_nick(const struct occupant *o)
{
	return jid_resource(&o->jid);
}
static inline struct room *seat_room(const struct seat *s)
{
	return s->occupant->room;
}

struct occupant *occupant_by_nick(const struct room *r, struct slice nick);
/* The nick is clean and free. */
struct occupant *occupant_new(struct room *r, struct slice nick,
    const struct jid *who, enum xdb_affiliation affiliation);
void occupant_rename(struct occupant *o, struct slice nick);
size_t occupants_count(const struct room *r);

/* The seat of a full JID in this room, or NULL. */
struct seat *seat_find(const struct room *r, const struct jid *full);
struct seat *seat_add(struct occupant *o, struct session *session,
    const struct elem *presence);
/* Keeps a copy, and makes the seat the main one. */
void seat_set_presence(struct seat *s, const struct elem *presence);
/* Frees the seat, and its occupant with the last one. */
void seat_remove(struct seat *s);
/* All seats of one become the other's; `from` is freed. */
void occupant_merge(struct occupant *from, struct occupant *into);

void seat_send(struct seat *s, struct fan *f);
/* To every seat of the room. */
void room_send(struct room *r, struct fan *f);

/* May this occupant see real addresses? */
bool occupant_sees_addresses(const struct occupant *o);

/* --- the rooms of a person --- */

unsigned guest_rooms(const struct jid *who);            /* in how many they are */
bool guest_is_in(const struct room *r, const struct jid *who);
/* A seat of this full JID in any room, or NULL. */
struct seat *guest_seat(const struct jid *full);
void guests_fini(void);

#endif
