/* SPDX-License-Identifier: Apache-2.0 */
/* The gate in front of the web process's routing, and the routing behind it. */
#include "tests/tap.h"

#include "admin-web/http_guard.h"
#include "admin-web/route.h"

static const struct slice hosts[] = { SLICE_INIT("chat.example.org"),
	SLICE_INIT("127.0.0.1"), SLICE_INIT("[::1]") };
static const unsigned ports[] = { 8443 };
static const struct guard_policy who = { hosts, COUNT(hosts), ports, COUNT(ports) };

/* Headers as "name: value" lines; the Host is ours unless they bring one. */
static struct guard_verdict guard(const char *method, const char *target,
    const char *lines)
{
	static struct http_header headers[100];
	struct guard_request req = { slice_of(method), slice_of(target), headers, 0 };
	struct slice rest = slice_of(lines), line, name, value;
	struct guard_verdict v;

	if (strncmp(lines, "Host", 4) != 0 && strncmp(lines, "-", 1) != 0)
		headers[req.header_n++] = (struct http_header){
			SLICE_INIT("Host"), SLICE_INIT("chat.example.org:8443") };
	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		slice_cut(line, ':', &name, &value);
		if (!slice_is(line, "-"))
			headers[req.header_n++] = (struct http_header){
				name, slice_trim(value) };
	}
	http_guard(&req, &who, &v);
	return v;
}

static const struct { unsigned status; const char *target; } targets[] = {
	{ 0, "/" }, { 0, "/people" }, { 0, "/people/lucia" }, { 0, "/a.b/c-d_e~f" },
	{ 0, "/people?q=a%2Fb" }, { 0, "/people?q=.." }, { 0, "/people?q=//;" },
	{ 0, "/people/l%C3%BAcia" }, { 0, "/people?" }, { 0, "/p?a?b" },
	{ 0, "/people/a.b.c" }, { 0, "/.well-known/x" }, { 0, "/a/.b/c." },
	{ 0, "/people/a@b" }, { 0, "/people/a+b=c&d!$'()*,:" },
	{ 400, "" }, { 400, "people" }, { 400, "*" }, { 400, "http://x/people" },
	{ 400, "//" }, { 400, "//people" }, { 400, "/people//" }, { 400, "/a//b" },
	{ 400, "/.." }, { 400, "/../a" }, { 400, "/a/.." }, { 400, "/a..b" },
	{ 400, "/." }, { 400, "/a/." }, { 400, "/a/./b" }, { 400, "/a;b" },
	{ 400, "/a;" }, { 400, "/%2e%2e/a" }, { 400, "/%2E" }, { 400, "/a%2fb" },
	{ 400, "/a%2Fb" }, { 400, "/a%5cb" }, { 400, "/a%5C" }, { 400, "/a%00" },
	{ 400, "/a%00.css" }, { 400, "/%u002e" }, { 400, "/%" }, { 400, "/%2" },
	{ 400, "/%zz" }, { 400, "/%2>" }, { 400, "/a%25b" }, { 400, "/a%252e" },
	{ 400, "/a%3b" }, { 400, "/a b" }, { 400, "/a\tb" }, { 400, "/a\\b" },
	{ 400, "/a#b" }, { 400, "/a<b" }, { 400, "/a\"b" }, { 400, "/\xc3\xb1" },
	{ 400, "/a\x7f" }, { 400, "/a?%00" }, { 400, "/a?%" }, { 400, "/a?%g0" },
	{ 400, "/a? " }, { 400, "/a?#" },
};

static const struct { unsigned status; const char *lines, *name; } framings[] = {
	{ 0, "Content-Length: 0", "a length of nothing" },
	{ 0, "Content-Length: 10", "one length" },
	{ 0, "content-length: 10", "a header in lower case" },
	{ 0, "Transfer-Encoding: chunked", "chunked alone" },
	{ 0, "Transfer-Encoding: Chunked", "chunked in any case" },
	{ 411, "X: y", "no length at all" },
	{ 400, "Content-Length: 1\nContent-Length: 1", "the length twice" },
	{ 400, "Content-Length: 1\ncontent-LENGTH: 2", "two lengths" },
	{ 400, "Content-Length: 1\nTransfer-Encoding: chunked", "length and coding" },
	{ 400, "Transfer-Encoding: chunked\nTransfer-Encoding: chunked", "the coding twice" },
	{ 400, "Transfer-Encoding: gzip, chunked", "two codings" },
	{ 400, "Transfer-Encoding: identity", "another coding" },
	{ 400, "Transfer-Encoding:", "an empty coding" },
	{ 400, "Transfer-Encoding : chunked", "a space before the colon" },
	{ 400, "Content-Length: +1", "a sign" }, { 400, "Content-Length: -1", "minus" },
	{ 400, "Content-Length: 1, 1", "a list of lengths" },
	{ 400, "Content-Length: 0x1", "hexadecimal" },
	{ 400, "Content-Length:", "an empty length" },
	{ 400, "Content-Length: 99999999999999999999", "more than fits" },
	{ 400, "Content-Length: 1\nX y: z", "a space in a name" },
	{ 400, "Content-Length: 1\n: z", "an empty name" },
	{ 400, "Content-Length: 1\nX\x01: z", "a control in a name" },
	{ 400, "Content-Length: 1\nX: a\x01z", "a control in a value" },
	{ 400, "Content-Length: 1\nX: a\rz", "a carriage return in a value" },
	{ 400, "Content-Length: 1\nCookie: a\nCookie: b", "two cookie headers" },
	{ 400, "Content-Length: 1\nAuthorization: a\nAuthorization: b", "two authorizations" },
	{ 400, "Content-Length: 1\nOrigin: a\nOrigin: a", "two origins" },
};

static const struct { unsigned status; const char *lines; } host_lines[] = {
	{ 0, "Host: chat.example.org" }, { 0, "Host: CHAT.Example.Org:8443" },
	{ 0, "Host: 127.0.0.1" }, { 0, "Host: 127.0.0.1:8443" },
	{ 0, "Host: [::1]" }, { 0, "Host: [::1]:8443" },
	{ 421, "Host: example.org" }, { 421, "Host: chat.example.org:443" },
	{ 421, "Host: chat.example.org." }, { 421, "Host: [::2]" },
	{ 421, "Host: xchat.example.org" }, { 421, "Host: chat.example.org.x" },
	{ 400, "-" }, { 400, "Host:" }, { 400, "Host: :8443" }, { 400, "Host: [::1" },
	{ 400, "Host: chat.example.org:" }, { 400, "Host: chat.example.org:x" },
	{ 400, "Host: chat.example.org:99999" }, { 400, "Host: a/b" },
	{ 400, "Host: user@chat.example.org" }, { 400, "Host: a b" },
	{ 400, "Host: chat.example.org\nHost: chat.example.org" },
	{ 400, "Host: chat.example.org\nhost: evil" },
	{ 400, "Host: chat.example.org:8443:8443" }, { 400, "Host: [::1]8443" },
};

static void check_tables(void)
{
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct guard_verdict v = guard("GET", targets[i].target, "");

		okf(v.status == targets[i].status, "WEB-01 %s is %u, was %u",
		    targets[i].target, targets[i].status, v.status);
	}
	for (size_t i = 0; i < COUNT(framings); i++) {
		struct guard_verdict v = guard("POST", "/a", framings[i].lines);

		okf(v.status == framings[i].status, "WEB-11 %s is %u, was %u",
		    framings[i].name, framings[i].status, v.status);
	}
	for (size_t i = 0; i < COUNT(host_lines); i++) {
		struct guard_verdict v = guard("GET", "/a", host_lines[i].lines);

		okf(v.status == host_lines[i].status, "WEB-10 \"%s\" is %u, was %u",
		    host_lines[i].lines, host_lines[i].status, v.status);
	}
}

static void check_rest(void)
{
	struct guard_verdict v = guard("POST", "/a?b=c", "Content-Length: 12");
	char lines[9000] = "", target[2200] = "/";

	is_slice(v.path, SLICE("/a"), "path is cut from the query");
	is_slice(v.query, SLICE("b=c"), "query comes without its mark");
	is_slice(v.host, SLICE("chat.example.org:8443"), "host is told");
	ok(v.has_body && !v.is_chunked && v.length == 12, "body is announced");
	is_int(guard("GET", "/a", "Content-Length: 1").status, 400,
	    "WEB-11 a GET has no body");
	is_int(guard("DELETE", "/a", "Transfer-Encoding: chunked").status, 400,
	    "WEB-11 nor has a DELETE");
	is_int(guard("GET", "/a", "Content-Length: 0").status, 0,
	    "a length of nothing does no harm");
	is_int(guard("G T", "/a", "").status, 400, "WEB-14 a method is a token");
	is_int(guard("", "/a", "").status, 400, "WEB-14 and not empty");
	is_int(guard("ABCDEFGHIJKLMNOPQ", "/a", "").status, 400, "WEB-14 nor long");
	for (size_t i = 0; i < 61; i++)
		memcpy(lines + i * 5, "X: y\n", 5);
	is_int(guard("GET", "/a", lines).status, 431, "WEB-13 sixty headers");
	memset(lines, 'a', 8300);
	memcpy(lines, "X: ", 3);
	is_int(guard("GET", "/a", lines).status, 431, "WEB-13 8 KiB of headers");
	memset(target + 1, 'a', 2100);
	is_int(guard("GET", target, "").status, 414, "WEB-13 long target");
	ok(http_guard_path(SLICE("/people")) && !http_guard_path(SLICE("/a?b"))
	    && !http_guard_path(SLICE("//a")) && !http_guard_path(SLICE(""))
	    && !http_guard_path(SLICE("https://a")), "WEB-22 a path alone");
}

static void handler(struct exchange *x)
{
	(void)x;
}

static const struct route table[] = {
	{ "GET",    "/",              ROLE_ANYONE, ROUTE_PAGE, handler, "root" },
	{ "GET",    "/people",        ROLE_ADMIN,  ROUTE_PAGE, handler, "people" },
	{ "GET",    "/people/{uid}",  ROLE_ADMIN,  ROUTE_PAGE, handler, "person" },
	{ "POST",   "/people/{uid}",  ROLE_ADMIN,  ROUTE_FORM, handler, "change" },
	{ "DELETE", "/people/{uid}",  ROLE_ADMIN,  ROUTE_API,  handler, "delete" },
	{ "GET",    "/a/{x}/b/{y}",   ROLE_ADMIN,  ROUTE_PAGE, handler, "two" },
	{ "GET",    "/list{?q,limit}", ROLE_ADMIN, ROUTE_API,  handler, "list" },
	{ "GET",    "/list/{x}{?q}",  ROLE_ADMIN,  ROUTE_API,  handler, "item" },
};

static const struct { const char *method, *path; unsigned status; const char *found, *first; } routed[] = {
	{ "GET",  "/",               0,   "root",   NULL },
	{ "HEAD", "/people",         0,   "people", NULL },
	{ "GET",  "/people/lucia",   0,   "person", "lucia" },
	{ "GET",  "/people/l%C3%BA", 0,   "person", "l\xc3\xba" },
	{ "POST", "/people/x",       0,   "change", "x" },
	{ "GET",  "/a/1/b/2",        0,   "two",    "1" },
	{ "GET",  "/list",           0,   "list",   NULL },
	{ "GET",  "/list/x",         0,   "item",   "x" },
	{ "GET",  "/list/",          404, NULL,     NULL },
	{ "PUT",  "/list",           405, NULL,     NULL },
	{ "PUT",  "/people/x",       405, NULL,     NULL },
	{ "POST", "/people",         405, NULL,     NULL },
	{ "get",  "/people",         405, NULL,     NULL },
	{ "GET",  "/people/",        404, NULL,     NULL },
	{ "GET",  "/People",         404, NULL,     NULL },
	{ "GET",  "/people/x/y",     404, NULL,     NULL },
	{ "GET",  "/a/1/c/2",        404, NULL,     NULL },
	{ "GET",  "/a/1/b/",         404, NULL,     NULL },
	{ "GET",  "/people/%C3",     404, NULL,     NULL },
	{ "GET",  "/people/%0a",     404, NULL,     NULL },
	{ "GET",  "/people/%ed%a0%80", 404, NULL,   NULL },
};

static const struct { const char *action, *parameter; bool taken; } taken[] = {
	{ "list", "q", true }, { "list", "limit", true }, { "item", "q", true },
	{ "list", "", false }, { "list", "lim", false }, { "list", "limit}", false },
	{ "list", "q,limit", false }, { "list", "Q", false }, { "list", "{?q", false },
	{ "item", "limit", false }, { "root", "q", false }, { "root", "", false },
};

static void check_parameters(void)
{
	for (size_t i = 0; i < COUNT(taken); i++)
		for (size_t k = 0; k < COUNT(table); k++)
			if (strcmp(table[k].action, taken[i].action) == 0)
				okf(route_takes(&table[k],
				    slice_of(taken[i].parameter)) == taken[i].taken,
				    "%s takes \"%s\": %d", table[k].path,
				    taken[i].parameter, taken[i].taken);
}

static void check_routes(void)
{
	struct arena a = { 0 };
	struct route_match m;

	for (size_t i = 0; i < COUNT(routed); i++) {
		route_find(&a, table, COUNT(table), slice_of(routed[i].method),
		    slice_of(routed[i].path), &m);
		okf(m.status == routed[i].status && (routed[i].found == NULL
		    ? m.route == NULL : m.route != NULL
		    && strcmp(m.route->action, routed[i].found) == 0)
		    && (routed[i].first == NULL
		    || slice_is(m.param[0], routed[i].first)), "%s %s",
		    routed[i].method, routed[i].path);
	}
	route_find(&a, table, COUNT(table), SLICE("PUT"), SLICE("/people/x"), &m);
	is_str(m.allow, "GET, HEAD, POST, DELETE", "405 says what is allowed");
	arena_fini(&a);
}

int main(void)
{
	check_tables();
	check_rest();
	check_routes();
	check_parameters();
	return done();
}
