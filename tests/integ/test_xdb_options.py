# SPDX-License-Identifier: Apache-2.0
"""What a site may want besides: pinned keys, a certificate of our own, aliases,
references; and servers that say they are busy, slow or not available."""

import base64
import hashlib
import subprocess
import time

import ldap
import ldap.modlist
import pytest

from ldapfaults import ANSWERS, SEARCH, Fake, result, tlv
from world import wait_for
from xdbprobe import Probe, settings
from xdbworld import slapd, root  # noqa: F401
from test_xdb_faults import (  # noqa: F401
    BRISK, FAKE_CONF, fake, is_down_in_time, is_ok, open_store, private)


def openssl(*words, **more):
    return subprocess.run(["openssl", *map(str, words)], check=True,
                          capture_output=True, **more).stdout


def pin_of(certificate):
    """RFC 7469 §2.4, as everybody computes it."""
    key = openssl("x509", "-in", certificate, "-pubkey", "-noout")
    der = openssl("pkey", "-pubin", "-outform", "DER", input=key)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


# --- pins ---------------------------------------------------------------------------

def test_the_pinned_key(slapd, open_store):                     # noqa: F811
    good = open_store(slapd, pin=pin_of(slapd.state / "tls/ldap.pem"))
    assert is_ok(good.ask("account_load", uid="lucia"))


def test_another_key_is_refused_whoever_signed_it(slapd, open_store):   # noqa: F811
    probe = open_store(slapd, pin=pin_of(slapd.state / "tls/ca.pem"), **BRISK)
    is_down_in_time(probe)
    is_down_in_time(probe, "password_check", dn=slapd.dn("lucia"), password="x")
    assert "pinned" in probe.ask("state")["why"]


@pytest.mark.parametrize("pin", ["", "x", "AAAA", "A" * 44])
def test_what_is_no_pin(slapd, pin):                            # noqa: F811
    probe = Probe()
    answer = probe.ask("open", **settings(slapd, pin=pin))
    assert answer["status"] == "failed" and "pin" in answer["why"]
    probe.end()


# --- a certificate instead of a password ------------------------------------------------

NAME = "cn=tertulia im,o=service"


@pytest.fixture(scope="module")
def identity(slapd, root, tmp_path_factory):                    # noqa: F811
    """A certificate that slapd's authority signed, and that slapd takes for
    cn=im; (certificate, key)."""
    folder = tmp_path_factory.mktemp("identity")
    key, request, cert = (folder / n for n in ("key.pem", "csr.pem", "cert.pem"))
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/O=service/CN=tertulia im", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", slapd.state / "tls/ca.pem",
            "-CAkey", slapd.state / "tls/ca.key", "-set_serial", "7",
            "-days", "2", "-out", cert)
    root.modify_s("cn=config", [
        (ldap.MOD_REPLACE, "olcTLSVerifyClient", b"try"),
        (ldap.MOD_REPLACE, "olcAuthzRegexp",
         f'"^{NAME}$" "{slapd.env["IM_DN"]}"'.encode())])
    yield str(cert), str(key)
    root.modify_s("cn=config", [
        (ldap.MOD_REPLACE, "olcTLSVerifyClient", b"never"),
        (ldap.MOD_DELETE, "olcAuthzRegexp", None)])


def test_our_certificate_is_our_identity(slapd, root, identity, open_store):     # noqa: F811
    certificate, key = identity
    probe = open_store(slapd, bind_dn="", bind_password="", sasl_external=True,
                       certificate=certificate, key=key)
    who = probe.account("rnovo")["person"]
    assert is_ok(probe.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                           jid="rnovo@example.org"))
    profile = probe.account("rnovo")["profile"]
    made = root.search_s(profile["dn"], ldap.SCOPE_BASE,
                         attrlist=["creatorsName"])[0][1]
    assert made["creatorsName"] == [slapd.env["IM_DN"].encode()]
    root.delete_s(profile["dn"])


def test_without_it_there_is_none(slapd, identity, open_store):          # noqa: F811
    assert identity
    is_down_in_time(open_store(slapd, bind_dn="", bind_password="",
                               sasl_external=True, **BRISK))


# --- aliases and references -----------------------------------------------------------------

NEVER, IN_SEARCH = 0, 1


def test_aliases_are_followed_where_that_is_asked_for(slapd, root, open_store):  # noqa: F811
    people, base = slapd.env["PEOPLE_BASE"], slapd.env["LDAP_BASE"]
    entries = {
        f"ou=elsewhere,{base}": {
            "objectClass": [b"organizationalUnit"], "ou": [b"elsewhere"]},
        f"uid=ghost,ou=elsewhere,{base}": {
            "objectClass": [b"inetOrgPerson"], "uid": [b"ghost"],
            "cn": [b"x"], "sn": [b"x"]},
        f"uid=alias,{people}": {
            "objectClass": [b"alias", b"extensibleObject"], "uid": [b"alias"],
            "aliasedObjectName": [f"uid=ghost,ou=elsewhere,{base}".encode()]},
    }
    for dn, attributes in entries.items():
        root.add_s(dn, ldap.modlist.addModlist(attributes))
    try:
        shy, bold = (open_store(slapd, deref=how) for how in (NEVER, IN_SEARCH))
        assert shy.ask("account_load", uid="ghost")["status"] == "absent"
        assert is_ok(bold.ask("account_load", uid="ghost"))
    finally:
        for dn in reversed(entries):
            root.delete_s(dn)


def test_references_are_left_aside_where_that_is_asked_for(fake, open_store):    # noqa: F811
    """Active Directory adds some to every search; nobody calls there."""
    other = Fake()
    try:
        fake.answers[SEARCH] = [tlv(0x73, tlv(4, other.uri.encode())),
                                result(ANSWERS[SEARCH], 0)]
        probes = {}
        for ignores in True, False:
            probes[ignores] = Probe().open(
                uri=[fake.uri], ignore_references=ignores, **FAKE_CONF)
        assert probes[True].ask("account_load", uid="x")["status"] == "absent"
        assert probes[False].ask("account_load", uid="x")["status"] == "broken"
        for probe in probes.values():
            probe.end()
        assert not other.accepted
    finally:
        other.close()


# --- servers that are not well -----------------------------------------------------------------

@pytest.fixture
def others(fake):                                               # noqa: F811
    """Two servers, the first of which says what the test wants."""
    second = Fake()
    probe = Probe().open(uri=[fake.uri, second.uri], **FAKE_CONF)
    assert probe.ask("account_load", uid="x")["status"] == "absent"
    yield probe, fake, second
    probe.end()
    second.close()


def in_use(probe):
    return probe.ask("state")["server"]


UNWELL = {
    "unavailable": lambda request: result(ANSWERS[SEARCH], 52),
    "slow by 5 s": lambda request: time.sleep(5) or result(ANSWERS[SEARCH], 0),
}


@pytest.mark.parametrize("how", UNWELL)
def test_the_next_server_answers(others, how):
    probe, first, second = others
    assert in_use(probe) == first.uri
    first.answers[SEARCH] = UNWELL[how]
    answer = probe.ask("account_load", uid="x")
    assert answer["status"] == "absent" and answer["ms"] < 3500, answer
    assert in_use(probe) == second.uri
    del first.answers[SEARCH]
    wait_for(lambda: in_use(probe) == first.uri, 30, 0.1)


@pytest.mark.parametrize("code, status", [(51, "busy"), (53, "refused")])
def test_a_server_that_says_no_is_taken_at_its_word(others, code, status):
    """Busy is for everybody: asking the next at once would make that busy."""
    probe, first, _ = others
    first.answers[SEARCH] = result(ANSWERS[SEARCH], code)
    for _ in range(5):
        assert probe.ask("account_load", uid="x")["status"] == status
    assert in_use(probe) == first.uri


def test_all_say_that_they_are_not_available(others):
    probe, *servers = others
    for server in servers:
        server.answers[SEARCH] = result(ANSWERS[SEARCH], 52)
    for _ in range(3):
        is_down_in_time(probe, uid="x")
    for server in servers:
        del server.answers[SEARCH]
    probe.until(10, lambda a: a["status"] == "absent", "account_load", uid="x")


def test_back_within_ten_seconds_though_nobody_asks(private, open_store):        # noqa: F811
    """After an outage that was long enough for pauses to have grown."""
    probe = open_store(private, search_connections=1)
    assert is_ok(probe.ask("account_load", uid="admin"))
    private.stop()
    probe.stays_silent(-1, 25)
    private.start()
    wait_for(lambda: probe.ask("state")["is_up"], every=0.1)
