# SPDX-License-Identifier: Apache-2.0
""""Done when" 3: what stands in the directory afterwards, by ldapsearch."""

import os
import subprocess
import time

import ldap
import pytest

from client import Client, befriend
from rawclient import SaslFailure, Stream
from world import wait_for


def ldapsearch(world, base, pattern, *attributes):
    """What the tool prints, as an administrator would see it."""
    done = subprocess.run(
        ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-x", "-ZZ",
         "-H", world.env["LDAP_URI"], "-D", world.env["LDAP_ROOT_DN"],
         "-w", world.env["LDAP_ROOT_PASSWORD"], "-b", base, pattern,
         *attributes], text=True, capture_output=True, check=False, timeout=20,
        env={**os.environ, "LDAPTLS_CACERT": world.env["CA_FILE"]})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_friends_stand_on_both_profiles(world):
    ann, bob = (Client(world, world.person()).come() for _ in range(2))
    befriend(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        text = ldapsearch(world, "ou=profiles," + world.env["IM_BASE"],
                          f"(jid={one.bare})", "imRosterItem")
        assert text.count("imRosterItem:") == 1
        assert f"imRosterItem: {other.bare} both" in text
        one.cut()


def test_profile_of_a_first_login(world):
    person = world.person()
    began = time.time()
    assert world.profile(person) is None
    Client(world, person).cut()
    profile = wait_for(lambda: (world.profile(person) or {}).get("imScram")
                       and world.profile(person))
    assert profile["jid"] == [person.jid]
    assert profile["imPerson"] == [person.dn]
    uuid = world.search(person.dn, attributes=["entryUUID"])[0][1]["entryUUID"]
    assert profile["imPersonUUID"] == uuid
    assert profile.get("imStatus", ["active"]) == ["active"]
    kinds = {value.partition("$")[0] for value in profile["imScram"]}
    assert kinds == {"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"}
    changed = world.search(person.dn, attributes=["pwdChangedTime"])[0][1]
    assert profile["imScramSource"] == changed.get("pwdChangedTime", ["-"])
    assert time.time() - began < 10


def test_verifiers_are_not_made_twice(world):
    person = world.person()
    Client(world, person).cut()
    first = wait_for(lambda: world.profile(person).get("imScram"))
    for _ in range(3):
        Client(world, person).cut()
    assert world.profile(person)["imScram"] == first


def test_a_person_added_now_logs_in_at_once(world, tmp_path):
    """By the ldapadd tool, while everything runs."""
    uid = world.name("recien")
    dn = f"uid={uid},{world.env['PEOPLE_BASE']}"
    ldif = tmp_path / "new.ldif"
    ldif.write_text(f"dn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\n"
                    f"cn: Recién Llegada\nsn: Llegada\nuserPassword: bienvenida\n")
    subprocess.run(
        ["ldapadd", "-x", "-ZZ", "-H", world.env["LDAP_URI"], "-D",
         world.env["LDAP_ROOT_DN"], "-w", world.env["LDAP_ROOT_PASSWORD"],
         "-f", ldif], check=True, capture_output=True,
        env={**os.environ, "LDAPTLS_CACERT": world.env["CA_FILE"]})
    with Stream(world) as stream:
        stream.secured()
        stream.plain(uid, "bienvenida")
        stream.restart()
        assert stream.bind("r") == f"{uid}@{world.domain}/r"


def test_a_renamed_person_keeps_the_profile(world):
    """Identity is the entryUUID: a new DN is the same account."""
    person = world.person()
    with Client(world, person) as ann:
        ann.set_item("x@otra.example")
    new = f"cn={world.name('casada')}"
    world.root.rename_s(person.dn, new, delold=0)
    with Client(world, person) as ann:
        assert list(ann.items()) == ["x@otra.example"]
    found = world.search("ou=profiles," + world.env["IM_BASE"],
                         f"(jid={person.jid})")
    assert len(found) == 1


def test_a_person_removed_cannot_log_in_and_the_uid_can_be_given_again(world):
    """Whoever gets an old uid does not get the old contacts with it: an
    administrator removes the old account first."""
    person = world.person()
    with Client(world, person) as ann:
        ann.set_item("secreto@otra.example")
    world.root.delete_s(person.dn)
    with Stream(world) as stream:
        stream.secured()
        with pytest.raises(SaslFailure):
            stream.plain(person.uid, person.password)
    other = world.person(uid=person.uid)
    with pytest.raises(SaslFailure):
        Client(world, other)
    old, = world.search("ou=profiles," + world.env["IM_BASE"],
                        f"(jid={person.jid})")
    world.root.delete_s(old[0])
    with Client(world, other) as ann:
        assert ann.items() == {}


def test_the_server_writes_below_ou_im_only(world):
    """The person's entry is untouched by everything a client does."""
    person = world.person()
    before = world.search(person.dn)
    with Client(world, person) as ann:
        ann.come()
        ann.set_item("x@otra.example")
        ann.iq("set", "<vCard xmlns='vcard-temp'><BDAY>1</BDAY></vCard>")
    after = world.search(person.dn)
    for (_, entry), in (before, after):
        for volatile in ("pwdLastSuccess", "authTimestamp"):
            entry.pop(volatile, None)
    assert before == after


def test_locked_by_the_directory_locked_for_us(world):
    person = world.person()
    Client(world, person).cut()
    wait_for(lambda: world.profile(person).get("imScram"))
    world.root.modify_s(person.dn, [(
        ldap.MOD_REPLACE, "pwdAccountLockedTime", [b"000001010000Z"])])
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        with pytest.raises(SaslFailure) as why:
            Client(world, person, mechanism=mechanism)
        assert why.value.condition == "not-authorized"
    world.root.modify_s(person.dn, [(
        ldap.MOD_DELETE, "pwdAccountLockedTime", None)])
    Client(world, person, mechanism="SCRAM-SHA-256").cut()


def test_people_of_the_sample(world):
    """The two of the welcome; those who are locked or gone stay outside."""
    for uid in ("lucia", "andres"):
        with Stream(world) as stream:
            stream.secured()
            stream.plain(uid, f"tertulia-{uid}")
    # who proves to be the person is told that the password is to be changed
    for uid, said in (("oquinones", "not-authorized"), ("epenalver", "not-authorized"),
                      ("dlarra", "credentials-expired")):
        with Stream(world) as stream:
            stream.secured()
            with pytest.raises(SaslFailure) as why:
                stream.plain(uid, f"tertulia-{uid}")
            assert why.value.condition == said, uid
