# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 §5, §8.5: where messages go, as its table 1 says."""

import pytest

from client import Client, condition, settle
from rawclient import CLIENT

# What a sender sees and which of the resources get it.  E: an error, S: not
# a word, D: delivered.  There is no offline store yet: O is an error.
E, S, D = "error", "silence", "delivered"
TYPES = ["normal", "chat", "groupchat", "headline", "error"]

#                        normal  chat    groupchat headline error
TABLE = {
    ("ghost", "bare"):      [(E, S), (E, S), (E,),    (S, E), (S,)],
    ("ghost", "full"):      [(E, S), (E, S), (E, S),  (S, E), (S,)],
    ("away", "bare"):       [(E,),   (E,),   (E,),    (S,),   (S,)],
    ("away", "full"):       [(E, S), (E,),   (E, S),  (S, E), (S,)],
    ("negative", "bare"):   [(E,),   (E,),   (E,),    (S,),   (S,)],
    ("negative", "match"):  [(D,),   (D,),   (D,),    (D,),   (D,)],
    ("negative", "full"):   [(E, S), (E,),   (E, S),  (S, E), (S,)],
    ("there", "bare"):      [(D,),   (D,),   (E,),    (D,),   (S,)],
    ("there", "match"):     [(D,),   (D,),   (D,),    (D,),   (D,)],
    ("there", "full"):      [(E, S), (D,),   (E, S),  (S, E), (S,)],
}
CASES = [(who, to, type, want) for (who, to), row in TABLE.items()
         for type, want in zip(TYPES, row)]


@pytest.mark.parametrize("who, to, type, want", CASES,
                         ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in CASES])
def test_message_table(login, world, who, to, type, want):
    ann = login().come()
    if who == "ghost":
        bare, bob = f"nadie@{world.domain}", None
    else:
        bob = login()
        bare = bob.bare
        if who == "negative":
            bob.come(-1)
        elif who == "there":
            bob.come()
    address = {"bare": bare, "full": bare + "/nada",
               "match": bare + "/r"}[to]
    inner = ("<error type='cancel'><service-unavailable "
             "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
             if type == "error" else "")
    ann.message(address, type=type, inner=inner)
    mine, *his = settle(ann, *([bob] if bob else []))
    seen = D if his and his[0] else E if mine else S
    assert seen in want
    if mine:
        assert condition(mine[0]) == "cancel service-unavailable"
        assert mine[0].get("type") == "error"
        assert mine[0].get("from") == address


def test_person_away_is_like_a_person_who_is_not(login, world):
    """RTE-09: no difference, not even in the bytes."""
    ann, away = login(), login()
    away.close()
    texts = []
    for jid in (away.bare, "x" * len(away.person.uid) + "@" + world.domain):
        ann.message(jid, id="i")
        ann.raw = b""
        ann.receive("message")
        texts.append(ann.raw.replace(jid.encode(), b"JID"))
    assert texts[0] == texts[1]


PRIORITIES = {
    # priorities of three resources, which get a message to the bare JID
    "equal": ([0, 0, 0], [1, 1, 1]), "one_negative": ([0, -1, 5], None),
    "two_negative": ([-5, -1, 0], [0, 0, 1]), "lowest": ([-128, 127, -1],
                                                         [0, 1, 0]),
}


@pytest.mark.parametrize("priorities, want", PRIORITIES.values(),
                         ids=PRIORITIES)
@pytest.mark.parametrize("type", ["chat", "normal", "headline"])
def test_priorities(login, world, priorities, want, type):
    person, ann = world.person(), login()
    sessions = [login(person, f"r{n}") for n in range(len(priorities))]
    for session, priority in zip(sessions, priorities):
        session.come(priority)
    settle(*sessions)
    ann.message(person.jid, type=type)
    got = [len(found) for found in settle(ann, *sessions)[1:]]
    assert not any(count for count, priority in zip(got, priorities)
                   if priority < 0), "negative never"
    assert want is None or got == want
    assert sum(got) >= 1


@pytest.mark.parametrize("priority", ["128", "-129", "x", "", "1.5", "+1",
                                      "99999999999"])
def test_bad_priority(login, priority):
    """XML-19: an integer from -128 to 127, or refused; never wrapped."""
    ann = login()
    ann.presence(inner=f"<priority>{priority}</priority>")
    got = ann.sync()
    assert [condition(p) for p in got] in (["modify bad-request"], [None])


def test_message_to_oneself_and_without_to(login, world):
    person = world.person()
    one, two = login(person, "uno").come(), login(person, "dos").come()
    settle(one, two)
    one.message(None, body="para mí")
    got = settle(one, two)
    assert sum(len(found) for found in got) >= 1
    for stanza in got[0] + got[1]:
        assert stanza.get("from") == one.jid
        assert stanza.findtext(f"{{{CLIENT}}}body") == "para mí"


def test_message_to_the_domain(login, world):
    ann = login()
    ann.message(world.domain)
    assert [condition(m) for m in ann.sync()] in (
        [], ["cancel service-unavailable"])


def test_message_to_another_domain(login):
    ann = login()
    ann.message("a@otra.example", id="m")
    error = ann.receive("message", id="m")
    assert condition(error) == "cancel remote-server-not-found"


def test_order_is_kept(pair):
    ann, bob = pair
    for number in range(300):
        ann.message(bob.jid, body=str(number))
    _, got = settle(ann, bob)
    assert [m.findtext(f"{{{CLIENT}}}body") for m in got] == [
        str(number) for number in range(300)]


def test_sessions_without_presence_get_no_bare_messages(login, world):
    """RFC 6121 §3.1.5 and §8.5.2: connected is not yet available."""
    ann, bob = login(), login()
    ann.message(bob.bare)
    mine, his = settle(ann, bob)
    assert his == [] and condition(mine[0]) == "cancel service-unavailable"


def test_slow_reader_does_not_hold_up_the_others(world, login):
    """DOS-06: one who does not read is cut off in the end."""
    ann, bob = login().come(), login().come()
    slow = Client(world, world.person()).come()
    body = "x" * 50000
    for _ in range(200):
        ann.message(slow.jid, body=body)
    ann.message(bob.jid, body="hola")
    bob.receive("message", timeout=10)
    slow.cut()
