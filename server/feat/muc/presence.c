/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/presence.c — writing and sending the presence of occupants. */
#include "feat/muc/presence.h"

#include <stdio.h>

#include "feat/muc/forged.h"
#include "xml/ns.h"

static const struct notice nothing_new;

/* --- writing --- */

static void write_code(struct xml_writer *w, unsigned code)
{
	char digits[12];

	snprintf(digits, sizeof digits, "%u", code);
	write_open(w, NS_MUC_USER, "status");
	write_attr_cstr(w, "code", digits);
	write_close(w);
}

static void write_codes(struct xml_writer *w, const unsigned *codes)
{
	for (size_t i = 0; i < NOTICE_CODES && codes[i] != 0; i++)
		write_code(w, codes[i]);
}

static void write_cause(struct xml_writer *w, const struct cause *why)
{
	if (why->actor.n != 0) {
		write_open(w, NS_MUC_USER, "actor");
		write_attr(w, "nick", why->actor);
		write_close(w);
	}
	if (why->reason.n != 0)
		write_leaf(w, NS_MUC_USER, "reason", why->reason);
}

static void write_item(struct xml_writer *w, const struct seat *s,
    const struct notice *n, enum view v)
{
	const struct occupant *o = s->occupant;

	write_open(w, NS_MUC_USER, "item");
	write_attr_cstr(w, "affiliation",
	    affiliation_name(o->standing.affiliation));
	write_attr_cstr(w, "role",
	    role_name(n->is_leaving ? ROLE_NONE : o->standing.role));
	if (v != VIEW_PLAIN)
		write_attr(w, "jid", jid_full(&s->full));
	if (n->new_nick.n != 0)
		write_attr(w, "nick", n->new_nick);
	write_cause(w, &n->cause);
	write_close(w);
}

static void write_presence(struct fan *f, const struct seat *s,
    const struct notice *n, enum view v)
{
	const struct occupant *o = s->occupant;
	const struct elem *shown = n->shown != NULL ? n->shown : s->presence;
	struct xml_writer w;

	fan_open(f, &w, "presence");
	write_attr(&w, "from", jid_full(&o->jid));
	if (n->is_unavailable)
		write_attr_cstr(&w, "type", "unavailable");
	else
		write_attr(&w, "id", elem_attr(shown, "id"));
	write_lang(&w, elem_attr_ns(shown, NS_XML, "lang"));
	if (!n->is_unavailable || n->shown != NULL)
		write_honest_children(&w, shown, &o->room->jid);
	write_open(&w, NS_MUC_USER, "x");
	write_item(&w, s, n, v);
	write_codes(&w, n->codes);
	if (v == VIEW_OWN) {
		write_code(&w, 110);
		write_codes(&w, n->own_codes);
	}
	write_close(&w);
	fan_close(&w);
}

/* --- sending --- */

static enum view view_of(const struct seat *to, const struct occupant *o)
{
	if (to->occupant == o)
		return VIEW_OWN;
	return occupant_sees_addresses(to->occupant) ? VIEW_FULL : VIEW_PLAIN;
}

static void tell(struct occupant *o, const struct notice *n,
    const struct seat *except, struct fan *fans[VIEWS])
{
	struct seat *to;

	LIST_EACH(to, &o->room->seats, struct seat, in_room) {
		enum view v = view_of(to, o);

		if (to == except)
			continue;
		if (fan_is_empty(fans[v]))
			write_presence(fans[v], o->main, n, v);
		seat_send(to, fans[v]);
	}
}

/* What others get of an available presence is kept, for those who join later. */
void presence_tell(struct occupant *o, const struct notice *n,
    const struct seat *except)
{
	struct fan fans[VIEWS] = { { .rest = 0 } };
	bool keeps = !n->is_unavailable && n->codes[0] == 0
	    && n->cause.actor.n == 0 && n->cause.reason.n == 0;

	buf_clear(&o->shown[VIEW_PLAIN].bytes);
	buf_clear(&o->shown[VIEW_FULL].bytes);
	tell(o, n, except, (struct fan *[VIEWS]){
	    keeps ? &o->shown[VIEW_PLAIN] : &fans[VIEW_PLAIN],
	    keeps ? &o->shown[VIEW_FULL] : &fans[VIEW_FULL],
	    &fans[VIEW_OWN] });
	for (size_t i = 0; i < VIEWS; i++)
		fan_fini(&fans[i]);
}

void presence_list(struct seat *s, struct buf *out)
{
	struct occupant *o;
	struct fan *f;

	LIST_EACH(o, &s->occupant->room->occupants, struct occupant, link) {
		enum view v = view_of(s, o);

		if (v == VIEW_OWN)
			continue;
		f = &o->shown[v];
		if (fan_is_empty(f))
			write_presence(f, o->main, &nothing_new, v);
		buf_add(out, fan_to(f, s->to));
	}
}

void presence_own(struct seat *s, const struct notice *n, struct buf *out)
{
	struct fan f = { .rest = 0 };

	write_presence(&f, s, n, VIEW_OWN);
	buf_add(out, fan_to(&f, s->to));
	fan_fini(&f);
}

/* --- leaving --- */

void presence_remove(struct occupant *o, const struct notice *n)
{
	struct room *r = o->room;
	struct seat *s;
	bool is_last;

	presence_tell(o, n, NULL);
	do {
		s = LIST_FIRST(&o->seats, struct seat, in_occupant);
		is_last = o->seats.next == o->seats.prev;
		seat_remove(s);
	} while (!is_last);
	if (list_is_empty(&r->seats))
		room_emptied(r);
}

/* The occupant stays, with its other sessions. */
static void leave_alone(struct seat *s, const struct notice *n)
{
	struct occupant *o = s->occupant;
	bool was_main = o->main == s;
	struct buf own = { NULL, 0, 0 };

	presence_own(s, n, &own);
	session_send_bytes(s->session, buf_slice(&own));
	buf_fini(&own);
	seat_remove(s);
	if (was_main)
		presence_tell(o, &nothing_new, NULL);
}

void presence_leave(struct seat *s, const struct elem *stanza, unsigned code)
{
	struct occupant *o = s->occupant;
	const struct notice n = { .is_unavailable = true, .is_leaving = true,
		.codes = { code }, .shown = stanza };

	if (o->seats.next == o->seats.prev)
		presence_remove(o, &n);
	else
		leave_alone(s, &n);
}

void presence_dissolve(struct room *r, const struct elem *destroy, unsigned code)
{
	struct fan f = { .rest = 0 };
	struct xml_writer w;
	struct seat *s;

	LIST_EACH(s, &r->seats, struct seat, in_room) {
		fan_open(&f, &w, "presence");
		write_attr(&w, "from", jid_full(&s->occupant->jid));
		write_attr_cstr(&w, "type", "unavailable");
		write_open(&w, NS_MUC_USER, "x");
		write_open(&w, NS_MUC_USER, "item");
		write_attr_cstr(&w, "affiliation", "none");
		write_attr_cstr(&w, "role", "none");
		write_close(&w);
		if (destroy != NULL)
			write_elem(&w, destroy);
		write_code(&w, 110);
		if (code != 0)
			write_code(&w, code);
		write_close(&w);
		fan_close(&w);
		seat_send(s, &f);
		seat_remove(s);
	}
	fan_fini(&f);
}

/* --- changing --- */

static bool sees_more_now(const struct occupant *o, enum role was)
{
	return o->room->config.whois == WHOIS_MODERATORS
	    && o->standing.role == ROLE_MODERATOR && was != ROLE_MODERATOR;
}

void presence_promoted(struct occupant *o, enum role was,
    const struct cause *why)
{
	struct buf all = { NULL, 0, 0 };
	struct seat *s;

	presence_tell(o, &(struct notice){ .cause = *why }, NULL);
	if (!sees_more_now(o, was))
		return;
	LIST_EACH(s, &o->seats, struct seat, in_occupant) {
		buf_clear(&all);
		presence_list(s, &all);
		session_send_bytes(s->session, buf_slice(&all));
	}
	buf_fini(&all);
}

/* §7.6: the old nick leaves with the new one named, then the new one is there. */
static void tell_new_nick(struct occupant *o, struct slice nick)
{
	presence_tell(o, &(struct notice){ .is_unavailable = true,
	    .codes = { 303 }, .new_nick = nick }, NULL);
}

void presence_rename(struct occupant *o, struct slice nick, bool is_cleaned)
{
	tell_new_nick(o, nick);
	occupant_rename(o, nick);
	presence_tell(o, &(struct notice){
	    .own_codes = { is_cleaned ? 210 : 0 } }, NULL);
}

void presence_merge(struct occupant *from, struct occupant *into)
{
	tell_new_nick(from, occupant_nick(into));
	occupant_merge(from, into);
	presence_tell(into, &nothing_new, NULL);
}
