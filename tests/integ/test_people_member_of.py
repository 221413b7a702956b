# SPDX-License-Identifier: Apache-2.0
"""people_filter that asks for memberOf, which slapo-memberof writes to people without
a new entryCSN: nobody is told of the person, and who is taken out is out all the same."""

import ldap
import pytest

from client import Client
from doctor import DATABASE
from live import attempt, is_watching
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
        wait_for(lambda: is_watching(one.log), 30)
        yield one


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
    wait_for(lambda: attempt(service, ann) is None, 10)
