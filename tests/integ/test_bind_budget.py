# SPDX-License-Identifier: Apache-2.0
"""LDAP-15, SASL-17: nobody can lock a colleague out of the directory by guessing
at us, from however many addresses, and the colleague can log in meanwhile."""

import base64
import concurrent.futures
import dataclasses
import http.client
import itertools
import ssl
import urllib.parse

import ldap
import pytest

from live import attempt
from service import Service
from test_live_account import new_password
from world import Person, wait_for

numbers = itertools.count(1)
MOST = 5                        # pwdMaxFailure
RELAX = "1.3.6.1.4.1.4203.666.5.12"


@pytest.fixture(name="victim")
def victim_(world):
    """victim(known, **policy): a person whom the directory locks after MOST."""
    made = []

    def make(known, most=MOST, has_time=True, lockout="TRUE", kept="0",
             stem="victima"):
        policy = f"cn=strict{next(numbers)},ou=policies,{world.env['LDAP_BASE']}"
        world.root.add_s(policy, [
            ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
            ("pwdAttribute", b"userPassword"), ("pwdLockout", lockout.encode()),
            ("pwdMaxFailure", str(most).encode()),
            ("pwdFailureCountInterval", kept.encode())])
        made.append(policy)
        person = world.person(stem, pwdPolicySubentry=[policy])
        if has_time:            # ppolicy writes one when a password is changed
            world.root.passwd_s(person.dn, None, person.password)
        if known:
            assert attempt(world, person) is None
            wait_for(lambda: "imScram" in (world.profile(person) or {}))
        return person
    yield make
    for dn in made:
        world.root.delete_s(dn)


def failures(world, person):
    (_, entry), = world.root.search_s(person.dn, ldap.SCOPE_BASE, attrlist=[
        "pwdFailureTime", "pwdAccountLockedTime"])
    assert "pwdAccountLockedTime" not in entry
    return len(entry.get("pwdFailureTime", []))


@pytest.mark.parametrize("most,budget", [(3, 1), (5, 2), (6, 2), (10, 4)])
def test_fewer_than_half_of_what_locks(world, victim, most, budget):
    """Somebody who never logged in: then nothing is tried any more."""
    person = victim(False, most)
    said = [attempt(world, person, f"mal{i}") for i in range(12)]
    assert said == ["not-authorized"] * budget \
        + ["temporary-auth-failure"] * (12 - budget)
    assert failures(world, person) == budget
    assert attempt(world, person) == "temporary-auth-failure"
    # The directory has forgotten: a new password, as after a reset by the staff.
    person = new_password(world, person, "de secretaría")
    wait_for(lambda: attempt(world, person) is None)
    assert attempt(world, person, "mal") == "not-authorized"


def web_status(world, person, password):
    """What the web interface says to a name and a password."""
    url = urllib.parse.urlsplit(world.env["WEB_URL"])
    basic = base64.b64encode(f"{person.uid}:{password}".encode()).decode()
    there = http.client.HTTPSConnection(url.hostname, url.port, timeout=30,
                                        context=ssl._create_unverified_context())
    there.request("GET", "/api/v1/sessions",
                  headers={"Authorization": f"Basic {basic}"})
    return there.getresponse().status


@pytest.mark.parametrize("most", [3, 4, 6])
def test_both_processes_together_do_not_lock(world, victim, most):
    person = victim(False, most)
    for i in range(most):
        assert attempt(world, person, f"mal{i}") is not None
        assert web_status(world, person, f"peor{i}") in (401, 429)
    assert failures(world, person) == (most - 1) // 2 * 2


def test_however_the_name_is_spelled(world, victim):
    """The directory's spelling is none of a client's: one budget, and who logged
    in once still can."""
    person = victim(True, stem="VicTima")
    other = dataclasses.replace(person, uid=person.uid.upper())
    for i in range(4):
        attempt(world, person, f"mal{i}")
        attempt(world, other, f"peor{i}")
    assert failures(world, person) == MOST // 2
    assert attempt(world, person) is None


def test_a_reload_forgets_nothing(world, victim, tmp_path):
    person = victim(False)
    with Service(world, tmp_path) as one:
        for i in range(MOST):
            assert attempt(one, person, f"mal{i}") is not None
            web_status(one, person, f"peor{i}")
            one.hup()
            wait_for(lambda: one.log.count(" reloaded ") > i            # noqa: B023
                     and one.log.count(" reload web ") > i, 20)         # noqa: B023
        assert failures(world, person) == MOST // 2 * 2


def test_who_logged_in_once_still_can(world, victim):
    """Guesses go no further than the budget; the right password goes through."""
    person = victim(True)
    for i in range(10):
        assert attempt(world, person, f"mal{i}") in (
            "not-authorized", "temporary-auth-failure")
        assert attempt(world, person) is None
        assert failures(world, person) == 0             # a right one forgives
    for i in range(10):
        attempt(world, person, f"peor{i}")
    assert failures(world, person) <= MOST // 2
    assert attempt(world, person) is None
    assert attempt(world, person, None, "SCRAM-SHA-256") is None


def test_without_a_time_of_the_password(world, victim):
    """Then verifiers may be of an older one, and a "no" of theirs is none."""
    person = victim(True, has_time=False)
    for i in range(10):
        attempt(world, person, f"peor{i}")
    assert failures(world, person) <= MOST // 2
    assert attempt(world, person) is None
    assert failures(world, person) == 0


def test_nobody_and_somebody_are_told_the_same(world, victim, tmp_path):
    """SASL-07: what comes after the first guesses tells nobody who exists."""
    who = [victim(False), victim(True), victim(True, has_time=False),
           Person(world.name("nadie"), "x", "", "")]
    with Service(world, tmp_path, {"ldap.wrong_binds": "2"}) as one:
        said = [[attempt(one, person, f"mal{i}") for i in range(6)]
                for person in who]
    assert said == [["not-authorized"] * 2 + ["temporary-auth-failure"] * 4] * 4


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_many_guesses_at_once(world, victim, known):
    person = victim(known)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda i: attempt(world, person, f"mal{i}"),
                             range(24)))
    assert None not in said
    assert failures(world, person) <= 2
    if known:
        assert attempt(world, person) is None


def test_many_devices_at_once(world, victim):
    """A morning: the right password, from everywhere; nobody has to wait."""
    person = victim(False)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: attempt(world, person), range(16))) \
            == [None] * 16


def test_where_nobody_is_locked_nobody_waits(world, victim):
    person = victim(False, most=0)
    for i in range(8):
        assert attempt(world, person, f"mal{i}") == "not-authorized"
    assert attempt(world, person) is None


def test_a_limit_of_ones_own(world, victim, tmp_path):
    person = victim(False, most=0)
    with Service(world, tmp_path, {"ldap.wrong_binds": "3"}) as one:
        said = [attempt(one, person, f"mal{i}") for i in range(5)]
    assert said == ["not-authorized"] * 3 + ["temporary-auth-failure"] * 2


def timeless(world, person, password):
    """Another password, and nobody can tell: as in a directory without ppolicy."""
    world.modify(person.dn, userPassword=[password])
    world.root.modify_ext_s(
        person.dn, [(ldap.MOD_REPLACE, "pwdChangedTime", None)],
        serverctrls=[ldap.controls.LDAPControl(RELAX, True)])
    return Person(person.uid, password, person.dn, person.jid)


def test_verifiers_of_an_older_password_are_found_out(world, victim):
    """By the first PLAIN login with the new one, also of who is in memory."""
    old = victim(True, has_time=False)
    for n in range(2):
        assert attempt(world, old) is None
        new = timeless(world, old, f"nueva {n}")
        assert attempt(world, new) is None
        wait_for(lambda: attempt(world, new, None, "SCRAM-SHA-256") is None, 20)
        assert attempt(world, old, None, "SCRAM-SHA-256") == "not-authorized"
        assert attempt(world, old) in ("not-authorized", "temporary-auth-failure")
        old = new


def elsewhere(world, person, password):
    """Another password and the same pwdChangedTime, as where userPassword stands
    for one that Kerberos keeps ({SASL})."""
    [(_, was)] = world.search(person.dn, attributes=["pwdChangedTime"])
    world.modify(person.dn, userPassword=[password])
    world.root.modify_ext_s(
        person.dn, [(ldap.MOD_REPLACE, "pwdChangedTime",
                     [v.encode() for v in was["pwdChangedTime"]])],
        serverctrls=[ldap.controls.LDAPControl(RELAX, True)])
    return Person(person.uid, password, person.dn, person.jid)


def test_a_password_that_was_changed_elsewhere(world, victim):
    """Nobody tells us; a guess of a stranger's takes the new one from nobody, and
    who logs in with it by PLAIN ends the old one."""
    old = victim(True)
    new = elsewhere(world, old, "nueva en Kerberos")
    assert attempt(world, old, "mal") == "not-authorized"
    assert attempt(world, new) is None
    # One that is young may be another's of the same second: the next login tells.
    wait_for(lambda: attempt(world, new) is None
             and attempt(world, new, None, "SCRAM-SHA-256") is None, 20)
    assert attempt(world, old, None, "SCRAM-SHA-256") == "not-authorized"


def test_verifiers_that_the_directory_contradicts_are_dropped(world, victim):
    old = victim(True)
    elsewhere(world, old, "nueva en Kerberos")
    assert attempt(world, old, "mal") == "not-authorized"
    assert attempt(world, old) == "not-authorized"
    wait_for(lambda: "imScram" not in world.profile(old), 20)
    assert attempt(world, old, None, "SCRAM-SHA-256") == "not-authorized"
