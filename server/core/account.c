/* SPDX-License-Identifier: Apache-2.0 */
/* core/account.c — accounts in memory: one load for many waiters, let go when
 * nobody holds them.  Who is kept all the same is in account_away.c, changes are
 * in account_edit.c, the roster's memory in account_roster.c. */
#include "core/account.h"

#include <assert.h>

#include "base/crypto.h"
#include "base/log.h"
#include "core/account_own.h"
#include "core/admission.h"
#include "core/host.h"
#include "core/membership.h"
#include "core/session.h"
#include "core/stream.h"

static struct map accounts;             /* local part -> struct account */

/* What is kept of who is away counts only while it is certainly true. */
static struct account *account_at(struct slice local)
{
	struct account *a = map_find(&accounts, local);

	if (a == NULL || !account_is_away(a) || account_is_believed(a))
		return a;
	account_drop(a);
	return NULL;
}

struct account *account_find(struct slice local)
{
	struct account *a = account_at(local);

	return a != NULL && a->state == ACCOUNT_READY ? a : NULL;
}

struct account *account_next(size_t *at)
{
	return map_next(&accounts, at);
}

size_t account_count(void)
{
	return map_count(&accounts) - account_away_count();
}

static struct account *account_new(struct slice local)
{
	/* One block, of 400 bytes: an arena that grows begins with 1 KiB. */
	struct arena life = arena_with_room(arena_room(sizeof (struct account))
	    + jid_join_room(local, jid_domain(&host.jid), slice_make(NULL, 0)));
	struct account *a = ARENA_NEW(&life, struct account);

	a->jid = host_account_jid(&life, local);
	a->life = life;
	a->state = ACCOUNT_LOADING;
	a->is_admitted = true;
	list_init(&a->requests);
	list_init(&a->sessions);
	list_init(&a->entrants);
	list_init(&a->wanting);
	list_init(&a->editing);
	list_init(&a->away);
	list_init(&a->stale);
	list_init(&a->look);
	map_put(&accounts, jid_local(&a->jid), a);
	return a;
}

static void account_forget(struct account *a)
{
	if (map_find(&accounts, jid_local(&a->jid)) == a)
		map_take(&accounts, jid_local(&a->jid));
}

void account_hold(struct account *a)
{
	if (a->holders++ == 0)
		account_away_leave(a);
}

void account_release(struct account **ap)
{
	struct account *a = *ap;

	*ap = NULL;
	if (a == NULL || --a->holders != 0)
		return;
	assert(!account_has_streams(a) && list_is_empty(&a->wanting)
	    && list_is_empty(&a->editing) && a->editor == NULL);
	if (!account_away_keep(a))
		account_drop(a);
}

void account_drop(struct account *a)
{
	struct arena life;

	assert(a->holders == 0);
	account_away_leave(a);
	account_live_over(a);
	xdb_cancel(&a->op);
	account_forget(a);
	account_roster_clear(a);
	map_fini(&a->contacts);
	arena_fini(&a->arena);
	life = a->life;                 /* the account is inside it */
	arena_fini(&life);
}

struct account *account_known(struct slice local)
{
	struct account *a = account_at(local);

	if (a == NULL || !account_is_believed(a))
		return NULL;
	account_hold(a);
	return a;
}

/* --- loading ------------------------------------------------------------------------ */

static void scram_take(struct account *a, struct arena *fresh,
    const struct xdb_profile *p)
{
	a->scram_n = p->scram_n;
	a->scram = NULL;
	if (p->scram_n == 0)
		return;
	a->scram = arena_alloc(fresh, p->scram_n * sizeof *a->scram);
	for (size_t i = 0; i < p->scram_n; i++)
		a->scram[i] = slice_dup(fresh, p->scram[i]);
}

static size_t scram_room(const struct xdb_profile *p)
{
	size_t room = p->scram_n == 0 ? 0
	    : arena_room(p->scram_n * sizeof *p->scram);

	for (size_t i = 0; i < p->scram_n; i++)
		room += arena_dup_room(p->scram[i].n);
	return room;
}

bool account_is_admitted(const struct account *a, struct slice person_uuid)
{
	enum xdb_status status = admission_of(jid_local(&a->jid), person_uuid);

	return status == XDB_OK || (status != XDB_ABSENT && a->is_admitted);
}

void account_person_take(struct account *a, const struct xdb_account *loaded)
{
	const struct xdb_person *p = &loaded->person;
	const struct { struct slice *to; struct slice from; } texts[] = {
		{ &a->person_dn, p->dn }, { &a->person_uuid, p->uuid },
		{ &a->uid, p->uid },
		{ &a->name, p->display_name.n != 0 ? p->display_name : p->cn },
		{ &a->profile_dn, loaded->profile.exists ? loaded->profile.dn
		    : slice_make(NULL, 0) },
		{ &a->password_changed, p->password_changed },
	};
	struct arena fresh;
	size_t room = scram_room(&loaded->profile);

	for (size_t i = 0; i < COUNT(texts); i++)
		room += arena_dup_room(texts[i].from.n);
	fresh = arena_with_room(room);  /* some 700 bytes, not 1 KiB and 1 KiB */
	account_uuid_drop(a);
	if (!slice_eq(a->person_uuid, p->uuid))
		a->photo = (struct account_photo){ .is_known = false };
	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i].to = slice_dup(&fresh, texts[i].from);
	scram_take(a, &fresh, &loaded->profile);
	a->status = loaded->profile.status;
	a->refusal = p->refusal;
	a->turns_s = p->turns_s;
	a->is_admitted = account_is_admitted(a, p->uuid);
	a->membership = membership_of(jid_local(&a->jid), p->uuid);
	arena_fini(&a->arena);
	a->arena = fresh;
	account_uuid_put(a);
}

void account_refresh(struct account *a, const struct xdb_account *loaded)
{
	account_person_take(a, loaded);
	account_roster_take(a, &loaded->profile);
}

static void wake(struct account *a, enum xdb_status status)
{
	struct job *j;

	account_hold(a);                /* the last waiter may let go */
	while ((j = LIST_FIRST(&a->wanting, struct job, wait)) != NULL) {
		job_account_fn *next = j->wanted;

		list_remove(&j->wait);
		next(j, status == XDB_OK ? a : NULL, status);
	}
	account_release(&a);
}

bool account_is_named(const struct xdb_person *p, struct slice local)
{
	struct arena a = { NULL };
	struct slice prepared;
	bool same = jid_prep_local(&a, p->uid, &prepared)
	    && slice_eq(prepared, local);

	arena_fini(&a);
	return same;
}

static void account_loaded(const struct xdb_result *res, void *ctx)
{
	struct account *a = ctx;
	enum xdb_status status = res->status;

	a->op = NULL;
	if (status == XDB_OK && !account_is_named(&res->account->person,
	    jid_local(&a->jid)))
		status = XDB_ABSENT;
	if (status == XDB_OK)
		status = admission_of(jid_local(&a->jid),
		    res->account->person.uuid);
	if (status == XDB_OK) {
		a->state = ACCOUNT_READY;
		account_refresh(a, res->account);
		account_live_loaded(a, a->as_of);
	} else {
		a->state = ACCOUNT_UNKNOWN;
		account_forget(a);      /* the next who asks may have more luck */
	}
	wake(a, status);
}

static void job_hold(struct job *j, struct account *a)
{
	for (unsigned i = 0; i < j->held_n; i++)
		if (j->held[i] == a)
			return;
	assert(j->held_n < COUNT(j->held));
	j->held[j->held_n++] = a;
	account_hold(a);
}

void account_want(struct job *j, struct slice local, job_account_fn *next)
{
	struct account *a = account_at(local);

	if (a == NULL) {
		a = account_new(local);
		a->as_of = account_news_count();
		a->op = xdb_account_load(host.xdb, jid_local(&a->jid));
		xdb_then(a->op, account_loaded, a);
	}
	job_hold(j, a);
	if (a->state == ACCOUNT_READY) {
		next(j, a, XDB_OK);
		return;
	}
	j->wanted = next;
	list_push(&a->wanting, &j->wait);
}

void account_photo_take(struct account *a, struct slice photo)
{
	a->photo = (struct account_photo){ .is_known = true,
		.is_there = photo.n != 0 };
	if (photo.n != 0)
		crypto_digest(HASH_SHA1, photo, a->photo.hash);
}

void account_photo_hide(struct account *a)
{
	if (!a->photo.is_hidden)
		log_event(LOG_WARN, "photo-hidden", a->jid.text,
		    "why=larger than 64 KiB, or neither JPEG nor PNG nor GIF");
	a->photo = (struct account_photo){ .is_hidden = true };
}

/* That the entry has none says nothing: it may stand in the profile's vCard, which
 * is not read for this. */
static void photo_enter(struct account *a, const struct xdb_account *loaded,
    bool is_newest)
{
	if (!is_newest && list_is_empty(&a->sessions))
		a->photo.is_touched = true;
	else if (is_newest && loaded->photo.n != 0)
		account_photo_take(a, loaded->photo);
	else if (is_newest && loaded->is_photo_hidden)
		account_photo_hide(a);
}

struct account *account_enter(struct slice local,
    const struct xdb_account *loaded, uint64_t as_of)
{
	struct account *a = account_at(local);

	if (a == NULL)
		a = account_new(local);
	account_hold(a);
	if (a->state != ACCOUNT_READY) {
		account_refresh(a, loaded);
	} else if (a->editor == NULL
	    && loaded->profile.roster_version >= a->roster_version) {
		account_live_defer(a);  /* what that reads may be older than this */
		account_follow(a, loaded);
	} else {
		a->is_stale = true;
	}
	if (a->state == ACCOUNT_LOADING) {
		/* Those who wait for the load have it now. */
		xdb_cancel(&a->op);
		a->state = ACCOUNT_READY;
		wake(a, XDB_OK);
	}
	photo_enter(a, loaded, account_live_loaded(a, as_of));
	return a;
}

void account_job_over(struct job *j)
{
	list_remove(&j->wait);
	account_edit_over(j);
	while (j->held_n != 0)
		account_release(&j->held[--j->held_n]);
}

void account_edit(struct job *j, struct account *a, struct slice contact,
    account_plan_fn *plan, job_stored_fn *next)
{
	job_hold(j, a);
	job_detach(j);
	account_edit_start(j, a, contact, plan, next);
}

bool account_has_streams(const struct account *a)
{
	return !list_is_empty(&a->sessions) || !list_is_empty(&a->entrants);
}

static struct session *first_but(const struct account *a, uint64_t but)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (s->id != but)
			return s;
	return NULL;
}

void account_close_others(struct account *a, uint64_t but,
    const char *condition, const char *text)
{
	struct session *s;
	struct entrant *e;

	account_hold(a);
	while ((e = LIST_FIRST(&a->entrants, struct entrant, link)) != NULL)
		stream_fail(e->stream, condition, text);
	while ((s = first_but(a, but)) != NULL)
		if (s->stream != NULL)
			stream_fail(s->stream, condition, text);
		else
			session_close(&s);
	account_release(&a);
}

void account_close_sessions(struct account *a, const char *condition,
    const char *text)
{
	account_close_others(a, 0, condition, text);    /* no session's number */
}
