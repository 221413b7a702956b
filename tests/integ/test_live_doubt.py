# SPDX-License-Identifier: Apache-2.0
"""While the service may not see the directory, or hears nothing of it, nothing that
it remembers is a yes, and no error a no (directory.md rules 1, 2, 14); afterwards
what was changed meanwhile is true."""

import contextlib
import select
import socket
import time

import ldap
import pytest

from client import settle
from faults import Proxy
from live import attempt, guests, roster, watching
from rawclient import PATIENCE
from service import Service
from test_live_account import closed
from test_live_branches import relax
from world import wait_for

DATABASE = "olcDatabase={1}mdb,cn=config"
SYNC = b"1.3.6.1.4.1.4203.1.9.1.1"
FRESH = 8                       # seconds in which more is asked than later
WITHIN = 15                     # two seconds, [ldap] timeout, and a slow machine
LOOKS = 120                     # a slow machine reads everything now and then
BOTH = "PLAIN", "SCRAM-SHA-256"


@pytest.fixture(name="private", scope="module")
def private_(make_world):
    """A world whose slapd's rights are changed."""
    world = make_world()
    watching(world)
    return world


class Hidden:
    """By an ACL, a slip of somebody's."""

    what = 'dn.subtree="%s"'

    def __init__(self, world, what=None):
        self.world = world
        rule = '{0}to %s by dn.exact="%s" none by * break' % (
            what or self.what % world.env["PEOPLE_BASE"],
            "cn=im,ou=services," + world.env["IM_BASE"])
        world.root.modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess",
                                        rule.encode())])

    def dn(self, person):
        return person.dn

    def end(self):
        self.world.root.modify_s(DATABASE, [(ldap.MOD_DELETE, "olcAccess",
                                             b"{0}")])


class HiddenPeople(Hidden):
    """And not the base, which is where it was."""

    what = 'dn.children="%s"'


class Renamed:
    """The base is not there."""

    def __init__(self, world):
        self.world = world
        self.rdn, _, self.rest = world.env["PEOPLE_BASE"].partition(",")
        world.root.rename_s(world.env["PEOPLE_BASE"], "ou=fuera")

    def dn(self, person):
        return person.dn.replace(self.rdn, "ou=fuera")

    def end(self):
        self.world.root.rename_s(f"ou=fuera,{self.rest}", self.rdn)


def known(world):
    person = world.person()
    assert attempt(world, person) is None
    wait_for(lambda: "imScram" in (world.profile(person) or {}))
    wait_for(lambda: attempt(world, person, None, BOTH[1]) is None)
    return person


@pytest.mark.parametrize("how", [Hidden, HiddenPeople, Renamed])
def test_what_could_not_be_read(private, how):
    ann, bob, eva = [known(private) for _ in range(3)]
    new = private.person()
    with guests(private, ann, bob, eva) as clients:
        away = how(private)
        try:
            for person in ann, bob, new:
                for mechanism in BOTH:
                    wait_for(lambda p=person, m=mechanism: attempt(
                        private, p, None, m) == "temporary-auth-failure", WITHIN)
                    assert attempt(private, person, "falsch", mechanism) == \
                        "temporary-auth-failure"
            assert "directory-unreadable" in private.logs()
            private.root.passwd_s(away.dn(ann), None, "otra clave")
            private.root.modify_ext_s(away.dn(bob), [(
                ldap.MOD_ADD, "pwdAccountLockedTime", b"000001010000Z")], relax())
            assert settle(*clients) == [[]] * 3
        finally:
            away.end()
        assert closed(clients[0])[0] == "reset"
        assert closed(clients[1])[0] == "not-authorized"
        for mechanism in BOTH:
            wait_for(lambda m=mechanism: attempt(private, eva, None, m) is None,
                     WITHIN)
            for person in ann, bob:
                assert attempt(private, person, None, mechanism) == \
                    "not-authorized"
        assert attempt(private, ann, "otra clave") is None
        assert settle(clients[2]) == [[]]


@contextlib.contextmanager
def hidden(world, what):
    slip = Hidden(world, what)
    try:
        yield
    finally:
        slip.end()


def test_one_is_hidden(private):
    """Who was there, and of whom nobody told that they went, is not gone."""
    ann = known(private)
    with guests(private, ann) as [client]:
        client.items()
        with hidden(private, f'dn.exact="{ann.dn}"'):
            roster(private, ann, add=["eva@otra.example none 0 0 -"])
            wait_for(lambda: [s for s in private.logs().splitlines()
                              if "account-unreadable" in s and ann.uid in s],
                     PATIENCE)
            for mechanism in BOTH:
                assert attempt(private, ann, None, mechanism) == \
                    "temporary-auth-failure"
            assert settle(client) == [[]]
        wait_for(lambda: attempt(private, ann) is None, PATIENCE)
        client.receive("iq", type="set")
        assert set(client.items()) == {"eva@otra.example"}


@pytest.fixture(name="often")
def often_(private, tmp_path):
    """A service that reads everything anew all the time."""
    with Service(private, tmp_path, {"ldap.refresh_interval": "1s"}) as service:
        yield watching(service)


def test_what_was_hidden_is_learnt_by_the_next_look(private, often):
    """An attribute, of one person: no search fails for that, and nobody tells when it
    is shown again."""
    ann = known(private)
    with guests(often, ann) as [client]:
        with hidden(private, f'dn.exact="{ann.dn}" attrs=shadowExpire'):
            private.modify(ann.dn, objectClass=["inetOrgPerson", "shadowAccount"],
                           shadowExpire=["1000"])
            for _ in range(3):
                time.sleep(1)
                assert settle(client) == [[]]
        assert closed(client, LOOKS)[0] == "not-authorized"
        assert attempt(often, ann, None, BOTH[1]) == "not-authorized"


def test_who_is_missed_twice_is_gone(private, often):
    """A slip is mended by then."""
    ann, bob = known(private), known(private)
    with guests(often, ann, bob) as (one, two):
        with hidden(private, f'dn.exact="{ann.dn}"'):
            assert closed(one, LOOKS)[0] == "not-authorized"
            assert settle(two) == [[]]
        wait_for(lambda: attempt(often, ann) is None, PATIENCE)


class Deaf(Proxy):
    """What the server says on the watchers' connection does not arrive."""

    is_deaf = False

    def serve(self, client):
        server, watches = socket.create_connection(self.target), False
        self.open.append(server)
        while True:
            for one in select.select([client, server], [], [])[0]:
                data = one.recv(65536)
                if not data:
                    client.close()
                    server.close()
                    return
                # The root DSE names it, too.
                watches = watches or (one is client and SYNC in data)
                if one is client:
                    server.sendall(data)
                elif not (watches and self.is_deaf):
                    client.sendall(data)


@pytest.mark.parametrize("timeout", ["3s", "60s"])
def test_nothing_is_heard_on_one_connection(private, tmp_path, timeout):
    """The others answer: who is locked now must not get in for long by what is
    remembered, nor who knows an old password.  However long one would wait for an
    answer: that it is late is enough."""
    port = private.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Deaf(port) as proxy, Service(private, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.start_tls": "no",
            "ldap.timeout": timeout,
            "ldap.insecure_loopback": "yes"}) as service:
        watching(service)
        ann, bob = known(private), known(private)
        for person in ann, bob:
            assert attempt(service, person) is None
            assert attempt(service, person, None, BOTH[1]) is None
        time.sleep(FRESH)
        proxy.is_deaf = True
        private.root.passwd_s(ann.dn, None, "otra clave")
        private.root.modify_ext_s(bob.dn, [(
            ldap.MOD_ADD, "pwdAccountLockedTime", b"000001010000Z")], relax())
        for person in ann, bob:
            wait_for(lambda p=person: attempt(service, p, None, BOTH[1])
                     == "not-authorized", WITHIN)
        proxy.is_deaf = False
