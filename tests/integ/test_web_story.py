# SPDX-License-Identifier: Apache-2.0
"""The administrator's half of the story: accounts and rooms by the API, then
used by clients.  The web process itself is tested in tests/web."""

import base64
import http.client
import json
import ssl
import time

import pytest

from client import Client
from rawclient import SaslFailure
from test_rte import join
from world import Person, wait_for


class Api:
    """HTTP Basic over TLS, as a script would do it."""

    def __init__(self, world, user=None, password=None):
        self.world = world
        user = user or world.env["ADMIN_USER"]
        password = password or world.env["ADMIN_PASSWORD"]
        self.basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.context = ssl.create_default_context(cafile=world.env["CA_FILE"])

    def __call__(self, method, path, body=None):
        """(status, the JSON answered or None)."""
        host, _, port = self.world.env["WEB_URL"].strip("/") \
            .rpartition("/")[2].rpartition(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=10,
                                                 context=self.context)
        headers = {"Authorization": f"Basic {self.basic}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, "/api/v1" + path,
                           None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None


@pytest.fixture
def api(world):
    return Api(world)


def test_account_made_by_the_api_logs_in(world, api):
    uid = world.name("nueva")
    status, made = api("POST", "/accounts", {
        "uid": uid, "givenName": "Núria", "sn": "Solà",
        "mail": f"{uid}@example.org", "password": "una clave larga"})
    assert status == 201, made
    person = Person(uid, "una clave larga", "", f"{uid}@{world.domain}")
    with Client(world, person) as ann:
        ann.come()
        status, found = api("GET", "/sessions")
        assert status == 200
        assert person.jid in json.dumps(found)
    status, found = api("GET", f"/accounts/{uid}")
    assert status == 200 and found["uid"] == uid
    profile = world.profile(person)
    assert profile["creatorsName"][0].startswith("cn=im-web,")


def test_suspended_by_the_api_is_out_at_once(world, api):
    person = world.person()
    with Client(world, person) as ann:
        ann.come()
        status, told = api("PATCH", f"/accounts/{person.uid}",
                           {"status": "suspended"})
        assert status in (200, 204), told

        def is_refused():
            try:
                Client(world, person).cut()
                return False
            except SaslFailure as why:
                return why.condition == "not-authorized"
        wait_for(is_refused)
    status, told = api("PATCH", f"/accounts/{person.uid}", {"status": "active"})
    assert status in (200, 204), told
    Client(world, person).cut()


def test_deleting_an_account_keeps_the_person(world, api):
    person = world.person()
    Client(world, person).cut()
    status, _ = api("DELETE", f"/accounts/{person.uid}")
    assert status in (200, 204)
    assert world.search(person.dn)


def test_room_made_by_the_api_is_joined(world, api, login):
    name = world.name("api")
    status, made = api("POST", "/rooms", {
        "name": name, "title": "Sala del API", "description": "ñ",
        "public": True})
    assert status == 201, made
    ann, bob = login().come(), login().come()
    for client in (ann, bob):
        join(client, f"{name}@{world.muc}", client.person.uid)
    ann.message(f"{name}@{world.muc}", type="groupchat", body="hola")
    bob.receive("message", type="groupchat")
    entry, = world.search("ou=rooms," + world.env["IM_BASE"],
                          f"(imRoomName={name})")
    assert entry[1]["cn"] == ["Sala del API"]
    status, found = api("GET", f"/rooms/{name}")
    assert status == 200 and found["title"] == "Sala del API"
    assert api("DELETE", f"/rooms/{name}")[0] in (200, 204)
    assert not world.search("ou=rooms," + world.env["IM_BASE"],
                            f"(imRoomName={name})")


def test_members_only_room_keeps_strangers_out(world, api, login):
    name = world.name("cerrada")
    assert api("POST", "/rooms", {"name": name, "title": "Cerrada",
                                  "membersOnly": True})[0] == 201
    ann = login().come()
    got = join(ann, f"{name}@{world.muc}", "ann")
    assert got.get("type") == "error"


@pytest.mark.parametrize("user, password, status", [
    ("admin", "falsch", 401), ("nadie", "x", 401), ("", "", 401),
    ("admin", "", 401), ("*", "x", 401), ("admin)(uid=*", "x", 401)])
def test_api_asks_who_one_is(world, user, password, status):
    api = Api(world, user or " ", password or " ")
    if not password:
        api.basic = base64.b64encode(f"{user}:".encode()).decode()
    assert api("GET", "/accounts")[0] == status


def test_ordinary_people_are_no_administrators(world, somebody):
    api = Api(world, somebody.uid, somebody.password)
    for path in ("/accounts", "/rooms", "/sessions"):
        assert api("GET", path)[0] == 403
    assert api("POST", "/accounts", {"uid": "x"})[0] == 403


def test_web_goes_on_while_clients_come_and_go(world, api, login):
    """The two processes share a directory and a control socket, no fate."""
    began = time.monotonic()
    for _ in range(10):
        login().cut()
        assert api("GET", "/sessions")[0] == 200
    assert time.monotonic() - began < 10
