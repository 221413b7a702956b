/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/invite.c — inviting through the room, and declining.
 *
 * In a members-only room an invitation makes a member, so it takes an admin, or
 * a member where the owner allows that.  A refusal goes to nobody but an
 * occupant: a room is no way to write to strangers. */
#include "feat/muc/invite.h"

#include "core/route.h"
#include "feat/muc/change.h"
#include "feat/muc/occupant.h"
#include "xml/ns.h"

enum { REASON_BYTES_MOST = 1024, INVITES_MOST = 20 };

static bool may_still_invite(struct job *j, struct room *r,
    const struct change *c, struct refusal *why_r);
static void members_made(struct job *j, struct room *r, const struct change *c);

/* --- the room's message --- */

static struct elem *invitation_new(struct arena *a, const struct room *r,
    struct slice to)
{
	struct elem *m = elem_new(a, NS_CLIENT, "message");

	elem_set(a, m, "from", jid_full(&r->jid));
	elem_set(a, m, "to", to);
	return m;
}

static struct elem *invite_add(struct arena *a, const struct room *r,
    struct elem *m, struct slice from)
{
	struct elem *x = elem_add(a, m, NS_MUC_USER, "x");
	struct elem *invite = elem_add(a, x, NS_MUC_USER, "invite");

	elem_set(a, invite, "from", from);
	if (r->config.asks_password)
		elem_add_text_child(a, x, NS_MUC_USER, "password",
		    r->config.password);
	return invite;
}

/* Sends a message that borrows from room and job, which may be gone before it
 * is delivered. */
static void post(struct arena *a, const struct elem *m)
{
	struct arena fresh = { NULL };
	struct elem *copy = elem_copy(&fresh, m);

	arena_fini(a);
	route_new(&fresh, copy);
}

static void copy_reason(struct arena *a, struct elem *to,
    const struct elem *from)
{
	const struct elem *reason = elem_child(from, NS_MUC_USER, "reason");
	const struct elem *goes_on = elem_child(from, NS_MUC_USER, "continue");
	struct slice text = reason != NULL ? elem_text(a, reason) : SLICE("");
	struct slice thread;

	if (text.n != 0 && text.n <= REASON_BYTES_MOST)
		elem_add_text_child(a, to, NS_MUC_USER, "reason", text);
	if (goes_on == NULL)
		return;
	thread = elem_attr(goes_on, "thread");
	elem_set(a, elem_add(a, to, NS_MUC_USER, "continue"), "thread", thread);
}

/* The bare JID says who invites: the invited must be able to judge. */
static void invite_send(const struct job *j, const struct room *r,
    const struct elem *asked)
{
	struct arena a = { NULL };
	struct elem *m = invitation_new(&a, r, elem_attr(asked, "to"));

	copy_reason(&a, invite_add(&a, r, m, jid_bare(&j->from)), asked);
	post(&a, m);
}

void invite_member(struct room *r, struct slice bare)
{
	struct arena a = { NULL };
	struct jid who;
	struct elem *m;

	/* To an account; a domain cannot be invited, who is here need not be. */
	if (!jid_parse(&a, bare, &who) || who.local_n == 0
	    || guest_is_in(r, &who)) {
		arena_fini(&a);
		return;
	}
	m = invitation_new(&a, r, jid_full(&who));
	invite_add(&a, r, m, jid_full(&r->jid));
	post(&a, m);
}

/* --- inviting --- */

static bool may_invite(const struct room *r, const struct jid *who)
{
	enum xdb_affiliation least = !r->config.is_members_only ? AFF_NONE
	    : r->config.may_members_invite ? AFF_MEMBER : AFF_ADMIN;

	return affiliation_of(r, who) >= least;
}

/* Those of the invited who are nothing yet, and become members by it. */
static struct change *new_members(struct job *j, const struct room *r,
    const struct elem *x)
{
	struct change *c = ARENA_NEW(&j->arena, struct change);
	struct jid who;

	*c = (struct change){ .check = may_still_invite, .done = members_made,
		.is = arena_alloc(&j->arena, INVITES_MOST * sizeof *c->is) };
	for (const struct elem *e = elem_child(x, NS_MUC_USER, "invite");
	    e != NULL; e = elem_next(e, NS_MUC_USER, "invite"))
		if (jid_parse(&j->arena, elem_attr(e, "to"), &who)
		    && affiliation_of(r, &who) == AFF_NONE)
			c->is[c->n++] = (struct xdb_room_person){
				.jid = jid_bare(&who), .affiliation = AFF_MEMBER };
	return c;
}

static bool are_good(struct job *j, const struct elem *x)
{
	unsigned n = 0;
	struct jid who;

	for (const struct elem *e = elem_child(x, NS_MUC_USER, "invite");
	    e != NULL; e = elem_next(e, NS_MUC_USER, "invite"))
		if (++n > INVITES_MOST
		    || !jid_parse(&j->arena, elem_attr(e, "to"), &who)
		    || who.local_n == 0)
			return false;
	return true;
}

static const struct elem *x_of(const struct job *j)
{
	return elem_child(j->stanza, NS_MUC_USER, "x");
}

static void send_all(struct job *j, const struct room *r)
{
	for (const struct elem *e = elem_child(x_of(j), NS_MUC_USER, "invite");
	    e != NULL; e = elem_next(e, NS_MUC_USER, "invite"))
		invite_send(j, r, e);
	job_done(j);
}

static void invite(struct job *j, struct room *r)
{
	if (seat_find(r, &j->from) == NULL)
		job_fail(j, SE_NOT_ACCEPTABLE, "You are not in this room.");
	else if (!may_invite(r, &j->from))
		job_fail(j, SE_FORBIDDEN, "You may not invite to this room.");
	else if (!are_good(j, x_of(j)))
		job_fail(j, SE_JID_MALFORMED, NULL);
	else if (r->config.is_members_only)
		change_make(j, r, new_members(j, r, x_of(j)));
	else
		send_all(j, r);
}

static bool may_still_invite(struct job *j, struct room *r,
    const struct change *c, struct refusal *why_r)
{
	(void)c;
	why_r->error = SE_FORBIDDEN;
	return may_invite(r, &j->from);
}

static void members_made(struct job *j, struct room *r, const struct change *c)
{
	(void)c;
	send_all(j, r);
}

/* --- declining --- */

/* The inviter as an occupant: by nick, or by bare JID. */
static const struct occupant *inviter(const struct room *r,
    const struct jid *who)
{
	const struct occupant *o;

	if (jid_eq_bare(who, &r->jid))
		return occupant_by_nick(r, jid_resource(who));
	LIST_EACH(o, &r->occupants, struct occupant, link)
		if (jid_eq_bare(&o->real, who))
			return o;
	return NULL;
}

static void decline(struct job *j, struct room *r, const struct elem *asked)
{
	struct arena a = { NULL };
	const struct occupant *to;
	struct elem *m, *x;
	struct jid who;

	if (!jid_parse(&j->arena, elem_attr(asked, "to"), &who)
	    || (to = inviter(r, &who)) == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	m = invitation_new(&a, r, jid_full(&to->main->full));
	x = elem_add(&a, elem_add(&a, m, NS_MUC_USER, "x"), NS_MUC_USER,
	    "decline");
	elem_set(&a, x, "from", jid_bare(&j->from));
	copy_reason(&a, x, asked);
	post(&a, m);
	job_done(j);
}

bool invite_message(struct job *j, struct room *r)
{
	const struct elem *x = x_of(j), *e;

	if (x == NULL)
		return false;
	if (elem_child(x, NS_MUC_USER, "invite") != NULL)
		invite(j, r);
	else if ((e = elem_child(x, NS_MUC_USER, "decline")) != NULL)
		decline(j, r, e);
	else
		return false;
	return true;
}
