/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http_guard.h — the gate in front of routing.
 *
 * libmicrohttpd 0.9.75 is lenient: it decodes %2e%2e to "..", cuts a target at
 * %00, takes two Host lines, any method and contradicting lengths (design:
 * libraries, security WEB-01, -10, -11, -14).  So every request passes here
 * first, as it came: the raw target and the list of headers.  A pure function,
 * it knows no library and keeps nothing. */
#ifndef WEB_HTTP_GUARD_H
#define WEB_HTTP_GUARD_H

#include "base/str.h"

enum {
	GUARD_TARGET_MOST = 2048,
	GUARD_HEADERS_MOST = 60,                /* lines */
	GUARD_HEADER_BYTES = 8192,              /* names and values together */
};

struct http_header { struct slice name, value; };

struct guard_request {
	struct slice method, target;            /* target raw, with its query */
	const struct http_header *headers;
	size_t header_n;
};

/* Who we are: names without port, lower case, and the ports that may follow. */
struct guard_policy {
	const struct slice *hosts;
	size_t host_n;
	const unsigned *ports;
	size_t port_n;
};

struct guard_verdict {
	unsigned status;        /* 0: pass; else the HTTP status to answer with */
	const char *reason;     /* for the log; static */
	struct slice path;      /* raw, begins with '/' */
	struct slice query;     /* raw, without '?' */
	struct slice host;      /* as sent, with port: part of our own origin */
	bool has_body;
	bool is_chunked;        /* then the length is not known */
	uint64_t length;
};

/* Are all lengths among these headers plain numbers? */
bool http_guard_lengths(const struct http_header *h, size_t n);

/* Is this a target of ours, as http_guard() would have it: a path alone? */
bool http_guard_path(struct slice target);

void http_guard(const struct guard_request *req, const struct guard_policy *who,
    struct guard_verdict *verdict_r);

/* The value of the one header `name`, or the empty slice. */
struct slice http_header_find(const struct http_header *h, size_t n,
    const char *name);

#endif
