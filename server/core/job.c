/* SPDX-License-Identifier: Apache-2.0 */
/* core/job.c — the life of a job: made from a stanza, awaiting, answered, over.
 *
 * The job lives in its own arena, so ending it is one free.  The stream that
 * sent the stanza is told, through the session's number, that the next one may
 * come (RFC 6120 §10.1: in order). */
#include "core/job.h"

#include <assert.h>

#include "base/log.h"
#include "core/account.h"
#include "core/route.h"
#include "core/session.h"
#include "core/stream.h"

static struct list detached = { &detached, &detached };

struct job *job_new(struct session *s, struct arena *arena,
    struct elem *stanza, const struct jid *from, const struct jid *to)
{
	struct job *j = ARENA_NEW(arena, struct job);

	j->stanza = stanza;
	j->kind = stanza_kind(stanza);
	j->from = jid_dup(arena, from);
	if (to != NULL && jid_is_set(to))
		j->to = jid_dup(arena, to);
	list_init(&j->wait);
	list_init(&j->link);
	if (s != NULL) {
		j->session = s;
		j->session_id = s->id;
		list_push(&s->jobs, &j->link);
	}
	j->arena = *arena;              /* last: it is the owner now */
	arena->head = NULL;
	return j;
}

void job_free(struct job **jp)
{
	struct job *j = *jp;
	bool is_secret = j->is_secret;
	struct arena arena;

	*jp = NULL;
	xdb_cancel(&j->op);
	account_job_over(j);
	list_remove(&j->link);
	arena = j->arena;               /* the job is inside it */
	if (is_secret)
		arena_wipe(&arena);
	else
		arena_fini(&arena);
}

/* A session that closes ends its jobs, so only one that was detached from it needs
 * to ask whether it is still there. */
static struct session *sender(const struct job *j)
{
	return j->session != NULL || j->session_id == 0 ? j->session
	    : session_by_id(j->session_id);
}

static void job_end(struct job *j)
{
	struct session *s = sender(j);

	job_free(&j);
	if (s != NULL && s->stream != NULL)
		stream_job_over(s->stream);
}

/* --- waiting -------------------------------------------------------------------- */

static void job_resume(const struct xdb_result *res, void *ctx)
{
	struct job *j = ctx;
	job_answer_fn *step = j->answer;

	j->op = NULL;
	j->answer = NULL;
	step(j, res);
}

void job_await(struct job *j, struct xdb_op *op, job_answer_fn *next)
{
	assert(j->op == NULL && next != NULL);
	j->op = op;
	j->answer = next;
	xdb_then(op, job_resume, j);
}

void job_detach(struct job *j)
{
	list_remove(&j->link);
	list_push(&detached, &j->link);
	j->session = NULL;
}

size_t job_detached_count(void)
{
	size_t n = 0;

	for (struct list *l = detached.next; l != &detached; l = l->next)
		n++;
	return n;
}

void job_detached_free(void)
{
	struct job *j;

	while ((j = LIST_FIRST(&detached, struct job, link)) != NULL)
		job_free(&j);
}

/* --- answers ---------------------------------------------------------------------- */

static bool may_answer(const struct job *j)
{
	struct slice type = elem_attr(j->stanza, "type");

	/* RFC 6120 §8.3.1: no error for an error; results want no answer. */
	return !slice_is(type, "error")
	    && !(j->kind == STANZA_IQ && slice_is(type, "result"));
}

void job_reply_stanza(struct job *j, struct elem *stanza)
{
	struct session *s;

	assert(!j->is_answered);
	j->is_answered = true;
	if (j->session_id != 0) {
		s = sender(j);
		if (s != NULL)
			session_send(s, stanza);
	} else {
		struct arena arena = { NULL };
		struct elem *copy = elem_copy(&arena, stanza);

		route_new(&arena, copy);
	}
	job_end(j);
}

void job_reply(struct job *j, struct elem *payload)
{
	struct elem *result = stanza_result(&j->arena, j->stanza);

	if (payload != NULL)
		elem_add_elem(&j->arena, result, payload);
	job_reply_stanza(j, result);
}

void job_fail(struct job *j, enum stanza_error error, const char *text)
{
	if (!may_answer(j)) {
		job_end(j);
		return;
	}
	job_reply_stanza(j, stanza_error(&j->arena, j->stanza, error, text));
}

void job_fail_xdb(struct job *j, enum xdb_status status)
{
	switch (status) {
	case XDB_OK:
		panic("success is no error");
	case XDB_ABSENT:
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	case XDB_REFUSED:
		job_fail(j, SE_NOT_ALLOWED,
		    "The directory does not allow this change.");
		return;
	case XDB_CONFLICT:
		job_fail(j, SE_RESOURCE_CONSTRAINT,
		    "Someone else changed this at the same time; try again.");
		return;
	case XDB_BUSY:
	case XDB_DOWN:
		job_fail(j, SE_RESOURCE_CONSTRAINT,
		    "The directory does not answer now; try again later.");
		return;
	case XDB_BROKEN:
		job_fail(j, SE_INTERNAL_SERVER_ERROR,
		    "The directory's answer cannot be understood.");
		return;
	}
}

void job_done(struct job *j)
{
	enum iq_type type = j->kind == STANZA_IQ ? stanza_iq_type(j->stanza)
	    : IQ_RESULT;

	/* RFC 6120 §8.2.3: a get or set is never left without an answer. */
	assert(type != IQ_GET && type != IQ_SET);
	job_end(j);
}

void job_pass(struct job *j)
{
	job_end(j);
}

/* --- looking ------------------------------------------------------------------------ */

struct elem *job_payload(const struct job *j)
{
	return elem_child(j->stanza, NULL, NULL);
}

bool job_is_to_self(const struct job *j)
{
	return !jid_is_set(&j->to)
	    || (j->to.resource_n == 0 && jid_eq_bare(&j->to, &j->from));
}
