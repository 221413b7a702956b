# SPDX-License-Identifier: Apache-2.0
"""The directory as a store: rosters and vCards."""

import ldap
import pytest

from xdbprobe import BOTH, FROM, NO_RIGHT, TO, Probe, settings
from xdbworld import entry_of
from xdbworld import slapd, root, person, profile  # noqa: F401


@pytest.fixture(scope="module")
def im(slapd):                                                  # noqa: F811
    probe = Probe().open(**settings(slapd))
    probe.account("lucia")
    yield probe
    probe.end()


# --- rosters ------------------------------------------------------------------------

def change(probe, account, version, **what):
    return probe.ask("roster_change", dn=account["profile"]["dn"],
                     version=version, **what)


def test_roster(im, root, profile):
    account = profile()
    uid = account["person"]["uid"]
    one = {"jid": "bob@example.org", "name": "Bob B.", "subscription": BOTH,
           "ask": 1, "approved": 1, "groups": ["Old friends", "-", "100%"]}
    two = {"jid": "bob@example.org", "name": "Bob", "subscription": TO,
           "ask": 0, "approved": 0, "groups": []}
    assert change(im, account, 0, add=one)["version"] == 1
    assert im.account(uid)["profile"]["roster"] == [one]
    assert change(im, account, 1, remove=one, add=two)["version"] == 2
    p = im.account(uid)["profile"]
    assert p["roster"] == [two] and p["version"] == 2
    assert entry_of(root, p["dn"])["imRosterItem"] == ["bob@example.org to 0 0 Bob"]
    assert change(im, account, 2, remove=two)["version"] == 3
    assert im.account(uid)["profile"]["roster"] == []


def test_roster_at_an_old_version(im, profile):
    account = profile()
    assert change(im, account, 0, add={"jid": "a@x.org"})["status"] == "ok"
    assert change(im, account, 0, add={"jid": "b@x.org"})["status"] == "conflict"
    assert change(im, account, 7, add={"jid": "b@x.org"})["status"] == "conflict"
    assert change(im, account, 1, add={"jid": "a@x.org"})["status"] == "conflict"
    assert change(im, account, 1,
                  remove={"jid": "nobody@x.org"})["status"] == "conflict"
    p = im.account(account["person"]["uid"])["profile"]
    assert p["version"] == 1 and len(p["roster"]) == 1


def test_LDAP_21_two_writers_lose_nothing(slapd, im, profile):
    """Both change one roster as fast as they can; the version decides."""
    account = profile()
    uid = account["person"]["uid"]
    other = Probe().open(**settings(slapd))
    try:
        todo = {im: [f"a{i}@x.org" for i in range(40)],
                other: [f"b{i}@x.org" for i in range(40)]}
        conflicts = 0
        while any(todo.values()):
            asked = []
            for probe, left in todo.items():
                if left:
                    version = probe.account(uid)["profile"]["version"]
                    asked.append((probe, left, probe.send(
                        "roster_change", dn=account["profile"]["dn"],
                        version=version, add={"jid": left[0]})))
            for probe, left, number in asked:
                if probe.wait(number)["status"] == "ok":
                    left.pop(0)
                else:
                    conflicts += 1
        p = im.account(uid)["profile"]
        assert len(p["roster"]) == 80 and p["version"] == 80
        assert conflicts > 0
    finally:
        other.end()


def test_roster_without_a_version_yet(im, root, profile):
    account = profile()
    dn = account["profile"]["dn"]
    root.modify_s(dn, [(ldap.MOD_DELETE, "imRosterVersion", None)])
    assert im.account(account["person"]["uid"])["profile"]["version"] == 0
    assert change(im, account, 0, add={"jid": "a@x.org"})["version"] == 1
    assert change(im, account, 1, add={"jid": "b@x.org"})["version"] == 2


def test_roster_value_in_another_s_spelling(im, root, profile):
    """Written by some tool, every letter encoded: it can be changed."""
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", [
        b"%62ob@example.org both 0 0 %42ob", b"eve@example.org from 0 0 -"])])
    item = next(i for i in im.account(uid)["profile"]["roster"]
                if i["jid"] == "bob@example.org")
    assert item["name"] == "Bob"
    new = {**item, "name": "Robert"}
    assert change(im, account, 0, remove=item, add=new)["version"] == 1
    assert sorted(entry_of(root, dn)["imRosterItem"]) == [
        "bob@example.org both 0 0 Robert", "eve@example.org from 0 0 -"]


def test_REL_24_an_unreadable_contact_costs_one_contact(im, root, profile):
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    bad = ["eve@example.org perhaps 0 0 -", "%zz both 0 0 -", "nonsense"]
    root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", [
        b"bob@example.org both 0 0 Bob", *map(str.encode, bad)])])
    p = im.account(uid)["profile"]
    assert [i["jid"] for i in p["roster"]] == ["bob@example.org"]
    assert change(im, account, 0, remove=p["roster"][0])["status"] == "ok"
    assert sorted(entry_of(root, dn)["imRosterItem"]) == sorted(bad)
    assert "values-unreadable" in im.said()
    assert "nonsense" not in im.said()


# An address that is none, and what was written by whoever wrote it.
NO_ADDRESS = ["@@ to 0 0 x", "%20 both 0 0 -", "a%20b@example.org both 0 0 -",
              "@example.org both 0 0 -", "eve@example.org/home both 0 0 -",
              f"{'e' * 1024}@example.org both 0 0 -", "eve@ both 0 0 -"]


def test_REL_24_an_address_that_is_none_costs_one_contact(im, root, profile):
    """m6: clients throw the whole roster away for one such item."""
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [
        (ldap.MOD_ADD, "imRosterItem", [b"bob@example.org both 0 0 Bob",
                                        *map(str.encode, NO_ADDRESS)]),
        (ldap.MOD_ADD, "imPending", [b"@@ hello", b"eve@example.org"])])
    p = im.account(uid)["profile"]
    assert [i["jid"] for i in p["roster"]] == ["bob@example.org"]
    assert [i["jid"] for i in p["pending"]] == ["eve@example.org"]
    im.account(uid)
    said = [line for line in im.said().splitlines() if dn in line]
    assert len(said) == 2, said
    assert f"attribute=imRosterItem count={len(NO_ADDRESS)} " in said[0]
    assert change(im, account, 0, remove=p["roster"][0])["status"] == "ok"
    assert sorted(entry_of(root, dn)["imRosterItem"]) == sorted(NO_ADDRESS)


def test_roster_address_as_somebody_wrote_it(im, root, profile):
    """Capital letters are the same address; it can be changed and removed."""
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem",
                        [b"BOB@Example.ORG both 0 0 Bob"])])
    [item] = im.account(uid)["profile"]["roster"]
    assert item["jid"] == "bob@example.org"
    new = {**item, "name": "Robert"}
    assert change(im, account, 0, remove=item, add=new)["status"] == "ok"
    assert entry_of(root, dn)["imRosterItem"] == ["bob@example.org both 0 0 Robert"]


def test_roster_with_one_address_twice(im, root, profile):
    """One of them counts, and a change leaves none that could come back."""
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", [
        b"bob@example.org both 0 0 Bob", b"Bob@example.org none 0 0 -",
        b"bob@example.org from 0 0 B"])])
    [item] = im.account(uid)["profile"]["roster"]
    assert item["jid"] == "bob@example.org" and item["twice"]
    # Nobody is to be called for values that are good: providers that copy each
    # other's changes make such for a moment.
    assert not [s for s in im.said().splitlines() if dn in s]
    assert change(im, account, 0, remove=item)["status"] == "ok"
    assert im.account(uid)["profile"]["roster"] == []
    assert "imRosterItem" not in entry_of(root, dn)


@pytest.mark.parametrize("version", [
    "-5", "99999999999999999999", "4294967296", "2147483648"])
def test_roster_version_that_is_none(im, root, profile, version):
    """m7: every change was a conflict, for ever.  Two at once are one, still."""
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [(ldap.MOD_REPLACE, "imRosterVersion", [version.encode()])])
    assert im.account(uid)["profile"]["version"] == 0
    assert f'attribute=imRosterVersion count=1 entry="{dn}"' in im.said()
    assert change(im, account, 0, add={"jid": "a@x.org"})["version"] == 1
    assert change(im, account, 0, add={"jid": "b@x.org"})["status"] == "conflict"
    assert change(im, account, 1, add={"jid": "b@x.org"})["version"] == 2
    assert entry_of(root, dn)["imRosterVersion"] == ["2"]


@pytest.mark.parametrize("status", ["actve", "x" * 32, "\x01"])
def test_status_that_nobody_knows_is_not_active(im, root, profile, status):
    account = profile()
    dn, uid = account["profile"]["dn"], account["person"]["uid"]
    root.modify_s(dn, [(ldap.MOD_REPLACE, "imStatus", [status.encode()])])
    assert im.account(uid)["profile"]["status"] == 1            # suspended
    assert f'attribute=imStatus count=1 entry="{dn}"' in im.said()


def test_pending(im, root, profile):
    account = profile()
    uid = account["person"]["uid"]
    ask = {"jid": "eve@example.org", "status": "let me in,\nplease"}
    item = {"jid": "eve@example.org", "subscription": FROM, "groups": [],
            "ask": 0, "approved": 0}
    assert change(im, account, 0, pending_add=ask)["version"] == 1
    assert im.account(uid)["profile"]["pending"] == [ask]
    assert change(im, account, 1, pending_remove=ask, add=item)["version"] == 2
    p = im.account(uid)["profile"]
    assert p["pending"] == [] and p["roster"] == [item]


def test_large_roster(im, root, profile):
    account = profile()
    values = [f"u{i}@example.org both 0 0 Name%20{i} Group" for i in range(1000)]
    root.modify_s(account["profile"]["dn"], [
        (ldap.MOD_ADD, "imRosterItem", [v.encode() for v in values])])
    p = im.account(account["person"]["uid"])["profile"]
    assert {i["jid"] for i in p["roster"]} == \
        {f"u{i}@example.org" for i in range(1000)}


def test_only_our_own_entries_are_changed(im, slapd):
    for do, more in (("roster_change", {"version": 0}),
                     ("vcard_store", {"remainder": "x"}),
                     ("scram_store", {"verifiers": ["x"], "source": "-"}),
                     ("profile_delete", {}), ("room_delete", {}),
                     ("room_set_subject", {"subject": "x"}),
                     ("request_delete", {})):
        for dn in slapd.dn("lucia"), slapd.env["IM_BASE"], "", "x":
            answer = im.ask(do, dn=dn, **more)
            assert (answer["status"], answer.get("refusal")) == \
                ("refused", NO_RIGHT), (do, dn, answer)


# --- vCards ---------------------------------------------------------------------------

def test_vcard(im):
    v = im.ask("vcard_load", uid="lucia")["vcard"]
    assert v["person"]["cn"] == "Lucía Álvarez Quiroga"
    assert v["organisation"] == "Universidad de Ejemplo"
    assert v["mails"] == ["lucia.alvarez-quiroga@example.org"]
    assert v["role"] == "pdi"
    assert v["photo_bytes"] > 100 and v["photo_type"] == "image/jpeg"


def test_vcard_url_without_its_label(im, person):
    uid = person(labeledURI=["https://example.org/~x My page"])
    assert im.ask("vcard_load", uid=uid)["vcard"]["url"] == "https://example.org/~x"


def test_vcard_remainder(im, root, profile):
    account = profile()
    uid, dn = account["person"]["uid"], account["profile"]["dn"]
    xml = "<vCard><BDAY>1990-01-01</BDAY>\n<DESC>ñ</DESC></vCard>"
    assert im.ask("vcard_store", dn=dn, remainder=xml)["status"] == "ok"
    v = im.ask("vcard_load", uid=uid)["vcard"]
    assert v["remainder"] == xml and v["profile_dn"] == dn
    assert im.ask("vcard_store", dn=dn, remainder="")["status"] == "ok"
    assert "remainder" not in im.ask("vcard_load", uid=uid)["vcard"]
    assert "imVCard" not in entry_of(root, dn)
    assert im.ask("vcard_store", dn=dn,
                  remainder="x" * (256 * 1024 + 1))["status"] == "refused"


def test_LDAP_17_hostile_values(im, root, profile):
    """Too long, too many, no UTF-8, control characters, not a picture."""
    account = profile(cn=["Evil\x1b[2J\x07Name"], displayName=["ok"],
                      title=["x" * 5000], ou=[f"unit {i}" for i in range(500)],
                      jpegPhoto=[b"\xff\xd8\xff" + bytes(100 * 1024)])
    uid = account["person"]["uid"]
    root.modify_s(account["profile"]["dn"],
                  [(ldap.MOD_REPLACE, "imVCard", b"<a>\xff\xfe</a>")])
    v = im.ask("vcard_load", uid=uid)["vcard"]
    assert v["person"]["cn"] == "Evil[2JName"
    assert "title" not in v["person"]
    assert v["photo_bytes"] == 0
    assert len(v["units"]) == 16
    assert "remainder" not in v


def test_photo_that_is_none(im, person):
    uid = person(jpegPhoto=[b"MZ\x90 not a picture"])
    v = im.ask("vcard_load", uid=uid)["vcard"]
    assert v["photo_bytes"] == 0 and "photo_type" not in v
