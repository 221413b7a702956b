# SPDX-License-Identifier: Apache-2.0
"""TLS-01 … TLS-07: how a connection becomes secure, and how it must not."""

import re
import socket
import ssl
import subprocess
import time

import pytest

from rawclient import SASL, TLS, SaslFailure, Stream, encoded, mechanisms
from service import Service


def plain_auth(person):
    initial = encoded(f"\0{person.uid}\0{person.password}")
    return f"<auth xmlns='{SASL}' mechanism='PLAIN'>{initial}</auth>"


# ---- TLS-01: nothing said in clear counts behind TLS ----

@pytest.mark.parametrize("behind", [
    "{auth}", "<stream:stream xmlns='jabber:client' to='localhost' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>", " ", "x",
    "\x16\x03\x01"], ids=["auth", "header", "space", "text", "record"])
def test_tls_01_bytes_behind_starttls_close(connect, somebody, behind):
    stream = connect()
    stream.opened()
    stream.send(f"<starttls xmlns='{TLS}'/>"
                + behind.format(auth=plain_auth(somebody)))
    with pytest.raises((ssl.SSLError, OSError, AssertionError)):
        assert not stream.is_over(3), "closed: as it should"
        stream.handshake()


def test_tls_01_pipelined_from_the_start(connect, somebody):
    stream = connect()
    stream.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                "xmlns:stream='http://etherx.jabber.org/streams' "
                f"to='localhost' version='1.0'><starttls xmlns='{TLS}'/>"
                + plain_auth(somebody))
    assert stream.is_over(5)
    assert b"<success" not in stream.raw


def test_tls_01_name_given_in_clear_is_forgotten(connect, somebody):
    stream = connect()
    stream.opened(from_=somebody.jid, xml_lang="xx")
    stream.starttls()
    answer = stream.header()
    assert answer.get("to") in (None, "")
    assert answer.get("{http://www.w3.org/XML/1998/namespace}lang") != "xx"


# ---- TLS-02: nothing but STARTTLS before TLS ----

def test_tls_02_only_required_starttls_is_offered(connect):
    features = connect().opened()
    assert [child.tag for child in features] == [f"{{{TLS}}}starttls"]
    assert features[0].find(f"{{{TLS}}}required") is not None


@pytest.mark.parametrize("text", [
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>="
    "</auth>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>",
    "<compress xmlns='http://jabber.org/protocol/compress'/>",
    "<iq type='set' id='b'><bind "
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>",
    "<db:result xmlns:db='jabber:server:dialback' from='a' to='b'>k"
    "</db:result>",
    "<r xmlns='urn:xmpp:sm:3'/>", "<message to='a@b'/>",
], ids=["auth", "authenticate", "compress", "bind", "register", "dialback",
        "sm", "message"])
def test_tls_02_nothing_else_works_before(connect, text):
    stream = connect()
    stream.opened()
    stream.send(text)
    assert stream.error() in ("policy-violation", "not-authorized",
                              "invalid-namespace", "unsupported-stanza-type")


def test_tls_02_starttls_is_not_offered_twice(at):
    stream = Stream(at("opened").world)
    assert f"{{{TLS}}}starttls" not in [f.tag for f in stream.secured()]
    stream.send(f"<starttls xmlns='{TLS}'/>")
    assert stream.error() in ("not-authorized", "policy-violation",
                              "unsupported-stanza-type")


# ---- TLS-03, TLS-04: versions and ciphers, the same on every listener ----

LISTENERS = ["starttls", "direct", "web"]


def s_client_words(world, listener, *options):
    port = {"starttls": world.env["C2S_PORT"],
            "direct": world.env["C2S_TLS_PORT"],
            "web": world.env["WEB_URL"].rpartition(":")[2].strip("/")}[listener]
    more = ["-starttls", "xmpp", "-xmpphost", world.domain] \
        if listener == "starttls" else []
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
            "-servername", world.domain, "-CAfile", world.env["CA_FILE"],
            *more, *options]


def s_client(world, listener, *options):
    """What `openssl s_client` prints."""
    done = subprocess.run(
        s_client_words(world, listener, *options), input="", text=True,
        errors="replace", capture_output=True, timeout=20, check=False)
    return done.stdout + done.stderr


def agreed(text):
    found = re.search(r"(?:New, )?(TLSv1\S*|SSLv\S+), Cipher is (\S+)", text)
    return found and found[2] != "(NONE)" and found.groups()


GOOD = ["-tls1_2", "-tls1_3",
        "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
        "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
        "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305"]
BAD = ["-tls1 -cipher ALL:@SECLEVEL=0", "-tls1_1 -cipher ALL:@SECLEVEL=0",
       "-tls1_2 -cipher kRSA", "-tls1_2 -cipher aNULL:@SECLEVEL=0",
       "-tls1_2 -cipher eNULL:@SECLEVEL=0",
       "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA",
       "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384", "-tls1_2 -cipher DHE",
       "-tls1_2 -cipher PSK"]


@pytest.mark.parametrize("options", GOOD)
@pytest.mark.parametrize("listener", LISTENERS)
def test_tls_03_strong_is_accepted(world, listener, options):
    text = s_client(world, listener, *options.split())
    assert agreed(text), text
    assert "Verify return code: 0 (ok)" in text or "Verification: OK" in text
    assert "Compression: NONE" in text
    assert "Server Temp Key: X25519" in text or "ECDH" in text


@pytest.mark.parametrize("options", BAD)
@pytest.mark.parametrize("listener", LISTENERS)
def test_tls_03_weak_is_refused(world, listener, options):
    assert not agreed(s_client(world, listener, *options.split()))


@pytest.mark.parametrize("listener", LISTENERS)
def test_tls_03_no_renegotiation(world, listener):
    """R makes s_client ask for one; the server ends the connection instead
    of showing its certificate a second time."""
    words = s_client_words(world, listener, "-tls1_2")
    with subprocess.Popen(words, stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace") as program:
        text = ""
        while "Verify return code" not in text:
            text += program.stdout.readline()
        program.stdin.write("R\n")
        program.stdin.flush()
        text += program.stdout.read()           # it ends by itself
    assert "RENEGOTIATING" in text
    assert text.count("depth=0") == 1, text


def test_tls_03_no_early_data(world):
    text = s_client(world, "direct", "-tls1_3")
    assert "Max Early Data: 0" in text or "Max Early Data" not in text


# ---- TLS-05: slow handshakes ----

@pytest.fixture(scope="module")
def impatient(shared_world, tmp_path_factory):
    """A service that waits a second for a handshake, two for a login."""
    with Service(shared_world, tmp_path_factory.mktemp("impatient"), {
            "limits.handshake_timeout": "1s",
            "limits.auth_timeout": "3s"}) as service:
        yield service


def client_hello(domain):
    """The bytes of a real ClientHello."""
    out = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), out, server_hostname=domain)
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return out.read()


@pytest.mark.parametrize("tls", [None, "direct"], ids=["starttls", "direct"])
@pytest.mark.parametrize("silent", [True, False], ids=["silent", "dribbling"])
def test_tls_05_slow_handshake_is_cut(impatient, tls, silent):
    port = impatient.env["C2S_TLS_PORT" if tls else "C2S_PORT"]
    began = time.monotonic()
    if tls:
        raw = socket.create_connection(("127.0.0.1", int(port)))
    else:
        stream = Stream(impatient)
        stream.opened()
        stream.send(f"<starttls xmlns='{TLS}'/>")
        stream.next()
        raw = stream.socket
    raw.settimeout(0.1)
    hello = client_hello(impatient.domain)
    for octet in hello:
        try:
            if not silent:
                raw.sendall(bytes([octet]))
            if not raw.recv(1000):
                break
        except TimeoutError:
            pass
        except OSError:
            break
        assert time.monotonic() - began < 4, "still open"
    raw.close()
    assert 0.8 < time.monotonic() - began < 4


@pytest.mark.parametrize("stop", ["connect", "header", "tls", "auth"])
def test_tls_05_deadline_covers_everything_before_login(impatient, stop):
    began = time.monotonic()
    with Stream(impatient) as stream:
        if stop != "connect":
            stream.opened()
        if stop in ("tls", "auth"):
            stream.starttls()
            stream.opened()
        if stop == "auth":
            stream.auth("PLAIN", None)
        assert stream.is_over(6)
    assert 1 < time.monotonic() - began < 6


def test_tls_05_half_handshakes_do_not_stand_in_the_way(world, login):
    port = int(world.env["C2S_TLS_PORT"])
    hello = client_hello(world.domain)[:-1]
    half = []
    for _ in range(200):
        half.append(socket.create_connection(("127.0.0.1", port)))
        half[-1].sendall(hello)
    began = time.monotonic()
    login()
    assert time.monotonic() - began < 3
    for one in half:
        one.close()


# ---- TLS-06 ----

@pytest.mark.parametrize("protocols, passes", [
    (["xmpp-client"], True), (["http/1.1"], False), (["h2", "xmpp-client"],
                                                     True)])
def test_tls_06_alpn(world, protocols, passes):
    context = ssl.create_default_context(cafile=world.env["CA_FILE"])
    context.set_alpn_protocols(protocols)
    if passes:
        with Stream(world, "direct", context=context) as stream:
            assert stream.socket.selected_alpn_protocol() == "xmpp-client"
            stream.opened()
    else:
        with pytest.raises((ssl.SSLError, OSError)):
            Stream(world, "direct", context=context).opened()


# ---- TLS-07: what a restart forgets ----

def test_tls_07_every_stream_has_a_new_id(world, somebody):
    ids = []
    for _ in range(10):
        with Stream(world) as stream:
            ids.append(stream.header().get("id"))
            stream.features()
            stream.starttls()
            ids.append(stream.header().get("id"))
            stream.features()
            stream.plain(somebody.uid, somebody.password)
            stream._new_parser()
            ids.append(stream.header().get("id"))
    assert len(set(ids)) == 30
    assert all(len(number) >= 20 for number in ids)


def test_tls_07_features_of_the_stage(world, somebody):
    with Stream(world) as stream:
        first = stream.opened()
        stream.starttls()
        second = stream.opened()
        third = stream.login(somebody)
    assert not mechanisms(first) and mechanisms(second)
    assert not mechanisms(third)
    assert [tag.tag.rpartition("}")[2] for tag in third][0] == "bind"


def test_tls_07_failed_attempt_leaves_nothing(world, somebody, connect):
    """A failure for one person, then a login as another: only that counts."""
    other = world.person()
    stream = connect()
    stream.secured()
    with pytest.raises(SaslFailure):
        stream.plain(somebody.uid, "falsch")
    stream.login(other)
    assert stream.bind("r") == f"{other.jid}/r"
