# SPDX-License-Identifier: Apache-2.0
"""Rooms, as those see them who enter, talk and leave (XEP-0045 §7)."""

import itertools
import re

import pytest

from client import NS, condition, settle, show
from muc import (DELAY, MUC, MUC_USER, SID, admin, bodies, codes, configure,
                 enter, entry, features, form_values, from_room, info, item,
                 leave, open_room, subject_of)
from rawclient import CLIENT, STANZA_ERROR, local


@pytest.fixture
def room(world):
    return world.room()


# ---- §7.1, 7.2: entering ----

def test_order_of_entering(world, login, room):
    ann, bob, cem = login(), login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    for text in ("uno", "dos"):
        ann.message(room, text, "groupchat")
    settle(ann, bob)
    found = enter(cem, room, "cem")
    kinds = [(local(s), s.get("from").partition("/")[2]) for s in found]
    assert set(kinds[:2]) == {("presence", "ann"), ("presence", "bob")}
    assert kinds[2:] == [("presence", "cem"), ("message", "ann"),
                         ("message", "ann"), ("message", "")], show(found)
    assert codes(found[2]) == [110] and codes(found[0]) == []
    assert bodies(found) == [("ann", "uno"), ("ann", "dos")]
    for said in found[3:5]:
        assert said.find(f"{{{DELAY}}}delay").get("from") == room
    assert subject_of(found[5]) == ""
    for other in (ann, bob):
        seen = other.receive("presence", from_=f"{room}/cem")
        assert codes(seen) == []
        assert item(seen) == {"affiliation": "none", "role": "participant"}


def test_one_presence_for_each_occupant(login, room):
    people = [login() for _ in range(4)]
    for number, client in enumerate(people):
        found = enter(client, room, f"n{number}")
        seen = [s.get("from") for s in found if local(s) == "presence"]
        assert sorted(seen) == [f"{room}/n{i}" for i in range(number + 1)]


def test_presence_goes_with_one(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann", presence="<show>dnd</show><status>en clase"
          "</status><c xmlns='http://jabber.org/protocol/caps' node='n' "
          "hash='sha-1' ver='v'/>")
    found = enter(bob, room, "bob")
    assert found[0].findtext("c:show", "", NS) == "dnd"
    assert found[0].findtext("c:status", "", NS) == "en clase"
    assert found[0].find("{http://jabber.org/protocol/caps}c") is not None
    assert len(found[0].findall(f"{{{MUC_USER}}}x")) == 1
    ann.presence(to=f"{room}/ann", inner="<show>away</show>")
    assert bob.receive("presence", from_=f"{room}/ann").findtext(
        "c:show", "", NS) == "away"
    assert codes(ann.receive("presence", from_=f"{room}/ann")) == [110]


def test_no_nick_is_malformed(login, room):
    ann = login()
    ann.presence(to=room, inner=f"<x xmlns='{MUC}'/>")
    assert condition(ann.receive("presence")) == "modify jid-malformed"


@pytest.mark.parametrize("asked, got", [
    (" ann", "ann"), ("ann ", "ann"), ("an   n", "an n"),
    ("José  María", "José María")])
def test_nick_is_tidied_and_that_is_told(login, room, asked, got):
    ann = login()
    own = enter(ann, room, asked)[0]
    assert own.get("from") == f"{room}/{got}"
    assert codes(own) == [110, 210]


@pytest.mark.parametrize("nick", ["x" * 257, "  "])
def test_dos_11_nick_that_is_none(login, room, nick):
    found = enter(login(), room, nick)
    assert condition(found[-1]) == "modify jid-malformed"


def test_who_only_believes_to_be_in_is_told(login, room):
    ann = login()
    ann.presence(to=f"{room}/ann")
    got = ann.receive("presence", from_=f"{room}/ann")
    assert got.get("type") == "unavailable"
    assert codes(got) == [110, 307, 333]


def test_entering_again_tells_all_again(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    ann.message(room, "uno", "groupchat")
    settle(ann, bob)
    again = enter(bob, room, "bob")
    assert settle(bob, ann)[1] == []
    enter(bob, room, "bob", presence="<show>xa</show>")
    assert len(settle(bob, ann)[1]) == 1
    assert [(local(s), s.get("from").partition("/")[2]) for s in again] == [
        ("presence", "ann"), ("presence", "bob"), ("message", "ann"),
        ("message", "")], show(again)


# ---- §7.2.8: nicks ----

def test_nick_of_somebody_else(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann")
    assert condition(enter(bob, room, "ann")[-1]) == "cancel conflict"
    enter(bob, room, "bob")
    bob.presence(to=f"{room}/ann")
    assert condition(bob.receive("presence", type="error")) == \
        "cancel conflict"
    assert [s for s in settle(ann)[0] if s.get("type") == "error"] == []


def test_two_sessions_under_one_nick(login, room):
    ann, bob = login(), login()
    phone = login(ann.person, "phone")
    enter(ann, room, "ann"), enter(bob, room, "bob")
    found = enter(phone, room, "ann", presence="<show>away</show>")
    assert [s.get("from") for s in found if local(s) == "presence"] == [
        f"{room}/bob", f"{room}/ann"], show(found)
    assert codes(found[1]) == [110]
    settle(ann, bob, phone)
    bob.message(room, "a todos", "groupchat")
    bob.message(f"{room}/ann", "a ti")
    for got in settle(ann, phone, bob)[:2]:
        assert bodies(got) == [("bob", "a todos"), ("bob", "a ti")]
    phone.message(room, "desde el móvil", "groupchat")
    for got in settle(ann, phone, bob):
        assert bodies(got) == [("ann", "desde el móvil")]
    gone = leave(phone, room, "ann")
    assert codes(gone) == [110] and item(gone)["role"] == "none"
    found = settle(ann, bob)
    for got in found:
        assert [s.get("type") for s in from_room(got, room)] == [None]
    leave(ann, room, "ann")
    assert bob.receive("presence", from_=f"{room}/ann",
                       type="unavailable") is not None


# ---- §7.2.14: history ----

WISHES = {
    "none": ("", 5), "no characters": ("<history maxchars='0'/>", 0),
    "two": ("<history maxstanzas='2'/>", 2),
    "no stanza": ("<history maxstanzas='0'/>", 0),
    "a minute": ("<history seconds='60'/>", 5),
    "no second": ("<history seconds='0'/>", 0),
    "since long ago": ("<history since='1970-01-01T00:00:00Z'/>", 5),
    "since tomorrow": ("<history since='2999-01-01T00:00:00Z'/>", 0),
    "the least counts": ("<history maxstanzas='3' seconds='60' "
                         "since='1970-01-01T00:00:00Z'/>", 3),
    "nonsense": ("<history maxstanzas='many' since='once'/>", 5),
}


def test_history_as_wished(login, room):
    ann = login()
    enter(ann, room, "ann")
    for number in range(5):
        ann.message(room, str(number), "groupchat", id=f"h{number}")
    ann.send(f"<message to='{room}' type='groupchat'>"
             "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
             "</message>")
    ann.sync()
    bob = login()
    for number, (wish, count) in enumerate(WISHES.values()):
        found = enter(bob, room, f"b{number}", wish)
        told = [body for _, body in bodies(found)]
        assert told == ["0", "1", "2", "3", "4"][5 - count:], wish
        leave(bob, room, f"b{number}")


def test_history_is_the_same_message(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann")
    ann.message(room, "hola", "groupchat", id="m1",
                inner=f"<origin-id xmlns='{SID}' id='o1'/>")
    live = ann.receive("message", id="m1")
    past = next(s for s in enter(bob, room, "bob") if s.get("id") == "m1")
    assert past.find(f"{{{SID}}}stanza-id").attrib == \
        live.find(f"{{{SID}}}stanza-id").attrib
    assert past.find(f"{{{SID}}}origin-id").get("id") == "o1"
    assert live.find(f"{{{DELAY}}}delay") is None


# ---- §7.4: to all ----

def test_message_reaches_everybody_its_author_too(login, room):
    people = [login() for _ in range(3)]
    for number, client in enumerate(people):
        enter(client, room, f"n{number}")
    settle(*people)
    people[1].message(room, "<hola> & «adiós»".replace("&", "&amp;").replace(
        "<", "&lt;"), "groupchat", id="m1")
    for got in settle(*people):
        said, = got
        assert said.get("id") == "m1" and said.get("from") == f"{room}/n1"
        assert said.findtext("c:body", "", NS) == "<hola> & «adiós»"
        sid, = said.findall(f"{{{SID}}}stanza-id")
        assert sid.get("by") == room and len(sid.get("id")) >= 16


FORGED = {
    "muc#user": f"<x xmlns='{MUC_USER}'><item affiliation='owner'/>"
                "<status code='301'/></x>",
    "prefixed": f"<m:x xmlns:m='{MUC_USER}'><m:status code='104'/></m:x>",
    "muc": f"<x xmlns='{MUC}'/>",
    "stanza-id": f"<stanza-id xmlns='{SID}' by='{{room}}' id='f'/>",
    "stanza-id, upper": f"<stanza-id xmlns='{SID}' by='{{ROOM}}' id='f'/>",
    "stanza-id, occupant": f"<stanza-id xmlns='{SID}' by='{{room}}/x' id='f'/>",
    "stanza-id, nobody": f"<stanza-id xmlns='{SID}' id='f'/>",
    "occupant-id": "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='f'/>",
    "delay": f"<delay xmlns='{DELAY}' from='{{room}}' "
             "stamp='2020-01-01T00:00:00Z'/>",
    "old delay": "<x xmlns='jabber:x:delay' from='{room}' stamp='x'/>",
    "carbon": "<received xmlns='urn:xmpp:carbons:2'/>",
    "archive": "<result xmlns='urn:xmpp:mam:2'/>",
}


@pytest.mark.parametrize("copies", [1, 50])
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_rte_03_words_of_the_room_are_not_for_occupants(login, room, forged,
                                                       copies):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    forged = forged.format(room=room, ROOM=room.upper()) * copies
    ann.message(room, "hola", "groupchat", forged + "<y xmlns='u:y'/>")
    ann.message(f"{room}/bob", "psst", inner=forged)
    ann.presence(to=f"{room}/ann", inner=forged + "<show>away</show>")
    said, whispered, seen = settle(ann, bob)[1]
    assert [c.tag for c in said] == [
        f"{{{CLIENT}}}body", "{u:y}y", f"{{{SID}}}stanza-id"], show([said])
    assert said[2].get("id") != "f"
    assert [c.tag for c in whispered] == [
        f"{{{CLIENT}}}body", f"{{{MUC_USER}}}x"] and not whispered[1]
    assert [c.tag for c in seen] == [f"{{{CLIENT}}}show", f"{{{MUC_USER}}}x"]
    assert item(seen)["affiliation"] == "none" and codes(seen) == []


def test_honest_elements_pass(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    ann.message(room, "hola", "groupchat",
                f"<origin-id xmlns='{SID}' id='1'/>"
                f"<stanza-id xmlns='{SID}' id='2' by='otra.example'/>"
                f"<delay xmlns='{DELAY}' from='{ann.jid}' "
                "stamp='2020-01-01T00:00:00Z'/><thread>t</thread>"
                "<subject>y asunto</subject>")
    said, = settle(ann, bob)[1]
    assert len(said) == 7


def test_not_an_occupant_is_not_heard(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann")
    bob.message(room, "hola", "groupchat", id="m")
    assert condition(bob.receive("message", id="m")) == \
        "modify not-acceptable"
    bob.message(f"{room}/ann", "hola", id="p")
    assert condition(bob.receive("message", id="p")) == \
        "modify not-acceptable"
    bob.message(service_of(room), "hola", id="s")
    assert bob.receive("message", id="s").get("type") == "error"
    assert settle(bob, ann)[1] == []


def service_of(room):
    return room.partition("@")[2]


def test_dos_11_name_of_a_room_has_an_end(world, login):
    ann = login()
    assert condition(enter(ann, f"{'x' * 257}@{world.muc}", "ann")[-1]) == \
        "modify not-acceptable"
    assert 201 in codes(enter(ann, f"{'x' * 256}@{world.muc}", "ann")[0])


def test_message_to_no_room(world, login):
    ann = login()
    ann.message(f"nada{world.name('x')}@{world.muc}", "hola", "groupchat",
                id="m")
    assert condition(ann.receive("message", id="m")) == "cancel item-not-found"


# ---- §7.5: to one ----

def test_private_message(login, room):
    ann, bob, cem = login(), login(), login()
    for client, nick in ((ann, "ann"), (bob, "bob"), (cem, "cem")):
        enter(client, room, nick)
    settle(ann, bob, cem)
    ann.message(f"{room}/bob", "solo a ti", id="p1")
    got = settle(ann, bob, cem)
    assert got[0] == got[2] == []
    assert got[1][0].get("from") == f"{room}/ann"
    assert got[1][0].get("id") == "p1" and got[1][0].get("type") == "chat"
    assert got[1][0].find(f"{{{MUC_USER}}}x") is not None
    ann.message(f"{room}/bob", "a todos", "groupchat", id="p2")
    assert condition(ann.receive("message", id="p2")) == "modify bad-request"
    ann.message(f"{room}/nadie", "hola", id="p3")
    assert condition(ann.receive("message", id="p3")) == \
        "cancel item-not-found"


@pytest.mark.parametrize("rule, allowed", [
    ("anyone", "vpm"), ("participants", "pm"), ("moderators", "m"),
    ("none", "")])
def test_who_may_whisper(world, login, rule, allowed):
    owner, voiced, visitor = login(), login(), login()
    room = open_room(owner, world, "m", moderatedroom=1, allowpm=rule)
    enter(voiced, room, "p"), enter(visitor, room, "v")
    admin(owner, room, {"nick": "p", "role": "participant"})
    settle(owner, voiced, visitor)
    for client, letter in ((owner, "m"), (voiced, "p"), (visitor, "v")):
        client.message(f"{room}/m", "psst", id="w")
        back = [condition(s) for s in settle(client)[0]
                if s.get("type") == "error"]
        assert back == ([] if letter in allowed else ["auth forbidden"])


# ---- §7.6: another nick ----

def test_another_nick(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    ann.presence(to=f"{room}/ana", inner="<show>chat</show>")
    for got, own in zip(settle(ann, bob), ([110], [])):
        old, new = got
        assert old.get("type") == "unavailable"
        assert old.get("from") == f"{room}/ann"
        assert item(old)["nick"] == "ana" and item(old)["role"] != "none"
        assert codes(old) == [303] + own
        assert new.get("from") == f"{room}/ana" and new.get("type") is None
        assert codes(new) == own
        assert new.findtext("c:show", "", NS) == "chat"
    ann.message(room, "soy yo", "groupchat")
    assert bodies(settle(ann, bob)[1]) == [("ana", "soy yo")]
    assert [s.get("from") for s in enter(login(), room, "ann")
            if local(s) == "presence"][-1] == f"{room}/ann"


def test_nick_of_ones_other_session_joins_the_two(login, room):
    ann, bob = login(), login()
    phone = login(ann.person, "phone")
    enter(ann, room, "ann"), enter(phone, room, "móvil"), enter(
        bob, room, "bob")
    settle(ann, bob, phone)
    phone.presence(to=f"{room}/ann")
    old, new = settle(phone, bob)[1]
    assert old.get("from") == f"{room}/móvil" and codes(old) == [303]
    assert new.get("from") == f"{room}/ann"
    settle(ann, bob, phone)
    bob.message(f"{room}/ann", "¿las dos?")
    for got in settle(bob, ann, phone)[1:]:
        assert bodies(got) == [("bob", "¿las dos?")]


# ---- §7.14: leaving ----

def test_leaving_with_words(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    own = leave(ann, room, "ann", "<status>hasta luego</status>")
    seen = bob.receive("presence", from_=f"{room}/ann", type="unavailable")
    assert codes(own) == [110] and codes(seen) == []
    assert item(seen)["role"] == "none"
    assert seen.findtext("c:status", "", NS) == "hasta luego"
    bob.message(room, "¿sigues?", "groupchat")
    assert settle(bob, ann)[1] == []


@pytest.mark.parametrize("how", ["cut", "close", "away"])
def test_going_is_leaving(login, room, how):
    ann, bob = login(), login()
    ann.come()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    if how == "away":
        ann.presence("unavailable")
    else:
        getattr(ann, how)()
    gone = bob.receive("presence", from_=f"{room}/ann", type="unavailable")
    assert item(gone)["role"] == "none"
    assert [s for s in settle(bob)[0] if s.get("from") == f"{room}/ann"] == []


@pytest.mark.parametrize("error, leaves", [
    ("recipient-unavailable", True), ("gone", True),
    ("service-unavailable", False), ("not-acceptable", False)])
def test_errors_of_those_who_are_gone(login, room, error, leaves):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    ann.send(f"<message to='{room}' type='error'><error type='cancel'>"
             f"<{error} xmlns='{STANZA_ERROR}'/></error></message>")
    seen = settle(ann, bob)[1]
    assert [codes(s) for s in seen] == ([[333]] if leaves else [])


# ---- §8.1: the subject ----

def test_subject_is_for_moderators(login, room):
    ann = login()
    enter(ann, room, "ann")
    ann.send(f"<message to='{room}' type='groupchat' id='s'>"
             "<subject>mío</subject></message>")
    assert condition(ann.receive("message", id="s")) == "auth forbidden"


def test_subject_in_memory_and_directory(world, login):
    owner, bob = login(), login()
    room = open_room(owner, world, persistentroom=1, changesubject=1)
    enter(bob, room, "bob")
    bob.send(f"<message to='{room}' type='groupchat' id='s'>"
             "<subject>¿Café &amp; té?</subject></message>")
    said = owner.receive("message", id="s")
    assert subject_of(said) == "¿Café & té?"
    assert said.get("from") == f"{room}/bob"
    assert entry(world, room)["imSubject"] == ["¿Café & té?"]
    found = enter(login(), room, "otra")[-1]
    assert subject_of(found) == "¿Café & té?"
    assert found.get("from") == f"{room}/bob"
    assert found.find(f"{{{DELAY}}}delay").get("from") == room
    bob.send(f"<message to='{room}' type='groupchat' id='n'><subject/>"
             "</message>")
    assert subject_of(owner.receive("message", id="n")) == ""
    assert "imSubject" not in entry(world, room)
    assert subject_of(enter(login(), room, "más")[-1]) == ""


def test_dos_11_subject_has_an_end(world, login):
    owner = login()
    room = open_room(owner, world)
    for length, good in ((2048, True), (2049, False)):
        owner.send(f"<message to='{room}' type='groupchat' id='s{length}'>"
                   f"<subject>{'x' * length}</subject></message>")
        got = owner.receive("message", id=f"s{length}")
        assert (got.get("type") != "error") == good


# ---- §17.4, XEP-0410: asking others ----

PING = "<ping xmlns='urn:xmpp:ping'/>"


def test_self_ping(login, room):
    ann, bob = login(), login()
    assert condition(ann.iq("get", PING, f"{room}/ann")) == \
        "modify not-acceptable"
    enter(ann, room, "ann"), enter(bob, room, "bob")
    assert ann.iq("get", PING, f"{room}/ann").get("type") == "result"
    assert condition(ann.iq("get", PING, f"{room}/nadie")) == \
        "cancel item-not-found"
    leave(ann, room, "ann")
    assert condition(ann.iq("get", PING, f"{room}/ann")) == \
        "modify not-acceptable"
    assert bob.iq("get", PING, room).get("type") == "result"


def test_question_goes_through_and_comes_back(login, room):
    ann, bob = login(), login()
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    ann.send(f"<iq type='get' id='q' to='{room}/bob'>"
             "<query xmlns='jabber:iq:version'/></iq>")
    asked = bob.receive("iq", type="get")
    assert asked.get("from") == f"{room}/ann" and asked.get("id") != "q"
    bob.send(f"<iq type='result' id='{asked.get('id')}' to='{room}/ann'>"
             "<query xmlns='jabber:iq:version'><name>n</name></query></iq>")
    answer = ann.receive("iq", id="q")
    assert answer.get("from") == f"{room}/bob"
    assert answer.get("type") == "result"
    for jid in (ann.bare, bob.bare):
        assert jid not in show([asked]).replace(f"to=\"{bob.jid}\"", "")


def test_rte_08_answer_of_somebody_else_is_none(login, room):
    ann, bob, eve = login(), login(), login()
    for client, nick in ((ann, "ann"), (bob, "bob"), (eve, "eve")):
        enter(client, room, nick)
    settle(ann, bob, eve)
    ann.send(f"<iq type='get' id='q' to='{room}/bob'>{PING}</iq>")
    asked = bob.receive("iq", type="get")
    for forged in (asked.get("id"), "q"):
        eve.send(f"<iq type='result' id='{forged}' to='{room}/ann'/>")
    assert settle(eve, ann)[1] == []
    bob.send(f"<iq type='error' id='{asked.get('id')}' to='{room}/ann'>"
             "<error type='cancel'><service-unavailable "
             f"xmlns='{STANZA_ERROR}'/></error></iq>")
    assert condition(ann.receive("iq", id="q")) == "cancel service-unavailable"
    bob.send(f"<iq type='result' id='{asked.get('id')}' to='{room}/ann'/>")
    assert settle(bob, ann)[1] == []


def test_vcard_of_an_occupant(world, login, room):
    ann = login()
    bob = login(world.person(displayName=["Blas Ñíguez"]))
    enter(ann, room, "ann"), enter(bob, room, "bob")
    settle(ann, bob)
    answer = ann.iq("get", "<vCard xmlns='vcard-temp'/>", f"{room}/bob")
    assert answer.get("from") == f"{room}/bob"
    assert answer.findtext(".//{vcard-temp}FN") == "Blas Ñíguez"
    assert settle(ann, bob)[1] == []


def test_strangers_do_not_look_at_occupants(login, room):
    ann, eve = login(), login()
    enter(ann, room, "ann")
    assert condition(info(eve, f"{room}/ann")) == "modify bad-request"
    assert condition(eve.iq("get", PING, f"{room}/ann")) == \
        "modify not-acceptable"
    assert settle(eve, ann)[1] == []


# ---- what is written is what was said ----

NASTY = ["<b>", "a'/><message to='x", '"&quot;', "&amp;", "]]>", "a\u00a0b"]


@pytest.mark.parametrize("nick", NASTY)
def test_xml_07_a_nick_stays_a_nick(login, room, nick):
    ann, bob = login(), login()
    enter(bob, room, "bob")
    found = enter(ann, room, nick)
    prepared = nick.replace("\u00a0", " ")
    assert found[1].get("from") == f"{room}/{prepared}", show(found)
    ann.message(room, "hola", "groupchat", id=nick)
    said = [s for s in settle(ann, bob)[1] if local(s) == "message"]
    assert [(s.get("from"), s.get("id")) for s in said] == [
        (f"{room}/{prepared}", nick)]


def test_dos_11_presence_has_an_end(login, room):
    ann = login()
    enter(ann, room, "ann")
    ann.presence(to=f"{room}/ann", inner=f"<status>{'x' * 9000}</status>")
    assert condition(ann.receive("presence", type="error")) == \
        "modify policy-violation"


def test_dos_11_rooms_of_one_person(world, login):
    ann = login()
    made = itertools.count()
    for _ in range(50):
        found = enter(ann, f"r{next(made)}{world.name('x')}@{world.muc}", "ann")
        assert 201 in codes(found[0])
    found = enter(ann, world.room(), "ann")
    assert condition(found[-1]) == "wait resource-constraint"


def test_room_full(world, login):
    owner, ann, bob = login(), login(), login()
    room = open_room(owner, world, maxusers=10)
    configure(owner, room, maxusers=2)
    enter(ann, room, "ann")
    refused = enter(bob, room, "bob")[-1]
    assert condition(refused) == "wait service-unavailable"
    assert refused.find("c:error", NS).get("by") == room
    admin(owner, room, {"jid": bob.bare, "affiliation": "admin"})
    assert codes(enter(bob, room, "bob")[-2]) == [110]


def test_features_of_room_and_service(login, room):
    ann = login()
    found = features(info(ann, room))
    assert {MUC, "muc_public", "muc_persistent", "muc_open",
            "muc_unmoderated", "muc_unsecured", "muc_semianonymous", SID,
            MUC + "#stable_id", MUC + "#self-ping-optimization"} <= found
    assert {MUC, SID, MUC + "#stable_id"} <= features(info(ann,
                                                           service_of(room)))
    assert ann.iq("get", PING, service_of(room)).get("type") == "result"
    facts = form_values(info(ann, room))
    assert facts["muc#roominfo_occupants"] == "0"
    assert re.fullmatch(r"\d+", facts["muc#maxhistoryfetch"])
