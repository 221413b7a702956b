/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/exchange.h — one request on its way to its answer.
 *
 * What a job is to a stanza: an exchange owns an arena in which the request
 * and all notes of its handler live, and awaits at most one thing.  A handler
 * is steps, each of which does exactly one of
 *
 *     await (the directory, the im process, a while), answer.
 *
 * Answers are written whole: exchange_answer() ends the exchange.  When the
 * connection goes first, the exchange is freed and what it awaits cancelled,
 * unless exchange_detach() was called, as it is before a write: reads die with
 * the connection, writes finish without it. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <jansson.h>

#include "admin-web/http_guard.h"
#include "admin-web/input.h"
#include "admin-web/route.h"
#include "admin-web/text.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "xdb_ldap/xdb.h"

struct web;
struct login;
struct control_call;
struct throttle_try;
struct exchange;

typedef void exchange_fn(struct exchange *x);
typedef void exchange_stored_fn(struct exchange *x, const struct xdb_result *res);
typedef void exchange_heard_fn(struct exchange *x, const json_t *answer);

/* Who asks; uid NULL: nobody we know.  As the directory had it when it was asked
 * last: auth_again() asks whether it still is so. */
struct who {
	const char *uid, *name;
	struct slice dn, uuid, password_changed;
	bool is_admin;
};
void who_copy(struct arena *a, struct who *to, const struct who *from);

/* A field of a form or a member of a JSON object that cannot be taken. */
struct fault { const char *field; const char *text; };
enum { FAULTS_MOST = 16, REPLY_HEADERS_MOST = 6 };

struct reply {
	unsigned status;
	const char *type;
	struct buf body;
	struct http_header header[REPLY_HEADERS_MOST];  /* arena or static */
	size_t header_n;
	bool may_cache;
};

struct exchange {
	struct arena arena;
	struct web *web;                /* borrowed */

	/* the request */
	struct slice method, target;
	struct http_header *headers;
	size_t header_n;
	struct guard_verdict guard;
	const struct route *route;      /* NULL: refused before */
	struct slice param[ROUTE_PARAMS];
	struct form query, form;
	json_t *json;                   /* owned; API with a body */
	const char *address;            /* of the peer, for log and throttle */
	enum lang lang;
	struct who who;
	/* The signed-in browser; NULL: nobody signed in, or signed out meanwhile, in
	 * another tab (login.c sees to it). */
	struct login *login;

	/* the handler's */
	void *data;
	void *before;                   /* notes of what runs before the handler … */
	void *act;                      /* … and of what it hands on to */
	struct fault fault[FAULTS_MOST];
	size_t fault_n;
	struct reply reply;

	/* exchange.c's and http.c's own */
	struct xdb_op *op;
	struct control_call *call;
	bool is_im_away;                /* no answer, and no im process either */
	struct timer timer;
	struct throttle_try *guess;     /* auth.c's; ended with the exchange at the latest */
	exchange_stored_fn *stored;
	exchange_heard_fn *heard;
	exchange_fn *woken;
	exchange_fn *wake;              /* http.c: the answer stands */
	void *connection;               /* http.c's; NULL: gone, or not begun */
	void *arriving;                 /* http.c's: its head is being read */
	struct buf body;
	size_t body_most;
	bool is_too_big, is_started, is_answered, is_detached, is_suspended;
	int64_t began_ms;
	struct list link;               /* among all exchanges of the process */
};

struct exchange *exchange_new(struct web *web, struct slice target);
void exchange_free(struct exchange **xp);
/* The connection is gone: frees, or lets a write finish. */
void exchange_abandon(struct exchange **xp);

/* Cuts all that are being answered, frees those nobody waits for. */
void exchanges_cut(struct web *web);

/* --- one of these ends each step ------------------------------------------------- */

void exchange_await(struct exchange *x, struct xdb_op *op, exchange_stored_fn *next);
/* Asks the im process; takes `request`.  The answer is NULL when there is none;
 * x->is_im_away: because no im process runs. */
void exchange_ask(struct exchange *x, json_t *request, exchange_heard_fn *next);
void exchange_pause(struct exchange *x, int64_t ms, exchange_fn *next);
/* Until exchange_wake(), which does nothing for one that was cut meanwhile. */
void exchange_hold(struct exchange *x, exchange_fn *next);
void exchange_wake(struct exchange *x);
/* The reply is written in x->reply: send it. */
void exchange_answer(struct exchange *x);
/* From outside: whatever it awaits is cancelled and the answer is 503. */
void exchange_cut(struct exchange *x);

/* --- writing the reply -------------------------------------------------------------- */

/* `value` is static or in the arena. */
void reply_header(struct exchange *x, const char *name, const char *value);
/* 303 to a path of this site. */
void exchange_redirect(struct exchange *x, const char *path);
/* The answer for what cannot be done, as page or problem details (RFC 9457);
 * `id` T_COUNT: nothing to say beyond the status.  x->fault is included. */
void exchange_fail(struct exchange *x, unsigned status, enum text id);
void exchange_fail_xdb(struct exchange *x, enum xdb_status status);
/* Remembers one; both are kept (static or arena). */
void exchange_fault(struct exchange *x, const char *field, enum text id);
void exchange_fault_said(struct exchange *x, const char *field, const char *text);
const char *exchange_fault_of(const struct exchange *x, const char *field);    /* NULL: none */

/* ------------------------------------------------------------------------------------- */

void exchange_detach(struct exchange *x);
struct slice exchange_header(const struct exchange *x, const char *name);
bool exchange_is_api(const struct exchange *x);

/* This exchange's language; with values for the {}s, ended by NULL. */
const char *say(const struct exchange *x, enum text id);
const char *say_with(struct exchange *x, enum text id, ...) __attribute__((sentinel));
/* printf into the arena, for paths and headers, never for HTML or JSON. */
const char *exchange_printf(struct exchange *x, const char *fmt, ...) FORMAT(2, 3);

/* A path: `prefix` and `piece` percent-encoded. */
const char *exchange_path(struct exchange *x, const char *prefix,
    struct slice piece);

/* One line in the log for what somebody did or was refused (WEB-18). */
void audit(const struct exchange *x, const char *action, struct slice target,
    const char *result);

const char *http_status_text(unsigned status);

#endif
