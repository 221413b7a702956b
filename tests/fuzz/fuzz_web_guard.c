/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from strangers: what passes the gate has one reading.  The input is
 * "METHOD target" on a line, then headers as name:value, a line each. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "admin-web/http_guard.h"
#include "admin-web/input.h"
#include "admin-web/route.h"

static const struct slice hosts[] = { SLICE_INIT("localhost"), SLICE_INIT("[::1]") };
static const unsigned ports[] = { 8443 };
static const struct guard_policy who = { hosts, COUNT(hosts), ports, COUNT(ports) };

static const struct route table[] = {
	{ "GET",  "/",                  ROLE_ANYONE, ROUTE_PAGE, NULL, "root" },
	{ "POST", "/people/{uid}/link", ROLE_ADMIN,  ROUTE_FORM, NULL, "link" },
	{ "GET",  "/a/{x}/{y}",         ROLE_ADMIN,  ROUTE_PAGE, NULL, "two" },
};

static bool has(struct slice s, const char *text)
{
	return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static size_t count(const struct guard_request *req, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < req->header_n; i++)
		n += slice_eq_nocase(req->headers[i].name, slice_of(name));
	return n;
}

static void passed(const struct guard_request *req, const struct guard_verdict *v)
{
	struct arena a = { 0 };
	struct route_match m;

	assert(v->path.n != 0 && v->path.p[0] == '/');
	assert(!has(v->path, "..") && !has(v->path, "//") && !has(v->path, ";")
	    && !has(v->path, "\\") && !has(v->path, "%2e") && !has(v->path, "%2E")
	    && !has(v->path, "%2f") && !has(v->path, "%2F")
	    && !has(v->path, "%5c") && !has(v->path, "%5C")
	    && !has(v->path, "%00") && !has(v->path, "%u"));
	assert(input_is_text(req->target, false));
	assert(count(req, "host") == 1 && v->host.n != 0);
	assert(count(req, "content-length") + count(req, "transfer-encoding") <= 1);
	assert(v->has_body || (v->length == 0 && !v->is_chunked));
	assert(!v->has_body || count(req, "content-length")
	    + count(req, "transfer-encoding") == 1);
	route_find(&a, table, COUNT(table), req->method, v->path, &m);
	assert((m.route != NULL) == (m.status == 0));
	assert(m.route == NULL || m.param[0].n == 0
	    || (input_is_text(m.param[0], false)
	    && memchr(m.param[0].p, '/', m.param[0].n) == NULL));
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make(data, size), line, name, value;
	struct http_header headers[GUARD_HEADERS_MOST + 4];
	struct guard_request req = { .headers = headers };
	struct guard_verdict v;

	slice_cut(rest, '\n', &line, &rest);
	slice_cut(line, ' ', &req.method, &req.target);
	while (rest.n != 0 && req.header_n < COUNT(headers)) {
		slice_cut(rest, '\n', &line, &rest);
		slice_cut(line, ':', &name, &value);
		headers[req.header_n++] = (struct http_header){ name, value };
	}
	http_guard(&req, &who, &v);
	assert(v.status == 0 ? v.reason == NULL
	    : v.reason != NULL && v.status >= 400 && v.status < 500);
	if (v.status == 0)
		passed(&req, &v);
	(void)http_guard_lengths(headers, req.header_n);
	return 0;
}
