/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/watch.c — the watchers' connection: what the server can do is asked
 * of its root DSE, then every feed begins.
 *
 * A connection on which nothing happens looks like one that is dead, and a feed that
 * may not see what it watches like one of which nothing changes: RFC 4533 knows
 * nothing of rights.  So the bases and one of the people are asked for every two
 * seconds, on that connection.  While one of them is not to be seen, or the answer is
 * late, nothing is live; when they are seen again everything is read anew, for nobody
 * tells what was changed meanwhile.
 *
 * What was hidden for less, or in part, a look at everything finds out, which comes
 * every refresh_interval.  Who is missing in it went without a word, or is hidden by a
 * slip of somebody's: gone they are when the next one misses them, too (feed.c).  Until
 * then nobody vouches for what is remembered of them, and nobody throws them out. */
#include "xdb_ldap/watch.h"

#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/bases.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/pool.h"

enum {
	BEAT_MS = 2 * 1000,
	POLLING_BEAT_MS = 30 * 1000,
	LATE_MS = 1000,
	/* Looks at everything: of the time, one part in so many; and not rarer, but by
	 * the configuration, than once an hour. */
	LOOK_SHARE = 20, LOOK_RARE_MS = 60 * 60 * 1000,
	AGAIN_MS = 1000,                /* the root DSE was not answered */
	PAUSE_FIRST_MS = 500, PAUSE_MOST_MS = 60 * 1000,
	STEADY_MS = 60 * 1000,          /* a connection that stood so long was well */
};

/* --- beginning ------------------------------------------------------------------------------ */

/* Elsewhere people's own attributes say what comes of a policy. */
static bool has_policies(const struct xdb *db)
{
	return db->root.has_policy
	    && db->names.rows[ATTR_PASSWORD_POLICY].name != NULL;
}

static void begin(struct watch *w, const struct xdb_result *res)
{
	w->is_begun = true;
	for (int i = 0; i < WATCHED; i++)
		feed_named(&w->feeds[i]);
	/* A root DSE that we may not read says nothing: try. */
	w->is_polling = res->status == XDB_OK && res->n == 0;
	log_event(LOG_INFO, "ldap-watch-begins", "-", "server=%s by=%s",
	    w->conn->server->uri, w->is_polling ? "polling" : "rfc4533");
	w->is_blind = false;
	w->looked_ms = w->heard_ms = loop_now_ms();
	for (int i = 0; i < WATCHED; i++)
		if (i != XDB_POLICY || has_policies(w->db))
			feed_begin(&w->feeds[i], w->is_polling);
}

bool watch_is_up(const struct watch *w)
{
	for (int i = 0; i < WATCHED; i++)
		if (i != XDB_POLICY && !feed_is_up(&w->feeds[i]))
			return false;
	return true;
}

bool watch_turn(struct watch *w, struct feed *f)
{
	if (w->pager == NULL)
		w->pager = f;
	else if (w->pager != f)
		list_push(&w->pagers, &f->turn);
	return w->pager == f;
}

void watch_turn_over(struct watch *w, struct feed *f)
{
	list_remove(&f->turn);
	if (w->pager != f)
		return;
	w->pager = LIST_FIRST(&w->pagers, struct feed, turn);
	if (w->pager == NULL)
		return;
	list_remove(&w->pager->turn);
	/* Without a connection they are all about to be stopped. */
	if (w->conn != NULL)
		feed_turn(w->pager);
}

/* --- is it still there? -------------------------------------------------------------------- */

/* Patiently: who is missing may be hidden. */
static void look_anew(struct watch *w, bool is_patient)
{
	w->looked_ms = loop_now_ms();
	for (int i = 0; i < WATCHED; i++)
		feed_anew(&w->feeds[i], is_patient);
}

/* A large directory is read for a while, and slapd has other things to do. */
static bool is_look_due(const struct watch *w)
{
	int64_t often = w->db->refresh_interval_ms, ms = 0;

	for (int i = 0; i < WATCHED; i++)
		if (w->feeds[i].took_ms * LOOK_SHARE > ms)
			ms = w->feeds[i].took_ms * LOOK_SHARE;
	ms = ms < LOOK_RARE_MS ? ms : LOOK_RARE_MS;
	return xdb_watch_is_live(w->db)
	    && loop_now_ms() - w->looked_ms > (often > ms ? often : ms);
}

/* When the server is mute, the connection notices by itself. */
static void beat(struct watch *w)
{
	timer_start(&w->beat, w->is_polling ? POLLING_BEAT_MS : BEAT_MS);
}

/* News that was sent before the answer was sent is here by then. */
static bool is_silent(const struct watch *w)
{
	return loop_now_ms() - w->heard_ms > BEAT_MS + LATE_MS;
}

static void became_blind(struct watch *w, const char *why)
{
	w->is_blind = true;
	log_event(LOG_ERROR, "ldap-watch-blind", "-", "why=%s what is remembered "
	    "of people is not believed: may the service see what it did before?",
	    why != NULL ? log_text(slice_of(why)) : "-");
}

/* Somebody was there, and nobody told that they went. */
static bool is_nobody_left(const struct watch *w)
{
	const struct feed *people = &w->feeds[XDB_PERSON];

	return w->is_blind || (people->has_all && people->known.n != 0);
}

static void bases_seen(const struct xdb_result *res, void *ctx)
{
	struct watch *w = ctx;
	bool is_told = res->status != XDB_DOWN && res->status != XDB_BUSY;
	bool is_empty = res->status == XDB_OK && res->n == 0
	    && is_nobody_left(w);

	w->op = NULL;
	if (w->conn == NULL)
		return;
	if (is_told)
		w->heard_ms = loop_now_ms();
	if (is_told && (res->status != XDB_OK || is_empty)) {
		if (!w->is_blind)
			became_blind(w, is_empty ? "nobody is to be seen below "
			    "people_base" : res->why);
	} else if (is_told && (w->is_blind || is_look_due(w))) {
		bool is_patient = !w->is_blind;

		w->is_blind = false;
		look_anew(w, is_patient);
	}
	beat(w);
}

static void root_answered(const struct xdb_result *res, void *ctx)
{
	struct watch *w = ctx;
	bool is_known = res->status == XDB_OK || res->status == XDB_ABSENT
	    || res->status == XDB_REFUSED;

	w->op = NULL;
	if (w->conn == NULL)
		return;
	if (!w->is_begun && is_known)
		begin(w, res);
	if (is_known)
		beat(w);
	else
		timer_start(&w->beat, AGAIN_MS);
}

static void ask(void *ctx)
{
	struct watch *w = ctx;

	if (w->op != NULL || w->conn == NULL)
		return;
	if (w->is_begun && !w->is_polling) {
		bool asks_who = !w->who.is_incomparable || w->is_blind
		    || is_look_due(w);

		w->op = bases_ask(w->db, &w->db->watchers,
		    asks_who ? &w->who : NULL);
		xdb_then(w->op, bases_seen, w);
	} else {
		w->op = root_ask(w->db);
		xdb_then(w->op, root_answered, w);
	}
}

void watch_ready(struct watch *w, struct conn *c)
{
	w->conn = c;
	w->is_begun = false;
	ask(w);
}

static void let_go(struct watch *w)
{
	w->conn = NULL;
	xdb_cancel(&w->op);
	timer_stop(&w->beat);
	for (int i = 0; i < WATCHED; i++)
		feed_stop(&w->feeds[i]);
}

static void paused(void *ctx)
{
	struct watch *w = ctx;

	w->is_paused = false;
	pool_start(&w->db->watchers);
}

void watch_lost(struct watch *w, int64_t stood_ms)
{
	int64_t ms = PAUSE_FIRST_MS;

	let_go(w);
	if (stood_ms < 0)
		return;
	w->losses = stood_ms < STEADY_MS ? w->losses + 1 : 1;
	for (unsigned i = 1; i < w->losses && ms < PAUSE_MOST_MS; i++)
		ms *= 2;
	w->is_paused = true;
	timer_start(&w->pause, ms < PAUSE_MOST_MS ? ms : PAUSE_MOST_MS);
}

void watch_message(struct watch *w, LDAPMessage *msg)
{
	w->heard_ms = loop_now_ms();
	for (int i = 0; i < WATCHED; i++) {
		struct feed *f = &w->feeds[i];

		if (f->msgid == 0 || f->msgid != ldap_msgid(msg))
			continue;
		feed_message(f, msg);
		return;
	}
}

/* --- life --------------------------------------------------------------------------------------- */

void xdb_watch(struct xdb *db, xdb_news_fn *fn, void *ctx)
{
	struct watch *w = NEW(struct watch);

	w->db = db;
	w->fn = fn;
	w->ctx = ctx;
	list_init(&w->pagers);
	timer_init(&w->beat, ask, w);
	timer_init(&w->pause, paused, w);
	for (int i = 0; i < WATCHED; i++)
		feed_init(&w->feeds[i], w, (enum xdb_watched)i);
	db->watch = w;
	pool_start(&db->watchers);
}

void xdb_unwatch(struct xdb *db)
{
	watch_free(&db->watch);
	pool_fini(&db->watchers);
}

void watch_tell(struct watch *w, const struct xdb_news *news)
{
	if (news->kind == XDB_PEOPLE_BRANCH)
		w->moved_ms = loop_now_ms();
	w->fn(news, w->ctx);
}

void watch_noticed(struct xdb *db, struct slice person_uuid)
{
	const struct watch *w = db->watch;

	if (w != NULL)
		w->fn(&(struct xdb_news){ .kind = XDB_PERSON,
			.uuid = person_uuid }, w->ctx);
}

bool xdb_watch_hears(const struct xdb *db, enum xdb_watched kind)
{
	const struct watch *w = db->watch;

	return w != NULL && !w->is_blind && !is_silent(w)
	    && !w->feeds[kind].is_polling && feed_is_up(&w->feeds[kind]);
}

/* Groups and rooms that cannot be watched are no account's trouble. */
bool xdb_watch_is_live(const struct xdb *db)
{
	return xdb_watch_hears(db, XDB_PERSON) && xdb_watch_hears(db, XDB_PROFILE);
}

bool xdb_watch_knows(const struct xdb *db, enum xdb_watched kind,
    struct slice uuid)
{
	const struct feed *f = db->watch != NULL ? &db->watch->feeds[kind] : NULL;
	unsigned char bytes[SYNC_UUID_BYTES];

	if (f == NULL || !f->has_all || !sync_uuid_of(uuid, bytes))
		return true;
	/* Rows are not found by whose they are: whoever asks may look. */
	if (kind == XDB_PERSON && f->known.has_whose)
		return false;
	return known_find(&f->known, bytes) != NULL;
}

bool watch_is_blind(const struct xdb *db)
{
	return db->watch != NULL && db->watch->is_blind;
}

/* Where people_filter asks for groups, and after a branch was moved, somebody goes of
 * whom nobody tells. */
bool watch_vouches(const struct xdb *db, struct slice person_uuid)
{
	const struct watch *w = db->watch;
	const struct feed *people = w != NULL ? &w->feeds[XDB_PERSON] : NULL;

	return w != NULL && !w->is_polling && !people->is_polling
	    && people->has_all && !db->filter_asks_groups
	    && (people->state == FEED_LIVE
	    || (people->state == FEED_READING && people->is_patient))
	    && people->swept_ms > w->moved_ms && !is_silent(w)
	    && xdb_watch_knows(db, XDB_PERSON, person_uuid);
}

void watch_free(struct watch **wp)
{
	struct watch *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	let_go(w);
	timer_stop(&w->pause);
	for (int i = 0; i < WATCHED; i++)
		feed_fini(&w->feeds[i]);
	above_fini(&w->above);
	buf_fini(&w->who.dn);
	free(w);
}
