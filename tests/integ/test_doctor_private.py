# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: who reads what is nobody else's (the check `private`)."""

import pytest

from doctor import FAULT, config, doctor, rule, sample          # noqa: F401

IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
WEB = "dn.exact=cn=im-web,ou=services,ou=im,dc=example,dc=org"
BELOW_IM = "ou=im,dc=example,dc=org"


@pytest.mark.parametrize("attribute, branch, who", [
    *((name, "profiles", "users") for name in (
        "imRosterItem", "imPending", "imBlocked", "imPrivate", "imVCard",
        "imScramSource")),
    *((name, "rooms", "users") for name in ("imRoomOption", "imMemberJid")),
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
