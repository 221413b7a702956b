# SPDX-License-Identifier: Apache-2.0
"""A directory that tells nobody of changes (no RFC 4533): it is asked."""

import pathlib
import re

import ldap
import pytest

from client import Client, condition, settle
from lists import bound_room, make_list, subscribe
from live import attempt, guests, profile_dn, room_dn, roster, watching
from muc import NS, configure, enter, entry, item, subject_of
from rawclient import PATIENCE, StreamError
from service import Service
from test_live_account import closed
from test_people_groups import add as add_group
from world import wait_for

SOON = 4                # seconds: an interval of one, and a search
SWEPT = 20              # removals show in every tenth poll


def without_syncprov(world, has_module):
    """The world's slapd, restarted without the overlay; has_module: the root
    DSE lists the control, and the database refuses it."""
    config = pathlib.Path(world.state) / "ldap/config/cn=config"
    world.slapd_kill()
    overlay, = config.glob("olcDatabase={1}mdb/olcOverlay={*}syncprov.ldif")
    overlay.unlink()
    for module in config.glob("cn=module*.ldif"):
        if not has_module:
            module.write_text(re.sub(r"(?m)^olcModuleLoad:.*syncprov.*\n", "",
                                     module.read_text()))
    world.slapd_again()
    listed = world.search("", attributes=["supportedControl"])
    assert listed == []         # a subtree search of the root finds nothing
    return world


@pytest.fixture(scope="module", params=[False, True],
                ids=["no control", "control refused"])
def asked(request, make_world):
    return without_syncprov(make_world(), request.param)


@pytest.fixture
def service(asked, tmp_path):
    with Service(asked, tmp_path, {"ldap.poll_interval": "1s"}) as one:
        watching(one)
        yield one


def test_it_is_asked(asked, service):
    assert "by=polling" in service.log or "ldap-watch-polls" in service.log


def test_changes(asked, service):
    with Client(service, asked.person()) as ann, \
            Client(service, asked.person()) as bob:
        ann.come().items()
        bob.come()
        room = f"{asked.room().partition('@')[0]}@{service.muc}"
        enter(ann, room, "ann")
        settle(ann, bob)
        roster(asked, ann.person, ["eva@otra.example none 0 0 -"])
        asked.modify(room_dn(asked, room), imSubject=["Preguntado"])
        asked.modify(profile_dn(asked, bob.person), imStatus=["suspended"])
        assert ann.receive("iq", SOON, type="set") is not None
        assert subject_of(ann.receive("message", SOON, from_=room)) == \
            "Preguntado"
        with pytest.raises(StreamError):
            bob.next(SOON)
        # what is the same each time it is asked for is told once
        roster(asked, ann.person, ["fin@otra.example none 0 0 -"])
        push = ann.receive("iq", SOON, type="set")
        assert push.find(".//{jabber:iq:roster}item").get("jid") == \
            "fin@otra.example"
        assert settle(ann)[0] == []


def test_removals(asked, service):
    with Client(service, asked.person()) as ann, \
            Client(service, asked.person()) as bob:
        ann.come(), bob.come()
        room = f"{asked.room().partition('@')[0]}@{service.muc}"
        enter(ann, room, "ann")
        settle(ann, bob)
        asked.root.delete_s(bob.person.dn)
        asked.root.delete_s(room_dn(asked, room))
        gone = ann.receive("presence", SWEPT, from_=f"{room}/ann")
        assert gone.find("u:x/u:destroy", NS) is not None
        with pytest.raises(StreamError):
            bob.next(SWEPT)


def test_a_time_that_is_yet_to_come(asked, tmp_path):
    """Somebody was changed while the server's clock was wrong: what is changed now is
    heard of at the next poll all the same."""
    ann, odd = asked.person(), f"uid={asked.name('rara')},{asked.env['PEOPLE_BASE']}"
    relax = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]
    asked.root.add_ext_s(odd, [
        ("objectClass", b"inetOrgPerson"), ("cn", b"rara"), ("sn", b"rara"),
        ("modifyTimestamp", b"20990101000000Z")], serverctrls=relax)
    assert asked.search(asked.env["PEOPLE_BASE"], "(modifyTimestamp>=20990101000000Z)")
    # Or a profile that was changed a moment ago has the account read.
    assert attempt(asked, ann) is None
    wait_for(lambda: asked.profile(ann).get("imScram"), 30)
    try:
        with Service(asked, tmp_path, {"ldap.poll_interval": "3s"}) as one, \
                Client(one, ann) as client:
            watching(one)
            client.come()
            asked.root.modify_ext_s(ann.dn, [
                (ldap.MOD_REPLACE, "pwdEndTime", b"20200101000000Z")],
                serverctrls=relax)
            assert "expired" in closed(client, 20)[1]   # all are read in 30 s
    finally:
        asked.root.delete_s(odd)


def test_list_of_a_room(asked, service):
    """Who is subscribed is told at the next poll."""
    with Client(service, asked.person()) as ann, \
            Client(service, asked.person()) as bob:
        ann.come(), bob.come()
        dn = make_list(asked, [ann.person])
        room = "@".join((bound_room(asked, dn).partition("@")[0], service.muc))
        enter(ann, room, "ann"), enter(bob, room, "bob")
        settle(ann, bob)
        subscribe(asked, dn, bob.person)
        seen = ann.receive("presence", SWEPT, from_=f"{room}/bob")
        assert item(seen)["affiliation"] == "member"


def test_people_groups(asked, tmp_path):
    """Who may use the service at all is known as late as the last poll."""
    person = asked.person()
    dn = add_group(asked, asked.name("usa"), "groupOfNames", member=["cn=nobody"])
    with Service(asked, tmp_path, {"ldap.poll_interval": "1s",
                                   "ldap.people_groups": dn}) as one:
        watching(one)
        assert attempt(one, person) == "not-authorized"
        member = [person.dn.encode()]
        asked.root.modify_s(dn, [(ldap.MOD_ADD, "member", member)])
        wait_for(lambda: attempt(one, person) is None, SOON)
        with Client(one, person) as ann:
            ann.come()
            asked.root.modify_s(dn, [(ldap.MOD_DELETE, "member", member)])
            assert closed(ann)[0] == "not-authorized"


def bound_to_another(asked, service, room, *people):
    """Renames the room's list; when the service knows, writes another into imBoundTo,
    whose DN is given.  The service hears of that nine seconds later."""
    old, = entry(asked, room)["imBoundTo"]
    new = make_list(asked, people)
    known = service.log.count("list-renamed")
    asked.root.rename_s(old, f"cn={asked.name('otra')}")
    wait_for(lambda: service.log.count("list-renamed") > known, 60, 0.01)
    asked.modify(room_dn(asked, room), imBoundTo=[new])
    return new


def test_another_list_while_a_renaming_is_noted(asked, tmp_path):
    """What somebody else wrote into imBoundTo stays, though the service, which has not
    heard of it yet, is about to write the new name of the old list."""
    with Service(asked, tmp_path, {"ldap.poll_interval": "9s"}) as service:
        watching(service)
        owner = asked.person()
        room = bound_room(asked, make_list(asked, [owner]), "membersonly=yes")
        here = f"{room.partition('@')[0]}@{service.muc}"
        with guests(service, owner) as (ann,):
            enter(ann, here, "ann")
            wait_for(lambda: entry(asked, room).get("imBoundState"), PATIENCE)
            for _ in range(4):          # the note may have been written already
                if they_meet(asked, service, room, owner):
                    return
    raise AssertionError("they never met")


def they_meet(asked, service, room, owner):
    here = f"{room.partition('@')[0]}@{service.muc}"
    someone = asked.person()
    with guests(service, someone) as (eva,):
        new = bound_to_another(asked, service, room, owner, someone)
        # Nobody but the new list knows eva: once she may enter, the room has heard
        # of it; what the service wrote of the old list it wrote before, or not at all.
        wait_for(lambda: condition(enter(eva, here, "eva")[0]) is None, 60)
    assert entry(asked, room)["imBoundTo"] == [new]
    return "status=conflict" in service.log


def test_others_change_the_room_while_the_owner_sets_it_up(asked, tmp_path):
    """What the owner's form leaves as it was is nothing that the owner said: what others
    wrote a moment ago, which nobody here has heard of, stays."""
    with Service(asked, tmp_path, {"ldap.poll_interval": "1h"}) as service:
        watching(service)
        ann = asked.person()
        old, new = make_list(asked, [ann]), make_list(asked, [ann])
        room = bound_room(asked, old, "membersonly=yes")
        here = f"{room.partition('@')[0]}@{service.muc}"
        with Client(service, ann) as owner:
            enter(owner.come(), here, "ann")
            asked.modify(room_dn(asked, room), imBoundTo=[new], imSubject=["Nuevo"],
                         description=["De otros"],
                         imRoomOption=["membersonly=yes", "maxusers=20"])
            assert configure(owner, here, roomname="Otro", moderatedroom=1,
                             membersonly=1).get("type") == "result"
        stands = entry(asked, room)
        assert stands["cn"] == ["Otro"]
        assert stands["imBoundTo"] == [new]
        assert stands["imSubject"] == ["Nuevo"]
        assert stands["description"] == ["De otros"]
        assert {"membersonly=yes", "maxusers=20", "moderated=yes"} \
            <= set(stands["imRoomOption"])
