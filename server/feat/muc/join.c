/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/join.c — available presence: entering, another nick, another mood.
 *
 *   seat?  <x muc/>?  nick        what it is
 *   no     yes        -           entering; the room may have to be made
 *   no     no         -           a client that believes it is in: "kick" (§7.2.18)
 *   yes    any        another     another nick
 *   yes    no         the same    other presence
 *   yes    yes        the same    entering anew: everything is told again
 */
#include "feat/muc/join.h"

#include "base/loop.h"
#include "core/host.h"
#include "feat/muc/create.h"
#include "feat/muc/forged.h"
#include "feat/muc/message.h"
#include "feat/muc/nick.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

enum { ROOMS_OF_ONE_MOST = 50, EXTRA_FOR_ADMINS = 20 };

struct entry {                          /* what one asks for */
	const struct room *room;
	const struct jid *who;
	const struct elem *x;
	struct slice nick;
	bool is_cleaned;                /* it is not quite the nick asked for */
	enum xdb_affiliation affiliation;
	const struct occupant *holder;  /* of that nick, NULL: free */
};

/* --- who may not enter --- */

static bool is_locked_out(const struct entry *e)
{
	return e->room->is_locked && e->affiliation != AFF_OWNER;
}

static bool is_banned(const struct entry *e)
{
	return e->affiliation == AFF_OUTCAST;
}

static bool is_no_member(const struct entry *e)
{
	return e->room->config.is_members_only && e->affiliation < AFF_MEMBER;
}

static bool has_wrong_password(const struct entry *e)
{
	struct arena a = { NULL };
	const struct elem *p = elem_child(e->x, NS_MUC, "password");
	/* A password that nobody could read is not the empty one. */
	bool is_wrong = e->room->config.asks_password && (p == NULL
	    || e->room->config.password.n == 0
	    || !slice_eq_secret(elem_text(&a, p), e->room->config.password));

	arena_fini(&a);
	return is_wrong;
}

static bool has_nick_of_another(const struct entry *e)
{
	const struct affiliate *a = affiliate_by_nick(e->room, e->nick);

	return (e->holder != NULL && !jid_eq_bare(&e->holder->real, e->who))
	    || (a != NULL && a != affiliate_of(e->room, jid_bare(e->who)));
}

/* §7.2.9: owners and admins always find a place, or nearly. */
static bool finds_no_place(const struct entry *e)
{
	unsigned most = host.settings->rooms.occupants;
	unsigned own = e->room->config.occupants_most;

	if (own != 0 && own < most)
		most = own;
	if (e->affiliation >= AFF_ADMIN)
		most += EXTRA_FOR_ADMINS;
	return e->holder == NULL && occupants_count(e->room) >= most;
}

static bool is_in_too_many(const struct entry *e)
{
	return e->holder == NULL && guest_rooms(e->who) >= ROOMS_OF_ONE_MOST;
}

/* In this order, so that a stranger learns as little as can be. */
static const struct {
	bool (*refuses)(const struct entry *e);
	enum stanza_error error;
	const char *type;               /* NULL: the usual one */
	const char *text;
} checks[] = {
	{ is_locked_out,       SE_ITEM_NOT_FOUND, NULL,
	    "This room is not ready yet." },
	{ is_banned,           SE_FORBIDDEN, NULL,
	    "You are banned from this room." },
	{ is_no_member,        SE_REGISTRATION_REQUIRED, NULL,
	    "Only members may enter this room." },
	{ has_wrong_password,  SE_NOT_AUTHORIZED, NULL,
	    "This room asks for a password." },
	{ has_nick_of_another, SE_CONFLICT, NULL,
	    "This nick is somebody else's." },
	{ finds_no_place,      SE_SERVICE_UNAVAILABLE, "wait",
	    "This room is full." },
	{ is_in_too_many,      SE_RESOURCE_CONSTRAINT, NULL,
	    "You are in too many rooms." },
};

static bool may_enter_or_fail(struct job *j, const struct entry *e)
{
	for (size_t i = 0; i < COUNT(checks); i++)
		if (checks[i].refuses(e)) {
			room_refuse(j, checks[i].error, checks[i].type,
			    checks[i].text);
			return false;
		}
	return true;
}

/* --- entering --- */

static struct seat *take_seat(struct job *j, struct room *r,
    const struct entry *e, struct session *s)
{
	struct occupant *o = occupant_by_nick(r, e->nick);

	if (o == NULL)
		o = occupant_new(r, e->nick, &j->from, e->affiliation);
	return seat_add(o, s, j->stanza);
}

/* §7.1: the others, oneself, the past, the subject; and only then what comes. */
static void welcome(struct seat *s, const struct entry *e, bool is_new_room)
{
	struct room *r = seat_room(s);
	struct notice own = { .is_unavailable = false };
	struct history_wish wish = history_wish(
	    elem_child(e->x, NS_MUC, "history"), wall_now_ms());
	struct buf all = { NULL, 0, 0 };
	size_t n = 0;

	if (r->config.whois == WHOIS_ANYONE)
		own.own_codes[n++] = 100;
	if (is_new_room)
		own.own_codes[n++] = 201;
	if (e->is_cleaned)
		own.own_codes[n++] = 210;
	presence_list(s, &all);
	presence_own(s, &own, &all);
	history_tell(&r->history, &wish, s->to, &all);
	subject_tell(r, s->to, &all);
	session_send_bytes(s->session, buf_slice(&all));
	buf_fini(&all);
}

static void enter(struct job *j, struct room *r, const struct entry *e,
    bool is_new_room)
{
	static const struct notice here;
	struct session *session = session_find(&j->from);
	struct seat *s;

	s = take_seat(j, r, e, session);
	welcome(s, e, is_new_room);
	presence_tell(s->occupant, &here, s);
	job_done(j);
}

static struct entry entry_of(const struct job *j, const struct room *r,
    struct slice nick)
{
	return (struct entry){ .room = r, .who = &j->from, .nick = nick,
		.x = elem_child(j->stanza, NS_MUC, "x"),
		.is_cleaned = !slice_eq(nick, jid_resource(&j->to)),
		.affiliation = affiliation_of(r, &j->from),
		.holder = occupant_by_nick(r, nick) };
}

static void join(struct job *j, struct room *r, struct slice nick)
{
	struct entry e = entry_of(j, r, nick);

	if (may_enter_or_fail(j, &e))
		enter(j, r, &e, false);
}

/* --- being in --- */

static void write_shown(struct buf *out, const struct elem *presence,
    const struct room *r)
{
	struct xml_writer w;

	write_init(&w, out, NS_CLIENT);
	write_open(&w, NS_CLIENT, "presence");
	write_honest_children(&w, presence, &r->jid);
	write_close(&w);
}

static bool shows_the_same(const struct seat *s, const struct elem *presence)
{
	struct buf was = { NULL, 0, 0 }, is = { NULL, 0, 0 };
	bool is_same;

	write_shown(&was, s->presence, seat_room(s));
	write_shown(&is, presence, seat_room(s));
	is_same = slice_eq(buf_slice(&was), buf_slice(&is));
	buf_fini(&was);
	buf_fini(&is);
	return is_same;
}

/* §17.3: it lost touch.  The others hear of it only if something changed. */
static void enter_anew(struct job *j, struct seat *s, struct slice nick)
{
	static const struct notice here;
	struct entry e = entry_of(j, seat_room(s), nick);
	bool is_news = !shows_the_same(s, j->stanza);

	seat_set_presence(s, j->stanza);
	welcome(s, &e, false);
	if (is_news)
		presence_tell(s->occupant, &here, s);
	job_done(j);
}

static void change_nick(struct job *j, struct seat *s, struct slice nick)
{
	struct entry e = entry_of(j, seat_room(s), nick);
	struct occupant *o = s->occupant;

	if (has_nick_of_another(&e)) {
		room_refuse(j, SE_CONFLICT, NULL,
		    "This nick is somebody else's.");
		return;
	}
	seat_set_presence(s, j->stanza);
	if (e.holder != NULL)
		presence_merge(o, occupant_by_nick(seat_room(s), nick));
	else
		presence_rename(o, nick, e.is_cleaned);
	job_done(j);
}

static void update(struct job *j, struct seat *s)
{
	static const struct notice nothing;

	seat_set_presence(s, j->stanza);
	presence_tell(s->occupant, &nothing, NULL);
	job_done(j);
}

/* --- not being in --- */

/* §7.2.18: it lost touch with the room, and shall know it. */
static void tell_it_is_out(struct job *j)
{
	struct arena *a = &j->arena;
	struct elem *p = elem_new(a, NS_CLIENT, "presence"), *x, *item;
	static const char *const codes[] = { "110", "307", "333" };

	elem_set(a, p, "from", jid_full(&j->to));
	elem_set(a, p, "to", jid_full(&j->from));
	elem_set_cstr(a, p, "type", "unavailable");
	x = elem_add(a, p, NS_MUC_USER, "x");
	item = elem_add(a, x, NS_MUC_USER, "item");
	elem_set_cstr(a, item, "affiliation", "none");
	elem_set_cstr(a, item, "role", "none");
	elem_add_text_child(a, item, NS_MUC_USER, "reason",
	    SLICE("You are not in this room."));
	for (size_t i = 0; i < COUNT(codes); i++)
		elem_set_cstr(a, elem_add(a, x, NS_MUC_USER, "status"), "code",
		    codes[i]);
	job_reply_stanza(j, p);
}

/* --- which of them --- */

static bool is_too_large(const struct elem *stanza)
{
	struct buf all = { NULL, 0, 0 };
	bool is_large;

	write_stanza(&all, stanza, NULL);
	is_large = all.n > PRESENCE_BYTES_MOST;
	buf_fini(&all);
	return is_large;
}

static void enter_new_room(struct job *j, struct room *r)
{
	struct slice nick;
	struct entry e;

	nick_clean(&j->arena, jid_resource(&j->to), &nick);
	e = entry_of(j, r, nick);
	enter(j, r, &e, true);
}

void join_or_update(struct job *j, struct room *r)
{
	bool wants_in = elem_child(j->stanza, NS_MUC, "x") != NULL;
	struct seat *s = r != NULL ? seat_find(r, &j->from) : NULL;
	struct slice nick;

	if (!nick_clean(&j->arena, jid_resource(&j->to), &nick))
		job_fail(j, SE_JID_MALFORMED, "This cannot be a nick.");
	else if (is_too_large(j->stanza))
		job_fail(j, SE_POLICY_VIOLATION,
		    "This presence is too large for a room.");
	else if (s == NULL && !wants_in)
		tell_it_is_out(j);
	else if (session_find(&j->from) == NULL)
		/* Only sessions of this server: others are not reached yet. */
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else if (r == NULL)
		create_wanted(j, enter_new_room, join_or_update);
	else if (s == NULL)
		join(j, r, nick);
	else if (!slice_eq(nick, occupant_nick(s->occupant)))
		change_nick(j, s, nick);
	else if (wants_in)
		enter_anew(j, s, nick);
	else
		update(j, s);
}
