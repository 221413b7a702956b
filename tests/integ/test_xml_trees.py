# SPDX-License-Identifier: Apache-2.0
"""XML-06, XML-07: what is passed on is written anew, and means the same."""

import os
import random
import xml.etree.ElementTree as ET

import pytest

from client import condition, settle
from rawclient import CLIENT, attributes, escape

HOSTILE = {
    "stanza": "'/><message to='x'><body>y</body></message><a b='",
    "double_quote": '"/><presence/><a b="',
    "end_of_stream": "</stream:stream>",
    "markup": "<b>&amp;&lt;</b>",
    "cdata": "]]><![CDATA[",
    "comment": "--><!--",
    "entity": "&#60;iq/&#62;",
    "white_space": "a\tb\nc\rd",
    "unicode": "ñ\u2028😀\u00a0",
}


# ---- XML-06 ----

def random_text(rng):
    signs = "ab ñ€😀&<>'\"\n\t]"
    return "".join(rng.choice(signs) for _ in range(rng.randrange(8)))


def random_tree(rng, depth=0):
    """An element in one of a few namespaces, with attributes and children."""
    tree = ET.Element(f"{{urn:t:{rng.randrange(4)}}}e{rng.randrange(5)}")
    for _ in range(rng.randrange(3)):
        space = rng.choice(["", "{urn:t:1}", "{urn:a}",
                            "{http://www.w3.org/XML/1998/namespace}"])
        tree.set(f"{space}a{rng.randrange(4)}", random_text(rng))
    tree.text = random_text(rng)
    for _ in range(rng.randrange(4) if depth < 5 else 0):
        child = random_tree(rng, depth + 1)
        child.tail = random_text(rng)
        tree.append(child)
    return tree


def plain(tree):
    """A tree as nested tuples, to compare."""
    return (tree.tag, sorted(tree.attrib.items()), tree.text or "",
            [(plain(child), child.tail or "") for child in tree])


def test_xml_06_trees_arrive_as_they_were_sent(pair):
    ann, bob = pair
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("SEED", seed)
    rng = random.Random(seed)
    for _ in range(30):
        trees = [random_tree(rng) for _ in range(10)]
        for tree in trees:
            ann.send(f"<message to='{bob.jid}'>"
                     + ET.tostring(tree, "unicode") + "</message>")
        _, got = settle(ann, bob)
        for tree, message in zip(trees, got, strict=True):
            tree.tail = None
            assert plain(message[0]) == plain(tree)


SPELLINGS = {
    "prefixes": ("<p:x xmlns:p='u:1' p:a='1' a='2'><p:y/></p:x>",
                 "{u:1}x"),
    "prefix_declared_again":
        ("<p:x xmlns:p='u:1'><p:x xmlns:p='u:2'/></p:x>", "{u:1}x"),
    "prefix_of_the_stream": ("<stream:x/>",
                             "{http://etherx.jabber.org/streams}x"),
    "xml_prefix": ("<x xmlns='u:1' xml:lang='es'/>", "{u:1}x"),
    "no_namespace": ("<x xmlns=''><y/></x>", "x"),
    "references": ("<x xmlns='u:1' a='&#x27;&lt;&#10;'>&#65;&amp;</x>",
                   "{u:1}x"),
    "single_in_double": ("""<x xmlns="u:1" a="it's"/>""", "{u:1}x"),
    "greater_in_attribute": ("<x xmlns='u:1' a='>/>'/>", "{u:1}x"),
    "spaces_in_tags": ("<x\n xmlns = 'u:1'\ta='1' ></x\n>", "{u:1}x"),
    "cdata": ("<x xmlns='u:1'><![CDATA[</x><y>]]></x>", "{u:1}x"),
}


@pytest.mark.parametrize("text, tag", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("size", [1, 65536], ids=["bytes", "whole"])
def test_xml_06_spellings_mean_the_same_behind(pair, text, tag, size):
    ann, bob = pair
    ann.send_in_pieces(f"<message to='{bob.jid}'>{text}</message>", size)
    want = ET.fromstring("<message xmlns='jabber:client' "
                         "xmlns:stream='http://etherx.jabber.org/streams'>"
                         f"{text}</message>")[0]
    got = bob.receive("message")
    assert want.tag == tag and len(got) == 1
    assert plain(got[0]) == plain(want)


# ---- XML-07 ----

@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_xml_07_in_routed_attributes_and_text(pair, value):
    ann, bob = pair
    ann.message(bob.jid, id=value, xml_lang="es", body=escape(value),
                inner=f"<x xmlns='urn:x' a='{escape(value)}'/>")
    _, got = settle(ann, bob)
    assert len(got) == 1 and got[0].get("id") == value
    body, child = got[0]
    assert body.text == value.replace("\r", "\r")
    assert child.get("a") == value
    assert child.tag == "{urn:x}x"


ECHOES = {
    "result": "<ping xmlns='urn:xmpp:ping'/>",
    "unknown_namespace": "<x xmlns='urn:nobody:knows'/>",
    "disco_node": "<query xmlns='http://jabber.org/protocol/disco#info' "
                  "node='%s'/>",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("payload", ECHOES.values(), ids=ECHOES)
def test_xml_07_in_answers_that_echo(login, world, payload, value):
    ann = login()
    if "%" in payload:
        payload %= escape(value)
    ann.send(f"<iq type='get'{attributes(to=world.domain, id=value)}>"
             f"{payload}</iq>")
    got = ann.next()
    assert got.get("id") == value and got.get("type") in ("result", "error")
    assert ann.sync() == []


@pytest.mark.parametrize("value", ["ç'\"&<>ñ😀", "a b", "'/><x/>"])
def test_xml_07_in_resources(world, login, value):
    ann = login(resource=value)
    assert ann.jid.partition("/")[2] == value
    bob = login()
    bob.message(ann.jid)
    assert ann.receive("message").get("to") == ann.jid
    ann.message(bob.jid)
    assert bob.receive("message").get("from") == ann.jid
    bob.message(ann.bare + "/" + value + "'", type="normal", id="m")
    bob.iq("get", "<x xmlns='u'/>", ann.bare + "/" + value + "'&amp;")


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_xml_07_in_presence_and_roster(world, pair, value):
    ann, bob = pair
    bob.presence(to=ann.jid, inner=f"<status>{escape(value)}</status>")
    got = ann.receive("presence", from_=bob.jid)
    assert got.findtext(f"{{{CLIENT}}}status") == value
    if not set(value) & set("\t\n\r\u2028"):
        answer = ann.set_item("nadie@otra.example", name=value,
                              groups=[escape(value)])
        assert answer.get("type") == "result", condition(answer)
        assert ann.items()["nadie@otra.example"][2:] == (value, [value])
