# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: who reads what is nobody else's (the check `private`), and what our
own identities cannot read (`reading`, `lookup`)."""

import contextlib

import pytest

from doctor import (FAULT, WARNING, config, doctor, entry, rule,    # noqa: F401
                    sample)

IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
WEB = "dn.exact=cn=im-web,ou=services,ou=im,dc=example,dc=org"
BELOW_IM = "ou=im,dc=example,dc=org"


@pytest.mark.parametrize("attribute, branch, who", [
    *((name, "profiles", "users") for name in (
        "imRosterItem", "imPending", "imBlocked", "imPrivate", "imVCard",
        "imScramSource")),
    *((name, "rooms", "users") for name in (
        "imRoomOption", "imSubject", "imOwner", "imAdmin", "imMember", "imOutcast",
        "imOwnerJid", "imAdminJid", "imMemberJid", "imOutcastJid", "imBoundTo",
        "imBoundState")),
    ("imRosterItem", "profiles", WEB), ("imPrivate", "profiles", WEB),
    ("imVCard", "profiles", WEB)])
def test_private_values_that_are_shown(doctor, attribute, branch, who):
    text = (f"to dn.one=ou={branch},{BELOW_IM} attrs={attribute} "
            f"by {IM} write " + (f"by {WEB} break by users read" if who == "users"
                                 else f"by {who} read") + " by * break")
    # a base search shows an entry whose "entry" may be read
    entries = (f"to dn.one=ou={branch},{BELOW_IM} attrs=entry by {IM} break "
               f"by {WEB} break by users read by * break")
    with config(doctor.world, rule(text), rule(entries)):
        assert doctor.findings() == {"private": FAULT}, doctor.last
        assert attribute in doctor.says("private")
        assert ("whoever is logged in" if who == "users" else "cn=im-web"
                ) in doctor.says("private")
    assert doctor.findings() == {}


PROFILE = ("imPersonUUID", "jid", "imPerson", "imStatus")
READ_BY_IM = {
    "profiles": (*PROFILE, "imRosterItem", "imPending", "imBlocked", "imPrivate",
                 "imVCard", "imScram", "imScramSource"),
    "rooms": ("imRoomName", "cn", "imRoomOption", "imSubject", "imOwner", "imOutcast",
              "imMemberJid", "imBoundTo", "imBoundState")}
READ_BY_WEB = {"profiles": PROFILE, "rooms": ("imRoomName", "imRoomOption", "imOwner",
                                              "imBoundState")}


@pytest.mark.parametrize("who, branch, attribute", [
    (who, branch, name) for who, read in ((IM, READ_BY_IM), (WEB, READ_BY_WEB))
    for branch, names in read.items() for name in names])
def test_what_our_own_cannot_read(doctor, who, branch, attribute):
    """What may be written and not read is lost: an empty roster, and nobody says why."""
    with config(doctor.world, rule(
            f"to dn.one=ou={branch},{BELOW_IM} attrs={attribute} by {who} =wsc "
            "by * break")):
        # a status that may be written, say, is a fault besides
        assert doctor.findings()["reading"] == FAULT, doctor.last
        assert f"read {attribute}" in doctor.says("reading")
    assert doctor.findings() == {}


@pytest.mark.parametrize("attribute", ["jid", "imPersonUUID", "imRoomName"])
def test_what_our_own_cannot_search_by(doctor, attribute):
    with config(doctor.world, rule(f"to attrs={attribute} by {IM} =rwc by * break")):
        assert doctor.findings()["reading"] == FAULT, doctor.last
        assert f"{attribute}, or not search by it" in doctor.says("reading")


@pytest.mark.parametrize("attribute, right", [
    ("entryUUID", "none"), ("uid", "=rc")])
def test_people_whom_the_web_process_does_not_find(doctor, attribute, right):
    with config(doctor.world, rule(
            f"to dn.subtree=ou=people,dc=example,dc=org attrs={attribute} "
            f"by {WEB} {right} by * break")):
        assert doctor.findings()["lookup"] == FAULT, doctor.last
        assert "cannot sign in at the web page" in doctor.says("lookup")


def test_locks_that_the_server_does_not_tell(doctor):
    with config(doctor.world, rule(
            f"to dn.subtree=ou=people,dc=example,dc=org attrs=userPassword by {IM} none "
            "by * break")):
        assert doctor.findings() == {"account-state": WARNING}, doctor.last
        assert "compare userPassword" in doctor.says("account-state")


def test_looking_up_changes_nothing(doctor):
    """A login gives the profile of somebody who was renamed the new address."""
    uids = sorted(
        (one["uid"][0], one["entryUUID"][0]) for _, one
        in doctor.world.search("ou=people,dc=example,dc=org",
                               "(objectClass=inetOrgPerson)",
                               attributes=["uid", "entryUUID"])
        if "entryUUID" in one and one.get("uid"))
    with contextlib.ExitStack() as stack:
        made = {}
        for uid, uuid in uids:
            dn = f"imPersonUUID={uuid},ou=profiles,{BELOW_IM}"
            made[dn] = [f"era-{uid}@localhost"]
            stack.enter_context(entry(
                doctor.world, dn, objectClass=["imProfile"],
                imPersonUUID=[uuid], jid=made[dn]))
        doctor.findings()
        assert doctor.last["lookup"]["verdict"] == "ok", doctor.last["lookup"]
        for dn, jid in made.items():
            [(_, now)] = doctor.world.search(dn, attributes=["jid"])
            assert now["jid"] == jid
