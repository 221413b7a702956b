/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/leave.c — going: said, by a lost connection, or found out by an
 * error (XEP-0045 §7.14, 18.1.2 ghosts). */
#include "feat/muc/join.h"
#include "feat/muc/presence.h"
#include "xml/ns.h"

static struct seat *seat_of(const struct job *j)
{
	struct room *r = room_find(jid_local(&j->to));

	return r != NULL ? seat_find(r, &j->from) : NULL;
}

/* Errors that say "nobody is here", not "I do not want this". */
static const char *const unreachable[] = {
	"gone", "item-not-found", "recipient-unavailable", "redirect",
	"remote-server-not-found", "remote-server-timeout",
};

static bool is_unreachable(const struct elem *stanza)
{
	const struct elem *error = elem_child(stanza, NS_CLIENT, "error");

	for (size_t i = 0; error != NULL && i < COUNT(unreachable); i++)
		if (elem_child(error, NS_STANZA_ERROR, unreachable[i]) != NULL)
			return true;
	return false;
}

void leave(struct job *j)
{
	struct seat *s = seat_of(j);

	if (s == NULL)
		;                       /* §17.3: silently */
	else if (stanza_presence_type(j->stanza) == PRESENCE_UNAVAILABLE)
		presence_leave(s, j->stanza, 0);
	else
		presence_leave(s, NULL, 333);
	job_done(j);
}

bool leave_if_unreachable(struct job *j)
{
	struct seat *s = seat_of(j);

	if (!is_unreachable(j->stanza))
		return false;
	if (s != NULL)
		presence_leave(s, NULL, 333);
	job_done(j);
	return true;
}

void leave_all(struct session *session)
{
	struct seat *s;

	while ((s = guest_seat(&session->jid)) != NULL)
		presence_leave(s, NULL, 0);
}
