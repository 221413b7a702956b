# SPDX-License-Identifier: Apache-2.0
"""access-inline.ldif: accounts on the people's own entries, and no more."""

import ldap
import pytest

from directory import Directory


@pytest.fixture(scope="module")
def inline(tmp_path_factory):
    """A directory of that kind, as `make run PROFILES=inline` makes it."""
    one = Directory(tmp_path_factory.mktemp("inline"), PROFILES="inline").start()
    yield one
    assert one.stop().returncode == 0


def test_im_makes_an_account_on_the_entry_of_a_person(inline):
    im, dn = inline.service("IM"), inline.dn("lucia")
    im.modify_s(dn, [(ldap.MOD_ADD, "objectClass", b"imUser"),
                     (ldap.MOD_ADD, "jid", b"lucia@localhost"),
                     (ldap.MOD_ADD, "imStatus", b"active"),
                     (ldap.MOD_ADD, "imRosterVersion", b"0"),
                     (ldap.MOD_ADD, "imScram", b"x")])
    im.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", b"a@b none 0 0 -"),
                     (ldap.MOD_INCREMENT, "imRosterVersion", b"1")])
    mine = inline.person("lucia").search_s(dn, ldap.SCOPE_BASE)[0][1]
    assert mine["imRosterVersion"] == [b"1"] and "imScram" not in mine


@pytest.mark.parametrize("attribute,value", [
    ("objectClass", b"uidObject"), ("objectClass", b"extensibleObject"),
    ("objectClass", b"JIDObject"), ("mail", b"x@example.org"),
    ("userPassword", b"x"), ("sn", b"x")])
def test_im_adds_nothing_else_to_a_person(inline, attribute, value):
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        inline.service("IM").modify_s(
            inline.dn("andres"), [(ldap.MOD_ADD, attribute, value)])


def test_im_does_not_take_a_class_away(inline):
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        inline.service("IM").modify_s(
            inline.dn("andres"),
            [(ldap.MOD_DELETE, "objectClass", b"inetOrgPerson")])


ACCOUNT = [(ldap.MOD_ADD, "objectClass", b"imUser"),
           (ldap.MOD_ADD, "imStatus", b"active"),
           (ldap.MOD_ADD, "imRosterVersion", b"0")]


@pytest.fixture
def account(inline):
    """andres with an account, and without it afterwards."""
    dn, im = inline.dn("andres"), inline.service("IM")
    before = inline.root().search_s(dn, ldap.SCOPE_BASE)[0][1]
    im.modify_s(dn, [*ACCOUNT, (ldap.MOD_ADD, "jid", b"andres@localhost")])
    im.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", b"a@b none 0 0 -"),
                     (ldap.MOD_ADD, "imVCard", b"<x/>"),
                     (ldap.MOD_ADD, "imScram", b"x")])
    yield dn
    now = inline.root().search_s(dn, ldap.SCOPE_BASE)[0][1]
    if "imUser" in [c.decode() for c in now["objectClass"]]:
        take_off(inline.root(), dn)
    assert inline.root().search_s(dn, ldap.SCOPE_BASE)[0][1] == before


def take_off(conn, dn):
    conn.modify_s(dn, [(ldap.MOD_DELETE, "objectClass", b"imUser")] + [
        (ldap.MOD_REPLACE, name, None) for name in (
            "jid", "imStatus", "imRosterItem", "imRosterVersion", "imPending",
            "imBlocked", "imPrivate", "imVCard", "imScram", "imScramSource")])


def test_web_takes_an_account_off_and_the_person_stays(inline, account):
    take_off(inline.service("IM_WEB"), account)
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        inline.service("IM_WEB").delete_s(account)


def test_web_suspends_and_sees_no_roster(inline, account):
    web = inline.service("IM_WEB")
    web.modify_s(account, [(ldap.MOD_REPLACE, "imStatus", b"suspended")])
    seen = web.search_s(account, ldap.SCOPE_BASE)[0][1]
    assert seen["imStatus"] == [b"suspended"]
    assert not {"imRosterItem", "imVCard", "imScram"} & set(seen)
    for name in ("imRosterItem", "imVCard", "imPending"):
        with pytest.raises(ldap.INSUFFICIENT_ACCESS):
            web.modify_s(account, [(ldap.MOD_ADD, name, b"a@b none 0 0 -")])


@pytest.mark.parametrize("change", [
    (ldap.MOD_REPLACE, "imStatus", b"active"),
    (ldap.MOD_DELETE, "objectClass", b"imUser")], ids=lambda c: c[1])
def test_im_neither_lifts_a_suspension_nor_removes_an_account(
        inline, account, change):
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        inline.service("IM").modify_s(account, [change])


def test_nobody_else_reads_a_roster(inline, account):
    seen = inline.person("lucia").search_s(account, ldap.SCOPE_BASE)[0][1]
    assert not {"imRosterItem", "imVCard", "imScram", "jid"} & set(seen)


def test_a_jid_is_given_once_and_an_account_has_one(inline, account):
    im = inline.service("IM")
    with pytest.raises(ldap.CONSTRAINT_VIOLATION):
        im.modify_s(inline.dn("bsanz"), [
            *ACCOUNT, (ldap.MOD_ADD, "jid", b"ANDRES@localhost")])
    with pytest.raises(ldap.CONSTRAINT_VIOLATION):
        im.modify_s(account, [(ldap.MOD_ADD, "jid", b"second@localhost")])
