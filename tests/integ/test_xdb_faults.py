# SPDX-License-Identifier: Apache-2.0
"""The store while its directory is slow, silent, gone, wrong or hostile.

The limits are the issue's: no answer later than 3.5 s, back within 10 s of the
directory's return, and the loop never waits.
"""

import os
import pathlib
import random
import signal
import socket
import threading
import time

import ldap
import pytest

from directory import Directory
from ldapfaults import (ADD, ANSWERS, BIND, EXTENDED, Fake, MODIFY, Proxy,
                        SEARCH, entry, message, result, tlv)
from world import claim, wait_for
from xdbprobe import NO_RIGHT, WRONG_PASSWORD, Probe, settings
from xdbworld import slapd  # noqa: F401

DEADLINE_MS = 3500
BACK_WITHIN = 10
# Where the length of the deadline is not the point, a shorter one.
BRISK = {"timeout_ms": 1000, "connect_timeout_ms": 700}
# The loop waits for nothing but events.  A call that waits for a silent server
# lasts as long as the shortest deadline, 700 ms.
WAIT_MS = 350


@pytest.fixture
def private(tmp_path):
    """A slapd to be stopped and started, always at one port."""
    while not claim(port := random.randrange(20000, 30000)):
        pass
    one = Directory(tmp_path / "slapd", LDAP_PORT=str(port), SAMPLE="no").start()
    yield one
    one.stop()


@pytest.fixture
def proxy(slapd):
    one = Proxy(int(slapd.env["LDAP_PORT"]))
    yield one
    one.close()


@pytest.fixture
def fake():
    one = Fake()
    yield one
    one.close()


@pytest.fixture
def open_store():
    """open_store(directory, …): a probe with the store open, ended after."""
    probes = []

    def make(directory, env=None, **more):
        probes.append(Probe(env))
        return probes[-1].open(**settings(directory, **more))
    yield make
    for probe in probes:
        probe.end()


FAKE_CONF = {"start_tls": False, "bind_dn": "cn=im", "bind_password": "x",
             "people_base": "ou=people,dc=x", "im_base": "ou=im,dc=x",
             "people_filter": "(objectClass=*)", "domain": "example.org"}


@pytest.fixture
def open_fake(fake):
    probes = []

    def make(**more):
        probes.append(Probe())
        return probes[-1].open(uri=[fake.uri], **{**FAKE_CONF, **more})
    yield make
    for probe in probes:
        probe.end()


PATIENT_MS = 5000               # [ldap] timeout


def is_ok(answer):
    return answer["status"] == "ok"


def is_down_in_time(probe, do="account_load", **what):
    answer = probe.ask(do, **(what or {"uid": "lucia"}))
    assert answer["status"] == "down", answer
    assert answer["ms"] <= DEADLINE_MS, answer


# --- gone and back -----------------------------------------------------------------

def test_slapd_stops_and_returns(private, open_store):
    """Issue 2, done 4: an answer within 3.5 s, and back within 10 s."""
    probe = open_store(private)
    assert is_ok(probe.ask("account_load", uid="admin"))
    private.stop()
    for _ in range(2):
        is_down_in_time(probe)
        is_down_in_time(probe, "password_check", dn=private.dn("admin"),
                        password="x")
    state = probe.ask("state")
    assert state["is_up"] is False and state["why"]
    private.start()
    took = probe.until(BACK_WITHIN, is_ok, "account_load", uid="admin")
    assert took < BACK_WITHIN
    assert probe.ask("password_check", dn=private.dn("admin"),
                     password=private.env["ADMIN_PASSWORD"])["status"] == "ok"
    assert probe.ask("state")["is_up"] is True
    assert probe.quit()["longest_wait_ms"] < WAIT_MS


def test_slapd_returns_while_somebody_waits(private, open_store):
    """A short restart costs time, not an error."""
    # Patient: on a busy machine slapd itself needs seconds to come back.
    probe = open_store(private, timeout_ms=20000)
    assert is_ok(probe.ask("account_load", uid="admin"))
    private.stop()
    asked = probe.send("account_load", uid="admin")
    private.start()
    assert is_ok(probe.wait(asked))


def test_slapd_is_gone_for_long(private, open_store):
    """Nobody waits any more for what does not come, only for one more attempt."""
    probe = open_store(private, timeout_ms=PATIENT_MS)
    assert is_ok(probe.ask("account_load", uid="admin"))
    private.stop()
    first = probe.ask("account_load", uid="admin")
    assert first["status"] == "down" and first["ms"] >= PATIENT_MS
    for _ in range(3):
        for what in ({"do": "account_load", "uid": "admin"}, {
                "do": "password_check", "dn": private.dn("admin"), "password": "x"}):
            answer = probe.ask(what.pop("do"), **what)
            assert answer["status"] == "down", answer
            assert answer["ms"] < PATIENT_MS / 2, answer
    private.start()
    assert probe.until(BACK_WITHIN, is_ok, "account_load", uid="admin") < BACK_WITHIN


def test_slapd_is_not_there_at_first(private, open_store):
    private.stop()
    probe = open_store(private)
    is_down_in_time(probe)
    private.start()
    assert probe.until(BACK_WITHIN, is_ok, "account_load", uid="admin") < BACK_WITHIN


def test_LDAP_11_slapd_is_stopped_by_a_signal(private, open_store):
    probe = open_store(private)
    assert is_ok(probe.ask("account_load", uid="admin"))
    pid = int(private.env["SLAPD_PID"])
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: all(") T " in task.read_text() for task in pathlib.Path(
        f"/proc/{pid}/task").glob("*/stat")))
    try:
        is_down_in_time(probe)
        is_down_in_time(probe, "password_check", dn=private.dn("admin"),
                        password="x")
        is_down_in_time(probe)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert probe.until(BACK_WITHIN, is_ok, "account_load", uid="admin") < BACK_WITHIN
    assert probe.quit()["longest_wait_ms"] < WAIT_MS


def test_connection_closed_while_idle(proxy, slapd, open_store):
    """As by an idle timeout: the next question does not notice."""
    probe = open_store(slapd, uri=[proxy.uri])
    dn = slapd.dn("lucia")
    for _ in range(5):
        assert is_ok(probe.ask("account_load", uid="lucia"))
        assert is_ok(probe.ask("password_check", dn=dn, password="tertulia-lucia"))
        proxy.cut()
    assert is_ok(probe.ask("account_load", uid="lucia"))


def test_silence_after_a_cancelled_question_is_no_fault(slapd, open_store):
    """Whoever logs in and hangs up must not cost the others a connection."""
    probe = open_store(slapd, **BRISK)
    assert is_ok(probe.ask("account_load", uid="lucia"))
    for do, what in (("account_load", {"uid": "lucia"}),
                     ("password_check", {"dn": slapd.dn("lucia"),
                                         "password": "x"})):
        for _ in range(20):
            probe.send("cancel", which=probe.send(do, **what))
        probe.stays_silent(-1, 1.5)
        assert is_ok(probe.ask("account_load", uid="lucia"))
    assert "ldap-mute" not in probe.said() and "ldap-lost" not in probe.said()


# --- promise 6: reads again, writes never --------------------------------------------

def test_promise_6_a_read_is_sent_again(proxy, slapd, open_store):
    probe = open_store(slapd, uri=[proxy.uri], start_tls=False,
                       search_connections=1)
    assert is_ok(probe.ask("account_load", uid="lucia"))
    for _ in range(5):
        proxy.swallow = True
        assert is_ok(probe.ask("account_load", uid="lucia"))
        assert proxy.swallow is False
    proxy.swallow = True
    assert probe.ask("password_check", dn=slapd.dn("lucia"),
                     password="tertulia-lucia")["status"] == "ok"


def test_promise_6_a_write_is_not(proxy, slapd, open_store):
    """The answer is lost, the change is done: we say that we do not know, and
    it is done once."""
    probe = open_store(slapd, uri=[proxy.uri], start_tls=False,
                       search_connections=1)
    who = probe.account("andres")["person"]
    assert is_ok(probe.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                           jid="andres@example.org"))
    dn = probe.account("andres")["profile"]["dn"]
    for version in range(5):
        proxy.swallow = True
        answer = probe.ask("roster_change", dn=dn, version=version,
                           add={"jid": f"u{version}@x.org"})
        assert answer["status"] == "down"
        profile = probe.account("andres")["profile"]
        assert profile["version"] == version + 1
        assert len(profile["roster"]) == version + 1


# --- LDAP-11: every way to be silent -----------------------------------------------------

SILENCES = {
    "before a byte": {"mute": True},
    "in the answer to StartTLS": {"answers_left": 5},
    "after StartTLS": {"answers_left": 14},
    "in the handshake": {"answers_left": 500},
    "after the handshake": {"answers_left": 1500},
    "by the byte": {"dribble": 0.5},
    "cut in StartTLS": {"answers_left": 5, "at_end": "always cut"},
    "cut in the handshake": {"answers_left": 500, "at_end": "always cut"},
}


@pytest.mark.parametrize("how", SILENCES)
def test_LDAP_11_silence_from_the_start(proxy, slapd, open_store, how):
    for name, value in SILENCES[how].items():
        setattr(proxy, name, value)
    probe = open_store(slapd, uri=[proxy.uri], **BRISK)
    is_down_in_time(probe)
    is_down_in_time(probe, "password_check", dn=slapd.dn("lucia"), password="x")
    proxy.mute, proxy.answers_left, proxy.dribble = False, None, 0
    assert probe.until(BACK_WITHIN, is_ok, "account_load", uid="lucia") < BACK_WITHIN
    assert probe.quit()["longest_wait_ms"] < WAIT_MS


@pytest.mark.parametrize("left", [0, 1, 7, 100, 700])
def test_LDAP_11_silence_in_an_answer(proxy, slapd, open_store, left):
    probe = open_store(slapd, uri=[proxy.uri], start_tls=False, **BRISK)
    assert is_ok(probe.ask("account_load", uid="lucia"))
    if left:
        proxy.answers_left = left
    else:
        proxy.mute = True
    is_down_in_time(probe, "vcard_load", uid="lucia")
    proxy.mute, proxy.answers_left = False, None
    assert probe.until(BACK_WITHIN, is_ok, "account_load", uid="lucia") < BACK_WITHIN
    assert probe.quit()["longest_wait_ms"] < WAIT_MS


@pytest.mark.parametrize("left", [1, 100, 700])
def test_cut_in_an_answer(proxy, slapd, open_store, left):
    probe = open_store(slapd, uri=[proxy.uri], start_tls=False)
    assert is_ok(probe.ask("account_load", uid="lucia"))
    proxy.at_end, proxy.answers_left = "cut", left
    asked = probe.send("vcard_load", uid="lucia")
    answer = probe.wait(asked)
    assert proxy.answers_left is None
    assert is_ok(answer) and answer["vcard"]["photo_bytes"] > 0


def test_answers_by_the_byte_are_answers(proxy, slapd, open_store):
    probe = open_store(slapd, uri=[proxy.uri], start_tls=False)
    proxy.dribble = 0.0005
    answer = probe.ask("account_load", uid="lucia")
    assert is_ok(answer) and answer["account"]["person"]["sn"] == "Álvarez Quiroga"


def test_promise_7_the_queue_is_bounded(proxy, slapd, open_store):
    """Nothing goes out: what does not fit is answered busy, at once."""
    proxy.mute = True
    probe = open_store(slapd, uri=[proxy.uri])
    asked = [probe.send("room_list") for _ in range(1400)]
    answers = [probe.wait(n) for n in asked]
    busy = [a for a in answers if a["status"] == "busy"]
    assert {a["status"] for a in answers} == {"busy", "down"}
    assert len(busy) == 1400 - 1024
    assert max(a["ms"] for a in busy) < 1000
    assert max(a["ms"] for a in answers) <= DEADLINE_MS + 500
    assert probe.ask("state")["waiting"] == 0


# --- LDAP-08 to -10: encrypted, verified, and nowhere else ------------------------------------

def test_LDAP_08_start_tls_refused(fake, open_fake, slapd):
    """Whatever it says instead of yes: the password never goes."""
    for code in (2, 52, 10):
        fake.answers[EXTENDED] = result(ANSWERS[EXTENDED], code)
        probe = open_fake(start_tls=True, ca_file=slapd.env["CA_FILE"], **BRISK)
        is_down_in_time(probe)
        is_down_in_time(probe, "password_check", dn="uid=x,ou=people,dc=x",
                        password="secret")
        probe.quit()
    assert BIND not in fake.asked and SEARCH not in fake.asked


def test_LDAP_08_clear_text_before_the_handshake(fake, open_fake, slapd):
    """Answers that were slipped in before TLS are not taken for the server's."""
    fake.raw[EXTENDED] = message(2, result(ANSWERS[BIND], 0))
    probe = open_fake(start_tls=True, ca_file=slapd.env["CA_FILE"], **BRISK)
    is_down_in_time(probe)
    assert BIND not in fake.asked and SEARCH not in fake.asked
    assert "clear text before TLS" in probe.said()


def test_LDAP_08_no_clear_text_to_other_machines(slapd, open_store):
    probe = open_store(slapd, uri=["ldap://192.0.2.1"], start_tls=False,
                       **BRISK)
    is_down_in_time(probe)
    assert "refused" in probe.ask("state")["why"]


@pytest.fixture(scope="module")
def other_ca(tmp_path_factory):
    """A certificate authority that did not sign slapd's certificate."""
    folder = tmp_path_factory.mktemp("ca")
    assert os.spawnlp(
        os.P_WAIT, "openssl", "openssl", "req", "-x509", "-newkey", "ec",
        "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Other",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem"),
        "-days", "2") == 0
    return str(folder / "ca.pem")


def test_LDAP_08_another_s_certificate(slapd, open_store, other_ca):
    probe = open_store(slapd, ca_file=other_ca, **BRISK)
    is_down_in_time(probe)
    assert "ldap-lost" in probe.said()


def test_LDAP_08_another_host_s_certificate(slapd, open_store):
    proxy = Proxy(int(slapd.env["LDAP_PORT"]), address="127.0.0.2")
    try:
        is_down_in_time(open_store(slapd, uri=[proxy.uri], **BRISK))
        assert proxy.accepted
    finally:
        proxy.close()


def test_LDAP_08_no_certificates_to_trust(slapd):
    probe = Probe()
    answer = probe.ask("open", **settings(slapd, ca_file="/nonexistent"))
    assert answer["status"] == "failed" and answer["why"]
    probe.end()


def test_LDAP_09_hostile_client_configuration(slapd, open_store, other_ca,
                                              tmp_path):
    """What ldap.conf, .ldaprc and the environment say changes nothing."""
    lines = ("TLS_REQCERT never\nSIZELIMIT 1\nURI ldap://192.0.2.1\n"
             "REFERRALS on\nDEREF always\nTIMELIMIT 1\n"
             f"TLS_CACERT {other_ca}\n")
    for name in ".ldaprc", "ldaprc", "ldap.conf":
        (tmp_path / name).write_text(lines)
    env = {"HOME": str(tmp_path), "LDAPCONF": str(tmp_path / "ldap.conf"),
           "LDAPRC": str(tmp_path / "ldaprc"), "LDAPTLS_REQCERT": "never",
           "LDAPSIZELIMIT": "1", "LDAPURI": "ldap://192.0.2.1",
           "LDAPREFERRALS": "on", "LDAPTLS_CACERT": other_ca}
    is_down_in_time(open_store(slapd, env=env, ca_file=other_ca, **BRISK))
    good = open_store(slapd, env=env)
    assert is_ok(good.ask("account_load", uid="lucia"))
    found = good.ask("people_search", text="", most=200)
    assert len(found["list"]) > 50 and not found["is_cut"]


@pytest.fixture
def recorder():
    """A port where nobody should ever call."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.settimeout(0.3)
        yield one


def nobody_called(recorder):
    try:
        recorder.accept()
    except TimeoutError:
        return True
    return False


def test_LDAP_10_referrals_are_errors(fake, open_fake, recorder):
    url = f"ldap://127.0.0.1:{recorder.getsockname()[1]}/dc=x".encode()
    for answer in (
            result(ANSWERS[SEARCH], 10, tlv(0xa3, tlv(4, url))),
            [tlv(0x73, tlv(4, url)), result(ANSWERS[SEARCH], 0)]):
        fake.answers[SEARCH] = answer
        probe = open_fake()
        assert probe.ask("account_load", uid="lucia")["status"] == "broken"
        assert probe.ask("room_load", name="x")["status"] == "broken"
    fake.answers[BIND] = result(ANSWERS[BIND], 10, tlv(0xa3, tlv(4, url)))
    is_down_in_time(open_fake(**BRISK))
    assert nobody_called(recorder)


# --- LDAP-13: what is not known is neither yes nor nothing ---------------------------------------

def test_LDAP_13_every_result_code(fake, open_fake):
    probe = open_fake()
    for code in range(124):
        fake.answers[SEARCH] = result(ANSWERS[SEARCH], code)
        fake.answers[MODIFY] = result(ANSWERS[MODIFY], code)
        fake.answers[ADD] = result(ANSWERS[ADD], code)
        loaded = probe.ask("account_load", uid="lucia")
        # Success without an entry is the only way to know that nobody is there;
        # a base that is missing says nothing of people.
        assert (loaded["status"] == "absent") == (code == 0), (code, loaded)
        assert loaded["status"] != "ok", code
        stored = probe.ask("vcard_store", remainder="x",
                           dn="imPersonUUID=1,ou=profiles,ou=im,dc=x")
        assert (stored["status"] == "ok") == (code == 0), (code, stored)
        assert (stored["status"] == "absent") == (code == 32), (code, stored)


def test_LDAP_13_every_result_code_of_a_bind(fake, open_fake):
    probe = open_fake()
    assert probe.ask("account_load", uid="x")["status"] == "absent"
    for code in range(124):
        fake.answers[BIND] = result(ANSWERS[BIND], code)
        fake.answers[EXTENDED] = result(ANSWERS[EXTENDED], 2)
        answer = probe.ask("password_check", dn="uid=x,ou=people,dc=x",
                           password="secret")
        assert (answer["status"] == "ok") == (code == 0), (code, answer)
        assert answer["status"] != "absent", code


def test_size_limit_of_the_server(private, open_store):
    """People are found up to the limit, and we are told that there are more."""
    root = private.root()
    for i in range(30):
        root.add_s(f"uid=u{i},{private.env['PEOPLE_BASE']}", [
            ("objectClass", b"inetOrgPerson"), ("uid", f"u{i}".encode()),
            ("cn", b"x"), ("sn", b"x")])
    limits = root.search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE,
                           attrlist=["olcLimits"])[0][1]["olcLimits"]
    root.modify_s("olcDatabase={1}mdb,cn=config", [
        (ldap.MOD_REPLACE, "olcLimits",
         [line.replace(b"size=unlimited", b"size=10") for line in limits])])
    probe = open_store(private)
    found = probe.ask("people_search", text="", most=100)
    assert is_ok(found) and found["is_cut"] and len(found["list"]) == 10
    assert is_ok(probe.ask("account_load", uid="u3"))


# --- LDAP-01: servers that say yes to anything ----------------------------------------------------

def who(dn):
    return result(ANSWERS[EXTENDED], 0, tlv(0x8b, dn))


def binds_as(fake, name):
    """Ours to our own name do not count: connections come and go."""
    return sum(tag == BIND and name in body
               for tag, body in zip(fake.asked, fake.bodies))


@pytest.mark.parametrize("answer, want", [
    (who(b""), "refused"),                      # bound as nobody
    (who(b"dn:"), "refused"),
    (who(b"dn:uid=x,ou=people,dc=x"), "ok"),
    (who(b"dn:UID=X, ou=People, dc=x"), "ok"),
    (who(b"u:DOMAIN\\x"), "ok"),
    (who(b"dn:uid=y,ou=people,dc=x"), "broken"),
    (result(ANSWERS[EXTENDED], 2), "ok"),       # does not know the question
    (result(ANSWERS[EXTENDED], 53), "ok"),
    (result(ANSWERS[EXTENDED], 51), "down"),
    (result(ANSWERS[EXTENDED], 52), "down"),
])
def test_LDAP_01_who_the_connection_is(fake, open_fake, answer, want):
    fake.answers[EXTENDED] = answer
    probe = open_fake()
    got = probe.ask("password_check", dn="uid=x,ou=people,dc=x", password="any")
    assert got["status"] == want, got
    if want == "refused":
        assert got["refusal"] == WRONG_PASSWORD
    for password in "", "\0", "\0abc":
        before = binds_as(fake, b"uid=x,")
        got = probe.ask("password_check", dn="uid=x,ou=people,dc=x",
                        password=password)
        assert (got["status"], got["refusal"]) == ("refused", WRONG_PASSWORD)
        assert binds_as(fake, b"uid=x,") == before


# --- LDAP-12: several servers ---------------------------------------------------------------------

@pytest.fixture
def three(slapd):
    ones = [Proxy(int(slapd.env["LDAP_PORT"])) for _ in range(3)]
    yield ones
    for one in ones:
        one.close()


def server_of(probe):
    return probe.ask("state")["server"]


def test_LDAP_12_fail_over_and_back(slapd, three, open_store):
    probe = open_store(slapd, uri=[one.uri for one in three])
    assert is_ok(probe.ask("account_load", uid="lucia"))
    assert server_of(probe) == three[0].uri
    failed = 0
    for i in 0, 1:
        three[i].refuse()
        for _ in range(20):
            failed += not is_ok(probe.ask("account_load", uid="lucia"))
        assert server_of(probe) == three[i + 1].uri
    assert failed <= 2
    for i in 1, 0:
        three[i].listen()
        probe.until(BACK_WITHIN, lambda s, want=three[i].uri: s["server"] == want,
                    "state")
        for _ in range(20):
            assert is_ok(probe.ask("account_load", uid="lucia"))
    assert probe.ask("password_check", dn=slapd.dn("lucia"),
                     password="tertulia-lucia")["status"] == "ok"


def test_LDAP_12_the_first_answers_nothing(slapd, three, open_store):
    """One that hangs costs time, not a login."""
    probe = open_store(slapd, uri=[one.uri for one in three])
    assert is_ok(probe.ask("account_load", uid="lucia"))
    three[0].mute = True
    answers = [probe.wait(n) for n in
               [probe.send("account_load", uid="lucia") for _ in range(10)]]
    assert all(map(is_ok, answers)), answers
    assert max(a["ms"] for a in answers) < DEADLINE_MS
    assert probe.ask("account_load", uid="lucia")["ms"] < 500
    assert server_of(probe) == three[1].uri
    three[0].mute = False
    probe.until(BACK_WITHIN * 2, lambda s: s["server"] == three[0].uri, "state")


def test_LDAP_12_attempts_are_rare(slapd, open_store):
    """While everything is down and people keep coming: about one a second to
    each server, and fewer when nobody comes."""
    proxy = Proxy(1)            # nobody is there: accepted and cut at once
    try:
        probe = open_store(slapd, uri=[proxy.uri])
        start = time.monotonic()
        while time.monotonic() < start + 4:
            probe.send("account_load", uid="lucia")
            time.sleep(0.05)
        busy = len(proxy.accepted)
        assert 2 <= busy <= 8, busy
        probe.stays_silent(-1, 3)
        calm = len(proxy.accepted)
        probe.stays_silent(-1, 3)
        assert len(proxy.accepted) - calm <= 2
    finally:
        proxy.close()


def test_no_such_host(slapd, open_store):
    probe = open_store(slapd, uri=["ldap://directory.invalid", "ldap://[::1]:2",
                                   slapd.env["LDAP_URI"]])
    assert is_ok(probe.ask("account_load", uid="lucia"))
    assert server_of(probe) == slapd.env["LDAP_URI"]


def test_the_service_s_own_password_is_wrong(slapd, open_store):
    """No hurry then, whoever waits: it would lock the service out."""
    proxy = Proxy(int(slapd.env["LDAP_PORT"]))
    try:
        probe = open_store(slapd, uri=[proxy.uri], bind_password="wrong")
        for _ in range(2):
            is_down_in_time(probe)
        assert len(proxy.accepted) <= 8
        assert "ldap-service-bind" in probe.said()
        assert "wrong" not in probe.said()
    finally:
        proxy.close()


# --- LDAP-17: hostile servers ------------------------------------------------------------------------

def test_in_flight_is_bounded(fake, open_fake):
    """slapd hangs up on a connection with too much pending."""
    probe = open_fake(search_connections=1)
    assert probe.ask("room_load", name="x")["status"] == "absent"
    fake.hold = threading.Event()
    asked = [probe.send("room_load", name="x") for _ in range(300)]
    time.sleep(0.5)
    assert fake.most_waiting == 64
    fake.hold.set()
    assert {probe.wait(n)["status"] for n in asked} == {"absent"}


def test_LDAP_17_a_message_without_end(fake, open_fake):
    """A length of 1 GiB is announced: the connection is dropped, nothing is
    set aside for it."""
    fake.answers[SEARCH] = lambda request: None
    probe = open_fake()
    fake.raw[BIND] = bytes([0x30, 0x84, 0x40, 0, 0, 0]) + bytes(1000)
    is_down_in_time(probe)
    fake.raw.clear()
    fake.answers.clear()
    probe.until(BACK_WITHIN, lambda a: a["status"] == "absent",
                "account_load", uid="x")


def test_LDAP_17_an_entry_of_nonsense(fake, open_fake):
    values = {
        "uid": [b"lucia"],
        "entryUUID": [b"597ae2f6-16a6-1027-98f4-d28b5365dc14"],
        "cn": [b"\xff\xfe", b"a\0b", b"", b"ok"], "sn": [b"x" * 100000],
        "jpegPhoto": [b"\xff\xd8\xff" + bytes(5 << 20)],
        "jid": [b"\xc0\xaf"], "unasked": [b"x"], "mail": [b""] * 5000,
        "cn;lang-es": [b"otro"], "": [b"x"],
    }
    fake.answers[SEARCH] = [entry("uid=lucia,ou=people,dc=x", **values),
                            result(ANSWERS[SEARCH], 0)]
    probe = open_fake()
    answer = probe.ask("vcard_load", uid="lucia")
    # The fake answers the search for a profile with the same entry, which is
    # not the profile of this person.
    assert answer["status"] == "ok", answer
    who_ = answer["vcard"]["person"]
    assert who_["cn"] == "ab" and "sn" not in who_
    assert answer["vcard"]["photo_bytes"] == 0


def test_LDAP_17_many_entries(fake, open_fake):
    """More than we asked for: two are too many already."""
    one = entry("uid=lucia,ou=people,dc=x", uid=[b"lucia"],
                entryUUID=[b"u" * 36])
    fake.answers[SEARCH] = [one] * 5000 + [result(ANSWERS[SEARCH], 0)]
    probe = open_fake()
    assert probe.ask("account_load", uid="lucia")["status"] == "broken"
    assert probe.quit()["longest_wait_ms"] < WAIT_MS


def test_LDAP_17_random_bytes(fake, open_fake):
    """Good answers with bytes changed, and plain noise: never a crash, never a
    yes that was not said."""
    dice = random.Random(20261122)
    good = message(3, entry("uid=lucia,ou=people,dc=x", uid=[b"lucia"],
                            entryUUID=[b"u" * 36], cn=[b"Lucia"])) \
        + message(3, result(ANSWERS[SEARCH], 0))
    probe = open_fake(search_connections=1, timeout_ms=150)
    for _ in range(40):
        data = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.2:
            data = dice.randbytes(200)
        fake.answers[SEARCH] = lambda request: []
        fake.raw[SEARCH] = bytes(data)
        probe.ask("room_load", name="x")
        fake.raw.clear()
        fake.answers.clear()
    probe.until(BACK_WITHIN, lambda a: a["status"] == "absent", "room_load",
                name="x")


def test_unsolicited_goodbye(fake, open_fake):
    """Notice of Disconnection (RFC 4511 §4.4.1): like any other loss."""
    probe = open_fake(search_connections=1)
    assert probe.ask("room_load", name="x")["status"] == "absent"
    fake.raw[SEARCH] = message(0, result(
        0x78, 52, tlv(0x8a, b"1.3.6.1.4.1.1466.20036")))
    assert probe.ask("room_load", name="x")["status"] == "absent"
    fake.raw.clear()
    probe.until(BACK_WITHIN, lambda a: a["status"] == "absent", "room_load",
                name="x")


def test_rights_withdrawn(private, open_store):
    """cn=im may not write any more: refused, and said so in the log."""
    root = private.root()
    probe = open_store(private)
    who_ = probe.account("admin")["person"]
    rules = root.search_s("olcDatabase={1}mdb,cn=config", ldap.SCOPE_BASE,
                          attrlist=["olcAccess"])[0][1]["olcAccess"]
    root.modify_s("olcDatabase={1}mdb,cn=config", [
        (ldap.MOD_REPLACE, "olcAccess", [b"{0}to * by * read"])])
    answer = probe.ask("profile_create", dn=who_["dn"], uuid=who_["uuid"],
                       jid="admin@example.org")
    assert (answer["status"], answer["refusal"]) == ("refused", NO_RIGHT)
    assert "ldap-refused" in probe.said()
    root.modify_s("olcDatabase={1}mdb,cn=config",
                  [(ldap.MOD_REPLACE, "olcAccess", rules)])
    assert is_ok(probe.ask("profile_create", dn=who_["dn"], uuid=who_["uuid"],
                           jid="admin@example.org"))


def test_LDAP_22_no_secret_in_the_log(slapd, open_store):
    probe = open_store(slapd, env={"PROBE_DEBUG": "1"})
    secret = settings(slapd)["bind_password"]
    for password in "tertulia-lucia", "a-wrong-password":
        probe.ask("password_check", dn=slapd.dn("lucia"), password=password)
    said = probe.said()
    assert "ldap-state" in said
    for text in secret, "tertulia-lucia", "a-wrong-password":
        assert text not in said
