# SPDX-License-Identifier: Apache-2.0
"""Changes made in the directory, and how soon they are true for a client.

    took = clock("room: subject")
    world.modify(dn, imSubject=["…"]);  took.begin()
    ann.receive("message", …);          took.end()

No single effect may take longer than livetable.py says, a second mostly, in `make
live`; beside other tests ten times that.  Files that
import `shared_world` from here have a directory of LIVE_PEOPLE people (bench/people),
one for all of them; what its clocks showed stands in a table at the end of the run.
"""

import contextlib
import os
import re
import time

import ldap
import pytest

from client import Client
from livetable import ALL, EXTRA, limits
from rawclient import SaslFailure, Stream
from scram import Scram
from world import wait_for

SLOW = 10               # times that beside other tests, or under a sanitizer
READ_WITHIN = 300       # everybody, by a service that is new


class Clock:
    def __init__(self, most):
        self.most, self.times = most, []

    def begin(self):
        self.began = time.monotonic()

    def end(self):
        took = time.monotonic() - self.began
        self.times.append(took)
        assert took < self.most, f"{took:.3f} s"


@pytest.fixture
def clock(request, record_property, build_is_slow):
    """clock("row"): a stopwatch whose times go into the table, if the world is the
    large one."""
    clocks = []
    many = "big_world" in request.fixturenames

    def make(row):
        assert row in ALL or row in EXTRA, row
        is_alone = "LIVE_STRICT" in os.environ and not build_is_slow
        one = Clock(limits(row)[1] * (1 if is_alone else SLOW))
        clocks.append((row, one))
        return one
    yield make
    for row, one in clocks:
        if many:
            record_property("live", (row, one.times))


@pytest.fixture(scope="session")
def shared_world(big_world):
    """For the files that import this: the world of many."""
    return big_world


@pytest.fixture(scope="session")
def build_is_slow():
    from service import build
    return b"__asan_init" in (build() / "tertulia-im").read_bytes()


def is_watching(log):
    """Has the last connection of the watchers read all it watches?"""
    last = log.rpartition("ldap-watch-begins")
    return last[1] and len(set(re.findall(
        r" ldap-watch\b.* what=(\w+)", last[2])) - {"policies"}) == 6


def watching(one):
    """A service or world, once it hears of every change."""
    def log():
        return one.log if hasattr(one, "log") else one.logs()
    wait_for(lambda: is_watching(log()), READ_WITHIN, 0.05)
    return one


@pytest.fixture
def live(world):
    """The shared world, once its service hears of every change."""
    return watching(world)


@contextlib.contextmanager
def guests(world, *people):
    """Clients of (new) people, available; cut at the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Client(world, person)).come()
               for person in people]


def room_dn(world, room):
    return f"imRoomName={room.partition('@')[0]},ou=rooms,{world.env['IM_BASE']}"


def profile_dn(world, person):
    found = world.search(world.profiles_base, f"(jid={person.jid})", ["jid"])
    assert len(found) == 1, found
    return found[0][0]


def roster(world, person, add=(), remove=(), name="imRosterItem"):
    """One modify, as any LDAP tool does it: the version stays as it is."""
    world.root.modify_s(profile_dn(world, person), [
        (how, name, [value.encode() for value in values])
        for how, values in ((ldap.MOD_DELETE, remove), (ldap.MOD_ADD, add))
        if values])


def attempt(world, person, password=None, mechanism="PLAIN"):
    """The SASL failure of a login, or None."""
    with Stream(world) as stream:
        stream.secured()
        try:
            if mechanism == "PLAIN":
                stream.plain(person.uid, password or person.password)
            else:
                stream.scram(Scram(mechanism, person.uid,
                                   password or person.password))
        except SaslFailure as why:
            return why.condition
    return None


def password_from_outside(world, person, new):
    """ldappasswd as the directory's root.  pwdChangedTime counts seconds, and a
    change within the second of the last one is not seen."""
    def changed():
        [(_, entry)] = world.search(person.dn, attributes=["pwdChangedTime"])
        return entry.get("pwdChangedTime")
    was = changed()

    def is_newer():
        world.root.passwd_s(person.dn, None, new)
        return changed() != was
    wait_for(is_newer, every=0.2)
