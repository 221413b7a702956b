# SPDX-License-Identifier: Apache-2.0
"""Two people whose names are exchanged while one of them writes (directory.md, rule 4):
what one sent, and what was made of their password, is not written into the other's
entry, whose name it has by now.  The service is stopped meanwhile, as if it were busy.

Everything here is done twice, for profiles of both homes."""

import contextlib
import os
import signal

import ldap
import pytest

from client import Client
from live import attempt, profile_dn
from rawclient import Stream
from test_names import enter, home, name, rename                # noqa: F401
from world import wait_for

SECRET = "secreto"
CARD = ("<vCard xmlns='vcard-temp'><FN>{bob}</FN><N><FAMILY>Prueba</FAMILY></N>"
        "<NOTE>" + SECRET + "</NOTE>"
        "<URL>http://" + SECRET + ".example/</URL></vCard>")
ITEM = ("<query xmlns='jabber:iq:roster'>"
        f"<item jid='{SECRET}@otra.example' name='x'/></query>")
SCRAM = "SCRAM-SHA-256", "SCRAM-SHA-1"


@contextlib.contextmanager
def stopped(world):
    pid = world.pid("IM_PID")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def uuid_of(world, person):
    [(_, entry)] = world.search(person.dn, attributes=["entryUUID"])
    return entry["entryUUID"][0]


def says(world, uuid):
    """All that the directory has of somebody, in one piece."""
    return str([world.search(base, f"({attr}={uuid})") for base, attr in (
        (world.env["PEOPLE_BASE"], "entryUUID"),
        (world.profiles_base, "imPersonUUID"))])


def swap(world, ann, bob):
    """Bob is called as Ann was.  Returns Ann and Bob by their new names."""
    return rename(world, ann, name()), rename(world, bob, ann.uid)


def newer(world, person):
    """The profile was changed by somebody else: what was read is out of date."""
    world.root.modify_s(profile_dn(world, person),
                        [(ldap.MOD_REPLACE, "imRosterVersion", b"77")])


@pytest.mark.parametrize("payload, is_newer", [
    (ITEM, False), (ITEM, True), (CARD, False)], ids=["item", "late item", "vcard"])
def test_a_set_is_not_for_the_heir(home, payload, is_newer):    # noqa: F811
    ann, bob = enter(home, name()), enter(home, name())
    bob_is = uuid_of(home, bob)
    with Client(home, bob) as client:
        client.come().items()
    with Client(home, ann) as client:
        client.come().items()
        with stopped(home):
            if is_newer:
                newer(home, ann)
            swap(home, ann, bob)
            client.send(f"<iq type='set' id='set'>"
                        + payload.format(bob=bob.uid) + "</iq>")
        assert wait_for(client.is_over)
    assert SECRET not in says(home, bob_is)
    home.check()


def test_verifiers_are_not_for_the_heir(home):                  # noqa: F811
    """They are made while the names are exchanged."""
    ann, bob = enter(home, name()), enter(home, name())
    assert attempt(home, bob) is None
    wait_for(lambda: attempt(home, bob, None, SCRAM[0]) is None)
    with Stream(home) as stream:
        stream.secured()
        stream.plain(ann.uid, ann.password)
        _, bob_now = swap(home, ann, bob)
    wait_for(lambda: attempt(home, bob_now) is None)
    for _ in range(5):
        for mechanism in SCRAM:
            assert attempt(home, bob_now, ann.password, mechanism) is not None
    wait_for(lambda: attempt(home, bob_now, None, SCRAM[0]) is None)
    home.check()
