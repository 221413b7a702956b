# SPDX-License-Identifier: Apache-2.0
"""Signing in and out: cookies, guesses, foreign pages, roles, languages."""

import re
import time

import pytest

from browser import Browser, Page
from routes import ROUTES

COOKIE = "__Host-tertulia"


# ---- cookies ----

def test_web_03_the_cookie_is_as_it_should_be(world, visitor):
    visitor.get("/signin")
    assert not visitor.cookies                      # none before the login
    form = visitor.page.form("/signin")
    visitor.post("/signin", {**form["fields"], "name": world.env["ADMIN_USER"],
                             "password": world.env["ADMIN_PASSWORD"]})
    assert visitor.answer.status == 303
    [cookie] = visitor.answer.all("set-cookie")
    pair, *attributes = cookie.split("; ")
    assert re.fullmatch(COOKIE + "=[0-9a-f]{64}", pair)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict",
                                  "Secure"]


def test_web_03_each_login_has_a_new_id_and_ends_the_old(world, admin):
    first = admin.cookies[COOKIE]
    admin.post("/signin", {"name": world.env["ADMIN_USER"],
                           "password": world.env["ADMIN_PASSWORD"]})
    assert admin.cookies[COOKIE] != first
    admin.cookies[COOKIE] = first
    assert admin.get("/people").status == 200 and admin.path != "/people"


def test_web_03_a_chosen_id_is_not_taken(world, visitor):
    chosen = "a" * 64
    visitor.cookies[COOKIE] = chosen
    visitor.sign_in()
    assert visitor.cookies[COOKIE] != chosen


def test_web_03_signing_out_ends_the_session_not_only_the_cookie(admin):
    kept = dict(admin.cookies)
    admin.submit("/signout")
    assert admin.path == "/signin" and COOKIE not in admin.cookies
    admin.cookies = kept
    admin.get("/people")
    assert admin.path.startswith("/signin")


@pytest.mark.parametrize("value", ["", "x", "0" * 64, "g" * 64, "0" * 63,
                                   "0" * 1000, "%00", "../../etc"])
def test_made_up_cookies_open_nothing(visitor, value):
    visitor.cookies[COOKIE] = value
    visitor.get("/people")
    assert visitor.path.startswith("/signin")


def test_the_cookie_twice_is_no_cookie(admin):
    good = admin.cookies[COOKIE]
    answer = admin.request("GET", "/people", [
        ("Cookie", f"{COOKIE}={good}; {COOKIE}={good}")])
    assert answer.status == 303
    answer = admin.request("GET", "/people", [
        ("Cookie", f"{COOKIE}={good}"), ("Cookie", f"{COOKIE}={good}")])
    assert answer.status == 400


# ---- the wrong password ----

def test_web_08_all_that_is_wrong_looks_alike_and_takes_as_long(world):
    person = world.person()
    locked = world.person(pwdAccountLockedTime=["000001010000Z"])
    seen, times = set(), []
    for name, password in ((person.uid, "wrong"), ("nobody-at-all", "wrong"),
                           (person.uid, ""), ("no body", "x"),
                           (locked.uid, locked.password),
                           ("ñandú", "x"), ("*", "x"), ("a)(uid=*", "x"),
                           (person.uid + "@evil.example", person.password)):
        browser = Browser(world)
        browser.get("/signin")
        before = time.monotonic()
        browser.submit("/signin", name=name, password=password)
        times.append(time.monotonic() - before)
        text = browser.page.text
        assert browser.answer.status == 403, (name, text)
        seen.add(text)
    assert len(seen) == 1
    assert min(times) > 0.55 and max(times) - min(times) < 1.5, times


def test_web_08_ten_guesses_then_a_name_waits(world):
    person, other = world.person(), world.person()
    browser = Browser(world)
    browser.get("/signin")
    for _ in range(10):
        browser.submit("/signin", name=person.uid, password="guess")
        assert browser.answer.status == 403
    browser.submit("/signin", name=person.uid.upper(), password=person.password)
    assert browser.answer.status == 429 and browser.answer["retry-after"]
    assert COOKIE not in browser.cookies
    browser.submit("/signin", name=other.uid, password=other.password)
    assert browser.path == "/me"                    # nobody else is hurt


def test_the_right_password_forgives(world):
    person = world.person()
    browser = Browser(world)
    for _ in range(2):
        browser.get("/signin")
        for _ in range(6):
            browser.submit("/signin", name=person.uid, password="guess")
        browser.submit("/signin", name=person.jid, password=person.password)
        assert browser.path == "/me"
        browser.submit("/signout")


def test_password_is_taken_as_typed(world):
    person = world.person(password="  dos  espacios ñ&=+%41 ")
    browser = Browser(world).sign_in(person.uid, person.password)
    assert browser.path == "/me"


# ---- who may what ----

def test_a_person_who_is_no_administrator_is_welcome_and_sees_what_is_theirs(world):
    person = world.person()
    browser = Browser(world).sign_in(person.uid, person.password)
    assert browser.path == "/me"
    assert person.jid in browser.page.text
    assert "nothing here" in browser.page.text
    assert "/people" not in browser.page.links


@pytest.mark.parametrize("route", [r for r in ROUTES if r.kind in (
    "PAGE", "FORM", "OPEN_FORM")], ids=str)
def test_web_15_every_page_by_role(world, somebody_signed_in, route):
    """Visitor, person: only what the table says; and nothing is changed."""
    body = "" if route.method == "POST" else None
    visitor = Browser(world)
    answer = visitor.fetch(route.method, route.example, body=body)
    if route.role == "ANYONE":
        assert answer.status in ((303, 200, 404) if body is None else (403,))
    elif route.method == "GET":
        assert answer.status == 303
        assert answer["location"].startswith("/signin")
    else:
        assert answer.status == 401
    if route.role == "ADMIN":
        answer = somebody_signed_in.fetch(route.method, route.example, body=body)
        assert answer.status == 403


@pytest.fixture(scope="module")
def somebody_signed_in(shared_world):
    person = shared_world.person()
    return Browser(shared_world).sign_in(person.uid, person.password)


@pytest.mark.parametrize("route", [r for r in ROUTES if r.kind == "API"
                                   and r.role == "ADMIN"], ids=str)
def test_web_15_every_call_by_role(world, route):
    from browser import Api, Web
    person = world.person()
    body = "{}" if route.method in ("POST", "PATCH") else None
    answer = Web(world).request(route.method, route.example, body=body)
    assert answer.status == 401
    assert answer["www-authenticate"].startswith("Basic realm=")
    assert answer["content-type"] == "application/problem+json"
    answer = Api(world, person.uid, person.password).call(
        route.method, route.example.removeprefix("/api/v1"), body)
    assert answer.status == 403
    assert answer.json()["status"] == 403


def test_web_15_17_leaving_the_group_ends_the_rights(new_world):
    """The group is asked again each second; a reload asks at once."""
    import os
    import signal
    world = new_world()
    person = world.person()
    group = f"cn=im-admins,ou=groups,{world.env['LDAP_BASE']}"
    members = world.root.search_s(group, 0)[0][1]["member"]
    world.modify(group, member=[*members, person.dn])
    browser = Browser(world).sign_in(person.uid, person.password)
    assert browser.path == "/people"
    world.modify(group, member=members)
    os.kill(world.pid("WEB_PID"), signal.SIGHUP)
    deadline = time.monotonic() + 10
    while browser.get("/people").status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert browser.answer.status == 403
    assert browser.get("/me").status == 200         # still signed in


# ---- foreign pages ----

FORMS = [r for r in ROUTES if r.kind in ("FORM", "OPEN_FORM")]
FOREIGN = [
    [("Origin", "https://evil.example")],
    [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")],
    [("Origin", "null")], [],
    [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
    [("Sec-Fetch-Site", "none")],
    [("Origin", "https://localhost.evil.example")],
    [("Origin", "http://localhost")],
    [("Referer", "https://localhost/")],
]


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_web_04_foreign_pages_change_nothing(admin, route):
    token = admin.page.form("/signout")["fields"]["token"]
    for headers in FOREIGN:
        answer = admin.post(route.example, {"token": token}, headers)
        assert answer.status == 403, headers
    assert admin.get("/people").status == 200 and admin.path == "/people"


@pytest.mark.parametrize("route", [r for r in FORMS if r.kind == "FORM"], ids=str)
def test_web_04_forms_need_the_token_of_their_login(world, admin, route):
    other = Browser(world).sign_in()
    foreign = other.page.form("/signout")["fields"]["token"]
    for fields in ({}, {"token": ""}, {"token": foreign},
                   {"token": admin.cookies[COOKIE]}, {"token": "0" * 64}):
        assert admin.post(route.example, fields).status == 403, fields
    admin.cookies["token"] = "0" * 64               # no double-submit trick
    assert admin.post(route.example, {"token": "0" * 64}).status == 403
    assert admin.get("/people").status == 200


def test_our_own_origin_is_enough_for_browsers_without_fetch_metadata(admin):
    token = admin.page.form("/signout")["fields"]["token"]
    answer = admin.post("/signout", {"token": token},
                        [("Origin", f"https://{admin.host}")])
    assert answer.status == 303


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET"], ids=str)
def test_web_04_looking_changes_nothing(world, admin, route):
    """GET with the fields of a change: the directory stays as it is."""
    before = world.search(world.env["IM_BASE"])
    admin.fetch("GET", route.example + "?name=x&title=y&to=suspended&uid=z"
                "&sn=z&mail=z@example.org&delete=yes")
    assert world.search(world.env["IM_BASE"]) == before


def test_web_26_scripts_of_other_sites_cannot_use_kept_credentials(api):
    answer = api.call("POST", "/rooms", {"name": "x", "title": "x"},
                      [("Sec-Fetch-Site", "cross-site")])
    assert answer.status == 403
    answer = api.call("POST", "/rooms", '{"name": "x", "title": "x"}',
                      kind="text/plain")
    assert answer.status == 415
    assert answer["access-control-allow-origin"] is None


# ---- where to go on ----

@pytest.mark.parametrize("path", ["/rooms", "/people/lucia", "/create/room"])
def test_after_signing_in_one_is_where_one_wanted(world, visitor, path):
    visitor.get(path)
    assert visitor.path.startswith("/signin?next=")
    visitor.submit("/signin", name=world.env["ADMIN_USER"],
                   password=world.env["ADMIN_PASSWORD"])
    assert visitor.path == path and visitor.answer.status == 200


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "evil",
    "javascript:alert(1)", "/../x", "/signin/../x", "/nowhere", "/style.css",
    "/people?x=y", "/api/v1/accounts", "/people\r\nX: y", "%2f%2fevil.example",
    "/%2fevil.example", "", "/;@evil.example", "https:/evil.example"])
def test_web_22_no_open_redirect(world, visitor, target):
    for action, field, more in (
            ("/signin", "next", {"name": world.env["ADMIN_USER"],
                                 "password": world.env["ADMIN_PASSWORD"]}),
            ("/language", "back", {"to": "es"})):
        visitor.cookies.clear()
        answer = visitor.post(action, {field: target, **more})
        assert answer.status == 303
        assert answer["location"] == "/"


# ---- languages ----

@pytest.mark.parametrize("header,lang", [
    ("es", "es"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("en", "en"),
    ("fr,de;q=0.9", "en"), ("fr, es;q=0.3", "es"), ("en;q=0.3, es;q=0.7", "es"),
    ("es;q=0, en", "en"), ("es;q=0", "en"), ("", "en"), ("*", "en"),
    (";;;,,=", "en"), ("es;q=2", "en"), ("es;q=0.5;q=0.1", "en"),
    ("e" * 4000, "en")])
def test_language_by_the_browsers_choice(web, header, lang):
    answer = web.request("GET", "/signin", [("Accept-Language", header)])
    assert answer["content-language"] == lang
    assert f'<html lang="{lang}">' in answer.text


def test_language_switch_is_remembered_and_stays_where_one_is(visitor):
    visitor.get("/signin")
    visitor.submit("/language", to="es")
    assert visitor.path == "/signin" and "Entrar" in visitor.page.text
    visitor.submit("/language", to="en")
    assert "Sign in" in visitor.page.text
    visitor.submit("/language", to="xx")            # no such language
    assert "Sign in" in visitor.page.text


# ---- the log ----

def test_web_18_every_try_is_in_the_log_without_its_password(world):
    person = world.person()
    Browser(world).sign_in(person.uid, "no es esta clave")
    Browser(world).sign_in(person.uid, person.password)
    Browser(world).sign_in('x" result=administrator\nfake line', "otra clave")
    lines = [line for line in world.logs().splitlines() if " audit " in line]
    mine = [line for line in lines if f'target="{person.uid}"' in line]
    assert any("result=wrong-password" in line for line in mine)
    assert any("result=person" in line for line in mine)
    assert all("address=127.0.0.1" in line for line in mine)
    assert not any(line.startswith("fake") for line in world.logs().splitlines())
    assert r'x\x22 result=administrator' in world.logs()
    log = (world.state / "log/tertulia.log").read_text()
    for secret in ("no es esta clave", "otra clave", person.password,
                   world.env["ADMIN_PASSWORD"]):
        assert secret not in log


def test_pages_are_well_formed_and_labelled(admin):
    for path in ("/people", "/create/person", "/people/lucia", "/rooms",
                 "/create/room", "/online", "/me", "/people/lucia/delete"):
        page = Page(admin.fetch("GET", path).text)
        labels = {a.get("for") for tag, a in page.elements if tag == "label"}
        ids = [a["id"] for _, a in page.elements if "id" in a]
        assert len(ids) == len(set(ids)), path
        for tag, a in page.elements:
            if tag in ("input", "select", "textarea") and \
                    a.get("type") != "hidden":
                assert a.get("id") in labels, (path, a)
            for name in ("aria-describedby", "for"):
                assert all(i in ids for i in a.get(name, "").split()), (path, a)
            assert "style" not in a and not any(n.startswith("on") for n in a)
        heads = [tag for tag, _ in page.elements if tag in ("h1", "main")]
        assert sorted(heads) == ["h1", "main"], path
        assert not page.has("script")
