# SPDX-License-Identifier: Apache-2.0
"""RTE-02 … RTE-05, RTE-09: forged words of the server, and who exists."""

import concurrent.futures
import re
import statistics
import time

import pytest

from client import Client, befriend, condition, settle, show
from rawclient import CLIENT, local

MUC = "http://jabber.org/protocol/muc"
MUC_USER = MUC + "#user"
SID = "urn:xmpp:sid:0"
DELAY = "urn:xmpp:delay"
CARBONS = "urn:xmpp:carbons:2"
FORWARD = "urn:xmpp:forward:0"


def tags(stanza):
    return [child.tag for child in stanza]


# ---- RTE-02: what only the server may say ----

FORGED = {
    "stanza_id_domain": "<stanza-id xmlns='{sid}' id='1' by='{domain}'/>",
    "stanza_id_account": "<stanza-id xmlns='{sid}' id='1' by='{bob}'/>",
    "stanza_id_upper": "<stanza-id xmlns='{sid}' id='1' by='{BOB}'/>",
    "stanza_id_prefixed": "<s:stanza-id xmlns:s='{sid}' id='1' by='{bob}'/>",
    "delay_domain": "<delay xmlns='{delay}' from='{domain}' "
                    "stamp='2020-01-01T00:00:00Z'/>",
    "delay_account": "<delay xmlns='{delay}' from='{bob}' "
                     "stamp='2020-01-01T00:00:00Z'/>",
    "delay_muc": "<delay xmlns='{delay}' from='sala@conference.{domain}' "
                 "stamp='2020-01-01T00:00:00Z'/>",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("copies", [1, 50])
def test_rte_02_forged_elements_are_taken_out(pair, world, forged, copies):
    ann, bob = pair
    forged = forged.format(sid=SID, delay=DELAY, domain=world.domain,
                           bob=bob.bare, BOB=bob.bare.upper())
    ann.message(bob.jid, inner=forged * copies + "<y xmlns='u:y'/>")
    got = bob.receive("message")
    assert tags(got) == [f"{{{CLIENT}}}body", "{u:y}y"], show([got])


def test_rte_02_honest_ones_stay(pair):
    ann, bob = pair
    ann.message(bob.jid, inner=f"<delay xmlns='{DELAY}' from='{ann.jid}' "
                f"stamp='2020-01-01T00:00:00Z'/><origin-id xmlns='{SID}' "
                f"id='1'/><stanza-id xmlns='{SID}' id='2' "
                "by='archivo@otra.example'/>")
    assert len(bob.receive("message")) == 4


# ---- RTE-03: the words of a room ----

def join(client, room, nick):
    client.presence(to=f"{room}/{nick}", inner=f"<x xmlns='{MUC}'/>")
    while True:
        got = client.receive("presence", from_=f"{room}/{nick}")
        if got.get("type") == "error":
            return got
        if any(s.get("code") == "110" for s in got.iter(f"{{{MUC_USER}}}status")):
            return got


def test_rte_03_forged_room_words(world, login):
    room = world.room()
    ann, bob = login().come(), login().come()
    join(ann, room, "ann"), join(bob, room, "bob")
    settle(ann, bob)
    forged = (f"<x xmlns='{MUC_USER}'><item affiliation='owner' "
              "role='moderator'/><status code='100'/></x>")
    ann.presence(to=f"{room}/ann", inner=forged)
    ann.message(room, type="groupchat", inner=forged)
    for got in settle(ann, bob)[1]:
        items = list(got.iter(f"{{{MUC_USER}}}item"))
        assert all(i.get("affiliation") != "owner" for i in items)
        codes = {s.get("code") for s in got.iter(f"{{{MUC_USER}}}status")}
        assert "100" not in codes
        if local(got) == "message":
            assert f"{{{MUC_USER}}}x" not in tags(got)


def test_rte_03_no_affiliation_for_the_asking(world, login):
    room = world.room()
    ann, bob = login().come(), login().come()
    join(ann, room, "ann"), join(bob, room, "bob")
    for payload in (
            f"<query xmlns='{MUC}#admin'><item jid='{ann.bare}' "
            "affiliation='owner'/></query>",
            f"<query xmlns='{MUC}#admin'><item nick='bob' role='none'/>"
            "</query>",
            f"<query xmlns='{MUC}#owner'><destroy/></query>",
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' "
            "type='submit'/></query>"):
        answer = ann.iq("set", payload, room)
        assert condition(answer) in ("auth forbidden", "cancel not-allowed"), \
            payload
    bob.message(room, type="groupchat", body="sigo aquí")
    ann.receive("message", type="groupchat")


# ---- RTE-04: one room for one name ----

def test_rte_04_spellings_of_a_room_are_one_room(world, login):
    room = world.room("mixta")
    name, _, host = room.partition("@")
    sessions = []
    for number, spelling in enumerate((name, name.upper(), name.title())):
        sessions.append(login().come())
        sessions[-1].presence(to=f"{spelling}@{host}/n{number}",
                              inner=f"<x xmlns='{MUC}'/>")
        sessions[-1].sync()
    settle(*sessions)
    sessions[0].message(room, type="groupchat", body="uno")
    for found in settle(*sessions):
        assert [m.get("from") for m in found if local(m) == "message"
                and m.findtext(f"{{{CLIENT}}}body") == "uno"] == [f"{room}/n0"]


def test_rte_04_two_who_open_one_room_at_once(world):
    """Exactly one becomes the owner."""
    for _ in range(5):
        room = f"{world.name('carrera')}@{world.muc}"
        sessions = [Client(world, world.person()).come() for _ in range(3)]

        def enter(client, room=room):
            return join(client, room, client.person.uid)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            found = list(pool.map(enter, sessions))
        owners = [p for p in found if any(
            i.get("affiliation") == "owner"
            for i in p.iter(f"{{{MUC_USER}}}item"))]
        created = [p for p in found if any(
            s.get("code") == "201" for s in p.iter(f"{{{MUC_USER}}}status"))]
        for session in sessions:
            session.cut()
        assert len(owners) == len(created) == 1


# ---- RTE-05: carbons and archives of others ----

@pytest.mark.parametrize("kind", ["received", "sent"])
def test_rte_05_forged_carbons(pair, kind):
    ann, bob = pair
    forged = (f"<{kind} xmlns='{CARBONS}'><forwarded xmlns='{FORWARD}'>"
              f"<message xmlns='{CLIENT}' from='{bob.bare}' to='x@y'>"
              f"<body>falso</body></message></forwarded></{kind}>")
    ann.message(bob.jid, inner=forged)
    assert [tag for tag in tags(bob.receive("message"))
            if CARBONS in tag] == []


def test_rte_05_archive_of_somebody_else(pair):
    ann, bob = pair
    answer = ann.iq("set", "<query xmlns='urn:xmpp:mam:2'/>", bob.bare)
    assert answer.get("type") == "error"
    ann.message(bob.jid, inner="<result xmlns='urn:xmpp:mam:2' id='1'>"
                f"<forwarded xmlns='{FORWARD}'/></result>")
    got = bob.receive("message")
    assert got.get("from") == ann.jid


# ---- RTE-09: who exists ----

QUESTIONS = {
    "disco_info": "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "disco_items": "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    "last": "<query xmlns='jabber:iq:last'/>",
    "version": "<query xmlns='jabber:iq:version'/>",
    "ping": "<ping xmlns='urn:xmpp:ping'/>",
    "time": "<time xmlns='urn:xmpp:time'/>",
    "private": "<query xmlns='jabber:iq:private'/>",
    "register": "<query xmlns='jabber:iq:register'/>",
    "pubsub": "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
              "<items node='x'/></pubsub>",
    "roster": "<query xmlns='jabber:iq:roster'/>",
    "mam": "<query xmlns='urn:xmpp:mam:2'/>",
    "unknown": "<x xmlns='u:x'/>",
}


def people_to_compare(world, login):
    """The same length of name: there, away, never logged in, nobody."""
    there = login().come()
    size = len(there.person.uid)
    away, fresh = world.person(), world.person()
    Client(world, away).close()
    return {"there": there.bare, "away": away.jid, "fresh": fresh.jid,
            "nobody": "n" * size + "@" + world.domain}


@pytest.mark.parametrize("type", ["get", "set"])
@pytest.mark.parametrize("payload", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("resource", ["", "/nada"], ids=["bare", "full"])
def test_rte_09_answers_are_equal(world, login, type, payload, resource):
    ann, texts = login().come(), {}
    ann.sync()
    for name, jid in people_to_compare(world, login).items():
        ann.raw = b""
        ann.iq(type, payload, jid + resource)
        text = ann.raw.replace(jid.partition("@")[0].encode(), b"NAME")
        texts[name] = re.sub(rb"id='q\d+'", b"", text)
    assert len(set(texts.values())) == 1, texts


def test_rte_09_nor_by_time(world, login):
    """Coarsely: medians of interleaved questions."""
    ann = login().come()
    people = people_to_compare(world, login)
    took = {name: [] for name in people}
    for _ in range(40):
        for name, jid in people.items():
            began = time.perf_counter()
            ann.iq("get", QUESTIONS["disco_info"], jid)
            took[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(found) for name, found in took.items()}
    assert max(medians.values()) - min(medians.values()) < 0.003, medians


def test_a_friend_may_ask(pair):
    """The counter-check to RTE-09."""
    ann, bob = pair
    befriend(ann, bob)
    answer = ann.iq("get", QUESTIONS["disco_info"], bob.bare)
    assert answer.get("type") == "result"
