/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/room.h — people of rooms in entries; shared by room.c and
 * affiliation.c. */
#ifndef XDB_LDAP_ROOM_H
#define XDB_LDAP_ROOM_H

#include "xdb_ldap/named.h"

/* The two attributes that hold one affiliation. */
struct affiliation_row {
	enum xdb_affiliation affiliation;
	enum attr by_dn, by_jid;
};
extern const struct affiliation_row affiliation_rows[];
enum { AFFILIATION_ROWS = 4 };

/* Adds everybody of the entry: those by JID at once; those by DN are looked up,
 * then `next` runs.  All of the room that is about people is set by then. */
void room_people_load(struct xdb_op *op, const struct entry *e,
    const struct named_known *known, struct xdb_room *room, op_step_fn *next);
/* All of a new room's people: one change for each attribute. */
void room_people_put(struct xdb_op *op, struct mods *m, const struct xdb_room *room);
/* One person as a value to add or delete. */
void room_person_put(struct xdb_op *op, struct mods *m, int operation,
    const struct xdb_room_person *person);

#endif
