# SPDX-License-Identifier: Apache-2.0
"""What the web process asks of the im process, and tells it."""

import os
import signal
import time

import pytest

from browser import Api, Browser
from client import condition
from muc import enter, item, leave
from world import Person, wait_for


def test_who_is_online_is_shown(world, admin, login):
    person = world.person()
    client = login(person, resource="móvil <b>")
    client.come()
    admin.get("/online")
    assert person.jid in admin.page.text
    assert "móvil <b>" in admin.page.text
    assert "Available" in admin.page.text and "just now" in admin.page.text
    client.cut()
    wait_for(lambda: person.jid not in (admin.get("/online"),
                                        admin.page.text)[1])


@pytest.mark.parametrize("act", ["suspend", "delete", "api"])
def test_suspended_or_deleted_people_are_cut_off_at_once(world, admin, api,
                                                         login, act):
    person = world.person()
    client = login(person).come()
    if act == "api":
        assert api.call("PATCH", f"/accounts/{person.uid}",
                        {"status": "suspended"}).status == 200
    elif act == "suspend":
        admin.get(f"/people/{person.uid}")
        admin.submit(f"/people/{person.uid}/status")
    else:
        admin.get(f"/people/{person.uid}/delete")
        admin.submit(f"/people/{person.uid}/delete")
    # The answer came after the streams were closed.
    assert person.jid not in [s["jid"] for s in api.call("GET", "/sessions").json()]
    client.cut()


def test_im_process_away_is_said(new_world):
    world = new_world()
    world.expects_deaths = True
    admin = Browser(world).sign_in()
    pid = world.pid("IM_PID")
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    admin.get("/online")
    assert time.monotonic() - began < 5
    assert admin.answer.status == 503
    assert "cannot be asked just now" in admin.page.text
    assert Api(world).call("GET", "/sessions").status == 503
    # What needs only the directory goes on.
    person = world.person()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    assert world.profile(person)["imStatus"] == ["active"]
    # An account is not removed behind the backs of its contacts.
    assert Api(world).call("DELETE", f"/accounts/{person.uid}").status == 503
    assert world.profile(person)["imStatus"] == ["deleted"]
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: admin.get("/online").status == 200)
    assert Api(world).call("DELETE", f"/accounts/{person.uid}").status == 204
    assert world.profile(person) is None


@pytest.fixture
def temporary(world, login):
    """Somebody in a room of their own that no directory knows."""
    owner = login()
    room = f"{world.name('salita')}@{world.muc}"
    enter(owner, room, "yo")
    return owner, room


def role_of(client, room):
    """Affiliation as the room itself says it to who enters again."""
    return item(enter(client, room, "yo")[-2])["affiliation"]


def test_temporary_room_is_not_taken_over_by_the_api(world, api, temporary):
    owner, room = temporary
    name = room.partition("@")[0]
    for asked in (name, name.upper()):
        answer = api.call("POST", "/rooms", {"name": asked, "title": "Mía"},
                          [("Accept-Language", "es")])
        assert answer.status == 409
        assert answer["content-type"] == "application/problem+json"
        told = answer.json()
        assert "temporal" in told["detail"]
        assert [e["field"] for e in told["errors"]] == ["name"]
    assert role_of(owner, room) == "owner"
    assert api.call("GET", f"/rooms/{name}").status == 404
    # With its last occupant the room goes, and the name is free.
    leave(owner, room, "yo")
    assert api.call("POST", "/rooms", {"name": name, "title": "Mía"}
                    ).status == 201


@pytest.mark.parametrize("language,said", [
    ("en", "open right now"), ("es", "sala abierta con este nombre")])
def test_temporary_room_is_not_taken_over_by_the_page(world, temporary,
                                                      language, said):
    owner, room = temporary
    name = room.partition("@")[0]
    admin = Browser(world, language=language).sign_in()
    admin.get("/create/room")
    admin.submit("/create/room", name=name, title="Mía", membersOnly="yes")
    assert admin.answer.status == 409 and said in admin.page.text
    shown = admin.page.form("/create/room")["fields"]
    assert (shown["name"], shown["title"], shown["membersOnly"]) == (
        name, "Mía", "yes")
    assert role_of(owner, room) == "owner"


def test_room_with_an_entry_is_not_called_temporary(world, api, login):
    """Also while people are in it, and it is in memory for that reason."""
    room = world.room()
    enter(login(), room, "yo")
    answer = api.call("POST", "/rooms", {"name": room.partition("@")[0],
                                         "title": "x"})
    assert answer.status == 409 and "already" in answer.json()["detail"]


def test_room_is_not_made_on_a_guess(new_world):
    """An im process that is there and silent may have a room of that name; one
    that is not there has none."""
    world = new_world()
    world.expects_deaths = True
    api = Api(world)
    name = world.name("sala")
    os.kill(world.pid("IM_PID"), signal.SIGSTOP)
    answer = api.call("POST", "/rooms", {"name": name, "title": "x"})
    assert answer.status == 503 and answer["retry-after"]
    assert api.call("GET", f"/rooms/{name}").status == 404
    os.kill(world.pid("IM_PID"), signal.SIGCONT)
    path, = world.state.rglob("control")
    path.unlink()
    assert api.call("POST", "/rooms", {"name": name, "title": "x"}
                    ).status == 201


INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>"


def about(client, room):
    """(name, features) of a room as clients see it, or the error."""
    answer = client.iq("get", INFO, room)
    if answer.get("type") == "error":
        return condition(answer)
    [query] = answer
    return (query[0].get("name"),
            {child.get("var") for child in query if child.get("var")})


def test_rooms_are_there_changed_and_gone_for_clients_at_once(world, api, login):
    """What the API answered reaches the im process with nobody's help: a room
    in use reads its entry again when it is told, which takes a search."""
    client = login().come()
    name = world.name("sala")
    room = f"{name}@{world.muc}"
    assert api.call("POST", "/rooms", {"name": name, "title": "Sala de té"}
                    ).status == 201
    title, features = about(client, room)
    assert title == "Sala de té" and "muc_open" in features
    listed = {item.get("jid"): item.get("name")
              for item in client.iq("get", ITEMS, world.muc)[0]}
    assert listed[room] == "Sala de té"
    # Somebody inside: the room is in memory, and follows nevertheless.
    client.presence(to=f"{room}/yo",
                    inner="<x xmlns='http://jabber.org/protocol/muc'/>")
    client.receive("presence", from_=f"{room}/yo")
    api.call("PATCH", f"/rooms/{name}", {"title": "Otra", "membersOnly": True})
    wait_for(lambda: about(client, room)[0] == "Otra")
    assert "muc_membersonly" in about(client, room)[1]
    assert api.call("DELETE", f"/rooms/{name}").status == 204
    gone = client.receive("presence", type="unavailable")
    assert gone.get("from") == f"{room}/yo"
    assert about(client, room) == "cancel item-not-found"


def test_owner_of_a_room_made_on_the_page_is_its_maker(world, admin, login):
    name = world.name("sala")
    admin.get("/create/room")
    admin.submit("/create/room", name=name, title="Mía", membersOnly="yes")
    maker = Person(world.env["ADMIN_USER"], world.env["ADMIN_PASSWORD"], None,
                   f"{world.env['ADMIN_USER']}@{world.domain}")
    room = f"{name}@{world.muc}"
    inner = "<x xmlns='http://jabber.org/protocol/muc'/>"
    stranger, owner = login().come(), login(maker).come()
    stranger.presence(to=f"{room}/x", inner=inner)
    refused = stranger.receive("presence", type="error")
    assert condition(refused) == "auth registration-required"
    owner.presence(to=f"{room}/yo", inner=inner)
    seen = owner.receive("presence", from_=f"{room}/yo")
    [item] = seen.iter("{http://jabber.org/protocol/muc#user}item")
    assert item.get("affiliation") == "owner"


def test_new_person_logs_in_with_the_password_from_the_link(world, admin,
                                                            visitor, login):
    """From the administrator's form to the first message, nothing else."""
    uid = world.name("nueva")
    admin.get("/create/person")
    admin.submit("/create/person", sn="Peña", uid=uid, mail="p@example.org")
    [link] = [href for href in admin.page.links if "/activate/" in href]
    path = "/" + link.split("/", 3)[3]
    visitor.get(path)
    visitor.submit(path, password="primera clave", again="primera clave")
    new = login(Person(uid, "primera clave", None, f"{uid}@{world.domain}")).come()
    friend = login().come()
    new.message(friend.bare, "hola")
    assert friend.receive("message").findtext("{jabber:client}body") == "hola"
