# SPDX-License-Identifier: Apache-2.0
"""Rooms of many people whose DNs do not begin with what they log in as: all of them
count, also those behind the first dozens (directory.md rule 1)."""

import pytest

from client import Client
from muc import enters_as

MANY = 150
PICKED = (0, 63, 64, 65, 127, 128, MANY - 1)


@pytest.fixture(name="people", scope="module", params=["cn", "employeeNumber"])
def people_(request, shared_world):
    """Found in the directory by an index, and by nothing but their DNs."""
    world, stem = shared_world, shared_world.name("muchos")
    branch = f"ou={stem},{world.env['PEOPLE_BASE']}"
    world.root.add_s(branch, [("objectClass", b"organizationalUnit"),
                              ("ou", stem.encode())])
    made = []
    for n in range(MANY):
        named = f"{stem} n{n}"
        made.append(world.person(
            uid=f"{stem}-{n}", dn=f"{request.param}={named},{branch}",
            **{request.param: [named]}))
    yield made
    for person in made:
        world.root.delete_s(person.dn)
    world.root.delete_s(branch)


@pytest.mark.parametrize("attribute,option,wanted", [
    ("imOutcast", "public=yes", "auth forbidden"),
    ("imMember", "membersonly=yes", "member")])
def test_all_of_them_count(world, people, attribute, option, wanted):
    room = world.room(imRoomOption=[option],
                      **{attribute: [p.dn for p in people]})
    for n in PICKED:
        with Client(world, people[n]) as client:
            assert (n, enters_as(client, room)) == (n, wanted)


def test_who_is_gone_takes_nobody_along(world, people):
    """And is kept, for whoever administers the directory to see."""
    gone = [f"cn=nadie {n},{world.env['PEOPLE_BASE']}" for n in range(70)]
    gone += [f"uid=nadie{n},{world.env['PEOPLE_BASE']}" for n in range(70)]
    room = world.room(imOutcast=gone + [people[-1].dn])
    with Client(world, people[-1]) as client:
        assert enters_as(client, room) == "auth forbidden"
    with Client(world, people[0]) as client:
        assert enters_as(client, room) == "none"
