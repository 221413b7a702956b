# SPDX-License-Identifier: Apache-2.0
"""A password policy changed by any LDAP tool: nobody's entry is touched, and some may
not use their accounts any more.  With a directory that tells, and with one that is
asked."""

import itertools
import time

import pytest

from client import Client, settle
from live import attempt, is_watching
from service import Service
from test_live_account import closed
from test_live_polling import without_syncprov
from world import wait_for

SOON = 10               # polls come each second
OLD = 3                 # seconds that each password here has, at least

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["rfc4533", "polling"])
def asked(request, make_world):
    world = make_world()
    return world if request.param == "rfc4533" else without_syncprov(world, False)


@pytest.fixture
def service(asked, tmp_path):
    with Service(asked, tmp_path, {"ldap.poll_interval": "1s"}) as one:
        wait_for(lambda: is_watching(one.log) and "what=policies" in one.log, 30)
        yield one


def policies(world):
    return f"ou=policies,{world.env['LDAP_BASE']}"


def new_policy(world, **values):
    dn = f"cn=norma{next(_numbers)},{policies(world)}"
    world.root.add_s(dn, [
        ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
        ("pwdAttribute", b"userPassword"),
        *((key, value.encode()) for key, value in values.items())])
    return dn


def person_of(world, service, **more):
    """With a password that ppolicy knows the age of, and verifiers."""
    person = world.person(**more)
    world.root.passwd_s(person.dn, None, person.password)
    assert attempt(service, person) is None
    wait_for(lambda: world.profile(person).get("imScram"), 30)
    return person


def scram(service, person):
    return attempt(service, person, mechanism="SCRAM-SHA-256")


def test_one_s_own_policy(asked, service):
    """Whoever is online, and who was: their passwords are too old now, and not any
    more.  Another policy's people stay."""
    own, other = (new_policy(asked, pwdMaxAge="100000") for _ in range(2))
    ann, bob = (person_of(asked, service, pwdPolicySubentry=[own]) for _ in range(2))
    eva = person_of(asked, service, pwdPolicySubentry=[other])
    with Client(service, ann) as one, Client(service, eva) as third:
        one.come(), third.come()
        assert scram(service, bob) is None      # and gone: kept in memory
        time.sleep(OLD)                         # a password grows old by the clock
        asked.modify(own, pwdMaxAge=["1"])
        condition, text = closed(one, SOON)
        assert condition == "not-authorized" and "must be changed" in text
        # 49 for whoever is too late: ppolicy's word for it is not said to them
        wait_for(lambda: scram(service, bob) == "not-authorized", SOON)
        assert scram(service, ann) == "not-authorized"
        asked.modify(own, pwdMaxAge=["100000"])
        wait_for(lambda: scram(service, ann) is None, SOON)
        assert settle(third) == [[]]


def test_the_default_policy(asked, service):
    """It is named by the server's configuration, which we need not see."""
    default = f"cn=default,{policies(asked)}"
    ann = person_of(asked, service)
    with Client(service, ann) as one:
        one.come()
        time.sleep(OLD)
        asked.modify(default, pwdMaxAge=["1"])
        try:
            assert "must be changed" in closed(one, SOON)[1]
        finally:
            asked.modify(default, pwdMaxAge=None)
    wait_for(lambda: scram(service, ann) is None, SOON)


def test_a_policy_that_comes_and_goes(asked, service):
    """People may name one that does not exist yet."""
    dn = f"cn=norma{next(_numbers)},{policies(asked)}"
    ann = person_of(asked, service, pwdPolicySubentry=[dn])
    with Client(service, ann) as one:
        one.come()
        time.sleep(OLD)
        asked.root.add_s(dn, [
            ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
            ("pwdAttribute", b"userPassword"), ("pwdMaxAge", b"1")])
        assert closed(one, SOON)[0] == "not-authorized"
    asked.root.delete_s(dn)
    wait_for(lambda: attempt(service, ann) is None, SOON)
    wait_for(lambda: scram(service, ann) is None, SOON)
