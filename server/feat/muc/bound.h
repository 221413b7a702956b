/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/bound.h — a room that follows a list of the directory (imBoundTo):
 * its owners are owners, its editors and moderators admins, its subscribers
 * members, for as long as the list says so.
 *
 * Nobody of the list is copied to the room: affiliation.c asks the list, which
 * all rooms that follow it share (source.h). */
#ifndef FEAT_MUC_BOUND_H
#define FEAT_MUC_BOUND_H

#include "core/source.h"
#include "xdb_ldap/xdb.h"

struct room;
struct occupant;

struct binding {
	struct follower list;           /* the one in force */
	struct follower other;          /* the one that will be, when it was read */
	bool must_apply;                /* as soon as something is known of the list */
	struct occupant *at;            /* applying: who is next */
	struct chore applying;
	struct timer note;              /* before the entry says how reading went */
	struct xdb_op *noting;
	struct xdb_bound_state noted;   /* what it says, */
	struct arena noted_texts;       /* in here */
};

void bound_init(struct room *r);
void bound_fini(struct room *r);

/* From now on this list, none when it is empty; `noted` is what the room's entry
 * says of it.  The old one is in force until something is known of the new.
 * bound_apply() is the caller's to see to. */
void bound_follow(struct room *r, struct slice dn,
    const struct xdb_bound_state *noted);
/* The list needs not be waited for; else room_list_known() will be called. */
bool bound_is_ready(const struct room *r);
/* XDB_OK, or why a room cannot be entered: nothing is known of who may. */
enum xdb_status bound_status(const struct room *r);

/* Who is on the list; NULL: there is none. */
const struct roll *bound_roll(const struct room *r);
/* The list cannot be read: since when this is how it was; 0: never read. */
bool bound_is_old(const struct room *r, int64_t *read_ms_r);

/* affiliations_apply() without a cause, in pieces: the first at once, but not
 * before something is known of the list. */
void bound_apply(struct room *r);
/* Somebody leaves the room's list of occupants. */
void bound_passes(struct room *r, const struct occupant *o);

/* --- bound_note.c: saying in the entry how it went to read the list --- */

void bound_note_keep(struct binding *b, const struct xdb_bound_state *s);
void bound_note_later(struct room *r);
void bound_note_write(void *ctx);       /* when its time has come */

#endif
