/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/owner.c — the owner's form, and destroying a room.
 *
 *                        is temporary            has an entry
 *   shall be temporary   memory only             entry deleted
 *   shall be persistent  entry made              entry changed
 *
 * The form is read twice, before and after the directory was asked: between the
 * two it is this job's turn, so it says the same, and nothing needs to be kept. */
#include "feat/muc/owner.h"

#include "base/log.h"
#include "core/account.h"
#include "core/host.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

enum { REASON_BYTES_MOST = 1024 };

static void submit_turn(struct job *j, struct room *r);
static void submit_stored(struct job *j, const struct xdb_result *res);
static void entry_made(struct job *j, const struct xdb_result *res);
static void entry_removed(struct job *j, const struct xdb_result *res);
static void cancel_turn(struct job *j, struct room *r);
static void destroy_turn(struct job *j, struct room *r);
static void destroy_stored(struct job *j, const struct xdb_result *res);

static bool is_owner(const struct room *r, const struct jid *who)
{
	return affiliation_of(r, who) == AFF_OWNER;
}

void owner_get(struct job *j, struct room *r)
{
	struct elem *query;

	if (!is_owner(r, &j->from)) {
		job_fail(j, SE_FORBIDDEN, NULL);
		return;
	}
	query = elem_new(&j->arena, NS_MUC_OWNER, "query");
	elem_add_elem(&j->arena, query, config_form(&j->arena, &r->config,
	    jid_local(&r->jid)));
	job_reply(j, query);
}

/* --- settings (§10.1.2, 10.1.3, 10.2) --- */

static const struct elem *form_of(const struct job *j)
{
	return elem_child(job_payload(j), NS_DATA, "x");
}

/* False: it cannot be, and the job is failed. */
static bool read_form(struct job *j, struct room *r, struct room_config *next_r)
{
	const char *why = config_submit(&r->config, form_of(j), next_r);

	if (why == NULL)
		return true;
	room_edit_done(r);
	job_fail(j, SE_NOT_ACCEPTABLE, why);
	return false;
}

/* People who are online are stored as persons of the directory. */
static void add_dns(struct arena *a, struct xdb_room *entry)
{
	for (size_t i = 0; i < entry->person_n; i++) {
		struct xdb_room_person *p = &entry->people[i];
		const struct account *account;
		struct jid jid;

		if (p->dn.n == 0 && jid_parse(a, p->jid, &jid)
		    && host_is_local(&jid)
		    && (account = account_find(jid_local(&jid))) != NULL)
			p->dn = account->person_dn;
	}
}

static void configure(struct job *j, struct room *r,
    const struct room_config *next)
{
	struct xdb_room *entry = room_entry(&j->arena, r, next);
	const struct xdb_room *was = room_entry(&j->arena, r, &r->config);

	if (!room_is_stored(r)) {
		add_dns(&j->arena, entry);
		job_await(j, xdb_room_create(host.xdb, entry), entry_made);
	} else if (next->is_persistent) {
		job_await(j, xdb_room_configure(host.xdb, was, entry),
		    submit_stored);
	} else {
		job_await(j, xdb_room_delete(host.xdb, buf_slice(&r->dn)),
		    entry_removed);
	}
}

static void apply(struct job *j, struct room *r)
{
	struct room_config next;

	if (!read_form(j, r, &next))
		return;
	log_event(LOG_INFO, "room-configured", "-", "room=%s by=%s persistent=%d",
	    log_text(jid_full(&r->jid)), log_text(jid_bare(&j->from)),
	    next.is_persistent);
	r->is_locked = false;
	room_reconfigure(r, &next);
	room_edit_done(r);
	job_reply(j, NULL);
}

static void submit_turn(struct job *j, struct room *r)
{
	struct room_config next;

	if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	} else if (!is_owner(r, &j->from)) {
		room_edit_done(r);
		job_fail(j, SE_FORBIDDEN, NULL);
	} else if (read_form(j, r, &next)) {
		if (next.is_persistent || room_is_stored(r))
			configure(j, r, &next);
		else
			apply(j, r);
		config_fini(&next);
	}
}

static void not_stored(struct job *j, enum xdb_status status)
{
	room_edit_done(room_edited(j));
	job_fail_xdb(j, status);
}

static void submit_stored(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK)
		apply(j, room_edited(j));
	else
		not_stored(j, res->status);
}

static void entry_made(struct job *j, const struct xdb_result *res)
{
	struct room *r = room_edited(j);

	if (res->status == XDB_OK) {
		buf_add(&r->dn, res->room->dn);
		mend_begin(r);
		apply(j, r);
	} else if (res->status == XDB_CONFLICT) {
		room_reread(r);
		room_edit_done(r);
		job_fail(j, SE_CONFLICT, "There is an entry of this name.");
	} else {
		not_stored(j, res->status);
	}
}

static void entry_removed(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK || res->status == XDB_ABSENT) {
		buf_clear(&room_edited(j)->dn);
		apply(j, room_edited(j));
	} else {
		not_stored(j, res->status);
	}
}

/* §10.1.3: cancelling the first form is giving up the room. */
static void cancel_turn(struct job *j, struct room *r)
{
	struct elem *destroy = elem_new(&j->arena, NS_MUC_USER, "destroy");

	if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	if (r->is_locked) {
		presence_dissolve(r, destroy, 0);
		room_end(r);
	}
	room_edit_done(r);
	job_reply(j, NULL);
}

/* --- destroying (§10.9) --- */

/* What the owner said, and nothing else of it. */
static struct elem *destroy_element(struct job *j)
{
	const struct elem *asked = elem_child(job_payload(j), NS_MUC_OWNER,
	    "destroy"), *e;
	struct elem *destroy = elem_new(&j->arena, NS_MUC_USER, "destroy");
	struct jid venue;

	if (jid_parse(&j->arena, elem_attr(asked, "jid"), &venue))
		elem_set(&j->arena, destroy, "jid", jid_full(&venue));
	for (e = elem_child(asked, NS_MUC_OWNER, NULL); e != NULL;
	    e = elem_next(e, NS_MUC_OWNER, NULL)) {
		struct slice text = elem_text(&j->arena, e);

		if ((slice_is(e->name, "reason") || slice_is(e->name, "password"))
		    && text.n <= REASON_BYTES_MOST)
			elem_add_text_child(&j->arena, destroy, NS_MUC_USER,
			    slice_is(e->name, "reason") ? "reason" : "password",
			    text);
	}
	return destroy;
}

static void destroy(struct job *j, struct room *r)
{
	log_event(LOG_INFO, "room-destroyed", "-", "room=%s by=%s",
	    log_text(jid_full(&r->jid)), log_text(jid_bare(&j->from)));
	presence_dissolve(r, destroy_element(j), 0);
	room_end(r);
	room_edit_done(r);
	job_reply(j, NULL);
}

static void destroy_turn(struct job *j, struct room *r)
{
	if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	} else if (!is_owner(r, &j->from)) {
		room_edit_done(r);
		job_fail(j, SE_FORBIDDEN, NULL);
	} else if (room_is_stored(r)) {
		job_await(j, xdb_room_delete(host.xdb, buf_slice(&r->dn)),
		    destroy_stored);
	} else {
		destroy(j, r);
	}
}

static void destroy_stored(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK || res->status == XDB_ABSENT)
		destroy(j, room_edited(j));
	else
		not_stored(j, res->status);
}

/* --- which of them --- */

void owner_set(struct job *j, struct room *r)
{
	const struct elem *form = form_of(j);

	if (!is_owner(r, &j->from))
		job_fail(j, SE_FORBIDDEN, NULL);
	else if (elem_child(job_payload(j), NS_MUC_OWNER, "destroy") != NULL)
		room_edit(j, r, destroy_turn);
	else if (form != NULL && slice_is(elem_attr(form, "type"), "cancel"))
		room_edit(j, r, cancel_turn);
	else if (form != NULL && slice_is(elem_attr(form, "type"), "submit"))
		room_edit(j, r, submit_turn);
	else
		job_fail(j, SE_BAD_REQUEST, NULL);
}
