# SPDX-License-Identifier: Apache-2.0
"""directory.md, rule 4: people of rooms are their entryUUID, whoever is called so, where
slapd's refint rewrites the DNs of a room's entry and where nobody does but we."""

import contextlib
import time

import ldap
import pytest

from doctor import without_overlay
from live import watching
from muc import (admin, ask_list, configure, enter, enters_as, entry, listed, open_room)
from world import Person, wait_for

STRANGER, BANNED = "none", "auth forbidden"
WITHIN = 60
MENDED = 13                     # longer than what is out of date stays in an entry
DATABASE = "olcDatabase={1}mdb,cn=config"


@pytest.fixture(scope="module", params=["refint", "no refint"])
def places(request, make_world):
    world = watching(make_world(SAMPLE="yes", CREATE_ROOMS="everyone"))
    if request.param == "refint":
        yield world
    else:
        with without_overlay(world, "refint"):
            yield world


@pytest.fixture
def world(places):
    places.check()
    yield places
    places.check()


def called(world, person, uid):
    """The same person under another name."""
    world.root.rename_s(person.dn, f"uid={uid}")
    return Person(uid, person.password, f"uid={uid},{person.dn.partition(',')[2]}",
                  f"{uid}@{world.domain}")


def names(world, room, kind):
    """Whom the entry names as what, by uid."""
    return {dn.partition(",")[0].partition("=")[2] for dn in entry(world, room).get(kind, [])}


@pytest.fixture
def keeper(login):
    return login()


def kept(world, keeper, **more):
    """A room in memory with an owner who stays."""
    owners = [keeper.person.dn] + more.pop("imOwner", [])
    room = world.room(imOwner=owners, **more)
    enter(keeper, room, "keeper")
    return room


def test_renamed_and_their_names_given_on(world, login, keeper):
    owner, member, banned = (world.person() for _ in range(3))
    room = kept(world, keeper, imOwner=[owner.dn], imMember=[member.dn],
                imOutcast=[banned.dn])
    keeper.sync()
    now = [called(world, one, world.name("otro")) for one in (owner, member, banned)]
    heirs = [world.person(uid=one.uid) for one in (owner, member, banned)]
    assert [enters_as(login(one), room, one.uid) for one in heirs] == [STRANGER] * 3
    assert [enters_as(login(one), room, one.uid) for one in now] == [
        "owner", "member", BANNED]
    for kind, one in zip(("imOwner", "imMember", "imOutcast"), now):
        wait_for(lambda k=kind, o=one: names(world, room, k) - {keeper.person.uid}
                 == {o.uid}, WITHIN)
    assert {i["jid"] for i in listed(ask_list(keeper, room, affiliation="outcast"))} == {
        now[2].jid}
    assert [enters_as(login(one, "s"), room, one.uid + "s") for one in heirs] == [
        STRANGER] * 3


def test_gone_and_their_names_given_on(world, login, keeper):
    """Nobody inherits, and the entry says so soon."""
    owner, banned = world.person(), world.person()
    room = kept(world, keeper, imOwner=[owner.dn], imOutcast=[banned.dn])
    keeper.sync()
    for one in (owner, banned):
        world.root.delete_s(one.dn)
    heirs = [world.person(uid=one.uid) for one in (owner, banned)]
    assert [enters_as(login(one), room, one.uid) for one in heirs] == [STRANGER] * 2
    wait_for(lambda: "imOutcast" not in entry(world, room), WITHIN)
    assert names(world, room, "imOwner") == {keeper.person.uid}
    assert [enters_as(login(one, "s"), room, one.uid + "s") for one in heirs] == [
        STRANGER] * 2


@contextlib.contextmanager
def hidden(world, person):
    rule = (f'{{0}}to dn.exact="{person.dn}" by '
            f'dn.exact="cn=im,ou=services,{world.env["IM_BASE"]}" none by * break').encode()
    world.root.modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess", rule)])
    try:
        yield
    finally:
        world.root.modify_s(DATABASE, [(ldap.MOD_DELETE, "olcAccess", b"{0}")])


def read_again(world, room):
    """By a change of its entry that matters to nobody."""
    [(dn, _)] = world.search("ou=rooms," + world.env["IM_BASE"],
                             f"(imRoomName={room.partition('@')[0]})")
    world.root.modify_s(dn, [(ldap.MOD_REPLACE, "description", world.name("d").encode())])


def test_hidden_by_a_slip_in_the_rules(world, login, keeper):
    """Looks like gone, and the entry outlasts it."""
    banned, other = world.person(), world.person()
    room = kept(world, keeper, imOutcast=[banned.dn, other.dn])
    keeper.sync()
    with hidden(world, banned):
        read_again(world, room)
        wait_for(lambda: {i["jid"] for i in listed(ask_list(
            keeper, room, affiliation="outcast"))} == {other.jid})
        time.sleep(MENDED)
    assert names(world, room, "imOutcast") == {banned.uid, other.uid}
    wait_for(lambda: enters_as(login(banned), room, "b") == BANNED, WITHIN)


def test_two_exchange_their_names(world, login, keeper):
    owner, banned = world.person(), world.person()
    room = kept(world, keeper, imOwner=[owner.dn], imOutcast=[banned.dn])
    keeper.sync()
    aside = called(world, owner, world.name("aparte"))
    banned_now = called(world, banned, owner.uid)
    owner_now = called(world, aside, banned.uid)
    wait_for(lambda: names(world, room, "imOutcast") == {banned_now.uid}
             and owner_now.uid in names(world, room, "imOwner"), WITHIN)
    assert enters_as(login(banned_now), room, "b") == BANNED
    assert enters_as(login(owner_now), room, "o") == "owner"


def test_members_exchange_their_names(world, login, keeper):
    """The entry is right as it is, whoever looks."""
    one, two = world.person(), world.person()
    room = kept(world, keeper, imMember=[one.dn, two.dn])
    keeper.sync()
    aside = called(world, one, world.name("aparte"))
    called(world, two, one.uid)
    called(world, aside, two.uid)
    wait_for(lambda: names(world, room, "imMember") == {one.uid, two.uid}, WITHIN)
    for uid in (one.uid, two.uid):
        wait_for(lambda u=uid: f"{u}@{world.domain}" in {
            i["jid"] for i in listed(ask_list(keeper, room, affiliation="member"))}, WITHIN)


@pytest.mark.parametrize("is_there", [True, False])
def test_banned_from_a_temporary_room(world, login, keeper, is_there):
    """And from the one with an entry that it becomes."""
    room = open_room(keeper, world, "keeper")
    banned = world.person()
    if is_there:
        enter(login(banned), room, "malo")
    assert admin(keeper, room, {"jid": banned.jid, "affiliation": "outcast"}).get(
        "type") == "result"
    now = called(world, banned, world.name("otro"))
    heir = world.person(uid=banned.uid)
    assert enters_as(login(now), room, "malo") == BANNED
    assert enters_as(login(heir), room, "bueno") == STRANGER
    assert configure(keeper, room, persistentroom=1).get("type") == "result"
    wait_for(lambda: names(world, room, "imOutcast") == {now.uid}, WITHIN)
    assert enters_as(login(now, "s"), room, "malo") == BANNED
    assert enters_as(login(heir, "s"), room, "buenos") == STRANGER


def test_both_are_banned_by_the_same_name(world, login, keeper):
    """From a temporary room: first the one, then who got the name."""
    room = open_room(keeper, world, "keeper")
    first = world.person()
    assert admin(keeper, room, {"jid": first.jid, "affiliation": "outcast"}).get(
        "type") == "result"
    now = called(world, first, world.name("otro"))
    second = world.person(uid=first.uid)
    assert enters_as(login(second), room, "segundo") == STRANGER
    assert admin(keeper, room, {"jid": first.jid, "affiliation": "outcast"}).get(
        "type") == "result"
    assert enters_as(login(second, "s"), room, "segundo") == BANNED
    assert enters_as(login(now), room, "primero") == BANNED

