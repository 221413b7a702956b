# SPDX-License-Identifier: Apache-2.0
"""One person, one address, wherever they are named: login, roster groups, rooms,
lists, search, who may use the service (schema/README, Whose an address is).

Three people whose address is not the first value of uid as slapd gives it: two names,
of which the one in the DN is second; the same behind a DN that says cn; a name with
a capital letter beyond ASCII."""

import contextlib
import dataclasses
import itertools

import ldap
import pytest

from client import Client, settle
from lists import bound_room, make_list
from live import attempt, profile_dn, watching
from muc import admin, enter, enters_as
from service import Service
from test_live_groups import groups_base, until
from test_search import found as find
from world import Person, wait_for

_numbers = itertools.count(1)


def dn_of(world, attribute, value):
    return f"{attribute}={value},{world.env['PEOPLE_BASE']}"


def make(world, name, names, attribute="uid", address=None):
    """(the person as they log in, their other name)."""
    dn = dn_of(world, attribute, name)
    password = f"clave-{next(_numbers)}"
    address = address or names[0]
    world.root.add_s(dn, [
        ("objectClass", b"inetOrgPerson"), ("uid", [n.encode() for n in names]),
        ("cn", name.encode()), ("sn", b"Prueba"),
        ("userPassword", password.encode())])
    return Person(address, password, dn, f"{address}@{world.domain}")


def second(world, n):
    return make(world, f"zz{n}", [f"aa{n}", f"zz{n}"], address=f"zz{n}")


def by_cn(world, n):
    return make(world, f"Doña {n}", [f"primera{n}", f"otra{n}"], "cn")


def capital(world, n):
    return make(world, f"Ñandú{n}", [f"Ñandú{n}"], address=f"ñandú{n}")


KINDS = {"second": second, "by-cn": by_cn, "capital": capital}


@pytest.fixture(name="person", params=list(KINDS))
def person_(request, world):
    return KINDS[request.param](world, next(_numbers))


@pytest.mark.parametrize("attribute,option,wanted", [
    ("imOutcast", "public=yes", "auth forbidden"),
    ("imMember", "membersonly=yes", "member"),
    ("imAdmin", "membersonly=yes", "admin"),
    ("imOwner", "membersonly=yes", "owner")])
def test_in_rooms(world, login, person, attribute, option, wanted):
    client = login(person)
    assert client.bare == person.jid
    room = world.room(imRoomOption=[option], **{attribute: [person.dn]})
    assert enters_as(client, room) == wanted


def test_banned_by_a_client(world, login, person):
    """What was acknowledged is in force, and after the room was read again."""
    client, owner = login(person), login()
    room = world.room(imOwner=[owner.person.dn])
    enter(owner, room, "dueña")
    assert admin(owner, room, {"affiliation": "outcast", "jid": person.jid}
                 ).get("type") == "result"
    entry = f"imRoomName={room.partition('@')[0]},ou=rooms,{world.env['IM_BASE']}"
    (_, kept), = world.search(entry, attributes=["imOutcast", "imOutcastJid"])
    assert kept == {"imOutcast": [person.dn]}
    world.modify(entry, description=["otra"])
    assert enters_as(client, room) == "auth forbidden"
    for _ in range(5):              # news of our own write comes meanwhile
        settle(client, owner)
        assert enters_as(client, room) == "auth forbidden"


def test_on_a_list(world, login, person):
    client = login(person)
    room = bound_room(world, make_list(world, [], [person]), "membersonly=yes")
    assert enters_as(client, room) == "member"


def test_found_by_people(world, login, person):
    with login() as client:
        assert find(client, nick=person.uid) == [person.jid]


def test_other_names_are_nobodys(world):
    n = next(_numbers)
    person = second(world, n)
    other = dataclasses.replace(person, uid=f"aa{n}")
    assert attempt(world, other) == "not-authorized"
    assert attempt(world, person) is None
    wait_for(lambda: f'name="aa{n}" account="zz{n}"' in world.logs())


def test_profile_with_another_address_gets_the_one(world, login):
    """Of a time when another of the names made the address."""
    n = next(_numbers)
    person = second(world, n)
    with login(person) as client:
        client.set_item("eva@otra.example")
    world.modify(profile_dn(world, person), jid=[f"aa{n}@{world.domain}"])
    assert world.profile(person) is None
    with login(person) as client:
        assert set(client.items()) == {"eva@otra.example"}
    wait_for(lambda: world.profile(person) is not None)
    wait_for(lambda: f'profile-renamed - profile="{profile_dn(world, person)}" '
             f'was="aa{n}@{world.domain}"' in world.logs(), 10)


@pytest.fixture(name="group", scope="module")
def group_(shared_world):
    """A group that is shown in rosters, and whose members alone may log in."""
    name = shared_world.name("una")
    dn = f"cn={name},{groups_base(shared_world)}"
    nobody = f"cn=nobody,{groups_base(shared_world)}"
    shared_world.root.add_s(dn, [("objectClass", b"groupOfNames"),
                                 ("cn", name.encode()),
                                 ("member", nobody.encode())])
    yield dn
    with contextlib.suppress(ldap.NO_SUCH_OBJECT):
        shared_world.root.delete_s(dn)


@pytest.fixture(name="service", scope="module")
def service_(shared_world, group, tmp_path_factory):
    with Service(shared_world, tmp_path_factory.mktemp("una"), {
            "ldap.people_groups": group, "roster.groups": group}) as one:
        watching(one)
        yield one


def test_in_groups(world, service, group, person):
    other = world.person()
    world.root.modify_s(group, [(ldap.MOD_ADD, "member", [
        other.dn.encode(), person.dn.encode()])])
    wait_for(lambda: attempt(service, other) is None)
    assert attempt(service, person) is None
    with Client(service, person) as ann, Client(service, other) as bob:
        ann.come()
        bob.come()
        until(ann, lambda items: bob.bare in items)
        until(bob, lambda items: person.jid in items)
    world.root.modify_s(group, [(ldap.MOD_DELETE, "member", [
        other.dn.encode(), person.dn.encode()])])
