/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/message.c — from one to all, or to one; and the subject. */
#include "feat/muc/message.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/loop.h"
#include "core/host.h"
#include "feat/muc/forged.h"
#include "feat/muc/invite.h"
#include "feat/muc/join.h"
#include "feat/muc/voice.h"
#include "xml/ns.h"

static void subject_turn(struct job *j, struct room *r);
static void subject_stored(struct job *j, const struct xdb_result *res);

/* --- writing --- */

static void write_stamp(struct xml_writer *w, const struct room *r,
    int64_t wall_ms)
{
	struct buf stamp = { NULL, 0, 0 };

	stanza_time(&stamp, wall_ms);
	write_open(w, NS_DELAY, "delay");
	write_attr(w, "from", jid_full(&r->jid));
	write_attr(w, "stamp", buf_slice(&stamp));
	write_close(w);
	buf_fini(&stamp);
}

/* XEP-0359 §3: ours, and there is no other by us (forged.c). */
static void write_stanza_id(struct xml_writer *w, const struct room *r,
    struct slice id)
{
	write_open(w, NS_SID, "stanza-id");
	write_attr(w, "by", jid_full(&r->jid));
	write_attr(w, "id", id);
	write_close(w);
}

struct saying {
	const struct room *room;
	const struct elem *stanza;
	struct slice from, stanza_id;   /* id empty: none */
	int64_t said_ms;                /* 0: now, without a stamp */
};

static void write_saying(struct fan *f, const struct saying *s)
{
	struct xml_writer w;

	fan_open(f, &w, "message");
	write_attr(&w, "from", s->from);
	write_attr(&w, "type", elem_attr(s->stanza, "type"));
	write_attr(&w, "id", elem_attr(s->stanza, "id"));
	write_lang(&w, elem_attr_ns(s->stanza, NS_XML, "lang"));
	write_honest_children(&w, s->stanza, &s->room->jid);
	if (s->stanza_id.n != 0)
		write_stanza_id(&w, s->room, s->stanza_id);
	if (s->said_ms != 0)
		write_stamp(&w, s->room, s->said_ms);
	fan_close(&w);
}

/* --- to all --- */

static void remember(struct room *r, struct saying *s)
{
	unsigned most = host.settings->rooms.history;

	if (most == 0 || elem_child(s->stanza, NS_CLIENT, "body") == NULL)
		return;
	s->said_ms = wall_now_ms();
	write_saying(history_place(&r->history, most, s->said_ms), s);
	history_kept(&r->history);
}

static void say(struct room *r, const struct occupant *o,
    const struct elem *stanza)
{
	static struct fan f;            /* kept: no allocation per message */
	struct buf id = { NULL, 0, 0 };
	struct saying s = { .room = r, .stanza = stanza,
		.from = jid_full(&o->jid) };

	crypto_token(&id, 12);
	s.stanza_id = buf_slice(&id);
	write_saying(&f, &s);
	room_send(r, &f);
	remember(r, &s);
	buf_fini(&id);
	if (f.bytes.room > 64 * 1024)
		fan_fini(&f);
}

/* --- the subject (§8.1) --- */

/* A subject, and neither body nor thread beside it. */
static const struct elem *subject_of(const struct elem *stanza)
{
	if (elem_child(stanza, NS_CLIENT, "body") != NULL
	    || elem_child(stanza, NS_CLIENT, "thread") != NULL)
		return NULL;
	return elem_child(stanza, NS_CLIENT, "subject");
}

static void set(struct buf *b, struct slice s)
{
	buf_clear(b);
	buf_add(b, s);
}

void subject_set(struct room *r, struct slice text, struct slice by,
    int64_t wall_ms)
{
	set(&r->subject.text, text);
	set(&r->subject.by, by);
	r->subject.set_ms = wall_ms;
}

static void write_subject(struct fan *f, struct room *r, bool has_stamp)
{
	struct arena a = { NULL };
	struct slice by = buf_slice(&r->subject.by);
	struct jid from = jid_join(&a, jid_local(&r->jid), jid_domain(&r->jid), by);
	struct xml_writer w;

	fan_open(f, &w, "message");
	write_attr(&w, "from", jid_full(&from));
	write_attr_cstr(&w, "type", "groupchat");
	write_leaf(&w, NS_CLIENT, "subject", buf_slice(&r->subject.text));
	if (has_stamp && r->subject.set_ms != 0)
		write_stamp(&w, r, r->subject.set_ms);
	fan_close(&w);
	arena_fini(&a);
}

void subject_tell(struct room *r, struct slice to, struct buf *out)
{
	struct fan f = { .rest = 0 };

	write_subject(&f, r, true);
	buf_add(out, fan_to(&f, to));
	fan_fini(&f);
}

void room_tell_subject(struct room *r)
{
	struct fan f = { .rest = 0 };

	write_subject(&f, r, false);
	room_send(r, &f);
	fan_fini(&f);
}

static void subject_apply(struct job *j, struct room *r)
{
	struct seat *s = seat_find(r, &j->from);
	struct slice text = elem_text(&j->arena, subject_of(j->stanza));

	if (s == NULL) {                /* left while the directory wrote it */
		subject_set(r, text, SLICE(""), wall_now_ms());
		room_tell_subject(r);
	} else {
		subject_set(r, text, occupant_nick(s->occupant), wall_now_ms());
		say(r, s->occupant, j->stanza);
	}
}

static void subject_change(struct job *j, struct room *r,
    const struct occupant *o)
{
	enum role least = r->config.may_all_set_subject ? ROLE_PARTICIPANT
	    : ROLE_MODERATOR;

	if (o->standing.role < least) {
		job_fail(j, SE_FORBIDDEN, "The subject is not yours to change.");
	} else if (elem_text(&j->arena, subject_of(j->stanza)).n
	    > SUBJECT_BYTES_MOST) {
		job_fail(j, SE_NOT_ACCEPTABLE, "The subject is too long.");
	} else if (room_is_stored(r)) {
		room_edit(j, r, subject_turn);
	} else {
		subject_apply(j, r);
		job_done(j);
	}
}

static void subject_turn(struct job *j, struct room *r)
{
	if (r == NULL)
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	else
		job_await(j, xdb_room_set_subject(host.xdb, buf_slice(&r->dn),
		    elem_text(&j->arena, subject_of(j->stanza))),
		    subject_stored);
}

static void subject_stored(struct job *j, const struct xdb_result *res)
{
	struct room *r = room_edited(j);
	enum xdb_status status = res->status;

	if (status == XDB_OK)
		subject_apply(j, r);
	room_edit_done(r);
	if (status == XDB_OK)
		job_done(j);
	else
		job_fail_xdb(j, status);
}

/* --- what comes to the room (§7.4) --- */

static void groupchat(struct job *j, struct room *r)
{
	const struct seat *s = seat_find(r, &j->from);

	if (s == NULL) {
		job_fail(j, SE_NOT_ACCEPTABLE, "You are not in this room.");
	} else if (s->occupant->standing.role < ROLE_PARTICIPANT) {
		job_fail(j, SE_FORBIDDEN, "You have no voice in this room.");
	} else if (subject_of(j->stanza) != NULL) {
		subject_change(j, r, s->occupant);
	} else {
		say(r, s->occupant, j->stanza);
		job_done(j);
	}
}

void message_to_room(struct job *j, struct room *r)
{
	enum message_type type = stanza_message_type(j->stanza);

	if (type == MESSAGE_ERROR) {
		if (!leave_if_unreachable(j))
			job_done(j);
	} else if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, "There is no such room.");
	} else if (type == MESSAGE_GROUPCHAT) {
		groupchat(j, r);
	} else if (!invite_message(j, r) && !voice_message(j, r)) {
		job_fail(j, SE_BAD_REQUEST, NULL);
	}
}

/* --- to one (§7.5) --- */

static void whisper(struct room *r, const struct occupant *from,
    struct occupant *to, const struct elem *stanza)
{
	struct fan f = { .rest = 0 };
	struct xml_writer w;
	struct seat *s;

	fan_open(&f, &w, "message");
	write_attr(&w, "from", jid_full(&from->jid));
	write_attr(&w, "type", elem_attr(stanza, "type"));
	write_attr(&w, "id", elem_attr(stanza, "id"));
	write_lang(&w, elem_attr_ns(stanza, NS_XML, "lang"));
	write_honest_children(&w, stanza, &r->jid);
	write_open(&w, NS_MUC_USER, "x");
	write_close(&w);
	fan_close(&w);
	LIST_EACH(s, &to->seats, struct seat, in_occupant)
		seat_send(s, &f);
	fan_fini(&f);
}

/* What came of a private message goes back the way it came. */
static void error_to_occupant(struct job *j, struct room *r)
{
	const struct seat *s = r != NULL ? seat_find(r, &j->from) : NULL;
	struct occupant *to = s != NULL
	    ? occupant_by_nick(r, jid_resource(&j->to)) : NULL;

	if (leave_if_unreachable(j))
		return;
	if (to != NULL)
		whisper(r, s->occupant, to, j->stanza);
	job_done(j);
}

static void private_message(struct job *j, struct room *r)
{
	const struct seat *s = seat_find(r, &j->from);
	struct occupant *to = occupant_by_nick(r, jid_resource(&j->to));

	if (s == NULL) {
		job_fail(j, SE_NOT_ACCEPTABLE, "You are not in this room.");
	} else if (to == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, "Nobody here has this nick.");
	} else if (!role_may_whisper(s->occupant->standing.role,
	    r->config.private_rule)) {
		job_fail(j, SE_FORBIDDEN,
		    "This room does not let you send private messages.");
	} else {
		whisper(r, s->occupant, to, j->stanza);
		job_done(j);
	}
}

void message_to_occupant(struct job *j, struct room *r)
{
	enum message_type type = stanza_message_type(j->stanza);

	if (type == MESSAGE_ERROR)
		error_to_occupant(j, r);
	else if (r == NULL)
		job_fail(j, SE_ITEM_NOT_FOUND, "There is no such room.");
	else if (type == MESSAGE_GROUPCHAT)
		job_fail(j, SE_BAD_REQUEST, "What is for all goes to the room.");
	else
		private_message(j, r);
}

/* --- what the room says --- */

void room_tell_codes(struct room *r, const unsigned *codes)
{
	struct fan f = { .rest = 0 };
	struct xml_writer w;
	char digits[12];

	fan_open(&f, &w, "message");
	write_attr(&w, "from", jid_full(&r->jid));
	write_attr_cstr(&w, "type", "groupchat");
	write_open(&w, NS_MUC_USER, "x");
	for (; *codes != 0; codes++) {
		snprintf(digits, sizeof digits, "%u", *codes);
		write_open(&w, NS_MUC_USER, "status");
		write_attr_cstr(&w, "code", digits);
		write_close(&w);
	}
	write_close(&w);
	fan_close(&w);
	room_send(r, &f);
	fan_fini(&f);
}
