# SPDX-License-Identifier: Apache-2.0
"""Who is signed in, or calls the API, and is nobody any more for the directory:
made with any LDAP tool, true at the next click."""

import contextlib

import ldap
import pytest

from browser import Api, Browser
from faults import Proxy
from live import password_from_outside
from service import Service
from world import wait_for

RELAX = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]


def admins(world):
    return f"cn=im-admins,ou=groups,{world.env['LDAP_BASE']}"


@pytest.fixture(name="person")
def person_(world):
    """An administrator, for this test."""
    person = world.person()
    world.root.modify_s(admins(world), [(ldap.MOD_ADD, "member",
                                         [person.dn.encode()])])
    yield person
    with contextlib.suppress(ldap.NO_SUCH_ATTRIBUTE):
        world.root.modify_s(admins(world), [(ldap.MOD_DELETE, "member",
                                             [person.dn.encode()])])


def set_(world, person, **values):
    world.root.modify_ext_s(person.dn, [
        (ldap.MOD_REPLACE, name, [v.encode() for v in value])
        for name, value in values.items()], serverctrls=RELAX)


CHANGES = {
    "locked": lambda world, p: set_(world, p, pwdAccountLockedTime=[
        "000001010000Z"]),
    "ended": lambda world, p: set_(world, p, pwdEndTime=["20200101000000Z"]),
    "must change": lambda world, p: set_(world, p, pwdReset=["TRUE"]),
    "expired": lambda world, p: set_(world, p, objectClass=[
        "inetOrgPerson", "shadowAccount"], shadowExpire=["1000"]),
    "password": lambda world, p: password_from_outside(world, p, "otra clave"),
    "removed": lambda world, p: world.root.delete_s(p.dn),
    "renamed": lambda world, p: world.root.modrdn_s(p.dn, f"uid={p.uid}x", True),
    "out of the filter": lambda world, p: world.root.rename_s(
        p.dn, f"uid={p.uid}", "ou=groups," + world.env["LDAP_BASE"]),
}


def soon(what):
    """Long before what was kept for a minute is over."""
    wait_for(what, 30)


@pytest.mark.parametrize("how", CHANGES)
def test_changed_with_any_tool(world, person, how):
    browser = Browser(world).sign_in(person.uid, person.password)
    script = Api(world, person.uid, person.password)
    assert browser.path == "/people"
    assert script.call("GET", "/sessions").status == 200
    CHANGES[how](world, person)
    soon(lambda: browser.fetch("GET", "/people").status == 303)
    assert browser.answer["location"].startswith("/signin")
    assert browser.fetch("GET", "/me").status == 303
    soon(lambda: script.call("GET", "/sessions").status == 401)


def test_out_of_the_administrators(world, person):
    browser = Browser(world).sign_in(person.uid, person.password)
    script = Api(world, person.uid, person.password)
    assert script.call("GET", "/sessions").status == 200
    world.root.modify_s(admins(world), [(ldap.MOD_DELETE, "member",
                                         [person.dn.encode()])])
    soon(lambda: browser.get("/people").status == 403)
    assert browser.get("/me").status == 200         # still signed in
    soon(lambda: script.call("GET", "/sessions").status == 403)


def test_name_given_to_somebody_else(world, person):
    """Another entry of that name, with the same password: another person."""
    browser = Browser(world).sign_in(person.uid, person.password)
    world.root.delete_s(person.dn)
    world.person(uid=person.uid, password=person.password)
    soon(lambda: browser.fetch("GET", "/me").status == 303)


def test_an_error_is_neither_yes_nor_no(world, person, tmp_path):
    """While the directory is mute nobody is let in, and nobody is signed out."""
    port = int(world.env["LDAP_URI"].rpartition(":")[2].strip("/"))
    with Proxy(port) as proxy, Service(world, tmp_path / "s", {
            "ldap.uri": proxy.uri, "ldap.timeout": "500ms"}) as service:
        browser = Browser(service).sign_in(person.uid, person.password)
        script = Api(service, person.uid, person.password)
        assert script.call("GET", "/sessions").status == 200
        proxy.hold()
        wait_for(lambda: browser.fetch("GET", "/people").status == 503, 30)
        wait_for(lambda: script.call("GET", "/sessions").status == 503, 30)
        set_(world, person, description=["sigue"])
        proxy.release()
        wait_for(lambda: browser.fetch("GET", "/people").status == 200, 30)
        wait_for(lambda: script.call("GET", "/sessions").status == 200, 30)
