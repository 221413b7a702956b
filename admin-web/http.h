/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http.h — HTTPS: libmicrohttpd behind our guard, on our loop.
 *
 * A connection carries one request: every answer says Connection: close and
 * nothing after the first request is looked at.  That costs a browser one
 * handshake a page, and takes away what request smuggling lives on (WEB-11). */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "base/str.h"

struct web;
struct http;

enum {
	HTTP_CONNECTIONS = 32,          /* of each listening socket (WEB-13)     */
	HTTP_PER_ADDRESS = 8,           /* a browser opens six at most           */
	HTTP_IDLE_S = 10,               /* silence                               */
	HTTP_WHOLE_MS = 30000,          /* from accept to the last byte          */
	HTTP_BODY_MOST = 65536,
	HTTP_BODY_SKIP = 1 << 20,       /* read and dropped before a 413         */
	HTTP_POOL = 32768,              /* libmicrohttpd's memory of one connection */
};

/* First of all: what libraries free that may have had a password in it (GnuTLS, jansson)
 * is overwritten. */
void http_keep_secrets(void);
/* Serves on the inherited sockets.  NULL and a reason when certificate or key
 * do not fit. */
struct http *http_open(struct web *web, const int *fds, size_t n,
    const char **why_r);
/* Certificate, key and host names anew; connections that are open keep the old
 * ones.  False and a reason: everything stays as it was. */
bool http_reload(struct http *h, const char **why_r);
/* No new connections from now on. */
void http_quiesce(struct http *h);
/* Ends what is left. */
void http_close(struct http **hp);

#endif
