/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/proxy.c — asking somebody known only by nick.
 *
 * The question goes on from the asker's occupant address with an id of ours;
 * the answer must come from where it was sent and bear that id (security
 * RTE-08).  Neither side learns the other's address.  A vCard is asked of the
 * account, everything else of the main session.  What nobody answers within a
 * minute is answered here. */
#include "feat/muc/proxy.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "core/route.h"
#include "feat/muc/occupant.h"
#include "xml/ns.h"

enum { ANSWER_MS = 60 * 1000, QUESTIONS_MOST = 10000, OF_ONE_MOST = 32 };

struct question {
	struct list link;               /* the oldest first */
	struct arena arena;
	struct slice id;                /* ours */
	struct slice asked_id;          /* the asker's */
	struct jid asker, target;       /* real addresses */
	struct jid as;                  /* the occupant address that was asked */
	int64_t due_ms;
};

static struct map by_id;
static struct list questions = { &questions, &questions };
static struct timer alarm_clock;

/* --- questions --- */

static void question_free(struct question *q)
{
	map_take(&by_id, q->id);
	list_remove(&q->link);
	arena_fini(&q->arena);
	free(q);
}

static void give_up(struct question *q)
{
	struct arena a = { NULL };
	struct elem *request = elem_new(&a, NS_CLIENT, "iq");
	struct session *s = session_find(&q->asker);

	elem_set_cstr(&a, request, "type", "get");
	elem_set(&a, request, "id", q->asked_id);
	elem_set(&a, request, "from", jid_full(&q->asker));
	elem_set(&a, request, "to", jid_full(&q->as));
	if (s != NULL)
		session_send(s, stanza_error(&a, request,
		    SE_REMOTE_SERVER_TIMEOUT, NULL));
	arena_fini(&a);
	question_free(q);
}

static void alarm_rings(void *ctx)
{
	struct question *q;

	(void)ctx;
	while ((q = LIST_FIRST(&questions, struct question, link)) != NULL
	    && q->due_ms <= loop_now_ms())
		give_up(q);
	if (q != NULL)
		timer_start(&alarm_clock, q->due_ms - loop_now_ms());
}

static struct question *question_new(const struct job *j,
    const struct occupant *to, bool is_of_account)
{
	struct question *q = NEW(struct question);
	struct buf id = { NULL, 0, 0 };

	crypto_token(&id, 12);
	q->id = slice_dup(&q->arena, buf_slice(&id));
	buf_fini(&id);
	q->asked_id = slice_dup(&q->arena, elem_attr(j->stanza, "id"));
	q->asker = jid_dup(&q->arena, &j->from);
	q->target = jid_dup(&q->arena, is_of_account ? &to->real
	    : &to->main->full);
	q->as = jid_dup(&q->arena, &to->jid);
	q->due_ms = loop_now_ms() + ANSWER_MS;
	map_put(&by_id, q->id, q);
	list_push(&questions, &q->link);
	if (alarm_clock.fn == NULL)
		timer_init(&alarm_clock, alarm_rings, NULL);
	if (!timer_is_on(&alarm_clock))
		timer_start(&alarm_clock, ANSWER_MS);
	return q;
}

static unsigned questions_of(const struct jid *asker)
{
	const struct question *q;
	unsigned n = 0;

	LIST_EACH(q, &questions, struct question, link)
		n += jid_eq(&q->asker, asker);
	return n;
}

/* --- asking --- */

static void ask(struct job *j, const struct seat *from,
    const struct occupant *to)
{
	bool is_of_account = slice_is(job_payload(j)->ns, NS_VCARD);
	struct question *q = question_new(j, to, is_of_account);
	struct arena a = { NULL };
	struct elem *iq = elem_copy(&a, j->stanza);

	elem_set(&a, iq, "from", slice_dup(&a, jid_full(&from->occupant->jid)));
	elem_set(&a, iq, "to", slice_dup(&a, jid_full(&q->target)));
	elem_set(&a, iq, "id", slice_dup(&a, q->id));
	route_new(&a, iq);              /* may be answered, and q gone, at once */
	job_pass(j);
}

/* XEP-0410 §3.3: answered here, without waking the client. */
static bool is_self_ping(const struct job *j, const struct seat *from,
    const struct occupant *to)
{
	return to == from->occupant && stanza_iq_type(j->stanza) == IQ_GET
	    && elem_is(job_payload(j), NS_PING, "ping");
}

/* §6.6: a stranger who looks an occupant up has asked wrongly; otherwise a
 * stranger is told that they are one, which is what a self-ping is for. */
static enum stanza_error stranger(const struct job *j)
{
	struct slice ns = job_payload(j)->ns;

	return slice_is(ns, NS_DISCO_INFO) || slice_is(ns, NS_DISCO_ITEMS)
	    ? SE_BAD_REQUEST : SE_NOT_ACCEPTABLE;
}

void proxy_ask(struct job *j, struct room *r)
{
	const struct seat *from = r != NULL ? seat_find(r, &j->from) : NULL;
	struct occupant *to;

	if (from == NULL)
		room_refuse(j, stranger(j), NULL, "You are not in this room.");
	else if ((to = occupant_by_nick(r, jid_resource(&j->to))) == NULL)
		job_fail(j, SE_ITEM_NOT_FOUND, "Nobody here has this nick.");
	else if (is_self_ping(j, from, to))
		job_reply(j, NULL);
	else if (map_count(&by_id) >= QUESTIONS_MOST
	    || questions_of(&j->from) >= OF_ONE_MOST)
		job_fail(j, SE_RESOURCE_CONSTRAINT, "Too many open requests.");
	else
		ask(j, from, to);
}

/* --- answering --- */

void proxy_answer(struct job *j)
{
	struct question *q = map_find(&by_id, elem_attr(j->stanza, "id"));
	struct session *s;

	if (q != NULL && jid_eq(&j->from, &q->target)) {
		s = session_find(&q->asker);
		if (s != NULL)
			session_send_as(s, j->stanza, &(struct write_as){
			    .from = jid_full(&q->as), .id = q->asked_id,
			    .to = jid_full(&q->asker) });
		question_free(q);
	}
	job_done(j);
}

void proxy_fini(void)
{
	struct question *q;

	LIST_EACH(q, &questions, struct question, link)
		question_free(q);
	map_fini(&by_id);
	if (alarm_clock.fn != NULL)
		timer_stop(&alarm_clock);
}
