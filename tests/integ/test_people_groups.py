# SPDX-License-Identifier: Apache-2.0
"""[ldap] people_groups: only members of groups of the directory may use the
service, at once when they are put in, and not a moment longer than they are."""

import contextlib

import ldap
import pytest

from client import Client, condition, settle
from faults import Proxy
from live import attempt, build_is_slow, clock, watching     # noqa: F401
from service import Service
from test_live_account import closed
from test_live_groups import groups_base
from test_warm import stats
from world import wait_for

VCARD = "<vCard xmlns='vcard-temp'/>"
EMPTY = "cn=nobody"


def add(world, name, klass, **fields):
    dn = f"cn={name},{groups_base(world)}"
    world.root.add_s(dn, [("objectClass", klass.encode()), ("cn", name.encode())]
                     + [(key, [v.encode() for v in values])
                        for key, values in fields.items()])
    return dn


@contextlib.contextmanager
def groups_of(world):
    """One of each kind; of the nested one what is within."""
    empty, stem = [f"{EMPTY},{groups_base(world)}"], world.name("usa")
    within = add(world, stem + "-dentro", "groupOfNames", member=empty)
    made = {
        "static": add(world, stem, "groupOfNames", member=empty),
        "nested": add(world, stem + "-fuera", "groupOfNames", member=[within]),
        "posix": add(world, stem + "-posix", "posixGroup", gidNumber=["78"]),
        "dynamic": add(world, stem + "-url", "groupOfURLs", memberURL=[
            f"ldap:///{world.env['PEOPLE_BASE']}??sub?(employeeType={stem})"]),
    }
    yield made, {**made, "nested": within}, stem
    for dn in (*made.values(), within):
        with contextlib.suppress(ldap.NO_SUCH_OBJECT):
            world.root.delete_s(dn)


def change(world, place, how, person):
    """In (ldap.MOD_ADD) or out (ldap.MOD_DELETE)."""
    kind, dn, stem = place
    dn, name, value = {
        "posix": (dn, "memberUid", person.uid),
        "dynamic": (person.dn, "employeeType", stem),
    }.get(kind, (dn, "member", person.dn))
    world.root.modify_s(dn, [(how, name, [value.encode()])])


@pytest.fixture(name="places", scope="module")
def places_(shared_world):
    with groups_of(shared_world) as (made, places, stem):
        yield made, {kind: (kind, dn, stem) for kind, dn in places.items()}


@pytest.fixture(name="service", scope="module")
def service_(shared_world, places, tmp_path_factory):
    with Service(shared_world, tmp_path_factory.mktemp("usan"), {
            "ldap.people_groups": " ; ".join(places[0].values())}) as one:
        watching(one)
        yield one


KINDS = ("static", "nested", "posix", "dynamic")


@pytest.mark.parametrize("kind", KINDS)
def test_in_and_out(world, service, places, clock, kind):       # noqa: F811
    person, place = world.person(), places[1][kind]
    took = clock(f"allowed group, {kind}: taken out")
    change(world, places[1]["static"], ldap.MOD_ADD, fellow := world.person())
    assert attempt(service, person) == "not-authorized"
    for _ in range(3):
        change(world, place, ldap.MOD_ADD, person)
        # The directory's word of it may come a moment after its answer to us.
        wait_for(lambda: attempt(service, person) is None)
        with Client(service, person) as ann, Client(service, fellow) as bob, \
                Client(service, person, resource="phone") as phone:
            ann.come()
            bob.come()
            change(world, place, ldap.MOD_DELETE, person)
            took.begin()
            assert closed(ann) == ("not-authorized",
                                   "This account may not use this service.")
            took.end()
            assert closed(phone)[0] == "not-authorized"
            assert settle(bob) == [[]]
        for password in (None, "otra"):
            assert attempt(service, person, password) == "not-authorized"


@pytest.mark.parametrize("mechanism", ("PLAIN", "SCRAM-SHA-256"))
def test_at_once(world, service, places, mechanism):
    """The first login after ldapmodify's answer knows of it: nobody who was put
    in hears no, whoever is in that moment reading the group."""
    person, place = world.person(), places[1]["static"]
    for _ in range(10):
        change(world, place, ldap.MOD_ADD, person)
        wait_for(lambda: attempt(service, person) is None)
        wait_for(lambda: "imScram" in (world.profile(person) or {}))
        assert attempt(service, person, mechanism=mechanism) is None
        change(world, place, ldap.MOD_DELETE, person)
        wait_for(lambda: attempt(service, person, mechanism=mechanism)
                 == "not-authorized", 1)


def test_nobody_is_answered_for(world, service, places):
    """Messages, vCards, subscriptions: as to a name that nobody has."""
    person, fellow = world.person(), world.person()
    change(world, places[1]["static"], ldap.MOD_ADD, fellow)
    with Client(service, fellow) as bob:
        bob.come()
        answers = []
        for jid in (person.jid, f"nobody-{person.uid}@{service.domain}"):
            bob.message(jid)
            refused = bob.receive("message", type="error")
            card = bob.iq("get", VCARD, to=jid)
            bob.presence("subscribe", to=jid)
            answers.append((condition(refused), condition(card),
                            [condition(s) for s in settle(bob)[0]
                             if s.get("type") == "error"]))
        assert answers[0] == answers[1]
        assert answers[0][0] == "cancel service-unavailable"
        change(world, places[1]["static"], ldap.MOD_ADD, person)
        wait_for(lambda: condition(bob.iq("get", VCARD, to=person.jid)) is None)
        with Client(service, person) as ann:
            ann.come()
            bob.message(person.jid)
            assert ann.receive("message", from_=bob.jid) is not None


def test_a_warm_login_still_asks_nothing(world, service, places):
    person = world.person()
    change(world, places[1]["static"], ldap.MOD_ADD, person)
    wait_for(lambda: attempt(service, person) is None)
    wait_for(lambda: "imScram" in (world.profile(person) or {}))

    def asks_nothing():
        count = stats(service.folder)["directory_operations"]
        assert attempt(service, person, mechanism="SCRAM-SHA-256") is None
        return stats(service.folder)["directory_operations"] == count
    wait_for(asks_nothing, 20)


def test_a_group_that_is_gone_is_neither_yes_nor_no(world, tmp_path):
    """Who is here stays, who comes is told to try later; another group's members
    come in all the same; the group is made again, and all is well."""
    ann, bob, out = (world.person() for _ in range(3))
    empty = f"{EMPTY},{groups_base(world)}"
    first, second = (add(world, world.name("usa"), "groupOfNames",
                         member=[dn]) for dn in (ann.dn, bob.dn))
    with Service(world, tmp_path, {
            "ldap.people_groups": f"{first};{second}"}) as service, \
            Client(service, ann) as client:
        watching(service)
        client.come()
        world.root.delete_s(first)
        wait_for(lambda: "list-failed" in service.log)
        assert settle(client) == [[]]
        for person, password in ((ann, None), (out, None), (ann, "otra")):
            assert attempt(service, person, password) == "temporary-auth-failure"
        assert attempt(service, bob) is None
        card = client.iq("get", VCARD, to=out.jid)
        assert condition(card).split()[0] == "wait"
        add(world, ldap.dn.str2dn(first)[0][0][1], "groupOfNames",
            member=[ann.dn, empty])
        wait_for(lambda: attempt(service, ann) is None)
        assert attempt(service, out) == "not-authorized"
        assert settle(client) == [[]]
        world.root.delete_s(second)
        world.root.delete_s(first)


def test_a_group_that_is_not_there_at_the_start(world, tmp_path):
    person, name = world.person(), world.name("usa")
    with Service(world, tmp_path, {"ldap.people_groups":
                                   f"cn={name},{groups_base(world)}"}) as service:
        assert attempt(service, person) == "temporary-auth-failure"
        dn = add(world, name, "groupOfNames", member=[person.dn])
        wait_for(lambda: attempt(service, person) is None, 30)
        world.root.delete_s(dn)


def test_a_group_that_is_renamed(world, tmp_path):
    ann, bob = world.person(), world.person()
    name = world.name("usa")
    dn = add(world, name, "groupOfNames", member=[ann.dn])
    with Service(world, tmp_path, {"ldap.people_groups": dn}) as service, \
            Client(service, ann) as client:
        watching(service)
        client.come()
        world.root.rename_s(dn, f"cn={name}-otra")
        new = f"cn={name}-otra,{groups_base(world)}"
        world.root.modify_s(new, [(ldap.MOD_ADD, "member", [bob.dn.encode()])])
        wait_for(lambda: attempt(service, bob) is None)
        assert settle(client) == [[]] and "list-renamed" in service.log
        world.root.modify_s(new, [(ldap.MOD_DELETE, "member", [ann.dn.encode()])])
        assert closed(client)[0] == "not-authorized"
        assert "list-failed" not in service.log
    world.root.delete_s(new)


def test_an_outage_puts_nobody_out(world, tmp_path):
    """Taken out while nobody could hear of it: when the directory is back."""
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    ann, bob = world.person(), world.person()
    dn = add(world, world.name("usa"), "groupOfNames", member=[ann.dn, bob.dn])
    with Proxy(port) as proxy, Service(world, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.people_groups": dn}) as service, \
            Client(service, ann) as one, Client(service, bob) as other:
        watching(service)
        one.come()
        other.come()
        proxy.mode = "drop"
        proxy.cut()
        world.root.modify_s(dn, [(ldap.MOD_DELETE, "member", [ann.dn.encode()])])
        for _ in range(3):
            settle(one, other)
            assert attempt(service, bob) == "temporary-auth-failure"
        proxy.mode = "pass"
        assert closed(one)[0] == "not-authorized"
        assert settle(other)[0] is not None
        wait_for(lambda: attempt(service, bob) is None, 30)
        assert attempt(service, ann) == "not-authorized"
    world.root.delete_s(dn)
