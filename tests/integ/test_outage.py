# SPDX-License-Identifier: Apache-2.0
"""SASL-10, LDAP-11, LDAP-12: the directory is slow, silent, gone, back."""

import signal
import time

import pytest

from client import Client, befriend, condition, settle
from faults import FakeLdap, Proxy
from rawclient import SaslFailure, Stream, CLIENT
from scram import Scram
from service import Service
from world import wait_for

VERDICT = 3.5                   # seconds until a login is told to come again


@pytest.fixture(scope="module")
def private(make_world):
    """A world whose slapd may be hurt."""
    return make_world()


@pytest.fixture
def hurt(private):
    """The same, with slapd well before and after."""
    yield private
    private.slapd(signal.SIGCONT)
    wait_for(lambda: condition_of(private, "nadie") == "not-authorized")


def condition_of(world, user, password="x", mechanism="PLAIN"):
    with Stream(world) as stream:
        stream.secured()
        try:
            if mechanism == "PLAIN":
                stream.plain(user, password)
            else:
                stream.scram(Scram(mechanism, user, password))
        except SaslFailure as why:
            return why.condition
    return None


def is_in(world, person):
    return condition_of(world, person.uid, person.password) is None


def talk(ann, bob):
    """Messages, presence and pings go both ways, at once."""
    began = time.monotonic()
    for one, other in ((ann, bob), (bob, ann)):
        one.message(other.jid, body="¿sigues ahí?")
        got = other.receive("message", timeout=1)
        assert got.findtext(f"{{{CLIENT}}}body") == "¿sigues ahí?"
        one.presence(inner="<status>s</status>")
        other.receive("presence", timeout=1, from_=one.jid)
    settle(ann, bob)
    assert time.monotonic() - began < 1


def friends(world):
    ann, bob = (Client(world, world.person()).come() for _ in range(2))
    befriend(ann, bob)
    return ann, bob


def check_outage(world, ann, bob, third):
    """What "Done when" 4 promises while the directory is away."""
    talk(ann, bob)
    for user, password, mechanism in (
            (third.uid, third.password, "PLAIN"), (third.uid, "falsch", "PLAIN"),
            ("nadie", "x", "PLAIN"), (third.uid, third.password,
                                      "SCRAM-SHA-256")):
        began = time.monotonic()
        assert condition_of(world, user, password, mechanism) == \
            "temporary-auth-failure"
        assert time.monotonic() - began < VERDICT
        talk(ann, bob)


def check_writes_are_refused(ann):
    """directory.md, rule 1: not "empty", not "done"."""
    answer = ann.set_item("nuevo@otra.example")
    assert answer.get("type") == "error"
    assert condition(answer).startswith("wait ")
    assert "nuevo@otra.example" not in ann.items()


def test_sasl_10_slapd_stopped_while_two_talk(hurt):
    third = hurt.person()
    ann, bob = friends(hurt)
    hurt.slapd(signal.SIGSTOP)
    check_outage(hurt, ann, bob, third)
    check_writes_are_refused(ann)
    hurt.slapd(signal.SIGCONT)
    wait_for(lambda: is_in(hurt, third))
    assert ann.set_item("nuevo@otra.example").get("type") == "result"
    talk(ann, bob)


def test_sasl_10_slapd_killed_while_two_talk(hurt):
    third = hurt.person()
    ann, bob = friends(hurt)
    hurt.slapd_kill()
    check_outage(hurt, ann, bob, third)
    check_writes_are_refused(ann)
    hurt.slapd_again()
    wait_for(lambda: is_in(hurt, third))
    assert ann.set_item("nuevo@otra.example").get("type") == "result"
    talk(ann, bob)


def test_sasl_10_failure_is_not_counted_as_a_try(hurt):
    """RFC 6120 §6.4.5 counts wrong passwords, not weather."""
    third = hurt.person()
    hurt.slapd_kill()
    with Stream(hurt) as stream:
        stream.secured()
        for _ in range(4):
            with pytest.raises(SaslFailure) as why:
                stream.plain(third.uid, third.password)
            assert why.value.condition == "temporary-auth-failure"
        hurt.slapd_again()
        wait_for(lambda: is_in(hurt, third))
        stream.plain(third.uid, third.password)


# ---- LDAP-11: silent in each of the stages; the service stays awake ----

def answers_within(service, seconds):
    """Time until a new stream has its features behind TLS."""
    began = time.monotonic()
    with Stream(service) as stream:
        stream.secured()
    assert time.monotonic() - began < seconds


@pytest.mark.parametrize("starttls", ["silent", "refuse"])
def test_ldap_11_silent_directory(world, tmp_path, starttls):
    with FakeLdap(starttls) as fake, Service(
            world, tmp_path, {"ldap.uri": fake.uri}) as service:
        wait_for(lambda: fake.accepted)
        for _ in range(2):
            began = time.monotonic()
            assert condition_of(service, "nadie") == "temporary-auth-failure"
            assert time.monotonic() - began < VERDICT
            answers_within(service, 0.5)
        # LDAP-12: two programs, about once a second each, not in a circle
        assert fake.accepted < 20


@pytest.mark.parametrize("pieces", [1, 7])
def test_ldap_11_bytes_in_small_pieces(world, tmp_path, pieces):
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    person = world.person(jpegPhoto=[b"\xff\xd8\xff\xe0" + b"x" * 2000])
    with Proxy(port) as proxy, Service(
            world, tmp_path, {"ldap.uri": proxy.uri}) as service:
        proxy.pieces = pieces
        with Client(service, person) as ann:
            answer = ann.iq("get", "<vCard xmlns='vcard-temp'/>")
            assert answer.get("type") == "result"


@pytest.fixture
def proxied(world, tmp_path):
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as proxy, Service(
            world, tmp_path, {"ldap.uri": proxy.uri}) as service:
        yield service, proxy


def test_ldap_11_connection_held_in_the_middle(world, proxied):
    service, proxy = proxied
    person = world.person()
    assert is_in(service, person)
    proxy.hold()
    began = time.monotonic()
    assert condition_of(service, person.uid) == "temporary-auth-failure"
    assert time.monotonic() - began < VERDICT
    answers_within(service, 0.5)
    proxy.release()
    wait_for(lambda: is_in(service, person))


def test_ldap_12_connections_cut_again_and_again(world, proxied):
    """Reads are sent again once: a login seldom notices, the next never."""
    service, proxy = proxied
    person = world.person()
    for _ in range(5):
        proxy.cut()
        wait_for(lambda: is_in(service, person))
    with Client(service, person) as ann:
        proxy.cut()
        wait_for(lambda: ann.set_item("x@otra.example").get("type") == "result")
        assert list(ann.items()) == ["x@otra.example"]


def test_ldap_12_second_server_takes_over(world, tmp_path):
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    person = world.person()
    with Proxy(port) as one, Proxy(port) as two, Service(
            world, tmp_path, {"ldap.uri": f"{one.uri} {two.uri}"}) as service:
        assert is_in(service, person)
        assert one.accepted and not two.accepted
        one.mode = "drop"
        one.cut()
        wait_for(lambda: is_in(service, person))
        assert two.accepted


def test_ldap_12_service_starts_before_its_directory(world, tmp_path):
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    person = world.person()
    with Proxy(port) as proxy:
        proxy.mode = "drop"
        with Service(world, tmp_path, {"ldap.uri": proxy.uri}) as service:
            assert condition_of(service, person.uid) == \
                "temporary-auth-failure"
            proxy.mode = "pass"
            wait_for(lambda: is_in(service, person))


def test_only_the_provider_is_gone(world, tmp_path):
    """What was refused without being sent is no reason to mistrust the replica."""
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as provider, Proxy(port) as replica, Service(world, tmp_path, {
            "ldap.write_uri": provider.uri, "ldap.uri": replica.uri,
            "ldap.timeout": "1s"}) as service:
        known = [world.person() for _ in range(6)]      # not by this service
        for person in known:
            assert is_in(world, person)
            wait_for(lambda p=person: condition_of(
                world, p.uid, p.password, "SCRAM-SHA-256") is None)
        with Client(service, world.person()) as ann:
            ann.come().items()
            provider.mode = "drop"
            provider.cut()
            # What was sent on a connection that was cut is in doubt, and another story.
            wait_for(lambda: "ldap-lost write" in service.log)
            wait_for(lambda: "wait" in (condition(ann.set_item("a@otra.example")) or ""))
            time.sleep(2)               # it is known to be gone by then
            for n, person in enumerate(known):
                assert condition(ann.set_item("b@otra.example")).startswith("wait ")
                assert condition_of(service, person.uid, person.password,
                                    "PLAIN" if n % 2 else "SCRAM-SHA-256") is None
            assert ann.items() == {}
        provider.mode = "pass"
