/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/change.c — affiliations, one after the other: directory, then room. */
#include "feat/muc/change.h"

#include "core/account.h"
#include "core/host.h"

static void change_turn(struct job *j, struct room *r);
static void change_next(struct job *j);
static void change_stored(struct job *j, const struct xdb_result *res);
static void look_up(struct job *j, const struct room *r, const struct change *c);
static void looked_up(struct job *j, const struct xdb_result *res);

static struct change *change_of(struct job *j)
{
	return visit_of(j)->notes;
}

void change_make(struct job *j, struct room *r, struct change *c)
{
	c->at = 0;
	c->was = arena_alloc(&j->arena, (c->n + 1) * sizeof *c->was);
	visit_of(j)->notes = c;
	room_edit(j, r, change_turn);
}

static void change_turn(struct job *j, struct room *r)
{
	const struct change *c = change_of(j);
	struct refusal why = { .text = NULL };

	if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	} else if (!c->check(j, r, c, &why)) {
		room_edit_done(r);
		job_fail(j, why.error, why.text);
	} else {
		look_up(j, r, c);
	}
}

/* --- who they are --- */

/* A temporary room has no entry, whose DN would say it: a ban is of the person, so it
 * must be known who that is. */
static void look_up(struct job *j, const struct room *r, const struct change *c)
{
	struct slice *names = arena_alloc(&j->arena, (c->n + 1) * sizeof *names);
	struct slice domain;
	size_t n = 0;

	for (size_t i = 0; i < c->n && !room_is_stored(r); i++)
		if (slice_cut(c->is[i].jid, '@', &names[n], &domain)
		    && slice_eq(domain, jid_domain(&host.jid)))
			n++;
	if (n != 0)
		job_await(j, xdb_people_look(host.xdb, names, n), looked_up);
	else
		change_next(j);
}

static void take_person(struct job *j, struct xdb_room_person *is,
    const struct xdb_result *res)
{
	struct slice local, domain;

	if (!slice_cut(is->jid, '@', &local, &domain)
	    || !slice_eq(domain, jid_domain(&host.jid)))
		return;
	for (size_t i = 0; i < res->n; i++)
		if (account_is_named(&res->accounts[i].person, local)) {
			is->dn = slice_dup(&j->arena, res->accounts[i].person.dn);
			is->uuid = slice_dup(&j->arena,
			    res->accounts[i].person.uuid);
		}
}

static void looked_up(struct job *j, const struct xdb_result *res)
{
	struct change *c = change_of(j);

	if (res->status != XDB_OK) {
		room_edit_done(room_edited(j));
		job_fail_xdb(j, res->status);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		take_person(j, &c->is[i], res);
	change_next(j);
}

/* --- one after the other --- */

static struct xdb_room_person as_it_is(const struct room *r, struct slice jid)
{
	const struct affiliate *a = affiliate_of(r, jid);

	return a != NULL ? a->person
	    : (struct xdb_room_person){ .jid = jid, .affiliation = AFF_NONE };
}

/* What the list says anyway needs no entry, and ends with it. */
static void leave_to_list(const struct room *r, struct xdb_room_person *is)
{
	if (is->affiliation != affiliation_by_list(r, is->jid)
	    || is->nick.n != 0)
		return;
	is->affiliation = AFF_NONE;
	is->reason = SLICE("");
}

static bool is_same(const struct xdb_room_person *a,
    const struct xdb_room_person *b)
{
	return a->affiliation == b->affiliation && slice_eq(a->nick, b->nick)
	    && slice_eq(a->reason, b->reason);
}

/* What was taken is told, whatever became of the rest. */
static void change_ends(struct job *j)
{
	struct room *r = room_edited(j);

	affiliations_apply(r, &change_of(j)->cause);
	room_edit_done(r);
}

static void change_next(struct job *j)
{
	struct room *r = room_edited(j);
	struct change *c = change_of(j);

	for (; c->at < c->n; c->at++) {
		struct xdb_room_person *is = &c->is[c->at];
		struct xdb_room_person was = as_it_is(r, is->jid);

		c->was[c->at] = was.affiliation;
		if (is->uuid.n == 0) {
			is->dn = was.dn;
			is->uuid = was.uuid;
		}
		leave_to_list(r, is);
		if (is_same(&was, is))
			continue;
		if (room_is_stored(r)) {
			job_await(j, xdb_room_set_affiliation(host.xdb,
			    buf_slice(&r->dn), &was, is), change_stored);
			return;
		}
		affiliate_put(r, is);
	}
	change_ends(j);
	c->done(j, r, c);
}

static void change_stored(struct job *j, const struct xdb_result *res)
{
	struct room *r = room_edited(j);
	struct change *c = change_of(j);

	if (res->status == XDB_OK) {
		affiliate_put(r, &c->is[c->at++]);
		change_next(j);
		return;
	}
	if (res->status == XDB_CONFLICT || res->status == XDB_ABSENT)
		room_reread(r);         /* somebody else was here */
	change_ends(j);
	job_fail_xdb(j, res->status);
}
