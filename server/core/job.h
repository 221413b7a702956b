/* SPDX-License-Identifier: Apache-2.0 */
/* core/job.h — one stanza being worked on (architecture §4).
 *
 * A job owns an arena in which the stanza, the job itself and all notes live.
 * It has an owner, the session that sent it, and awaits at most one thing.
 * Feature code is steps: each step does exactly one of
 *
 *     await (an operation, an account), reply, fail, done.
 *
 * No lifetime check, no free: closing the session frees its jobs, freeing a
 * job cancels what it awaits.  Reads die with the session, writes finish
 * without it: call job_detach() before a write.  A stream has one job at a
 * time; the next stanza waits until this one is answered or done.
 *
 * Jobs without a session are stanzas made by a service of this server (a room
 * that sends an invitation): their replies are routed to j->from. */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include "xdb_ldap/xdb.h"
#include "base/list.h"
#include "xml/stanza.h"

struct session;
struct account;
struct account_edit_work;
struct job;

enum { JOB_ACCOUNTS = 4 };              /* more than any job's steps ever want */

typedef void job_step_fn(struct job *j);
typedef void job_answer_fn(struct job *j, const struct xdb_result *res);
typedef void job_account_fn(struct job *j, struct account *a, enum xdb_status status);
typedef void job_stored_fn(struct job *j, enum xdb_status status);

struct job {
	struct arena arena;             /* owns everything below, the job too */
	struct elem *stanza;            /* read only */
	enum stanza_kind kind;
	struct jid from;                /* full JID of the sender; always set */
	struct jid to;                  /* to.text NULL: the stanza has none */
	void *data;                     /* the feature's notes, in the arena */
	uint64_t session_id;            /* 0: a service's job */
	bool is_secret;                 /* a password is in it: overwritten at the end */
	/* borrowed */
	struct session *session;        /* NULL when detached or a service's */

	/* core/job.c's own */
	struct list link;               /* in session->jobs, or the detached */
	struct xdb_op *op;
	job_answer_fn *answer;
	struct account *held[JOB_ACCOUNTS];     /* until the job ends */
	unsigned held_n;
	job_account_fn *wanted;
	job_step_fn *waiting;           /* for roster groups */
	struct list wait;               /* in a queue: an account's, of roster groups */
	struct account_edit_work *edit; /* core/account.c: a change under way */
	bool is_answered;
};

/* Takes the arena and the stanza in it; from/to as given (copied). */
struct job *job_new(struct session *s, struct arena *arena, struct elem *stanza,
    const struct jid *from, const struct jid *to);
void job_free(struct job **jp);

/* --- one of these ends each step ------------------------------------------------ */

/* The answer goes to `next`; the operation is cancelled if the job dies. */
void job_await(struct job *j, struct xdb_op *op, job_answer_fn *next);
/* account.h: account_want(), account_edit(). */

/* Answers the IQ with <iq type='result'>, empty or around `payload` (in the
 * job's arena), and ends the job. */
void job_reply(struct job *j, struct elem *payload);
/* Answers with a stanza built by stanza_result() and ends the job. */
void job_reply_stanza(struct job *j, struct elem *stanza);
/* Answers with a standard error (not for errors and results: then it only
 * ends) and ends the job.  `text` may be NULL. */
void job_fail(struct job *j, enum stanza_error error, const char *text);
/* The error that fits a directory status: wait-type for weather, so that a
 * client never takes "unknown" for "empty" (directory.md rule 1). */
void job_fail_xdb(struct job *j, enum xdb_status status);
/* Nothing to answer (messages, presence): ends the job. */
void job_done(struct job *j);
/* The stanza went on to someone who will answer it: ends the job. */
void job_pass(struct job *j);

/* ----------------------------------------------------------------------------------- */

/* From now on the job belongs to the server: it finishes though its session goes. */
void job_detach(struct job *j);
/* Shutdown: how many detached jobs are still at work; frees them. */
size_t job_detached_count(void);
void job_detached_free(void);

/* The payload of an IQ: its one child element, or NULL. */
struct elem *job_payload(const struct job *j);
/* Is `to` absent or the sender's own bare JID? */
bool job_is_to_self(const struct job *j);

#endif
