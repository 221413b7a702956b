# SPDX-License-Identifier: Apache-2.0
"""Schema that slapd learns while we run: attributes that close an account count
from the first value on, though nobody knew them when watching began."""

import ldap
import pytest

from client import Client
from live import attempt, watching
from test_live_account import closed
from test_warm import stats
from world import wait_for

ARC = "1.3.6.1.4.1.4203.666.11.77"          # of experiments, OpenLDAP's own
CLOSING = {"loginDisabled": "TRUE", "nsAccountLock": "true",
           "schacUserStatus": "urn:schac:userstatus:org:example:locked",
           "inetUserStatus": "inactive"}


def learn(world):
    types = [f"( {ARC}.{n} NAME '{name}' EQUALITY caseIgnoreMatch "
             "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"
             for n, name in enumerate(CLOSING, 1)]
    klass = (f"( {ARC}.9 NAME 'tarde' SUP top AUXILIARY MAY ( "
             + " $ ".join(CLOSING) + " ) )")
    world.root.add_s("cn=tarde,cn=schema,cn=config", [
        ("objectClass", b"olcSchemaConfig"), ("cn", b"tarde"),
        ("olcAttributeTypes", [t.encode() for t in types]),
        ("olcObjectClasses", klass.encode())])


@pytest.fixture(name="learning", scope="module")
def learning_(make_world):
    world = make_world()
    watching(world)
    online = {name: world.person() for name in CLOSING}
    away = {name: world.person() for name in CLOSING}
    clients = {name: Client(world, person).come()
               for name, person in online.items()}
    for person in away.values():
        # The first login writes verifiers, which is news that throws it away.
        with Client(world, person):
            wait_for(lambda: "imScram" in (world.profile(person) or {}), 30)    # pylint: disable=W0640
        with Client(world, person):
            pass
    wait_for(lambda: stats(world.state)["accounts_away"] >= len(away), 30)
    learn(world)
    yield world, online, away, clients
    for client in clients.values():
        client.cut()


@pytest.mark.parametrize("name", CLOSING)
def test_seen_at_once(learning, name):
    world, online, away, clients = learning
    for person in online[name], away[name]:
        world.root.modify_s(person.dn, [
            (ldap.MOD_ADD, "objectClass", [b"tarde"]),
            (ldap.MOD_ADD, name, [CLOSING[name].encode()])])
    assert closed(clients[name])[0] == "not-authorized"
    for person in online[name], away[name]:
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            wait_for(lambda: attempt(world, person, mechanism=mechanism)     # pylint: disable=W0640
                     == "not-authorized", 10)
    world.root.modify_s(online[name].dn, [(ldap.MOD_DELETE, name, None)])
    wait_for(lambda: attempt(world, online[name]) is None)
