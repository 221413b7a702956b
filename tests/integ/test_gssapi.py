# SPDX-License-Identifier: Apache-2.0
"""Logging in by a Kerberos ticket (GSSAPI, RFC 4752), with a KDC of our own."""

import os
import subprocess
import threading

import pytest

from client import Client
from kerberos import INTEGRITY, NAME, Login, Realm, sent, text
from rawclient import SASL, SaslFailure, Stream, mechanisms
from service import Service, build, conf_text
from world import wait_for

IN, REFUSED, AUTHZID = "in", "not-authorized", "invalid-authzid"
MALFORMED = "malformed-request"


@pytest.fixture(scope="module")
def realm(tmp_path_factory):
    with Realm(tmp_path_factory.mktemp("realm")) as realm:
        yield realm


@pytest.fixture(scope="module")
def keytab(realm):
    return realm.keytab("xmpp/localhost")


@pytest.fixture(scope="module")
def service(shared_world, tmp_path_factory, keytab):
    with Service(shared_world, tmp_path_factory.mktemp("kerberos"), {
            "sasl.keytab": keytab,
            "sasl.kerberos_realms": f"OTHER.EXAMPLE {NAME}"}) as service:
        yield service


def principal(realm, name):
    realm.person(name, "clave de kerberos")
    return realm.ticket(name, "clave de kerberos")


@pytest.fixture(scope="module")
def lucia(shared_world, realm):
    """A person with an account and a ticket."""
    person = shared_world.person("kerb")
    person.ticket = principal(realm, person.uid)
    return person


def outcome(service, ticket, **more):
    """IN and who it is, or the condition of the failure."""
    with Stream(service) as stream:
        stream.secured()
        try:
            answer = Login(ticket).run(stream, **more)
            assert answer.tag == f"{{{SASL}}}success" and not answer.text
        except SaslFailure as why:
            return why.condition
        stream.restart()
        return IN, stream.bind("r").partition("/")[0]


def test_ticket_is_enough(service, lucia):
    assert outcome(service, lucia.ticket) == (IN, lucia.jid)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("authzid, is_in", [
    ("{uid}", True), ("{jid}", True), ("{JID}", True),
    ("{uid}@" + NAME, True), ("eva", False), ("eva@localhost", False),
    ("{jid}/phone", False), ("{uid}@OTHER.EXAMPLE", False)])
def test_sasl_01_authzid(service, lucia, authzid, is_in, late):
    authzid = authzid.format(uid=lucia.uid, jid=lucia.jid,
                             JID=lucia.jid.upper())
    expected = (IN, lucia.jid) if is_in else AUTHZID
    assert outcome(service, lucia.ticket, authzid=authzid.encode(),
                   late=late) == expected


@pytest.mark.parametrize("authzid", [b"luc\xff", b"\xc0\x80"])
def test_sasl_06_odd_authzid(service, lucia, authzid):
    assert outcome(service, lucia.ticket, authzid=authzid) in (AUTHZID, REFUSED)


@pytest.mark.parametrize("instance", ["admin", "localhost"])
def test_roles_are_nobody(service, realm, lucia, instance):
    ticket = principal(realm, f"{lucia.uid}/{instance}")
    assert outcome(service, ticket) == REFUSED


def test_a_principal_that_is_nobody_here(service, realm):
    assert outcome(service, principal(realm, "nadie-nunca")) == REFUSED


def test_name_is_prepared(service, realm):
    """As that of the account: the directory knows no capitals."""
    person = service.world.person("kerb")
    ticket = principal(realm, person.uid.upper())
    assert outcome(service, ticket) == (IN, person.jid)


@pytest.mark.parametrize("attributes", [
    {"shadowExpire": ["17000"]}, {"imStatus": ["suspended"]}])
def test_sasl_22_accounts_that_may_not_log_in(service, realm, attributes):
    world = service.world
    more = ({"objectClass": ["inetOrgPerson", "shadowAccount"], **attributes}
            if "shadowExpire" in attributes else {})
    person = world.person("kerb", **more)
    ticket = principal(realm, person.uid)
    if "imStatus" in attributes:
        assert outcome(service, ticket) == (IN, person.jid)
        (dn, _), = world.search("ou=profiles," + world.env["IM_BASE"],
                                f"(jid={person.jid})")
        world.modify(dn, **attributes)
    assert outcome(service, ticket) == REFUSED


def test_first_login_makes_the_profile(service, realm):
    person = service.world.person("kerb")
    ticket = principal(realm, person.uid)
    assert outcome(service, ticket) == (IN, person.jid)
    assert service.world.profile(person)["imStatus"] == ["active"]


# ---- what is offered ----

def test_offered_when_there_is_a_keytab(service, world):
    with Stream(service) as stream:
        assert mechanisms(stream.secured())[0] == "GSSAPI"
    with Stream(world) as stream:
        assert "GSSAPI" not in mechanisms(stream.secured())
        with pytest.raises(SaslFailure) as why:
            stream.auth("GSSAPI", "x")
        assert why.value.condition == "invalid-mechanism"


def test_sasl_03_its_kin_is_not(service):
    with Stream(service) as stream:
        offered = mechanisms(stream.secured())
        assert not {"GSS-SPNEGO", "GS2-KRB5", "GS2-KRB5-PLUS"} & set(offered)
    for name in ("GSS-SPNEGO", "GS2-KRB5", "gssapi"):
        with Stream(service) as stream:
            stream.secured()
            with pytest.raises(SaslFailure) as why:
                stream.auth(name, "x")
            assert why.value.condition == "invalid-mechanism"


def test_passwords_count_as_before(service, lucia):
    Client(service, lucia).cut()
    wait_for(lambda: "imScram" in service.world.profile(lucia), 30)
    Client(service, lucia, mechanism="SCRAM-SHA-256").cut()


# ---- tickets that are none ----

def test_realm_that_is_not_ours(world, tmp_path, keytab, lucia):
    with Service(world, tmp_path, {
            "sasl.keytab": keytab,
            "sasl.kerberos_realms": "OTHER.EXAMPLE"}) as service:
        assert outcome(service, lucia.ticket) == REFUSED
        assert outcome(service, lucia.ticket,
                       authzid=lucia.uid.encode()) == REFUSED


def test_ticket_for_another_service(service, realm, lucia):
    realm.keytab("imap/localhost", name="other")
    with Stream(service) as stream:
        stream.secured()
        with pytest.raises(SaslFailure) as why:
            stream.auth("GSSAPI", text(
                Login(lucia.ticket, "imap@localhost").first()))
        assert why.value.condition == REFUSED


def test_keytab_with_an_old_key(world, tmp_path, realm, lucia):
    keytab = realm.keytab("xmpp/viejo.example", name="old")
    realm.new_key("xmpp/viejo.example")
    ticket = realm.ticket(lucia.uid, "clave de kerberos")
    with Service(world, tmp_path, {
            "sasl.keytab": keytab, "sasl.kerberos_host": "viejo.example",
            "sasl.kerberos_realms": NAME}) as service, \
            Stream(service) as stream:
        stream.secured()
        with pytest.raises(SaslFailure) as why:
            stream.auth("GSSAPI", text(
                Login(ticket, "xmpp@viejo.example").first()))
        assert why.value.condition == REFUSED


def test_another_host_by_the_settings(world, tmp_path, realm, lucia):
    keytab = realm.keytab("xmpp/chat.example", name="chat")
    with Service(world, tmp_path, {
            "sasl.keytab": keytab, "sasl.kerberos_host": "chat.example",
            "sasl.kerberos_realms": NAME}) as service, \
            Stream(service) as stream:
        stream.secured()
        Login(lucia.ticket, "xmpp@chat.example").run(stream)


def test_replayed_token(service, lucia):
    token = text(Login(lucia.ticket).first())
    with Stream(service) as one, Stream(service) as two:
        one.secured()
        two.secured()
        assert one.auth("GSSAPI", token).tag == f"{{{SASL}}}challenge"
        with pytest.raises(SaslFailure) as why:
            two.auth("GSSAPI", token)
        assert why.value.condition == REFUSED


def changed(token, at):
    at %= len(token)
    return token[:at] + bytes([token[at] ^ 1]) + token[at + 1:]


@pytest.mark.parametrize("bend, expected", [
    (lambda t: b"", MALFORMED), (lambda t: b"\0lucia\0x", MALFORMED),
    (lambda t: t[:-1], MALFORMED), (lambda t: t + b"x", MALFORMED),
    (lambda t: t[:40], MALFORMED), (lambda t: changed(t, 0), MALFORMED),
    (lambda t: changed(t, 8), MALFORMED), (lambda t: changed(t, -1), REFUSED),
    (lambda t: changed(t, len(t) // 2), REFUSED),
    (lambda t: changed(t, 30), REFUSED)],
    ids=["empty", "password", "shorter", "longer", "half", "tag", "OID",
         "last byte", "middle", "ticket"])
def test_sasl_04_bent_tokens(service, lucia, bend, expected):
    token = bend(Login(lucia.ticket).first())
    with Stream(service) as stream:
        stream.secured()
        with pytest.raises(SaslFailure) as why:
            stream.auth("GSSAPI", text(token))
        assert why.value.condition == expected
        stream.login(lucia)             # and nothing of it is left
        assert stream.bind("r") == f"{lucia.jid}/r"


@pytest.mark.parametrize("step", ["second", "third"])
@pytest.mark.parametrize("what", [b"", b"x", b"x" * 5000],
                         ids=["empty", "short", "long"])
def test_sasl_04_bent_responses(service, lucia, step, what):
    if (step, what) == ("second", b""):
        what = b"\0"                    # empty would be right
    with Stream(service) as stream:
        stream.secured()
        login = Login(lucia.ticket)
        stream.auth("GSSAPI", text(login.first()))
        if step == "third":
            stream.response(text(b""))
        with pytest.raises(SaslFailure) as why:
            stream.response(text(what))
        assert why.value.condition == REFUSED
        stream.login(lucia)


def test_no_security_layer_inside_tls(service, lucia):
    assert outcome(service, lucia.ticket, layer=INTEGRITY) == REFUSED


def test_confidence_in_ones_own_choice(service, lucia):
    """What is wrapped for another exchange does not open this one."""
    with Stream(service) as stream:
        stream.secured()
        login, other = Login(lucia.ticket), Login(lucia.ticket)
        with Stream(service) as second:
            second.secured()
            other.context.step(sent(second.auth("GSSAPI",
                                                text(other.first()))))
            wrapped = other.choose(sent(second.response(text(b""))))
        login.context.step(sent(stream.auth("GSSAPI", text(login.first()))))
        stream.response(text(b""))
        with pytest.raises(SaslFailure) as why:
            stream.response(text(wrapped))
        assert why.value.condition == REFUSED


# ---- the thread pool ----

def test_aborted_and_tried_again(service, lucia):
    with Stream(service) as stream:
        stream.secured()
        stream.auth("GSSAPI", text(Login(lucia.ticket).first()))
        stream.send(f"<abort xmlns='{SASL}'/>")
        with pytest.raises(SaslFailure) as why:
            stream.sasl_answer()
        assert why.value.condition == "aborted"
        Login(lucia.ticket).run(stream)


def test_who_leaves_while_a_step_is_at_work(service, lucia):
    for _ in range(50):
        stream = Stream(service)
        stream.secured()
        stream.send(f"<auth xmlns='{SASL}' mechanism='GSSAPI'>"
                    f"{text(Login(lucia.ticket).first()).decode()}</auth>")
        stream.cut()
    assert outcome(service, lucia.ticket) == (IN, lucia.jid)


def test_many_at_once(service, lucia):
    found = []

    def log_in():
        found.append(outcome(service, lucia.ticket))
    threads = [threading.Thread(target=log_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(IN, lucia.jid)] * 8


def test_nothing_waits_for_the_keytab(world, tmp_path, keytab, lucia):
    """It lies on a disk that does not answer: a pipe without a writer.  Whoever
    has a password logs in meanwhile, and the pool has threads left for what is
    made of the password."""
    copy, pipe = tmp_path / "keytab", tmp_path / "pipe"
    copy.write_bytes(keytab.read_bytes())
    copy.chmod(0o600)
    with Service(world, tmp_path / "s", {
            "sasl.keytab": copy, "sasl.kerberos_realms": NAME}) as service:
        assert outcome(service, lucia.ticket) == (IN, lucia.jid)
        copy.rename(tmp_path / "good")
        os.mkfifo(pipe)
        os.link(pipe, copy)
        waiting = [Stream(service) for _ in range(6)]
        for stream in waiting:
            stream.secured()
            stream.send(
                f"<auth xmlns='{SASL}' mechanism='GSSAPI'>"
                f"{text(Login(lucia.ticket).first()).decode()}</auth>")
        person = world.person("kerb")
        Client(service, person).cut()
        wait_for(lambda: "imScram" in world.profile(person), 30)
        for stream in waiting[1:]:
            with pytest.raises(TimeoutError):
                stream.next(0.01)
            stream.cut()
        (tmp_path / "good").rename(copy)
        with open(pipe, "wb"):
            pass                        # an end, and no key in it
        with pytest.raises(SaslFailure) as why:
            waiting[0].sasl_answer()
        assert why.value.condition == "temporary-auth-failure"
        assert outcome(service, lucia.ticket) == (IN, lucia.jid)


def test_keytab_goes_away(world, tmp_path, keytab, lucia):
    copy = tmp_path / "keytab"
    copy.write_bytes(keytab.read_bytes())
    copy.chmod(0o600)
    with Service(world, tmp_path / "s", {
            "sasl.keytab": copy,
            "sasl.kerberos_realms": NAME}) as service:
        copy.unlink()
        assert outcome(service, lucia.ticket) == "temporary-auth-failure"
        copy.write_text("no keytab")
        assert outcome(service, lucia.ticket) == "temporary-auth-failure"
        Client(service, lucia).cut()
        copy.write_bytes(keytab.read_bytes())
        assert outcome(service, lucia.ticket) == (IN, lucia.jid)


def test_environment_does_not_steer_it(world, tmp_path, realm, keytab, lucia):
    other = tmp_path / "krb5.conf"
    other.write_text(f"[libdefaults]\ndefault_realm = {NAME}\n")
    with Service(world, tmp_path / "s", {
            "sasl.keytab": keytab, "sasl.kerberos_realms": "OTHER.EXAMPLE"},
            environment={"KRB5_CONFIG": str(other),
                         "KRB5_KTNAME": "/nonexistent"}) as service:
        assert outcome(service, lucia.ticket) == REFUSED


# ---- settings ----

def readable(folder, keytab):
    copy = folder / "copy"
    copy.write_bytes(keytab.read_bytes())
    copy.chmod(0o644)
    return copy


@pytest.mark.parametrize("plant, said", [
    (lambda folder, keytab: {"sasl.keytab": keytab}, "kerberos_realms"),
    (lambda folder, keytab: {"sasl.keytab": "/nonexistent",
                             "sasl.kerberos_realms": NAME}, "No such file"),
    (lambda folder, keytab: {"sasl.keytab": "keytab",
                             "sasl.kerberos_realms": NAME}, "no whole path"),
    (lambda folder, keytab: {"sasl.keytab": readable(folder, keytab),
                             "sasl.kerberos_realms": NAME}, "chmod 600")])
def test_settings_that_cannot_be(world, tmp_path, keytab, plant, said):
    conf = tmp_path / "t.conf"
    conf.write_text(conf_text((world.state / "tertulia.conf").read_text(),
                              plant(tmp_path, keytab)))
    done = subprocess.run([build() / "tertuliad", "-t", "-c", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and said in done.stdout + done.stderr
