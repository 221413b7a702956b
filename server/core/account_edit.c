/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_edit.c — changing a roster: directory first, then memory.
 *
 *   queue ─► plan ─► (profile, if the person has none) ─► modify ─► memory ─► next
 *              ▲                                             │
 *              └────────────── load again ◄── CONFLICT ──────┘   at most 3 times
 *
 * One change of an account at a time; the others wait in its queue.  The job
 * is detached by then, so a session that goes does not take the change along. */
#include <assert.h>

#include "base/settings.h"
#include "core/account_own.h"
#include "core/host.h"

enum { TRIES_MOST = 3 };

struct account_edit_work {
	struct account *account;        /* held by the job */
	struct slice contact;
	struct slice uuid;              /* whose list it was: names are given on */
	account_plan_fn *plan;
	job_stored_fn *stored;
	struct account_edit edit;
	unsigned tries;
};

static void edit_run(struct job *j);
static void edit_profile_made(struct job *j, const struct xdb_result *res);
static void edit_answered(struct job *j, const struct xdb_result *res);
static void edit_loaded(struct job *j, const struct xdb_result *res);

static void next_editor(struct account *a)
{
	struct job *j = LIST_FIRST(&a->editing, struct job, wait);

	if (a->editor != NULL || j == NULL)
		return;
	list_remove(&j->wait);
	account_live_defer(a);
	a->editor = j;
	edit_run(j);
}

static void edit_finish(struct job *j, enum xdb_status status)
{
	struct account *a = j->edit->account;
	job_stored_fn *stored = j->edit->stored;

	account_hold(a);                /* the job may end in `stored` */
	a->editor = NULL;
	j->edit = NULL;
	stored(j, status);
	next_editor(a);
	account_live_resume(a);
	account_release(&a);
}

void account_edit_start(struct job *j, struct account *a,
    struct slice contact, account_plan_fn *plan, job_stored_fn *next)
{
	struct account_edit_work *w = ARENA_NEW(&j->arena,
	    struct account_edit_work);

	assert(j->edit == NULL);
	*w = (struct account_edit_work){ .account = a,
		.contact = slice_dup(&j->arena, contact), .plan = plan,
		.uuid = slice_dup(&j->arena, a->person_uuid),
		.stored = next };
	j->edit = w;
	list_push(&a->editing, &j->wait);
	next_editor(a);
}

void account_edit_over(struct job *j)
{
	if (j->edit != NULL && j->edit->account->editor == j)
		j->edit->account->editor = NULL;
	j->edit = NULL;
}

static struct xdb_op *modify(const struct account_edit_work *w)
{
	const struct account *a = w->account;
	struct xdb_roster_change c = { .profile_dn = a->profile_dn,
		.person_uuid = a->person_uuid,
		.version = a->roster_version };

	if (w->edit.changes_item) {
		c.item_remove = account_contact_at(a, w->contact);
		c.item_add = w->edit.item;
	}
	if (w->edit.changes_pending) {
		c.pending_remove = account_request_at(a, w->contact);
		c.pending_add = w->edit.pending;
	}
	return xdb_roster_change(host.xdb, &c);
}

static void edit_run(struct job *j)
{
	struct account_edit_work *w = j->edit;
	struct account *a = w->account;
	struct xdb_person person = { .dn = a->person_dn,
		.uuid = a->person_uuid, .uid = a->uid };

	w->edit = (struct account_edit){ 0 };
	if (!slice_eq(w->uuid, a->person_uuid)) {
		edit_finish(j, XDB_CONFLICT);
		return;
	}
	if (!w->plan(j, a, &w->edit)) {
		edit_finish(j, XDB_OK);
		return;
	}
	if (a->profile_dn.n != 0)
		job_await(j, modify(w), edit_answered);
	else if (host.settings->ldap.provision == PROVISION_LOGIN)
		job_await(j, xdb_profile_create(host.xdb, &person,
		    jid_bare(&a->jid)), edit_profile_made);
	else
		edit_finish(j, XDB_REFUSED);
}

static void load_again(struct job *j)
{
	struct slice local = jid_local(&j->edit->account->jid);

	job_await(j, xdb_account_load(host.xdb, local), edit_loaded);
}

static void edit_profile_made(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK)
		load_again(j);
	else            /* the address is another profile's: there is no account */
		edit_finish(j, res->status == XDB_CONFLICT ? XDB_REFUSED
		    : res->status);
}

static void edit_answered(struct job *j, const struct xdb_result *res)
{
	struct account_edit_work *w = j->edit;
	struct account *a = w->account;

	if (res->status == XDB_CONFLICT && ++w->tries < TRIES_MOST) {
		load_again(j);
		return;
	}
	if (res->status == XDB_OK) {
		a->roster_version = res->version;
		if (w->edit.changes_item)
			account_contact_put(a, w->contact, w->edit.item);
		if (w->edit.changes_pending)
			account_request_put(a, w->contact, w->edit.pending);
	}
	edit_finish(j, res->status);
}

static void edit_loaded(struct job *j, const struct xdb_result *res)
{
	struct account_edit_work *w = j->edit;

	if (res->status != XDB_OK) {
		edit_finish(j, res->status);
		return;
	}
	account_follow(w->account, res->account);
	if (w->account->profile_dn.n == 0 && ++w->tries >= TRIES_MOST)
		edit_finish(j, XDB_BROKEN);
	else
		edit_run(j);
}
