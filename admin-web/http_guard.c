/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http_guard.c — the gate in front of routing; a list of checks, each
 * of which may refuse.  RFC 9110, RFC 9112 §3.2, §6.3. */
#include "admin-web/http_guard.h"

struct looking {
	const struct guard_request *req;
	const struct guard_policy *who;
	struct guard_verdict *v;
};

static bool refuse(struct looking *l, unsigned status, const char *reason)
{
	l->v->status = status;
	l->v->reason = reason;
	return false;
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9')
	    || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n != 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* --- the target --------------------------------------------------------------------- */

/* The byte that the escape at p stands for, or -1. */
static int escape_value(const char *p, size_t n)
{
	int high, low;

	if (n < 3 || (high = hex_value(p[1])) < 0 || (low = hex_value(p[2])) < 0)
		return -1;
	return high * 16 + low;
}

/* Good in path and query alike: printable ASCII, sound escapes, no NUL. */
static bool check_bytes(struct looking *l, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}#", c) != NULL)
			return refuse(l, 400, "byte that has no place in a target");
		if (c == '%' && escape_value(s.p + i, s.n - i) < 0)
			return refuse(l, 400, "bad escape in the target");
		if (c == '%' && escape_value(s.p + i, s.n - i) == 0)
			return refuse(l, 400, "NUL in the target");
	}
	return true;
}

/* What a second decoder, or a careless one, could take for another path. */
static bool check_path(struct looking *l, struct slice path)
{
	for (size_t i = 0; i < path.n; i++) {
		char c = path.p[i], next = i + 1 < path.n ? path.p[i + 1] : '\0';

		if (c == ';' || (c == '/' && next == '/')
		    || (c == '.' && next == '.'))
			return refuse(l, 400, "path with ; // or ..");
		if (c == '/' && next == '.' && (i + 2 == path.n
		    || path.p[i + 2] == '/'))
			return refuse(l, 400, "path with a dot segment");
		if (c == '%' && strchr("./\\%;", escape_value(path.p + i,
		    path.n - i)) != NULL)
			return refuse(l, 400, "escape that hides a path");
	}
	return true;
}

static bool check_target(struct looking *l)
{
	struct slice target = l->req->target;

	if (target.n == 0 || target.p[0] != '/')
		return refuse(l, 400, "target is no path");
	if (target.n > GUARD_TARGET_MOST)
		return refuse(l, 414, "target too long");
	slice_cut(target, '?', &l->v->path, &l->v->query);
	return check_bytes(l, target) && check_path(l, l->v->path);
}

/* --- headers -------------------------------------------------------------------------- */

/* Headers that decide about framing, identity or rights: never twice. */
static const char *const once[] = {
	"host", "content-length", "transfer-encoding", "content-type",
	"authorization", "cookie", "origin", "sec-fetch-site", "expect",
};

static size_t count_of(const struct guard_request *req, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < req->header_n; i++)
		n += slice_eq_nocase(req->headers[i].name, slice_of(name));
	return n;
}

struct slice http_header_find(const struct http_header *h, size_t n,
    const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(h[i].name, slice_of(name)))
			return h[i].value;
	return (struct slice){ "", 0 };
}

static struct slice value_of(const struct looking *l, const char *name)
{
	return http_header_find(l->req->headers, l->req->header_n, name);
}

static bool check_headers(struct looking *l)
{
	size_t bytes = 0;

	if (l->req->header_n > GUARD_HEADERS_MOST)
		return refuse(l, 431, "too many headers");
	for (size_t i = 0; i < l->req->header_n; i++) {
		const struct http_header *h = &l->req->headers[i];

		bytes += h->name.n + h->value.n + 4;
		if (!is_token(h->name))
			return refuse(l, 400, "header name is no token");
		for (size_t k = 0; k < h->value.n; k++)
			if (((unsigned char)h->value.p[k] < ' '
			    && h->value.p[k] != '\t') || h->value.p[k] == 0x7f)
				return refuse(l, 400, "control in a header");
	}
	if (bytes > GUARD_HEADER_BYTES)
		return refuse(l, 431, "headers too large");
	for (size_t i = 0; i < COUNT(once); i++)
		if (count_of(l->req, once[i]) > 1)
			return refuse(l, 400, "header twice");
	return true;
}

/* --- host ------------------------------------------------------------------------------- */

/* Splits "name", "name:port", "[v6]" and "[v6]:port". */
static bool host_split(struct slice value, struct slice *name_r,
    struct slice *port_r)
{
	const char *end;
	size_t n;

	*port_r = slice_make("", 0);
	if (value.n == 0)
		return false;
	end = value.p[0] == '[' ? memchr(value.p, ']', value.n)
	    : memchr(value.p, ':', value.n);
	if (value.p[0] == '[' && end == NULL)
		return false;
	n = end == NULL ? value.n : (size_t)(end - value.p)
	    + (value.p[0] == '[' ? 1 : 0);
	*name_r = slice_make(value.p, n);
	if (n == value.n)
		return n != 0;
	*port_r = slice_make(value.p + n + 1, value.n - n - 1);
	return n != 0 && value.p[n] == ':' && port_r->n != 0;
}

static bool is_our_port(const struct guard_policy *who, uint64_t port)
{
	for (size_t i = 0; i < who->port_n; i++)
		if (who->ports[i] == port)
			return true;
	return false;
}

static bool check_host(struct looking *l)
{
	struct slice name, digits;
	uint64_t port;

	if (count_of(l->req, "host") != 1)
		return refuse(l, 400, "no Host");
	l->v->host = value_of(l, "host");
	if (!host_split(l->v->host, &name, &digits))
		return refuse(l, 400, "malformed Host");
	for (size_t i = 0; i < name.n; i++)
		if (!is_token_char(name.p[i]) && strchr("[]:", name.p[i]) == NULL)
			return refuse(l, 400, "malformed Host");
	if (digits.n != 0 && !slice_number(digits, 65535, &port))
		return refuse(l, 400, "malformed port in Host");
	if (digits.n != 0 && !is_our_port(l->who, port))
		return refuse(l, 421, "not our port");
	for (size_t i = 0; i < l->who->host_n; i++)
		if (slice_eq_nocase(name, l->who->hosts[i]))
			return true;
	return refuse(l, 421, "not our host");
}

/* --- framing ------------------------------------------------------------------------------ */

static bool may_have_body(struct slice method)
{
	return slice_is(method, "POST") || slice_is(method, "PATCH")
	    || slice_is(method, "PUT");
}

static bool check_framing(struct looking *l)
{
	struct slice length = value_of(l, "content-length");
	struct slice coding = value_of(l, "transfer-encoding");
	bool has_length = count_of(l->req, "content-length") != 0;
	bool has_coding = count_of(l->req, "transfer-encoding") != 0;
	bool may = may_have_body(l->req->method);

	if (has_length && has_coding)
		return refuse(l, 400, "length and transfer coding");
	if (has_coding && !slice_eq_nocase(coding, SLICE("chunked")))
		return refuse(l, 400, "transfer coding other than chunked");
	if (has_length && !slice_number(length, INT64_MAX, &l->v->length))
		return refuse(l, 400, "malformed length");
	if (!may && (has_coding || l->v->length != 0))
		return refuse(l, 400, "body where none may be");
	if (may && !has_length && !has_coding)
		return refuse(l, 411, "no length");
	l->v->has_body = may;
	l->v->is_chunked = has_coding;
	return true;
}

bool http_guard_lengths(const struct http_header *h, size_t n)
{
	uint64_t length;

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(h[i].name, SLICE("content-length"))
		    && !slice_number(h[i].value, INT64_MAX, &length))
			return false;
	return true;
}

bool http_guard_path(struct slice target)
{
	struct guard_request req = { .target = target };
	struct guard_verdict v = { 0 };
	struct looking l = { &req, NULL, &v };

	return check_target(&l) && slice_eq(v.path, target);
}

void http_guard(const struct guard_request *req, const struct guard_policy *who,
    struct guard_verdict *verdict_r)
{
	struct looking l = { req, who, verdict_r };

	*verdict_r = (struct guard_verdict){ .path = { "", 0 }, .query = { "", 0 },
		.host = { "", 0 } };
	if (!is_token(req->method) || req->method.n > 16)
		refuse(&l, 400, "method is no token");
	else if (check_headers(&l) && check_framing(&l) && check_target(&l)
	    && check_host(&l))
		verdict_r->status = 0;
}
