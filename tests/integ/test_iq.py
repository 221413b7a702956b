# SPDX-License-Identifier: Apache-2.0
"""RFC 6120 §8, RFC 6121 §8 for IQs, RTE-01, RTE-08, RTE-13: rules of stanzas."""

import random

import pytest

from client import NS, condition, settle
from rawclient import CLIENT, attributes, local

PING = "<ping xmlns='urn:xmpp:ping'/>"
INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"


# ---- RTE-01: from ----

FROM = {
    "none": (None, True), "own_full": ("{jid}", True),
    "own_bare": ("{bare}", True), "own_upper": ("{BARE}", True),
    "other_resource": ("{bare}/otro", False), "victim": ("{victim}", False),
    "victim_full": ("{victim}/r", False), "host": ("{domain}", False),
    "elsewhere": ("a@otra.example", False), "empty": ("", False),
    "garbage": ("@@", False), "room": ("sala@conference.{domain}/ann", False),
    "own_elsewhere": ("{local}@otra.example", False),
}


@pytest.mark.parametrize("from_, passes", FROM.values(), ids=FROM)
@pytest.mark.parametrize("kind", ["message", "presence", "iq"])
def test_rte_01_from(login, world, somebody, kind, from_, passes):
    ann, bob = login(), login()
    if from_ is not None:
        from_ = from_.format(jid=ann.jid, bare=ann.bare, BARE=ann.bare.upper(),
                             victim=somebody.jid, domain=world.domain,
                             local=ann.person.uid)
    inner = PING if kind == "iq" else ""
    kind_type = "get" if kind == "iq" else None
    ann.send(f"<{kind}{attributes(from_=from_, to=bob.jid, id='1')}"
             f"{attributes(type=kind_type)}>{inner}</{kind}>")
    if passes:
        assert bob.receive(kind).get("from") == ann.jid
    else:
        assert ann.error() == "invalid-from"
        assert [got for got in bob.sync()
                if got.get("type") != "unavailable"] == []


# ---- RTE-13: addresses ----

BAD_JIDS = ["@{d}", "{u}@", "@", "/", "{u}@{d}/", "a@b@{d}", "a b@{d}",
            "a\"b@{d}", "a&b@{d}", "a'b@{d}", "a:b@{d}", "a<b@{d}",
            "x" * 1024 + "@{d}", "{u}@{d}/" + "r" * 1024, "{u}@" + "d" * 1024,
            "{u}@{d}/a\u0085", "\u00ad@{d}", "{u}@.{d}", "{u}@{d}..",
            "\u200d@{d}", " {u}@{d}", "{u}@{d} ", "{u}@[::1", "{u}@a_b!c",
            "\u0378@{d}", "", "{u}@xn--zz--.example"]


@pytest.mark.parametrize("pattern", BAD_JIDS)
def test_rte_13_malformed_to(login, world, somebody, pattern):
    ann = login()
    to = pattern.format(u=somebody.uid, d=world.domain)
    answer = ann.iq("get", PING, to)
    assert condition(answer) in ("modify jid-malformed",
                                 "cancel remote-server-not-found",
                                 "cancel service-unavailable")
    assert ann.sync() == []


EQUAL_JIDS = ["{U}@{D}", "{u}@{d}.", "{u}@{D}", "{wide}@{d}"]


@pytest.mark.parametrize("pattern", EQUAL_JIDS)
def test_rte_13_equal_jids_are_one(pair, world, pattern):
    """Where two spellings are one address they are one everywhere; where a
    spelling is refused, nothing is delivered."""
    ann, bob = pair
    uid = bob.person.uid
    to = pattern.format(u=uid, U=uid.upper(), d=world.domain,
                        D=world.domain.upper(),
                        wide="".join(chr(ord(c) + 0xfee0) for c in uid))
    ann.message(to)
    mine, his = settle(ann, bob)
    if his:
        assert his[0].get("to") in (bob.bare, bob.jid)
        ann.set_item(to)
        assert list(ann.items()) == [bob.bare]
    else:
        assert condition(mine[0])


def test_rte_13_resources_are_case_sensitive(login):
    person = login().person
    one, two = login(person, "Casa"), login(person, "casa")
    bob = login()
    bob.message(two.jid)
    assert [len(got) for got in settle(bob, one, two)[1:]] == [0, 1]


# ---- RFC 6120 §8.2.3, RTE-08 ----

BAD_IQS = {
    "no_id": f"<iq type='get'>{PING}</iq>",
    "no_type": f"<iq id='1'>{PING}</iq>",
    "bad_type": f"<iq type='put' id='1'>{PING}</iq>",
    "upper_type": f"<iq type='GET' id='1'>{PING}</iq>",
    "empty_type": f"<iq type='' id='1'>{PING}</iq>",
    "no_child": "<iq type='get' id='1'/>",
    "text_child": "<iq type='get' id='1'>text</iq>",
    "two_children": f"<iq type='get' id='1'>{PING}{PING}</iq>",
    "set_without_child": "<iq type='set' id='1'/>",
}


@pytest.mark.parametrize("text", BAD_IQS.values(), ids=BAD_IQS)
@pytest.mark.parametrize("to", ["host", "own", "other", "full"])
def test_iq_rules(pair, world, text, to):
    ann, bob = pair
    address = {"host": world.domain, "own": ann.bare, "other": bob.bare,
               "full": bob.jid}[to]
    ann.send(text.replace("<iq ", f"<iq to='{address}' "))
    mine, his = settle(ann, bob)
    assert [condition(answer) for answer in mine] == ["modify bad-request"]
    assert his == []


@pytest.mark.parametrize("type", ["result", "error"])
@pytest.mark.parametrize("to", ["none", "host", "own", "other", "ghost",
                                "own_other_resource", "elsewhere"])
def test_rte_08_answers_are_never_answered(pair, world, type, to):
    ann, bob = pair
    address = {"none": None, "host": world.domain, "own": ann.bare,
               "other": bob.bare, "ghost": f"nadie@{world.domain}",
               "own_other_resource": ann.bare + "/nada",
               "elsewhere": "a@otra.example"}[to]
    for inner in ("", PING, "<error type='cancel'><x xmlns='u'/></error>"):
        ann.send(f"<iq{attributes(type=type, id='1', to=address)}>{inner}</iq>")
    assert settle(ann, bob) == [[], []]


def test_rte_08_each_request_exactly_one_answer(pair, world):
    ann, bob = pair
    seed = random.randrange(1 << 32)
    print("SEED", seed)
    rng = random.Random(seed)
    payloads = [PING, INFO, "<x xmlns='u:x'/>", "<vCard xmlns='vcard-temp'/>",
                "<query xmlns='jabber:iq:roster'/>",
                "<query xmlns='jabber:iq:version'/>", "<time/>", "", PING * 2,
                "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"]
    targets = [None, world.domain, ann.bare, bob.bare, bob.bare + "/x",
               f"nadie@{world.domain}", "otra.example", world.muc,
               f"sala@{world.muc}", "a@b@c"]
    asked = []
    for number in range(400):
        asked.append(f"n{number}")
        ann.send("<iq" + attributes(type=rng.choice(["get", "set"]),
                                    id=asked[-1], to=rng.choice(targets))
                 + f">{rng.choice(payloads)}</iq>")
    got = [stanza.get("id") for stanza in ann.sync()
           if local(stanza) == "iq" and stanza.get("type") != "set"]
    assert sorted(got) == sorted(asked)


# ---- RFC 6121 §8.5: where IQs go ----

ROUTES = {
    # to, payload: what comes back
    "host_known": ("host", PING, None),
    "host_unknown": ("host", "<x xmlns='u:x'/>", "cancel service-unavailable"),
    "no_to_known": (None, PING, None),
    "no_to_unknown": (None, "<x xmlns='u:x'/>", "cancel service-unavailable"),
    "own_bare": ("own", INFO, None),
    "own_unknown": ("own", "<x xmlns='u:x'/>", "cancel service-unavailable"),
    "other_unknown": ("other", "<x xmlns='u:x'/>",
                      "cancel service-unavailable"),
    "ghost": ("ghost", "<x xmlns='u:x'/>", "cancel service-unavailable"),
    "ghost_full": ("ghost_full", PING, "cancel service-unavailable"),
    "away_full": ("away_full", PING, "cancel service-unavailable"),
    "elsewhere": ("elsewhere", PING, "cancel remote-server-not-found"),
    "elsewhere_host": ("elsewhere_host", INFO,
                       "cancel remote-server-not-found"),
}


@pytest.mark.parametrize("to, payload, want", ROUTES.values(), ids=ROUTES)
def test_iq_routing(pair, world, to, payload, want):
    ann, bob = pair
    address = {None: None, "host": world.domain, "own": ann.bare,
               "other": bob.bare, "ghost": f"nadie@{world.domain}",
               "ghost_full": f"nadie@{world.domain}/r",
               "away_full": bob.bare + "/otro", "elsewhere": "a@otra.example",
               "elsewhere_host": "otra.example"}[to]
    answer = ann.iq("get", payload, address)
    assert condition(answer) == want
    assert answer.get("from") in (address, *((None, ann.bare)
                                             if to is None else ()))
    assert answer.get("to") == ann.jid
    assert settle(ann, bob) == [[], []]


def test_iq_to_a_full_jid_is_passed_and_answered(pair):
    ann, bob = pair
    ann.send(f"<iq type='get' id='x' to='{bob.jid}'><y xmlns='u:y'/></iq>")
    asked = bob.receive("iq", id="x")
    assert asked.get("from") == ann.jid and asked[0].tag == "{u:y}y"
    bob.send(f"<iq type='result' id='x' to='{ann.jid}'><z xmlns='u:z'/></iq>")
    answer = ann.receive("iq", id="x")
    assert answer.get("from") == bob.jid and answer[0].tag == "{u:z}z"


def test_unasked_answer_to_a_session_of_another(pair):
    """RTE-08: it is passed on with its true sender, so nobody is deceived."""
    ann, bob = pair
    ann.send(f"<iq type='result' id='x' to='{bob.jid}'/>")
    _, his = settle(ann, bob)
    assert [got.get("from") for got in his] == [ann.jid]


@pytest.mark.parametrize("large", [False, True])
def test_error_carries_the_payload_when_it_is_small(login, world, large):
    ann = login()
    inner = "y" * 60000 if large else "y"
    answer = ann.iq("get", f"<x xmlns='u:x'>{inner}</x>", world.domain)
    assert answer.find(f"{{{CLIENT}}}error") is not None
    if large:
        assert answer.find("{u:x}x") is None
    assert answer.find("c:error", NS) is not None


def test_lang_and_unknown_attributes_pass(pair):
    ann, bob = pair
    ann.send(f"<message to='{bob.jid}' xml:lang='es' id='1' type='chat'>"
             "<body>hola</body><body xml:lang='en'>hello</body></message>")
    got = bob.receive("message")
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert got.get(lang) == "es"
    assert [body.get(lang) for body in got] == [None, "en"]
