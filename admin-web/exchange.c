/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/exchange.c — life of an exchange; see exchange.h. */
#include "admin-web/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "admin-web/api.h"
#include "admin-web/control.h"
#include "admin-web/layout.h"
#include "admin-web/web.h"
#include "base/throttle.h"

void exchange_wake(struct exchange *x)
{
	exchange_fn *next = x->woken;

	x->woken = NULL;
	if (next != NULL)
		next(x);
}

static void pause_ends(void *ctx)
{
	exchange_wake(ctx);
}

struct exchange *exchange_new(struct web *web, struct slice target)
{
	struct exchange *x = NEW(struct exchange);

	x->web = web;
	x->target = slice_dup(&x->arena, target);
	x->address = "-";
	x->began_ms = loop_now_ms();
	timer_init(&x->timer, pause_ends, x);
	list_push(&web->exchanges, &x->link);
	return x;
}

void exchange_free(struct exchange **xp)
{
	struct exchange *x = *xp;

	if (x == NULL)
		return;
	*xp = NULL;
	xdb_cancel(&x->op);
	control_cancel(&x->call);
	timer_stop(&x->timer);
	throttle_end(&x->guess);
	loop_undefer(x);
	list_remove(&x->link);
	json_decref(x->json);
	buf_wipe(&x->body);
	buf_fini(&x->reply.body);
	/* Passwords and cookies came in forms and headers; JSON is wiped as it is
	 * freed (http.c). */
	arena_wipe(&x->arena);
	free(x);
}

void exchange_abandon(struct exchange **xp)
{
	struct exchange *x = *xp;

	if (x == NULL)
		return;
	x->connection = NULL;
	if (x->is_detached && !x->is_answered)
		*xp = NULL;             /* exchange_answer() will free it */
	else
		exchange_free(xp);
}

/* --- steps -------------------------------------------------------------------------- */

static bool is_waiting(const struct exchange *x)
{
	return x->stored != NULL || x->heard != NULL || x->woken != NULL;
}

static void op_answered(const struct xdb_result *res, void *ctx)
{
	struct exchange *x = ctx;
	exchange_stored_fn *next = x->stored;

	x->op = NULL;
	x->stored = NULL;
	if (res->status != XDB_OK && res->status != XDB_ABSENT)
		log_event(LOG_INFO, "directory", "web", "route=%s status=%s why=%s",
		    x->route != NULL ? x->route->path : "-",
		    xdb_status_text(res->status), log_text(slice_of(res->why)));
	next(x, res);
}

void exchange_await(struct exchange *x, struct xdb_op *op,
    exchange_stored_fn *next)
{
	assert(!is_waiting(x) && !x->is_answered);
	x->op = op;
	x->stored = next;
	xdb_then(op, op_answered, x);
}

static void im_answered(const json_t *answer, bool is_away, void *ctx)
{
	struct exchange *x = ctx;
	exchange_heard_fn *next = x->heard;

	x->call = NULL;
	x->heard = NULL;
	x->is_im_away = is_away;
	next(x, answer);
}

void exchange_ask(struct exchange *x, json_t *request, exchange_heard_fn *next)
{
	assert(!is_waiting(x) && !x->is_answered);
	x->heard = next;
	x->call = control_ask(x->web->settings->server.control_socket, request,
	    im_answered, x);
}

void exchange_pause(struct exchange *x, int64_t ms, exchange_fn *next)
{
	assert(!is_waiting(x) && !x->is_answered);
	x->woken = next;
	timer_start(&x->timer, ms);
}

void exchange_hold(struct exchange *x, exchange_fn *next)
{
	assert(!is_waiting(x) && !x->is_answered);
	x->woken = next;
}

void exchange_answer(struct exchange *x)
{
	assert(!is_waiting(x) && !x->is_answered);
	assert(x->reply.status != 0);
	x->is_answered = true;
	if (x->connection == NULL && x->is_detached) {
		exchange_free(&x);
		return;
	}
	if (x->wake != NULL)
		x->wake(x);
}

void exchange_cut(struct exchange *x)
{
	xdb_cancel(&x->op);
	control_cancel(&x->call);
	timer_stop(&x->timer);
	throttle_end(&x->guess);
	x->stored = NULL;
	x->heard = NULL;
	x->woken = NULL;
	x->reply.header_n = 0;
	exchange_fail(x, 503, T_RESTARTING);
}

void exchanges_cut(struct web *web)
{
	struct exchange *x;

	LIST_EACH(x, &web->exchanges, struct exchange, link)
		if (x->connection == NULL && x->is_detached)
			exchange_free(&x);
		else if (x->is_suspended)
			exchange_cut(x);
}

void who_copy(struct arena *a, struct who *to, const struct who *from)
{
	to->uid = slice_cstr(a, slice_of(from->uid));
	to->name = slice_cstr(a, slice_of(from->name));
	to->dn = slice_dup(a, from->dn);
	to->uuid = slice_dup(a, from->uuid);
	to->password_changed = slice_dup(a, from->password_changed);
	to->is_admin = from->is_admin;
}

void exchange_detach(struct exchange *x)
{
	x->is_detached = true;
}

/* --- replies ------------------------------------------------------------------------- */

void reply_header(struct exchange *x, const char *name, const char *value)
{
	assert(x->reply.header_n < REPLY_HEADERS_MOST);
	x->reply.header[x->reply.header_n++] = (struct http_header){
		slice_of(name), slice_of(value) };
}

void exchange_redirect(struct exchange *x, const char *path)
{
	assert(path[0] == '/' && path[1] != '/');
	x->reply.status = 303;
	reply_header(x, "Location", path);
	exchange_answer(x);
}

/* By the target as it came: the guard may have refused before it came to the
 * path, and whoever sent that to the API reads its answer as one of the API. */
bool exchange_is_api(const struct exchange *x)
{
	return slice_starts(x->target, SLICE("/api/"));
}

void exchange_fail(struct exchange *x, unsigned status, enum text id)
{
	const char *detail = id != T_COUNT ? say(x, id) : NULL;

	x->reply.status = status;
	if (status == 503 || status == 429)
		reply_header(x, "Retry-After", status == 503 ? "5" : "60");
	if (exchange_is_api(x))
		api_problem(x, detail);
	else
		layout_error(x, detail);
	exchange_answer(x);
}

void exchange_fail_xdb(struct exchange *x, enum xdb_status status)
{
	switch (status) {
	case XDB_OK:
		break;
	case XDB_ABSENT:
		exchange_fail(x, 404, T_NOT_IN_DIRECTORY);
		return;
	case XDB_REFUSED:
		exchange_fail(x, 403, T_DIRECTORY_REFUSED);
		return;
	case XDB_CONFLICT:
		exchange_fail(x, 409, T_DIRECTORY_CONFLICT);
		return;
	case XDB_BUSY:
	case XDB_DOWN:
		exchange_fail(x, 503, T_DIRECTORY_DOWN);
		return;
	case XDB_BROKEN:
		exchange_fail(x, 500, T_DIRECTORY_BROKEN);
		return;
	}
	panic("exchange_fail_xdb: there is nothing to fail about");
}

void exchange_fault_said(struct exchange *x, const char *field, const char *text)
{
	if (x->fault_n < FAULTS_MOST && exchange_fault_of(x, field) == NULL)
		x->fault[x->fault_n++] = (struct fault){ field, text };
}

void exchange_fault(struct exchange *x, const char *field, enum text id)
{
	exchange_fault_said(x, field, say(x, id));
}

const char *exchange_fault_of(const struct exchange *x, const char *field)
{
	for (size_t i = 0; i < x->fault_n; i++)
		if (strcmp(x->fault[i].field, field) == 0)
			return x->fault[i].text;
	return NULL;
}

/* --- small things ---------------------------------------------------------------------- */

struct slice exchange_header(const struct exchange *x, const char *name)
{
	return http_header_find(x->headers, x->header_n, name);
}

const char *say(const struct exchange *x, enum text id)
{
	return text_get(x->lang, id);
}

const char *say_with(struct exchange *x, enum text id, ...)
{
	struct slice values[8];
	const char *value;
	size_t n = 0;
	va_list ap;

	va_start(ap, id);
	while (n < COUNT(values) && (value = va_arg(ap, const char *)) != NULL)
		values[n++] = slice_of(value);
	va_end(ap);
	return text_with(&x->arena, x->lang, id, values, n);
}

const char *exchange_printf(struct exchange *x, const char *fmt, ...)
{
	struct buf b = { 0 };
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	text = slice_cstr(&x->arena, buf_slice(&b));
	buf_fini(&b);
	return text;
}

const char *exchange_path(struct exchange *x, const char *prefix,
    struct slice piece)
{
	struct buf path = { 0 };
	const char *text;

	buf_adds(&path, prefix);
	input_url_piece(&path, piece);
	text = slice_cstr(&x->arena, buf_slice(&path));
	buf_fini(&path);
	return text;
}

void audit(const struct exchange *x, const char *action, struct slice target,
    const char *result)
{
	struct buf who = { 0 };

	buf_addf(&who, "web/%s", x->who.uid != NULL ? x->who.uid : "-");
	log_event(LOG_INFO, "audit", buf_cstr(&who),
	    "action=%s target=%s result=%s address=%s", action, log_text(target),
	    result, x->address);
	buf_fini(&who);
}

const char *http_status_text(unsigned status)
{
	static const struct { unsigned status; const char *text; } table[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" },
		{ 303, "See Other" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" }, { 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].status == status)
			return table[i].text;
	return "Error";
}
