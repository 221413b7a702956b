/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/admin.c — reading and changing roles and affiliations.
 *
 * A request is about roles (by nick, at once) or about affiliations (by bare
 * JID, through change.c).  Nothing of it is done unless all of it may be. */
#include "feat/muc/admin.h"

#include "feat/muc/change.h"
#include "feat/muc/invite.h"
#include "feat/muc/nick.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

enum { REASON_BYTES_MOST = 1024, AFFILIATES_MOST = 10000 };

static struct standing standing_of(const struct room *r, const struct jid *who)
{
	const struct seat *s = seat_find(r, who);

	if (s != NULL)
		return s->occupant->standing;
	return (struct standing){ affiliation_of(r, who), ROLE_NONE };
}

static const struct elem *first_item(const struct job *j)
{
	return elem_child(job_payload(j), NS_MUC_ADMIN, "item");
}

/* --- reading lists --- */

static struct elem *item_add(struct arena *a, struct elem *query,
    enum xdb_affiliation affiliation, struct slice jid, struct slice nick)
{
	struct elem *item = elem_add(a, query, NS_MUC_ADMIN, "item");

	elem_set_cstr(a, item, "affiliation", affiliation_name(affiliation));
	elem_set(a, item, "jid", jid);
	if (nick.n != 0)
		elem_set(a, item, "nick", nick);
	return item;
}

static void list_affiliation(struct job *j, const struct room *r,
    enum xdb_affiliation which)
{
	struct elem *query = elem_new(&j->arena, NS_MUC_ADMIN, "query");
	struct affiliates_walk w = { .which = which };
	struct xdb_room_person p;
	struct elem *item;

	while (affiliates_walk(r, &w, &j->arena, &p)) {
		item = item_add(&j->arena, query, which, p.jid, p.nick);
		if (p.reason.n != 0)
			elem_add_text_child(&j->arena, item, NS_MUC_ADMIN,
			    "reason", p.reason);
	}
	job_reply(j, query);
}

static void list_role(struct job *j, const struct room *r, enum role which)
{
	struct elem *query = elem_new(&j->arena, NS_MUC_ADMIN, "query");
	const struct occupant *o;
	struct elem *item;

	LIST_EACH(o, &r->occupants, struct occupant, link) {
		if (o->standing.role != which)
			continue;
		item = item_add(&j->arena, query, o->standing.affiliation,
		    jid_full(&o->main->full), occupant_nick(o));
		elem_set_cstr(&j->arena, item, "role", role_name(which));
	}
	job_reply(j, query);
}

void admin_get(struct job *j, struct room *r)
{
	const struct elem *item = first_item(j);
	struct standing asker = standing_of(r, &j->from);
	bool is_known = r->config.is_members_only
	    && r->config.whois == WHOIS_ANYONE;
	enum xdb_affiliation affiliation;
	enum role role;

	if (item == NULL) {
		job_fail(j, SE_BAD_REQUEST, NULL);
	} else if (affiliation_parse(elem_attr(item, "affiliation"),
	    &affiliation) && affiliation != AFF_NONE) {
		if (affiliation_may_list(asker.affiliation, affiliation, is_known))
			list_affiliation(j, r, affiliation);
		else
			job_fail(j, SE_FORBIDDEN, NULL);
	} else if (role_parse(elem_attr(item, "role"), &role)
	    && role != ROLE_NONE) {
		if (asker.role == ROLE_MODERATOR)
			list_role(j, r, role);
		else
			job_fail(j, SE_FORBIDDEN, NULL);
	} else {
		job_fail(j, SE_BAD_REQUEST, NULL);
	}
}

/* --- what is asked for --- */

static struct slice reason_of(struct job *j, const struct elem *item)
{
	const struct elem *e = elem_child(item, NS_MUC_ADMIN, "reason");
	struct slice text = e != NULL ? elem_text(&j->arena, e) : SLICE("");

	return text.n <= REASON_BYTES_MOST ? text : SLICE("");
}

/* Who does it, by nick; copied, for they may be gone before it is told. */
static struct cause cause_of(struct job *j, const struct room *r)
{
	const struct seat *s = seat_find(r, &j->from);
	struct cause c = { .reason = reason_of(j, first_item(j)) };

	if (s != NULL)
		c.actor = slice_dup(&j->arena, occupant_nick(s->occupant));
	return c;
}

static bool read_nick(struct job *j, struct slice text, struct slice *nick_r)
{
	return jid_prep_resource(&j->arena, text, nick_r)
	    && nick_clean(&j->arena, *nick_r, nick_r);
}

static enum stanza_error error_of(enum verdict v)
{
	return v == VERDICT_FORBIDDEN ? SE_FORBIDDEN : SE_NOT_ALLOWED;
}

/* --- roles --- */

struct role_wish { struct slice nick; enum role to; struct slice reason; };

static bool read_role_wish(struct job *j, const struct elem *item,
    struct role_wish *w)
{
	w->reason = reason_of(j, item);
	return elem_attr(item, "affiliation").p == NULL
	    && role_parse(elem_attr(item, "role"), &w->to)
	    && read_nick(j, elem_attr(item, "nick"), &w->nick);
}

static bool may_have_role(const struct job *j, const struct room *r,
    const struct role_wish *w, enum stanza_error *error_r)
{
	const struct occupant *o = occupant_by_nick(r, w->nick);
	enum verdict v;

	if (o == NULL) {
		*error_r = standing_of(r, &j->from).role == ROLE_MODERATOR
		    ? SE_ITEM_NOT_FOUND : SE_FORBIDDEN;
		return false;
	}
	v = role_change(standing_of(r, &j->from), o->standing, w->to);
	*error_r = error_of(v);
	return v == VERDICT_ALLOWED;
}

static void give_role(struct room *r, const struct role_wish *w,
    struct slice actor)
{
	struct occupant *o = occupant_by_nick(r, w->nick);
	struct cause why = { actor, w->reason };
	enum role was;

	if (o == NULL || o->standing.role == w->to)
		return;                 /* named twice */
	if (w->to == ROLE_NONE) {
		presence_remove(o, &(struct notice){ .is_unavailable = true,
		    .is_leaving = true, .codes = { 307 }, .cause = why });
		return;
	}
	was = o->standing.role;
	o->standing.role = w->to;
	presence_promoted(o, was, &why);
}

static void set_roles(struct job *j, struct room *r, unsigned n)
{
	struct role_wish *wishes = arena_alloc(&j->arena, n * sizeof *wishes);
	struct slice actor = cause_of(j, r).actor;
	const struct elem *item = first_item(j);
	enum stanza_error error;

	for (unsigned i = 0; i < n; i++) {
		error = SE_BAD_REQUEST;
		if (!read_role_wish(j, item, &wishes[i])
		    || !may_have_role(j, r, &wishes[i], &error)) {
			job_fail(j, error, NULL);
			return;
		}
		item = elem_next(item, NS_MUC_ADMIN, "item");
	}
	for (unsigned i = 0; i < n; i++)
		give_role(r, &wishes[i], actor);
	job_reply(j, NULL);
}

/* --- affiliations --- */

static bool may_change(struct job *j, struct room *r, const struct change *c,
    struct refusal *why_r);
static void changed(struct job *j, struct room *r, const struct change *c);

/* By bare JID or domain; the nick of an occupant does, too (IRC's habit). */
static bool read_whom(struct job *j, const struct room *r,
    const struct elem *item, struct slice *jid_r)
{
	struct slice text = elem_attr(item, "jid"), nick;
	const struct occupant *o;
	struct jid jid;

	if (text.n != 0) {
		if (!jid_parse(&j->arena, text, &jid))
			return false;
		*jid_r = jid_bare(&jid);
		return true;
	}
	if (!read_nick(j, elem_attr(item, "nick"), &nick)
	    || (o = occupant_by_nick(r, nick)) == NULL)
		return false;
	*jid_r = slice_dup(&j->arena, jid_bare(&o->real));
	return true;
}

/* §9.5: a nick beside the JID is reserved for them, an empty one is given up. */
static bool read_reserved(struct job *j, const struct room *r,
    const struct elem *item, struct xdb_room_person *p)
{
	const struct affiliate *a = affiliate_of(r, p->jid);
	struct slice nick = elem_attr(item, "nick");

	if (p->affiliation < AFF_MEMBER || elem_attr(item, "jid").n == 0)
		return true;
	if (nick.p == NULL && a != NULL)
		p->nick = slice_dup(&j->arena, a->person.nick);
	return nick.n == 0 || read_nick(j, nick, &p->nick);
}

static bool is_named_before(const struct change *c, struct slice jid)
{
	for (size_t i = 0; i < c->n; i++)
		if (slice_eq(c->is[i].jid, jid))
			return true;
	return false;
}

static bool read_change(struct job *j, const struct room *r,
    const struct elem *item, struct change *c)
{
	struct xdb_room_person *p = &c->is[c->n];

	if (elem_attr(item, "role").p != NULL
	    || !affiliation_parse(elem_attr(item, "affiliation"),
	    &p->affiliation)
	    || !read_whom(j, r, item, &p->jid) || is_named_before(c, p->jid)
	    || !read_reserved(j, r, item, p))
		return false;
	/* A domain may be let in or kept out as a whole, and no more. */
	if (p->affiliation > AFF_MEMBER && memchr(p->jid.p, '@', p->jid.n) == NULL)
		return false;
	p->reason = reason_of(j, item);
	c->n++;
	return true;
}

static void set_affiliations(struct job *j, struct room *r, unsigned n)
{
	struct change *c = ARENA_NEW(&j->arena, struct change);
	const struct elem *item = first_item(j);

	*c = (struct change){ .cause = cause_of(j, r), .check = may_change,
		.done = changed,
		.is = arena_alloc(&j->arena, n * sizeof *c->is) };
	for (; item != NULL; item = elem_next(item, NS_MUC_ADMIN, "item"))
		if (!read_change(j, r, item, c)) {
			job_fail(j, SE_BAD_REQUEST, NULL);
			return;
		}
	change_make(j, r, c);
}

/* §9.1: banning oneself; a nick that is another's. */
static bool conflicts(const struct job *j, const struct room *r,
    const struct xdb_room_person *p)
{
	const struct affiliate *holder;

	if (p->affiliation == AFF_OUTCAST && (slice_eq(p->jid, jid_bare(&j->from))
	    || slice_eq(p->jid, jid_domain(&j->from))))
		return true;
	holder = p->nick.n != 0 ? affiliate_by_nick(r, p->nick) : NULL;
	return holder != NULL && !slice_eq(holder->person.jid, p->jid);
}

/* §10.2: a room always has an owner. */
static bool leaves_no_owner(const struct room *r, const struct change *c)
{
	long owners = (long)affiliates_count(r, AFF_OWNER), lost = 0;

	for (size_t i = 0; i < c->n; i++) {
		lost += affiliation_exact(r, c->is[i].jid)
		    == AFF_OWNER;
		owners += c->is[i].affiliation == AFF_OWNER;
	}
	return lost != 0 && owners - lost <= 0;
}

/* Somebody cannot be less than the list makes them, but for being banned. */
static bool is_for_the_list(const struct room *r,
    const struct xdb_room_person *p)
{
	return p->affiliation != AFF_OUTCAST
	    && affiliation_exact(r, p->jid) != AFF_OUTCAST
	    && p->affiliation < affiliation_by_list(r, p->jid);
}

static bool may_change_one(struct job *j, const struct room *r,
    const struct xdb_room_person *p, struct refusal *why_r)
{
	enum verdict v = affiliation_change(affiliation_of(r, &j->from),
	    affiliation_exact(r, p->jid), p->affiliation);

	*why_r = (struct refusal){ .error = error_of(v) };
	if (v != VERDICT_ALLOWED)
		return false;
	*why_r = (struct refusal){ SE_NOT_ALLOWED, "This room follows a list of "
	    "the directory, and the list decides: who is on it can be banned "
	    "here, and removed only there." };
	if (is_for_the_list(r, p))
		return false;
	*why_r = (struct refusal){ .error = SE_CONFLICT };
	return !conflicts(j, r, p);
}

static bool may_change(struct job *j, struct room *r, const struct change *c,
    struct refusal *why_r)
{
	for (size_t i = 0; i < c->n; i++)
		if (!may_change_one(j, r, &c->is[i], why_r))
			return false;
	if (leaves_no_owner(r, c))
		return false;
	why_r->error = SE_RESOURCE_CONSTRAINT;
	return map_count(&r->affiliates) + c->n <= AFFILIATES_MOST;
}

/* §9.5: who became a member of a members-only room is told of it. */
static void changed(struct job *j, struct room *r, const struct change *c)
{
	for (size_t i = 0; i < c->n && r->config.is_members_only; i++)
		if (c->is[i].affiliation == AFF_MEMBER
		    && c->was[i] == AFF_NONE)
			invite_member(r, c->is[i].jid);
	job_reply(j, NULL);
}

/* --- both --- */

void admin_set(struct job *j, struct room *r)
{
	const struct elem *item = first_item(j);
	unsigned n = 0;

	for (const struct elem *e = item; e != NULL;
	    e = elem_next(e, NS_MUC_ADMIN, "item"))
		n++;
	if (n == 0)
		job_fail(j, SE_BAD_REQUEST, NULL);
	else if (n > CHANGE_ITEMS_MOST)
		job_fail(j, SE_NOT_ACCEPTABLE, "Too many items in one request.");
	else if (elem_attr(item, "role").p != NULL)
		set_roles(j, r, n);
	else
		set_affiliations(j, r, n);
}
