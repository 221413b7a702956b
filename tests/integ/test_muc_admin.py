# SPDX-License-Identifier: Apache-2.0
"""Rooms, as those see them who run them (XEP-0045 §6, 8, 9, 10)."""

import json
import os
import signal
import socket

import pytest

from client import NS, condition, settle, show
from muc import (DATA, ITEMS, MUC, MUC_OWNER, MUC_USER, admin, ask_list,
                 bodies, codes, configure, enter, entry, features, form_values,
                 from_room, info, item, leave, listed, open_room)
from rawclient import local
from world import Person, wait_for


@pytest.fixture
def three(world, login):
    """An owner, two others, and an open temporary room they are in."""
    owner, ann, bob = login(), login(), login()
    room = open_room(owner, world, "dueña")
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(owner, ann, bob)
    return owner, ann, bob, room


def dn(world, room):
    return (f"imRoomName={room.partition('@')[0]},ou=rooms,"
            + world.env["IM_BASE"])


# ---- affiliations that the directory says ----

def test_affiliations_from_the_entry(world, login):
    people = {kind: login() for kind in ("owner", "admin", "member", "out")}
    attributes = {"owner": "imOwner", "admin": "imAdmin", "member": "imMember",
                  "out": "imOutcast"}
    room = world.room(**{attributes[kind]: [client.person.dn]
                         for kind, client in people.items()})
    wanted = {"owner": ("owner", "moderator"), "admin": ("admin", "moderator"),
              "member": ("member", "participant")}
    for kind, (affiliation, role) in wanted.items():
        own = enter(people[kind], room, kind)[-2]
        assert (item(own)["affiliation"], item(own)["role"]) == (
            affiliation, role)
    assert condition(enter(people["out"], room, "out")[-1]) == "auth forbidden"


def test_affiliations_by_jid(world, login):
    ann, bob = login(), login()
    room = world.room(imMemberJid=[f"{ann.bare} anita"],
                      imOutcastJid=[f"{bob.bare}"])
    assert condition(enter(bob, room, "bob")[-1]) == "auth forbidden"
    assert item(enter(ann, room, "ann")[-2])["affiliation"] == "member"
    assert condition(enter(login(), room, "anita")[-1]) == "cancel conflict"
    answer = info(ann, room, "x-roomuser-item")
    assert answer.find("i:query/i:identity", NS).get("name") == "anita"


@pytest.mark.parametrize("lists,wanted", [
    (("imOwner", "imAdmin", "imMember"), "owner"),
    (("imAdminJid", "imMember"), "admin"), (("imOwnerJid", "imMemberJid"), "owner"),
    (("imOwner", "imOutcastJid"), None), (("imOutcast", "imAdminJid"), None)])
def test_somebody_in_several_lists_of_the_entry(world, login, lists, wanted):
    """Some tool put them there: out is out, and of the others the higher counts."""
    ann = login()
    room = world.room(**{name: [ann.bare if name.endswith("Jid")
                                else ann.person.dn] for name in lists})
    came = enter(ann, room, "ann")
    if wanted is None:
        assert condition(came[-1]) == "auth forbidden"
    else:
        assert item(came[-2])["affiliation"] == wanted


def test_members_only_entry(world, login):
    ann, bob = login(), login()
    room = world.room(imRoomOption=["membersonly=yes"],
                      imMember=[ann.person.dn])
    assert condition(enter(bob, room, "bob")[-1]) == \
        "auth registration-required"
    assert codes(enter(ann, room, "ann")[-2]) == [110]


@pytest.mark.parametrize("options,refusal", [
    (["membersonly=TRUE"], "auth registration-required"),
    (["MembersOnly= 1"], "auth registration-required"),
    (["membersonly=maybe"], "auth registration-required"),
    (["membersonly"], "auth registration-required"),
    (["passwordprotected=TRUE"], "auth not-authorized"),
    (["password=ábrete"], "auth not-authorized"),
    (["password=%zz"], "auth not-authorized")], ids=lambda v: v[0])
def test_D7_a_room_that_another_tool_shut_is_shut(world, login, options, refusal):
    room = world.room(imRoomOption=options)
    ann = login()
    assert condition(enter(ann, room, "ann", "<password/>")[-1]) == refusal
    assert condition(enter(ann, room, "ann")[-1]) == refusal


@pytest.mark.parametrize("spelling", ["{}@localhost", "{}@localhost/phone",
                                      "{}@localhost none two more words"])
def test_D7_a_ban_that_another_tool_wrote_is_one(world, login, spelling):
    ann = login()
    name = ann.person.jid.partition("@")[0].upper()
    room = world.room(imOutcastJid=[spelling.format(name)])
    assert condition(enter(ann, room, "ann")[-1]) == "auth forbidden"


def test_D7_shut_while_people_are_in(world, login):
    """membersonly=yes becomes TRUE: the same, and nobody comes in by that."""
    ann, bob = login(), login()
    room = world.room(imRoomOption=["membersonly=yes"], imMember=[ann.person.dn])
    enter(ann, room, "ann")
    world.modify(dn(world, room), imRoomOption=["membersonly=TRUE"])
    tell_of_change(world, room)
    assert condition(enter(bob, room, "bob")[-1]) == "auth registration-required"


def test_changes_of_the_entry_are_seen_by_who_comes_next(world, login):
    ann, bob = login(), login()
    room = world.room()
    enter(ann, room, "ann")
    leave(ann, room, "ann")
    world.modify(dn(world, room), imRoomOption=["whois=anyone"],
                 cn=["Otra cosa"])
    wait_for(lambda: "muc_nonanonymous" in features(info(bob, room)), every=0.5)
    assert codes(enter(bob, room, "bob")[-2]) == [110, 100]


def tell_of_change(world, room):
    """What the web process says on the control socket after a change."""
    path, = world.state.rglob("control")
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(8)
        control.connect(str(path))
        control.sendall(json.dumps({
            "op": "room-changed", "name": room.partition("@")[0]}).encode()
            + b"\n")
        assert json.loads(control.makefile().readline()).get("error") is None


def test_changes_of_the_entry_are_told_to_occupants(world, login):
    ann, bob = login(), login()
    room = world.room(imMember=[ann.person.dn])
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    world.modify(dn(world, room), imRoomOption=["membersonly=yes"],
                 imSubject=["Cerrado"], imOwner=[ann.person.dn],
                 imMember=None)
    tell_of_change(world, room)
    assert codes(bob.receive("presence", type="unavailable")) == [322, 110]
    own = ann.receive("presence", from_=f"{room}/ann")
    assert (item(own)["affiliation"], item(own)["role"]) == (
        "owner", "moderator")
    told = [s for s in ann.sync() + ann.inbox if local(s) == "message"]
    assert [codes(s) for s in told] == [[], [104]], show(told)
    world.root.delete_s(dn(world, room))
    tell_of_change(world, room)
    gone = ann.receive("presence", type="unavailable", from_=f"{room}/ann")
    assert gone.find("u:x/u:destroy", NS) is not None
    assert condition(info(ann, room)) == "cancel item-not-found"


@pytest.mark.parametrize("inner, good", [
    ("", False), ("<password>mal</password>", False),
    ("<password/>", False), ("<password>ábrete</password>", True)])
def test_password(world, login, inner, good):
    room = world.room(imRoomOption=["passwordprotected=yes",
                                    "password=ábrete"])
    found = enter(login(), room, "ann", inner)
    if good:
        assert codes(found[-2]) == [110]
    else:
        assert condition(found[-1]) == "auth not-authorized"


# ---- who sees whom (§7.2.3, 7.2.4) ----

@pytest.mark.parametrize("whois, own, seen", [
    ("anyone", [110, 100], True), ("moderators", [110], False)])
def test_real_addresses(world, login, whois, own, seen):
    owner, ann, bob = login(), login(), login()
    room = open_room(owner, world, whois=whois)
    assert codes(enter(ann, room, "ann")[-2]) == own
    others = {s.get("from").partition("/")[2]: item(s)
              for s in enter(bob, room, "bob") if local(s) == "presence"}
    assert ("jid" in others["ann"]) == seen
    assert others["bob"]["jid"] == bob.jid
    found = {s.get("from").partition("/")[2]: item(s)
             for s in settle(owner)[0] if local(s) == "presence"}
    assert found["ann"]["jid"] == ann.jid and found["bob"]["jid"] == bob.jid


def test_new_moderator_learns_addresses(three):
    owner, ann, bob, room = three
    admin(owner, room, {"nick": "ann", "role": "moderator"})
    got = settle(owner, ann)[1]
    assert {item(s)["jid"] for s in got if s.get("from") != f"{room}/ann"} == {
        owner.jid, bob.jid}


# ---- §8: roles ----

def test_kick(three):
    owner, ann, bob, room = three
    answer = admin(owner, room, {"nick": "ann", "role": "none",
                                 "reason": "¡Basta!"})
    assert answer.get("type") == "result"
    own, = from_room(settle(owner, ann)[1], room)
    seen, = from_room(settle(bob)[0], room)
    for got, wanted in ((own, [307, 110]), (seen, [307])):
        assert got.get("type") == "unavailable" and codes(got) == wanted
        assert item(got)["role"] == "none"
        assert got.findtext(".//u:reason", None, NS) == "¡Basta!"
        assert got.find(".//u:actor", NS).get("nick") == "dueña"
    ann.message(room, "¿por qué?", "groupchat", id="m")
    assert condition(ann.receive("message", id="m")) == \
        "modify not-acceptable"
    assert codes(enter(ann, room, "ann")[-2]) == [110]


def test_kicking_is_for_moderators_and_not_upwards(three):
    owner, ann, bob, room = three
    assert condition(admin(ann, room, {"nick": "bob", "role": "none"})) == \
        "auth forbidden"
    admin(owner, room, {"nick": "ann", "role": "moderator"})
    assert condition(admin(ann, room, {"nick": "dueña", "role": "none"})) == \
        "cancel not-allowed"
    assert condition(admin(ann, room, {"nick": "nadie", "role": "none"})) == \
        "cancel item-not-found"
    assert admin(ann, room, {"nick": "bob", "role": "none"}).get(
        "type") == "result"


def test_all_of_a_request_or_nothing(three):
    owner, ann, bob, room = three
    admin(owner, room, {"nick": "ann", "role": "moderator"})
    settle(owner, ann, bob)
    assert condition(admin(ann, room, {"nick": "bob", "role": "none"},
                           {"nick": "dueña", "role": "none"})) == \
        "cancel not-allowed"
    assert settle(ann, bob)[1] == []


def test_voice(world, login):
    owner, ann = login(), login()
    room = open_room(owner, world, moderatedroom=1)
    assert item(enter(ann, room, "ann")[-2])["role"] == "visitor"
    ann.message(room, "oigan", "groupchat", id="m")
    assert condition(ann.receive("message", id="m")) == "auth forbidden"
    admin(owner, room, {"nick": "ann", "role": "participant"})
    assert item(ann.receive("presence", from_=f"{room}/ann"))["role"] == \
        "participant"
    ann.message(room, "por fin", "groupchat")
    assert bodies(settle(ann, owner)[1]) == [("ann", "por fin")]
    admin(owner, room, {"nick": "ann", "role": "visitor"})
    ann.message(room, "¿otra vez?", "groupchat", id="n")
    assert condition(ann.receive("message", id="n")) == "auth forbidden"


def test_asking_for_voice(world, login):
    owner, ann = login(), login()
    room = open_room(owner, world, moderatedroom=1)
    enter(ann, room, "ann")
    settle(owner, ann)

    def form(**fields):
        return (f"<x xmlns='{DATA}' type='submit'><field var='FORM_TYPE'>"
                f"<value>{MUC}#request</value></field>" + "".join(
                    f"<field var='muc#{name}'><value>{value}</value></field>"
                    for name, value in fields.items()) + "</x>")
    ann.send(f"<message to='{room}'>{form(role='participant')}</message>")
    asked, = settle(ann, owner)[1]
    values = {f.get("var"): f.findtext("x:value", None, NS)
              for f in asked.iter(f"{{{DATA}}}field")}
    assert values["muc#roomnick"] == "ann" and values["muc#jid"] == ann.jid
    yes = form(role="participant", roomnick="ann", request_allow="1")
    ann.send(f"<message to='{room}' id='self'>{yes}</message>")
    assert condition(ann.receive("message", id="self")) == "auth forbidden"
    owner.send(f"<message to='{room}'>{yes}</message>")
    assert item(ann.receive("presence", from_=f"{room}/ann"))["role"] == \
        "participant"


# ---- §9: affiliations ----

def test_ban(three):
    owner, ann, bob, room = three
    admin(owner, room, {"jid": ann.bare, "affiliation": "outcast",
                        "reason": "Ruido"})
    own, = from_room(settle(owner, ann)[1], room)
    seen, = from_room(settle(bob)[0], room)
    for got, wanted in ((own, [301, 110]), (seen, [301])):
        assert codes(got) == wanted and item(got)["affiliation"] == "outcast"
        assert got.findtext(".//u:reason", None, NS) == "Ruido"
    assert condition(enter(ann, room, "ann")[-1]) == "auth forbidden"
    assert listed(ask_list(owner, room, affiliation="outcast")) == [
        {"affiliation": "outcast", "jid": ann.bare}]
    admin(owner, room, {"jid": ann.bare, "affiliation": "none"})
    assert codes(enter(ann, room, "ann")[-2]) == [110]


def test_ban_of_a_domain(three, world):
    owner, ann, _, room = three
    assert condition(admin(owner, room, {"jid": "otra.example",
                                         "affiliation": "owner"})) == \
        "modify bad-request"
    assert condition(admin(owner, room, {"jid": world.domain,
                                         "affiliation": "outcast"})) == \
        "cancel conflict"
    assert settle(owner, ann)[1] == []


def test_nobody_bans_upwards_or_themselves(three):
    owner, ann, bob, room = three
    assert condition(admin(ann, room, {"jid": bob.bare,
                                       "affiliation": "outcast"})) == \
        "auth forbidden"
    admin(owner, room, {"jid": ann.bare, "affiliation": "admin"})
    for whom, to, wanted in (
            (owner.bare, "outcast", "cancel not-allowed"),
            (owner.bare, "none", "cancel not-allowed"),
            (bob.bare, "owner", "auth forbidden"),
            (bob.bare, "admin", "auth forbidden"),
            (ann.bare, "outcast", "cancel not-allowed")):
        assert condition(admin(ann, room, {"jid": whom, "affiliation": to})
                         ) == wanted, (whom, to)
    assert condition(admin(owner, room, {"jid": owner.bare,
                                         "affiliation": "outcast"})) == \
        "cancel conflict"
    assert admin(ann, room, {"jid": bob.bare, "affiliation": "outcast"}).get(
        "type") == "result"


BAD_ITEMS = {
    "nothing": [], "both": [{"nick": "ann", "role": "none",
                             "affiliation": "none"}],
    "neither": [{"nick": "ann"}], "unknown role": [{"nick": "a", "role": "x"}],
    "unknown affiliation": [{"jid": "a@b", "affiliation": "x"}],
    "nobody": [{"affiliation": "member"}],
    "no address": [{"jid": "@", "affiliation": "member"}],
    "twice": [{"jid": "a@b.example", "affiliation": "member"},
              {"jid": "A@b.example/r", "affiliation": "none"}],
}


@pytest.mark.parametrize("items", BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_bad_items(world, login, items):
    owner = login()
    room = open_room(owner, world)
    answer = admin(owner, room, *[dict(i) for i in items])
    assert condition(answer) == "modify bad-request", show([answer])


def test_too_many_items(world, login):
    owner = login()
    room = open_room(owner, world)
    answer = admin(owner, room, *[
        {"jid": f"p{i}@otra.example", "affiliation": "member"}
        for i in range(101)])
    assert condition(answer) == "modify not-acceptable"
    assert listed(ask_list(owner, room, affiliation="member")) == []


def test_who_reads_lists(three):
    owner, ann, _, room = three
    for wanted in ({"affiliation": "member"}, {"affiliation": "owner"},
                   {"role": "participant"}):
        assert condition(ask_list(ann, room, **wanted)) == "auth forbidden"
    assert listed(ask_list(owner, room, affiliation="owner")) == [
        {"affiliation": "owner", "jid": owner.bare}]
    found = listed(ask_list(owner, room, role="participant"))
    assert {i["nick"]: i["jid"] for i in found}["ann"] == ann.jid
    configure(owner, room, membersonly=0, whois="anyone")
    admin(owner, room, {"jid": ann.bare, "affiliation": "member"})
    assert condition(ask_list(ann, room, affiliation="owner")) == \
        "auth forbidden"
    configure(owner, room, membersonly=1)
    assert listed(ask_list(ann, room, affiliation="member")) == [
        {"affiliation": "member", "jid": ann.bare}]
    assert condition(ask_list(ann, room, affiliation="outcast")) == \
        "auth forbidden"


def test_reserved_nick(three):
    owner, ann, bob, room = three
    admin(owner, room, {"jid": ann.bare, "affiliation": "member",
                        "nick": "la de siempre"})
    bob.presence(to=f"{room}/la de siempre")
    assert condition(bob.receive("presence", type="error")) == \
        "cancel conflict"
    assert condition(admin(owner, room, {
        "jid": bob.bare, "affiliation": "member", "nick": "la de siempre"})
        ) == "cancel conflict"
    admin(owner, room, {"jid": ann.bare, "affiliation": "member", "nick": ""})
    bob.presence(to=f"{room}/la de siempre")
    assert codes(bob.receive("presence", type="unavailable")) == [303, 110]


def test_member_removed_from_members_only_room(three):
    owner, ann, bob, room = three
    for client in (ann, bob):
        admin(owner, room, {"jid": client.bare, "affiliation": "member"})
    configure(owner, room, membersonly=1)
    settle(owner, ann, bob)
    admin(owner, room, {"jid": ann.bare, "affiliation": "none"})
    own, = from_room(settle(owner, ann)[1], room)
    seen, = from_room(settle(bob)[0], room)
    assert codes(own) == [321, 110] and codes(seen) == [321]
    assert item(seen)["affiliation"] == "none"


# ---- rooms in the directory: what is done is there, and stays ----

@pytest.fixture
def stored(world, login):
    """An owner and a persistent room made by entering it."""
    owner = login()
    room = open_room(owner, world, persistentroom=1, roomname="Patio",
                     roomdesc="Para todos", lang="es")
    return owner, room


def test_persistent_room_is_an_entry(world, stored):
    owner, room = stored
    found = entry(world, room)
    assert found["cn"] == ["Patio"] and found["description"] == ["Para todos"]
    assert found["imLanguage"] == ["es"]
    assert found["imOwner"] == [owner.person.dn]
    assert {"persistent=yes", "public=yes", "membersonly=no"} <= set(
        found["imRoomOption"])
    configure(owner, room, publicroom=0, maxusers=50)
    assert {"public=no", "maxusers=50"} <= set(entry(world, room)[
        "imRoomOption"])


def test_affiliations_are_written(world, stored, login):
    owner, room = stored
    ann = login()
    for affiliation, attribute in (("member", "imMember"),
                                   ("admin", "imAdmin"),
                                   ("outcast", "imOutcast")):
        admin(owner, room, {"jid": ann.bare, "affiliation": affiliation})
        found = entry(world, room)
        assert found[attribute] == [ann.person.dn]
        assert not {"imMember", "imAdmin", "imOutcast"} - {
            attribute} & set(found)
    admin(owner, room, {"jid": ann.bare, "affiliation": "none"},
          {"jid": "ajena@otra.example", "affiliation": "member",
           "nick": "ajena"})
    found = entry(world, room)
    assert "imOutcast" not in found
    assert found["imMemberJid"][0].startswith("ajena@otra.example")


def test_temporary_again(world, stored):
    owner, room = stored
    assert configure(owner, room, persistentroom=0).get("type") == "result"
    assert entry(world, room) is None
    assert "muc_temporary" in features(info(owner, room))
    leave(owner, room, "dueña")
    assert condition(info(owner, room)) == "cancel item-not-found"


def test_rte_03_what_admins_set_survives_a_restart(new_world):
    from client import Client
    world = new_world(CREATE_ROOMS="everyone")
    owner, ann = (Client(world, world.person()) for _ in range(2))
    bob = world.person()
    room = open_room(owner, world, persistentroom=1, moderatedroom=1)
    admin(owner, room, {"jid": ann.bare, "affiliation": "admin"},
          {"jid": bob.jid, "affiliation": "outcast"})
    old = world.pid("IM_PID")
    world.expects_deaths = True
    os.kill(old, signal.SIGKILL)
    owner.cut(), ann.cut()

    def again(person):
        def try_once():
            try:
                return Client(world, person)
            except OSError:
                return None
        return wait_for(try_once, 20, 0.2)
    ann, bob = again(ann.person), again(bob)
    own = item(enter(ann, room, "ann")[-2])
    assert (own["affiliation"], own["role"]) == ("admin", "moderator")
    assert condition(enter(bob, room, "bob")[-1]) == "auth forbidden"
    assert "muc_moderated" in features(info(ann, room))
    ann.cut(), bob.cut()


# ---- §10: making, setting up, destroying ----

def test_locked_until_its_owner_says_so(world, login):
    owner, ann = login(), login()
    room = f"{world.name('nueva')}@{world.muc}"
    first = enter(owner, room, "dueña")
    assert codes(first[0]) == [110, 201]
    assert item(first[0])["affiliation"] == "owner"
    for refused in (enter(ann, room, "ann")[-1], info(ann, room)):
        assert condition(refused) == "cancel item-not-found"
    assert configure(owner, room).get("type") == "result"
    assert codes(enter(ann, room, "ann")[-2]) == [110]


def test_owner_gives_up_the_room(world, login):
    owner = login()
    room = f"{world.name('nueva')}@{world.muc}"
    enter(owner, room, "dueña")
    answer = owner.iq("set", f"<query xmlns='{MUC_OWNER}'><x xmlns='{DATA}' "
                      "type='cancel'/></query>", room)
    assert answer.get("type") == "result"
    gone = owner.receive("presence", type="unavailable")
    assert gone.find("u:x/u:destroy", NS) is not None
    assert condition(info(owner, room)) == "cancel item-not-found"


def test_owner_leaves_a_locked_room(world, login):
    owner, ann = login(), login()
    room = f"{world.name('nueva')}@{world.muc}"
    enter(owner, room, "dueña")
    leave(owner, room, "dueña")
    assert 201 in codes(enter(ann, room, "ann")[0])


def test_temporary_room_goes_with_its_last_occupant(three, login):
    owner, ann, bob, room = three
    for client, nick in ((owner, "dueña"), (ann, "ann"), (bob, "bob")):
        leave(client, room, nick)
    found = enter(login(), room, "otra")
    assert 201 in codes(found[0]) and bodies(found) == []


def test_form_says_what_is(world, login):
    owner = login()
    room = open_room(owner, world, roomname="<Tertulia>", membersonly=1,
                     whois="anyone", maxusers=50)
    answer = owner.iq("get", f"<query xmlns='{MUC_OWNER}'/>", room)
    values = form_values(answer)
    assert values["muc#roomconfig_roomname"] == "<Tertulia>"
    assert values["muc#roomconfig_membersonly"] == "1"
    assert values["muc#roomconfig_whois"] == "anyone"
    assert values["muc#roomconfig_maxusers"] == "50"
    types = {f.get("var"): f.get("type")
             for f in answer.iter(f"{{{DATA}}}field")}
    assert types["FORM_TYPE"] == "hidden"
    assert types["muc#roomconfig_roomsecret"] == "text-private"


def test_settings_that_cannot_be(world, login):
    owner, ann = login(), login()
    room = open_room(owner, world)
    for settings in ({"passwordprotectedroom": 1}, {"whois": "nadie"},
                     {"maxusers": "muchos"}, {"roomdesc": "x" * 2049},
                     {"roomname": "x" * 257}, {"lang": "a b"}):
        answer = configure(owner, room, **settings)
        assert condition(answer) == "modify not-acceptable", settings
    for refused in (configure(ann, room, roomname="mía"),
                    ann.iq("get", f"<query xmlns='{MUC_OWNER}'/>", room)):
        assert condition(refused) == "auth forbidden"


@pytest.mark.parametrize("settings, wanted", [
    ({"whois": "anyone"}, [172]), ({"roomname": "Otra"}, [104]),
    ({"whois": "anyone", "publicroom": 0}, [172, 104]), ({}, [])])
def test_changes_are_told(three, settings, wanted):
    owner, ann, _, room = three
    configure(owner, room, **settings)
    told = [codes(s) for s in settle(owner, ann)[1] if local(s) == "message"]
    assert told == ([wanted] if wanted else [])


def test_becoming_members_only(three):
    owner, ann, bob, room = three
    admin(owner, room, {"jid": ann.bare, "affiliation": "member"})
    settle(owner, ann, bob)
    configure(owner, room, membersonly=1)
    out = [s for s in settle(owner, bob)[1] if local(s) == "presence"]
    assert [codes(s) for s in out] == [[322, 110]]
    seen = [s for s in settle(ann)[0] if local(s) == "presence"]
    assert [(s.get("from"), codes(s)) for s in seen] == [
        (f"{room}/bob", [322])]


def test_moderated_no_more(world, login):
    owner, ann = login(), login()
    room = open_room(owner, world, moderatedroom=1)
    enter(ann, room, "ann")
    configure(owner, room, moderatedroom=0)
    assert item(ann.receive("presence", from_=f"{room}/ann"))["role"] == \
        "participant"


@pytest.mark.parametrize("persistent", [0, 1])
def test_destroying(world, login, persistent):
    owner, ann = login(), login()
    room = open_room(owner, world, persistentroom=persistent)
    enter(ann, room, "ann")
    settle(owner, ann)
    destroy = (f"<query xmlns='{MUC_OWNER}'><destroy jid='otra@{world.muc}'>"
               "<reason>Se acabó</reason><password>ábrete</password>"
               "</destroy></query>")
    assert condition(ann.iq("set", destroy, room)) == "auth forbidden"
    assert owner.iq("set", destroy, room).get("type") == "result"
    gone, = settle(ann)[0]
    assert gone.get("type") == "unavailable"
    assert item(gone) == {"affiliation": "none", "role": "none"}
    why = gone.find("u:x/u:destroy", NS)
    assert why.get("jid") == f"otra@{world.muc}"
    assert why.findtext("u:reason", "", NS) == "Se acabó"
    assert why.findtext("u:password", "", NS) == "ábrete"
    assert entry(world, room) is None
    assert condition(info(ann, room)) == "cancel item-not-found"


# ---- who may make rooms ----

def test_rooms_are_made_in_the_web_interface(make_world):
    from client import Client
    world = make_world()
    with Client(world, world.person()) as ann:
        room = f"{world.name('nueva')}@{world.muc}"
        refused = enter(ann, room, "ann")[-1]
        assert condition(refused) == "cancel not-allowed"
        assert "web interface" in show([refused])


def test_rooms_are_made_by_members_of_a_group(make_world):
    from client import Client
    world = make_world(
        CREATE_ROOMS="cn=im-admins,ou=groups,dc=example,dc=org")
    chief = Person(world.env["ADMIN_USER"], world.env["ADMIN_PASSWORD"], "",
                   f"{world.env['ADMIN_USER']}@{world.domain}")
    room = f"{world.name('nueva')}@{world.muc}"
    with Client(world, world.person()) as ann, Client(world, chief) as boss:
        assert condition(enter(ann, room, "ann")[-1]) == "cancel not-allowed"
        assert 201 in codes(enter(boss, room, "jefa")[0])


# ---- §7.8: inviting ----

def invite(client, room, to, inner="", kind="invite"):
    client.send(f"<message to='{room}' id='i'><x xmlns='{MUC_USER}'>"
                f"<{kind} to='{to}'>{inner}</{kind}></x></message>")


def test_invitation(three, login):
    _, ann, _, room = three
    eve = login().come()
    invite(ann, room, eve.bare, "<reason>¡Ven!</reason><continue thread='t'/>")
    got, = settle(ann, eve)[1]
    found = got.find("u:x/u:invite", NS)
    assert got.get("from") == room and found.get("from") == ann.bare
    assert found.findtext("u:reason", "", NS) == "¡Ven!"
    assert found.find("u:continue", NS).get("thread") == "t"
    invite(eve, room, ann.bare, "<reason>No puedo</reason>", "decline")
    got, = settle(eve, ann)[1]
    back = got.find("u:x/u:decline", NS)
    assert back.get("from") == eve.bare
    assert back.findtext("u:reason", "", NS) == "No puedo"


def test_declining_is_no_way_to_strangers(three, login):
    *_, room = three
    eve, stranger = login().come(), login().come()
    invite(eve, room, stranger.bare, "<reason>spam</reason>", "decline")
    assert condition(eve.receive("message", id="i")) == "cancel item-not-found"
    assert settle(eve, stranger)[1] == []


def test_inviting_from_outside(three, login):
    *_, room = three
    eve = login().come()
    invite(eve, room, eve.bare)
    assert condition(eve.receive("message", id="i")) == \
        "modify not-acceptable"


def test_invitation_makes_members(world, login):
    owner, ann, eve = login(), login(), login().come()
    room = open_room(owner, world, membersonly=1, persistentroom=1,
                     passwordprotectedroom=1, roomsecret="ábrete")
    admin(owner, room, {"jid": ann.bare, "affiliation": "member"})
    enter(ann, room, "ann", "<password>ábrete</password>")
    invite(ann, room, eve.bare)
    assert condition(ann.receive("message", id="i")) == "auth forbidden"
    assert settle(ann, eve)[1] == []
    configure(owner, room, allowinvites=1)
    invite(ann, room, eve.bare)
    got = eve.receive("message", from_=room)
    password = got.findtext("u:x/u:password", "", NS)
    assert password == "ábrete"
    assert eve.person.dn in entry(world, room)["imMember"]
    assert codes(enter(eve, room, "eve", f"<password>{password}</password>"
                       )[-2]) == [110]


def test_new_member_is_invited_by_the_room(world, login):
    owner, eve = login(), login().come()
    room = open_room(owner, world, membersonly=1)
    admin(owner, room, {"jid": eve.bare, "affiliation": "member"})
    assert eve.receive("message", from_=room).find("u:x/u:invite",
                                                   NS) is not None
    admin(owner, room, {"jid": eve.bare, "affiliation": "member",
                        "nick": "eva"})
    assert settle(owner, eve)[1] == []


# ---- §6: finding rooms ----

RSM = "http://jabber.org/protocol/rsm"


def page(client, world, inner=""):
    answer = client.iq("get", f"<query xmlns='{ITEMS}'>{inner}</query>",
                       world.muc)
    assert answer.get("type") == "result", show([answer])
    query = answer.find("t:query", NS)
    return ([(i.get("jid"), i.get("name")) for i in query.iterfind(
        "t:item", NS)], query.find(f"{{{RSM}}}set"))


def test_list_of_rooms(world, login):
    owner = login()
    seen = world.room(cn=["Sala pública"])
    hidden = world.room(imRoomOption=["public=no"])
    temporary = open_room(owner, world, roomname="De paso")
    secret = open_room(owner, world, publicroom=0)
    locked = f"{world.name('cerrada')}@{world.muc}"
    enter(owner, locked, "dueña")
    found = dict(page(owner, world)[0])
    assert found[seen] == "Sala pública" and found[temporary] == "De paso"
    assert not {hidden, secret, locked} & set(found)
    assert "muc_hidden" in features(info(login(), hidden))
    leave(owner, locked, "dueña")


def test_list_in_pages(world, login):
    ann = login()
    for _ in range(3):
        world.room("página")
    everything, _ = page(ann, world)
    found, after = [], ""
    while True:
        some, said = page(ann, world, f"<set xmlns='{RSM}'><max>2</max>"
                          f"{after}</set>")
        assert said.findtext(f"{{{RSM}}}count") == str(len(everything))
        if not some:
            break
        assert len(some) <= 2
        assert said.find(f"{{{RSM}}}first").get("index") == str(len(found))
        found += some
        after = f"<after>{said.findtext(f'{{{RSM}}}last')}</after>"
    assert found == everything
    last, _ = page(ann, world, f"<set xmlns='{RSM}'><max>2</max><before/>"
                   "</set>")
    assert last == everything[-2:]


def test_list_bound_room_says_its_group(world, login):
    group = f"cn=im-admins,ou=groups,{world.env['LDAP_BASE']}"
    room = world.room(imBoundTo=[group], imLanguage=["es"],
                      description=["De la lista"], imSubject=["Hoy"])
    facts = form_values(info(login(), room))
    assert facts["muc#roominfo_ldapgroup"] == group
    assert facts["muc#roominfo_lang"] == "es"
    assert facts["muc#roominfo_description"] == "De la lista"
    assert facts["muc#roominfo_subject"] == "Hoy"


def test_subject_of_a_closed_room_is_for_members(world, login):
    ann, eve = login(), login()
    room = world.room(imRoomOption=["membersonly=yes"], imSubject=["Notas"],
                      imMember=[ann.person.dn])
    assert form_values(info(ann, room))["muc#roominfo_subject"] == "Notas"
    assert "muc#roominfo_subject" not in form_values(info(eve, room))


def test_occupants_are_listed_to_occupants(three, login):
    _, ann, _, room = three
    for client, wanted in ((ann, 3), (login(), 0)):
        answer = client.iq("get", f"<query xmlns='{ITEMS}'/>", room)
        assert len(answer.findall("t:query/t:item", NS)) == wanted
