# SPDX-License-Identifier: Apache-2.0
"""SASL-11, SASL-14: channel binding, and SCRAM exchanges bent in all ways."""

import base64
import hashlib
import socket
import ssl

import pytest
from OpenSSL import SSL

from client import Client
from live import attempt
from rawclient import (SaslFailure, Stream, Closed, StreamError, decoded,
                       mechanisms)
from scram import HASHES, Scram
from test_sasl import verifiers
from world import wait_for

PLUS = [f"{name}-PLUS" for name in HASHES]


@pytest.fixture(scope="module")
def bound_person(shared_world):
    person = shared_world.person("plus")
    verifiers(shared_world, person)
    return person


def version(number):
    context = ssl.create_default_context()
    context.minimum_version = context.maximum_version = number
    return context


def tls(world, number):
    context = version(number)
    context.load_verify_locations(world.env["CA_FILE"])
    stream = Stream(world, "direct", context=context)
    stream.opened()
    return stream


class ExporterStream(Stream):
    """TLS by pyOpenSSL, which can export keying material (RFC 9266)."""

    def handshake(self):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.load_verify_locations(self.world.env["CA_FILE"])
        context.set_verify(SSL.VERIFY_PEER, lambda *answer: answer[-1])
        self.plain_socket = self.socket
        self.plain_socket.setblocking(True)
        self.socket = SSL.Connection(context, self.plain_socket)
        self.socket.set_tlsext_host_name(self.world.domain.encode())
        self.socket.set_connect_state()
        self.socket.do_handshake()
        self._new_parser()

    def read(self, timeout=8):
        try:
            return self.socket.recv(65536)
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return b""

    def cut(self):
        self.plain_socket.shutdown(socket.SHUT_RDWR)
        self.plain_socket.close()

    def binding(self, kind):
        assert kind == "tls-exporter"
        return kind, self.socket.export_keying_material(
            b"EXPORTER-Channel-Binding", 32, b"")


# ---- SASL-12: types of binding ----

@pytest.mark.parametrize("mechanism", PLUS)
def test_sasl_12_server_end_point(world, bound_person, mechanism):
    for number in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with tls(world, number) as stream:
            stream.scram(Scram(mechanism, bound_person.uid,
                               bound_person.password,
                               stream.binding("tls-server-end-point")))


@pytest.mark.parametrize("mechanism", PLUS)
def test_sasl_12_tls_unique_on_1_2(world, bound_person, mechanism):
    with tls(world, ssl.TLSVersion.TLSv1_2) as stream:
        stream.scram(Scram(mechanism, bound_person.uid, bound_person.password,
                           stream.binding("tls-unique")))


@pytest.mark.parametrize("mechanism", PLUS)
def test_sasl_12_exporter_on_1_3(world, bound_person, mechanism):
    with ExporterStream(world, "direct") as stream:
        assert stream.socket.get_protocol_version_name() == "TLSv1.3"
        assert mechanism in mechanisms(stream.opened())
        stream.scram(Scram(mechanism, bound_person.uid, bound_person.password,
                           stream.binding("tls-exporter")))


def test_sasl_12_types_are_announced(world):
    kinds = {}
    for number in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = version(number)
        context.load_verify_locations(world.env["CA_FILE"])
        with Stream(world, "direct", context=context) as stream:
            kinds[number.name] = {
                found.get("type") for found in stream.opened().iter(
                    "{urn:xmpp:sasl-cb:0}channel-binding")}
    assert "tls-server-end-point" in kinds["TLSv1_2"] & kinds["TLSv1_3"]
    assert "tls-exporter" in kinds["TLSv1_3"]
    assert "tls-unique" in kinds["TLSv1_2"]
    assert "tls-unique" not in kinds["TLSv1_3"]


# ---- SASL-11: downgrades ----

def refused(stream, scram, **bend):
    with pytest.raises(SaslFailure) as why:
        stream.scram(scram, **bend)
    assert why.value.condition in ("not-authorized", "malformed-request",
                                   "invalid-mechanism")


@pytest.mark.parametrize("name", HASHES)
def test_sasl_11_y_while_plus_was_offered(world, at, bound_person, name):
    """The client hears no more than of a wrong password; the log names it, for it is
    an attack, or a client that does not know what it was offered."""
    line = f'reason=downgrade mechanism="{name}"\n'
    before = world.logs().count(line)
    refused(at("secured"), Scram(name, bound_person.uid, bound_person.password,
                                 gs2="y,,"))
    assert world.logs().count(line) == before + 1


@pytest.mark.parametrize("name", HASHES)
def test_sasl_11_n_with_a_plus_mechanism(at, bound_person, name):
    refused(at("secured"), Scram(f"{name}-PLUS", bound_person.uid,
                                 bound_person.password, gs2="n,,"))


@pytest.mark.parametrize("name", HASHES)
def test_sasl_11_p_with_a_plain_mechanism(at, bound_person, name):
    stream = at("secured")
    refused(stream, Scram(name, bound_person.uid, bound_person.password,
                          stream.binding("tls-server-end-point")))


@pytest.mark.parametrize("kind", ["tls-nonsense", "tls-unique-for-telnet",
                                  "TLS-EXPORTER", "x"])
def test_sasl_11_unknown_type(at, bound_person, kind):
    refused(at("secured"), Scram("SCRAM-SHA-256-PLUS", bound_person.uid,
                                 bound_person.password, (kind, b"x" * 32)))


@pytest.mark.parametrize("bend", [b"", b"x" * 32, None], ids=[
    "empty", "wrong", "other_certificate"])
@pytest.mark.parametrize("name", HASHES)
def test_sasl_11_wrong_data(at, bound_person, name, bend):
    stream = at("secured")
    kind, data = stream.binding("tls-server-end-point")
    bend = hashlib.sha256(data).digest() if bend is None else bend
    refused(stream, Scram(f"{name}-PLUS", bound_person.uid,
                          bound_person.password, (kind, data)),
            binding_data=bend)


def test_sasl_11_binding_of_another_connection(world, at, bound_person):
    """What a man in the middle would have: the binding of his own TLS."""
    with tls(world, ssl.TLSVersion.TLSv1_2) as theirs:
        foreign = theirs.binding("tls-unique")[1]
    with tls(world, ssl.TLSVersion.TLSv1_2) as stream:
        refused(stream, Scram("SCRAM-SHA-1-PLUS", bound_person.uid,
                              bound_person.password,
                              ("tls-unique", foreign)))


# ---- SASL-14: the second message ----

def bent_final(make):
    """Runs up to the challenge, sends make(scram, challenge) as final."""
    def run(stream, person, mechanism="SCRAM-SHA-256"):
        scram = Scram(mechanism, person.uid, person.password)
        challenge = decoded(stream.auth(mechanism, scram.first()))
        return stream.response(make(scram, challenge))
    return run


def with_proof(proof):
    return bent_final(lambda s, c: s.final(c).rpartition("p=")[0]
                      + "p=" + proof)


FINALS = {
    "nonce_changed": bent_final(lambda s, c: s.final(
        c.replace("r=", "r=x", 1))),
    "nonce_of_the_client": bent_final(lambda s, c: s.final(
        c.replace(c.split(",")[0], "r=" + s.nonce))),
    "nonce_missing": bent_final(lambda s, c: "c=biws,p="
                                + s.final(c).rpartition("p=")[2]),
    "extension": bent_final(lambda s, c: "m=x," + s.final(c)),
    "binding_changed": bent_final(lambda s, c: s.final(c).replace(
        "c=biws", "c=eSws")),
    "binding_missing": bent_final(lambda s, c: s.final(c).partition(",")[2]),
    "binding_no_base64": bent_final(lambda s, c: s.final(c).replace(
        "c=biws", "c=!!!!")),
    "proof_missing": bent_final(lambda s, c: s.final(c).rpartition(",p=")[0]),
    "proof_empty": with_proof(""), "proof_no_base64": with_proof("!!!!"),
    "proof_short": with_proof("AAAA"),
    "proof_long": with_proof(base64.b64encode(b"x" * 64).decode()),
    "proof_huge": with_proof(base64.b64encode(b"x" * 3000).decode()),
    "proof_wrong": with_proof(base64.b64encode(b"x" * 32).decode()),
    "trailing": bent_final(lambda s, c: s.final(c) + ",x=y"),
    "behind_nul": bent_final(lambda s, c: s.final(c) + "\0x"),
    "empty": bent_final(lambda s, c: ""),
    "first_again": bent_final(lambda s, c: s.first()),
}


@pytest.mark.parametrize("run", FINALS.values(), ids=FINALS)
def test_sasl_14_bent_final(at, bound_person, run):
    with pytest.raises(SaslFailure) as why:
        run(at("secured"), bound_person)
    assert why.value.condition in ("not-authorized", "malformed-request",
                                   "incorrect-encoding")


def test_sasl_14_a_final_is_good_once(at, bound_person):
    """Replayed to a new exchange with the same client nonce it is worthless."""
    finals, nonces = [], set()
    for _ in range(2):
        stream = at("secured")
        scram = Scram("SCRAM-SHA-256", bound_person.uid, bound_person.password,
                      nonce="siempre")
        challenge = decoded(stream.auth("SCRAM-SHA-256", scram.first()))
        nonces.add(challenge.split(",")[0])
        finals.append(scram.final(challenge))
    assert len(nonces) == 2
    with pytest.raises(SaslFailure):
        stream.response(finals[0])


def test_sasl_14_proof_of_the_old_password(world):
    """SASL-23: the verifiers of an old password are worth nothing."""
    person = world.person()
    verifiers(world, person)
    Client(world, person, mechanism="SCRAM-SHA-1").cut()
    world.root.passwd_s(person.dn, None, "otra clave")
    with Stream(world) as stream:
        stream.secured()
        refused(stream, Scram("SCRAM-SHA-1", person.uid, person.password))
        refused(stream, Scram("SCRAM-SHA-1", person.uid, "otra clave"))
    person.password = "otra clave"
    old = world.profile(person)["imScram"]
    Client(world, person).cut()
    wait_for(lambda: world.profile(person)["imScram"] != old)
    Client(world, person, mechanism="SCRAM-SHA-512").cut()


@pytest.mark.parametrize("password", [
    "pässwörd", "clave con espacios", "'\"<&>,=", "密码", "x" * 1024])
def test_passwords_of_all_kinds(world, password):
    person = world.person(password=password)
    verifiers(world, person)
    if len(password) < 1000:            # SASLprep leaves these as they are
        Client(world, person, mechanism="SCRAM-SHA-256").cut()


def test_stray_response_after_success(world, bound_person):
    with Stream(world) as stream:
        stream.secured()
        stream.login(bound_person)
        stream.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        with pytest.raises((StreamError, Closed)):
            stream.next()


@pytest.mark.parametrize("password, prepared", [
    ("clave1º", "clave1o"), ("2ª clave", "2a clave"), ("precio½", "precio1⁄2"),
    ("gui\u00adon", "guion"), ("contraseña", "contraseña")])
def test_passwords_that_saslprep_maps(world, password, prepared):
    """RFC 5802 §2.2, RFC 4013: clients prepare them."""
    person = world.person(password=password)
    assert attempt(world, person) is None
    wait_for(lambda: attempt(world, person, prepared, "SCRAM-SHA-256") is None)
    assert attempt(world, person, prepared, "SCRAM-SHA-1") is None
