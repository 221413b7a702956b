# SPDX-License-Identifier: Apache-2.0
"""XML-08 … XML-12: sizes, counts, depth, and what they may cost."""

import contextlib
import time

import pytest

from client import Client
from live import live                                           # noqa: F401
from rawclient import (SASL, TLS, Stream, cpu_seconds, has_grown,
                       rss_kib)
from test_live_account import closed
from world import wait_for

STANZA = 256 * 1024             # [limits] stanza_size
PREAUTH = 8 * 1024              # [limits] preauth_size


def padded(start, end, size, fill="x"):
    return start + fill * (size - len(start) - len(end)) + end


# ---- XML-08: big tokens in small pieces ----

def test_xml_08_dribbled_token_costs_no_time(world, login):
    ann = login()
    before = cpu_seconds(world.pid("IM_PID"))
    stanza = padded("<message to='nadie@x.invalid' id='", "'/>", 128 * 1024)
    ann.send_in_pieces(stanza, 32)
    ann.sync()
    assert cpu_seconds(world.pid("IM_PID")) - before < 2


# ---- XML-09: size of a stanza ----

@pytest.mark.parametrize("extra, passes", [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("fill", ["x", " ", "ñ"], ids=["text", "space", "wide"])
def test_xml_09_limit_is_exact(pair, extra, passes, fill):
    ann, bob = pair
    wide = len(fill.encode())
    start, end = f"<message to='{bob.jid}'><body>", "</body></message>"
    room = STANZA + extra - len(start) - len(end)
    ann.send(start + fill * (room // wide) + "y" * (room % wide) + end)
    if passes:
        assert len(bob.receive("message")[0].text) > STANZA // wide - 200
    else:
        assert ann.error() == "policy-violation"


@pytest.mark.parametrize("inner", ["y" * STANZA, "<y/>" * 3000],
                         ids=["bytes", "elements"])
def test_xml_09_the_limit_is_named(live, login, inner):           # noqa: F811
    """To the client, which can say it, and to who could set another."""
    ann = login()
    ann.send(f"<message to='nadie@x.invalid'><body/>{inner}</message>")
    condition, text = closed(ann)
    assert condition == "policy-violation"
    assert f"{STANZA} bytes" in text and "2000 elements" in text
    wait_for(lambda: f'{ann.person.uid}@{live.domain}' in "".join(
        line for line in live.logs().splitlines()
        if "stanza-too-large" in line and "[limits] stanza_size" in line), 5)


def test_xml_09_floor_of_the_rfc(pair):
    ann, bob = pair
    ann.message(bob.jid, body="x" * 10000)
    assert len(bob.receive("message")[0].text) == 10000


@pytest.mark.parametrize("start", [
    "<message><body>", "<message to='", "<message><x a='1'/>", "<mess",
    "<message><![CDATA["], ids=["text", "attribute", "children", "name",
                                "cdata"])
def test_xml_09_endless_element_is_cut_early(world, at, start):
    stream = at("bound")
    pid = world.pid("IM_PID")
    before = rss_kib(pid)
    stream.send(start)
    began = time.monotonic()
    with contextlib.suppress(OSError):
        for _ in range(256):                        # 256 MiB, if it were let
            stream.send(b"x" * (1 << 20))
    assert stream.is_over(5)
    assert time.monotonic() - began < 5
    assert not has_grown(pid, before, 24 * STANZA / 1024)


# ---- XML-10: before authentication ----

BEFORE = {
    "too_large": (padded(f"<auth xmlns='{SASL}' mechanism='PLAIN'>", "</auth>",
                         PREAUTH + 1, "A"), "policy-violation"),
    "too_large_attribute": (padded(f"<auth xmlns='{SASL}' mechanism='",
                                   "'/>", PREAUTH + 1), "policy-violation"),
    "too_many_elements": (f"<auth xmlns='{SASL}' mechanism='PLAIN'>"
                          + "<x/>" * 32 + "</auth>", "policy-violation"),
    "too_deep": (f"<auth xmlns='{SASL}' mechanism='PLAIN'>" + "<x>" * 8
                 + "</x>" * 8 + "</auth>", "policy-violation"),
    "spaces": (" " * 2048, "policy-violation"),
}


@pytest.mark.parametrize("text, want", BEFORE.values(), ids=BEFORE)
def test_xml_10_limits_before_authentication(at, text, want):
    stream = at("secured")
    stream.send(text)
    assert stream.error() == want


def test_xml_10_header_is_limited_too(connect):
    stream = connect()
    stream.send(padded("<stream:stream xmlns='jabber:client' to='",
                       "' xmlns:stream='http://etherx.jabber.org/streams'>",
                       PREAUTH + 1))
    assert stream.error() == "policy-violation"


def test_xml_10_largest_allowed_is_read(at):
    """The limit itself is not refused as too large: it is only bad SASL."""
    stream = at("secured")
    stream.send(padded(f"<auth xmlns='{SASL}' mechanism='PLAIN'>", "</auth>",
                       PREAUTH, "A"))
    assert stream.next().tag == f"{{{SASL}}}failure"


STRANGERS = {
    "message": "<message to='a@b'><body>x</body></message>",
    "presence": "<presence/>",
    "iq": "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
    "bind": "<iq type='set' id='1'><bind "
            "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "register": "<iq type='get' id='1'><query xmlns='jabber:iq:register'/>"
                "</iq>",
    "legacy_auth": "<iq type='get' id='1'><query xmlns='jabber:iq:auth'/></iq>",
    "compress": "<compress xmlns='http://jabber.org/protocol/compress'>"
                "<method>zlib</method></compress>",
    "resume": "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
    "dialback": "<db:result xmlns:db='jabber:server:dialback' to='a' "
                "from='b'>x</db:result>",
    "unknown": "<x xmlns='urn:x'/>",
}


@pytest.mark.parametrize("text", STRANGERS.values(), ids=STRANGERS)
def test_xml_10_only_sasl_before_authentication(at, text):
    stream = at("secured")
    stream.send(text)
    assert stream.error() in ("not-authorized", "policy-violation",
                              "unsupported-stanza-type", "invalid-namespace")


def test_xml_10_hundred_half_elements_cost_little(world):
    pid = world.pid("IM_PID")
    Stream(world).cut()
    before, streams = rss_kib(pid), []
    for _ in range(100):
        stream = Stream(world)
        stream.opened()
        stream.send(f"<auth xmlns='{SASL}' mechanism='" + "x" * (PREAUTH - 200))
        streams.append(stream)
    is_too_much = has_grown(pid, before, 100 * 24)
    for stream in streams:
        stream.cut()
    assert not is_too_much


# ---- XML-11: depth, elements, attributes, names ----

SHAPES = {
    "deep": (60, 80, lambda n: "<a>" * n + "</a>" * n),
    "many": (1900, 2100, lambda n: "<a/>" * n),
    "attributes": (60, 70, lambda n: "<a" + "".join(
        f" a{i}='{i}'" for i in range(n)) + "/>"),
    "declarations": (60, 70, lambda n: "<a" + "".join(
        f" xmlns:a{i}='u:{i}'" for i in range(n)) + "/>"),
    "name": (250, 260, lambda n: f"<{'a' * n}/>"),
    "attribute_name": (250, 260, lambda n: f"<a {'a' * n}='1'/>"),
}


@pytest.mark.parametrize("good, bad, shape", SHAPES.values(), ids=SHAPES)
def test_xml_11_shape_has_a_limit(pair, good, bad, shape):
    ann, bob = pair
    ann.message(bob.jid, inner=shape(good))
    assert len(bob.receive("message")) >= 2
    ann.message(bob.jid, inner=shape(bad))
    assert ann.error() == "policy-violation"
    assert bob.sync() == []


def test_xml_11_very_deep_input_does_not_crash(at):
    stream = at("bound")
    stream.send("<message>" + "<a>" * 80000)
    assert stream.error() == "policy-violation"


def test_xml_11_limit_size_stanza_of_small_elements(at):
    stream = at("bound")
    stream.send("<message>" + "<a/>" * (STANZA // 4 - 10) + "</message>")
    assert stream.error() == "policy-violation"


# ---- XML-12: memory amplification ----

def test_xml_12_heap_stays_in_proportion(world):
    """Ten users each hold a nearly complete stanza of the worst shape."""
    pid = world.pid("IM_PID")
    person = world.person()
    streams = [Client(world, person, resource=None) for _ in range(5)]
    before = rss_kib(pid)
    attributes = "".join(f" a{i}=''" for i in range(60))
    part = f"<a{attributes}/>"
    stanza = "<message>" + part * min(1900, (STANZA - 100) // len(part))
    for stream in streams:
        stream.send(stanza)
    for stream in streams:
        stream.send("<a/></message>")
        stream.sync()
    is_too_much = has_grown(pid, before, 24 * STANZA / 1024 * len(streams))
    for stream in streams:
        stream.cut()
    assert not is_too_much


def test_xml_12_one_breach_closes_one_stream(world, login, at):
    ann, bad = login(), at("bound")
    bad.send("<message>" + "<a>" * 200)
    assert bad.error() == "policy-violation"
    assert ann.sync() == []


# ---- the same limits while TLS is not yet there ----

def test_before_tls_only_starttls(at):
    for text in STRANGERS.values():
        stream = at("opened")
        stream.send(text)
        assert stream.error() in (
            "policy-violation", "not-authorized", "unsupported-stanza-type",
            "invalid-namespace")


def test_starttls_with_children_is_fine_or_refused_at_once(at):
    began = time.monotonic()
    stream = at("opened")
    stream.send(f"<starttls xmlns='{TLS}'><required/></starttls>")
    assert stream.next().tag in (f"{{{TLS}}}proceed", f"{{{TLS}}}failure")
    assert time.monotonic() - began < 2
