/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared_follow.c — roster groups follow the directory.
 *
 *   news ─► which groups are there? ─► this one is due ─► read ─► memory ─► tell
 *             (one search a burst)       (delayed, merged)    (shared.c, shared_tell.c)
 *
 * A change of a group is read at once.  A change of a person may concern every
 * group that is found by searching: those wait, the longer the more the reading
 * takes.  Two are read at a time, so that they stand in nobody's way.
 *
 * What cannot be read is one of two things.  Weather (no server, no answer, busy) passes:
 * it is tried again soon, and until it was read once nobody is given a roster that would
 * lack it.  Anything else (no right, too large, a search that is none) is the
 * directory's last word for now, about this group alone: rosters do without it where it
 * was never read, and keep what is known of it where it was; it is said once, and tried
 * again with the next news of groups or after a minute.
 *
 * Where the settings change, what they said before is shown until what they say now was
 * read: those concerned are told of the difference. */
#include "core/shared_follow.h"

#include <stdlib.h>

#include "base/chore.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/host.h"
#include "core/shared.h"
#include "core/shared_tell.h"
#include "xml/jid.h"

enum {
	SOON_MS = 10, PATIENT_MS = 200,
	LIST_GAP_MS = 200,              /* between two looks at which there are */
	AGAIN_MS = 2000,                /* after weather */
	LATER_MS = 60 * 1000,           /* after anything else */
	READING_MOST = 2,
	RATIO = 4,                      /* patience, in times of what reading takes */
	PIECE = 32,                     /* names, before somebody looks at the clock */
};

struct taking {                         /* what was read goes to memory, in pieces */
	struct xdb_op *kept;
	const struct xdb_group *group;
	struct arena arena;             /* of the names */
	struct arena told;              /* of what is to be told */
	struct shared_entry *entries;
	size_t at, n;                   /* looked at; of them to be taken */
	struct shared_edit edit;
};

struct follow {                         /* one group */
	struct list link;               /* in its source */
	struct list due;                /* it waits to be read */
	struct arena arena;             /* of `parts`: renewed by each reading */
	struct slice key, dn;           /* owned */
	struct slice *parts;
	size_t part_n;
	struct shared_group *group;
	struct xdb_op *op;
	struct taking *taking;          /* NULL: nothing */
	struct chore taking_on;
	struct timer wait;
	int64_t took_ms, began_ms;
	bool is_stale;                  /* news of it came while it was read … */
	bool is_doubtful;               /* … or of something that may be in it … */
	bool is_perhaps_found;          /* … or of somebody whom a search may find */
	bool was_read;                  /* well, or with an error that is no weather */
	bool is_in_memory;              /* well, once */
	bool is_incomplete, is_dynamic;
	enum xdb_status said;           /* of the last reading, in the log; XDB_OK: none */
	bool is_absent;                 /* the directory has none, and it was said */
	bool is_listed;                 /* the last listing has it */
	bool is_by_uuid;                /* `key` is its entryUUID, else a DN */
	bool is_leaving;                /* other settings: shown until what they say is known */
	/* borrowed */
	struct source *source;
};

struct source {                         /* one setting */
	const char *text;               /* a filter, or DNs with ; between them */
	bool is_public, was_listed, is_stale;
	bool is_known;                  /* `follows` is what the text says, and what leaves */
	struct list follows;
	struct xdb_op *op;
	struct timer wait;
	int64_t listed_ms;
	enum xdb_status said;           /* as of a group */
};

enum { SOURCES = 2 };
static struct source sources[SOURCES];
static struct list due = { &due, &due };
static struct list wanting = { &wanting, &wanting };    /* jobs */
static struct timer patience;            /* of those jobs */
static unsigned reading_n;
static bool was_ready;                  /* what comes later is pushed */

static void pump(void);
static void source_due(struct source *s, int64_t ms);

static bool is_by_filter(const struct source *s)
{
	return *s->text == '(';
}

/* --- is all there is known? ------------------------------------------------------------- */

static bool is_ready(void)
{
	struct follow *f;

	for (int i = 0; i < SOURCES && !was_ready; i++) {
		if (*sources[i].text == '\0')
			continue;
		if (!sources[i].was_listed)
			return false;
		LIST_EACH(f, &sources[i].follows, struct follow, link)
			if (!f->was_read)
				return false;
	}
	was_ready = true;
	return true;
}

/* Not known is not "none" (directory.md, rule 1). */
static void give_up(void *ctx)
{
	struct job *j;

	(void)ctx;
	while ((j = LIST_FIRST(&wanting, struct job, wait)) != NULL) {
		list_remove(&j->wait);
		job_fail_xdb(j, XDB_DOWN);
	}
}

void shared_want(struct job *j, job_step_fn *next)
{
	if (sources[0].text == NULL || is_ready()) {
		next(j);
		return;
	}
	j->waiting = next;
	list_push(&wanting, &j->wait);
	if (patience.fn == NULL)
		timer_init(&patience, give_up, NULL);
	if (!timer_is_on(&patience))
		timer_start(&patience, host.settings->ldap.timeout_ms);
}

static void wake_if_ready(void)
{
	struct job *j;

	if (list_is_empty(&wanting) || !is_ready())
		return;
	while ((j = LIST_FIRST(&wanting, struct job, wait)) != NULL) {
		list_remove(&j->wait);
		j->waiting(j);
	}
}

/* --- one group ---------------------------------------------------------------------------- */

static bool is_reading(const struct follow *f)
{
	return f->op != NULL || f->taking != NULL;
}

static void follow_due(struct follow *f, int64_t ms)
{
	if (f->is_leaving)
		return;                 /* as it is, until it goes */
	if (is_reading(f)) {
		f->is_stale = true;     /* what is being read may be older */
		return;
	}
	if (list_is_linked(&f->due) || (timer_is_on(&f->wait)
	    && f->wait.due_ms <= loop_now_ms() + ms))
		return;
	timer_start(&f->wait, ms);
}

static void follow_patient(struct follow *f)
{
	follow_due(f, RATIO * f->took_ms > PATIENT_MS ? RATIO * f->took_ms
	    : PATIENT_MS);
}

static void names_take(void *ctx);
static void edit_go_on(void *ctx);
static void leaving_go(struct source *s);

static void waited(void *ctx)
{
	struct follow *f = ctx;

	list_push(&due, &f->due);
	pump();
}

static struct slice owned(struct slice s)
{
	return slice_make(slice_new(s), s.n);
}

static void disown(struct slice s)
{
	free((char *)(uintptr_t)s.p);
}

static struct follow *follow_new(struct source *s, struct slice key,
    struct slice dn)
{
	struct follow *f = NEW(struct follow);

	f->key = owned(key);
	f->dn = owned(dn);
	f->source = s;
	f->is_by_uuid = is_by_filter(s);
	list_init(&f->due);
	timer_init(&f->wait, waited, f);
	chore_init(&f->taking_on, names_take, f);
	list_push(&s->follows, &f->link);
	f->group = shared_group_new(key, s->is_public);
	return f;
}

/* Which entry it is, whatever its name; empty: not known yet. */
static struct slice uuid_of(const struct follow *f)
{
	if (f->is_by_uuid)
		return f->key;
	return f->part_n != 0 ? f->parts[0] : slice_make(NULL, 0);
}

static void tell(const struct follow *f, const struct shared_change *c,
    struct arena *arena)
{
	if (c->changed_n != 0)
		log_event(LOG_INFO, "roster-group", "-",
		    "key=%s members=%zu changed=%zu", log_text(f->key),
		    map_count(&f->group->members), c->changed_n);
	shared_tell(f->group, c, arena);
}

static void clear(struct follow *f)
{
	struct arena arena = { NULL };
	struct shared_change c;

	shared_group_set(f->group, f->group->title, NULL, 0, &arena, &c);
	tell(f, &c, &arena);
}

static void taking_end(struct follow *f)
{
	struct taking *t = f->taking;

	if (t == NULL)
		return;
	f->taking = NULL;
	chore_stop(&f->taking_on);
	xdb_cancel(&t->kept);
	shared_edit_end(&t->edit);
	arena_fini(&t->arena);
	arena_fini(&t->told);
	free(t);
}

static void follow_free(struct follow **fp)
{
	struct follow *f = *fp;

	*fp = NULL;
	if (is_reading(f))
		reading_n--;
	xdb_cancel(&f->op);
	taking_end(f);
	timer_stop(&f->wait);
	list_remove(&f->due);
	list_remove(&f->link);
	clear(f);
	shared_tell_forget(f->group);
	shared_group_free(&f->group);
	arena_fini(&f->arena);
	disown(f->key);
	disown(f->dn);
	free(f);
}

/* --- other settings ----------------------------------------------------------------------- */

/* What is taken in half is neither what it was nor what it is. */
static void taking_finish(struct follow *f)
{
	if (f->taking == NULL || f->taking_on.fn != edit_go_on)
		return;
	while (shared_edit_step(&f->taking->edit))
		;
	tell(f, &f->taking->edit.change, &f->taking->told);
	f->taking->told = (struct arena){ NULL };
}

static void follow_leave(struct follow *f)
{
	if (is_reading(f))
		reading_n--;
	xdb_cancel(&f->op);
	taking_finish(f);
	taking_end(f);
	timer_stop(&f->wait);
	list_remove(&f->due);
	f->is_leaving = true;
}

/* Read for the first time, it may be one that is shown already and was called something
 * else by the settings as they were: it goes on as what that is, so that those in both
 * are told nothing. */
static void follow_succeed(struct follow *f)
{
	struct follow *old;
	struct shared_group *fresh = f->group;

	if (f->was_read || map_count(&fresh->members) != 0)
		return;
	LIST_EACH(old, &f->source->follows, struct follow, link) {
		if (!old->is_leaving || !slice_eq(uuid_of(old), uuid_of(f)))
			continue;
		f->group = old->group;
		old->group = fresh;
		shared_group_rekey(f->group, f->key);
		follow_free(&old);
		return;
	}
}

/* What the settings say is known: what is not in it goes. */
static void leaving_go(struct source *s)
{
	struct follow *f;

	LIST_EACH(f, &s->follows, struct follow, link)
		if (!f->is_leaving && !f->was_read)
			return;
	if (!s->is_known)
		return;
	LIST_EACH(f, &s->follows, struct follow, link)
		if (f->is_leaving)
			follow_free(&f);
}

/* --- reading it ------------------------------------------------------------------------------ */

static void name_take(struct taking *t, const struct xdb_member *m)
{
	struct slice local;
	struct jid jid;

	if ((m->roles & GROUP_MEMBER) == 0
	    || !jid_prep_local(&t->arena, m->uid, &local))
		return;
	jid = host_account_jid(&t->arena, local);
	t->entries[t->n++] = (struct shared_entry){ .jid = jid_bare(&jid),
		.uuid = m->uuid, .name = m->name };
}

static void parts_keep(struct follow *f, const struct xdb_group *g)
{
	arena_fini(&f->arena);
	f->parts = arena_alloc(&f->arena, (g->part_n + 1) * sizeof *f->parts);
	f->part_n = g->part_n;
	for (size_t i = 0; i < g->part_n; i++)
		f->parts[i] = slice_dup(&f->arena, g->parts[i]);
}

/* Names as JIDs, as far as the time goes; then they are the members. */
static void names_take(void *ctx)
{
	struct follow *f = ctx;
	struct taking *t = f->taking;

	while (t->at < t->group->member_n) {
		name_take(t, &t->group->members[t->at++]);
		if (t->at % PIECE == 0 && !chore_has_time()) {
			chore_start(&f->taking_on);
			return;
		}
	}
	shared_edit_begin(&t->edit, f->group, t->group->title, t->entries, t->n,
	    &t->told);
	f->taking_on.fn = edit_go_on;
	edit_go_on(f);
}

enum ended { ENDED_WELL, ENDED_BADLY, ENDED_BY_WEATHER };
static void follow_ended(struct follow *f, enum ended how);

static void edit_go_on(void *ctx)
{
	struct follow *f = ctx;

	while (shared_edit_step(&f->taking->edit))
		if (!chore_has_time()) {
			chore_start(&f->taking_on);
			return;
		}
	tell(f, &f->taking->edit.change, &f->taking->told);
	f->taking->told = (struct arena){ NULL };       /* it is theirs now */
	taking_end(f);
	follow_ended(f, ENDED_WELL);
}

static void follow_take(struct follow *f, const struct xdb_result *res)
{
	const struct xdb_group *g = res->group;
	struct taking *t = NEW(struct taking);

	f->is_dynamic = g->is_dynamic;
	f->is_doubtful = f->is_doubtful || (g->is_dynamic && f->is_perhaps_found);
	f->is_incomplete = g->unresolved_n != 0;
	f->is_absent = false;
	f->said = XDB_OK;
	parts_keep(f, g);
	follow_succeed(f);
	f->is_in_memory = true;
	t->kept = xdb_keep(res);
	t->group = g;
	t->entries = arena_raw(&t->arena,
	    (g->member_n + 1) * sizeof *t->entries);
	f->taking = t;
	f->taking_on.fn = names_take;
	chore_start(&f->taking_on);
}

static void follow_move(struct follow *f, struct slice dn)
{
	if (slice_eq(f->dn, dn))
		return;
	disown(f->dn);
	f->dn = owned(dn);
	follow_due(f, 0);
}

/* By a filter, it is gone or has another name now: the next listing tells. */
static void follow_absent(struct follow *f)
{
	if (!is_by_filter(f->source) && !f->is_absent)
		log_event(LOG_WARN, "roster-group-absent", "-",
		    "dn=%s there is no such entry", log_text(f->dn));
	f->is_absent = true;
	f->is_incomplete = true;        /* it may come */
	if (is_by_filter(f->source))
		source_due(f->source, 0);
	else if (!slice_eq(f->dn, f->key))
		follow_move(f, f->key); /* renamed, then gone: it may be made again */
	else
		clear(f);
}

/* What was read is in memory, or it could not be read. */
static void follow_ended(struct follow *f, enum ended how)
{
	reading_n--;
	f->took_ms = loop_now_ms() - f->began_ms;
	f->was_read = f->was_read || how != ENDED_BY_WEATHER;
	if (how == ENDED_BY_WEATHER)
		follow_due(f, AGAIN_MS);
	else if (f->is_stale)
		follow_due(f, SOON_MS);
	else if (f->is_doubtful)
		follow_patient(f);
	else if (how == ENDED_BADLY)
		follow_due(f, LATER_MS);
	f->is_stale = f->is_doubtful = false;
	leaving_go(f->source);
	wake_if_ready();
	pump();
}

static bool is_weather(enum xdb_status status)
{
	return status == XDB_DOWN || status == XDB_BUSY;
}

/* As long as it is the same it is said once. */
static void follow_failed(struct follow *f, const struct xdb_result *res)
{
	if (f->said != res->status)
		log_event(is_weather(res->status) ? LOG_WARN : LOG_ERROR,
		    "roster-group-unread", "-", "dn=%s status=%s why=%s %s",
		    log_text(f->dn), xdb_status_text(res->status),
		    log_text(slice_of(res->why)), f->is_in_memory
		    ? "it stays as it was" : is_weather(res->status)
		    ? "rosters wait for it" : "rosters are without it");
	f->said = res->status;
}

static void follow_read(const struct xdb_result *res, void *ctx)
{
	struct follow *f = ctx;

	f->op = NULL;
	if (res->status == XDB_OK) {
		follow_take(f, res);
	} else if (res->status == XDB_ABSENT) {
		f->said = XDB_OK;
		follow_absent(f);
		follow_ended(f, ENDED_WELL);
	} else {
		follow_failed(f, res);
		follow_ended(f, is_weather(res->status) ? ENDED_BY_WEATHER
		    : ENDED_BADLY);
	}
}

static void pump(void)
{
	struct follow *f;

	while (reading_n < READING_MOST
	    && (f = LIST_FIRST(&due, struct follow, due)) != NULL) {
		list_remove(&f->due);
		reading_n++;
		f->began_ms = loop_now_ms();
		f->is_perhaps_found = false;
		f->op = xdb_group_load(host.xdb, f->dn);
		xdb_then(f->op, follow_read, f);
	}
}

/* --- which groups there are --------------------------------------------------------------------- */

static void source_list(void *ctx);

static void source_due(struct source *s, int64_t ms)
{
	int64_t since = loop_now_ms() - s->listed_ms;

	if (!is_by_filter(s))
		return;
	if (s->was_listed && since < LIST_GAP_MS)
		ms = LIST_GAP_MS - since;
	if (s->op != NULL)
		s->is_stale = true;
	else if (!timer_is_on(&s->wait) || s->wait.due_ms > loop_now_ms() + ms)
		timer_start(&s->wait, ms);
}

static struct follow *follow_find(const struct source *s, struct slice key)
{
	struct follow *f;

	LIST_EACH(f, &s->follows, struct follow, link)
		if (!f->is_leaving && slice_eq(f->key, key))
			return f;
	return NULL;
}

/* A group is known by its UUID, so that another name is another title. */
static void listed_one(struct source *s, const struct xdb_group *g)
{
	struct follow *f = follow_find(s, g->uuid);

	if (f == NULL) {
		f = follow_new(s, g->uuid, g->dn);
		follow_due(f, 0);
	} else {
		follow_move(f, g->dn);
	}
	f->is_listed = true;
}

static void listed_take(struct source *s, const struct xdb_result *res)
{
	struct follow *f;

	LIST_EACH(f, &s->follows, struct follow, link)
		f->is_listed = false;
	for (size_t i = 0; i < res->n; i++)
		if (res->groups[i].uuid.n != 0)
			listed_one(s, &res->groups[i]);
	LIST_EACH(f, &s->follows, struct follow, link)
		if (!f->is_listed && !f->is_leaving)
			follow_free(&f);
	s->was_listed = s->is_known = true;
}

static void listing_failed(struct source *s, const struct xdb_result *res)
{
	enum xdb_status status = res->is_cut ? XDB_BROKEN : res->status;

	if (s->said != status)
		log_event(is_weather(status) ? LOG_WARN : LOG_ERROR,
		    "roster-groups-unread", "-", "filter=%s status=%s why=%s %s",
		    log_text(slice_of(s->text)), xdb_status_text(status),
		    log_text(res->is_cut ? SLICE("too many groups")
		    : slice_of(res->why)), s->was_listed
		    ? "they stay as they were" : is_weather(status)
		    ? "rosters wait for them" : "rosters are without them");
	s->said = status;
	s->was_listed = s->was_listed || !is_weather(status);
	timer_start(&s->wait, is_weather(status) ? AGAIN_MS : LATER_MS);
}

static void listed(const struct xdb_result *res, void *ctx)
{
	struct source *s = ctx;

	s->op = NULL;
	s->listed_ms = loop_now_ms();
	if (res->status == XDB_OK && !res->is_cut) {
		s->said = XDB_OK;
		listed_take(s, res);
	} else {
		listing_failed(s, res);
	}
	if (s->is_stale)
		source_due(s, SOON_MS);
	s->is_stale = false;
	leaving_go(s);
	wake_if_ready();
}

static void source_list(void *ctx)
{
	struct source *s = ctx;

	s->op = xdb_group_list(host.xdb, s->text);
	xdb_then(s->op, listed, s);
}

static void source_read_dns(struct source *s)
{
	struct slice rest = slice_of(s->text), dn;

	while (conf_dn_next(&rest, &dn))
		if (follow_find(s, dn) == NULL)
			follow_due(follow_new(s, dn, dn), 0);
	s->was_listed = s->is_known = true;
	leaving_go(s);
}

/* --- news -------------------------------------------------------------------------------------------- */

static bool is_part(const struct follow *f, struct slice uuid)
{
	for (size_t i = 0; i < f->part_n; i++)
		if (slice_eq(f->parts[i], uuid))
			return true;
	return false;
}

static void news_of_group(struct follow *f, const struct xdb_news *news)
{
	if (news->dn.n != 0 && slice_eq(news->uuid, uuid_of(f)))
		follow_move(f, news->dn);
	if (news->is_all || f->is_incomplete || is_part(f, news->uuid))
		follow_due(f, SOON_MS);
	else if (f->said != XDB_OK)
		follow_patient(f);      /* it may be what was mended */
	/* What is in it is known when it was read. */
	f->is_doubtful = f->is_doubtful || is_reading(f);
	if (!f->was_read)
		follow_due(f, SOON_MS);
}

static void news_of_person(struct follow *f, const struct xdb_news *news,
    const struct shared_person *p)
{
	if (f->is_dynamic || (!news->is_slight && f->is_incomplete)
	    || (!news->is_slight && p != NULL
	    && map_find(&f->group->members, p->jid) == p))
		follow_patient(f);
	f->is_doubtful = f->is_doubtful || (is_reading(f) && !news->is_slight);
	f->is_perhaps_found = f->is_perhaps_found || f->op != NULL;
}

void shared_news(const struct xdb_news *news)
{
	const struct shared_person *p = shared_find_uuid(news->uuid);
	struct follow *f;

	for (int i = 0; i < SOURCES && sources[0].text != NULL; i++) {
		if (news->kind == XDB_GROUP)
			source_due(&sources[i], SOON_MS);
		LIST_EACH(f, &sources[i].follows, struct follow, link)
			if (news->kind == XDB_GROUP)
				news_of_group(f, news);
			else
				news_of_person(f, news, p);
	}
}

/* --- life ---------------------------------------------------------------------------------------------- */

void shared_start(void)
{
	const char *const texts[SOURCES] = { host.settings->roster.groups,
		host.settings->roster.groups_public };

	for (int i = 0; i < SOURCES; i++) {
		struct source *s = &sources[i];

		*s = (struct source){ .text = texts[i], .is_public = i == 1 };
		list_init(&s->follows);
		timer_init(&s->wait, source_list, s);
		if (is_by_filter(s))
			source_due(s, 0);
		else
			source_read_dns(s);
	}
}

static bool is_named(const char *text, struct slice wanted)
{
	struct slice rest = slice_of(text), dn;

	while (conf_dn_next(&rest, &dn))
		if (slice_eq(dn, wanted))
			return true;
	return false;
}

static bool is_meant(const struct source *s, const struct follow *f)
{
	if (is_by_filter(s))
		return f->is_by_uuid;   /* the listing tells */
	return !f->is_by_uuid && is_named(s->text, f->key);
}

static void source_renew(struct source *s, const char *text)
{
	struct follow *f;

	xdb_cancel(&s->op);
	timer_stop(&s->wait);
	s->text = text;
	s->is_stale = s->was_listed = s->is_known = false;
	LIST_EACH(f, &s->follows, struct follow, link) {
		f->is_leaving = false;
		if (!is_meant(s, f))
			follow_leave(f);
		follow_due(f, 0);
	}
	if (is_by_filter(s))
		source_due(s, 0);       /* who is not listed goes then */
	else
		source_read_dns(s);
}

void shared_renew(void)
{
	source_renew(&sources[0], host.settings->roster.groups);
	source_renew(&sources[1], host.settings->roster.groups_public);
}

void shared_stop(void)
{
	struct follow *f;

	for (int i = 0; i < SOURCES && sources[0].text != NULL; i++) {
		xdb_cancel(&sources[i].op);
		timer_stop(&sources[i].wait);
		LIST_EACH(f, &sources[i].follows, struct follow, link)
			follow_free(&f);
		sources[i].text = NULL;
	}
	if (patience.fn != NULL)
		timer_stop(&patience);
	shared_tell_stop();
}
