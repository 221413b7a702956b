# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: subscribers, editors and owners of the list that a room
follows, changed by any LDAP tool (imBoundTo)."""

import ldap
import pytest

from client import condition, settle, show
from faults import Proxy
from lists import (AS_OF, bound_room, make_list, room_facts, subscribe,
                   unsubscribe)
from live import (build_is_slow, clock, live, watching,      # noqa: F401
                  room_dn, shared_world)
from muc import codes, enter, entry, item, leave
from service import Service
from client import Client
from world import wait_for

TIMES = 15
BACK = 25
OPEN, CLOSED = "membersonly=no", "membersonly=yes"


def becomes(client, room, nick, affiliation, role, within=10):
    """The occupant's next presence says so."""
    seen = client.receive("presence", within, from_=f"{room}/{nick}")
    assert (item(seen)["affiliation"], item(seen)["role"]) == (
        affiliation, role), show([seen])
    return seen


@pytest.fixture
def scene(live, login):                                         # noqa: F811
    """An open room of ann's list, and ann, bob and cem in it."""
    ann, bob, cem = login(), login(), login()
    dn = make_list(live, [ann.person], [ann.person, bob.person])
    room = bound_room(live, dn, OPEN)
    for client, nick in ((ann, "ann"), (bob, "bob"), (cem, "cem")):
        enter(client, room, nick)
    settle(ann, bob, cem)
    return dn, room, ann, bob, cem


def test_subscriber_in_an_open_room(live, clock, scene):        # noqa: F811
    dn, room, ann, bob, cem = scene
    added, removed = (clock("list: subscriber added"),
                      clock("list: subscriber removed"))
    for _ in range(TIMES):
        subscribe(live, dn, cem.person)
        added.begin()
        becomes(bob, room, "cem", "member", "participant")
        added.end()
        unsubscribe(live, dn, cem.person)
        removed.begin()
        becomes(bob, room, "cem", "none", "participant")
        removed.end()
    assert {"imMember", "imMemberJid"}.isdisjoint(entry(live, room))


def test_subscriber_removed_from_a_members_room(live, clock, login):  # noqa: F811
    """§9.4 of XEP-0045: 321; who is subscribed anew may come back."""
    ann, bob = login(), login()
    dn = make_list(live, [ann.person], [bob.person])
    room = bound_room(live, dn, CLOSED)
    enter(ann, room, "ann")
    took, back = (clock("list: subscriber removed (321)"),
                  clock("list: subscriber added, enters"))
    for _ in range(TIMES):
        enter(bob, room, "bob")
        settle(ann, bob)
        unsubscribe(live, dn, bob.person)
        took.begin()
        seen = bob.receive("presence", from_=f"{room}/bob", type="unavailable")
        took.end()
        assert set(codes(seen)) == {321, 110}, show([seen])
        assert item(seen)["affiliation"] == "none"
        assert codes(ann.receive("presence", from_=f"{room}/bob",
                                 type="unavailable")) == [321]
        assert condition(enter(bob, room, "bob")[0]) == \
            "auth registration-required"
        subscribe(live, dn, bob.person)
        back.begin()
        wait_for(lambda: condition(enter(bob, room, "bob")[0]) is None)
        back.end()
        leave(bob, room, "bob")


def test_owner(live, clock, scene):                             # noqa: F811
    dn, room, ann, bob, cem = scene
    took = clock("list: owner")
    for _ in range(TIMES):
        subscribe(live, dn, cem.person, attribute="owner")
        took.begin()
        becomes(bob, room, "cem", "owner", "moderator")
        took.end()
        unsubscribe(live, dn, cem.person, attribute="owner")
        took.begin()
        becomes(bob, room, "cem", "none", "participant")
        took.end()
    assert {"imOwner", "imOwnerJid"}.isdisjoint(entry(live, room))


@pytest.mark.parametrize("attribute", ["mgrpModerator",
                                       "mgrpAllowedBroadcaster"])
def test_editor(live, clock, scene, attribute):                 # noqa: F811
    """Who may send to the list, and who decides what is sent: admins."""
    dn, room, ann, bob, cem = scene
    took = clock("list: editor")
    for _ in range(TIMES):
        live.modify(dn, **{attribute: [f"ldap:///{bob.person.dn}"]})
        took.begin()
        becomes(cem, room, "bob", "admin", "moderator")
        took.end()
        live.modify(dn, **{attribute: None})
        took.begin()
        becomes(cem, room, "bob", "member", "participant")
        took.end()


def test_list_in_a_list(live, clock, login):                    # noqa: F811
    """A group of groups: the change is two levels below."""
    ann, bob = login(), login()
    group = {"base": "ou=groups", "kind": "groupOfNames"}
    inner = make_list(live, [], [ann.person], stem="interior", **group)
    middle = make_list(live, [], [inner], stem="medio", **group)
    outer = make_list(live, [ann.person], [middle], stem="exterior", **group)
    room = bound_room(live, outer, OPEN)
    for client, nick in ((ann, "ann"), (bob, "bob")):
        enter(client, room, nick)
    settle(ann, bob)
    took = clock("list: subscriber of a list in it")
    for _ in range(TIMES):
        subscribe(live, inner, bob.person, attribute="member")
        took.begin()
        becomes(ann, room, "bob", "member", "participant")
        took.end()
        unsubscribe(live, inner, bob.person, attribute="member")
        took.begin()
        becomes(ann, room, "bob", "none", "participant")
        took.end()


def test_list_by_searching(live, clock, login):                 # noqa: F811
    """memberURL: a change of the person is a change of the list."""
    ann, bob = login(), login()
    what = live.name("becarios")
    dn = make_list(live, [ann.person], stem="busca", memberURL=[
        f"ldap:///{live.env['PEOPLE_BASE']}??sub?(employeeType={what})"])
    room = bound_room(live, dn, OPEN)
    for client, nick in ((ann, "ann"), (bob, "bob")):
        enter(client, room, nick)
    settle(ann, bob)
    took = clock("list: found by searching")
    for _ in range(TIMES):
        live.modify(bob.person.dn, employeeType=[what])
        took.begin()
        becomes(ann, room, "bob", "member", "participant")
        took.end()
        live.modify(bob.person.dn, employeeType=None)
        took.begin()
        becomes(ann, room, "bob", "none", "participant")
        took.end()


def test_another_list(live, login, scene):                      # noqa: F811
    """imBoundTo itself changed: nobody who is on both is less in between."""
    dn, room, ann, bob, cem = scene
    other = make_list(live, [ann.person], [cem.person])
    live.modify(room_dn(live, room), imBoundTo=[other])
    becomes(ann, room, "bob", "none", "participant")
    becomes(ann, room, "cem", "member", "participant")
    subscribe(live, dn, bob.person.dn, attribute="owner")
    subscribe(live, other, bob.person)
    becomes(ann, room, "bob", "member", "participant")
    assert not [s for s in settle(ann, bob, cem)[0]
                if s.get("from") == f"{room}/ann"]
    live.modify(room_dn(live, room), imBoundTo=None)
    for nick in ("ann", "bob", "cem"):
        becomes(cem, room, nick, "none", "participant")


def test_bound_and_closed_at_once(live, login):                 # noqa: F811
    """Who is on the list stays, who is not leaves with 322."""
    ann, bob = login(), login()
    dn = make_list(live, [ann.person])
    for _ in range(5):
        room = live.room()
        for client, nick in ((ann, "ann"), (bob, "bob")):
            enter(client, room, nick)
        settle(ann, bob)
        live.modify(room_dn(live, room), imBoundTo=[dn], imRoomOption=[CLOSED])
        seen = bob.receive("presence", from_=f"{room}/bob", type="unavailable")
        assert 322 in codes(seen), show([seen])
        becomes(ann, room, "ann", "owner", "moderator")
        assert all(s.get("type") != "unavailable" or s.get("from") ==
                   f"{room}/bob" for s in settle(ann)[0])


def state(world, room):
    """imBoundState in words: read, matched, unresolved; when it fails, since when
    and why."""
    words = entry(world, room).get("imBoundState", [""])[0].split()
    return words[:3] if words[3:4] == ["-"] else words[:5]


def which(world, room):
    """The list that imBoundState speaks of: its entryUUID, and its DN."""
    return entry(world, room).get("imBoundState", [""])[0].split()[5:]


def uuid_of(world, dn):
    return world.search(dn, attributes=["entryUUID"])[0][1]["entryUUID"][0]


def test_list_deleted_and_back(live, login):                    # noqa: F811
    """Rule 10: the last good copy stays, and the room says how old it is."""
    ann, bob, cem = login(), login(), login()
    dn = make_list(live, [ann.person], [bob.person])
    room = bound_room(live, dn, CLOSED)
    for client, nick in ((ann, "ann"), (bob, "bob")):
        enter(client, room, nick)
    settle(ann, bob)
    wait_for(lambda: state(live, room)[1:] == ["2", "0"], 30)
    facts = room_facts(cem, room)
    assert facts["muc#roominfo_ldapgroup"] == dn and AS_OF not in facts
    live.root.delete_s(dn)
    wait_for(lambda: len(state(live, room)) == 5, 30)
    assert state(live, room)[1] == "2", state(live, room)
    assert room_facts(cem, room)[AS_OF].startswith("20")
    assert all(s.get("type") != "unavailable"
               for got in settle(ann, bob) for s in got)
    leave(ann, room, "ann"), leave(bob, room, "bob")
    assert condition(enter(bob, room, "bob")[0]) is None
    assert condition(enter(cem, room, "cem")[0]) == \
        "auth registration-required"
    name = dn.partition(",")[0].partition("=")[2]
    live.root.add_s(dn, [("objectClass", b"mailGroup"),
                         ("cn", name.encode()), ("mail", b"otra@example.org"),
                         ("owner", ann.person.dn.encode())])
    assert 321 in codes(bob.receive("presence", from_=f"{room}/bob",
                                    type="unavailable"))
    assert AS_OF not in room_facts(cem, room)
    wait_for(lambda: state(live, room)[1:] == ["1", "0"], 30)


def test_list_renamed(live, login):                             # noqa: F811
    """The same entry by another name is the same list: nobody is less for it,
    subscribers come and go, and the room's entry has the new name."""
    ann, bob, cem = login(), login(), login()
    dn = make_list(live, [ann.person], [bob.person])
    room = bound_room(live, dn, CLOSED)
    enter(bob, room, "bob")
    settle(bob)
    rdn, base = f"cn={live.name('otra')}", dn.partition(",")[2]
    new = f"{rdn},{base}"
    live.root.rename_s(dn, rdn)
    subscribe(live, new, cem.person)
    wait_for(lambda: entry(live, room)["imBoundTo"] == [new], 30)
    wait_for(lambda: state(live, room)[1:] == ["3", "0"], 30)
    assert condition(enter(cem, room, "cem")[0]) is None
    assert all(s.get("type") != "unavailable" for s in settle(bob, cem)[0])
    unsubscribe(live, new, bob.person)
    assert 321 in codes(bob.receive("presence", from_=f"{room}/bob",
                                    type="unavailable"))


def test_unbound(live, login):                                  # noqa: F811
    """Nothing is left that speaks of a list."""
    ann = login()
    room = bound_room(live, make_list(live, [ann.person]), OPEN)
    enter(ann, room, "ann")
    wait_for(lambda: state(live, room)[1:] == ["1", "0"], 30)
    live.modify(room_dn(live, room), imBoundTo=None)
    becomes(ann, room, "ann", "none", "participant")
    wait_for(lambda: "imBoundState" not in entry(live, room), 30)


def test_no_such_list(live, login):                             # noqa: F811
    """Nothing is known of who may: explicit affiliations alone."""
    ann, bob = login(), login()
    room = bound_room(live, f"cn=nada,ou=lists,{live.env['LDAP_BASE']}",
                      CLOSED, imOwner=[ann.person.dn])
    assert condition(enter(bob, room, "bob")[0]) == \
        "auth registration-required"
    assert condition(enter(ann, room, "ann")[0]) is None
    assert room_facts(ann, room)[AS_OF] == "never"
    wait_for(lambda: state(live, room)[:3] == ["-", "0", "0"], 30)


# ---- what happens while nobody looks ----

@pytest.fixture(scope="module")
def private(make_world):
    return make_world()


@pytest.fixture
def known(private, tmp_path):
    """A members-only room of ann's list with bob on it, whose service knew it and is
    ended."""
    ann, bob = private.person(), private.person()
    dn = make_list(private, [ann], [bob])
    room = bound_room(private, dn, CLOSED)
    with Service(private, tmp_path / "before") as service:
        assert entering(service, room, bob) is None
        wait_for(lambda: which(private, room) == [uuid_of(private, dn), dn], 30)
    return dn, room, bob


def entering(service, room, person):
    """The condition of a refusal, or None."""
    with Client(service, person, "r") as client:
        client.come()
        return condition(enter(client, f"{room.partition('@')[0]}@{service.muc}",
                               person.uid)[0])


REFUSED = "auth registration-required"


@pytest.mark.parametrize("has_heir", [False, True], ids=["", "its name taken"])
def test_list_renamed_while_the_service_was_down(private, known, tmp_path,
                                                 has_heir):
    """It is the same list, also when another has its name by now."""
    dn, room, bob = known
    cem = private.person()
    rdn, base = f"cn={private.name('otra')}", dn.partition(",")[2]
    private.root.rename_s(dn, rdn)
    if has_heir:
        private.root.add_s(dn, [
            ("objectClass", b"mailGroup"), ("mail", b"otra@example.org"),
            ("cn", dn.partition(",")[0][3:].encode()),
            ("uniqueMember", cem.dn.encode())])
    with Service(private, tmp_path / "after") as service:
        assert entering(service, room, bob) is None
        assert entering(service, room, cem) == REFUSED
        wait_for(lambda: entry(private, room)["imBoundTo"] == [f"{rdn},{base}"],
                 30)
        wait_for(lambda: which(private, room)[1:] == [f"{rdn},{base}"], 30)
        if has_heir:            # whoever means the new one gets that
            other = bound_room(private, dn, CLOSED)
            assert entering(service, other, cem) is None
            assert entering(service, other, bob) == REFUSED


def test_another_list_by_name_while_the_service_was_down(private, known, tmp_path):
    """What was the old one's entry says nothing of what the room follows now."""
    dn, room, bob = known
    private.root.rename_s(dn, f"cn={private.name('otra')}")
    private.modify(room_dn(private, room), imBoundTo=[
        f"cn=nada,ou=lists,{private.env['LDAP_BASE']}"])
    with Service(private, tmp_path / "after") as service:
        assert entering(service, room, bob) == REFUSED


# ---- weather ----


@pytest.fixture
def proxied(private, tmp_path):
    port = private.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as proxy, Service(
            private, tmp_path, {"ldap.uri": proxy.uri}) as service:
        watching(service)
        yield service, proxy


@pytest.fixture
def stormy(private, proxied):
    """A members-only room of a list of ann, bob and cem; all are in."""
    service, _ = proxied
    people = [Client(service, private.person(), "r").come() for _ in range(3)]
    ann, bob, cem = people
    dn = make_list(private, [ann.person], [bob.person, cem.person])
    room = "@".join((bound_room(private, dn, CLOSED).partition("@")[0],
                     service.muc))
    for client, nick in ((ann, "ann"), (bob, "bob"), (cem, "cem")):
        enter(client, room, nick)
    settle(*people)
    yield dn, room, ann, bob, cem
    for client in people:
        client.cut()


def changes(world, dn, bob, cem):
    world.root.modify_s(dn, [
        (ldap.MOD_DELETE, "uniqueMember", [bob.person.dn.encode()]),
        (ldap.MOD_ADD, "owner", [cem.person.dn.encode()])])


def see_changes(room, ann, bob, cem):
    seen = bob.receive("presence", BACK, from_=f"{room}/bob",
                       type="unavailable")
    assert 321 in codes(seen), show([seen])
    becomes(ann, room, "cem", "owner", "moderator", BACK)
    assert condition(enter(ann, room, "ann")[0]) is None


def test_slapd_restarted_while_the_list_changes(private, proxied, stormy):
    _, proxy = proxied
    dn, room, ann, bob, cem = stormy
    proxy.mode = "drop"
    proxy.cut()
    changes(private, dn, bob, cem)
    private.slapd_kill()
    assert settle(ann, bob, cem) == [[], [], []]
    private.slapd_again()
    proxy.mode = "pass"
    see_changes(room, ann, bob, cem)


def test_held_up_while_the_list_changes(private, proxied, stormy):
    _, proxy = proxied
    dn, room, ann, bob, cem = stormy
    proxy.hold()
    changes(private, dn, bob, cem)
    assert settle(ann, bob, cem) == [[], [], []]
    proxy.release()
    see_changes(room, ann, bob, cem)
