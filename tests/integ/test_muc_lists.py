# SPDX-License-Identifier: Apache-2.0
"""Rooms that follow a list: what the list says and what the room's own entry
says, together (directory.md §2, architecture.md §6.3)."""

import pytest

from client import condition, settle, show
from lists import bound_room, make_list, room_facts
from muc import (admin, ask_list, codes, configure, enter, entry, item,
                 leave, listed)
from rawclient import CLIENT, STANZA_ERROR

CLOSED = "membersonly=yes"
PEOPLE = ("imOwner", "imOwnerJid", "imAdmin", "imAdminJid", "imMember",
          "imMemberJid", "imOutcast", "imOutcastJid")


def kept(world, room):
    """What the entry itself says of people."""
    return {name: values for name, values in entry(world, room).items()
            if name in PEOPLE}


def enters_as(client, room, nick):
    """(affiliation, role), or the error."""
    found = enter(client, room, nick)
    if found[0].get("type") == "error":
        return condition(found[0])
    own = [s for s in found if 110 in codes(s)][0]
    return item(own)["affiliation"], item(own)["role"]


EXPLICIT = [    # the entry's own word, on the list as …, and what they are
    ("imOutcast", None, "auth forbidden"),
    ("imOutcast", "uniqueMember", "auth forbidden"),
    ("imOutcast", "owner", "auth forbidden"),
    ("imMember", None, ("member", "participant")),
    ("imMember", "uniqueMember", ("member", "participant")),
    ("imMember", "owner", ("owner", "moderator")),
    ("imAdmin", "uniqueMember", ("admin", "moderator")),
    ("imAdmin", "owner", ("owner", "moderator")),
    ("imOwner", None, ("owner", "moderator")),
    ("imOwner", "uniqueMember", ("owner", "moderator")),
    (None, "uniqueMember", ("member", "participant")),
    (None, "owner", ("owner", "moderator")),
    (None, None, "auth registration-required"),
]


@pytest.mark.parametrize("explicit,on_list,wanted", EXPLICIT)
def test_entry_and_list_together(world, login, explicit, on_list, wanted):
    ann, bob = login(), login()
    more = {on_list: [bob.person.dn]} if on_list else {}
    owners = [ann.person]
    if on_list == "owner":
        owners, more = [ann.person, bob.person], {}
    dn = make_list(world, owners, **more)
    room = bound_room(world, dn, CLOSED,
                      **({explicit: [bob.person.dn]} if explicit else {}))
    assert enters_as(bob, room, "bob") == wanted
    assert enters_as(ann, room, "ann") == ("owner", "moderator")


def test_an_open_room_stays_open(world, login):
    ann, bob = login(), login()
    room = bound_room(world, make_list(world, [ann.person], [ann.person]))
    assert enters_as(bob, room, "bob") == ("none", "participant")


def test_two_rooms_of_one_list(world, login):
    ann, bob = login(), login()
    dn = make_list(world, [ann.person], [bob.person])
    for room in (bound_room(world, dn, CLOSED), bound_room(world, dn, CLOSED)):
        assert enters_as(ann, room, "ann") == ("owner", "moderator")
        assert enters_as(bob, room, "bob") == ("member", "participant")


def test_lists_tell_all_and_the_entry_none(world, login):
    ann, bob, cem = login(), login(), login()
    dn = make_list(world, [ann.person], [bob.person, ann.person])
    room = bound_room(world, dn, imMember=[cem.person.dn])
    enter(ann, room, "ann")
    assert [i["jid"] for i in listed(ask_list(
        ann, room, affiliation="owner"))] == [ann.bare]
    assert sorted(i["jid"] for i in listed(ask_list(
        ann, room, affiliation="member"))) == sorted([bob.bare, cem.bare])
    assert condition(ask_list(bob, room, affiliation="owner")) == \
        "auth forbidden"
    assert kept(world, room) == {"imMember": [cem.person.dn]}
    assert room_facts(bob, room)["muc#roominfo_ldapgroup"] == dn
    assert configure(ann, room, roomdesc="Otra").get("type") == "result"
    assert kept(world, room) == {"imMember": [cem.person.dn]}
    assert entry(world, room)["imBoundTo"] == [dn]


@pytest.fixture
def scene(world, login):
    """ann owns the list, bob is on it, cem is not; all are in the room."""
    ann, bob, cem = login(), login(), login()
    dn = make_list(world, [ann.person], [bob.person])
    room = bound_room(world, dn)
    for client, nick in ((ann, "ann"), (bob, "bob"), (cem, "cem")):
        enter(client, room, nick)
    settle(ann, bob, cem)
    return room, ann, bob, cem


def text_of(answer):
    return answer.findtext(f"{{{CLIENT}}}error/{{{STANZA_ERROR}}}text")


@pytest.mark.parametrize("wish", ["none", "member"])
def test_who_is_on_the_list_is_removed_there(world, scene, wish):
    """A standard error, and it says why."""
    room, ann, bob, cem = scene
    who = bob if wish == "none" else ann
    helper = {"affiliation": "owner", "jid": cem.bare}
    assert admin(ann, room, helper).get("type") == "result"
    answer = admin(cem, room, {"affiliation": wish, "jid": who.bare})
    assert condition(answer) == "cancel not-allowed"
    assert "list" in text_of(answer)
    assert list(kept(world, room).values()) == [[cem.person.dn]]
    settle(ann, bob, cem)
    answer = admin(ann, room, {"affiliation": "none", "jid": cem.bare})
    assert answer.get("type") == "result", show([answer])
    assert kept(world, room) == {}


def test_banned_and_let_in_again(world, scene):
    room, ann, bob, cem = scene
    assert admin(ann, room, {"affiliation": "outcast", "jid": bob.bare}
                 ).get("type") == "result"
    assert 301 in codes(bob.receive("presence", from_=f"{room}/bob",
                                    type="unavailable"))
    assert enters_as(bob, room, "bob") == "auth forbidden"
    assert kept(world, room) == {"imOutcast": [bob.person.dn]}
    assert admin(ann, room, {"affiliation": "none", "jid": bob.bare}
                 ).get("type") == "result"
    assert kept(world, room) == {}
    assert enters_as(bob, room, "bob") == ("member", "participant")


def test_more_than_the_list_says(world, scene):
    """What is added is kept in the entry, and goes without a trace."""
    room, ann, bob, cem = scene
    assert admin(ann, room, {"affiliation": "admin", "jid": bob.bare}
                 ).get("type") == "result"
    assert kept(world, room) == {"imAdmin": [bob.person.dn]}
    seen = cem.receive("presence", from_=f"{room}/bob")
    assert item(seen)["affiliation"] == "admin"
    assert admin(ann, room, {"affiliation": "member", "jid": bob.bare}
                 ).get("type") == "result"
    assert kept(world, room) == {}
    seen = cem.receive("presence", from_=f"{room}/bob")
    assert item(seen)["affiliation"] == "member"
    assert admin(ann, room, {"affiliation": "member", "jid": bob.bare}
                 ).get("type") == "result"
    assert kept(world, room) == {}


def test_a_nick_of_ones_own(world, scene):
    room, ann, bob, cem = scene
    assert admin(ann, room, {"affiliation": "member", "jid": bob.bare,
                             "nick": "roberto"}).get("type") == "result"
    assert kept(world, room)["imMember"] == [bob.person.dn]
    assert kept(world, room)["imMemberJid"][0].endswith(" roberto")


def test_owners_of_the_list_are_owners_enough(world, scene):
    """§10.2: the room keeps an owner, though no entry names one."""
    room, ann, bob, cem = scene
    assert admin(ann, room, {"affiliation": "owner", "jid": cem.bare}
                 ).get("type") == "result"
    assert admin(cem, room, {"affiliation": "none", "jid": cem.bare}
                 ).get("type") == "result"
    assert admin(ann, room, {"affiliation": "owner", "jid": cem.bare}
                 ).get("type") == "result"
    assert admin(cem, room, {"affiliation": "outcast", "jid": ann.bare}
                 ).get("type") == "result"
    answer = admin(cem, room, {"affiliation": "none", "jid": cem.bare})
    assert condition(answer) == "cancel conflict"


def test_let_go_and_entered_again(world, login):
    """The room is empty, and the list is what it was."""
    ann, bob = login(), login()
    room = bound_room(world, make_list(world, [ann.person], [bob.person]),
                      CLOSED)
    for _ in range(3):
        assert enters_as(bob, room, "bob") == ("member", "participant")
        leave(bob, room, "bob")
