# SPDX-License-Identifier: Apache-2.0
"""The directory as a store, every operation, against a real slapd."""

import hashlib
import itertools
import time

import ldap
import ldap.modlist
import pytest

from directory import Directory
from xdbprobe import (ADMIN, BOTH, EXPIRED, FROM, LOCKED, MEMBER, MUST_CHANGE,
                      NOBODY, NO_RIGHT, OUTCAST, OWNER, SUSPENDED, TO,
                      WRONG_PASSWORD, Probe, settings)

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    one = Directory(tmp_path_factory.mktemp("xdb")).start()
    yield one
    assert one.stop().returncode == 0


@pytest.fixture(scope="module")
def root(slapd):
    return slapd.root()


@pytest.fixture(scope="module")
def im(slapd):
    probe = Probe().open(**settings(slapd))
    yield probe
    probe.end()


@pytest.fixture(scope="module")
def web(slapd):
    probe = Probe().open(**settings(slapd, "IM_WEB"))
    yield probe
    probe.end()


def entry_of(root, dn, *names):
    found = root.search_s(dn, ldap.SCOPE_BASE, attrlist=list(names) or None)
    return {name: [v.decode("utf-8", "replace") for v in values]
            for name, values in found[0][1].items()}


@pytest.fixture
def person(slapd, root):
    """person(uid=None, **attributes): a new person's uid."""
    def make(uid=None, rdn=None, **more):
        uid = uid or f"p{next(numbers)}"
        dn = f"{rdn or 'uid=' + ldap.dn.escape_dn_chars(uid)}," \
             f"{slapd.env['PEOPLE_BASE']}"
        fields = {"objectClass": ["inetOrgPerson"], "uid": [uid],
                  "cn": ["Somebody"], "sn": ["Somebody"],
                  "userPassword": ["tertulia-" + uid], **more}
        root.add_s(dn, [(name, [v if isinstance(v, bytes) else v.encode()
                                for v in values])
                        for name, values in fields.items()])
        made.append(dn)
        return uid
    made = []
    yield make
    for dn in made:
        root.delete_s(dn)


@pytest.fixture
def profile(im, root, person):
    """profile(uid=None): a new account, with its profile."""
    def make(uid=None, **more):
        uid = person(uid, **more)
        who = im.account(uid)["person"]
        answer = im.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                        jid=f"{uid}@example.org")
        assert answer["status"] == "ok", answer
        account = im.account(uid)
        made.append(account["profile"]["dn"])
        return account
    made = []
    yield make
    for dn in made:
        try:
            root.delete_s(dn)
        except ldap.NO_SUCH_OBJECT:
            pass


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
    assert im.account("other" + uid)["person"]["uid"] == "other" + uid
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
    who = im.account(uid)["person"]
    try:
        assert who["uid"] == uid
        assert ldap.dn.str2dn(who["dn"])[0] == [("uid", uid, 1)] \
            or ldap.dn.str2dn(who["dn"])[0][0][1] == uid
        assert len(ldap.dn.str2dn(who["dn"])) == 4
    finally:
        root.delete_s(who["dn"])


# --- passwords ------------------------------------------------------------------

def check(probe, dn, password):
    answer = probe.ask("password_check", dn=dn, password=password)
    return answer["status"], answer.get("refusal", 0)


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
        assert again["profile"]["jid"] == account["profile"]["jid"]
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


# --- rooms ------------------------------------------------------------------------------

@pytest.fixture
def room(web, root, slapd):
    """room(**fields): a new room's name."""
    def make(**fields):
        name = fields.pop("name", f"sala{next(numbers)}")
        answer = web.ask("room_create", name=name, **fields)
        assert answer["status"] == "ok", answer
        made.append(name)
        return name
    made = []
    yield make
    for name in made:
        try:
            root.delete_s(f"imRoomName={ldap.dn.escape_dn_chars(name)},"
                          f"ou=rooms,{slapd.env['IM_BASE']}")
        except ldap.NO_SUCH_OBJECT:
            pass


def load(probe, name):
    answer = probe.ask("room_load", name=name)
    assert answer["status"] == "ok", answer
    return answer["room"]


def people_of(room):
    return {p["jid"]: p["affiliation"] for p in room["people"]}


def test_room(im, slapd, room):
    name = room(title="Sala de prueba", description="dos\nlíneas",
                subject="hoy", language="es",
                bound_to=f"cn=redes,{slapd.env['LISTS_BASE']}",
                options=[["membersonly", "1"], ["secret", " a =% "]],
                people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER},
                        {"jid": "eve@other.org", "affiliation": ADMIN,
                         "nick": "Eve E", "reason": "she is nice"}])
    found = load(im, name)
    assert found["title"] == "Sala de prueba"
    assert found["description"] == "dos\nlíneas"
    assert found["subject"] == "hoy" and found["language"] == "es"
    assert found["bound_to"] == f"cn=redes,{slapd.env['LISTS_BASE']}"
    assert sorted(found["options"]) == [["membersonly", "1"], ["secret", " a =% "]]
    assert people_of(found) == {"lucia@example.org": OWNER, "eve@other.org": ADMIN}
    eve = next(p for p in found["people"] if p["jid"] == "eve@other.org")
    assert eve["nick"] == "Eve E" and eve["reason"] == "she is nice"
    assert found["unresolved"] == 0


def test_room_exists_already(web, room):
    name = room()
    assert web.ask("room_create", name=name)["status"] == "conflict"
    assert web.ask("room_create", name=name.upper())["status"] == "conflict"


def test_room_with_an_unusual_name(im, web, room):
    for name in "a,b+c", "#x", "café", "a\\b", "*":
        assert load(im, room(name=name))["name"] == name


def test_no_such_room(im):
    assert im.ask("room_load", name="no-such-room")["status"] == "absent"
    assert im.ask("room_load", name="")["status"] == "absent"


def test_room_list(im, room):
    names = {room(title="A"), room(title="B"), room()}
    answer = im.ask("room_list")
    assert answer["status"] == "ok"
    assert names <= {r["name"] for r in answer["list"]}


def test_room_people_of_all_kinds(im, root, slapd, room):
    """Unusual DNs, somebody gone, a DN from elsewhere, many at once."""
    dns = [dn for dn, _ in root.search_s(
        slapd.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE, "(uid=*)", ["1.1"])]
    name = room(people=[{"dn": dn, "affiliation": MEMBER} for dn in dns[:30]])
    entry = load(im, name)["dn"]
    root.modify_s(entry, [
        (ldap.MOD_ADD, "imMember", [dn.encode() for dn in dns[30:]]),
        (ldap.MOD_ADD, "imOutcast", [slapd.dn("ghost").encode(),
                                     b"uid=x,ou=people,dc=other,dc=org"])])
    found = load(im, name)
    assert len(people_of(found)) == len(dns)
    assert found["unresolved"] == 2
    assert set(people_of(found).values()) == {MEMBER}


def test_room_configure(im, room):
    name = room(title="Old", description="Old", options=[["a", "1"], ["b", "2"]])
    found = load(im, name)
    assert im.ask("room_configure", dn=found["dn"], title="New",
                  options=[["b", "3"]])["status"] == "ok"
    found = load(im, name)
    assert found["title"] == "New" and found["options"] == [["b", "3"]]
    assert "description" not in found


def test_room_subject(im, room):
    name = room()
    dn = load(im, name)["dn"]
    for subject in "Hoy: ñandúes", "line\nline", "":
        assert im.ask("room_set_subject", dn=dn, subject=subject)["status"] == "ok"
        assert load(im, name).get("subject", "") == subject


def set_affiliation(probe, dn, jid, was, is_, **more):
    return probe.ask("room_set_affiliation", dn=dn,
                     was={"jid": jid, "affiliation": was, **more},
                     **{"is": {"jid": jid, "affiliation": is_, **more}})["status"]


def test_room_affiliation(im, root, slapd, room):
    name = room(people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER}])
    dn = load(im, name)["dn"]
    # Somebody of this directory, whose DN the caller does not know.
    assert set_affiliation(im, dn, "andres@example.org", NOBODY, MEMBER) == "ok"
    assert entry_of(root, dn)["imMember"] == [slapd.dn("andres")]
    assert set_affiliation(im, dn, "andres@example.org", MEMBER, ADMIN) == "ok"
    assert "imMember" not in entry_of(root, dn)
    assert entry_of(root, dn)["imAdmin"] == [slapd.dn("andres")]
    # Somebody from elsewhere.
    assert set_affiliation(im, dn, "eve@other.org", NOBODY, OUTCAST,
                           reason="too loud") == "ok"
    assert entry_of(root, dn)["imOutcastJid"] == ["eve@other.org - too%20loud"]
    assert set_affiliation(im, dn, "eve@other.org", OUTCAST, NOBODY) == "ok"
    assert set_affiliation(im, dn, "andres@example.org", ADMIN, NOBODY) == "ok"
    assert people_of(load(im, name)) == {"lucia@example.org": OWNER}
    # Nothing to do is done.
    assert set_affiliation(im, dn, "x@other.org", NOBODY, NOBODY) == "ok"


def test_room_affiliation_changed_meanwhile(im, slapd, room):
    name = room(people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER}])
    dn = load(im, name)["dn"]
    assert set_affiliation(im, dn, "lucia@example.org", NOBODY, MEMBER) == "conflict"
    assert people_of(load(im, name)) == {"lucia@example.org": OWNER}


def test_room_delete(im, room):
    name = room()
    dn = load(im, name)["dn"]
    assert im.ask("room_delete", dn=dn)["status"] == "ok"
    assert im.ask("room_load", name=name)["status"] == "absent"
    assert im.ask("room_delete", dn=dn)["status"] == "absent"
    assert im.ask("room_set_subject", dn=dn, subject="x")["status"] == "absent"


# --- groups -------------------------------------------------------------------------------

@pytest.mark.parametrize("group, base, uid, is_in", [
    ("informatica", "GROUPS", "lucia", True),
    ("informatica", "GROUPS", "cramirez", False),
    ("biblioteca", "GROUPS", "mlull", True),            # groupOfUniqueNames
    ("biblioteca", "GROUPS", "jborja", True),           # … with a comma in its DN
    ("filologia", "GROUPS", "icervantes", True),        # groupOfURLs
    ("filologia", "GROUPS", "lucia", False),
    ("ciencias", "GROUPS", "lucia", True),              # group of groups
    ("ciencias", "GROUPS", "icervantes", False),
    ("tesis", "LISTS", "lucia", False),                 # mailGroup by URL
    ("no-such-group", "GROUPS", "lucia", False)])
def test_group_has(im, slapd, group, base, uid, is_in):
    dn = im.account(uid)["person"]["dn"]
    answer = im.ask("group_has", group=f"cn={group},{slapd.env[base + '_BASE']}",
                    dn=dn, uid=uid)
    assert answer["status"] == ("ok" if is_in else "absent"), answer


def test_group_of_posix_accounts(im, root, slapd):
    dn, attributes = next(
        (dn, a) for dn, a in root.search_s(
            slapd.env["GROUPS_BASE"], ldap.SCOPE_SUBTREE,
            "(objectClass=posixGroup)") if a.get("memberUid"))
    uid = attributes["memberUid"][0].decode()
    assert im.ask("group_has", group=dn, dn=slapd.dn(uid),
                  uid=uid)["status"] == "ok"
    assert im.ask("group_has", group=dn, dn=slapd.dn("nobody"),
                  uid="*")["status"] == "absent"


@pytest.fixture
def rings(root, slapd):
    """Groups in a ring, and groups in a long row: g0 has g1 has g2 …"""
    base = slapd.env["GROUPS_BASE"]
    rows = [(f"cn=row{i},{base}", f"cn=row{i + 1},{base}") for i in range(7)]
    ring = [(f"cn=ring{i},{base}", f"cn=ring{(i + 1) % 3},{base}")
            for i in range(3)]
    last = (f"cn=row7,{base}", slapd.dn("lucia"))
    for dn, member in rows + ring + [last]:
        root.add_s(dn, [("objectClass", b"groupOfNames"),
                        ("member", member.encode())])
    yield lambda name: f"cn={name},{base}"
    for dn, _ in rows + ring + [last]:
        root.delete_s(dn)


def test_LDAP_17_groups_in_a_ring(im, slapd, rings):
    for name in "ring0", "row0":
        assert im.ask("group_has", group=rings(name), dn=slapd.dn("lucia"),
                      uid="lucia")["status"] == "absent"
    # Five levels are followed: row3 has row4 has … row7 has lucia.
    assert im.ask("group_has", group=rings("row3"), dn=slapd.dn("lucia"),
                  uid="lucia")["status"] == "ok"


def test_group_search(im):
    answer = im.ask("group_search", text="", most=100)
    assert answer["status"] == "ok" and not answer["is_cut"]
    names = {g["name"] for g in answer["list"]}
    assert {"informatica", "filologia", "redes", "im-admins"} <= names
    answer = im.ask("group_search", text="Informát", most=100)
    assert "informatica" in {g["name"] for g in answer["list"]}
    answer = im.ask("group_search", text="", most=3)
    assert len(answer["list"]) == 3 and answer["is_cut"]
    assert im.ask("group_search", text="*)(cn=*", most=9)["list"] == []


# --- administration --------------------------------------------------------------------------

def test_people_search(web, im, profile):
    account = profile()
    answer = web.ask("people_search", text="", most=500)
    assert answer["status"] == "ok" and len(answer["list"]) >= 70
    names = [a["person"].get("display_name") or a["person"]["cn"]
             for a in answer["list"]]
    fold = str.maketrans("áéíóúüñàèìòùç", "aeiouunaeiouc")
    plain = [n.lower().translate(fold) for n in names]
    assert plain == sorted(plain)
    mine = next(a for a in answer["list"]
                if a["person"]["uid"] == account["person"]["uid"])
    assert mine["profile"]["exists"]
    answer = web.ask("people_search", text="Álvarez", most=500)
    assert "lucia" in {a["person"]["uid"] for a in answer["list"]}
    answer = web.ask("people_search", text="", most=10)
    assert len(answer["list"]) == 10 and answer["is_cut"]
    assert web.ask("people_search", text="*)(uid=*", most=10)["list"] == []


def test_person_create_and_change(web, im, root, slapd):
    base, uid = slapd.env["PEOPLE_BASE"], f"new{next(numbers)}"
    new = {"base": base, "uid": uid, "given_name": "María", "sn": "Ñúñez",
           "mail": f"{uid}@example.org"}
    assert web.ask("person_create", **new)["status"] == "ok"
    try:
        who = im.account(uid)["person"]
        assert (who["cn"], who["display_name"]) == ("María Ñúñez",) * 2
        assert web.ask("person_create", **new)["status"] == "conflict"
        assert web.ask("person_change", dn=who["dn"], sn="Pérez")["status"] == "ok"
        who = im.account(uid)["person"]
        assert (who["sn"], who["cn"], who["display_name"], who["given_name"]) == \
            ("Pérez", "María Pérez", "María Pérez", "María")
        assert who["mail"] == f"{uid}@example.org"
        # A first password, and no second one: the person's own from then on.
        assert web.ask("password_set", dn=who["dn"],
                       password="secreto 1")["status"] == "ok"
        assert check(im, who["dn"], "secreto 1") == ("ok", 0)
        refused = web.ask("password_set", dn=who["dn"], password="secreto 2")
        assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)
        assert web.ask("password_set", dn=who["dn"],
                       password="")["status"] == "refused"
    finally:
        root.delete_s(slapd.dn(uid))


def test_person_of_the_institution_is_not_changed(web, slapd):
    refused = web.ask("person_change", dn=slapd.dn("lucia"), sn="X")
    assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)
    assert web.ask("person_change", dn=slapd.dn("ghost"),
                   sn="X")["status"] == "absent"


def test_the_xmpp_process_makes_no_people(im, slapd):
    refused = im.ask("person_create", base=slapd.env["PEOPLE_BASE"], uid="zzz",
                     sn="Z")
    assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)


def test_request(web, im, slapd):
    secret = hashlib.sha256(b"secret").hexdigest()
    expires = int(time.time()) + 3600
    assert web.ask("request_create", hash=secret, dn=slapd.dn("lucia"),
                   uid="lucia", expires=expires)["status"] == "ok"
    found = web.ask("request_load", hash=secret)["request"]
    assert found["hash"] == secret and found["expires"] == expires
    assert found["person_dn"] == slapd.dn("lucia") and found["uid"] == "lucia"
    for other in hashlib.sha256(b"x").hexdigest(), "*", "", secret.upper():
        assert web.ask("request_load", hash=other)["status"] == "absent"
    # The network-facing process sees no tokens.
    assert im.ask("request_load", hash=secret)["status"] != "ok"
    assert web.ask("request_delete", dn=found["dn"])["status"] == "ok"
    assert web.ask("request_load", hash=secret)["status"] == "absent"
    assert web.ask("request_create", hash="x", dn=slapd.dn("lucia"), uid="lucia",
                   expires=0)["status"] == "broken"


# --- promises ---------------------------------------------------------------------------------

def test_promise_2_cancelled_is_silent(im):
    """In flight and not yet sent; what was asked beside it is answered."""
    numbers_ = []
    for _ in range(200):
        numbers_.append(im.send("account_load", uid="lucia"))
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
