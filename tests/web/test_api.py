# SPDX-License-Identifier: Apache-2.0
"""The JSON API: what it makes is in the directory, what it refuses is said in
problem details."""

import json
import time

import pytest

from browser import Api


def problem(answer, status, *fields):
    assert answer.status == status, answer.text
    assert answer["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "about:blank" and told["status"] == status
    assert told["title"]
    assert [e["field"] for e in told.get("errors", [])] == list(fields)
    assert all(e["detail"] for e in told.get("errors", []))
    return told


# ---- accounts ----

def test_account_for_a_new_person_without_password(world, api):
    uid = world.name("api")
    answer = api.call("POST", "/accounts", {
        "uid": uid.upper(), "givenName": "Inés", "sn": "Peña",
        "mail": f"{uid}@example.org"})
    assert answer.status == 201
    assert answer["location"] == f"/api/v1/accounts/{uid}"
    made = answer.json()
    assert made.pop("activationLink").startswith(
        world.env["WEB_URL"] + "/activate/")
    assert made == {"uid": uid, "jid": f"{uid}@{world.domain}", "name": "Inés Peña",
                    "givenName": "Inés", "sn": "Peña",
                    "mail": f"{uid}@example.org", "status": "active",
                    "locked": False}
    assert api.call("GET", f"/accounts/{uid}").json() == made
    [(_, entry)] = world.search(f"uid={uid},{world.env['PEOPLE_BASE']}")
    assert entry["sn"] == ["Peña"] and "userPassword" not in entry


def test_account_with_password_can_be_used_at_once(world, api):
    uid = world.name("api")
    answer = api.call("POST", "/accounts", {
        "uid": uid, "sn": "Peña", "mail": f"{uid}@example.org",
        "password": "contraseña de prueba"})
    assert answer.status == 201 and "activationLink" not in answer.json()
    dn = f"uid={uid},{world.env['PEOPLE_BASE']}"
    assert world.ldap(dn, "contraseña de prueba").whoami_s()
    [(_, entry)] = world.search(dn)
    assert not entry["userPassword"][0].startswith("contra")        # hashed


def test_account_for_a_known_person_leaves_the_person_alone(world, api):
    person = world.person()
    answer = api.call("POST", "/accounts", {"uid": person.uid, "sn": "Otro",
                                            "mail": "otro@example.org"})
    assert answer.status == 201
    assert answer.json()["sn"] == person.uid
    assert world.profile(person)["imStatus"] == ["active"]
    assert world.ldap(person.dn, person.password).whoami_s()
    problem(api.call("POST", "/accounts", {"uid": person.uid}), 409, "uid")


def test_new_person_needs_surname_and_mail(world, api):
    problem(api.call("POST", "/accounts", {"uid": world.name("api")}), 422,
            "sn", "mail")


def test_password_the_directory_does_not_take_makes_no_account(world, api):
    person = world.person()                         # has one already
    problem(api.call("POST", "/accounts", {"uid": person.uid,
                                           "password": "otra clave"}),
            422, "password")
    assert world.profile(person) is None
    assert world.ldap(person.dn, person.password).whoami_s()


@pytest.mark.parametrize("body,fields", [
    ({}, ["uid"]), ({"uid": ""}, ["uid"]), ({"uid": 1}, ["uid"]),
    ({"uid": None}, ["uid"]), ({"uid": ["x"]}, ["uid"]), ({"uid": {}}, ["uid"]),
    ({"uid": "a b"}, ["uid"]), ({"uid": "a@b"}, ["uid"]),
    ({"uid": "x" * 65}, ["uid"]), ({"uid": "x" * 1025}, ["uid"]),
    ({"uid": "a..b"}, ["uid"]), ({"uid": "ñ"}, ["uid"]), ({"uid": "a\u0001b"}, ["uid"]),
    ({"uid": "x", "sn": "x" * 256, "mail": "x@y"}, ["sn"]),
    ({"uid": "x", "sn": "y", "mail": "no"}, ["mail"]),
    ({"uid": "x", "sn": "y", "mail": "a b@c"}, ["mail"]),
    ({"uid": "x", "sn": "y\nz", "mail": "a@c"}, ["sn"]),
    ({"uid": "x", "sn": " ", "mail": "a@c"}, ["sn"]),
    ({"uid": "x", "sn": "\u00a0\u200b", "mail": "a@c"}, ["sn"]),
    ({"uid": "x", "givenName": "\u3000", "sn": "y", "mail": "a@c"}, ["givenName"]),
    ({"uid": "x", "sn": "y", "mail": "añ@b.example"}, ["mail"]),
    ({"uid": "x", "sn": "y", "mail": "a@ñ.example"}, ["mail"]),
    ({"uid": "x", "password": "corta"}, ["password"]),
    ({"uid": "x", "password": ""}, ["password"]),
    ({"uid": "x", "password": 12345678}, ["password"]),
    ({"uid": "x", "password": "a" * 1025}, ["password"]),
    ({"uid": "x", "admin": True}, ["admin"]),
    ({"uid": "x", "<b>": 1, "sn": 2}, ["<b>", "sn"]),
    ({"uid": "x", "userPassword": "x", "dn": "y"}, ["userPassword", "dn"])])
def test_members_that_cannot_be_taken_are_named(api, body, fields):
    problem(api.call("POST", "/accounts", body), 422, *fields)


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", "1", '"x"', "{}{}", '{"uid":"x","uid":"y"}',
    "{'uid':'x'}", '{"uid":"a\\u0000b"}', '{"uid":"x",}', "{\"uid\":\"\\ud800\"}", '{"uid":NaN}',
    "[" * 5000, '{"a":' * 5000, '{"uid":' + "[" * 5 + "]" * 5 + "}",
    b'{"uid":"\xff"}', b'{"uid":"\xc0\xae"}', b"\x00", b'\xef\xbb\xbf{"uid":"x"}',
    '{"uid":"x"} trailing'])
def test_web_26_bodies_that_are_no_json_object_are_400(api, body):
    problem(api.call("POST", "/accounts", body), 400)


@pytest.mark.parametrize("kind,status", [
    ("application/json", 422), ("application/json; charset=utf-8", 422),
    ("Application/JSON;charset=\"UTF-8\"", 422),
    ("application/json; charset=latin-1", 415), ("text/json", 415),
    ("application/x-www-form-urlencoded", 415), ("text/plain", 415), ("", 415),
    ("application/jsonp", 415), ("application/json, text/plain", 415),
    ("application/merge-patch+json", 415), ("multipart/form-data", 415)])
def test_web_26_exact_media_type(api, kind, status):
    assert api.call("POST", "/accounts", "{}", kind=kind).status == status


def test_change_of_status_closes_and_opens(world, api):
    person = world.person()
    api.call("POST", "/accounts", {"uid": person.uid})
    path = f"/accounts/{person.uid}"
    answer = api.call("PATCH", path, {"status": "suspended"})
    assert answer.status == 200 and answer.json()["status"] == "suspended"
    assert world.profile(person)["imStatus"] == ["suspended"]
    answer = api.call("PATCH", path, {"status": "active"},
                      kind="application/merge-patch+json")
    assert answer.json()["status"] == "active"
    for status in ("deleted", "ACTIVE", "", "pending"):
        problem(api.call("PATCH", path, {"status": status}), 422, "status")
    problem(api.call("PATCH", path, {"uid": "x"}), 422, "uid")
    assert api.call("PATCH", path, {}).json()["status"] == "active"


def test_change_of_a_person_we_made(world, api):
    uid = world.name("api")
    api.call("POST", "/accounts", {"uid": uid, "sn": "Peña", "mail": "a@b.example"})
    answer = api.call("PATCH", f"/accounts/{uid}", {
        "givenName": "Ana", "sn": "Núñez", "mail": "c@d.example",
        "password": "primera clave"})
    assert answer.status == 200
    told = answer.json()
    assert (told["givenName"], told["sn"], told["mail"]) == (
        "Ana", "Núñez", "c@d.example")
    dn = f"uid={uid},{world.env['PEOPLE_BASE']}"
    assert world.ldap(dn, "primera clave").whoami_s()
    problem(api.call("PATCH", f"/accounts/{uid}", {"password": "segunda clave"}),
            422, "password")                        # now it is theirs alone
    for empty in ("", " ", "\u2003"):
        problem(api.call("PATCH", f"/accounts/{uid}", {
            "givenName": empty, "sn": empty, "mail": empty}), 422,
            "givenName", "sn", "mail")
    problem(api.call("PATCH", f"/accounts/{uid}", {"mail": "ñ@d.example"}), 422,
            "mail")
    assert api.call("GET", f"/accounts/{uid}").json() == told


def test_change_of_a_person_of_the_institution_is_not_ours(world, api):
    person = world.person()
    api.call("POST", "/accounts", {"uid": person.uid})
    problem(api.call("PATCH", f"/accounts/{person.uid}", {"sn": "Otro"}), 403)
    assert world.search(person.dn)[0][1]["sn"] == [person.uid]


def test_delete_takes_the_account_and_leaves_the_person(world, api):
    person = world.person()
    api.call("POST", "/accounts", {"uid": person.uid})
    answer = api.call("DELETE", f"/accounts/{person.uid}")
    assert answer.status == 204 and answer.body == b""
    assert world.profile(person) is None and world.search(person.dn)
    problem(api.call("DELETE", f"/accounts/{person.uid}"), 404)
    problem(api.call("GET", f"/accounts/{person.uid}"), 404)
    problem(api.call("PATCH", f"/accounts/{person.uid}", {}), 404)


def test_list_search_and_limits(world, api):
    stem = world.name("lista")
    for letter in "cab":
        person = world.person(uid=f"{stem}{letter}", cn=[f"{letter} {stem}"])
        api.call("POST", "/accounts", {"uid": person.uid})
    world.person(uid=f"{stem}d", cn=[f"d {stem}"])  # without an account
    told = api.call("GET", f"/accounts?q={stem}").json()
    assert [a["uid"] for a in told["accounts"]] == [
        stem + letter for letter in "abc"]
    assert told["isCut"] is False
    told = api.call("GET", f"/accounts?q={stem}&limit=2").json()
    assert [a["uid"] for a in told["accounts"]] == [stem + "a", stem + "b"]
    assert told["isCut"] is True
    told = api.call("GET", f"/accounts?q={stem}&limit=2&offset=2").json()
    assert [a["uid"] for a in told["accounts"]] == [stem + "c"]
    assert told["isCut"] is False
    for query, field in (("limit=501", "limit"), ("limit=-1", "limit"),
                         ("limit=x", "limit"), ("offset=1001", "offset"),
                         ("limit=1.5", "limit"), ("limit=", "limit"),
                         ("offset", "offset"), ("q=x&page=2", "page")):
        problem(api.call("GET", f"/accounts?{query}"), 400, field)


@pytest.mark.parametrize("query", [
    "limit=1&limit=2", "=1", "q=%ff", "q=%01", "q=x&&limit=1"])
def test_queries_that_are_malformed(api, query):
    told = problem(api.call("GET", f"/accounts?{query}"), 400)
    assert "question mark" in told["detail"]


def test_case_of_a_name_makes_no_difference(world, api):
    person = world.person()
    api.call("POST", "/accounts", {"uid": person.uid})
    assert api.call("GET", f"/accounts/{person.uid.upper()}").status == 200
    for odd in (f"%20{person.uid}", f"{person.uid}%20", f"{person.uid}*",
                "%2a", "%28"):
        assert api.call("GET", f"/accounts/{odd}").status == 404


# ---- rooms ----

def test_room_from_beginning_to_end(world, api):
    name = world.name("sala")
    answer = api.call("POST", "/rooms", {
        "name": name, "title": "Sala de té", "description": "Con pastas",
        "membersOnly": True, "public": False})
    assert answer.status == 201
    assert answer["location"] == f"/api/v1/rooms/{name}"
    told = answer.json()
    assert told == {"name": name, "jid": f"{name}@{world.muc}",
                    "title": "Sala de té", "description": "Con pastas",
                    "subject": None, "list": None, "membersOnly": True,
                    "public": False}
    assert api.call("GET", f"/rooms/{name}").json() == told
    assert told in api.call("GET", "/rooms").json()["rooms"]
    problem(api.call("POST", "/rooms", {"name": name, "title": "x"}), 409, "name")
    answer = api.call("PATCH", f"/rooms/{name}", {
        "title": "Otra", "description": None, "public": True})
    assert answer.json() == {**told, "title": "Otra", "description": None,
                             "public": True}
    assert api.call("DELETE", f"/rooms/{name}").status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {})):
        problem(api.call(method, f"/rooms/{name}", body), 404)
    assert not world.search("ou=rooms," + world.env["IM_BASE"],
                            f"(imRoomName={name})")


def test_room_is_bound_by_dn_or_name_and_unbound(world, api):
    dn = f"cn=tertulia,ou=lists,{world.env['LDAP_BASE']}"
    groups = [d for d, _ in world.search(
        "ou=groups," + world.env["LDAP_BASE"], "(objectClass=groupOfNames)")]
    dn = groups[0]
    name = world.name("sala")
    told = api.call("POST", "/rooms", {"name": name, "title": "x",
                                       "list": dn}).json()
    assert told["list"].lower() == dn.lower()
    assert api.call("PATCH", f"/rooms/{name}", {"list": None}).json()["list"] is None
    cn = world.search(dn)[0][1]["cn"][0]
    assert api.call("PATCH", f"/rooms/{name}", {"list": cn}).json()[
        "list"].lower() == dn.lower()
    problem(api.call("PATCH", f"/rooms/{name}", {"list": "cn=nobody"}), 422, "list")


@pytest.mark.parametrize("body,fields", [
    ({}, ["title", "name"]), ({"name": "x"}, ["title"]),
    ({"name": "a b", "title": "x"}, ["name"]),
    ({"name": "a..b", "title": "x"}, ["name"]),
    ({"name": "x", "title": ""}, ["title"]), ({"name": "x", "title": 1}, ["title"]),
    ({"name": "x", "title": "x", "membersOnly": "yes"}, ["membersOnly"]),
    ({"name": "x", "title": "x", "public": 1}, ["public"]),
    ({"name": "x", "title": "x", "public": None}, ["public"]),
    ({"name": "x", "title": "x\ny"}, ["title"]),
    ({"name": "x", "title": " "}, ["title"]),
    ({"name": "x", "title": "\u00a0"}, ["title"]),
    ({"name": "x", "title": "\u202e\u200b"}, ["title"]),
    ({"name": "x", "title": "ñ" * 256}, ["title"]),
    ({"name": "x", "title": "x", "description": "ñ" * 1025}, ["description"]),
    ({"name": "x", "title": "x", "owner": "y"}, ["owner"])])
def test_rooms_that_cannot_be_taken(api, body, fields):
    problem(api.call("POST", "/rooms", body), 422, *fields)


@pytest.mark.parametrize("marks", [".a", "a.", "a-_~", "+=!$*", "A.b.C"])
def test_what_could_be_named_can_be_asked_for(world, api, marks):
    """Whatever name is taken leads, as the answer says it, to what was made."""
    name = world.name("sala") + marks
    made = api.call("POST", "/rooms", {"name": name, "title": "x"})
    assert made.status == 201
    path = made["location"].removeprefix("/api/v1")
    assert api.call("GET", path).json() == made.json()
    assert api.call("DELETE", path).status == 204
    made = api.call("POST", "/accounts", {"uid": name, "sn": "x",
                                          "mail": "a@b.example"})
    assert made.status == 201
    path = made["location"].removeprefix("/api/v1")
    assert api.call("GET", path).json()["jid"] == made.json()["jid"]
    assert api.call("DELETE", path).status == 204



def test_room_for_a_list_whose_name_is_another_ones_too(api, world):
    """Whoever is in the wrong one would be a member: nobody guesses."""
    base, name = world.env["LDAP_BASE"], world.name("gemela")
    twins = [f"cn={name},ou={ou},{base}" for ou in ("groups", "lists")]
    for dn in twins:
        world.root.add_s(dn, [("objectClass", b"groupOfNames"), ("cn", name.encode()),
                              ("member", b"cn=nadie")])
    wish = {"name": world.name("sala"), "title": "x", "list": name}
    answer = api.call("POST", "/rooms", wish)
    problem(answer, 409, "list")
    assert all(dn in answer.text for dn in twins)
    assert api.call("GET", f"/rooms/{wish['name']}").status == 404
    for dn in twins:
        answer = api.call("POST", "/rooms", {**wish, "list": dn, "name": world.name("sala")})
        assert answer.status == 201 and answer.json()["list"] == dn
    room = answer.json()["name"]
    problem(api.call("PATCH", f"/rooms/{room}", {"list": name}), 409, "list")
    assert api.call("GET", f"/rooms/{room}").json()["list"] == twins[1]
    for dn in twins:
        world.root.delete_s(dn)

def test_lengths_are_counted_in_characters(world, api):
    """As the description has them: an ñ is one, whatever it takes in UTF-8."""
    name, uid = world.name("sala"), world.name("api")
    room = {"name": name, "title": "ñ" * 255, "description": "🦉" * 1024}
    answer = api.call("POST", "/rooms", room)
    assert answer.status == 201
    assert answer.json() == {**answer.json(), **room}
    answer = api.call("POST", "/accounts", {
        "uid": uid, "givenName": "é" * 255, "sn": "漢" * 255, "mail": "a@b.example"})
    assert answer.status == 201
    assert answer.json()["givenName"] == "é" * 255
    problem(api.call("PATCH", f"/rooms/{name}", {"title": " "}), 422, "title")
    assert api.call("GET", f"/rooms/{name}").json()["title"] == room["title"]


def test_a_room_keeps_its_name(world, api):
    name = world.name("sala")
    api.call("POST", "/rooms", {"name": name, "title": "x"})
    problem(api.call("PATCH", f"/rooms/{name}", {"name": "y"}), 422, "name")


# ---- who calls ----

@pytest.mark.parametrize("header", [
    "", "Basic", "Basic ", "Basic x", "Basic eDp5=", "Basic " + "A" * 3000,
    "Bearer x", "Basic OnB3", "Basic dXNlcg==", "Digest x", "basic  eDp5",
    "Basic gDp5", "Basic eAA6eQ=="])
def test_headers_that_are_no_credentials(web, header):
    answer = web.request("GET", "/api/v1/rooms", [("Authorization", header)])
    problem(answer, 401)


def test_web_08_scripts_that_guess_wait(world):
    person = world.person()
    for _ in range(10):
        assert Api(world, person.uid, "x").call("GET", "/rooms").status == 401
    answer = Api(world, person.uid, person.password).call("GET", "/rooms")
    problem(answer, 429)
    assert answer["retry-after"]


def test_good_check_is_remembered_but_not_a_changed_password(new_world):
    """The kept proof belongs to the old password; a suspended caller is out."""
    world = new_world()
    api = Api(world)
    before = time.monotonic()
    for _ in range(20):
        assert api.call("GET", "/rooms").status == 200
    assert time.monotonic() - before < 5
    assert world.logs().count("action=sign-in") == 1


def test_the_cookie_of_a_browser_is_no_credential(admin):
    answer = admin.fetch("GET", "/api/v1/rooms")
    assert answer.status == 401


def test_problems_are_in_the_callers_language(api):
    answer = api.call("GET", "/rooms/nobody-there",
                      headers=[("Accept-Language", "es")])
    assert "ninguna sala" in problem(answer, 404)["detail"]


def test_everything_is_ascii_json(world, api):
    person = world.person(cn=["Zoë 🦉 <b>"], displayName=["Zoë 🦉 <b>"])
    api.call("POST", "/accounts", {"uid": person.uid})
    answer = api.call("GET", f"/accounts/{person.uid}")
    assert answer.body.isascii()
    assert json.loads(answer.body)["name"] == "Zoë 🦉 <b>"
