# SPDX-License-Identifier: Apache-2.0
"""Branches of the tree renamed, moved, taken away: the server tells of the branch
and not of who is below it, and who they are is in their entryUUID."""

import itertools

import ldap
import pytest

from client import Client, settle
from live import attempt, build_is_slow, clock, guests, live, watching   # noqa: F401
from rawclient import PATIENCE
from service import Service
from test_live_account import closed
from world import Person, wait_for

numbers = itertools.count(1)


def relax():
    return [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]


@pytest.fixture(name="branch")
def branch_(live):                                              # noqa: F811
    """branch(base=None): a new organizational unit, of people if not said."""
    def make(base=None):
        name = f"rama{next(numbers)}"
        dn = f"ou={name},{base or live.env['PEOPLE_BASE']}"
        live.root.add_s(dn, [("objectClass", b"organizationalUnit"),
                             ("ou", name.encode())])
        return dn
    return make


def below(world, branch):
    uid = world.name("rama")
    return world.person(uid=uid, dn=f"uid={uid},{branch}")


def renamed(world, person, was, rdn, parent=None):
    """The branch is somewhere else by now, and the person with it."""
    world.root.rename_s(was, rdn, parent)
    now = f"{rdn},{parent or was.partition(',')[2]}"
    return now, Person(person.uid, person.password,
                       person.dn.replace(was, now), person.jid)


@pytest.mark.parametrize("who", ["online", "away", "never here"])
def test_branch_renamed(live, branch, who):                     # noqa: F811
    """The right password is right, there and back, and streams stay."""
    was = branch()
    person = below(live, was)
    if who != "never here":
        assert attempt(live, person) is None
        wait_for(lambda: "imScram" in (live.profile(person) or {}))
        assert attempt(live, person) is None
    with guests(live, *[person] * (who == "online")) as ann:
        now, person = renamed(live, person, was, f"ou=otra{next(numbers)}")
        assert attempt(live, person) is None
        assert attempt(live, person, "mal") == "not-authorized"
        assert attempt(live, person) is None
        _, person = renamed(live, person, now, was.partition(",")[0])
        assert attempt(live, person) is None
        assert attempt(live, person, "mal") == "not-authorized"
        wait_for(lambda: attempt(live, person, None, "SCRAM-SHA-256") is None,
                 PATIENCE)
        assert settle(*ann) == [[]] * len(ann)
        for client in ann:
            assert client.set_item("eva@otra.example").get("type") == "result"


def test_branch_moved_out_and_back(live, branch, clock):        # noqa: F811
    """Out of people_base: out of the service, as with one person."""
    took = clock("branch of people: moved away")
    out = live.env["PEOPLE_BASE"].partition(",")[2]
    for _ in range(5):
        was = branch()
        person = below(live, was)
        with guests(live, person, live.person()) as (ann, bob):
            rdn = was.partition(",")[0]
            live.root.rename_s(was, rdn, out)
            took.begin()
            condition, text = closed(ann)
            took.end()
            assert condition == "not-authorized" and "no such account" in text
            assert attempt(live, person) == "not-authorized"
            live.root.rename_s(f"{rdn},{out}", rdn, live.env["PEOPLE_BASE"])
            assert attempt(live, person) is None
            assert settle(bob) == [[]]


def test_branch_within_a_branch(live, branch):                  # noqa: F811
    outer = branch()
    inner = branch(outer)
    person = below(live, inner)
    with guests(live, person) as (ann,):
        rdn = f"ou=fuera{next(numbers)}"
        live.root.rename_s(outer, rdn,
                           live.env["PEOPLE_BASE"].partition(",")[2])
        assert closed(ann)[0] == "not-authorized"


BOXES = {       # what people may stand below, besides organizational units
    "role": {"objectClass": [b"organizationalRole"]},
    "person": {"objectClass": [b"inetOrgPerson"], "sn": [b"x"]},
    "group": {"objectClass": [b"groupOfNames"], "member": [b"cn=x"]},
}


def box(world, kind, name):
    dn = f"cn={name},{world.env['PEOPLE_BASE']}"
    world.root.add_s(dn, [("cn", name.encode()), *BOXES[kind].items()])
    return dn


def namesake(world, branch, title):
    uid = world.name("tocaya")
    return world.person(uid=uid, dn=f"cn={title},{branch}", cn=[title])


@pytest.mark.parametrize("kind", BOXES)
def test_somebody_else_at_the_old_dn(live, kind):               # noqa: F811
    """A password that is right at the DN where a person stood is another's by now
    (directory.md rule 4); it opens the account of neither."""
    name, title = f"caja{next(numbers)}", "Juana Pérez"
    was = box(live, kind, name)
    ann = namesake(live, was, title)
    with guests(live, ann) as (one,):
        assert one.set_item("amiga@otra.example").get("type") == "result"
        now, moved_ann = renamed(live, ann, was, f"cn=otra{next(numbers)}")
        bob = namesake(live, box(live, kind, name), title)
        assert ann.dn == bob.dn
        for _ in range(3):
            assert attempt(live, ann, bob.password) == "not-authorized"
            assert attempt(live, bob, ann.password) == "not-authorized"
            assert attempt(live, ann) is attempt(live, bob) is None
        assert settle(one) == [[]]
        live.root.rename_s(now, now.partition(",")[0],
                           live.env["PEOPLE_BASE"].partition(",")[2])
        assert closed(one)[0] == "not-authorized"
    assert attempt(live, moved_ann) == "not-authorized"
    assert attempt(live, bob) is None


def test_person_above_others_leaves(live):                      # noqa: F811
    """Who stood below somebody goes with them, also after that one was renamed."""
    above = live.person("padrina")
    guest = below(live, above.dn)
    with guests(live, guest) as (one,):
        dn, guest = renamed(live, guest, above.dn, f"uid={live.name('padrina')}")
        assert attempt(live, guest) is None
        assert settle(one) == [[]]
        live.root.rename_s(dn, dn.partition(",")[0],
                           live.env["PEOPLE_BASE"].partition(",")[2])
        assert closed(one)[0] == "not-authorized"
    assert attempt(live, guest, None, "SCRAM-SHA-256") == "not-authorized"


@pytest.fixture(name="shown", scope="module")
def shown_(shared_world, tmp_path_factory):
    """A service that shows the groups of this module."""
    with Service(shared_world, tmp_path_factory.mktemp("branches"), {
            "roster.groups": "(description=rama)"}) as one:
        watching(one)
        yield one


def test_roster_group_whose_people_moved(live, shown, branch):  # noqa: F811
    """A group names its members by DN: whom it does not name any more is not in
    it, and who is back is."""
    was, rdn = branch(), f"ou=otra{next(numbers)}"
    ann, bob = below(live, was), live.person()
    group = f"cn=rama {next(numbers)},ou=groups,{live.env['LDAP_BASE']}"
    live.root.add_s(group, [
        ("objectClass", b"groupOfNames"), ("cn", group[3:9].encode()),
        ("description", b"rama"), ("member", [ann.dn.encode(), bob.dn.encode()])])
    try:
        with Client(shown, bob) as client:
            client.come()
            wait_for(lambda: ann.jid in client.items(), PATIENCE)
            live.root.rename_s(was, rdn)
            wait_for(lambda: ann.jid not in client.items(), PATIENCE)
            live.root.rename_s(f"{rdn},{was.partition(',')[2]}",
                               was.partition(",")[0])
            wait_for(lambda: ann.jid in client.items(), PATIENCE)
    finally:
        live.root.delete_s(group)


LOCKS = {       # what is set and then taken away
    "by ppolicy": {"pwdAccountLockedTime": [b"000001010000Z"]},
    "by date": {"pwdEndTime": [b"20200101000000Z"]},
}


@pytest.mark.parametrize("how", LOCKS)
@pytest.mark.parametrize("is_known", [False, True], ids=["new", "here before"])
def test_lock_that_was_lifted(live, how, is_known):             # noqa: F811
    """slapd says 49 to the right password of who is locked: that is no word about
    the password, and is not remembered as one."""
    person = live.person()
    if is_known:
        assert attempt(live, person) is None
    for name, values in LOCKS[how].items():
        live.root.modify_ext_s(person.dn, [(ldap.MOD_REPLACE, name, values)],
                               serverctrls=relax())
        assert attempt(live, person) == "not-authorized"
        assert attempt(live, person, "mal") == "not-authorized"
        live.root.modify_ext_s(person.dn, [(ldap.MOD_DELETE, name, None)],
                               serverctrls=relax())
    assert attempt(live, person) is None


def test_who_has_the_old_place_now(live, branch):               # noqa: F811
    """Somebody else at the old DN is somebody else: their password opens nothing
    but their own account."""
    uid = live.name("juan")
    person = live.person(
        uid=uid, dn=f"cn=Juan {uid},{live.env['PEOPLE_BASE']}", cn=[f"Juan {uid}"])
    assert attempt(live, person) is None
    wait_for(lambda: "imScram" in (live.profile(person) or {}))
    assert attempt(live, person) is None
    rdn = person.dn.partition(",")[0]
    now = branch()
    live.root.rename_s(person.dn, rdn, now)
    stranger = live.person(dn=person.dn, uid=live.name("otra"), cn=[f"Juan {uid}"],
                           password="la de otra persona")
    assert attempt(live, person, stranger.password) == "not-authorized"
    assert attempt(live, stranger) is None
    assert attempt(live, Person(person.uid, person.password, f"{rdn},{now}",
                                person.jid)) is None
    assert attempt(live, person, stranger.password) == "not-authorized"
