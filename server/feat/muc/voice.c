/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/voice.c — a visitor asks, the moderators get a form, one answers. */
#include "feat/muc/voice.h"

#include "feat/form.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

#define NS_REQUEST "http://jabber.org/protocol/muc#request"

static struct elem *approval_form(struct arena *a, const struct seat *asker)
{
	struct elem *x = form_new(a, "form", SLICE("Request for voice"),
	    NS_REQUEST);

	form_add_value(a, form_add(a, x, "muc#role", "list-single",
	    "Role asked for"), slice_of(role_name(ROLE_PARTICIPANT)));
	form_add_value(a, form_add(a, x, "muc#jid", "jid-single", "Who asks"),
	    jid_full(&asker->full));
	form_add_value(a, form_add(a, x, "muc#roomnick", "text-single",
	    "Nick in the room"), occupant_nick(asker->occupant));
	form_add_value(a, form_add(a, x, "muc#request_allow", "boolean",
	    "Let them speak"), SLICE("0"));
	return x;
}

static void ask_moderators(struct room *r, const struct seat *asker)
{
	struct arena a = { NULL };
	struct fan f = { .rest = 0 };
	struct xml_writer w;
	struct seat *s;

	fan_open(&f, &w, "message");
	write_attr(&w, "from", jid_full(&r->jid));
	write_elem(&w, approval_form(&a, asker));
	fan_close(&w);
	LIST_EACH(s, &r->seats, struct seat, in_room)
		if (s->occupant->standing.role == ROLE_MODERATOR)
			seat_send(s, &f);
	fan_fini(&f);
	arena_fini(&a);
}

static void request(struct job *j, struct room *r, const struct seat *asker)
{
	if (asker->occupant->standing.role == ROLE_VISITOR)
		ask_moderators(r, asker);
	job_done(j);
}

static void answer(struct job *j, struct room *r, const struct seat *moderator,
    const struct elem *form, bool is_allowed)
{
	static const struct cause nobody;
	struct slice nick = SLICE("");
	struct occupant *o;

	form_value(&j->arena, form, "muc#roomnick", &nick);
	o = occupant_by_nick(r, nick);
	if (moderator->occupant->standing.role != ROLE_MODERATOR) {
		job_fail(j, SE_FORBIDDEN, NULL);
		return;
	}
	/* Gone, given voice by another, or refused: nothing to do. */
	if (is_allowed && o != NULL && o->standing.role == ROLE_VISITOR
	    && role_change(moderator->occupant->standing, o->standing,
	    ROLE_PARTICIPANT) == VERDICT_ALLOWED) {
		o->standing.role = ROLE_PARTICIPANT;
		presence_promoted(o, ROLE_VISITOR, &nobody);
	}
	job_done(j);
}

bool voice_message(struct job *j, struct room *r)
{
	const struct elem *form = elem_child(j->stanza, NS_DATA, "x");
	const struct seat *s = seat_find(r, &j->from);
	struct slice value;
	bool is_allowed = false;

	if (form == NULL || !slice_is(elem_attr(form, "type"), "submit")
	    || !form_value(&j->arena, form, "FORM_TYPE", &value)
	    || !slice_is(value, NS_REQUEST))
		return false;
	if (s == NULL)
		job_fail(j, SE_NOT_ACCEPTABLE, "You are not in this room.");
	else if (!form_value(&j->arena, form, "muc#request_allow", &value))
		request(j, r, s);
	else if (!form_flag(value, &is_allowed))
		job_fail(j, SE_BAD_REQUEST, NULL);
	else
		answer(j, r, s, form, is_allowed);
	return true;
}
