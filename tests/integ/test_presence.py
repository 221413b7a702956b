# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 §4, RTE-10: who is there, told to those who may know."""

import time

import pytest

from client import Client, befriend, condition, settle, show
from rawclient import CLIENT, local


@pytest.fixture
def friends(pair):
    befriend(*pair)
    return pair


def presences(stanzas):
    return [(p.get("type"), p.get("from")) for p in stanzas
            if local(p) == "presence"]


def status(stanza):
    return stanza.findtext(f"{{{CLIENT}}}status")


# ---- broadcast ----

def test_coming_and_going_is_told(world, friends):
    ann, bob = friends
    bob.presence("unavailable", inner="<status>adiós</status>")
    got, = [p for p in settle(bob, ann)[1] if local(p) == "presence"]
    assert (got.get("type"), got.get("from")) == ("unavailable", bob.jid)
    assert status(got) == "adiós" and got.get("to") in (ann.jid, ann.bare)
    bob.presence(inner="<show>away</show><priority>3</priority>")
    got, = [p for p in settle(bob, ann)[1] if local(p) == "presence"]
    assert got.get("from") == bob.jid
    assert got.findtext(f"{{{CLIENT}}}show") == "away"


def test_one_who_comes_sees_who_is_there(world, friends):
    ann, bob = friends
    bob.presence(inner="<show>dnd</show><status>leyendo</status>")
    settle(ann, bob)
    with Client(world, ann.person, "dos") as two:
        two.come()
        got = {p.get("from"): p for p in two.sync()}
        assert status(got[bob.jid]) == "leyendo"
        assert ann.jid in got


def test_own_resources_see_each_other(world, login):
    person = world.person()
    one = login(person, "uno").come()
    two = login(person, "dos").come()
    mine, other = settle(one, two)
    assert (None, two.jid) in presences(mine)
    assert (None, one.jid) in presences(other)
    two.close()
    assert presences(one.sync()) == [("unavailable", two.jid)]


def test_first_presence_is_echoed_to_its_sender(login):
    """§4.2.2: to all available resources, its own included."""
    ann = login()
    ann.presence(inner="<status>yo</status>")
    assert status(ann.receive("presence", from_=ann.jid)) == "yo"


@pytest.mark.parametrize("direction, sees", [("to", False), ("from", True),
                                             ("none", False)])
def test_only_those_who_may_know(pair, direction, sees):
    """RTE-10: Ann's presence reaches Bob only when Bob may see it."""
    ann, bob = pair
    if direction != "none":
        one, other = (ann, bob) if direction == "to" else (bob, ann)
        one.presence("subscribe", other.bare)
        settle(one, other)
        other.presence("subscribed", one.bare)
        settle(ann, bob)
    ann.presence(inner="<status>s</status>")
    ann.presence("unavailable")
    got = presences(settle(ann, bob)[1])
    assert got == ([(None, ann.jid), ("unavailable", ann.jid)] if sees else [])


# ---- going without a word ----

@pytest.mark.parametrize("how", ["cut", "footer", "stream_error", "conflict"])
def test_unavailable_however_a_session_ends(world, friends, how):
    ann, bob = friends
    if how == "cut":
        bob.cut()
    elif how == "footer":
        bob.close()
    elif how == "stream_error":
        bob.send("<x/>")
    else:
        Client(world, bob.person).cut()
    gone = ann.receive("presence", type="unavailable", from_=bob.jid)
    assert gone.get("to") in (ann.jid, ann.bare)
    assert [p for p in presences(ann.sync()) if p[1] == bob.jid] == []


def test_unavailable_once_only(friends):
    ann, bob = friends
    bob.presence("unavailable")
    bob.presence("unavailable")
    bob.close()
    assert presences(settle(ann)[0]) == [("unavailable", bob.jid)]


# ---- directed presence ----

def test_directed_presence_and_its_end(pair):
    """§4.6: told to a stranger, and taken back when the session goes."""
    ann, bob = pair
    ann.presence(to=bob.jid, inner="<status>para ti</status>")
    got, = settle(ann, bob)[1]
    assert got.get("from") == ann.jid and status(got) == "para ti"
    ann.presence(inner="<status>para todos</status>")
    assert settle(ann, bob)[1] == []
    ann.cut()
    gone = bob.receive("presence")
    assert (gone.get("type"), gone.get("from")) == ("unavailable", ann.jid)


def test_directed_unavailable_is_not_repeated(pair):
    ann, bob = pair
    ann.presence(to=bob.jid)
    ann.presence("unavailable", bob.jid)
    ann.presence("unavailable")
    ann.close()
    assert presences(bob.sync()) == [(None, ann.jid), ("unavailable", ann.jid)]


def test_directed_to_a_bare_address(world, login):
    person, ann = world.person(), login().come()
    sessions = [login(person, f"r{n}").come() for n in range(2)]
    settle(ann, *sessions)
    ann.presence(to=person.jid)
    for found in settle(ann, *sessions)[1:]:
        assert presences(found) == [(None, ann.jid)]


def test_directed_before_initial_presence(login):
    """A session that is not available may still show itself to one."""
    ann, bob = login(), login().come()
    ann.presence(to=bob.jid)
    assert presences(settle(ann, bob)[1]) == [(None, ann.jid)]
    ann.cut()
    bob.receive("presence", type="unavailable", from_=ann.jid)


# ---- probes ----

def test_probe_of_a_contact(friends):
    ann, bob = friends
    bob.presence(inner="<status>aquí</status>")
    settle(ann, bob)
    ann.presence("probe", bob.bare)
    got = [p for p in settle(ann, bob)[0] if local(p) == "presence"]
    assert [status(p) for p in got if p.get("from") == bob.jid] == ["aquí"]


def test_rte_10_probe_by_a_stranger_tells_nothing(world, pair):
    """Present, away and non-existing people answer alike."""
    ann, bob = pair
    away = world.person()
    Client(world, away).close()
    seen = []
    for jid in (bob.bare, away.jid, f"nadie@{world.domain}"):
        ann.presence("probe", jid)
        got = ann.sync()
        assert all(p.get("type") in ("unsubscribed", "error") for p in got)
        seen.append([(p.get("type"), condition(p)) for p in got])
    assert seen[0] == seen[1] == seen[2]
    assert bob.sync() == []


def test_probe_of_an_away_contact_is_unavailable_or_silent(friends):
    ann, bob = friends
    bob.close()
    ann.sync()
    ann.presence("probe", bob.bare)
    assert [p.get("type") for p in ann.sync()] in ([], ["unavailable"])


# ---- rules ----

@pytest.mark.parametrize("type", ["available", "away", "", "SUBSCRIBE", "x"])
def test_unknown_type(login, type):
    ann = login()
    ann.presence(type)
    assert [condition(p) for p in ann.sync()] == ["modify bad-request"]


def test_presence_to_another_domain_is_no_error_storm(login):
    ann = login()
    ann.presence(to="a@otra.example/x")
    got = ann.sync()
    assert [condition(p) for p in got] in ([], [
        "cancel remote-server-not-found"]), show(got)


def test_presence_to_nobody_is_ignored(login, world):
    ann = login()
    for to in (f"nadie@{world.domain}", f"nadie@{world.domain}/x"):
        ann.presence(to=to)
    assert ann.sync() == []


def test_large_presence_is_kept_and_shown_whole(world, friends):
    ann, bob = friends
    bob.presence(inner="<status>" + "ñ" * 5000 + "</status>"
                 "<c xmlns='http://jabber.org/protocol/caps' node='n' "
                 "ver='v' hash='sha-1'/>")
    settle(bob, ann)
    with Client(world, ann.person, "dos") as two:
        two.come()
        got = {p.get("from"): p for p in two.sync()}[bob.jid]
        assert len(status(got)) == 5000
        assert got.find("{http://jabber.org/protocol/caps}c") is not None


def test_many_contacts_many_resources(world, login):
    """Ten friends with two resources each see one come, quickly."""
    ann = login().come()
    friends = []
    for _ in range(10):
        person = world.person()
        one = login(person, "uno").come()
        befriend(ann, one)
        friends += [one, login(person, "dos").come()]
    settle(ann, *friends)
    began = time.monotonic()
    ann.presence(inner="<status>s</status>")
    for found in settle(ann, *friends)[1:]:
        assert (None, ann.jid) in presences(found)
    assert time.monotonic() - began < 3
