# SPDX-License-Identifier: Apache-2.0
"""people_filter that asks for memberOf, which slapo-memberof writes to people without
a new entryCSN: nobody is told of the person, and who is taken out is out all the same."""

import re
import time

import ldap
import pytest

from client import Client
from doctor import DATABASE
from live import attempt, guests, watching
from service import Service
from test_live_account import closed
from test_live_groups import groups_base
from world import wait_for


@pytest.fixture(scope="module")
def directory(make_world):
    world = make_world()
    module = "cn=module{0},cn=config"
    world.root.modify_s(module, [(ldap.MOD_ADD, "olcModuleLoad", b"memberof")])
    world.root.add_s(f"olcOverlay=memberof,{DATABASE}", [
        ("objectClass", [b"olcOverlayConfig", b"olcMemberOf"]),
        ("olcOverlay", b"memberof")])
    return world


@pytest.fixture(scope="module")
def group(directory):
    dn = f"cn=usan,{groups_base(directory)}"
    directory.root.add_s(dn, [
        ("objectClass", b"groupOfNames"), ("cn", b"usan"),
        ("member", f"cn=nobody,{groups_base(directory)}".encode())])
    return dn


@pytest.fixture(scope="module")
def service(directory, group, tmp_path_factory):
    with Service(directory, tmp_path_factory.mktemp("usan"), {
            "ldap.people_filter":
            f"(&(objectClass=inetOrgPerson)(memberOf={group}))"}) as one:
        watching(one)
        yield one


@pytest.fixture
def talkative(directory, group, tmp_path):
    """talkative(filter): a service that says whom it looks at, whose people are asked for
    by that."""
    started = []

    def make(which):
        service = Service(directory, tmp_path / f"s{len(started)}", {
            "log.level": "debug", "ldap.people_filter":
            f"(&(objectClass=inetOrgPerson)({which}))"}).start()
        started.append(service)
        watching(service)
        return service
    yield make
    for service in started:
        service.stop()


def looks(service):
    """[(how many were as they had been, others)], of each time."""
    return [(int(n), int(others)) for n, others in re.findall(
        r"accounts-looked-at - people=(\d+) others=(\d+)", service.log)]


def test_whom_a_change_of_the_group_concerns(directory, talkative, group):
    """Who is taken out is looked at, and not who stays in it; of other groups nobody."""
    service = talkative(f"memberOf={group}")
    ann, bob, *crowd = (directory.person() for _ in range(7))
    change(directory, group, ldap.MOD_ADD, ann, bob, *crowd)
    for person in (ann, bob, *crowd):
        wait_for(lambda p=person: attempt(service, p) is None)
    with guests(service, ann, bob, *crowd) as (one, other, *_):
        time.sleep(1)           # what was looked at for those who came is over
        before = len(looks(service))
        elsewhere = group.replace("cn=usan", "cn=ajena")
        directory.root.add_s(elsewhere, [
            ("objectClass", b"groupOfNames"), ("cn", b"ajena"),
            ("member", ann.dn.encode())])
        change(directory, elsewhere, ldap.MOD_ADD, bob)
        time.sleep(1)           # what is to be proved is that nothing comes
        assert looks(service)[before:] == []
        change(directory, group, ldap.MOD_DELETE, ann)
        assert closed(one)[0] == "not-authorized"
        assert looks(service)[before:] == [(0, 1)]
        other.sync()
    directory.root.delete_s(elsewhere)
    change(directory, group, ldap.MOD_DELETE, bob, *crowd)


VAGUE = {"any group": "memberOf=*", "but one": "!(memberOf={})"}


@pytest.mark.parametrize("how", VAGUE)
def test_many_are_looked_at_together(directory, talkative, group, how):
    """Where nobody knows whom it concerns: all, in few searches."""
    service = talkative(VAGUE[how].format(group))
    is_in = how != "but one"
    people = [directory.person() for _ in range(45)]
    if is_in:
        change(directory, group, ldap.MOD_ADD, *people)
    for person in people:
        wait_for(lambda p=person: attempt(service, p) is None)
    with guests(service, *people) as (*_, last):
        time.sleep(1)
        before = len(looks(service))
        change(directory, group, ldap.MOD_DELETE if is_in else ldap.MOD_ADD,
               people[-1])
        assert closed(last)[0] == "not-authorized"
        assert looks(service)[before:] == [(44, 1)]
    if is_in:
        change(directory, group, ldap.MOD_DELETE, *people[:-1])
    else:
        change(directory, group, ldap.MOD_DELETE, people[-1])


def change(directory, group, how, *people):
    directory.root.modify_s(group, [
        (how, "member", [person.dn.encode() for person in people])])


def test_taken_out_of_the_group(directory, service, group):
    ann, bob = directory.person(), directory.person()
    assert attempt(service, ann) == "not-authorized"
    change(directory, group, ldap.MOD_ADD, ann, bob)
    with Client(service, ann) as one, Client(service, bob) as other:
        one.come()
        other.come()
        change(directory, group, ldap.MOD_DELETE, ann)
        assert closed(one)[0] == "not-authorized"
        assert attempt(service, ann) == "not-authorized"
        other.sync()
    change(directory, group, ldap.MOD_ADD, ann)
    assert attempt(service, ann) is None


def test_group_removed(directory, service, group):
    ann = directory.person()
    dn = group.replace("cn=usan", "cn=otra")
    change(directory, group, ldap.MOD_ADD, ann)
    with Client(service, ann) as one:
        one.come()
        directory.root.rename_s(group, "cn=otra")
        assert closed(one)[0] == "not-authorized"
    assert attempt(service, ann) == "not-authorized"
    directory.root.rename_s(dn, "cn=usan")
    wait_for(lambda: attempt(service, ann) is None)
