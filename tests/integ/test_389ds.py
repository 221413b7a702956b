# SPDX-License-Identifier: Apache-2.0
"""The real 389 Directory Server: who people are, their state, changes, rosters,
vCards, and what administrators do with it."""

import contextlib
import itertools
import json
import subprocess
import time

import ldap
import pytest

import ds389
from client import Client, befriend, condition
from doctor import FAULT, WARNING
from ds389 import DS389, SUFFIX
from live import watching
from service import Service, build
from test_live_account import attempt, closed
from test_presets import hear, is_usable, stamp
from test_vcard import store
from world import Person, wait_for
from xdbprobe import BOTH, LOCKED, MUST_CHANGE, NONE, Probe

pytestmark = pytest.mark.skipif(
    ds389.PROGRAM is None, reason="389-ds-base is not installed")

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ds():
    one = DS389()
    try:
        yield one.start()
    finally:
        one.stop()


@pytest.fixture
def probe(ds):
    one = Probe().open(**ds.settings())
    yield one
    one.end()


@pytest.fixture
def person(ds):
    """person(**values): a new person's (uid, DN)."""
    def make(**values):
        uid = f"p{next(numbers)}"
        return uid, ds.person(uid, **values)
    return make


def test_it_is_recognised(ds, probe, person):
    uid, dn = person()
    found = probe.account(uid)["person"]
    (_, entry), = ds.root.search_s(dn, 0, attrlist=["nsUniqueId",
                                                    "pwdUpdateTime"])
    assert found["uuid"].replace("-", "") == \
        entry["nsUniqueId"][0].decode().replace("-", "").lower()
    assert found["password_changed"] == entry["pwdUpdateTime"][0].decode()
    assert "preset=389ds" in probe.said() and "usability=1" in probe.said()


@pytest.mark.parametrize("values,refusal", [
    ({"nsAccountLock": "true"}, LOCKED),
    ({"nsRoleDN": f"cn=nsManagedDisabledRole,{SUFFIX}"}, LOCKED),
    ({"accountUnlockTime": "20991231000000Z", "passwordRetryCount": "3"}, None),
    ({"passwordExpirationTime": "19700101000000Z"}, None)])
def test_state(ds, probe, person, values, refusal):
    uid, dn = person()
    assert is_usable(probe.ask("account_load", uid=uid))
    ds.modify(dn, **values)
    # what counts only with passwordLockout, passwordExp: the server knows better
    assert probe.account(uid)["person"]["refusal"] == (refusal or 0)
    ds.modify(dn, **{name: None for name in values})
    probe.until(10, is_usable, "account_load", uid=uid)


def test_a_lock_that_ends(ds, probe, person):
    uid, dn = person()
    ds.modify("cn=config", passwordLockout="on", passwordMaxFailure="2",
              passwordLockoutDuration="4")
    try:
        for _ in range(3):
            with pytest.raises(Exception, match="'desc'"):
                ds.connect(dn, "mal")
        locked = probe.account(uid)["person"]
        assert locked["refusal"] == LOCKED
        assert 0 < locked["turns_s"] - time.time() < 10
        probe.until(30, is_usable, "account_load", uid=uid)
    finally:
        ds.modify("cn=config", passwordLockout="off")


def test_a_password_that_grows_old(ds, probe, person):
    uid, dn = person()
    ds.modify("cn=config", passwordExp="on")
    try:
        ds.modify(dn, passwordExpirationTime=stamp(4))
        fresh = probe.account(uid)["person"]
        assert fresh["refusal"] == 0 and fresh["turns_s"]
        probe.until(30, lambda answer: not is_usable(answer),
                    "account_load", uid=uid)
        assert probe.account(uid)["person"]["refusal"] == MUST_CHANGE
    finally:
        ds.modify("cn=config", passwordExp="off")


def test_changes_are_told(ds, probe, person):
    uid, dn = person()
    probe.ask("news")
    who = probe.account(uid)["person"]["uuid"]
    hear(probe, who)
    ds.modify(dn, nsAccountLock="true")
    assert set(hear(probe, who)) == {"is"}
    ds.root.delete_s(dn)
    assert "gone" in hear(probe, who)
    assert "by=rfc4533" in probe.said()


def item(jid, subscription=NONE):
    return {"jid": jid, "subscription": subscription}


def test_a_roster_is_changed_and_nothing_is_lost(ds, probe, person):
    """No assertions (RFC 4528) and no counting (RFC 4525) there."""
    uid, dn = person()
    who = probe.account(uid)["person"]
    assert probe.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                     jid=f"{uid}@example.org")["status"] == "ok"
    profile = probe.account(uid)["profile"]["dn"]

    def change(version, **more):
        return probe.ask("roster_change", dn=profile, version=version, **more)
    assert change(0, add=item("a@x.org"))["version"] == 1
    assert change(1, add=item("b@x.org"))["version"] == 2
    # decided at a version that is over
    assert change(1, add=item("c@x.org"))["status"] == "conflict"
    assert change(2, remove=item("a@x.org"),
                  add=item("a@x.org", BOTH))["version"] == 3
    found = probe.account(uid)["profile"]
    assert found["version"] == 3
    assert sorted((one["jid"], one["subscription"])
                  for one in found["roster"]) == [("a@x.org", BOTH),
                                                  ("b@x.org", NONE)]
    # a profile that somebody made by hand has no version yet
    ds.modify(profile, imRosterVersion=None)
    assert change(0, add=item("d@x.org"))["version"] == 1
    assert change(0, add=item("e@x.org"))["status"] == "conflict"


# ---- the whole service ----

@pytest.fixture(name="service", scope="module", params=["StartTLS", "ldaps"])
def service_(ds, shared_world, tmp_path_factory, request):
    """Tertulia with this directory, by either kind of TLS."""
    folder = tmp_path_factory.mktemp("ds389")
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(ds.password)
    conf = ds.settings()
    with Service(shared_world, folder / "service", {
            "ldap.uri": ds.uri if request.param == "StartTLS" else ds.tls_uri,
            "ldap.ca_file": ds.ca_file, "ldap.start_tls": "yes",
            "ldap.bind_dn": conf["bind_dn"], "ldap.bind_password_file": secret,
            "web.bind_dn": f"cn=im-web,ou=services,ou=im,{SUFFIX}",
            "web.bind_password_file": secret, "web.admin_group": "",
            "web.people_create": "no", "rooms.create": "everyone",
            "vcard.writable": "photo url mobile",
            "ldap.people_base": conf["people_base"], "limits.connections": "500",
            "ldap.im_base": conf["im_base"]}) as service:
        watching(service)
        yield service


@pytest.fixture
def login(service, person):
    """A new person's client, logged in."""
    with contextlib.ExitStack() as stack:
        def make(**values):
            uid, dn = person(**values)
            return stack.enter_context(Client(service, Person(
                uid, f"tertulia-{uid}", dn, f"{uid}@{service.domain}"))).come()
        yield make


def test_log_in_make_a_contact_be_locked_out(ds, service, login):
    client = login()
    assert client.set_item("eva@otra.example").get("type") == "result"
    assert client.set_item("mar@otra.example").get("type") == "result"
    assert set(client.items()) == {"eva@otra.example", "mar@otra.example"}
    ds.modify(client.person.dn, nsAccountLock="true")
    condition_, text = closed(client)
    assert condition_ == "not-authorized" and "locked" in text
    assert attempt(service, client.person) == "not-authorized"
    assert "by=rfc4533" in service.log


def test_a_rename_is_followed(ds, service, login):
    """By the plug-in that schema/README asks for; and what is not followed is told."""
    client = login()
    uid, was = client.person.uid, client.person.dn
    (profile, _), = ds.root.search_s(f"ou=profiles,ou=im,{SUFFIX}", 1,
                                     f"(jid={client.bare})", ["jid"])
    room = f"imRoomName={uid},ou=rooms,ou=im,{SUFFIX}"
    ds.add(room, objectClass=["imRoom"], imRoomName=[uid], imOwner=[was])
    ds.root.rename_s(was, f"cn={uid}", delold=0)
    now = f"cn={uid},ou=people,{SUFFIX}"
    for dn, name in ((profile, "imPerson"), (room, "imOwner")):
        wait_for(lambda dn=dn, name=name: ds.values(dn, name) == [now], 30)
    assert doctor(service)["profiles"]["verdict"] == "ok"
    ds.modify(profile, imPerson=was)
    found = doctor(service)["profiles"]
    assert found["verdict"] == "warning" and profile in found["what"]
    assert "Referential" in found["next"] or "389" in found["next"]
    ds.modify(profile, imPerson=now)
    ds.root.delete_s(room)


def test_a_roster_changed_in_the_directory_is_pushed(ds, login):
    client = login()
    client.items()
    (dn, _), = ds.root.search_s(f"ou=profiles,ou=im,{SUFFIX}", 1,
                                f"(jid={client.bare})", ["jid"])
    assert client.set_item("eva@otra.example").get("type") == "result"
    ds.root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem",
                           b"mar@otra.example none 0 0 Mar")])
    wait_for(lambda: set(client.items()) == {
        "eva@otra.example", "mar@otra.example"}, 30)


def test_two_make_friends(login):
    ann, bob = login(), login()
    befriend(ann, bob)
    assert "both" in ann.items()[bob.bare]
    assert "both" in bob.items()[ann.bare]


ACTS = (f'(targetattr = "*")(version 3.0; acl "acts"; allow (proxy) '
        f'userdn = "ldap:///cn=im,ou=services,ou=im,{SUFFIX}";)')
OWN = ('(targetattr = "jpegPhoto || labeledURI || mobile")(version 3.0; '
       'acl "own"; allow (write) userdn = "ldap:///self";)')


@pytest.fixture
def acts(ds):
    """cn=im acts for people, who write three attributes of theirs."""
    ds.modify(f"ou=people,{SUFFIX}", aci=[ACTS, OWN])
    yield
    ds.modify(f"ou=people,{SUFFIX}", aci=None)


def test_a_vcard_is_written_by_the_person(ds, login, acts):
    """No assertions (RFC 4528) there: what was is taken away, what is is added."""
    ann = login(labeledURI=["https://a.example/ una", "https://b.example/"],
                mobile=["+34 600"])
    answer = store(ann, "<URL>https://c.example/</URL>"
                   "<TEL><CELL/><NUMBER>+34 700</NUMBER></TEL>")
    assert answer.get("type") == "result", condition(answer)
    assert ds.values(ann.person.dn, "mobile") == ["+34 700"]
    assert ds.values(ann.person.dn, "labeledURI") == [
        "https://c.example/", "https://b.example/"]
    assert store(ann, "<NICKNAME>ann</NICKNAME>").get("type") == "result"
    assert ds.values(ann.person.dn, "mobile") == []


def test_a_vcard_that_may_not_be_written(ds, login):
    answer = store(login(), "<URL>https://c.example/</URL>")
    assert answer.get("type") == "error"


# ---- what administrators do ----

def doctor(service, *words):
    done = subprocess.run([build() / "tertuliactl", "doctor", "--json", "-c",
                           service.conf, *words], text=True, timeout=120,
                          stdout=subprocess.PIPE, check=False)
    return {one["id"]: one for one in json.loads(done.stdout)["checks"]}


def faults(found):
    return {name: one["what"] for name, one in found.items()
            if one["verdict"] in ("fault", "warning")}


def test_the_doctor_finds_nothing_where_nothing_is(ds, service, login, acts):
    login()
    login()
    found = doctor(service)
    assert faults(found) == {}, found
    assert found["preset"]["what"] == "389ds"
    for name in ("access-im", "access-web", "unique", "acting", "sync"):
        assert found[name]["verdict"] == "ok", found[name]
    left = ds.root.search_s(f"ou=im,{SUFFIX}", 2, "(jid=tertulia-doctor*)")
    assert left == []


@pytest.mark.parametrize("dn,aci,check,word", [
    (f"ou=people,{SUFFIX}", '(targetattr = "mail")(version 3.0; acl "x"; allow '
     f'(write) userdn = "ldap:///cn=im,ou=services,ou=im,{SUFFIX}";)',
     "access-limits", "write people's mail"),
    (SUFFIX, '(targetattr = "userPassword")(version 3.0; acl "x"; allow (read) '
     'userdn = "ldap:///anyone";)', "passwords", "hashes"),
    (f"ou=profiles,ou=im,{SUFFIX}", '(targetattr = "imRosterItem")(version 3.0; '
     'acl "x"; deny (write) userdn = "ldap:///anyone";)', "access-im",
     "change a roster"),
    (f"ou=people,{SUFFIX}", '(targetattr = "mail")(version 3.0; acl "x"; deny '
     f'(read, search) userdn = "ldap:///cn=im,ou=services,ou=im,{SUFFIX}";)',
     "cards", "cannot read mail")])
def test_the_doctor_names_an_aci_that_is_wrong(ds, service, login, acts, dn, aci,
                                               check, word):
    login()
    ds.root.modify_s(dn, [(ldap.MOD_ADD, "aci", aci.encode())])
    try:
        found = doctor(service)
        assert set(faults(found)) == {check}, found
        assert word in found[check]["what"]
        assert "access-389.ldif" in found[check]["next"]
    finally:
        ds.root.modify_s(dn, [(ldap.MOD_DELETE, "aci", aci.encode())])


def test_the_doctor_sees_that_a_new_password_does_not_show(ds, service, login, acts):
    login()
    dn = f"ou=people,{SUFFIX}"
    aci = ('(targetattr = "pwdUpdateTime")(version 3.0; acl "x"; deny (read, search) '
           f'userdn = "ldap:///cn=im,ou=services,ou=im,{SUFFIX}";)')
    ds.root.modify_s(dn, [(ldap.MOD_ADD, "aci", aci.encode())])
    try:
        found = doctor(service)
        assert {name: found[name]["verdict"] for name in faults(found)} == {
            "password-time": WARNING}, found
        assert "passwordTrackUpdateTime" in found["password-time"]["next"]
    finally:
        ds.root.modify_s(dn, [(ldap.MOD_DELETE, "aci", aci.encode())])


def test_the_doctor_sees_that_names_do_not_follow(ds, service, login, acts):
    """Referential Integrity there, without our attributes."""
    login()
    dn = "cn=referential integrity postoperation,cn=plugins,cn=config"
    before = ds.values(dn, "referint-membership-attr")
    ds.modify(dn, **{"referint-membership-attr": ["member"]})
    try:
        found = doctor(service)
        assert {name: found[name]["verdict"] for name in faults(found)} == {
            "references": FAULT}, found
        assert "Referential Integrity" in found["references"]["next"]
    finally:
        ds.modify(dn, **{"referint-membership-attr": before})
    assert faults(doctor(service)) == {}


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_first_configuration(ds, world, person, tmp_path, scheme):
    for _ in range(3):
        person(mail=["x@example.org"])
    secret = tmp_path / "secret"
    secret.write_text(ds.password)
    secret.chmod(0o600)
    answers = ["example.org", tmp_path, world.state / "tls/server.pem",
               world.state / "tls/server.key",
               ds.uri if scheme == "ldap" else ds.tls_uri, ds.ca_file, "", "", secret,
               "", "", "", "", secret, ""]
    done = subprocess.run(
        [build() / "tertuliactl", "init", "-c", tmp_path / "new.conf"], text=True,
        input="".join(f"{line}\n" for line in answers), timeout=60,
        capture_output=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    assert done.stdout.count("@example.org  p") == 3, done.stdout
    text = (tmp_path / "new.conf").read_text()
    for line in (f"people_base = ou=people,{SUFFIX}", f"im_base = ou=im,{SUFFIX}",
                 f"bind_dn = cn=im,ou=services,ou=im,{SUFFIX}"):
        assert line in text
    assert "389 Directory Server" in done.stdout
