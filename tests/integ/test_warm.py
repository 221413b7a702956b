# SPDX-License-Identifier: Apache-2.0
"""Who was here a moment ago costs the directory nothing (core/account_away.c),
and nothing that is kept is believed a moment too long."""

import hashlib
import json
import pathlib
import socket
import time

import ldap
import pytest

from client import Client
from faults import Proxy
from live import attempt, build_is_slow, live, profile_dn, roster, watching  # noqa: F401
from monitor import Counters
from rawclient import Stream
from scram import Scram
from service import Service
from world import wait_for

PLAIN_OPS = 1                   # the bind
PHOTO = b"\xff\xd8\xff\xe0" + bytes(9000)
PACE_LEAST = 0.003              # core/pace.c: 4 ms, by a clock of whole ones


def stats(folder):
    path, = pathlib.Path(folder).rglob("control")
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(20)
        control.connect(str(path))
        control.sendall(b'{"op": "stats"}\n')
        return json.loads(control.makefile().readline())


def operations(world):
    return stats(world.state)["directory_operations"]


@pytest.fixture
def quiet(make_world):
    """A world of one's own, in which every operation is the test's."""
    world = make_world()
    wait_for(lambda: stats(world.state)["directory_watched"], 20)
    return world


def hear_all(world, person):
    """News of a profile come in their order: of what the service itself wrote, too."""
    contact = ["eva@otra.example none 0 0 -"]
    with Client(world, person) as ann:
        ann.come().items()
        for change in {"add": contact}, {"remove": contact}:
            roster(world, person, **change)
            ann.receive("iq", type="set")


def warm(world, person=None):
    """A person who has verifiers, is in memory, and not here."""
    person = person or world.person("tibio")
    assert attempt(world, person) is None
    wait_for(lambda: "imScram" in (world.profile(person) or {}))
    hear_all(world, person)
    before = stats(world.state)["accounts_away"]

    def is_warm():
        count = operations(world)
        assert attempt(world, person, mechanism="SCRAM-SHA-256") is None
        return operations(world) == count
    wait_for(is_warm, 20)
    wait_for(lambda: stats(world.state)["accounts"] == 0)
    assert stats(world.state)["accounts_away"] >= before
    return person


def test_a_warm_login_asks_nothing(quiet):
    """Issue 4, done 5: two searches at most besides the bind, none when warm."""
    fresh = quiet.person("frio")
    count = operations(quiet)
    assert attempt(quiet, fresh, mechanism="SCRAM-SHA-1") == "not-authorized"
    assert operations(quiet) == count + 1               # both in one operation
    person = warm(quiet)
    for mechanism, asked in (("SCRAM-SHA-1", 0), ("SCRAM-SHA-512", 0),
                             ("PLAIN", PLAIN_OPS)):
        count = operations(quiet)
        with Client(quiet, person, mechanism=mechanism) as ann:
            ann.come()
            ann.items()
            assert operations(quiet) == count + asked, mechanism
        count = operations(quiet)
        assert attempt(quiet, person, "falsch" + mechanism,
                       mechanism) == "not-authorized"
        assert operations(quiet) == count + asked


def introduced(world, person, mechanism):
    """Logs in saying who it is in the stream's header, as profanity does."""
    with Stream(world) as stream:
        stream.opened()
        stream.starttls()
        stream.opened(from_=person.jid)
        stream.login(person, mechanism)
        stream.bind("r")


def online(world, person, mechanism):
    with Client(world, person, mechanism=mechanism) as ann:
        ann.items()
        ann.presence()
        heard = ann.receive("presence", from_=ann.jid)
        assert heard.findtext(".//{vcard-temp:x:update}photo") == hashlib.sha1(
            PHOTO).hexdigest()
        ann.sync()


@pytest.mark.parametrize("come", [online, introduced])
def test_a_cold_login_is_two_searches(quiet, tmp_path, come):
    """Counted by slapd, of people whom a service that was just started does not know,
    online with roster and presence, in which contacts see the photo's hash (XEP-0153);
    and of the same once more, none."""
    people = [quiet.person("frio") for _ in range(3)]
    for person in people:
        quiet.modify(person.dn, jpegPhoto=[PHOTO])
        assert attempt(quiet, person) is None
        wait_for(lambda: "imScram" in (quiet.profile(person) or {}))
    wait_for(lambda: quiet_for(quiet, 0.5), 20)
    counters = Counters(quiet)
    for mechanism, binds in (("SCRAM-SHA-256", 0), ("PLAIN", PLAIN_OPS)):
        with Service(quiet, tmp_path / mechanism) as service:
            watching(service)
            counters.settled()
            for searches in (2, 0):
                for person in people:
                    before = counters.read()
                    come(service, person, mechanism)
                    wait_for(lambda: stats(service.folder)["accounts"] == 0)
                    assert counters.since(before) == {
                        "Bind": binds, "Search": searches, "Modify": 0}


def test_who_is_away_is_written_to_without_asking(quiet):
    person, bob = warm(quiet), quiet.person()
    with Client(quiet, bob) as client:
        client.come()
        wait_for(lambda: "imScram" in (quiet.profile(bob) or {}))
        wait_for(lambda: quiet_for(quiet, 0.5), 20)
        count = operations(quiet)
        client.message(person.jid, body="¿estás?")
        assert client.receive("message", type="error") is not None
        assert operations(quiet) == count


def quiet_for(world, seconds):
    count = operations(world)
    time.sleep(seconds)
    return operations(world) == count


CLOSED = {
    "locked": lambda w, p: w.root.modify_ext_s(
        p.dn, [(ldap.MOD_REPLACE, "pwdAccountLockedTime",
                [b"000001010000Z"])], serverctrls=[ldap.controls.LDAPControl(
                    "1.3.6.1.4.1.4203.666.5.12", True)]),
    "removed": lambda w, p: w.root.delete_s(p.dn),
    "password": lambda w, p: w.root.passwd_s(p.dn, None, "otra cosa"),
    "suspended": lambda w, p: w.modify(profile_dn(w, p),
                                       imStatus=["suspended"]),
}


@pytest.mark.parametrize("how", CLOSED)
def test_what_is_kept_ends_with_a_change(live, how):            # noqa: F811
    """The next login after ldapmodify's answer: a millisecond for the news."""
    person = live.person("tibio")
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        wait_for(lambda: attempt(live, person, mechanism=mechanism) is None)
    wait_for(lambda: "imScram" in (live.profile(person) or {}))
    assert attempt(live, person, mechanism="SCRAM-SHA-256") is None
    CLOSED[how](live, person)
    time.sleep(0.3)
    for mechanism in ("SCRAM-SHA-256", "PLAIN"):
        assert attempt(live, person, mechanism=mechanism) == "not-authorized"


def test_what_is_kept_follows(quiet):
    """Whoever returns sees the roster as it is now."""
    person = warm(quiet)
    quiet.modify(profile_dn(quiet, person), imRosterItem=["eva@x.org none 0 0 -"])
    with Client(quiet, person) as ann:
        ann.come()
        wait_for(lambda: "eva@x.org" in ann.items())


def test_nothing_kept_is_believed_without_the_directory(quiet, tmp_path):
    """While the watchers' connection is gone, and for what changed meanwhile."""
    port = quiet.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as proxy, Service(
            quiet, tmp_path, {"ldap.uri": proxy.uri}) as service:
        service.state = service.folder
        service.profile, service.root = quiet.profile, quiet.root
        service.search, service.profiles_base = quiet.search, quiet.profiles_base
        wait_for(lambda: stats(service.folder)["directory_watched"], 20)
        person = warm(service, quiet.person("tibio"))
        proxy.mode = "drop"
        proxy.cut()
        wait_for(lambda: not stats(service.folder)["directory_watched"])
        assert attempt(service, person, mechanism="SCRAM-SHA-256") \
            == "temporary-auth-failure"
        quiet.root.passwd_s(person.dn, None, "otra cosa")
        proxy.mode = "pass"
        wait_for(lambda: attempt(service, person, mechanism="SCRAM-SHA-256")
                 == "not-authorized", 30)


def test_the_oldest_makes_room(quiet, tmp_path):
    with Service(quiet, tmp_path, {"limits.accounts_away": 2}) as service:
        wait_for(lambda: stats(service.folder)["directory_watched"], 20)
        people = [quiet.person("lleno") for _ in range(4)]
        for person in people * 2:
            assert attempt(service, person) is None
        wait_for(lambda: stats(service.folder)["accounts"] == 0)
        assert stats(service.folder)["accounts_away"] <= 2


def test_sasl_08_who_is_in_memory_takes_as_long(quiet):
    """SCRAM's first answer to one who is in memory, to names that were never
    asked for, and to people who never logged in: none comes before core/pace.c
    lets it, so none tells by being early.  (The fine look is a bench.)"""
    person, took = warm(quiet), {"warm": [], "unknown": [], "cold": []}
    cold = [quiet.person("frio") for _ in range(25)]
    for n in range(25):
        for kind, uid in (("warm", person.uid), ("unknown", f"nadie{n}"),
                          ("cold", cold[n].uid)):
            with Stream(quiet) as stream:
                stream.secured()
                scram = Scram("SCRAM-SHA-256", uid, "x")
                began = time.perf_counter()
                stream.auth("SCRAM-SHA-256", scram.first())
                took[kind].append(time.perf_counter() - began)
    for kind, times in took.items():
        assert min(times) > PACE_LEAST, (kind, sorted(times))
