# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: what is shown of people, what profiles and rooms say, and lists that
rooms follow (the checks `cards`, `photos`, `profiles`, `values`, `lists`)."""

import contextlib
import os
import subprocess

import ldap
import pytest

from doctor import (FAULT, WARNING, config, doctor, entry, orphan,  # noqa: F401
                    rule, sample, without_overlay)

IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
PEOPLE = "ou=people,dc=example,dc=org"
GROUPS, LISTS = (f"ou={name},dc=example,dc=org" for name in ("groups", "lists"))
BELOW_IM = "ou=im,dc=example,dc=org"
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


# ---- profiles and rooms ----

def test_two_profiles_of_one_address(doctor):
    """Made while nobody looked: unique refuses the second one otherwise."""
    with contextlib.ExitStack() as stack, \
            without_overlay(doctor.world, "unique"):
        dns = [f"imPersonUUID=7e57d0c7-1111-4000-8000-00000000000{i},"
               f"ou=profiles,{BELOW_IM}" for i in range(2)]
        for i, dn in enumerate(dns):
            stack.enter_context(entry(
                doctor.world, dn, objectClass=["imProfile"],
                imPersonUUID=[dn.partition(",")[0].partition("=")[2]],
                imPerson=[f"cn=nadie{i},{BELOW_IM}"],
                jid=["Doble@localhost", "doble@localhost"][i:i + 1]))
        assert doctor.findings() == {"profiles": FAULT, "unique": FAULT}
        assert all(dn in doctor.says("profiles") for dn in dns)
    assert doctor.findings() == {}


ODD = {"imRosterItem": ["@@ to 0 0 x", "nonsense", "eve@example.org/x both 0 0 -"],
       "imPending": ["a b c"], "imStatus": ["actve"], "imRosterVersion": ["-5"],
       "jid": ["no address"]}


@pytest.mark.parametrize("attribute,value", [
    (attribute, value) for attribute in ODD for value in ODD[attribute]])
def test_value_that_nobody_understands(doctor, attribute, value):
    world = doctor.world
    [(_, lucia)] = world.search("uid=lucia,ou=people,dc=example,dc=org",
                                attributes=["entryUUID"])
    [uuid] = lucia["entryUUID"]
    dn = f"imPersonUUID={uuid},ou=profiles,{BELOW_IM}"
    content = {"objectClass": ["imProfile"], "imPersonUUID": [uuid],
               "jid": ["lucia@localhost"], "imRosterItem": [
                   "andres@localhost both 0 0 -"]}
    with entry(world, dn, **{**content, attribute: [value]}):
        assert doctor.findings() == {"values": WARNING}
        assert attribute in doctor.says("values") and dn in doctor.says("values")
    with entry(world, dn, **content):
        assert doctor.findings() == {}


@pytest.mark.parametrize("more", [
    {"imRoomName": ["a b"]}, {"imRoomOption": ["membersonly"]},
    {"imRoomOption": ["moderated=maybe"]}, {"imRoomOption": ["maxusers=-5"]},
    {"imOwnerJid": ["@@"]}, {"imOutcastJid": ["lucia@localhost a b c"]},
    {"imBoundState": ["yesterday"]}],
    ids=lambda more: next(iter(more)))
def test_room_that_nobody_understands(doctor, more):
    content = {"objectClass": ["imRoom"], "imRoomName": ["sala"], **more}
    dn = f"imRoomName={content['imRoomName'][0]},ou=rooms,{BELOW_IM}"
    with entry(doctor.world, dn, **content):
        assert doctor.findings() == {"values": WARNING}
        assert dn in doctor.says("values")


def test_room_in_other_spellings(doctor):
    with entry(doctor.world, f"imRoomName=sala,ou=rooms,{BELOW_IM}",
               objectClass=["imRoom"], imRoomName=["Sala"],
               imRoomOption=["MembersOnly=TRUE", "public=0", "maxusers=none"],
               imMemberJid=["LUCIA@localhost/r"]):
        assert doctor.findings() == {}


def test_room_with_a_note_on_somebody(doctor):
    note = "lucia@localhost/5b5ec5f6-7b02-1041-9933-450fc925be28 - Ruido"
    with entry(doctor.world, f"imRoomName=sala,ou=rooms,{BELOW_IM}",
               objectClass=["imRoom"], imRoomName=["sala"], imOutcastJid=[note]):
        assert doctor.findings() == {}


def test_profile_whose_person_is_gone(doctor):
    dn, content = orphan("7e57d0c7-1111-4000-8000-00000000000a",
                         "sefue@localhost")
    with entry(doctor.world, dn, **content):
        assert doctor.findings() == {"profiles": WARNING}
        assert dn in doctor.says("profiles")
        # and when the name is somebody's, that person cannot log in
        heir = "uid=sefue,ou=people,dc=example,dc=org"
        with entry(doctor.world, heir, objectClass=["inetOrgPerson"],
                   uid=["sefue"], cn=["Otra"], sn=["Otra"]):
            assert doctor.findings() == {"profiles": FAULT}
            assert heir in doctor.says("profiles")
            assert dn in doctor.says("profiles")
    assert doctor.findings() == {}


def test_profile_that_names_another_person(doctor):
    """imPerson did not follow a rename, and who is called so now may read it."""
    people, names = "ou=people,dc=example,dc=org", ("Íñigo Juan", "Juan")
    with contextlib.ExitStack() as stack:
        for i, name in enumerate(names):
            stack.enter_context(entry(
                doctor.world, f"cn={name},{people}", cn=[name], sn=["Juan"],
                objectClass=["inetOrgPerson"], uid=[f"juan{i}"]))
        [(_, made)] = doctor.world.search(f"cn=Íñigo Juan,{people}",
                                          attributes=["entryUUID"])
        dn, content = orphan(made["entryUUID"][0], "juan0@localhost")
        for person, wanted in ((f"cn=Juan,{people}", {"profiles": WARNING}),
                               (f"CN=Íñigo juan, {people}", {})):
            with entry(doctor.world, dn, **content, imPerson=[person]):
                assert doctor.findings() == wanted
                _, mends = doctor.run("--ldif")
                assert bool(mends) == bool(wanted), mends
                if wanted:
                    assert dn in doctor.says("profiles")
                    assert person in doctor.says("profiles")
                    put_right(doctor.world, mends)
                    assert doctor.findings() == {}
                    assert doctor.run("--ldif") == (0, "")


def put_right(world, text):
    """As whoever administers the directory."""
    subprocess.run(["ldapmodify", "-x", "-ZZ", "-H", world.env["LDAP_URI"],
                    "-D", world.env["LDAP_ROOT_DN"],
                    "-w", world.env["LDAP_ROOT_PASSWORD"]], input=text, text=True,
                   env={**os.environ, "LDAPTLS_CACERT": world.env["CA_FILE"]},
                   check=True, capture_output=True)


def test_profile_with_two_addresses(doctor):
    """Made while the overlay was not there."""
    [(_, lucia)] = doctor.world.search("uid=lucia,ou=people,dc=example,dc=org",
                                       attributes=["entryUUID"])
    dn, content = orphan(lucia["entryUUID"][0], "lucia@localhost")
    content["jid"].append("otra@localhost")
    with contextlib.ExitStack() as stack:
        with without_overlay(doctor.world, "constraint"):
            stack.enter_context(entry(doctor.world, dn, **content))
        assert doctor.findings() == {"values": WARNING}
        assert "jid of " + dn in doctor.says("values")
    assert doctor.findings() == {}


def test_profile_of_who_was_renamed_or_left_out(doctor):
    """Neither is a fault: the address follows, and who is no user is there."""
    people = "ou=people,dc=example,dc=org"
    for attributes in (
            dict(objectClass=["inetOrgPerson"], uid=["nueva"], cn=["Nueva"],
                 sn=["Nueva"]),
            dict(objectClass=["organizationalRole"], cn=["Nueva"])):
        dn = f"cn=Nueva,{people}"
        with entry(doctor.world, dn, **attributes):
            [(_, made)] = doctor.world.search(dn, attributes=["entryUUID"])
            profile, content = orphan(made["entryUUID"][0],
                                      "antigua@localhost")
            with entry(doctor.world, profile, **content):
                assert doctor.findings() == {}
                assert ("renamed" in doctor.says("profiles")) == (
                    "uid" in attributes)
