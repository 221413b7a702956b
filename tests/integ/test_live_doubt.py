# SPDX-License-Identifier: Apache-2.0
"""While the service may not see the directory, or hears nothing of it, nothing that
it remembers is a yes, and no error a no (directory.md rules 1, 2, 14); afterwards
what was changed meanwhile is true."""

import select
import socket
import time

import ldap
import pytest

from client import settle
from faults import Proxy
from live import attempt, guests, watching
from service import Service
from test_live_account import closed
from test_live_branches import relax
from world import wait_for

DATABASE = "olcDatabase={1}mdb,cn=config"
SYNC = b"1.3.6.1.4.1.4203.1.9.1.1"
FRESH = 8                       # seconds in which more is asked than later
WITHIN = 15                     # two seconds, [ldap] timeout, and a slow machine
BOTH = "PLAIN", "SCRAM-SHA-256"


@pytest.fixture(name="private", scope="module")
def private_(make_world):
    """A world whose slapd's rights are changed."""
    world = make_world()
    watching(world)
    return world


class Hidden:
    """By an ACL, a slip of somebody's."""

    def __init__(self, world):
        self.world = world
        rule = '{0}to dn.subtree="%s" by dn.exact="%s" none by * break' % (
            world.env["PEOPLE_BASE"],
            "cn=im,ou=services," + world.env["IM_BASE"])
        world.root.modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess",
                                        rule.encode())])

    def dn(self, person):
        return person.dn

    def end(self):
        self.world.root.modify_s(DATABASE, [(ldap.MOD_DELETE, "olcAccess",
                                             b"{0}")])


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


@pytest.mark.parametrize("how", [Hidden, Renamed])
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
                watches = watches or SYNC in data
                if one is client:
                    server.sendall(data)
                elif not (watches and self.is_deaf):
                    client.sendall(data)


def test_nothing_is_heard_on_one_connection(private, tmp_path):
    """The others answer: who is locked now must not get in for long by what is
    remembered, nor who knows an old password."""
    port = private.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Deaf(port) as proxy, Service(private, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.start_tls": "no",
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
