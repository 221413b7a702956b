# SPDX-License-Identifier: Apache-2.0
"""The directory as a store: people, passwords, profiles, promises."""

import itertools
import time
import uuid

import ldap
import ldap.filter
import ldap.modlist
import pytest

from directory import Directory
from xdbprobe import (BAD_PASSWORD, EXPIRED, LOCKED, MUST_CHANGE, NO_RIGHT, SUSPENDED,
                      TOO_OFTEN, WRONG_PASSWORD, Probe, settings)
from xdbworld import check, entry_of, numbers
from xdbworld import slapd, root, im, web, person, profile  # noqa: F401


# --- accounts -----------------------------------------------------------------

def test_account_load(im):
    answer = im.ask("account_load", uid="lucia")
    who = answer["account"]["person"]
    assert answer["status"] == "ok"
    assert who["uid"] == "lucia"
    assert who["display_name"] == "Lucía Álvarez Quiroga"
    assert who["given_name"] == "Lucía"
    assert who["department"] == "Departamento de Informática"
    assert who["refusal"] == 0
    assert answer["account"]["profile"]["exists"] is False


def test_nobody(im):
    for uid in "nobody-of-this-name", "", "x" * 1024, "ü" * 500:
        assert im.ask("account_load", uid=uid)["status"] == "absent"


def test_unusual_dns(im):
    for uid in "jborja", "dlarra", "mzambrano", "edomenech":
        assert im.account(uid)["person"]["uid"] == uid


@pytest.mark.parametrize("uid, refusal", [
    ("oquinones", LOCKED), ("ycano", LOCKED), ("smaragall", LOCKED),
    ("amena", EXPIRED), ("aboscan", EXPIRED), ("epenalver", EXPIRED),
    ("dlarra", MUST_CHANGE), ("andres", 0)])
def test_LDAP_16_rules_of_the_account(im, uid, refusal):
    assert im.account(uid)["person"]["refusal"] == refusal


def test_LDAP_04_four_kilobytes_of_name(im):
    assert im.ask("account_load", uid="%n%s" * 1024)["status"] == "absent"
    assert im.ask("account_load", uid="%n%s")["status"] == "absent"


def test_LDAP_05_two_people_of_one_name(im, root, slapd, person):
    uid = person()
    person(uid, rdn=f"cn=Twin {uid}")
    assert im.ask("account_load", uid=uid)["status"] == "broken"


@pytest.mark.parametrize("spelling", [
    " lucia ", " lucia", "lucia ", "ｌｕｃｉａ", "lucıa", "lu\u00adcia"])
def test_LDAP_06_one_spelling_one_account(im, spelling):
    """slapd matches some of these to lucia; the store does not."""
    assert im.ask("account_load", uid=spelling)["status"] == "absent"


def test_LDAP_06_the_directory_s_value_is_handed_over(im, person):
    person("MixedCase")
    assert im.account("mixedcase")["person"]["uid"] == "MixedCase"


def test_LDAP_06_one_of_several_values(im, root, slapd, person):
    uid = person()
    root.modify_s(slapd.dn(uid), [(ldap.MOD_ADD, "uid", b"other" + uid.encode())])
    assert im.ask("account_load", uid="other" + uid)["status"] == "absent"
    assert im.account(uid)["person"]["uid"] == uid


@pytest.mark.parametrize("uid", [
    "*", "*)(uid=*", "l*", "luci\\61", "l\\2a", "lucia)(objectClass=*",
    "lucia\0", "lucia\0*", ")(|(uid=*", "\\", "(", "%", "lucia,ou=people"])
def test_LDAP_02_a_name_is_no_filter(im, uid):
    assert im.ask("account_load", uid=uid)["status"] == "absent"
    assert im.ask("vcard_load", uid=uid)["status"] == "absent"
    assert im.ask("room_load", name=uid)["status"] == "absent"


@pytest.mark.parametrize("uid", [
    "a,b", "a+b", 'a"b"', "a\\b", "<a>;=", "#a", "a b", "a\\2cb", "*", "ñandú",
    "a,ou=groups"])
def test_LDAP_03_a_name_is_no_dn(web, im, root, slapd, uid):
    made = web.ask("person_create", base=slapd.env["PEOPLE_BASE"], uid=uid,
                   given_name="A", sn="B")
    assert made["status"] == "ok"
    if uid in ('a"b"', "<a>;=", "a b"):         # part of no address
        assert im.ask("account_load", uid=uid)["status"] == "absent"
        (dn, values), = root.search_s(slapd.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE,
                                      ldap.filter.filter_format("(uid=%s)", [uid]))
        who = {"dn": dn, "uid": values["uid"][0].decode()}
    else:
        who = im.account(uid)["person"]
    try:
        assert who["uid"] == uid
        assert ldap.dn.str2dn(who["dn"])[0] == [("uid", uid, 1)] \
            or ldap.dn.str2dn(who["dn"])[0][0][1] == uid
        assert len(ldap.dn.str2dn(who["dn"])) == 4
    finally:
        root.delete_s(who["dn"])


# --- passwords ------------------------------------------------------------------

def test_password(im, slapd):
    assert check(im, slapd.dn("lucia"), "tertulia-lucia") == ("ok", 0)
    assert check(im, slapd.dn("lucia"), "tertulia-andres") == \
        ("refused", WRONG_PASSWORD)
    assert check(im, slapd.dn("nobody"), "x") == ("refused", WRONG_PASSWORD)
    assert check(im, slapd.dn("rnovo"), "x") == ("refused", WRONG_PASSWORD)


def test_password_utf8_and_long(im, slapd, root):
    for password in "contraseña ☃", "x" * 1000:
        uid = f"p{next(numbers)}"
        root.add_s(slapd.dn(uid), ldap.modlist.addModlist({
            "objectClass": [b"inetOrgPerson"], "uid": [uid.encode()],
            "cn": [b"x"], "sn": [b"x"], "userPassword": [password.encode()]}))
        assert check(im, slapd.dn(uid), password) == ("ok", 0)
        assert check(im, slapd.dn(uid), password[:-1])[0] == "refused"
        root.delete_s(slapd.dn(uid))
    assert check(im, slapd.dn("lucia"), "x" * 5000)[0] == "refused"


@pytest.mark.parametrize("uid, refusal", [
    ("oquinones", LOCKED), ("dlarra", MUST_CHANGE)])
def test_LDAP_16_password_right_but(im, slapd, uid, refusal):
    dn = im.account(uid)["person"]["dn"]
    assert check(im, dn, f"tertulia-{uid}") == ("refused", refusal)


@pytest.fixture
def strict(slapd, root):
    """Somebody whose account locks after three wrong passwords."""
    base, uid = slapd.env["LDAP_BASE"], f"strict{next(numbers)}"
    policy = f"cn={uid},ou=policies,{base}"
    root.add_s(policy, [
        ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
        ("pwdAttribute", b"userPassword"), ("pwdLockout", b"TRUE"),
        ("pwdMaxFailure", b"3")])
    root.add_s(slapd.dn(uid), [
        ("objectClass", b"inetOrgPerson"), ("uid", uid.encode()), ("cn", b"x"),
        ("sn", b"x"), ("pwdPolicySubentry", policy.encode())])
    root.passwd_s(slapd.dn(uid), None, "right")
    yield uid
    root.delete_s(slapd.dn(uid))
    root.delete_s(policy)


def test_LDAP_15_an_old_password_again_and_again(slapd, root, strict):
    """Three clients with an old password do not lock the account."""
    probe = Probe().open(**settings(slapd))
    dn = slapd.dn(strict)
    try:
        for _ in range(100):
            probe.account(strict)
            assert check(probe, dn, "old") == ("refused", WRONG_PASSWORD)
        assert len(entry_of(root, dn, "pwdFailureTime")["pwdFailureTime"]) == 1
        assert check(probe, dn, "right") == ("ok", 0)
        # The old one becomes the right one: it is tried again at once.
        time.sleep(1.1)
        root.passwd_s(dn, None, "old")
        probe.account(strict)
        assert check(probe, dn, "old") == ("ok", 0)
        # Of three different wrong ones that would lock, one gets there ...
        assert check(probe, dn, "wrong", uid=strict) == (
            "refused", WRONG_PASSWORD)
        for i in range(3):
            assert check(probe, dn, f"wrong{i}", uid=strict) == (
                "refused", TOO_OFTEN)
        assert probe.account(strict)["person"]["refusal"] == 0
        # ... and the others are somebody else's, who is asked directly.
        for i in range(2):
            with pytest.raises(ldap.INVALID_CREDENTIALS):
                slapd.connect(dn, f"other{i}")
        assert check(probe, dn, "old", is_sure=True) == ("refused", LOCKED)
        assert probe.account(strict)["person"]["refusal"] == LOCKED
    finally:
        probe.end()


@pytest.fixture
def choosy(slapd, root):
    """Somebody whose policy is particular: short, the last three, must change."""
    base, uid = slapd.env["LDAP_BASE"], f"choosy{next(numbers)}"
    policy = f"cn={uid},ou=policies,{base}"
    root.add_s(policy, [
        ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
        ("pwdAttribute", b"userPassword"), ("pwdMinLength", b"8"),
        ("pwdCheckQuality", b"2"), ("pwdInHistory", b"3"),
        ("pwdMustChange", b"TRUE"), ("pwdSafeModify", b"TRUE")])
    root.add_s(slapd.dn(uid), [
        ("objectClass", b"inetOrgPerson"), ("uid", uid.encode()), ("cn", b"x"),
        ("sn", b"x"), ("pwdPolicySubentry", policy.encode()),
        ("userPassword", b"la primera")])
    yield uid
    root.delete_s(slapd.dn(uid))
    root.delete_s(policy)


def test_password_changed_by_the_person(im, slapd, root, choosy):
    """RFC 3062, bound as the person; what the policy says comes through."""
    dn = slapd.dn(choosy)

    def change(was, new):
        answer = im.ask("password_change", **{"dn": dn, "was": was, "is": new})
        return answer["status"], answer.get("refusal", 0), answer.get("says", "")

    assert change("la segunda", "la tercera")[:2] == ("refused", WRONG_PASSWORD)
    assert change("la primera", "la segunda") == ("ok", 0, "")
    assert check(im, dn, "la segunda") == ("ok", 0)
    assert check(im, dn, "la primera") == ("refused", WRONG_PASSWORD)
    assert entry_of(root, dn, "modifiersName")["modifiersName"] == [dn]
    for bad in "corta", "la segunda", "la primera":
        status, refusal, says = change("la segunda", bad)
        assert (status, refusal) == ("refused", BAD_PASSWORD) and says, bad
    for bad in ("", "\0", "x" * 2000, "x" * 1025, "ñandúñú", "una clave\tnueva",
                "una clave\u0085nueva"):
        status, refusal, says = change("la segunda", bad)
        assert (status, refusal) == ("refused", BAD_PASSWORD), bad
        assert says.startswith("A new password has "), bad
    assert change("", "la tercera")[:2] == ("refused", WRONG_PASSWORD)
    assert im.ask("password_change", **{
        "dn": slapd.dn("nobody"), "was": "x", "is": "la tercera"})["refusal"] \
        == WRONG_PASSWORD


def test_password_that_must_be_changed_can_be(im, slapd, root, choosy):
    dn = slapd.dn(choosy)
    root.passwd_s(dn, None, "de secretaría")
    assert im.account(choosy)["person"]["refusal"] == MUST_CHANGE
    assert check(im, dn, "de secretaría") == ("refused", MUST_CHANGE)
    assert im.ask("password_change", **{"dn": dn, "was": "de secretaría",
                                        "is": "la mía propia"})["status"] == "ok"
    assert check(im, dn, "la mía propia") == ("ok", 0)
    assert im.account(choosy)["person"]["refusal"] == 0


@pytest.fixture
def careless(tmp_path):
    """A slapd that lets a DN without a password in, as some others do."""
    one = Directory(tmp_path / "careless", SAMPLE="no").start()
    config = one.root()
    config.modify_s("cn=config", [(ldap.MOD_ADD, "olcAllows",
                                   [b"bind_anon_dn", b"bind_anon_cred"])])
    yield one
    one.stop()


def test_LDAP_01_empty_password_on_a_careless_server(careless):
    probe = Probe().open(**settings(careless))
    dn = careless.dn("admin")
    try:
        # It is as careless as the test needs it to be.
        conn = careless.connect()
        conn.simple_bind_s(dn, "")
        for password in "", "\0", "\0x", "tertulia\0", "\0\0\0\0":
            assert check(probe, dn, password) == ("refused", WRONG_PASSWORD)
            assert check(probe, careless.dn("ghost"), password) == \
                ("refused", WRONG_PASSWORD)
        assert check(probe, dn, careless.env["ADMIN_PASSWORD"]) == ("ok", 0)
    finally:
        probe.end()


def test_LDAP_07_searches_are_never_a_person_s(slapd, profile):
    """Binds of all kinds between searches: what only cn=im may read stays
    readable."""
    account = profile()
    uid, dn = account["person"]["uid"], account["person"]["dn"]
    probe = Probe().open(**settings(slapd))
    try:
        probe.ask("roster_change", dn=account["profile"]["dn"], version=0,
                  add={"jid": "b@example.org"})
        pending = []
        for i in range(100):
            pending.append(probe.send("password_check", dn=dn, password=(
                f"tertulia-{uid}" if i % 3 else "wrong")))
            pending.append(probe.send("account_load", uid=uid))
        answers = [probe.wait(n) for n in pending]
        for bind, load in zip(answers[::2], answers[1::2]):
            assert bind["status"] in ("ok", "refused")
            assert len(load["account"]["profile"]["roster"]) == 1
        assert sum(a["status"] == "ok" for a in answers[::2]) == 66
    finally:
        probe.end()


# --- profiles ---------------------------------------------------------------------

def test_profile(im, root, profile):
    account = profile()
    uid, p = account["person"]["uid"], account["profile"]
    assert p["exists"] and p["version"] == 0 and p["status"] == 0
    assert p["jid"] == f"{uid}@example.org"
    found = entry_of(root, p["dn"])
    assert found["objectClass"] == ["imProfile"]
    assert found["imPersonUUID"] == [account["person"]["uuid"]]
    assert found["imPerson"] == [account["person"]["dn"]]
    assert found["imStatus"] == ["active"]


def test_profile_exists_already(im, profile):
    account = profile()
    who = account["person"]
    assert im.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                  jid="x@example.org")["status"] == "conflict"


def test_profile_jid_is_taken(im, profile, person):
    taken = profile()["profile"]["jid"]
    who = im.account(person())["person"]
    assert im.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                  jid=taken)["status"] == "conflict"


def test_profile_of_somebody_renamed(im, root, slapd, profile):
    account = profile()
    new = f"renamed{next(numbers)}"
    root.rename_s(account["person"]["dn"], f"uid={new}")
    try:
        again = im.account(new)
        assert again["person"]["uuid"] == account["person"]["uuid"]
        assert again["profile"]["dn"] == account["profile"]["dn"]
        assert again["profile"]["jid"] == f"{new}@example.org"
        assert entry_of(root, again["profile"]["dn"])["jid"] == [
            f"{new}@example.org"]
    finally:
        root.rename_s(slapd.dn(new), "uid=" + account["person"]["uid"])


def test_profile_of_somebody_before_does_not_count(im, root, slapd, profile):
    """The name was given to somebody else: another person, not their roster."""
    account = profile()
    uid = account["person"]["uid"]
    saved = root.search_s(slapd.dn(uid), ldap.SCOPE_BASE)[0][1]
    root.delete_s(slapd.dn(uid))
    root.add_s(slapd.dn(uid), ldap.modlist.addModlist(saved))
    again = im.account(uid)
    assert again["person"]["uuid"] != account["person"]["uuid"]
    assert again["profile"]["exists"] is False


def test_profile_status(im, web, profile):
    account = profile()
    uid, dn = account["person"]["uid"], account["profile"]["dn"]
    for status in 1, 2, 3, 4, 0:
        assert web.ask("profile_set_status", dn=dn, to=status)["status"] == "ok"
        assert im.account(uid)["profile"]["status"] == status
    refused = im.ask("profile_set_status", dn=dn, to=1)
    assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)


def test_unknown_status_is_not_active(im, root, profile):
    account = profile()
    root.modify_s(account["profile"]["dn"],
                  [(ldap.MOD_REPLACE, "imStatus", b"on holiday")])
    assert im.account(account["person"]["uid"])["profile"]["status"] == 1


def test_a_profile_is_removed_a_person_never(web, im, profile, root):
    account = profile()
    who = account["person"]
    refused = web.ask("profile_delete", dn=who["dn"])
    assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)
    assert web.ask("profile_delete",
                   dn=account["profile"]["dn"])["status"] == "ok"
    assert im.account(who["uid"])["profile"]["exists"] is False
    assert web.ask("profile_delete",
                   dn=account["profile"]["dn"])["status"] == "absent"


def test_profile_of_whoever_it_is(im, root, profile):
    """By the entryUUID of a person, also of nobody who is there."""
    account = profile()
    dn, base = account["profile"]["dn"].split(",", 1)
    dn, nobody = f"{dn},{base}", str(uuid.uuid4())
    root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", b"a@x.org both 0 0 -"),
                       (ldap.MOD_ADD, "imPending", b"b@x.org"),
                       (ldap.MOD_REPLACE, "imStatus", b"deleted")])
    for one in account["person"]["uuid"], nobody:
        if one == nobody:
            root.rename_s(dn, f"imPersonUUID={one}")
            dn = f"imPersonUUID={one},{base}"
        found = im.ask("profile_load", uuid=one)
        assert found["status"] == "ok"
        now = found["account"]["profile"]
        assert (now["dn"], now["jid"], now["status"], now["scram"]) == (
            dn, account["profile"]["jid"], 4, [])
        assert [i["jid"] for i in now["roster"]] == ["a@x.org"]
        assert [p["jid"] for p in now["pending"]] == ["b@x.org"]
        assert found["account"]["person"]["uuid"] == one
    root.delete_s(dn)
    for one in nobody, account["person"]["uuid"], "*", "", "x)(jid=*":
        assert im.ask("profile_load", uuid=one)["status"] == "absent"


def test_scram(im, root, profile):
    account = profile()
    uid, dn = account["person"]["uid"], account["profile"]["dn"]
    assert im.ask("scram_store", dn=dn, verifiers=["SCRAM-SHA-1$1:a$b:c"],
                  source="")["status"] == "ok"
    assert len(im.account(uid)["profile"]["scram"]) == 1
    root.passwd_s(account["person"]["dn"], None, "first")
    source = im.account(uid)["person"]["password_changed"]
    assert im.account(uid)["profile"]["scram"] == []
    verifiers = ["SCRAM-SHA-1$4096:c2FsdA==$a2V5:a2V5",
                 "SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5"]
    assert im.ask("scram_store", dn=dn, verifiers=verifiers,
                  source=source)["status"] == "ok"
    assert sorted(im.account(uid)["profile"]["scram"]) == verifiers
    # The password changes: they are worth nothing any more.
    time.sleep(1.1)
    root.passwd_s(account["person"]["dn"], None, "another")
    assert im.account(uid)["person"]["password_changed"] != source
    assert im.account(uid)["profile"]["scram"] == []
    assert im.ask("scram_store", dn=dn, verifiers=[], source="")["status"] == "ok"
    assert "imScram" not in entry_of(root, dn)


# --- promises ---------------------------------------------------------------------------------

def test_promise_2_cancelled_is_silent(im):
    """In flight and not yet sent; what was asked beside it is answered."""
    numbers_ = []
    for _ in range(200):
        numbers_.append(im.send("account_load", uid="lucia", flush=False))
        im.send("cancel", which=numbers_[-1])
    kept = im.send("account_load", uid="andres")
    assert im.wait(kept)["status"] == "ok"
    for number in numbers_:
        assert im.stays_silent(number, 0)
    assert im.stays_silent(numbers_[-1], 0.2)


def test_promise_2_cancelled_binds(slapd):
    """A bind nobody waits for any more must not answer the next one."""
    probe = Probe().open(**settings(slapd, bind_connections=1))
    dn = slapd.dn("lucia")
    try:
        assert check(probe, dn, "tertulia-lucia") == ("ok", 0)
        for _ in range(50):
            gone = probe.send("password_check", dn=dn, password="tertulia-lucia")
            probe.send("cancel", which=gone)
            assert check(probe, dn, "wrong") == ("refused", WRONG_PASSWORD)
            gone = probe.send("password_check", dn=dn, password="wrong")
            probe.send("cancel", which=gone)
            assert check(probe, dn, "tertulia-lucia") == ("ok", 0)
    finally:
        probe.end()


def test_close_cancels_everything(slapd):
    probe = Probe().open(**settings(slapd))
    try:
        asked = [probe.send("account_load", uid="lucia") for _ in range(100)]
        asked += [probe.send("password_check", dn=slapd.dn("lucia"), password="x")
                  for _ in range(20)]
        closed = probe.send("close")
        probe.wait(closed)
        late = [n for n in asked if not probe.stays_silent(n, 0)]
        before = len(late)
        probe.stays_silent(asked[-1], 0.3)
        assert len([n for n in asked if n in probe.answers]) == before
    finally:
        probe.end()


def test_many_at_once(im):
    asked = [im.send("account_load", uid=uid) for _ in range(100)
             for uid in ("lucia", "andres", "nobody")]
    for n, want in zip(asked, itertools.cycle(["ok", "ok", "absent"])):
        assert im.wait(n)["status"] == want


def test_ldapi_and_sasl_external(slapd, root):
    """Whoever runs the tests has a name of its own through the socket.  It sees
    what every user sees, and nothing else: the directory says no, not yes."""
    probe = Probe().open(**settings(
        slapd, uri=[slapd.env["LDAPI_URI"]], start_tls=False,
        sasl_external=True, bind_dn="", bind_password=""))
    try:
        probe.until(5, lambda state: state["is_up"], "state")
        who = probe.account("lucia")["person"]
        refused = probe.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                            jid="lucia@example.org")
        assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)
    finally:
        probe.end()


def test_ldapi_with_a_password(slapd):
    probe = Probe().open(**settings(slapd, uri=[slapd.env["LDAPI_URI"]],
                                    start_tls=False))
    try:
        assert probe.account("lucia")["person"]["uid"] == "lucia"
        assert check(probe, slapd.dn("lucia"), "tertulia-lucia") == ("ok", 0)
    finally:
        probe.end()


def test_suspended_people(im, root, slapd):
    """Attributes of other directories' schemas, where they exist."""
    for name, value, refusal in (("inetUserStatus", b"inactive", SUSPENDED),
                                 ("schacUserStatus", b"urn:x:locked", SUSPENDED),
                                 ("nsAccountLock", b"TRUE", LOCKED)):
        try:
            root.modify_s(slapd.dn("vleon"), [
                (ldap.MOD_ADD, "objectClass", b"extensibleObject"),
                (ldap.MOD_ADD, name, value)])
        except (ldap.UNDEFINED_TYPE, ldap.OBJECT_CLASS_VIOLATION):
            continue
        assert im.account("vleon")["person"]["refusal"] == refusal
