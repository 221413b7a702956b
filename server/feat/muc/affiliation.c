/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/affiliation.c — the lists of a room, and what follows from them. */
#include "feat/muc/affiliation.h"

#include <stdlib.h>

#include "core/account.h"
#include "core/host.h"
#include "feat/muc/affiliated.h"
#include "feat/muc/bound.h"
#include "feat/muc/presence.h"

/* --- the list --- */

static char *copy(char *at, struct slice from, struct slice *to_r)
{
	*to_r = slice_make(at, from.n);
	if (from.n != 0)
		memcpy(at, from.p, from.n);
	return at + from.n;
}

static struct affiliate *affiliate_new(const struct xdb_room_person *p)
{
	struct affiliate *a = mem_new(sizeof *a + p->jid.n + p->dn.n
	    + p->uuid.n + p->nick.n + p->reason.n);
	char *at = (char *)(a + 1);

	at = copy(at, p->jid, &a->person.jid);
	at = copy(at, p->dn, &a->person.dn);
	at = copy(at, p->uuid, &a->person.uuid);
	at = copy(at, p->nick, &a->person.nick);
	copy(at, p->reason, &a->person.reason);
	a->person.affiliation = p->affiliation;
	list_init(&a->fellows);
	return a;
}

static void affiliate_free(struct affiliate *a)
{
	if (a != NULL)
		affiliated_remove(a);
	free(a);
}

/* Somebody else had the address before, whose new one is not known here: they stay what
 * they are by another, as their profile may have (schema/README, Whose an address is). */
static void put_aside(struct room *r, struct affiliate *a)
{
	struct xdb_room_person p = a->person;
	struct buf jid = { 0 };

	buf_add(&jid, p.uuid);
	buf_addc(&jid, '@');
	buf_add(&jid, jid_domain(&host.jid));
	p.jid = buf_slice(&jid);
	affiliate_put(r, &p);
	buf_fini(&jid);
}

static bool is_another(const struct affiliate *a, struct slice uuid)
{
	return a->person.uuid.n != 0 && uuid.n != 0
	    && !slice_eq(a->person.uuid, uuid);
}

static void forget(struct room *r, struct affiliate *a)
{
	if (a != NULL)
		affiliate_free(map_take(&r->affiliates, a->person.jid));
}

void affiliate_put(struct room *r, const struct xdb_room_person *p)
{
	struct affiliate *fresh = affiliate_new(p);     /* p may point into the old */
	struct affiliate *old = map_take(&r->affiliates, fresh->person.jid);

	if (old != NULL && is_another(old, fresh->person.uuid))
		put_aside(r, old);      /* affiliated twice, till it is freed */
	affiliate_free(old);
	forget(r, affiliated_in(r, fresh->person.uuid));
	if (fresh->person.affiliation == AFF_NONE) {
		affiliate_free(fresh);
		return;
	}
	fresh->room = r;
	map_put(&r->affiliates, fresh->person.jid, fresh);
	affiliated_add(fresh);
}

const struct affiliate *affiliate_find(const struct room *r, struct slice bare)
{
	return map_find(&r->affiliates, bare);
}

/* Who is called so, as far as memory knows: of people of ours, who are in memory while
 * they are online. */
static struct slice uuid_of(struct slice bare)
{
	const struct account *a = NULL;
	struct slice local, domain;

	if (slice_cut(bare, '@', &local, &domain)
	    && slice_eq(domain, jid_domain(&host.jid)))
		a = account_find(local);
	return a != NULL ? a->person_uuid : slice_make(NULL, 0);
}

const struct affiliate *affiliate_of(const struct room *r, struct slice bare)
{
	struct slice uuid = uuid_of(bare);
	const struct affiliate *a = affiliated_in(r, uuid);

	if (a == NULL)
		a = affiliate_find(r, bare);
	return a != NULL && is_another(a, uuid) ? NULL : a;
}

const struct affiliate *affiliate_next(const struct room *r, size_t *at)
{
	return map_next(&r->affiliates, at);
}

void affiliates_clear(struct room *r)
{
	struct affiliate *x;
	size_t at = 0;

	while ((x = map_next(&r->affiliates, &at)) != NULL) {
		map_take(&r->affiliates, x->person.jid);
		affiliate_free(x);
	}
}

void affiliates_fini(struct room *r)
{
	affiliates_clear(r);
	map_fini(&r->affiliates);
}

/* --- looking --- */

static const struct { unsigned roles; enum xdb_affiliation affiliation; } ranks[] = {
	{ GROUP_OWNER,                     AFF_OWNER  },
	{ GROUP_EDITOR | GROUP_MODERATOR,  AFF_ADMIN  },
	{ GROUP_MEMBER,                    AFF_MEMBER },
};

static enum xdb_affiliation rank_of(unsigned roles)
{
	for (size_t i = 0; i < COUNT(ranks); i++)
		if (roles & ranks[i].roles)
			return ranks[i].affiliation;
	return AFF_NONE;
}

enum xdb_affiliation affiliation_by_list(const struct room *r,
    struct slice bare)
{
	const struct roll *l = bound_roll(r);
	struct slice local, domain;

	if (l == NULL || !slice_cut(bare, '@', &local, &domain)
	    || !slice_eq(domain, jid_domain(&host.jid)))
		return AFF_NONE;
	return rank_of(roll_find(l, local));
}

/* A ban holds whatever the list says, and nobody is less for being named. */
static enum xdb_affiliation both(const struct affiliate *a,
    enum xdb_affiliation listed)
{
	if (a == NULL)
		return listed;
	return a->person.affiliation == AFF_OUTCAST
	    || a->person.affiliation > listed ? a->person.affiliation : listed;
}

enum xdb_affiliation affiliation_exact(const struct room *r, struct slice bare)
{
	return both(affiliate_of(r, bare), affiliation_by_list(r, bare));
}

/* §9.2: user@domain is looked for before the domain. */
enum xdb_affiliation affiliation_of(const struct room *r, const struct jid *who)
{
	const struct affiliate *a = affiliate_of(r, jid_bare(who));
	enum xdb_affiliation listed = affiliation_by_list(r, jid_bare(who));

	if (a != NULL || listed != AFF_NONE)
		return both(a, listed);
	a = affiliate_find(r, jid_domain(who));
	return a != NULL ? a->person.affiliation : AFF_NONE;
}

static const struct affiliate *explicit_next(const struct room *r,
    struct affiliates_walk *w)
{
	const struct affiliate *x;

	while ((x = affiliate_next(r, &w->at)) != NULL)
		if (both(x, affiliation_by_list(r, x->person.jid)) == w->which)
			return x;
	return NULL;
}

static bool is_explicit(const struct room *r, struct slice name)
{
	char text[2 * JID_PART_MOST + 1];
	struct slice domain = jid_domain(&host.jid);

	if (map_count(&r->affiliates) == 0)
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '@';
	memcpy(text + name.n + 1, domain.p, domain.n);
	return affiliate_find(r, slice_make(text, name.n + 1 + domain.n)) != NULL;
}

/* Those of the list that no explicit affiliation speaks of. */
static bool listed_next(const struct room *r, struct affiliates_walk *w,
    struct slice *name_r)
{
	const struct roll *l = bound_roll(r);
	unsigned roles;

	while (l != NULL && roll_next(l, &w->listed, name_r, &roles))
		if (rank_of(roles) == w->which && !is_explicit(r, *name_r))
			return true;
	return false;
}

bool affiliates_walk(const struct room *r, struct affiliates_walk *w,
    struct arena *a, struct xdb_room_person *person_r)
{
	const struct affiliate *x = explicit_next(r, w);
	struct slice name;
	struct jid jid;

	if (x != NULL) {
		*person_r = x->person;
		person_r->affiliation = w->which;
		return true;
	}
	if (!listed_next(r, w, &name))
		return false;
	jid = host_account_jid(a, name);
	*person_r = (struct xdb_room_person){ .jid = jid_bare(&jid),
		.affiliation = w->which };
	return true;
}

size_t affiliates_count(const struct room *r, enum xdb_affiliation which)
{
	struct affiliates_walk w = { .which = which };
	struct slice name;
	size_t n = 0;

	while (explicit_next(r, &w) != NULL)
		n++;
	while (listed_next(r, &w, &name))
		n++;
	return n;
}

const struct affiliate *affiliate_by_nick(const struct room *r,
    struct slice nick)
{
	const struct affiliate *x;
	size_t at = 0;

	while ((x = affiliate_next(r, &at)) != NULL)
		if (x->person.nick.n != 0 && slice_eq(x->person.nick, nick))
			return x;
	return NULL;
}

/* --- what follows for those in the room --- */

/* Why one of this affiliation cannot stay, or 0. */
static unsigned exit_code(const struct room *r, enum xdb_affiliation was,
    enum xdb_affiliation is)
{
	if (is == AFF_OUTCAST)
		return 301;
	if (!r->config.is_members_only || is >= AFF_MEMBER)
		return 0;
	return was != is ? 321 : 322;
}

/* What was noted with the affiliation, a ban as a rule, is the reason. */
static struct cause cause_of(const struct occupant *o, const struct cause *why)
{
	const struct affiliate *a = affiliate_of(o->room, jid_bare(&o->real));
	struct cause c = *why;

	if (a != NULL && a->person.reason.n != 0)
		c.reason = a->person.reason;
	return c;
}

void affiliation_apply(struct occupant *o, const struct cause *general)
{
	struct room *r = o->room;
	struct standing was = o->standing;
	enum xdb_affiliation is = affiliation_of(r, &o->real);
	unsigned code = exit_code(r, was.affiliation, is);
	struct cause why = cause_of(o, general);

	o->standing.affiliation = is;
	o->standing.role = is == was.affiliation ? was.role
	    : role_after(was.role, was.affiliation, is, r->config.is_moderated);
	if (code != 0)
		presence_remove(o, &(struct notice){ .is_unavailable = true,
		    .is_leaving = true, .codes = { code }, .cause = why });
	else if (is != was.affiliation || o->standing.role != was.role)
		presence_promoted(o, was.role, &why);
}

void affiliations_apply(struct room *r, const struct cause *why)
{
	struct occupant *o;

	LIST_EACH(o, &r->occupants, struct occupant, link)
		affiliation_apply(o, why);
}

void affiliations_give_voice(struct room *r)
{
	static const struct cause nobody;
	struct occupant *o;

	LIST_EACH(o, &r->occupants, struct occupant, link)
		if (o->standing.role == ROLE_VISITOR) {
			o->standing.role = ROLE_PARTICIPANT;
			presence_promoted(o, ROLE_VISITOR, &nobody);
		}
}
