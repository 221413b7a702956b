# SPDX-License-Identifier: Apache-2.0
"""An address that was another's: whoever has it now gets nothing that was shown or
promised to the one before.  And an account that is removed: its contacts hear of it.

What concerns a profile is done twice, for profiles of both homes."""

import json
import socket

import pytest

from client import Client, befriend, clients, pushes, settle
from live import attempt, guests, profile_dn, roster
from rawclient import local
from service import Service
from test_names import dn_of, enter, home, name, rename         # noqa: F401
from test_subscription import delivered
from test_subscription_outage import Deaf
from test_web_story import Api
from world import wait_for


def from_(stanzas, client):
    """Presence of somebody, as (type, resource)."""
    return [(s.get("type"), s.get("from").partition("/")[2]) for s in stanzas
            if local(s) == "presence"
            and s.get("from", "").partition("/")[0] == client.bare]


def value(world, person, jid):
    """What a roster in the directory says of a contact: "both 0 0"."""
    found = [item.split() for item in
             world.profile(person).get("imRosterItem", [])]
    return [" ".join(item[1:4]) for item in found if item[0] == jid]


# ---- heirs ----

def profile_removed(world, person):
    """By an LDAP tool, so that nobody was told."""
    if world.more["PROFILES"] == "tree":
        world.root.delete_s(profile_dn(world, person))
    world.root.delete_s(person.dn)


def renamed(world, person):
    rename(world, person, name())


@pytest.fixture(params=[profile_removed, renamed])
def heir(home, request):                                        # noqa: F811
    """Bob, who had a contact; and a stranger who is called as that one was."""
    was, bob = enter(home, name()), enter(home, name())
    with guests(home, was, bob) as (one, other):
        befriend(one, other)
    request.param(home, was)
    with guests(home, bob, enter(home, was.uid)) as (bob, stranger):
        yield bob, stranger


def test_presence_is_not_for_a_stranger(heir):
    bob, stranger = heir
    bob.presence(inner="<status>en el médico</status>")
    stranger.presence(inner="<status>soy otra</status>")
    his, theirs = settle(bob, stranger)
    assert from_(theirs, bob) == from_(his, stranger) == []
    assert value(bob.world, bob.person, stranger.bare) == ["both 0 0"]
    assert from_(settle(stranger)[0], bob) == []


def test_a_stranger_asks_as_anybody(heir):
    """What was granted to the one before is not granted, and not left."""
    bob, stranger = heir
    bob.items()
    stranger.presence("subscribe", bob.bare, inner="<status>hola</status>")
    theirs, his = settle(stranger, bob)
    assert delivered(his) == ["subscribe"]
    assert delivered(theirs) == from_(theirs, bob) == []
    assert pushes(his)[stranger.bare][:2] == ("none", None)
    assert stranger.items()[bob.bare][:2] == ("none", "subscribe")
    bob.presence("subscribed", stranger.bare)
    theirs = settle(bob, stranger)[1]
    assert delivered(theirs) == ["subscribed"] and (None, "r") in from_(theirs, bob)
    assert value(bob.world, bob.person, stranger.bare) == ["from 0 0"]
    assert value(bob.world, stranger.person, bob.bare) == ["to 0 0"]


def test_nor_is_what_was_promised(heir, home):                  # noqa: F811
    """RFC 6121 §3.4: an approval that the one before has used."""
    bob, stranger = heir
    bob.items()
    roster(home, bob.person, [f"{stranger.bare} both 0 1 -"],
           [f"{stranger.bare} both 0 0 -"])
    bob.receive("iq", type="set")
    stranger.presence("subscribe", bob.bare)
    theirs, his = settle(stranger, bob)
    assert delivered(his) == ["subscribe"] and delivered(theirs) == []
    assert from_(theirs, bob) == []
    assert value(home, bob.person, stranger.bare) == ["none 0 0"]


def test_nor_is_what_was_asked(home):                           # noqa: F811
    """The words of the one before do not ask for a stranger."""
    was, bob = enter(home, name()), enter(home, name())
    with guests(home, was, bob) as (one, other):
        one.presence("subscribe", other.bare, inner="<status>soy Ann</status>")
        settle(one, other)
    profile_removed(home, was)
    with guests(home, bob, enter(home, was.uid)) as (other, stranger):
        other.receive("presence", type="subscribe", from_=was.jid)
        stranger.presence("subscribe", other.bare,
                          inner="<status>soy otra</status>")
        settle(stranger)
        asked = other.receive("presence", type="subscribe", from_=was.jid)
        assert asked.findtext("{jabber:client}status") == "soy otra"
    assert home.profile(bob)["imPending"] == [f"{was.jid} soy%20otra"]


@pytest.mark.parametrize("kind", ["unsubscribe", "unsubscribed"])
def test_who_ends_it_learns_nothing(heir, kind):
    bob, stranger = heir
    stranger.presence(kind, bob.bare)
    assert from_(settle(stranger, bob)[0], bob) == []


def test_directed_presence_reaches_a_stranger(heir):
    """RFC 6121 §4.6: and so does its end, once."""
    bob, stranger = heir
    bob.presence(to=stranger.bare)
    assert from_(settle(bob, stranger)[1], bob) == [(None, "r")]
    bob.presence("unavailable")
    assert from_(settle(bob, stranger)[1], bob) == [("unavailable", "r")]


# ---- accounts that end ----

def test_contacts_hear_of_the_end(home):                        # noqa: F811
    ann, bob, away, asker, asked, sure = (enter(home, name()) for _ in range(6))
    with guests(home, ann, bob, away, asker, asked, sure) as (
            one, other, *rest):
        for client in other, rest[0], rest[3]:
            befriend(one, client)
        rest[1].presence("subscribe", one.bare)
        one.presence("subscribe", asked.jid)
        settle(one, *rest)
    roster(home, sure, [f"{ann.jid} both 0 1 -"], [f"{ann.jid} both 0 0 -"])
    with guests(home, bob, ann) as (other, one):
        other.items()
        settle(other, one)
        status, said = Api(home)("DELETE", f"/accounts/{ann.uid}")
        assert status == 204, said
        one.cut()
        his = settle(other)[0]
    assert home.search(home.profiles_base, f"(jid={ann.jid})") == []
    assert sorted(delivered(his)) == ["unsubscribe", "unsubscribed"]
    assert ("unavailable", "r") in from_(his, one)
    assert pushes(his)[ann.jid][:2] == ("none", None)
    for person in bob, away, asker, sure:
        assert value(home, person, ann.jid) == ["none 0 0"]
    assert "imPending" not in home.profile(asked)
    # and who logs in again begins with nothing
    with guests(home, bob, ann) as (other, one):
        assert one.items() == {}
        other.presence(inner="<status>privado</status>")
        assert from_(settle(other, one)[1], other) == []


def test_the_end_of_many_subscriptions(home):                   # noqa: F811
    ann, *others = (enter(home, name()) for _ in range(30))
    for person in others:
        with Client(home, person) as client:
            client.items()
    with Client(home, ann) as client:
        client.items()
    for person in others:
        roster(home, person, [f"{ann.jid} both 0 0 -"])
    roster(home, ann, [f"{person.jid} both 0 0 -" for person in others]
           + [f"nadie{n}@{home.domain} both 0 0 -" for n in range(100)]
           + ["eva@otra.example both 0 0 -"])
    assert Api(home)("DELETE", f"/accounts/{ann.uid}")[0] == 204
    assert {tuple(value(home, person, ann.jid)) for person in others} == {
        ("none 0 0",)}


def test_contacts_of_who_is_gone_hear_of_it(world, login):
    """The page of accounts without a person."""
    was, bob = world.person(), login().come()
    bob.items()
    with guests(world, was) as (one,):
        befriend(one, bob)
    [(_, entry)] = world.search(was.dn, attributes=["entryUUID"])
    world.root.delete_s(was.dn)
    settle(bob)
    assert Api(world)("DELETE", f"/orphans/{entry['entryUUID'][0]}")[0] == 204
    his = settle(bob)[0]
    assert sorted(delivered(his)) == ["unsubscribe", "unsubscribed"]
    assert pushes(his)[was.jid][:2] == ("none", None)
    stranger = login(world.person(uid=was.uid)).come()
    bob.presence(inner="<status>privado</status>")
    assert from_(settle(bob, stranger)[1], bob) == []


@pytest.fixture(name="deaf")
def deaf_(world, tmp_path):
    """A service, and the proxy between it and the directory."""
    proxy = Deaf(int(world.env["LDAP_URI"].rpartition(":")[2].strip("/")))
    with Service(world, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.start_tls": "no",
            "ldap.insecure_loopback": "yes"}) as service:
        yield service, proxy
    proxy.close()


def test_the_directory_goes_away_in_the_middle(world, deaf):
    """Nothing is removed before all are told; then it is, by asking again."""
    service, proxy = deaf
    ann, bob, cem = (world.person() for _ in range(3))
    with clients(*(Client(service, p) for p in (ann, bob, cem))) as (one, *rest):
        for client in one, *rest:
            client.come()
        for client in rest:
            befriend(one, client)
    proxy.dn = profile_dn(world, bob)
    api = Api(service)
    assert api("DELETE", f"/accounts/{ann.uid}")[0] == 503
    assert proxy.refused
    assert world.profile(ann)["imStatus"] == ["deleted"]
    assert len(world.profile(ann)["imRosterItem"]) == 2
    assert attempt(service, ann) is not None
    proxy.dn = None
    wait_for(lambda: api("DELETE", f"/accounts/{ann.uid}")[0] == 204, 30, 0.3)
    assert world.profile(ann) is None
    for person in bob, cem:
        assert value(world, person, ann.jid) == ["none 0 0"]


def test_nobody_is_removed_who_was_not_marked(world, login):
    """The question alone does nothing."""
    ann, bob = login().come(), login().come()
    befriend(ann, bob)
    [(_, entry)] = world.search(ann.person.dn, attributes=["entryUUID"])
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(world.state / "control"))
        for _ in range(3):
            control.sendall(json.dumps({
                "id": 1, "op": "farewell",
                "uuid": entry["entryUUID"][0]}).encode() + b"\n")
            answer = json.loads(control.recv(65536))
            assert answer["ok"] and answer["state"] == "telling"
            settle(ann, bob)
    assert bob.items()[ann.bare][0] == "both"


def test_an_approval_shows_presence(home):                      # noqa: F811
    """Also to somebody whose own list had it before, and the other's had not."""
    asks, grants = enter(home, name()), enter(home, name())
    with guests(home, asks, grants):
        pass
    roster(home, asks, add=[f"{grants.jid} to 0 0 -"])
    with guests(home, asks, grants) as (one, other):
        settle(one, other)
        one.presence("subscribe", grants.jid)
        settle(one, other)
        other.presence("subscribed", asks.jid)
        seen = settle(other, one)[1]
        assert from_(seen, other).count((None, "r")) == 1
