# SPDX-License-Identifier: Apache-2.0
"""access-inline.ldif: accounts on the people's own entries, and no more."""

import ldap
import ldif
import pytest

from directory import TOP, Directory


@pytest.fixture(scope="module")
def inline(tmp_path_factory):
    """A directory with the optional rules loaded while it runs."""
    one = Directory(tmp_path_factory.mktemp("inline")).start()
    with open(TOP / "schema/access-inline.ldif", "rb") as file:
        reader = ldif.LDIFRecordList(file)
        reader.parse_change_records()
    (dn, changes, _), = reader.all_modify_changes
    one.root().modify_s(dn, changes)
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
