# SPDX-License-Identifier: Apache-2.0
"""The gate in front of routing, seen from outside: targets, hosts, methods,
and the headers that every answer carries."""

import pytest

from browser import parse
from routes import EXAMPLES, ROUTES

# What to do with a good path so that a careless server finds another one, or
# the same one without its guard.  {} is the path without its last segment.
BEND = """
%2e%2e %2e%2e/ %2E%2E%2f .%2e %2e. .. ../ ./ . %2e %2e/ ..;/ ;/ ; ;x=y ;jsessionid=1
%2f %2F %2f%2f / // /// /./ /../ %5c %5C \\ ..\\ ..%5c ..%2f..%2f ..%252f %252e%252e
%25%32%65 %00 %00.css x%00 %u002e%u002e %u002e %uff0e %u2215 %c0%ae%c0%ae %c0%af
%e0%80%ae %fc%80%80%80%80%ae %2> %2 % %g1 %1g %%32%65 %0a %0d%0a %0d%0aX-A:%20b %09
%7f %20 %c2%80 .css/../ setup/setup-s/%u002e%u002e/ ../../../../etc/passwd
..%2f..%2f..%2f..%2fetc%2fpasswd ..%c0%af.. ....// ..././ .%00./ #x #/../ | ^ ` { } " < >
.json .html ~ * ? ?/../ &
""".split()

RAW_BYTES = [b"\x00", b"\t", b"\x7f", b"\x80", b"\xc3\xb1", b"\xff", b"\x01"]
ADMIN_WORDS = ("<h1>People", "<h1>Rooms", '"accounts"', '"rooms"')


def test_vector_list_is_long_enough():
    assert len(set(BEND)) + len(RAW_BYTES) >= 60


@pytest.mark.parametrize("base", EXAMPLES)
def test_web_01_bent_targets_reach_nothing(web, base):
    """Nothing but 400 and 404, whatever is put behind, before or into a path
    (a query is no part of the path, and a segment that varies may be odd)."""
    for bend in BEND:
        for target in (base.rstrip("/") + "/" + bend, base + bend,
                       "/" + bend + base):
            answer = web.request("GET", target)
            expected = {400, 404}
            path = target.partition("?")[0]
            if path == base or path + "/" == base or answer.status in (401, 303):
                continue            # the path itself, or asked to sign in
            assert answer.status in expected, (target, answer.status)
            assert not any(word in answer.text for word in ADMIN_WORDS)


@pytest.mark.parametrize("target", [
    "/%2e%2e/people", "/signin/../people", "/signin/%2e%2e/people",
    "/signin/..;/people", "/signin;/../people", "/signin//people",
    "/people%2f", "/people%00", "/%70eople%00", "/people\\..", "/a/./people",
    "/signin/%u002e%u002e/people", "/people/%2", "/people/%zz", "/people/a%2fb",
    "/people/a%5cb", "/people/..", "/rooms/%2e%2e", "/api/v1/%2e%2e/accounts",
    "/api/v1/accounts/%2e%2e", "/api/v1/accounts/a;b", "/api/v1/accounts/%25",
    "//people", "/people//", "http://localhost/people", "people", "*",
    "/people?q=%00", "/people?q=%zz", "/people?q=%", "/people#x"])
def test_web_01_hidden_paths_are_400(web, target):
    assert web.request("GET", target).status == 400


@pytest.mark.parametrize("byte", RAW_BYTES)
def test_web_01_raw_bytes_in_a_target_are_refused(web, byte):
    """NUL ends the target before we see it: what is left is no path of ours."""
    got = web.raw(b"GET /people/" + byte + b" HTTP/1.1\r\nHost: "
                  + web.host.encode() + b"\r\n\r\n")
    assert not got or parse(got).status == (404 if byte == b"\0" else 400)


@pytest.mark.parametrize("target", [
    "/people/", "/People", "/rooms/x/", "/setup", "/admin", "/index.html",
    "/api/v1", "/api/v1/", "/api/v1/accounts/", "/api/v2/accounts",
    "/.well-known/x", "/static/style.css", "/people/x/y", "/activate"])
def test_web_01_02_what_is_not_in_the_table_is_404(web, target):
    assert web.request("GET", target).status == 404


def test_escapes_in_a_segment_that_varies_are_decoded_once(admin):
    admin.get("/people/%6c%75cia")
    assert admin.answer.status == 200
    assert "lucia@" in admin.answer.text
    assert admin.get("/people/%256cucia").status == 400


# ---- hosts ----

def ask(web, *lines):
    head = "\r\n".join(["GET /signin HTTP/1.1", *lines])
    return parse(web.raw(head.encode() + b"\r\n\r\n")).status


def test_web_10_our_hosts_are_served(web, world):
    port = web.port
    for host in (f"localhost:{port}", "localhost", world.domain.upper(),
                 f"127.0.0.1:{port}", f"[::1]:{port}", "[::1]"):
        assert ask(web, f"Host: {host}") == 200, host


@pytest.mark.parametrize("host", [
    "evil.example", "localhost.evil.example", "localhost:1", "127.0.0.2",
    "localhost:443", "localhost.", "LOCALHOST.evil", "[::2]"])
def test_web_10_other_hosts_are_421(web, host):
    assert ask(web, f"Host: {host}") == 421


@pytest.mark.parametrize("host", [
    "", "localhost:", "localhost:x", "localhost:99999", "localhost:-1",
    "[::1", "::1", "localhost/", "local host", "localhost@evil", ":8443",
    "localhost:8443:8443", "[]", "localhost,evil"])
def test_web_10_malformed_hosts_are_refused(web, host):
    assert ask(web, f"Host: {host}") in (400, 421)


def test_web_10_one_host_exactly(web):
    good = f"Host: {web.host}"
    assert ask(web, "X: y") == 400
    assert ask(web, good, "Host: evil.example") == 400
    assert ask(web, "Host: evil.example", good) == 400
    assert ask(web, good, good) == 400
    assert ask(web, good, "X-Forwarded-Host: evil.example",
               "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1") == 200


def test_web_12_forwarded_addresses_are_not_believed(world, web):
    web.request("GET", "/nowhere/..", [("X-Forwarded-For", "203.0.113.77"),
                                       ("Forwarded", "for=203.0.113.77")])
    assert "203.0.113.77" not in world.logs()


# ---- methods ----

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
           "CONNECT", "PROPFIND", "get", "X")


@pytest.mark.parametrize("path", EXAMPLES)
def test_web_14_methods_that_are_not_in_the_table_are_405(web, path):
    known = {r.method for r in ROUTES if r.example == path}
    if "GET" in known:
        known.add("HEAD")
    for method in METHODS:
        body = b"" if method in ("POST", "PUT", "PATCH") else None
        answer = web.request(method, path, body=body)
        if method in known:
            assert answer.status != 405, method
            continue
        assert answer.status == 405, method
        allow = set(answer["allow"].split(", "))
        assert allow == known, (method, allow)


def test_head_answers_as_get_without_a_body(web):
    get, head = web.request("GET", "/signin"), web.request("HEAD", "/signin")
    assert head.status == 200 and head.body == b""
    assert head["content-length"] == get["content-length"]


# ---- headers ----

MANDATORY = {
    "content-security-policy": "default-src 'none'; style-src 'self'; "
    "img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "connection": "close",
}


def check_headers(answer):
    for name, value in MANDATORY.items():
        assert answer[name] == value, name
    age = answer["strict-transport-security"].partition("max-age=")[2]
    assert int(age.split(";")[0]) >= 31536000
    assert "server" not in {k.lower() for k, _ in answer.headers}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_web_06_07_every_answer_has_the_headers(web, admin, route):
    method = route.method
    body = "" if method in ("POST", "PATCH") else None
    for answer in (web.request(method, route.example, body=body),
                   web.request(method, route.example + "/..", body=body),
                   web.request("BREW", route.example),
                   admin.fetch(method, route.example, body=body)):
        check_headers(answer)
        if route.kind != "FILE":
            assert answer["cache-control"] == "no-store"


# What the guard refuses, each for a reason of its own: status, method, what
# comes behind /api/v1/rooms, and further lines of the head.
REFUSED = {
    "no length": (411, "POST", "", []),
    "malformed length": (400, "POST", "", ["Content-Length: x"]),
    "two lengths": (400, "POST", "", ["Content-Length: 1", "Content-Length: 2"]),
    "enormous length": (413, "POST", "", ["Content-Length: 9999999999"]),
    "length and coding": (400, "POST", "", ["Content-Length: 1",
                                            "Transfer-Encoding: chunked"]),
    "other coding": (400, "POST", "", ["Transfer-Encoding: gzip"]),
    "body of a GET": (400, "GET", "", ["Content-Length: 2"]),
    "body of a DELETE": (400, "DELETE", "/x", ["Content-Length: 2"]),
    "long target": (414, "GET", "?q=" + "a" * 2100, []),
    "many headers": (431, "GET", "", [f"X-{n}: y" for n in range(70)]),
    "large headers": (431, "GET", "", ["X: " + "y" * 8200]),
    "no token": (400, "GET", "", ["X(): y"]),
    "header twice": (400, "GET", "", ["Cookie: a=b", "Cookie: a=b"]),
    "method no token": (400, "G(T", "", []),
    "hidden path": (400, "GET", "/%2e%2e", []),
    "bad escape": (400, "GET", "/%zz", []),
    "two slashes": (400, "GET", "//x", []),
    "other host": (421, "GET", "", ["Host: evil.example"]),
    "malformed host": (400, "GET", "", ["Host: a/b"]),
    "no host": (400, "GET", "", ["X: y"]),
    "other method": (405, "BREW", "", []),
    "no such path": (404, "GET", "/x/y", []),
}


@pytest.mark.parametrize("why", REFUSED)
def test_refusals_of_the_api_are_problem_details(web, why):
    status, method, rest, lines = REFUSED[why]
    if "host" not in why:
        lines = [f"Host: {web.host}", *lines]
    for path, is_api in (("/api/v1/rooms", True), ("/signin", False)):
        answer = parse(web.raw("\r\n".join(
            [f"{method} {path}{rest} HTTP/1.1", *lines, "", ""]).encode()))
        if is_api:
            assert answer.status == status
            assert answer["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert answer["content-length"] == str(len(answer.body))
            check_headers(answer)
        else:
            assert (answer["content-type"] or "text/html").startswith("text/html")
            assert not answer.body.startswith(b"{")


def test_web_20_errors_tell_nothing_about_the_machine(web):
    for target in ("/nowhere", "/people/..", "/api/v1/accounts", "/activate/x"):
        text = web.request("GET", target).text.lower()
        for word in ("microhttpd", "dc=example", "/usr", "openldap", "gnutls",
                     ".c:"):
            assert word not in text
