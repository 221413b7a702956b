/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/room.h — rooms: one registry, loaded on demand, let go when idle.
 *
 * A room is known by its prepared name and stands in the registry once
 * (security RTE-04).  A persistent room has an entry in the directory, which is
 * read when somebody first asks; a temporary one lives here only and is gone
 * with its last occupant.
 *
 * Lifetimes: a room out of the registry is `gone`; its memory follows from a
 * deferred call, so a pointer got in a step is good until the step ends, and
 * the editor's (below) until room_edit_done(). */
#ifndef FEAT_MUC_ROOM_H
#define FEAT_MUC_ROOM_H

#include "base/loop.h"
#include "base/map.h"
#include "core/job.h"
#include "feat/muc/bound.h"
#include "feat/muc/config.h"
#include "feat/muc/history.h"
#include "feat/muc/mend.h"

struct subject {
	struct buf text;                /* empty: none */
	struct buf by;                  /* nick of who set it; empty: not known */
	int64_t set_ms;                 /* 0: not known */
};

struct room {
	struct jid jid;                 /* bare; its local part is the key */
	struct arena arena;             /* life-long: jid */
	struct room_config config;
	struct subject subject;
	struct buf dn;                  /* of its entry; empty: temporary */
	struct buf uuid;                /* the entry's, once it was read */
	struct map affiliates;          /* bare JID or domain -> struct affiliate */
	struct map nicks;               /* nick -> struct occupant */
	struct map seats_by_jid;        /* full JID -> struct seat */
	struct list occupants, seats;   /* in the order of entering */
	struct history history;
	struct binding bound;           /* the list it follows */
	struct mending mending;         /* of the entry, whose people are elsewhere */
	bool is_locked;                 /* made by entering, its owner not done yet */
	bool is_gone;                   /* out of the registry */

	/* room.c's own */
	enum { ROOM_LOADING, ROOM_READY } state;
	struct xdb_op *op;              /* the entry is being read */
	struct list waiting;            /* jobs, for that */
	int64_t read_ms;                /* when it was */
	bool needs_reading;             /* again, as soon as nothing is written */
	struct job *editor;             /* whose change is at the directory */
	struct list editing;            /* jobs waiting for their turn */
	struct timer idle;
	struct timer again;             /* a reading that failed is made up for */
	size_t unresolved_n;            /* DNs of the entry that name nobody */
};

typedef void room_fn(struct job *j, struct room *r);

/* The room when it is in memory; locked ones too. */
struct room *room_find(struct slice name);
/* All rooms in memory: start with 0, NULL at the end. */
struct room *room_next(size_t *at);

/* Goes on at `next` with the room j->to names, read from the directory when it
 * must be; r == NULL: there is none.  When the directory does not answer, the
 * job is failed here.  `next` may be called from within. */
void room_want(struct job *j, room_fn *next);

/* A temporary, locked, empty room; there is none of that name in memory. */
struct room *room_make(const struct jid *jid);
static inline bool room_is_stored(const struct room *r) { return r->dn.n != 0; }
/* The last occupant left. */
void room_emptied(struct room *r);
/* Out of the registry; it has no occupants any more. */
void room_end(struct room *r);

/* Changes of one room are made one after the other: goes on at `next` when it
 * is this job's turn, r == NULL: the room went meanwhile.  Detaches the job.
 * A turn that came with a room ends by room_edit_done(), before the job ends. */
void room_edit(struct job *j, struct room *r, room_fn *next);
void room_edit_done(struct room *r);
/* The room whose turn this job has. */
struct room *room_edited(const struct job *j);

/* Like job_fail(), saying that the room refuses and not somebody behind it
 * (XEP-0410 §3.2); `type` NULL: the error's usual one. */
void room_refuse(struct job *j, enum stanza_error error, const char *type,
    const char *text);

/* What the feature notes with a job, in the job's arena. */
struct visit { room_fn *next; struct room *room; void *notes; };
struct visit *visit_of(struct job *j);

/* Reads the entry again and applies what changed (room_sync.c). */
void room_reread(struct room *r);
/* The same by name, or by its entry's entryUUID, for a room that is in memory. */
void room_reread_name(struct slice name);
void room_reread_uuid(struct slice uuid);
/* And those whose entry the directory does not show any more. */
void rooms_verify(void);
/* Rooms of people whom the directory does not show any more: they are read again. */
void rooms_verify_people(void);
/* From bound.c: what the list of a room that is being loaded says, is known. */
void room_list_known(struct room *r);
/* Tells everybody that the service ends, and frees all. */
void rooms_fini(void);

/* --- room_sync.c: what the directory says becomes what the room is --- */

/* The first reading. */
void room_take(struct room *r, const struct xdb_room *entry);
/* A later one: differences are announced as if made by an owner. */
void room_sync(struct room *r, const struct xdb_room *entry);
/* Takes other settings (the struct's contents), tells what changed, and lets
 * follow what follows. */
void room_reconfigure(struct room *r, struct room_config *next);
/* The entry is no more: everybody is told that the room is destroyed. */
void room_vanished(struct room *r);
/* The room as an entry to be made or changed, in the arena. */
struct xdb_room *room_entry(struct arena *a, const struct room *r,
    const struct room_config *config);

#endif
