/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/occupant.c — occupants, their seats, and the rooms of each guest. */
#include "feat/muc/occupant.h"

#include <stdlib.h>

#include "base/log.h"

/* A person who is in at least one room: all their seats. */
struct guest { struct jid jid; struct arena life; struct list seats; };

static struct map guests;               /* bare JID -> struct guest */

/* --- guests --- */

static struct guest *guest_get(const struct jid *full)
{
	struct guest *g = map_find(&guests, jid_bare(full));

	if (g != NULL)
		return g;
	g = NEW(struct guest);
	g->jid = jid_bare_dup(&g->life, full);
	list_init(&g->seats);
	map_put(&guests, jid_bare(&g->jid), g);
	return g;
}

static void guest_leave(struct seat *s)
{
	struct guest *g = s->guest;

	list_remove(&s->in_guest);
	if (!list_is_empty(&g->seats))
		return;
	map_take(&guests, jid_bare(&g->jid));
	arena_fini(&g->life);
	free(g);
}

/* Each occupant counts by its first seat, however many it has. */
unsigned guest_rooms(const struct jid *who)
{
	const struct guest *g = map_find(&guests, jid_bare(who));
	const struct seat *s;
	unsigned n = 0;

	if (g == NULL)
		return 0;
	LIST_EACH(s, &g->seats, struct seat, in_guest)
		n += s->occupant->seats.next == &s->in_occupant;
	return n;
}

bool guest_is_in(const struct room *r, const struct jid *who)
{
	const struct guest *g = map_find(&guests, jid_bare(who));
	const struct seat *s;

	if (g == NULL)
		return false;
	LIST_EACH(s, &g->seats, struct seat, in_guest)
		if (seat_room(s) == r)
			return true;
	return false;
}

struct seat *guest_seat(const struct jid *full)
{
	const struct guest *g = map_find(&guests, jid_bare(full));
	struct seat *s;

	if (g == NULL)
		return NULL;
	LIST_EACH(s, &g->seats, struct seat, in_guest)
		if (jid_eq(&s->full, full))
			return s;
	return NULL;
}

void guests_fini(void)
{
	map_fini(&guests);
}

/* --- occupants --- */

struct occupant *occupant_by_nick(const struct room *r, struct slice nick)
{
	return map_find(&r->nicks, nick);
}

size_t occupants_count(const struct room *r)
{
	return map_count(&r->nicks);
}

static void name_occupant(struct occupant *o, struct slice nick)
{
	struct arena fresh = { NULL };

	o->jid = jid_join(&fresh, jid_local(&o->room->jid),
	    jid_domain(&o->room->jid), nick);
	arena_fini(&o->name);
	o->name = fresh;
	map_put(&o->room->nicks, occupant_nick(o), o);
}

struct occupant *occupant_new(struct room *r, struct slice nick,
    const struct jid *who, enum xdb_affiliation affiliation)
{
	struct occupant *o = NEW(struct occupant);

	o->room = r;
	o->real = jid_bare_dup(&o->life, who);
	o->standing.affiliation = affiliation;
	o->standing.role = role_on_entry(affiliation, r->config.is_moderated);
	list_init(&o->seats);
	list_push(&r->occupants, &o->link);
	name_occupant(o, nick);
	return o;
}

void occupant_rename(struct occupant *o, struct slice nick)
{
	map_take(&o->room->nicks, occupant_nick(o));
	name_occupant(o, nick);
}

static void occupant_free(struct occupant *o)
{
	map_take(&o->room->nicks, occupant_nick(o));
	bound_passes(o->room, o);
	list_remove(&o->link);
	fan_fini(&o->shown[VIEW_PLAIN]);
	fan_fini(&o->shown[VIEW_FULL]);
	arena_fini(&o->name);
	arena_fini(&o->life);
	free(o);
}

bool occupant_sees_addresses(const struct occupant *o)
{
	return o->room->config.whois == WHOIS_ANYONE
	    || o->standing.role == ROLE_MODERATOR;
}

/* --- seats --- */

struct seat *seat_find(const struct room *r, const struct jid *full)
{
	return map_find(&r->seats_by_jid, jid_full(full));
}

struct seat *seat_add(struct occupant *o, struct session *session,
    const struct elem *presence)
{
	struct seat *s = NEW(struct seat);

	s->full = jid_dup(&s->life, &session->jid);
	s->to = fan_address(&s->life, jid_full(&s->full));
	s->session = session;
	s->occupant = o;
	s->guest = guest_get(&s->full);
	list_push(&s->guest->seats, &s->in_guest);
	list_push(&o->seats, &s->in_occupant);
	list_push(&o->room->seats, &s->in_room);
	map_put(&o->room->seats_by_jid, jid_full(&s->full), s);
	seat_set_presence(s, presence);
	return s;
}

void seat_set_presence(struct seat *s, const struct elem *presence)
{
	struct arena fresh = { NULL };

	s->presence = elem_copy(&fresh, presence);
	arena_fini(&s->presence_arena);
	s->presence_arena = fresh;
	s->occupant->main = s;
	list_remove(&s->in_occupant);   /* the last to speak up stands last */
	list_push(&s->occupant->seats, &s->in_occupant);
}

void seat_remove(struct seat *s)
{
	struct occupant *o = s->occupant;

	guest_leave(s);
	list_remove(&s->in_occupant);
	list_remove(&s->in_room);
	map_take(&o->room->seats_by_jid, jid_full(&s->full));
	arena_fini(&s->presence_arena);
	arena_fini(&s->life);
	free(s);
	if (list_is_empty(&o->seats))
		occupant_free(o);
	else
		o->main = LIST_ITEM(o->seats.prev, struct seat, in_occupant);
}

void occupant_merge(struct occupant *from, struct occupant *into)
{
	struct seat *s;

	LIST_EACH(s, &from->seats, struct seat, in_occupant) {
		list_remove(&s->in_occupant);
		list_push(&into->seats, &s->in_occupant);
		s->occupant = into;
		into->main = s;
	}
	occupant_free(from);
}

/* --- sending --- */

void seat_send(struct seat *s, struct fan *f)
{
	session_send_bytes(s->session, fan_to(f, s->to));
}

void room_send(struct room *r, struct fan *f)
{
	struct seat *s;

	LIST_EACH(s, &r->seats, struct seat, in_room)
		seat_send(s, f);
}
