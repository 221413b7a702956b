/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_live.c — accounts in memory follow the directory.
 *
 *   news ─► stale ─► read again ─┬─ OK ──────► judge, compare, tell
 *             ▲                  ├─ ABSENT ──► its streams are closed
 *             └──── a while ─────┴─ weather, or what cannot be read: nothing is
 *                                   known, all stays, and nothing is believed
 *
 * What is read is compared with memory, so our own changes, which are news like
 * others', tell nobody anything twice.  A reading gives way to a change of our
 * own and comes after it.  Few are read at a time: an outage or an import makes
 * thousands stale at once.
 *
 * An account that ends at a date makes no news when the date comes: one timer for
 * all of them is set to the earliest. */
#include <assert.h>

#include "base/log.h"
#include "base/loop.h"
#include "core/account_own.h"
#include "core/feature.h"
#include "core/host.h"
#include "core/shared.h"

enum {
	READING_MOST = 16,
	AGAIN_MS = 2000,                /* after weather */
	UNREADABLE_MOST_MS = 16 * 1000,
	HEARD = 4096,                   /* everybody is heard of at the start: 25,000
	                                   a second, and a load takes some milliseconds */
	TURN_LATE_MS = 100,             /* the wall clock has reached that second */
	TURN_MOST_MS = 60 * 60 * 1000,  /* it may be set while we wait */
};

static struct map by_uuid;              /* person's entryUUID -> struct account */
static struct list stale = { &stale, &stale };
static struct list unreadable = { &unreadable, &unreadable };
static struct timer unreadable_again;
static int64_t unreadable_ms;           /* the last pause; doubled each time */
static unsigned reading_n;
static struct timer again;              /* on: the directory is away, wait */
static struct timer turning;            /* on: until the date of turning_s at most */
static int64_t turning_s;

static void pump(void *ctx);
static void read_again(const struct xdb_result *res, void *ctx);

/* --- news that was too early ---------------------------------------------------------- */

/* News may be here before the answer to a load that was sent before it, and
 * nobody knows yet whose account that will be: so the last are remembered, by
 * their number.  Each load knows how many there were when it was sent: what came
 * before that is in its answer, and nothing is asked twice because of it. */
static uint64_t heard[HEARD];           /* of whom; number n at n % HEARD */
static uint64_t heard_n, heard_of_all;  /* the number of the last of everybody */

uint64_t account_news_count(void)
{
	return heard_n;
}

static void heard_add(uint64_t who)
{
	heard[heard_n++ % HEARD] = who;
}

static bool was_heard(struct slice uuid, uint64_t since)
{
	uint64_t who = map_hash(uuid);

	/* Of all, or so much that some was forgotten. */
	if (heard_of_all > since || heard_n - since > HEARD)
		return true;
	for (uint64_t n = since; n < heard_n; n++)
		if (heard[n % HEARD] == who)
			return true;
	return false;
}

/* --- whose turn it is to be read -------------------------------------------------------- */

void account_stale(struct account *a)
{
	if (account_is_away(a)) {
		account_drop(a);        /* cheaper than reading it for nobody */
		return;
	}
	a->is_stale = true;
	if (a->op != NULL || a->editor != NULL || list_is_linked(&a->stale))
		return;                 /* as soon as that is over */
	list_push(&stale, &a->stale);
	loop_defer(pump, &stale);
}

static void pump(void *ctx)
{
	struct account *a;

	(void)ctx;
	while (reading_n < READING_MOST && (again.fn == NULL
	    || !timer_is_on(&again))
	    && (a = LIST_FIRST(&stale, struct account, stale)) != NULL) {
		list_remove(&a->stale);
		a->is_stale = false;
		reading_n++;
		a->op = xdb_account_load_known(host.xdb, jid_local(&a->jid),
		    a->person_uuid);
		xdb_then(a->op, read_again, a);
	}
}

void account_live_defer(struct account *a)
{
	list_remove(&a->stale);
	a->is_unreadable = false;
	if (a->state != ACCOUNT_READY || a->op == NULL)
		return;
	xdb_cancel(&a->op);
	reading_n--;
	a->is_stale = true;
	loop_defer(pump, &stale);
}

void account_live_resume(struct account *a)
{
	if (a->is_stale && a->state == ACCOUNT_READY)
		account_stale(a);
}

bool account_live_loaded(struct account *a, uint64_t as_of)
{
	if (!a->is_stale && !was_heard(a->person_uuid, as_of))
		return true;
	account_stale(a);
	return false;
}

void account_news(struct slice uuid)
{
	struct account *a = map_find(&by_uuid, uuid);

	heard_add(map_hash(uuid));
	if (a == NULL)
		return;
	if (a->is_unreadable)
		list_remove(&a->stale); /* it may be readable now */
	a->is_unreadable = false;
	account_stale(a);
}

void account_news_of_all(void)
{
	heard_add(0);
	heard_of_all = heard_n;
}

struct account *account_of_uuid(struct slice uuid)
{
	return map_find(&by_uuid, uuid);
}

void accounts_news(void)
{
	struct account *a;
	size_t at = 0;

	account_news_of_all();
	while ((a = map_next(&by_uuid, &at)) != NULL)
		account_stale(a);
}

void account_touched(struct slice uuid)
{
	struct account *a = map_find(&by_uuid, uuid);

	if (a == NULL)
		return;
	if (list_is_empty(&a->sessions))
		a->photo.is_touched = true;     /* for who is about to come */
	else
		hook_person_touched(a);
}

/* They are read for it: what comes of that is the same as of any other change,
 * and a group that loses everybody costs no long turn. */
void accounts_readmit(void)
{
	struct account *a;
	size_t at = 0;

	while ((a = map_next(&by_uuid, &at)) != NULL)
		if (account_is_admitted(a, a->person_uuid) != a->is_admitted)
			account_stale(a);
}

void accounts_verify(void)
{
	struct account *a;
	size_t at = 0;

	while ((a = map_next(&by_uuid, &at)) != NULL)
		if (!xdb_watch_knows(host.xdb, XDB_PERSON, a->person_uuid))
			account_stale(a);
}

/* --- what ends at a date ------------------------------------------------------------------- */

static void turned(void *ctx);

static void turn_at(int64_t at_s)
{
	int64_t ms = at_s * 1000 - wall_now_ms() + TURN_LATE_MS;

	if (turning.fn == NULL)
		timer_init(&turning, turned, NULL);
	turning_s = at_s;
	timer_start(&turning, ms < TURN_LATE_MS ? TURN_LATE_MS
	    : ms < TURN_MOST_MS ? ms : TURN_MOST_MS);
}

static void turn_wait(const struct account *a)
{
	if (a->turns_s != 0 && (turning.fn == NULL || !timer_is_on(&turning)
	    || a->turns_s < turning_s))
		turn_at(a->turns_s);
}

/* Whose date has come is read again, and gets the next one from that. */
static void turned(void *ctx)
{
	int64_t now_s = wall_now_ms() / 1000, next_s = INT64_MAX;
	struct account *a;
	size_t at = 0;

	(void)ctx;
	while ((a = map_next(&by_uuid, &at)) != NULL) {
		if (a->turns_s == 0)
			continue;
		if (a->turns_s <= now_s) {
			a->turns_s = 0;
			account_stale(a);
		} else if (a->turns_s < next_s) {
			next_s = a->turns_s;
		}
	}
	if (next_s != INT64_MAX)
		turn_at(next_s);
}

/* --- known by the person's UUID ------------------------------------------------------------ */

void account_uuid_drop(struct account *a)
{
	if (map_find(&by_uuid, a->person_uuid) == a)
		map_take(&by_uuid, a->person_uuid);
}

void account_uuid_put(struct account *a)
{
	struct account *other;

	if (a->person_uuid.n == 0)
		return;
	turn_wait(a);
	other = map_put(&by_uuid, a->person_uuid, a);
	if (other != NULL && other != a)
		account_stale(other);   /* a name that was given up */
}

/* --- may it be used? ----------------------------------------------------------------------------- */

static const char *const refusal_texts[] = {
	[XDB_REFUSAL_NONE] = NULL, [XDB_WRONG_PASSWORD] = NULL,
	[XDB_LOCKED] = "This account is locked in the directory.",
	[XDB_EXPIRED] = "This account has expired.",
	[XDB_MUST_CHANGE] = "The password must be changed first.",
	[XDB_SUSPENDED] = "This account is suspended in the directory.",
	[XDB_NO_RIGHT] = "This account can not be used.",
	[XDB_BAD_PASSWORD] = NULL,
};

static const char *const status_texts[] = {
	[PROFILE_ACTIVE] = NULL,
	[PROFILE_SUSPENDED] = "This account is suspended.",
	[PROFILE_PENDING] = "This account is not approved yet.",
	[PROFILE_EXPIRED] = "This account has expired.",
	[PROFILE_DELETED] = "This account was deleted.",
};

static const char *bar_of(const struct account *a,
    const struct xdb_account *loaded)
{
	const char *text = refusal_texts[loaded->person.refusal];

	if (!account_is_admitted(a, loaded->person.uuid))
		return "This account may not use this service.";

	if (text == NULL && loaded->profile.exists)
		text = status_texts[loaded->profile.status];
	return text;
}

static const char password_text[] = "The password was changed: log in again.";

/* Changed by others.  While a change of our own is under way it may be that, and
 * the first reading after it shows it. */
static bool password_is_new(struct account *a, const struct xdb_account *loaded)
{
	bool is_new = !slice_eq(a->password_changed,
	    loaded->person.password_changed);

	if (a->password_held != 0) {
		a->password_seen = a->password_seen || is_new;
		return false;
	}
	is_new = is_new && !a->password_ours;
	a->password_ours = false;
	return is_new;
}

/* RFC 6120 §4.9.3.12, not-authorized: the entity may not use the stream any
 * more, through no violation of its own (which policy-violation would say).
 * §4.9.3.16, reset: what established its security holds no more, and it is
 * welcome to establish it again. */
static void judge(struct account *a, const struct xdb_account *loaded)
{
	const char *condition = "not-authorized", *text = bar_of(a, loaded);

	if (!slice_eq(a->person_uuid, loaded->person.uuid)) {
		text = "This name belongs to somebody else now.";
	} else if (text == NULL && a->profile_dn.n != 0
	    && !loaded->profile.exists) {
		text = "This account was removed from the service.";
	} else if (text == NULL && password_is_new(a, loaded)) {
		a->password_turns++;
		condition = "reset";
		text = password_text;
	}
	if (text == NULL || !account_has_streams(a))
		return;
	log_event(LOG_INFO, "account-closed", a->jid.text, "sessions=%u why=%s",
	    a->session_n, text);
	account_close_sessions(a, condition, text);
}

static void gone(struct account *a)
{
	a->barred = "There is no such account any more.";
	log_event(LOG_INFO, "account-gone", a->jid.text, "sessions=%u",
	    a->session_n);
	account_close_sessions(a, "not-authorized", a->barred);
}

void account_password_begin(struct account *a)
{
	a->password_held++;
}

/* Not done, and yet another: that was somebody else, whatever became of ours. */
void account_password_end(struct account *a, bool is_done, uint64_t session_id)
{
	a->password_held--;
	a->password_turns += is_done || a->password_seen;
	if (is_done) {
		a->password_ours = !a->password_seen;
		account_close_others(a, session_id, "reset", password_text);
		account_live_defer(a);  /* what that reads may be older */
		account_stale(a);
	} else if (a->password_seen) {
		account_close_sessions(a, "reset", password_text);
	}
	if (a->password_held == 0)
		a->password_seen = false;
}

void account_password_changed(struct account *a)
{
	account_hold(a);                /* whoever is away is dropped at the end */
	a->password_turns++;
	account_stale(a);
	account_close_sessions(a, "reset", password_text);
	account_release(&a);
}

/* --- comparing ------------------------------------------------------------------------------------- */

struct change {                         /* in memory already; to be told */
	struct change *next;
	struct slice contact;
	enum xdb_subscription was;
	const struct xdb_pending *request;      /* or this: somebody asks */
};
struct changes { struct arena arena; struct change *first, **end; };

static struct change *change_add(struct changes *c, struct slice contact)
{
	struct change *one = ARENA_NEW(&c->arena, struct change);

	one->contact = slice_dup(&c->arena, contact);
	*c->end = one;
	c->end = &one->next;
	return one;
}

static bool is_same(const struct xdb_roster_item *a,
    const struct xdb_roster_item *b)
{
	bool same = slice_eq(a->name, b->name) && a->ask == b->ask
	    && a->subscription == b->subscription
	    && a->approved == b->approved && a->group_n == b->group_n
	    && a->is_twice == b->is_twice;

	for (size_t i = 0; same && i < a->group_n; i++)
		same = slice_eq(a->groups[i], b->groups[i]);
	return same;
}

/* NULL: it is to go. */
static void contact_follow(struct account *a, struct changes *c,
    struct slice jid, const struct xdb_roster_item *is)
{
	const struct xdb_roster_item *was = account_contact_at(a, jid);
	struct change *change;

	if (was != NULL && is != NULL && is_same(was, is))
		return;
	change = change_add(c, jid);
	change->was = (was != NULL ? was->subscription : SUB_NONE)
	    | shared_between(jid_bare(&a->jid), jid);
	account_contact_put(a, change->contact, is);
}

static void contacts_follow(struct account *a, const struct xdb_profile *p,
    struct changes *c)
{
	const struct xdb_roster_item *item;
	struct contact *contact;
	struct map loaded = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < p->roster_n; i++)
		map_put(&loaded, p->roster[i].jid, &p->roster[i]);
	while ((item = map_next(&loaded, &at)) != NULL)
		contact_follow(a, c, item->jid, item);
	for (at = 0; (contact = map_next(&a->contacts, &at)) != NULL; )
		if (map_find(&loaded, contact->item.jid) == NULL)
			contact_follow(a, c, contact->item.jid, NULL);
	map_fini(&loaded);
}

static void requests_follow(struct account *a, const struct xdb_profile *p,
    struct changes *c)
{
	struct map loaded = { 0 };
	struct request *r;

	for (size_t i = 0; i < p->pending_n; i++) {
		const struct xdb_pending *is = &p->pending[i];
		const struct xdb_pending *was = account_request_at(a, is->jid);

		map_put(&loaded, is->jid, &p->pending[i]);
		if (was == NULL)
			change_add(c, is->jid)->request = is;
		if (was == NULL || !slice_eq(was->status, is->status))
			account_request_put(a, is->jid, is);
	}
	LIST_EACH(r, &a->requests, struct request, link)
		if (map_find(&loaded, r->pending.jid) == NULL)
			account_request_put(a, r->pending.jid, NULL);
	map_fini(&loaded);
}

static void tell(struct account *a, const struct changes *c)
{
	for (const struct change *one = c->first; one != NULL; one = one->next)
		if (one->request != NULL)
			hook_request_came(a, one->request);
		else
			hook_contact_changed(a, one->contact, one->was);
}

void account_follow(struct account *a, const struct xdb_account *loaded)
{
	struct changes c = { .first = NULL };

	c.end = &c.first;
	account_hold(a);                /* who had the streams may let go */
	judge(a, loaded);
	account_person_take(a, loaded);
	a->barred = bar_of(a, loaded);
	a->roster_version = loaded->profile.roster_version;
	contacts_follow(a, &loaded->profile, &c);
	requests_follow(a, &loaded->profile, &c);
	tell(a, &c);
	arena_fini(&c.arena);
	account_release(&a);
}

/* --- reading ------------------------------------------------------------------------------------------ */

static void waited(void *ctx)
{
	(void)ctx;
	pump(NULL);
}

static void wait_a_while(void)
{
	if (again.fn == NULL)
		timer_init(&again, waited, NULL);
	if (!timer_is_on(&again))
		timer_start(&again, AGAIN_MS);
}

static void unreadable_over(void *ctx)
{
	struct account *a;

	(void)ctx;
	while ((a = LIST_FIRST(&unreadable, struct account, stale)) != NULL) {
		list_remove(&a->stale);
		a->is_unreadable = false;
		account_stale(a);
	}
}

/* The rights of the service may be wrong for a moment, and there is no news of
 * what was changed meanwhile.  Others do not wait for this one. */
static void keep_in_doubt(struct account *a)
{
	a->is_stale = a->is_unreadable = true;
	list_remove(&a->stale);
	list_push(&unreadable, &a->stale);
	if (unreadable_again.fn == NULL)
		timer_init(&unreadable_again, unreadable_over, NULL);
	if (timer_is_on(&unreadable_again))
		return;
	unreadable_ms = unreadable_ms == 0 ? AGAIN_MS
	    : unreadable_ms * 2 < UNREADABLE_MOST_MS ? unreadable_ms * 2
	    : UNREADABLE_MOST_MS;
	timer_start(&unreadable_again, unreadable_ms);
}

static void read_again(const struct xdb_result *res, void *ctx)
{
	struct account *a = ctx;
	bool is_unreadable = res->status != XDB_OK && res->status != XDB_ABSENT
	    && res->status != XDB_BUSY && res->status != XDB_DOWN;

	a->op = NULL;
	reading_n--;
	account_hold(a);
	if (res->status == XDB_OK && account_is_named(&res->account->person,
	    jid_local(&a->jid))) {
		account_follow(a, res->account);
	} else if (res->status == XDB_OK || res->status == XDB_ABSENT) {
		gone(a);
	} else if (is_unreadable) {
		log_event(LOG_WARN, "account-unreadable", a->jid.text, "why=%s",
		    res->why);
	} else {
		a->is_stale = true;
		wait_a_while();
	}
	if (is_unreadable)
		keep_in_doubt(a);
	else
		account_live_resume(a);
	if (res->status == XDB_OK)
		unreadable_ms = 0;
	account_release(&a);
	pump(NULL);
}

/* --- the end -------------------------------------------------------------------------------------------- */

void account_live_over(struct account *a)
{
	account_live_defer(a);
	list_remove(&a->look);
	account_uuid_drop(a);
}
