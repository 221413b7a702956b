# SPDX-License-Identifier: Apache-2.0
"""SASL-01 … SASL-09: who may log in, and what is said to who may not."""

import re
import statistics
import time

import pytest

from client import Client
from rawclient import (BIND, SASL, Closed, SaslFailure, Stream, StreamError,
                       decoded, encoded, local, mechanisms)
from scram import HASHES, Scram, escaped, fields

SCRAMS = list(HASHES)
OFFERED = ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
           "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]


@pytest.fixture(scope="module")
def scrammer(shared_world):
    """Somebody who has verifiers: made by one PLAIN login."""
    person = shared_world.person("scram", mail=["s@example.org"])
    verifiers(shared_world, person)
    return person


def verifiers(world, person):
    """Logs in by PLAIN and waits for the verifiers."""
    Client(world, person).cut()
    end = time.monotonic() + 10
    while "imScram" not in (world.profile(person) or {}):
        assert time.monotonic() < end, "no imScram"
        time.sleep(0.02)


def attempt(stream, mechanism, user, password, gs2=None, authzid=""):
    """The condition of the failure, or None."""
    try:
        if mechanism == "PLAIN":
            stream.plain(user, password, authzid)
        else:
            gs2 = gs2 or (f"n,a={escaped(authzid)}," if authzid else None)
            stream.scram(Scram(mechanism, user, password, gs2=gs2))
    except SaslFailure as why:
        return why.condition
    return None


# ---- every mechanism works at all ----

@pytest.mark.parametrize("mechanism", ["PLAIN", *SCRAMS])
def test_login_with_each_mechanism(world, scrammer, mechanism):
    client = Client(world, scrammer, "x", mechanism)
    assert client.jid == f"{scrammer.jid}/x"
    client.cut()


def test_mechanisms_on_offer_best_first(at, connect):
    stream = connect()
    assert mechanisms(stream.secured()) == OFFERED


def test_empty_initial_response_then_response(at, scrammer):
    stream = at("secured")
    challenge = stream.auth("PLAIN", None)
    assert local(challenge) == "challenge" and not challenge.text
    answer = stream.response(f"\0{scrammer.uid}\0{scrammer.password}")
    assert local(answer) == "success"


# ---- SASL-01: acting for somebody else ----

AUTHZIDS = {
    "empty": ("", True), "own_name": ("{uid}", True),
    "own_jid": ("{uid}@{domain}", True),
    "own_other_case": ("{UID}@{domain}", True),
    "victim": ("{victim}", False), "victim_jid": ("{victim}@{domain}", False),
    "own_elsewhere": ("{uid}@otra.example", False),
    "victim_elsewhere": ("{victim}@otra.example", False),
    "own_full_jid": ("{uid}@{domain}/x", False),
    "domain": ("{domain}", False), "garbage": ("@@/", False),
    "prefix": ("{uid}x", False), "space": ("{uid} ", False),
}


@pytest.mark.parametrize("authzid, passes", AUTHZIDS.values(), ids=AUTHZIDS)
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_sasl_01_authzid(at, world, scrammer, somebody, mechanism, authzid,
                         passes):
    stream = at("secured")
    authzid = authzid.format(uid=scrammer.uid, UID=scrammer.uid.upper(),
                             victim=somebody.uid, domain=world.domain)
    why = attempt(stream, mechanism, scrammer.uid, scrammer.password,
                  authzid=authzid)
    assert why == (None if passes else "invalid-authzid")
    if passes:
        stream.restart()
        assert stream.bind("r") == f"{scrammer.jid}/r"


# ---- SASL-02, SASL-03: mechanisms nobody offered ----

@pytest.mark.parametrize("name", [
    "ANONYMOUS", "DIGEST-MD5", "CRAM-MD5", "NTLM", "LOGIN", "OTP", "SRP",
    "EXTERNAL", "GSSAPI", "GS2-KRB5", "SCRAM-SHA-224", "SCRAM-SHA3-512",
    "OAUTHBEARER", "X-OAUTH2", "HT-SHA-256-NONE", "plain", "Plain",
    "scram-sha-256", "PLAIN ", " PLAIN", "PLAINX", "PLAI", "PLAIN&#10;", "",
    "SCRAM-SHA-256-PLUS-PLUS", "SCRAM-SHA-256%00", "PLAIN SCRAM-SHA-1"])
def test_sasl_02_mechanism_not_offered(at, scrammer, name):
    stream = at("secured")
    initial = encoded(f"\0{scrammer.uid}\0{scrammer.password}")
    stream.send(f"<auth xmlns='{SASL}' mechanism='{name}'>{initial}</auth>")
    with pytest.raises(SaslFailure) as why:
        stream.sasl_answer()
    assert why.value.condition == "invalid-mechanism"


def test_sasl_02_no_mechanism_attribute(at):
    stream = at("secured")
    stream.send(f"<auth xmlns='{SASL}'>=</auth>")
    with pytest.raises(SaslFailure) as why:
        stream.sasl_answer()
    assert why.value.condition in ("invalid-mechanism", "malformed-request")


# ---- SASL-04: the SCRAM first message, read before any library sees it ----

FIRST = {
    "authzid_without_end": "n,a=bbbbb,", "authzid_alone": "n,a=",
    "nothing": "", "n": "n", "n_comma": "n,", "gs2_only": "n,,",
    "no_nonce": "n,,n=x", "empty_nonce": "n,,n=x,r=", "no_name": "n,,r=abc",
    "empty_name": "n,,n=,r=abc", "wrong_order": "n,,r=abc,n=x",
    "mandatory_extension": "n,,m=x,n=x,r=abc", "unknown_flag": "q,,n=x,r=abc",
    "bad_escape": "n,,n=a=2Xb,r=abc", "lonely_equals": "n,,n=a=,r=abc",
    "comma_in_nonce": "n,,n=x,r=a,b", "control_in_nonce": "n,,n=x,r=a\x01b",
    "space_in_nonce": "n,,n=x,r=a b", "unicode_nonce": "n,,n=x,r=ñ",
    "nul_in_name": "n,,n=a\0b,r=abc", "long_nonce": "n,,n=x,r=" + "a" * 4000,
    "long_name": "n,,n=" + "x" * 3000 + ",r=abc",
    "long_authzid": "n,a=" + "x" * 3000 + ",n=x,r=abc",
    "binding_without_name": "p=,,n=x,r=abc", "two_authzids": "n,a=x,a=y,n=x,r=a",
    "upper_flag": "N,,n=x,r=abc", "password_field": "n,,n=x,r=abc,p=abc",
}


@pytest.mark.parametrize("message", FIRST.values(), ids=FIRST)
@pytest.mark.parametrize("mechanism", SCRAMS)
def test_sasl_04_bad_first_message(at, mechanism, message):
    stream = at("secured")
    with pytest.raises(SaslFailure) as why:
        answer = stream.auth(mechanism, message)
        # An empty message is no message: the server asks for it.
        assert local(answer) == "challenge" and not message
        stream.response("n,,")
    assert why.value.condition in ("malformed-request", "incorrect-encoding",
                                   "not-authorized", "invalid-authzid")


# ---- SASL-05: not without TLS ----

@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "EXTERNAL"])
def test_sasl_05_no_sasl_without_tls(at, scrammer, mechanism):
    stream = at("opened")
    stream.send(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>"
                + encoded(f"\0{scrammer.uid}\0{scrammer.password}") + "</auth>")
    conditions = []
    try:
        while True:
            try:
                answer = stream.sasl_answer()
                assert local(answer) not in ("success", "challenge")
            except SaslFailure as why:
                conditions.append(why.condition)
    except StreamError as why:
        conditions.append(why.condition)
    except Closed:
        pass
    assert set(conditions) <= {"encryption-required", "policy-violation"}
    assert conditions


# ---- SASL-06: malformed PLAIN ----

PLAIN = {
    "not_base64": b"!!!!", "half_base64": b"AGE", "spaced_base64": b"AGEA YQ==",
    "url_base64": b"_-__", "padding_inside": b"AA==AA==", "nothing": b"=",
    "dangling_bits": b"AGEAYR==", "newline": b"AGEA\nYQ==",
    "no_nul": "abc", "one_nul": "\0abc", "three_nul": "\0a\0b\0c",
    "nul_in_password": "\0{uid}\0{password}\0",
    "empty_user": "\0\0{password}", "empty_password": "\0{uid}\0",
    "both_empty": "\0\0", "nul_password": "\0{uid}\0\0",
    "bad_utf8": b"AP9h/wBi", "long_password": "\0{uid}\0" + "x" * 1025,
    "long_user": "\0" + "x" * 1024 + "\0{password}",
    "full_jid": "\0{uid}@{domain}/r\0{password}",
    "user_elsewhere": "\0{uid}@otra.example\0{password}",
    "at_sign": "\0@\0{password}", "slash": "\0a/b\0{password}",
    "space_user": "\0 {uid}\0{password}",
}


@pytest.mark.parametrize("message", PLAIN.values(), ids=PLAIN)
def test_sasl_06_malformed_plain(at, world, scrammer, message):
    stream = at("secured")
    if isinstance(message, str):
        message = message.format(uid=scrammer.uid, domain=world.domain,
                                 password=scrammer.password)
    with pytest.raises(SaslFailure) as why:
        stream.auth("PLAIN", message)
    assert why.value.condition in ("incorrect-encoding", "malformed-request",
                                   "not-authorized", "invalid-authzid")


@pytest.mark.parametrize("message", [b"!!!!", b"AGE", b"_-__"])
def test_sasl_06_bad_base64_has_its_own_condition(at, message):
    with pytest.raises(SaslFailure) as why:
        at("secured").auth("PLAIN", message)
    assert why.value.condition == "incorrect-encoding"


def test_sasl_06_element_inside(at):
    stream = at("secured")
    stream.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>AG<x/>EAYQ==</auth>")
    with pytest.raises((SaslFailure, StreamError)):
        stream.sasl_answer()


# ---- SASL-07: unknown people look the same ----

def first_answer(world, mechanism, user):
    with Stream(world) as stream:
        stream.secured()
        scram = Scram(mechanism, user, "wrong")
        challenge = decoded(stream.auth(mechanism, scram.first()))
        with pytest.raises(SaslFailure) as why:
            stream.response(scram.final(challenge))
        return fields(challenge), why.value


@pytest.mark.parametrize("mechanism", SCRAMS)
def test_sasl_07_unknown_person_gets_a_challenge(world, scrammer, mechanism):
    known, why = first_answer(world, mechanism, scrammer.uid)
    ghost, ghost_why = first_answer(world, mechanism, "nadie")
    again, _ = first_answer(world, mechanism, "nadie")
    other, _ = first_answer(world, mechanism, "nadie2")
    assert ghost["s"] == again["s"] != other["s"]
    assert ghost["i"] == known["i"] and len(ghost["s"]) == len(known["s"])
    assert list(ghost) == list(known)
    assert len(ghost["r"]) == len(known["r"])
    assert why.condition == ghost_why.condition == "not-authorized"
    assert str(why) == str(ghost_why)


def test_sasl_07_one_without_verifiers_looks_the_same(world, somebody):
    fresh = world.person()
    known, why = first_answer(world, "SCRAM-SHA-256", fresh.uid)
    again, _ = first_answer(world, "SCRAM-SHA-256", fresh.uid)
    assert known["s"] == again["s"] and why.condition == "not-authorized"


# ---- SASL-08: nor by time ----

def test_sasl_08_unknown_takes_as_long_as_wrong(world, scrammer):
    """A coarse look: medians of interleaved tries (the fine one is a bench)."""
    took = {"known": [], "unknown": []}
    for _ in range(25):
        for kind, user in (("known", scrammer.uid), ("unknown", "nadie3")):
            with Stream(world) as stream:
                stream.secured()
                began = time.perf_counter()
                assert attempt(stream, "PLAIN", user, "falsch")
                took[kind].append(time.perf_counter() - began)
    known, unknown = (statistics.median(took[k]) for k in ("known", "unknown"))
    assert abs(known - unknown) < max(0.004, 0.5 * known), took


# ---- SASL-09: nor by what is said ----

REFUSED = {
    "unknown": lambda w: "fantasma",
    "wrong_password": lambda w: w.person().uid,
    "without_password": lambda w: w.person(userPassword=[]).uid,
    "locked": lambda w: w.person(pwdAccountLockedTime=["000001010000Z"]).uid,
    "expired": lambda w: w.person(pwdEndTime=["20200101000000Z"]).uid,
    "not_yet": lambda w: w.person(pwdStartTime=["20990101000000Z"]).uid,
    "shadow_expired": lambda w: w.person(
        objectClass=["inetOrgPerson", "shadowAccount"],
        shadowExpire=["17000"]).uid,
    "no_person": lambda w: "im-admins",
}
NEEDS_RELAX = {"locked", "expired", "not_yet"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-1"])
def test_sasl_09_same_answer_for_everybody(world, mechanism):
    seen = {}
    for name, make in REFUSED.items():
        user = make(world)
        password = "falsch" if name in ("wrong_password", "unknown") \
            else f"clave de {user}"
        with Stream(world) as stream:
            stream.secured()
            stream.raw = b""
            assert attempt(stream, mechanism, user, password) == \
                "not-authorized", name
            seen[name] = stream.raw.rpartition(b"<failure")[2]
    assert len(set(seen.values())) == 1, seen


def test_sasl_09_right_password_of_a_suspended_account(world):
    person = world.person()
    verifiers(world, person)
    dn = world.search("ou=profiles," + world.env["IM_BASE"],
                      f"(jid={person.jid})")[0][0]
    world.modify(dn, imStatus=["suspended"])
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        with Stream(world) as stream:
            stream.secured()
            assert attempt(stream, mechanism, person.uid, person.password) == \
                "not-authorized"
    world.modify(dn, imStatus=["active"])
    Client(world, person, mechanism="SCRAM-SHA-256").cut()


def test_sasl_09_nothing_of_the_directory_is_told(world, scrammer):
    with Stream(world) as stream:
        stream.secured()
        attempt(stream, "PLAIN", scrammer.uid, "falsch")
        assert not re.search(rb"dc=|ou=|ldap|invalid cred", stream.raw, re.I)


def test_three_tries_and_the_stream_ends(at):
    """RFC 6120 §6.4.5: two to five."""
    stream, tries = at("secured"), 0
    try:
        while tries < 6:
            attempt(stream, "PLAIN", "nadie", "x")
            tries += 1
    except StreamError as why:
        assert why.condition == "policy-violation"
    except Closed:
        pass
    assert 2 <= tries <= 5
    assert stream.is_over()


# ---- SASL-16, -17: guessing ----

GUESSES = 100               # core/guesses.c: of a name, from a loopback address


def guess(world, person, password, mechanism="PLAIN", source="127.0.0.1"):
    """The condition of one login on a stream of its own; None: it is in."""
    stream = Stream(world, "direct", source=source)
    stream.opened()
    found = attempt(stream, mechanism, person.uid, password)
    stream.socket.close()
    return found


def test_sasl_16_guesses_end(world):
    person = world.person()
    verifiers(world, person)
    for _ in range(GUESSES):
        assert guess(world, person, "falsch") == "not-authorized"
    # Used up: right and wrong sound alike, and the directory is not asked.
    before = len(re.findall("too-many-guesses", world.logs()))
    assert guess(world, person, "falsch") == "temporary-auth-failure"
    assert guess(world, person, person.password) == "temporary-auth-failure"
    assert len(re.findall("too-many-guesses", world.logs())) >= before + 2
    # Somebody else at the same address, and the same person elsewhere, are not
    # locked out; nor is SCRAM, which asks the directory for no bind.
    other = world.person()
    assert guess(world, other, other.password) is None
    assert guess(world, person, person.password, source="127.0.0.9") is None
    assert guess(world, person, person.password, "SCRAM-SHA-256") is None
    # Who knows the password is forgiven.
    assert guess(world, person, person.password) is None


# ---- abort, order (SASL-19) ----

def test_abort_is_answered(at, scrammer):
    stream = at("secured")
    stream.auth("SCRAM-SHA-1", Scram("SCRAM-SHA-1", "x", "y").first())
    stream.send(f"<abort xmlns='{SASL}'/>")
    with pytest.raises(SaslFailure) as why:
        stream.sasl_answer()
    assert why.value.condition == "aborted"
    stream.login(scrammer)
    assert stream.bind("r") == f"{scrammer.jid}/r"


@pytest.mark.parametrize("text", [
    f"<response xmlns='{SASL}'>=</response>",
    f"<success xmlns='{SASL}'/>", f"<challenge xmlns='{SASL}'/>",
    f"<iq type='set' id='x'><bind xmlns='{BIND}'/></iq>"],
    ids=["response", "success", "challenge", "bind"])
def test_out_of_order_before_auth(at, text):
    stream = at("secured")
    stream.send(text)
    assert stream.error() in ("not-authorized", "policy-violation",
                              "unsupported-stanza-type")


def test_second_auth_while_one_runs(at, scrammer):
    stream = at("secured")
    stream.auth("SCRAM-SHA-1", Scram("SCRAM-SHA-1", "x", "y").first())
    stream.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>"
                + encoded(f"\0{scrammer.uid}\0{scrammer.password}") + "</auth>")
    assert stream.error() in ("not-authorized", "policy-violation",
                              "unsupported-stanza-type")


def test_stanza_pipelined_behind_auth_waits_for_the_new_stream(at, scrammer):
    """What stands behind <auth/> belongs to the new stream, whose header is
    missing then: it must not be taken for a stanza of the old one."""
    stream = at("secured")
    stream.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>"
                + encoded(f"\0{scrammer.uid}\0{scrammer.password}") + "</auth>"
                f"<iq type='set' id='x'><bind xmlns='{BIND}'/></iq>")
    with pytest.raises((StreamError, Closed)):
        while True:
            assert local(stream.next()) in ("success", "stream", "failure")
