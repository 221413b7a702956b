/* SPDX-License-Identifier: Apache-2.0 */
/* core/source.c — lists: read, written down in pieces, read again.
 *
 *   followed ──► asked ──OK──► written down, in pieces ──► in force, told
 *                  ▲ │                                        │
 *                  │ └─ failed: the last copy stays, told     │ news
 *                  └──── as soon as may be ◄──────────────────┘
 *
 * News is a hint, and there may be much of it: a list is read at once when the
 * last reading is over for a while, and else after a pause that grows with what
 * a reading takes. */
#include "core/source.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "core/host.h"
#include "xml/jid.h"

enum {
	PAUSE_MS = 10, PAUSE_MOST_MS = 30 * 1000,
	SURE = 2, PERHAPS = 4,          /* pauses, in times of the last reading */
	AGAIN_MS = 2000,                /* after weather */
	PIECE_NAMES = 32,               /* before somebody looks at the clock */
	IDLE_MS = 24 * 60 * 60 * 1000,
	UNUSED_NAMES_MOST = 200000,     /* of all lists that nobody follows: 10 MB */
};

static struct map sources;              /* key -> struct source */
static struct list unused = { &unused, &unused };
static size_t unused_names;
/* The watchers went through all people: news of one is news, and not the
 * beginning. */
static bool people_are_known;

static void source_read(void *ctx);
static void source_ask(struct source *s);
static void source_loaded(const struct xdb_result *res, void *ctx);
static void source_write(void *ctx);
static void source_idle(void *ctx);

/* --- life --- */

/* What has that name, or had it, may be another list. */
static bool is_meant(const struct source *s, struct slice uuid)
{
	if (uuid.n != 0)
		return slice_eq(uuid, buf_slice(&s->uuid));
	return !s->is_moved && (s->uuid.n == 0 || s->has_roll);
}

/* Whoever asks for that name from now on means another. */
static void make_way(struct source *s)
{
	static unsigned others;
	struct buf key = { 0 };

	map_take(&sources, s->key);
	buf_addf(&key, "%u ", ++others);        /* no DN begins so */
	buf_add(&key, s->dn);
	s->key = slice_dup(&s->life, buf_slice(&key));
	buf_fini(&key);
	map_put(&sources, s->key, s);
}

static struct source *source_get(struct slice dn, struct slice uuid)
{
	struct source *s = map_find(&sources, dn);

	if (s != NULL && is_meant(s, uuid))
		return s;
	if (s != NULL)
		make_way(s);
	s = NEW(struct source);
	s->dn = s->key = slice_dup(&s->life, dn);
	buf_add(&s->uuid, uuid);
	list_init(&s->followers);
	list_init(&s->unused);
	timer_init(&s->again, source_read, s);
	chore_init(&s->writing, source_write, s);
	timer_init(&s->idle, source_idle, s);
	map_put(&sources, s->key, s);
	return s;
}

static void source_is_used(struct source *s)
{
	unused_names -= s->unused_names;
	s->unused_names = 0;
	list_remove(&s->unused);
	timer_stop(&s->idle);
}

static void source_free(struct source *s)
{
	source_is_used(s);
	map_take(&sources, s->key);
	xdb_cancel(&s->op);
	timer_stop(&s->again);
	chore_stop(&s->writing);
	xdb_cancel(&s->kept);
	loop_undefer(s);
	roll_fini(&s->roll);
	roll_fini(&s->next);
	buf_fini(&s->parts);
	buf_fini(&s->why);
	buf_fini(&s->place);
	buf_fini(&s->uuid);
	arena_fini(&s->life);
	free(s);
}

/* One that fails now could not be read again. */
static void source_idle(void *ctx)
{
	struct source *s = ctx;

	if (s->failed_ms != 0)
		timer_start(&s->idle, IDLE_MS);
	else
		source_free(s);
}

/* Deferred: who unfollows may be one of those who are being told. */
static void source_left(void *ctx)
{
	struct source *s = ctx;

	if (!list_is_empty(&s->followers) || list_is_linked(&s->unused))
		return;
	/* Whoever asks for that name again may mean another list. */
	if (!s->has_roll || s->is_moved) {
		source_free(s);
		return;
	}
	list_push(&unused, &s->unused);
	timer_start(&s->idle, IDLE_MS);
	s->unused_names = s->roll.n + 1;
	unused_names += s->unused_names;
	while (unused_names > UNUSED_NAMES_MOST)
		source_free(LIST_FIRST(&unused, struct source, unused));
}

static bool is_reading(const struct source *s)
{
	return s->op != NULL || s->kept != NULL;
}

void source_follow(struct follower *f, struct slice dn, struct slice uuid)
{
	source_join(f, source_get(dn, uuid));
}

void source_join(struct follower *f, struct source *s)
{
	source_is_used(s);
	f->source = s;
	list_push(&s->followers, &f->link);
	if ((!s->is_asked || s->is_stale) && !is_reading(s))
		source_read(s);
}

void source_unfollow(struct follower *f)
{
	if (f->source == NULL)
		return;
	list_remove(&f->link);
	loop_defer(source_left, f->source);
	f->source = NULL;
}

bool source_is_ready(const struct source *s)
{
	return s->is_asked && !s->is_stale && !is_reading(s);
}

void sources_fini(void)
{
	struct source *s;
	size_t at = 0;

	while ((s = map_next(&sources, &at)) != NULL)
		source_free(s);
	map_fini(&sources);
	people_are_known = false;
}

/* --- reading --- */

static void source_read(void *ctx)
{
	struct source *s = ctx;

	timer_stop(&s->again);
	s->is_stale = s->is_doubtful = s->is_sought = false;
	s->began_ms = loop_now_ms();
	source_ask(s);
}

static void source_ask(struct source *s)
{
	s->op = xdb_group_load(host.xdb, s->is_moved ? buf_slice(&s->place)
	    : s->dn);
	xdb_then(s->op, source_loaded, s);
}

static void read_later(struct source *s, int factor)
{
	int64_t pause = (s->ended_ms - s->began_ms) * factor, wait;

	s->is_stale = true;
	if (is_reading(s) || list_is_empty(&s->followers))
		return;                 /* when that is over; when it is followed */
	if (pause < PAUSE_MS)
		pause = PAUSE_MS;
	if (pause > PAUSE_MOST_MS)
		pause = PAUSE_MOST_MS;
	wait = s->ended_ms + pause - loop_now_ms();
	if (wait < 0)
		wait = 0;
	if (!timer_is_on(&s->again) || s->again.due_ms > loop_now_ms() + wait)
		timer_start(&s->again, wait);
}

static void source_ends(struct source *s, bool are_others)
{
	struct follower *f;

	s->is_asked = true;
	s->ended_ms = loop_now_ms();
	if (s->is_stale)
		read_later(s, SURE);
	LIST_EACH(f, &s->followers, struct follower, link)
		f->told(f->ctx, are_others);
}

static bool is_weather(enum xdb_status status)
{
	return status == XDB_DOWN || status == XDB_BUSY;
}

static void source_failed(struct source *s, const struct xdb_result *res)
{
	buf_clear(&s->why);
	buf_adds(&s->why, res->why != NULL ? res->why
	    : xdb_status_text(res->status));
	if (s->failed_ms == 0) {
		s->failed_ms = wall_now_ms();
		log_event(LOG_WARN, "list-failed", "-",
		    "list=%s status=%s why=%s people=%zu", log_text(s->dn),
		    xdb_status_text(res->status),
		    log_text(buf_slice(&s->why)), s->roll.n);
	}
	source_ends(s, false);
	if (is_weather(res->status) && !list_is_empty(&s->followers)) {
		s->is_stale = true;
		timer_start(&s->again, AGAIN_MS);
	}
}

static void take_parts(struct source *s, const struct xdb_group *g)
{
	buf_clear(&s->parts);
	for (size_t i = 0; i < g->part_n; i++) {
		uint64_t key = map_hash(g->parts[i]);

		buf_add(&s->parts, slice_make(&key, sizeof key));
	}
	buf_clear(&s->place);
	buf_add(&s->place, g->dn);
	buf_clear(&s->uuid);
	buf_add(&s->uuid, g->uuid);
	s->is_dynamic = g->is_dynamic;
	s->unresolved_n = g->unresolved_n;
}

/* --- writing down --- */

static void write_one(struct source *s, struct arena *a,
    const struct xdb_member *m)
{
	struct slice name;

	if (m->uid.n > JID_PART_MOST || m->roles == 0
	    || !jid_prep_local(a, m->uid, &name)
	    || !roll_add(&s->next, name, m->uuid, m->roles))
		s->unresolved_n++;
}

static void source_written(struct source *s)
{
	bool are_others = !s->has_roll || s->roll.n != s->next.n
	    || s->roll.print != s->next.print;
	struct roll was = s->roll;

	xdb_cancel(&s->kept);
	s->roll = s->next;
	s->next = (struct roll){ .n = 0 };
	roll_fini(&was);
	s->has_roll = true;
	s->read_ms = wall_now_ms();
	s->failed_ms = 0;
	log_event(LOG_DEBUG, "list-read", "-",
	    "list=%s people=%zu unresolved=%zu others=%d ms=%lld",
	    log_text(s->dn), s->roll.n, s->unresolved_n, are_others,
	    (long long)(loop_now_ms() - s->began_ms));
	source_ends(s, are_others);
}

static void source_write(void *ctx)
{
	struct source *s = ctx;
	const struct xdb_group *g = s->group;

	while (s->written < g->member_n) {
		struct arena a = { NULL };

		for (int i = 0; i < PIECE_NAMES && s->written < g->member_n; i++)
			write_one(s, &a, &g->members[s->written++]);
		arena_fini(&a);
		if (!chore_has_time()) {
			chore_start(&s->writing);
			return;
		}
	}
	source_written(s);
}

/* --- where it is by now --- */

static void moved(struct source *s, struct slice place)
{
	log_event(LOG_WARN, "list-renamed", "-", "list=%s is=%s",
	    log_text(s->dn), log_text(place));
	buf_clear(&s->place);
	buf_add(&s->place, place);
	s->is_moved = !slice_eq(place, s->dn);
}

/* None has that entryUUID: what has the name now is the list, if anything has. */
static void source_sought(const struct xdb_result *res, void *ctx)
{
	struct source *s = ctx;

	s->op = NULL;
	s->status = res->status;
	if (res->status == XDB_OK && res->n == 1)
		moved(s, res->groups[0].dn);
	else if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		source_failed(s, res);
		return;
	}
	source_ask(s);
}

/* Renamed while nobody looked, and perhaps another has its name by now; or gone, and
 * perhaps made anew. */
static bool must_be_sought(const struct source *s, const struct xdb_result *res)
{
	if (s->is_sought || s->uuid.n == 0)
		return false;
	return res->status == XDB_ABSENT || (res->status == XDB_OK
	    && !slice_eq(res->group->uuid, buf_slice(&s->uuid)));
}

static void source_seek(struct source *s)
{
	s->is_sought = true;
	s->is_moved = false;            /* it may be made again where it was */
	s->op = xdb_group_find(host.xdb, buf_slice(&s->uuid));
	xdb_then(s->op, source_sought, s);
}

/* Preparing ten thousand names takes too long for one turn. */
static void source_loaded(const struct xdb_result *res, void *ctx)
{
	struct source *s = ctx;

	s->op = NULL;
	s->status = res->status;
	if (must_be_sought(s, res)) {
		source_seek(s);
		return;
	}
	if (res->status != XDB_OK) {
		source_failed(s, res);
		return;
	}
	take_parts(s, res->group);
	s->is_stale |= s->is_dynamic && s->is_doubtful;
	s->kept = xdb_keep(res);
	s->group = res->group;
	s->written = 0;
	roll_init(&s->next, res->group->member_n);
	chore_start(&s->writing);
}

/* --- news --- */

static bool is_made_of(const struct source *s, uint64_t key)
{
	for (size_t at = 0; at < s->parts.n; at += sizeof key)
		if (memcmp(s->parts.p + at, &key, sizeof key) == 0)
			return true;
	return false;
}

/* The same entry under another name (RFC 4511 §4.9). */
static void follow_name(struct source *s, const struct xdb_news *news)
{
	if (news->dn.n == 0 || !slice_eq(news->uuid, buf_slice(&s->uuid))
	    || slice_eq(news->dn, buf_slice(&s->place)))
		return;
	moved(s, news->dn);
}

static void group_news(struct source *s, const struct xdb_news *news,
    uint64_t key)
{
	follow_name(s, news);
	if (news->is_all || is_made_of(s, key))
		read_later(s, SURE);
	else if (s->failed_ms != 0 || s->unresolved_n != 0 || s->op != NULL)
		read_later(s, PERHAPS); /* it may be what is missing, or being read */
}

static void person_news(struct source *s, const struct xdb_news *news)
{
	if (s->is_dynamic
	    || (!news->is_slight && (s->unresolved_n != 0 || is_reading(s))))
		read_later(s, PERHAPS); /* who is on it is known when it was read */
	else if (!news->is_slight && roll_has_person(&s->roll, news->uuid))
		read_later(s, SURE);
	/* What is being read may turn out to be made by searching. */
	s->is_doubtful |= s->op != NULL;
}

void sources_news(const struct xdb_news *news)
{
	uint64_t key = map_hash(news->uuid);
	struct source *s;
	size_t at = 0;

	if (news->kind == XDB_PERSON && !people_are_known && !news->is_all)
		return;                 /* all is read again when they are */
	while ((s = map_next(&sources, &at)) != NULL)
		if (news->kind == XDB_GROUP)
			group_news(s, news, key);
		else if (people_are_known)
			person_news(s, news);
		else
			read_later(s, SURE);
	people_are_known |= news->kind == XDB_PERSON;
}

void sources_renew(void)
{
	struct source *s;
	size_t at = 0;

	people_are_known = false;
	while ((s = map_next(&sources, &at)) != NULL)
		read_later(s, SURE);
}
