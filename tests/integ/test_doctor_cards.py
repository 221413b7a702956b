# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: what is shown of people, and lists that rooms follow (the checks
`cards`, `photos`, `lists`)."""

import contextlib

import ldap
import pytest

from doctor import (FAULT, WARNING, config, doctor, entry, rule,    # noqa: F401
                    sample)

IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
PEOPLE = "ou=people,dc=example,dc=org"
GROUPS, LISTS = (f"ou={name},dc=example,dc=org" for name in ("groups", "lists"))
ROOM = "imRoomName=sala,ou=rooms,ou=im,dc=example,dc=org"
JPEG = b"\xff\xd8\xff\xe0"


def room(world, bound_to):
    return entry(world, ROOM, objectClass=["imRoom"], imRoomName=["sala"],
                 imBoundTo=[bound_to])


@pytest.mark.parametrize("right", ["none", "=s"])
@pytest.mark.parametrize("attribute", [
    "cn", "displayName", "givenName", "sn", "mail", "title", "jpegPhoto"])
def test_field_that_cannot_be_read(doctor, attribute, right):
    """At all, or only searched by."""
    with config(doctor.world, rule(
            f"to dn.subtree={PEOPLE} attrs={attribute} by {IM} {right} by * break")):
        found = doctor.findings()
        assert found == {"cards": WARNING}, doctor.last
        assert f"cannot read {attribute} " in doctor.says("cards")
    assert doctor.findings() == {}


@pytest.mark.parametrize("photo", [JPEG + b"x" * 65536, b"RIFF....WEBPVP8 "],
                         ids=["large", "webp"])
def test_photo_that_is_not_shown(doctor, photo):
    world, dn = doctor.world, f"uid=andres,{PEOPLE}"
    before = world.root.search_s(dn, ldap.SCOPE_BASE, attrlist=["jpegPhoto"])[0][1]
    for value, wanted in ((photo, {"photos": WARNING}), (JPEG + b"x" * 999, {})):
        world.root.modify_s(dn, [(ldap.MOD_REPLACE, "jpegPhoto", [value])])
        try:
            assert doctor.findings() == wanted, doctor.last
            if wanted:
                assert dn in doctor.says("photos")
        finally:
            world.root.modify_s(dn, [(ldap.MOD_REPLACE, "jpegPhoto",
                                      before.get("jpegPhoto"))])


def listed(**values):
    """A list that a room follows: a fault planted in it, and what is said."""
    return {"objectClass": ["mailGroup"], "cn": ["avisos"],
            "mail": ["avisos@uni.example"], **values}


LUCIA = {"mgrpRFC822MailMember": ["lucia"]}
BY_MAIL = {"mgrpRFC822MailMember": ["lucia.alvarez-quiroga@example.org"]}
LIST = f"cn=avisos,{LISTS}"


def test_list_that_is_gone(doctor):
    with room(doctor.world, LIST):
        assert doctor.findings() == {"lists": FAULT}, doctor.last
        assert f"sala follows {LIST}, which is not there" in doctor.says("lists")


@pytest.mark.parametrize("to, verdict, word", [
    (f"dn.subtree={LISTS}", FAULT, "cannot be read"),
    (f"dn.exact={LIST} attrs=mgrpRFC822MailMember", WARNING, "nobody of our people")])
def test_list_that_cannot_be_read(doctor, to, verdict, word):
    with entry(doctor.world, LIST, **listed(**LUCIA)), room(doctor.world, LIST):
        assert doctor.findings() == {}, doctor.last
        assert "1 rooms follow 1 lists" in doctor.says("lists")
        with config(doctor.world, rule(f"to {to} by {IM} none by * break")):
            assert doctor.findings() == {"lists": verdict}, doctor.last
            assert word in doctor.says("lists")


@pytest.mark.parametrize("values, is_warned", [
    (LUCIA, False), (BY_MAIL, True),
    ({**LUCIA, "mgrpModerator": ["mailto:andres.saenz-de-tejada@example.org"]}, True)])
def test_places_that_people_may_take(doctor, values, is_warned):
    """Whoever writes their own mail address takes the place of who had it."""
    may = rule(f"to dn.subtree={PEOPLE} attrs=mail by self write by * break")
    with contextlib.ExitStack() as stack:
        for one in (entry(doctor.world, LIST, **listed(**values)),
                    room(doctor.world, LIST)):
            stack.enter_context(one)
        assert doctor.findings() == {}, doctor.last
        stack.enter_context(config(doctor.world, may))
        doctor.write({"vcard.writable": "photo mail"})
        assert doctor.findings() == ({"lists": WARNING} if is_warned else {}), \
            doctor.last
        assert ("[vcard] writable" in doctor.says("lists")) == is_warned
