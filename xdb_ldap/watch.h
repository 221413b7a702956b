/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/watch.h — all that is watched, over one connection of its own. */
#ifndef XDB_LDAP_WATCH_H
#define XDB_LDAP_WATCH_H

#include "xdb_ldap/above.h"
#include "xdb_ldap/bases.h"
#include "xdb_ldap/feed.h"
#include "xdb_ldap/store.h"

struct conn;

enum { WATCHED = 7 };                   /* kinds of enum xdb_watched */

struct watch {
	struct xdb_op *op;              /* asks the root DSE: what can it do? is it there? */
	struct feed feeds[WATCHED];
	struct above above;             /* what people stand below */
	struct feed *pager;             /* who reads pages on the connection, … */
	struct list pagers;             /* … and who waits for that */
	struct timer beat;
	int64_t looked_ms;              /* when all was begun to be read anew */
	int64_t heard_ms;               /* the last word of the server on this connection */
	int64_t moved_ms;               /* the last news of a branch of people */
	struct somebody who;            /* may still be seen? */
	bool is_blind;                  /* we may not see people or profiles now */
	struct timer pause;             /* before the next connection */
	unsigned losses;                /* in a row, soon after each other */
	bool is_paused;
	bool is_begun;                  /* the feeds run on this connection */
	bool is_polling;                /* this server has no RFC 4533 */
	/* borrowed */
	struct xdb *db;
	struct conn *conn;              /* NULL while there is none */
	xdb_news_fn *fn;
	void *ctx;
};

void watch_free(struct watch **wp);
/* News that came by another way. */
void watch_noticed(struct xdb *db, struct slice person_uuid);
void watch_tell(struct watch *w, const struct xdb_news *news);
/* While we may not see people nobody found is no answer. */
bool watch_is_blind(const struct xdb *db);
/* Is this person there, by all that was told?  Who is not found all the same is hidden
 * from us, or has another name. */
bool watch_vouches(const struct xdb *db, struct slice person_uuid);
/* Every feed has read all there is. */
bool watch_is_up(const struct watch *w);

/* OpenLDAP keeps one cookie for a connection, so feeds that poll take turns: true,
 * it is the feed's, or feed_turn() will be called.  Over also when it never came. */
bool watch_turn(struct watch *w, struct feed *f);
void watch_turn_over(struct watch *w, struct feed *f);

/* From the pool: the connection is ready; it is gone, after it stood for so
 * long (-1: it never did, or was left on purpose).  What becomes of the watchers
 * says nothing about the server to those who log in: they have a pause of their
 * own instead of its circuit breaker. */
void watch_ready(struct watch *w, struct conn *c);
void watch_lost(struct watch *w, int64_t stood_ms);
/* From the connection: a message that answers no call. */
void watch_message(struct watch *w, LDAPMessage *msg);

#endif
