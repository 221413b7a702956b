# SPDX-License-Identifier: Apache-2.0
"""XML-01 … XML-05: what XML a stream may hold (RFC 6120 §11)."""

import time
import xml.etree.ElementTree as ET

import pytest

from client import settle
from rawclient import (CLIENT, STREAM, Stream, escape, has_grown,
                       rss_kib)
from states import OPEN_STATES, STATES

BOMB = ("<!DOCTYPE lolz [<!ENTITY a 'ha'>"
        + "".join(f"<!ENTITY {chr(b + 1)} '{f'&{chr(b)};' * 10}'>"
                  for b in range(ord("a"), ord("j")))
        + "]>")
DOCTYPES = {
    "bomb": BOMB,
    "bare": "<!DOCTYPE x>",
    "external": "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
    "external_entity":
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    "parameter_entity":
        "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> %p;]>",
    "default_attribute": "<!DOCTYPE x [<!ATTLIST x a CDATA 'b'>]>",
}
HEADER = (f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' "
          "to='localhost' version='1.0'>")


# ---- XML-01: document types and entities ----

@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("pieces", [65536, 1], ids=["whole", "bytes"])
def test_xml_01_doctype_before_the_header(connect, doctype, pieces):
    stream = connect()
    stream.send_in_pieces(f"<?xml version='1.0'?>{doctype}{HEADER}", pieces)
    assert stream.error() == "restricted-xml"


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("state", OPEN_STATES)
def test_xml_01_doctype_between_elements(at, state, doctype):
    stream = at(state)
    stream.send(doctype + "<message><body>&j;</body></message>")
    assert stream.error() == "restricted-xml"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_xml_01_doctype_inside_an_element(at, state):
    stream = at(state)
    stream.send_in_pieces(f"<iq type='get' id='1'>{BOMB}&j;</iq>", 7)
    assert stream.error() == "restricted-xml"


def test_xml_01_bombs_cost_nothing(world, somebody):
    pid = world.pid("IM_PID")
    for state in ("fresh", "opened"):       # what is allocated once
        STATES[state](world, somebody).cut()
    before, began = rss_kib(pid), time.monotonic()
    for _ in range(50):
        with Stream(world) as stream:
            stream.send(BOMB + HEADER + "<x>&j;</x>")
            assert stream.error() == "restricted-xml"
    assert time.monotonic() - began < 5
    assert not has_grown(pid, before, 4096)


# ---- XML-02: comments, processing instructions, references ----

CONSTRUCTS = {
    "comment": ("<!-- c -->", "restricted-xml"),
    "empty_comment": ("<!---->", "restricted-xml"),
    "instruction": ("<?php exit ?>", "restricted-xml"),
    "short_instruction": ("<?a?>", "restricted-xml"),
    "entity": ("<x>&nbsp;</x>", "not-well-formed restricted-xml"),
    "entity_in_attribute": ("<x a='&e;'/>", "not-well-formed restricted-xml"),
    "bare_ampersand": ("<x>a & b</x>", "not-well-formed"),
    "open_reference": ("<x>&#65</x>", "not-well-formed"),
    "end_of_cdata": ("<x>]]></x>", "not-well-formed"),
    "less_in_attribute": ("<x a='<'/>", "not-well-formed"),
    "twice_the_attribute": ("<x a='1' a='2'/>", "not-well-formed"),
    "unquoted_attribute": ("<x a=1/>", "not-well-formed"),
    "no_attribute_value": ("<x a/>", "not-well-formed"),
    "wrong_end_tag": ("<x></y>", "not-well-formed"),
    "wrong_nesting": ("<x><y></x></y>", "not-well-formed"),
    "stray_end_tag": ("</x>", "not-well-formed"),
    "space_in_tag": ("< x/>", "not-well-formed"),
    "digit_name": ("<1x/>", "not-well-formed"),
    "empty_name": ("<>", "not-well-formed"),
    "undeclared_prefix": ("<p:x/>", "bad-namespace-prefix not-well-formed"),
    "undeclared_attribute_prefix":
        ("<x p:a='1'/>", "bad-namespace-prefix not-well-formed"),
    "prefix_to_nothing":
        ("<x xmlns:p=''/>", "bad-namespace-prefix not-well-formed"),
}


@pytest.mark.parametrize("text, want", CONSTRUCTS.values(), ids=CONSTRUCTS)
@pytest.mark.parametrize("inner", [False, True], ids=["between", "inside"])
@pytest.mark.parametrize("state", ["opened", "secured", "bound"])
def test_xml_02_construct_is_refused(at, state, inner, text, want):
    stream = at(state)
    stream.send(f"<iq type='get' id='1'>{text}</iq>" if inner else text)
    assert stream.error() in want.split()


@pytest.mark.parametrize("construct", ["<!-- c -->", "<?a b?>"])
def test_xml_02_construct_before_the_header(connect, construct):
    stream = connect()
    stream.send(construct + HEADER)
    assert stream.error() == "restricted-xml"


def test_xml_02_cdata_is_text(pair):
    ann, bob = pair
    ann.message(bob.jid, body="a<![CDATA[<b>&amp;]] >]]>c")
    assert bob.receive("message").findtext(f"{{{CLIENT}}}body") \
        == "a<b>&amp;]] >c"


def test_xml_02_cdata_in_sasl(at, somebody):
    stream = at("secured")
    stream.auth("PLAIN", b"<![CDATA[" + __import__("base64").b64encode(
        f"\0{somebody.uid}\0{somebody.password}".encode()) + b"]]>")


# ---- XML-03: the declaration ----

DECLARATIONS = {
    "none": ("", None),
    "plain": ("<?xml version='1.0'?>", None),
    "utf8": ("<?xml version='1.0' encoding='UTF-8'?>", None),
    "utf8_lower": ('<?xml version="1.0" encoding="utf-8" ?>', None),
    "standalone": ("<?xml version='1.0' standalone='yes'?>", None),
    "version_1_1": ("<?xml version='1.1'?>",
                    "bad-format unsupported-version not-well-formed "
                    "restricted-xml unsupported-encoding"),
    "version_2": ("<?xml version='2.0'?>",
                  "bad-format unsupported-version not-well-formed "
                  "restricted-xml unsupported-encoding"),
    "utf16": ("<?xml version='1.0' encoding='UTF-16'?>",
              "unsupported-encoding"),
    "latin1": ("<?xml version='1.0' encoding='ISO-8859-1'?>",
               "unsupported-encoding"),
    "ascii": ("<?xml version='1.0' encoding='US-ASCII'?>",
              "unsupported-encoding"),
    "no_version": ("<?xml encoding='UTF-8'?>", "not-well-formed bad-format"),
    "garbage": ("<?xml version='1.0' x='y'?>", "not-well-formed bad-format"),
    "twice": ("<?xml version='1.0'?><?xml version='1.0'?>",
              "not-well-formed bad-format restricted-xml"),
    "upper": ("<?XML version='1.0'?>",
              "not-well-formed bad-format restricted-xml"),
}


@pytest.mark.parametrize("text, want", DECLARATIONS.values(), ids=DECLARATIONS)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_xml_03_declaration(connect, secure, text, want):
    stream = connect("direct" if secure else None)
    stream.send(text + HEADER)
    if want is None:
        stream.next()
        stream.features()
    else:
        assert stream.error() in want.split()


MARKS = {
    "utf16_be": "\ufeff<?xml version='1.0'?>".encode("utf-16-be"),
    "utf16_le": "\ufeff<?xml version='1.0'?>".encode("utf-16-le"),
    "utf16_without_mark": "<?xml version='1.0'?>".encode("utf-16-be"),
    "utf32": "\ufeff<?xml version='1.0'?>".encode("utf-32-be"),
}


@pytest.mark.parametrize("start", MARKS.values(), ids=MARKS)
def test_xml_03_other_encodings_are_refused(connect, start):
    stream = connect()
    stream.send(start)
    assert stream.error() in ("unsupported-encoding", "not-well-formed",
                              "bad-format")


@pytest.mark.parametrize("state", OPEN_STATES)
def test_xml_03_declaration_in_the_middle(at, state):
    stream = at(state)
    stream.send("<?xml version='1.0'?>")
    assert stream.error() in ("restricted-xml", "not-well-formed",
                              "bad-format")


# ---- XML-04: UTF-8, strictly ----

BAD_UTF8 = {
    "lone_continuation": b"\x80", "two_continuations": b"\xbf\xbf",
    "overlong_slash_2": b"\xc0\xaf", "overlong_nul": b"\xc0\x80",
    "overlong_less_2": b"\xc0\xbc", "overlong_less_3": b"\xe0\x80\xbc",
    "overlong_less_4": b"\xf0\x80\x80\xbc", "c1": b"\xc1\xbf",
    "overlong_3": b"\xe0\x9f\xbf", "overlong_4": b"\xf0\x8f\xbf\xbf",
    "surrogate_first": b"\xed\xa0\x80", "surrogate_last": b"\xed\xbf\xbf",
    "surrogate_pair": b"\xed\xa0\x81\xed\xb0\x80",
    "above_10ffff": b"\xf4\x90\x80\x80", "f5": b"\xf5\x80\x80\x80",
    "five_bytes": b"\xf8\x88\x80\x80\x80", "ff": b"\xff", "fe": b"\xfe",
    "cut_2": b"\xc3x", "cut_3": b"\xe2\x82x", "cut_4": b"\xf0\x9f\x98x",
    "nul": b"\0", "fffe": b"\xef\xbf\xbe", "ffff": b"\xef\xbf\xbf",
    "control_1": b"\x01", "control_1f": b"\x1f", "escape": b"\x1b",
}


@pytest.mark.parametrize("place", ["<x>%s</x>", "<x a='%s'/>", "<x%s/>", "%s"],
                         ids=["text", "attribute", "name", "between"])
@pytest.mark.parametrize("octets", BAD_UTF8.values(), ids=BAD_UTF8)
@pytest.mark.parametrize("state", ["opened", "bound"])
def test_xml_04_bad_utf8_closes(at, state, octets, place):
    stream = at(state)
    stream.send(place.encode() % octets)
    assert stream.error() in ("unsupported-encoding", "not-well-formed",
                              "bad-format")


@pytest.mark.parametrize("cut", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"],
                         ids=lambda b: b.hex())
@pytest.mark.parametrize("end", [b"</x>", b"'/><iq/>"], ids=["tag", "quote"])
def test_xml_04_code_point_cut_by_markup(at, cut, end):
    stream = at("bound")
    stream.send(b"<x>" + cut)
    stream.send(end)
    assert stream.error() in ("unsupported-encoding", "not-well-formed")


TEXT = "ñ€😀\U0010ffff\ud7ff\ue000\ufffd·ﬁnal"


@pytest.mark.parametrize("size", range(1, 9))
def test_xml_04_good_utf8_passes_split_anywhere(pair, size):
    ann, bob = pair
    ann.send_in_pieces(f"<message to='{bob.jid}' id='{TEXT}'><body>{TEXT}"
                       "</body></message>", size)
    got = bob.receive("message")
    assert got.findtext(f"{{{CLIENT}}}body") == TEXT
    assert got.get("id") == TEXT


def test_xml_04_bad_references(at):
    for number in ("0", "1", "x1F", "xD800", "xFFFE", "x110000", "-1", ""):
        stream = at("bound")
        stream.send(f"<x>&#{number};</x>")
        assert stream.error() == "not-well-formed", number


# ---- XML-05: the namespace separator ----

@pytest.mark.parametrize("sign", ["\x01", "&#1;", "&#x1;"],
                         ids=["raw", "decimal", "hex"])
@pytest.mark.parametrize("place", [
    "<x xmlns='a%sb'/>", "<p:x xmlns:p='jabber:client%siq'/>", "<x%sy/>",
    "<x a%sb='1'/>"], ids=["default", "prefixed", "name", "attribute"])
def test_xml_05_separator_is_refused(at, sign, place):
    stream = at("bound")
    stream.send(place % sign)
    assert stream.error() in ("not-well-formed", "unsupported-encoding")


NAMESPACES = ["urn:x", "jabber:client%20iq", "http://x/?a&b='c'#d", "a;b", "@",
              "jabber:client."]
# Receivers' parsers end their streams at some of these: not let in.
NO_URIS = ["jabber:client iq", "a|b", "a\nb", "a}b", "{a", "ñ",
           "jabber:client\u00a0", "a^b", " ", "http://x/?<b>", '"']


def test_xml_05_names_mean_the_same_to_another_parser(pair):
    ann, bob = pair
    for number, name in enumerate(NAMESPACES):
        child = ET.Element(f"{{{name}}}iq")
        ET.SubElement(child, f"{{{name}}}query", {f"{{{name}}}a": "1"})
        ann.message(bob.jid, id=str(number), inner=ET.tostring(
            child, "unicode", short_empty_elements=True))
    _, got = settle(ann, bob)
    for name, message in zip(NAMESPACES, got, strict=True):
        child = message[1]
        assert child.tag.rpartition("}") == (f"{{{name}", "}", "iq")
        assert list(child[0].attrib) == [f"{{{name}}}a"]


@pytest.mark.parametrize("name", NO_URIS)
def test_xml_05_namespace_that_is_no_uri(pair, name):
    ann, bob = pair
    ann.send(f"<message to='{bob.jid}'>"
             f"<a xmlns='{escape(name)}'/></message>")
    assert ann.error() == "not-well-formed"
    assert not [s for s in bob.sync() if s.tag.endswith("message")]
