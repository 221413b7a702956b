/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http.c — HTTPS: libmicrohttpd behind our guard, on our loop.
 *
 * Each listening socket has a daemon without threads, whose epoll descriptor
 * is watched by our loop.  A request is read, guarded and routed here; then it
 * is an exchange, its connection sleeps (suspended) until the exchange is
 * answered, and the answer is sent from here. */
#include "admin-web/http.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin-web/api.h"
#include "admin-web/dispatch.h"
#include "admin-web/exchange.h"
#include "admin-web/http_own.h"
#include "admin-web/web.h"
#include "base/alloc.h"
#include "base/listen.h"
#include "base/tls.h"

/* --- secrets --------------------------------------------------------------------- */

/* What libmicrohttpd read and has no use for itself.  Its memory goes back to malloc as
 * it is. */
static void wipe(struct slice s)
{
	if (s.n != 0)
		explicit_bzero((void *)(uintptr_t)s.p, s.n);
}

void http_keep_secrets(void)
{
	json_set_alloc_funcs(malloc, mem_wipe);
	gnutls_free = mem_wipe;
}

/* --- a request comes in ----------------------------------------------------------- */

static void exchange_woken(struct exchange *x)
{
	struct MHD_Connection *connection = x->connection;
	const union MHD_ConnectionInfo *info;

	if (!x->is_suspended)
		return;
	x->is_suspended = false;
	MHD_resume_connection(connection);
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
	door_kick_daemon(x->web->http, info->daemon);
}

static enum MHD_Result header_seen(void *ctx, enum MHD_ValueKind kind,
    const char *name, size_t name_n, const char *value, size_t value_n)
{
	struct exchange *x = ctx;

	(void)kind;
	if (x->header_n == GUARD_HEADERS_MOST + 1)
		return MHD_NO;          /* the guard refuses one too many */
	x->headers[x->header_n++] = (struct http_header){
		slice_dup(&x->arena, slice_make(name, name_n)),
		slice_dup(&x->arena, slice_make(value, value_n)) };
	return MHD_YES;
}

static enum MHD_Result secret_seen(void *ctx, enum MHD_ValueKind kind,
    const char *name, size_t name_n, const char *value, size_t value_n)
{
	(void)ctx;
	(void)kind;
	if (slice_eq_nocase(slice_make(name, name_n), SLICE("authorization")))
		wipe(slice_make(value, value_n));
	return MHD_YES;
}

static const char *address_text(struct exchange *x, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char text[INET6_ADDRSTRLEN] = "-";

	if (info != NULL && info->client_addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)
		    (const void *)info->client_addr)->sin_addr, text, sizeof text);
	else if (info != NULL && info->client_addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)
		    (const void *)info->client_addr)->sin6_addr, text, sizeof text);
	return slice_cstr(&x->arena, slice_of(text));
}

static void headers_take(struct exchange *x, struct MHD_Connection *c)
{
	x->headers = arena_alloc(&x->arena,
	    (GUARD_HEADERS_MOST + 1) * sizeof *x->headers);
	x->header_n = 0;
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, header_seen, x);
}

/* Everything but the body is there.  True: go on and read it. */
static bool request_begun(struct exchange *x, struct MHD_Connection *c,
    const char *method)
{
	struct guard_request raw = { slice_of(method), x->target, NULL, 0 };

	x->connection = c;
	x->arriving = NULL;
	x->wake = exchange_woken;
	x->address = address_text(x, c);
	x->method = slice_dup(&x->arena, slice_of(method));
	headers_take(x, c);
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, secret_seen, NULL);
	raw.headers = x->headers;
	raw.header_n = x->header_n;
	http_guard(&raw, http_policy(x->web->http), &x->guard);
	if (x->guard.status == 0 && x->guard.length > HTTP_BODY_SKIP) {
		x->guard.status = 413;
		x->guard.reason = "body far too large";
	}
	if (x->guard.status == 0)
		return true;
	audit(x, "request", slice_of(x->guard.reason), "malformed");
	x->lang = lang_accepted(exchange_header(x, "accept-language"));
	exchange_fail(x, x->guard.status, T_COUNT);
	return false;
}

/* False: more than we are willing to read. */
static bool body_add(struct exchange *x, struct slice piece)
{
	x->body_most += piece.n;
	if (x->body_most > HTTP_BODY_SKIP)
		return false;
	if (x->body_most > HTTP_BODY_MOST)
		x->is_too_big = true;
	else
		buf_add_secret(&x->body, piece);
	return true;
}

/* --- an answer goes out ------------------------------------------------------------ */

static const struct { const char *name, *value; } always[] = {
	{ "Connection", "close" },
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; "
	    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
	    "base-uri 'none'" },
	{ "Strict-Transport-Security", "max-age=31536000" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	{ "Vary", "Accept-Language, Cookie" },
};

static enum MHD_Result reply_send(struct exchange *x)
{
	struct reply *r = &x->reply;
	struct MHD_Response *response = MHD_create_response_from_buffer(r->body.n,
	    r->body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result sent;

	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < COUNT(always); i++)
		MHD_add_response_header(response, always[i].name, always[i].value);
	if (r->type != NULL)
		MHD_add_response_header(response, "Content-Type", r->type);
	MHD_add_response_header(response, "Cache-Control",
	    r->may_cache ? "private, max-age=86400" : "no-store");
	for (size_t i = 0; i < r->header_n; i++)
		MHD_add_response_header(response, r->header[i].name.p,
		    r->header[i].value.p);
	sent = MHD_queue_response(x->connection, r->status, response);
	MHD_destroy_response(response);
	return sent;
}

/* XXX 0.9.75 answers a malformed Content-Length itself, before it asks us, and
 * sends the head of that answer twice: two answers to whoever counts.  It says
 * so in its log first; then we look at every request whose head is being read,
 * and the one with such a length gets our answer, straight into its TLS
 * session, and its connection is shut, so that nothing can follow. */
static void refuse_directly(struct exchange *x, struct MHD_Connection *c)
{
	gnutls_session_t tls = MHD_get_connection_info(c,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
	struct buf text = { 0 };

	x->arriving = NULL;
	x->address = address_text(x, c);
	audit(x, "request", SLICE("malformed length"), "malformed");
	x->reply.status = 400;
	if (exchange_is_api(x))
		api_problem(x, NULL);
	buf_addf(&text, "HTTP/1.1 400 Bad Request\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n", x->reply.body.n);
	if (x->reply.type != NULL)
		buf_addf(&text, "Content-Type: %s\r\n", x->reply.type);
	for (size_t i = 0; i < COUNT(always); i++)
		buf_addf(&text, "%s: %s\r\n", always[i].name, always[i].value);
	buf_adds(&text, "\r\n");
	buf_add(&text, buf_slice(&x->reply.body));
	gnutls_record_send(tls, text.p, text.n);
	gnutls_bye(tls, GNUTLS_SHUT_WR);
	shutdown(MHD_get_connection_info(c,
	    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
	buf_fini(&text);
}

void http_complained(struct http *h)
{
	struct exchange *x;

	LIST_EACH(x, &http_web(h)->exchanges, struct exchange, link) {
		struct MHD_Connection *c = x->arriving;

		if (c == NULL)
			continue;
		headers_take(x, c);
		if (!http_guard_lengths(x->headers, x->header_n))
			refuse_directly(x, c);
	}
}

/* --- what libmicrohttpd calls -------------------------------------------------------- */

void *http_target_seen(void *ctx, const char *target, struct MHD_Connection *c)
{
	struct exchange *x = exchange_new(http_web(ctx), slice_of(target));

	x->arriving = c;
	return x;
}

enum MHD_Result http_called(void *ctx, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *data_n,
    void **request)
{
	struct exchange *x = *request;

	(void)ctx;
	(void)url;              /* decoded and cut: of no use */
	(void)version;
	if (x == NULL)
		return MHD_NO;
	if (x->connection == NULL)
		return request_begun(x, c, method) ? MHD_YES : reply_send(x);
	if (*data_n != 0) {
		struct slice piece = slice_make(data, *data_n);
		bool is_good = body_add(x, piece);

		wipe(piece);
		*data_n = 0;
		return is_good ? MHD_YES : MHD_NO;
	}
	if (!x->is_started) {
		x->is_started = true;
		dispatch(x);
	}
	if (x->is_answered)
		return reply_send(x);
	x->is_suspended = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

void http_completed(void *ctx, struct MHD_Connection *c, void **request,
    enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *request;

	(void)ctx;
	(void)c;
	(void)how;
	*request = NULL;
	exchange_abandon(&x);
}
