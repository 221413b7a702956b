# SPDX-License-Identifier: Apache-2.0
"""A roster group that cannot be read, though the directory answers: it is missing by
itself, and nobody else's contacts with it."""

import contextlib
import itertools

import ldap
import pytest

from client import Client
from doctor import config, rule
from rawclient import PATIENCE
from service import Service
from world import wait_for

numbers = itertools.count(1)
OWN = "propio@example.net"


@pytest.fixture(name="group")
def group_(world):
    """group(klass, **fields): a new group: its DN."""
    def make(klass="groupOfNames", **fields):
        dn = f"cn=Sin leer {next(numbers)},ou=groups,{world.env['LDAP_BASE']}"
        world.root.add_s(dn, [("objectClass", klass.encode())] + [
            (key, [v.encode() for v in values]) for key, values in fields.items()])
        made.append(dn)
        return dn
    made = []
    yield make
    for dn in made:
        world.root.delete_s(dn)


@contextlib.contextmanager
def no_right(world, dn):
    """cn=im may know that it is there, and no more: slapd says 50."""
    im = "cn=im,ou=services," + world.env["IM_BASE"]
    with config(world, rule(f'to dn.exact="{dn}" by dn.exact="{im}" auth by * break')):
        yield


@contextlib.contextmanager
def too_much(world, dn):
    was = world.root.search_s(dn, ldap.SCOPE_BASE)[0][1]["memberURL"]
    url = f"ldap:///{world.env['PEOPLE_BASE']}??sub?(uid=nadie{{}})"
    world.root.modify_s(dn, [(ldap.MOD_ADD, "memberURL", [
        url.format(n).encode() for n in range(65 - len(was))])])
    yield
    # As many as are read: 64.
    world.root.modify_s(dn, [(ldap.MOD_DELETE, "memberURL", [url.format(0).encode()])])


def until(client, wanted):
    wait_for(lambda: set(client.items()) == wanted, PATIENCE)


@pytest.mark.parametrize("broken", [no_right, too_much])
def test_D11_it_is_left_out_alone(world, tmp_path, group, broken):
    ann, bob, eve = (world.person() for _ in range(3))
    good = group(member=[ann.dn, bob.dn])
    url = f"ldap:///{world.env['PEOPLE_BASE']}??sub?(uid={{}})"
    bad = group("groupOfURLs", memberURL=[url.format(p.uid) for p in (ann, eve)])
    with contextlib.ExitStack() as fault:
        fault.enter_context(broken(world, bad))
        with Service(world, tmp_path, {"roster.groups": f"{bad} ; {good}"}) as service, \
                Client(service, ann) as client:
            client.come()
            client.iq("set", '<query xmlns="jabber:iq:roster">'
                      f'<item jid="{OWN}"/></query>')
            until(client, {bob.jid, OWN})
            said = [line for line in service.log.splitlines()
                    if "roster-group-unread" in line]
            assert len(said) == 1 and " error " in said[0], said
            assert "rosters are without it" in said[0]
            fault.close()
            group(member=[bob.dn])              # some news of groups
            until(client, {bob.jid, eve.jid, OWN})
            with too_much(world, bad):  # once it was read, what is known stays
                world.root.modify_s(bad, [(ldap.MOD_REPLACE, "description", [b"x"])])
                wait_for(lambda: "it stays as it was" in service.log, PATIENCE)
                assert set(client.items()) == {bob.jid, eve.jid, OWN}
