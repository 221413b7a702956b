# SPDX-License-Identifier: Apache-2.0
"""An XMPP client that does exactly what it is told, for protocol tests.

Stream sends bytes as they are and reads elements one by one; it knows TLS and
SASL, but does nothing by itself.  Nothing here hides what the server sent: a
stream error is an exception, and so is the end of the connection.  client.py
has the well-behaved user on top of it.
"""

import base64
import hashlib
import os
import pathlib
import re
import socket
import ssl
import time
import warnings
import xml.etree.ElementTree as ET

from scram import Scram

CLIENT = "jabber:client"
STREAM = "http://etherx.jabber.org/streams"
STREAM_ERROR = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERROR = "urn:ietf:params:xml:ns:xmpp-stanzas"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
PATIENCE = 30                   # seconds until a missing answer is a failure

warnings.filterwarnings("ignore", "ssl.TLSVersion")


class Closed(Exception):
    """The server closed the connection; .footer: with </stream:stream>."""

    def __init__(self, footer):
        super().__init__(f"{'with' if footer else 'without'} </stream:stream>")
        self.footer = footer


class StreamError(Exception):
    """The server sent <stream:error/>; .condition is its name."""

    def __init__(self, element):
        children = {child.tag for child in element}
        self.condition = next((tag.partition("}")[2] for tag in children
                               if tag != f"{{{STREAM_ERROR}}}text"), None)
        self.element = element
        super().__init__(ET.tostring(element, "unicode"))


class SaslFailure(Exception):
    """The server sent <failure/>; .condition is its name."""

    def __init__(self, element):
        self.condition = element[0].tag.partition("}")[2]
        self.element = element
        super().__init__(ET.tostring(element, "unicode"))


def local(element):
    return element.tag.rpartition("}")[2]


def attributes(**given):
    """from_ is from, None is left out, xml_lang is xml:lang."""
    names = {"from_": "from", "xml_lang": "xml:lang"}
    return "".join(f" {names.get(name, name)}='{escape(value)}'"
                   for name, value in given.items() if value is not None)


def escape(text):
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"),
                         ("'", "&apos;"), ('"', "&quot;"), ("\n", "&#10;"),
                         ("\t", "&#9;"), ("\r", "&#13;")):
        text = text.replace(sign, entity)
    return text


class Splitter:
    """A stream cut into its header and children, each parsed by expat when it
    is complete.  Expat as Debian has it by now keeps large tokens back until
    much more has come (its answer to CVE-2023-52425), so it cannot be fed."""

    TAG = re.compile(rb"""<(?:!\[CDATA\[.*?\]\]|\?.*?\?"""
                     rb"""|(?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""", re.S)
    END = b"</stream:stream>"

    def __init__(self):
        self.ready, self.footer = [], False
        self.buffer, self.head = b"", b""
        self.depth = self.scan = 0

    def feed(self, data):
        self.buffer += data
        while not self.footer:
            at = self.buffer.find(b"<", self.scan)
            tag = self.TAG.match(self.buffer, at) if at >= 0 else None
            if tag is None:
                return
            if self.depth < 2:          # white space in front of a child
                self.buffer, at = self.buffer[at:], 0
            self.scan = at + len(tag.group())
            self._tag(tag.group())

    def _tag(self, text):
        if text.startswith((b"<?", b"<!")):
            return
        if not self.head:
            self.head = text
            self.depth = 1
            self.ready.append(ET.fromstring(text + self.END))
            return
        if text.startswith(b"</"):
            self.depth -= 1
        elif not text.endswith(b"/>"):
            self.depth += 1
        if self.depth == 0:
            self.footer = True
        elif self.depth == 1:
            child = self.buffer[:self.scan]
            self.buffer, self.scan = self.buffer[self.scan:], 0
            self.ready.append(ET.fromstring(self.head + child + self.END)[0])


class Stream:
    """One connection.  tls: None (plain, for STARTTLS), or "direct"; source: our
    own address, one of loopback's."""

    def __init__(self, world, tls=None, context=None, server_name=None,
                 source="127.0.0.1"):
        self.world = world
        self.context = context
        self.server_name = server_name
        port = world.env["C2S_TLS_PORT" if tls == "direct" else "C2S_PORT"]
        self.socket = socket.create_connection(("127.0.0.1", int(port)), 5,
                                               (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_secured = False
        self._new_parser()
        if tls == "direct":
            self.handshake()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()

    # ---- bytes ----

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def send_in_pieces(self, data, size=1):
        data = data.encode() if isinstance(data, str) else data
        for at in range(0, len(data), size):
            self.send(data[at:at + size])

    def cut(self):
        """The connection is gone without a word."""
        self.socket.close()

    def read(self, timeout=PATIENCE):
        """Some bytes, b"" at the end of the connection."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return b""
        except ssl.SSLZeroReturnError:
            return b""

    def is_over(self, timeout=PATIENCE):
        """Reads to the end of the connection, whatever comes before it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                if not self.read(max(0.01, end - time.monotonic())):
                    return True
            except TimeoutError:
                return False
        return False

    # ---- elements ----

    def _new_parser(self):
        self.splitter = Splitter()
        self.ready = self.splitter.ready
        self.raw = b""                  # what came, for tests that look

    @property
    def footer(self):
        return self.splitter.footer

    def _take(self, data):
        self.raw += data
        self.splitter.feed(data)

    def next(self, timeout=PATIENCE):
        """The next element: the header, then each child of the stream."""
        end = time.monotonic() + timeout
        while not self.ready:
            if self.footer:
                raise Closed(True)
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came; so far: "
                                   + self.raw[-500:].decode(errors="replace"))
            data = self.read(left)
            if not data:
                raise Closed(self.footer)
            self._take(data)
        element = self.ready.pop(0)
        if element.tag == f"{{{STREAM}}}error":
            raise StreamError(element)
        return element

    def error(self, timeout=PATIENCE):
        """Reads up to the stream error, makes sure that the stream and the
        connection end behind it, and gives the condition."""
        try:
            while True:
                self.next(timeout)
        except StreamError as found:
            condition = found.condition
        try:
            rest = self.next(timeout)
            raise AssertionError(f"{rest} came behind a stream error")
        except Closed as end:
            assert end.footer, "no </stream:stream> behind a stream error"
        assert self.is_over(timeout), "open after a stream error"
        return condition

    # ---- streams ----

    def header(self, to=True, version="1.0", prolog="<?xml version='1.0'?>",
               **more):
        """Sends a header (to=True: our domain) and gives the server's."""
        to = self.world.domain if to is True else to
        self.send(f"{prolog}<stream:stream xmlns='{CLIENT}' "
                  f"xmlns:stream='{STREAM}'"
                  + attributes(to=to, version=version, **more) + ">")
        return self.next()

    def features(self):
        found = self.next()
        assert found.tag == f"{{{STREAM}}}features", found.tag
        return found

    def opened(self, **more):
        """Header and features, which are given."""
        self.header(**more)
        return self.features()

    def expect_header(self):
        """What the server sends next begins a stream."""
        self._new_parser()

    def restart(self, **more):
        self.expect_header()
        return self.opened(**more)

    # ---- TLS ----

    def tls_context(self):
        context = ssl.create_default_context(cafile=self.world.env["CA_FILE"])
        return context

    def starttls(self):
        """From features to a secured connection, not yet a new header."""
        self.send(f"<starttls xmlns='{TLS}'/>")
        answer = self.next()
        assert answer.tag == f"{{{TLS}}}proceed", answer.tag
        self.handshake()

    def handshake(self):
        self.socket.settimeout(PATIENCE)
        context = self.context or self.tls_context()
        self.socket = context.wrap_socket(
            self.socket, server_hostname=self.server_name or self.world.domain)
        self.is_secured = True
        self._new_parser()

    def secured(self):
        """Everything up to the features behind TLS, which are given."""
        if not self.is_secured:
            self.opened()
            self.starttls()
        return self.opened()

    def binding(self, kind):
        """(kind, data) for channel binding on this connection."""
        if kind == "tls-server-end-point":
            return kind, hashlib.sha256(
                self.socket.getpeercert(binary_form=True)).digest()
        return kind, self.socket.get_channel_binding(kind)

    # ---- SASL ----

    def auth(self, mechanism, initial=None):
        """<auth/> with the initial response, encoded unless it is raw text
        given as bytes; gives the answer, or SaslFailure."""
        self.send(f"<auth xmlns='{SASL}'{attributes(mechanism=mechanism)}>"
                  f"{encoded(initial)}</auth>")
        return self.sasl_answer()

    def response(self, text):
        self.send(f"<response xmlns='{SASL}'>{encoded(text)}</response>")
        return self.sasl_answer()

    def sasl_answer(self):
        answer = self.next()
        if answer.tag == f"{{{SASL}}}failure":
            raise SaslFailure(answer)
        return answer

    def plain(self, user, password, authzid=""):
        answer = self.auth("PLAIN", f"{authzid}\0{user}\0{password}")
        assert answer.tag == f"{{{SASL}}}success", answer.tag

    def scram(self, scram, **bend):
        """Runs a Scram exchange; `bend` goes to Scram.final."""
        challenge = self.auth(scram.mechanism, scram.first())
        assert challenge.tag == f"{{{SASL}}}challenge", challenge.tag
        answer = self.response(scram.final(decoded(challenge), **bend))
        assert answer.tag == f"{{{SASL}}}success", answer.tag
        scram.verify(decoded(answer))

    def login(self, person, mechanism="PLAIN"):
        """SASL with a person's own password, and the new stream's features."""
        if mechanism == "PLAIN":
            self.plain(person.uid, person.password)
        else:
            self.scram(Scram(mechanism, person.uid, person.password))
        return self.restart()

    # ---- binding ----

    def bind(self, resource=None):
        """Binds; gives the full JID, or the <iq type='error'/>."""
        inner = (f"<resource>{escape(resource)}</resource>"
                 if resource is not None else "")
        self.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'>{inner}"
                  "</bind></iq>")
        answer = self.next()
        assert answer.get("id") == "bind", ET.tostring(answer)
        if answer.get("type") == "error":
            return answer
        return answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid")


def encoded(text):
    """Text becomes base64; bytes are sent as they are; "" becomes =."""
    if text is None:
        return ""
    if isinstance(text, bytes):
        return text.decode("latin-1")
    return base64.b64encode(text.encode()).decode() or "="


def decoded(element):
    return decoded_bytes(element).decode()


def decoded_bytes(element):
    return base64.b64decode(element.text or "")


def mechanisms(features):
    return [found.text for found in
            features.iterfind(f"{{{SASL}}}mechanisms/{{{SASL}}}mechanism")]


def rss_kib(pid):
    """Resident memory of a process."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def has_grown(pid, before, most):
    """Has resident memory grown by more than `most` KiB?  Sanitizers keep
    what was freed, so with them this cannot be known."""
    return not os.environ.get("SANITIZE") and rss_kib(pid) - before > most


def cpu_seconds(pid):
    """Processor time a process has used so far."""
    fields_ = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    user, system = fields_.split()[11:13]
    return (int(user) + int(system)) / 100
