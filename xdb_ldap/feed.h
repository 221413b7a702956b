/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/feed.h — one base of the directory, watched: what is there, and what
 * becomes of it.
 *
 *   OFF ─begin─► READING ──refresh done──► LIVE         RFC 4533
 *                 ▲  │                       │
 *                 │  └──────── ended ────────┤
 *                 └──rest over── RESTING ◄───┘          polling rests each time
 *
 * A lost connection is `feed_stop`: back to OFF, and nothing is forgotten.  The
 * next begin goes on from the cookie, or reads everything and then sweeps out
 * what nobody mentioned.  Only a reading that was completed sweeps. */
#ifndef XDB_LDAP_FEED_H
#define XDB_LDAP_FEED_H

#include <ldap.h>

#include "base/chore.h"
#include "base/list.h"
#include "xdb_ldap/known.h"
#include "xdb_ldap/map.h"
#include "xdb_ldap/xdb.h"

struct watch;

enum feed_state { FEED_OFF, FEED_READING, FEED_LIVE, FEED_RESTING };

struct feed {
	struct known known;
	struct buf cookie;              /* where we are; empty: nowhere */
	struct buf staged;              /* either, when this reading is done */
	struct buf newest;              /* polling: the latest modifyTimestamp */
	struct buf asked, page;         /* polling: the filter, and where the page begins */
	struct list turn;               /* polling: it waits for another's pages */
	struct arena arena;             /* names and texts for life */
	/* borrowed */
	struct watch *watch;
	enum xdb_watched kind;
	const char *base, *filter;
	int scope;
	enum map_set set;
	enum attr named_by;             /* whose it is, or what it is called */
	enum feed_state state;
	int msgid;
	uint32_t changes;               /* of entries: come, changed in what is watched, gone */
	uint32_t round;                 /* readings begun, this one counted */
	unsigned polls, failures;
	bool is_polling;
	bool is_whole;                  /* all that is there is being sent */
	bool must_sweep;                /* when the reading is done */
	bool has_all;                   /* everything was read, once at least */
	bool is_patient;                /* this reading: who is missing may be hidden */
	int64_t began_ms, failed_ms;
	int64_t took_ms;                /* the last time everything was read */
	int64_t swept_ms;               /* when the reading of the last sweep was begun */
	struct timer rest;              /* before a search, or the second look */
	struct chore sweep;
	uint32_t sweep_since;           /* the reading in which they are missing … */
	uint32_t gone_since;            /* … and the one in which they were, too */
	int64_t sweep_began_ms;
};

void feed_init(struct feed *f, struct watch *w, enum xdb_watched kind);
void feed_fini(struct feed *f);

/* What things are called is known, and where they are: who a person is may be in an
 * attribute. */
void feed_named(struct feed *f);
/* The connection is there. */
void feed_begin(struct feed *f, bool is_polling);
void feed_stop(struct feed *f);
/* All is read anew, and what changed is told; a feed that polls does so anyway, and
 * patiently so does one that is reading.  Who is missing in one reading that is patient
 * stays known, and of a person there is news; in two in a row they are gone. */
void feed_anew(struct feed *f, bool is_patient);
/* It is this one's turn to read pages (watch_turn). */
void feed_turn(struct feed *f);
/* A message to f->msgid.  One that makes no sense ends the search; after a rest
 * everything is read anew. */
void feed_message(struct feed *f, LDAPMessage *msg);
/* It has read all there is, and is told (or asks) of changes. */
bool feed_is_up(const struct feed *f);

#endif
