/* SPDX-License-Identifier: Apache-2.0 */
/* core/session.h — a bound resource of an account.
 *
 * A session is known by a number that is never used twice, so whoever must
 * remember one across a wait keeps the number.  It sends through its stream. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "base/list.h"
#include "core/account.h"
#include "xml/write.h"

enum { SESSION_SLOTS = 16 };

struct stream;

struct session {
	uint64_t id;
	struct jid jid;                 /* full */
	struct account *account;        /* held */
	struct list account_link;
	struct list jobs;               /* owned */
	int64_t since_ms;               /* wall clock */
	/* RFC 6121 §4: the last presence broadcast, NULL while unavailable. */
	struct elem *presence;
	int priority;                   /* of that presence */
	bool is_interested;             /* asked for the roster: gets pushes */
	void *slot[SESSION_SLOTS];      /* features' own data, by feature index */
	struct arena arena;             /* life-long: this and the jid */
	struct arena presence_arena;
	/* borrowed */
	struct stream *stream;
};

/* Binds; `resource` prepared, not in use (session_conflict says).  Runs the
 * session_bound hooks. */
struct session *session_open(struct stream *st, struct account *a, const struct jid *full);
/* Runs session_gone hooks (which send unavailable presence), frees its jobs. */
void session_close(struct session **sp);

struct session *session_by_id(uint64_t id);
struct session *session_find(const struct jid *full);           /* NULL: not there */
size_t session_count(void);
/* All sessions: start with 0, NULL at the end. */
struct session *session_next(size_t *at);

/* Writes a stanza to the client as it is, or with other addresses. */
void session_send(struct session *s, const struct elem *stanza);
void session_send_as(struct session *s, const struct elem *stanza, const struct write_as *as);
/* Bytes already written by xml/write (fan-out: serialised once). */
void session_send_bytes(struct session *s, struct slice xml);

bool session_is_available(const struct session *s);
/* Keeps a copy of a presence without type as the session's current one. */
void session_set_presence(struct session *s, const struct elem *presence, int priority);
void session_clear_presence(struct session *s);
/* "c2s/4711 ann@example.org/phone" for the log; static ring. */
const char *session_who(const struct session *s);

#endif
