# SPDX-License-Identifier: Apache-2.0
"""XML-14, XML-17: order on a stream, and names in their namespaces."""

import pytest

from client import settle
from rawclient import CLIENT, STREAM, Closed, StreamError
from states import OPEN_STATES


# ---- XML-14 ----

@pytest.mark.parametrize("text", ["x", "text <x/>", "&#65;", "&amp;",
                                  "<![CDATA[x]]>", "\u00a0"])
@pytest.mark.parametrize("state", OPEN_STATES)
def test_xml_14_text_between_elements(at, state, text):
    stream = at(state)
    stream.send(text)
    assert stream.error() in ("bad-format", "invalid-xml", "not-well-formed",
                              "restricted-xml")


@pytest.mark.parametrize("text", [
    "<message/>", "x", "<iq type='get'/>", "</stream:stream>", "\0",
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x02\x00\x01"])
def test_xml_14_something_else_than_a_header(connect, text):
    stream = connect()
    stream.send(text + "<x>" * (text[0] == "\x16"))
    try:
        assert stream.error() in (
            "bad-format", "invalid-xml", "not-well-formed", "invalid-namespace",
            "unsupported-encoding", "bad-namespace-prefix", "not-authorized")
    except Closed:
        pass


@pytest.mark.parametrize("state", ["opened", "secured", "bound"])
def test_xml_14_second_header(at, state):
    stream = at(state)
    stream.send(f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' "
                "to='localhost' version='1.0'></stream:stream>")
    assert stream.error() in ("bad-format", "invalid-xml", "not-well-formed",
                              "unsupported-stanza-type", "policy-violation",
                              "not-authorized", "invalid-namespace")


@pytest.mark.parametrize("behind", ["<message to='%s'/>", "x", "<!-- -->",
                                    "<stream:stream>", "</stream:stream>"])
def test_xml_14_nothing_counts_behind_the_end(pair, behind):
    ann, bob = pair
    behind = behind % bob.jid if "%" in behind else behind
    ann.send("</stream:stream>" + behind)
    try:
        while True:
            assert ann.next().get("type") != "error"
    except Closed as end:
        assert end.footer
    except StreamError:
        pass
    assert [got for got in bob.sync() if got.get("type") != "unavailable"] == []


@pytest.mark.parametrize("state", OPEN_STATES)
def test_xml_14_the_end_is_answered(at, state):
    stream = at(state)
    stream.send("</stream:stream>")
    with pytest.raises(Closed) as end:
        stream.next()
    assert end.value.footer


# ---- XML-17 ----

FOREIGN = {
    "no_namespace": ("<message xmlns=''/>", "unsupported-stanza-type "
                     "invalid-namespace"),
    "server_namespace": ("<message xmlns='jabber:server'/>",
                         "invalid-namespace unsupported-stanza-type"),
    "component": ("<message xmlns='jabber:component:accept'/>",
                  "invalid-namespace unsupported-stanza-type"),
    "unknown": ("<x xmlns='urn:x'/>", "unsupported-stanza-type"),
    "unknown_name": ("<mess xmlns='jabber:client'/>",
                     "unsupported-stanza-type"),
    "upper": ("<Message/>", "unsupported-stanza-type"),
    "stream_namespace": ("<stream:message/>", "unsupported-stanza-type "
                         "bad-format invalid-namespace"),
    "sasl_again": ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                   "mechanism='PLAIN'/>",
                   "unsupported-stanza-type policy-violation not-authorized"),
    "tls_again": ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                  "unsupported-stanza-type policy-violation"),
    "sm_unknown": ("<r xmlns='urn:xmpp:sm:99'/>", "unsupported-stanza-type"),
}


@pytest.mark.parametrize("text, want", FOREIGN.values(), ids=FOREIGN)
def test_xml_17_foreign_top_level(at, text, want):
    stream = at("bound")
    stream.send(text)
    assert stream.error() in want.split()


def test_xml_17_prefixes_do_not_matter(pair):
    ann, bob = pair
    ann.send(f"<c:message xmlns:c='{CLIENT}' to='{bob.jid}'>"
             "<c:body>uno</c:body></c:message>")
    ann.send(f"<stream:message xmlns:stream='{CLIENT}' to='{bob.jid}'>"
             "<stream:body>dos</stream:body></stream:message>")
    ann.send(f"<message to='{bob.jid}'><c:body xmlns:c='urn:x'>tres</c:body>"
             "</message>")
    _, got = settle(ann, bob)
    assert [(m.tag, m[0].tag) for m in got] == [
        (f"{{{CLIENT}}}message", f"{{{CLIENT}}}body")] * 2 + [
        (f"{{{CLIENT}}}message", "{urn:x}body")]


def test_xml_17_routes_by_namespace_not_name(login):
    ann = login()
    for space, passes in (("urn:xmpp:ping", True), ("urn:xmpp:pingu", False),
                          ("", False), ("jabber:client", False)):
        answer = ann.iq("get", f"<p:ping xmlns:p='{space}'/>" if space else
                        "<ping xmlns=''/>", to=ann.world.domain)
        assert answer.get("type") == ("result" if passes else "error"), space


HEADERS = {
    "server": ("jabber:server", STREAM, "stream", "invalid-namespace"),
    "no_default": ("", STREAM, "stream", "invalid-namespace"),
    "other_default": ("urn:x", STREAM, "stream", "invalid-namespace"),
    "other_stream": (CLIENT, "urn:x", "stream", "invalid-namespace"),
    "stream_in_client": (CLIENT, CLIENT, "stream", "invalid-namespace"),
}


@pytest.mark.parametrize("default, stream_ns, name, want", HEADERS.values(),
                         ids=HEADERS)
def test_xml_17_header_namespaces(connect, default, stream_ns, name, want):
    stream = connect()
    stream.send(f"<stream:{name} xmlns='{default}' xmlns:stream='{stream_ns}' "
                "to='localhost' version='1.0'>")
    assert stream.error() in (want, "bad-format")


def test_xml_17_header_name(connect):
    stream = connect()
    stream.send(f"<stream:strom xmlns='{CLIENT}' xmlns:stream='{STREAM}' "
                "to='localhost' version='1.0'>")
    assert stream.error() in ("bad-format", "invalid-namespace", "invalid-xml",
                              "unsupported-stanza-type")


def test_xml_17_header_with_other_prefixes(connect):
    stream = connect()
    stream.send(f"<s:stream xmlns='{CLIENT}' xmlns:s='{STREAM}' "
                "to='localhost' version='1.0'>")
    assert stream.next().tag == f"{{{STREAM}}}stream"
    stream.features()
    stream.send("</s:stream>")
    with pytest.raises(Closed):
        stream.next()
