# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: who reads what is nobody else's (the check `private`)."""

import contextlib

import pytest

from doctor import FAULT, config, doctor, entry, rule, sample   # noqa: F401

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
