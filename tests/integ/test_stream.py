# SPDX-License-Identifier: Apache-2.0
"""RFC 6120 §4, §7: streams, their errors, and the binding of resources."""

import time

import pytest

from client import Client, condition, settle
from rawclient import (BIND, CLIENT, STANZA_ERROR, STREAM, Closed, Stream,
                       StreamError, escape, local)

SESSION = "urn:ietf:params:xml:ns:xmpp-session"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


# ---- §4.7: the header ----

def test_header_of_the_server(connect, world):
    header = connect().header()
    assert header.tag == f"{{{STREAM}}}stream"
    assert header.get("from") == world.domain
    assert header.get("version") == "1.0"
    assert header.get("id") and header.get(LANG)


HEADERS = {
    "no_to": ({"to": None}, "host-unknown improper-addressing"),
    "other_host": ({"to": "otra.example"}, "host-unknown"),
    "sub_host": ({"to": "x.localhost"}, "host-unknown"),
    "muc_host": ({"to": "conference.localhost"}, "host-unknown"),
    "empty_to": ({"to": ""}, "host-unknown improper-addressing"),
    "user_to": ({"to": "ann@localhost"}, "host-unknown improper-addressing"),
    "resource_to": ({"to": "localhost/r"}, "host-unknown improper-addressing"),
    "bad_to": ({"to": "a@b@c"}, "host-unknown improper-addressing"),
    "long_to": ({"to": "x" * 3000}, "host-unknown improper-addressing"),
    "version_2": ({"version": "2.0"}, None),
    "version_1_9": ({"version": "1.9"}, None),
    "version_0_9": ({"version": "0.9"}, "unsupported-version"),
    "no_version": ({"version": None}, "unsupported-version"),
    "word_version": ({"version": "one"}, "unsupported-version"),
    "empty_version": ({"version": ""}, "unsupported-version"),
    "upper_case_host": ({"to": "LOCALHOST"}, None),
    "unknown_attribute": ({"x": "y"}, None),
    "language": ({"xml_lang": "es"}, None),
    "bad_from": ({"from_": "@@"}, "invalid-from -"),
    "from_elsewhere": ({"from_": "a@otra.example"}, "invalid-from -"),
}


@pytest.mark.parametrize("given, want", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_header(connect, given, want, secure):
    stream = connect("direct" if secure else None)
    try:
        stream.opened(**given)
        assert want is None or "-" in want.split()
    except StreamError as why:
        assert want and why.condition in want.split()
        with pytest.raises(Closed) as end:
            stream.next()
        assert end.value.footer


def test_error_before_a_header_comes_in_a_stream(connect):
    """§4.9.1.1: the server opens its stream to be able to say it."""
    stream = connect()
    stream.send("<?xml version='1.0'?><bogus>")
    assert local(stream.next()) == "stream"
    with pytest.raises(StreamError):
        stream.next()


def test_header_can_be_sent_in_pieces(connect, world):
    stream = connect()
    stream.send_in_pieces(
        f"<?xml version='1.0'?>\n\n<stream:stream xmlns='{CLIENT}' "
        f"xmlns:stream='{STREAM}' to='{world.domain}' version='1.0' >")
    assert local(stream.next()) == "stream"
    stream.features()


# ---- §4.3: features in their order ----

def test_features_after_login(at):
    stream = Stream(at("opened").world)
    stream.secured()
    person = stream.world.person()
    names = [child.tag for child in stream.login(person)]
    assert f"{{{BIND}}}bind" in names
    assert f"{{{SESSION}}}session" in names
    assert "{urn:xmpp:features:rosterver}ver" in names
    assert "{urn:xmpp:features:pre-approval}sub" in names


def test_session_is_optional(world, somebody, connect):
    stream = connect()
    stream.secured()
    feature = stream.login(somebody).find(f"{{{SESSION}}}session")
    assert feature.find(f"{{{SESSION}}}optional") is not None


def test_legacy_session_is_answered(login):
    ann = login()
    answer = ann.iq("set", f"<session xmlns='{SESSION}'/>")
    assert answer.get("type") == "result" and len(answer) == 0


# ---- §4.4, §4.6: the end, and silence ----

@pytest.mark.parametrize("state", ["opened", "secured", "authenticated",
                                   "bound"])
def test_close_is_answered_and_the_connection_ends(at, state):
    stream = at(state)
    stream.send("</stream:stream>")
    with pytest.raises(Closed) as end:
        stream.next()
    assert end.value.footer and stream.is_over(3)


@pytest.mark.parametrize("space", [" ", "\n", "\t \r\n"])
def test_keep_alive_between_stanzas(login, space):
    ann = login()
    for _ in range(20):
        ann.send(space)
    assert ann.sync() == []


def test_space_before_the_header_of_a_restarted_stream(at, somebody):
    stream = at("secured")
    stream.plain(somebody.uid, somebody.password)
    stream.send("\n")
    stream.restart(prolog="")
    assert stream.bind().startswith(somebody.jid)


def test_half_closed_socket_ends_the_session(pair, world):
    ann, bob = pair
    ann.presence(to=bob.jid)
    settle(ann, bob)
    ann.socket.close()
    bob.receive("presence", type="unavailable", from_=ann.jid)


# ---- §7: binding ----

def test_bind_generates_a_resource(at, somebody):
    resources = {at("authenticated").bind().partition("/")[2]
                 for _ in range(5)}
    assert len(resources) == 5 and all(len(r) >= 8 for r in resources)


@pytest.mark.parametrize("resource", ["r", "Casa", "con espacio", "ñandú 😀",
                                      "a/b@c", "x" * 1023, "<&>'\""])
def test_bind_takes_the_resource_asked_for(at, somebody, resource):
    assert at("authenticated").bind(resource) == f"{somebody.jid}/{resource}"


@pytest.mark.parametrize("resource", ["x" * 1024, "a\u0001b", "\u0085", "ab\u0007",
                                      "\ue000\ufdd0"])
def test_bind_refuses_what_is_no_resource(at, resource):
    stream = at("authenticated")
    try:
        answer = stream.bind(resource)
    except StreamError as why:
        assert why.condition in ("not-well-formed", "unsupported-encoding")
    else:
        assert condition(answer) in ("modify bad-request",
                                     "modify jid-malformed")
        assert isinstance(stream.bind("ok"), str)


def test_bind_the_same_again_ends_the_older(world):
    """§7.7.2.2, the policy of this server: whoever comes back wins."""
    person = world.person()
    with Client(world, person, "casa") as old:
        old.come()
        with Client(world, person, "casa") as new:
            assert new.jid == old.jid
            assert old.error() == "conflict"
            assert new.sync() == []


def test_bind_twice_is_refused(login):
    ann = login()
    answer = ann.iq("set", f"<bind xmlns='{BIND}'/>")
    assert answer.get("type") == "error"
    assert condition(answer).split()[1] in (
        "not-allowed", "bad-request", "service-unavailable",
        "unexpected-request")
    assert ann.sync() == []


BINDS = {
    "get": (f"<iq type='get' id='1'><bind xmlns='{BIND}'/></iq>", None),
    "no_id": (f"<iq type='set'><bind xmlns='{BIND}'/></iq>", None),
    "two_children": (f"<iq type='set' id='1'><bind xmlns='{BIND}'/>"
                     f"<bind xmlns='{BIND}'/></iq>", None),
    "no_child": ("<iq type='set' id='1'/>", None),
    "other": ("<iq type='set' id='1'><x xmlns='u'/></iq>", None),
    "message": ("<message to='a@b'/>", "not-authorized"),
    "presence": ("<presence/>", "not-authorized"),
    "roster": ("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
               None),
}


@pytest.mark.parametrize("text, want", BINDS.values(), ids=BINDS)
def test_nothing_but_bind_before_binding(at, text, want):
    stream = at("authenticated")
    stream.send(text)
    try:
        answer = stream.next()
        assert want is None and answer.get("type") == "error", local(answer)
    except StreamError as why:
        assert why.condition == (want or "not-authorized")


def test_bind_may_be_given_an_id_to_be_echoed(at, somebody):
    stream = at("authenticated")
    stream.send(f"<iq type='set' id='{escape(chr(39))}&quot;&lt;'>"
                f"<bind xmlns='{BIND}'><resource>r</resource></bind></iq>")
    answer = stream.next()
    assert answer.get("id") == "'\"<"
    assert answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") == \
        f"{somebody.jid}/r"


def test_sessions_of_one_account_are_limited(world):
    person, sessions = world.person(), []
    for _ in range(10):
        sessions.append(Client(world, person, None))
    with Stream(world) as late:
        late.secured()
        late.login(person)
        assert condition(late.bind()) == "wait resource-constraint"
    sessions.pop().close()
    sessions.append(Client(world, person, None))
    for one in sessions:
        one.cut()


# ---- a hundred connections come and go ----

def test_many_connections_leave_nothing_open(world):
    """Descriptors of the server are as many as before."""
    def descriptors():
        from pathlib import Path
        return len(list(Path(f"/proc/{world.env['IM_PID']}/fd").iterdir()))
    Stream(world).cut()
    time.sleep(0.05)
    before = descriptors()
    for number in range(60):
        with Stream(world) as stream:
            if number % 3:
                stream.opened()
            if number % 3 == 2:
                stream.starttls()
    end = time.monotonic() + 5
    while descriptors() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert descriptors() <= before


def test_stanza_error_namespace(login, world):
    ann = login()
    error = ann.iq("get", "<x xmlns='u:x'/>", world.domain).find(
        f"{{{CLIENT}}}error")
    assert error.get("type") == "cancel"
    assert f"{{{STANZA_ERROR}}}service-unavailable" in [e.tag for e in error]
