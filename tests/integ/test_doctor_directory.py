# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: faults of the directory, each undone afterwards."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys

import ldap
import pytest

from doctor import (FAULT, WARNING, config, doctor, entry,          # noqa: F401
                    left, orphan, rule, sample, without_overlay, written)
from world import TOP
from zoo import Authority, pem

sys.path.insert(0, str(TOP / "tests/schema"))
from directory import Directory                                 # noqa: E402

# ---- who may do what ----

IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
WEB = "dn.exact=cn=im-web,ou=services,ou=im,dc=example,dc=org"
BELOW_IM = "ou=im,dc=example,dc=org"

RULES = {
    "profiles_not_made": (
        f"to dn.base=ou=profiles,{BELOW_IM} attrs=children by {WEB} write "
        "by * none", "access-im", "make a profile"),
    "rosters_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imRosterItem "
        f"by {IM} read by * break", "access-im", "change a roster"),
    "verifiers_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imScram "
        f"by {IM} read by * break", "access-im", "keep verifiers"),
    "rooms_not_written": (
        f"to dn.subtree=ou=rooms,{BELOW_IM} attrs=imSubject by {IM} read "
        "by * break", "access-im", "change rooms"),
    "people_written_by_im": (
        f"to dn.subtree=ou=people,dc=example,dc=org attrs=mail by {IM} write "
        "by * break", "access-limits", "cn=im may write people's mail"),
    "passwords_set_by_im": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=userPassword "
        f"by {IM} =wc by * break", "access-limits", "passwords"),
    "classes_written_by_im": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=objectClass "
        f"by {IM} write by * break", "access-limits", "classes"),
    "people_written_by_web": (
        f"to dn.subtree=ou=people,dc=example,dc=org attrs=cn by {WEB} write "
        "by * break", "access-limits", "cn=im-web may write people's names"),
    "status_written_by_im": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imStatus by {IM} write "
        "by * break", "access-limits", "lift a suspension"),
    "rosters_written_by_web": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imRosterItem "
        f"by {WEB} =w by * break", "access-limits", "write rosters"),
    "profiles_removed_by_im": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry,children "
        f"by {IM} write by * break", "access-limits", "remove profiles"),
    "hashes_read_by_im": (
        f"to attrs=userPassword by {IM} read by * break", "passwords",
        "cn=im can read"),
    "verifiers_read_by_web": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imScram by {WEB} write "
        "by * break", "passwords", "SCRAM"),
    "profiles_for_everybody": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry,children,"
        "objectClass,jid by anonymous read by * break", "access-nobody",
        "without"),
    "profiles_found_by_address": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry,jid by anonymous "
        "read by * break", "access-nobody", "without"),
    "groups_written_by_im": (
        f"to dn.subtree=ou=groups,dc=example,dc=org attrs=member by {IM} write "
        "by * break", "access-limits", "put people into groups"),
    "new_password_not_seen": (
        f"to attrs=pwdChangedTime by {IM} none by * break", "account-state",
        "old SCRAM verifiers outlive"),
    "reset_not_seen": (
        f"to attrs=pwdReset by {IM} none by * break", "account-state",
        "cannot read pwdReset"),
    "end_not_seen": (
        f"to attrs=shadowExpire by {IM} none by * break", "account-state",
        "cannot read shadowExpire"),
    "requests_not_made": (
        f"to dn.subtree=ou=requests,{BELOW_IM} by {WEB} read by * none",
        "access-web", "make a request"),
    "people_not_added": (
        f"to dn.base=ou=people,dc=example,dc=org attrs=children by {WEB} read "
        "by * break", "access-web", "people_create = no"),
    "people_added_by_im": (
        "to dn.subtree=ou=people,dc=example,dc=org "
        f"attrs=children,entry,objectClass,uid,cn,sn by {IM} write "
        "by * break", "access-limits", "cn=im may add people"),
    "requests_for_im": (
        f"to dn.subtree=ou=requests,{BELOW_IM} by {IM} write by * break",
        "access-web", "cn=im may make requests"),
    "card_not_written": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=mobile by self read "
        "by * break", "acting", "take mobile out of [vcard] writable"),
    "password_set_in_their_name": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=userPassword by self "
        "realdn.exact=cn=im,ou=services,ou=im,dc=example,dc=org write by * break",
        "acting", "in their name"),
    "others_written_in_a_name": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=mobile by "
        "realdn.exact=cn=im,ou=services,ou=im,dc=example,dc=org write by * break",
        "acting", "somebody else's"),
    "owners_not_written_by_web": (
        f"to dn.subtree=ou=rooms,{BELOW_IM} attrs=imOwner by {WEB} read "
        "by * break", "access-web", "cn=im-web cannot say who owns a room"),
    "bound_state_not_written": (
        f"to dn.subtree=ou=rooms,{BELOW_IM} attrs=imBoundState by {IM} read "
        "by * break", "access-im", "follows its list"),
    "rooms_not_removed_by_im": (
        f"to dn.children=ou=rooms,{BELOW_IM} attrs=entry by {IM} =arscx "
        "by * break", "access-im", "remove a room"),
    "suspension_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imStatus "
        f"by {WEB} =arscd by * break", "access-web", "suspend"),
}


@pytest.mark.parametrize("text, check, word", RULES.values(), ids=RULES)
def test_rule_that_is_wrong(doctor, text, check, word):
    with config(doctor.world, rule(text)):
        assert doctor.findings() == {check: FAULT}, doctor.last
    assert word in doctor.says(check)
    assert doctor.findings() == {}


def test_a_fault_of_one_right_leaves_the_others_to_be_tried(doctor):
    with config(doctor.world, rule(RULES["verifiers_not_written"][0])):
        assert doctor.findings() == {"access-im": FAULT}, doctor.last
        for name in ("unique", "clock", "private"):
            assert doctor.last[name]["verdict"] == "ok", doctor.last[name]


def test_database_that_is_read_only(doctor):
    with config(doctor.world, (ldap.MOD_REPLACE, "olcReadOnly", ["TRUE"])):
        assert doctor.findings() == {"writes": FAULT}, doctor.last
        assert "olcReadOnly" in doctor.says("writes")
    assert doctor.findings() == {}


PEOPLE = "ou=people,dc=example,dc=org"
UNSEEN = {      # rule, findings, the check that names it, word
    "no_identity": (f"to attrs=entryUUID by {IM} none by * break",
                    {"examples": FAULT}, "examples", "entryUUID"),
    "identity_of_one": (f"to dn.base=uid=lucia,{PEOPLE} attrs=entryUUID by {IM} "
                        "none by * break", {"profiles": FAULT}, "profiles",
                        "let cn=im read entryUUID"),
    "identity_not_searched": (f"to attrs=entryUUID by {IM} =r by * break",
                              {"profiles": FAULT}, "profiles", "search by it"),
    "name_not_searched": (f"to attrs=uid by {IM} =r by * break",
                          {"lookup": FAULT}, "lookup",
                          "let cn=im search by uid"),
}


@pytest.mark.parametrize("text, wanted, check, word", UNSEEN.values(), ids=UNSEEN)
def test_people_of_whom_something_is_not_seen(doctor, text, wanted, check, word):
    """And then nobody is told to remove a profile, though they look like ones whose
    person is gone."""
    [(_, lucia)] = doctor.world.search(f"uid=lucia,{PEOPLE}",
                                       attributes=["entryUUID"])
    dn, content = orphan(lucia["entryUUID"][0], "lucia@localhost")
    with entry(doctor.world, dn, **content), config(doctor.world, rule(text)):
        assert doctor.findings() == wanted, doctor.last
        assert word in doctor.says(check)
        assert "remove" not in doctor.says("profiles")
    assert doctor.findings() == {}


def test_shells_that_cannot_be_read(doctor):
    """Asked for only where some of them close an account."""
    with config(doctor.world, rule(
            f"to attrs=loginShell by {IM} none by * break")):
        assert doctor.findings() == {}, doctor.last
        doctor.write({"ldap.closed_shells": "/usr/sbin/nologin"})
        assert doctor.findings() == {"account-state": FAULT}, doctor.last
        assert "loginShell" in doctor.says("account-state")


def test_names_by_another_attribute(doctor):
    """The person it would add has cn twice then: no reason to say it may."""
    doctor.write({"ldap.people_name": "cn"})
    found = doctor.findings()
    assert "access-limits" not in found, doctor.last
    assert doctor.last["access-limits"]["verdict"] == "ok"


def test_a_fault_does_not_hide_another(doctor):
    doctor.write({"web.admin_group": "cn=nadie,dc=example,dc=org"})
    with config(doctor.world, (ldap.MOD_DELETE, "olcDbIndex", ["jid eq"])):
        assert doctor.findings(*doctor.admin) == {
            "entries": FAULT, "indexes": WARNING}, doctor.last


def test_policy_by_which_one_wrong_password_locks(doctor):
    world = doctor.world
    dn = "cn=default,ou=policies,dc=example,dc=org"
    before = world.root.search_s(dn, ldap.SCOPE_BASE)[0][1]
    names = ("pwdMaxFailure", "pwdLockout")
    world.modify(dn, pwdMaxFailure=["1"], pwdLockout=["TRUE"])
    try:
        assert doctor.findings() == {"ppolicy": WARNING}, doctor.last
        assert "one wrong password locks" in doctor.says("ppolicy")
        world.modify(dn, pwdMaxFailure=["2"])
        assert doctor.findings() == {"ppolicy": WARNING}, doctor.last
        assert "two wrong passwords lock" in doctor.says("ppolicy")
        world.modify(dn, pwdMaxFailure=["6"])
        assert doctor.findings() == {}, doctor.last
        doctor.write({"ldap.wrong_binds": "3"})
        assert doctor.findings() == {"ppolicy": WARNING}, doctor.last
        assert "wrong_binds = 0" in doctor.says("ppolicy")
    finally:
        world.modify(dn, **{name: [v.decode() for v in before.get(name, [])]
                            or None for name in names})


def test_only_server_that_takes_writes_is_gone(doctor):
    doctor.write({"ldap.write_uri": "ldap://127.0.0.1:1"})
    assert doctor.findings() == {"reach": WARNING, "writes": FAULT}, doctor.last
    assert "nothing can be changed" in doctor.says("writes")


def test_who_may_not_act_for_people(doctor):
    """[vcard] writable has things in it."""
    world = doctor.world
    dn = f"cn=im,ou=services,{world.env['IM_BASE']}"
    world.modify(dn, authzTo=None)
    try:
        assert doctor.findings() == {"acting": FAULT}, doctor.last
        assert "act-vcard.ldif" in doctor.last["acting"]["next"]
    finally:
        world.modify(dn, authzTo=["dn.children:" + world.env["PEOPLE_BASE"]])
    assert doctor.findings() == {}


def test_profile_that_nobody_may_remove(doctor):
    """It says what is left, makes no more of it, and removes it as soon as
    it may."""
    text = (f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry "
            f"by {WEB} =arscd by * break")
    with config(doctor.world, rule(text)):
        assert doctor.findings() == {"access-web": FAULT}
        assert "remove a profile" in doctor.says("access-web")
        dn, = left(doctor.world)
        assert doctor.findings() == {"scratch": FAULT}
        assert dn in doctor.says("scratch")
        assert left(doctor.world) == [dn]
    assert doctor.findings() == {}
    assert doctor.last["scratch"]["what"].startswith("removed 1")


def test_root_dse_without_password_modification(doctor):
    text = 'to dn.base="" attrs=supportedExtension by * none'
    with config(doctor.world, rule(text),
                (ldap.MOD_ADD, "olcAccess", ["to * by * read"]),
                dn="olcDatabase={-1}frontend,cn=config"):
        assert doctor.findings() == {"extensions": WARNING}
        assert "RFC 3062" in doctor.says("extensions")
        assert "let our identities read supportedExtension" \
            in doctor.says("extensions")


def test_root_dse_that_says_nothing(doctor):
    text = 'to dn.base="" attrs=supportedControl by * none'
    with config(doctor.world, rule(text),
                (ldap.MOD_ADD, "olcAccess", ["to * by * read"]),
                dn="olcDatabase={-1}frontend,cn=config"):
        assert doctor.findings()["preset"] == WARNING
        assert "openldap" in doctor.says("preset")


def test_preset_of_another_server(doctor):
    """And what it leads to: nobody shows who they are."""
    doctor.write({"ldap.preset": "389ds"})
    found = doctor.findings()
    assert found["preset"] == WARNING and found["examples"] == FAULT
    assert "openldap" in doctor.says("preset")
    assert "nsUniqueId" in doctor.says("examples")


@pytest.mark.parametrize("overlay, check, verdict", [
    ("unique", "unique", FAULT), ("syncprov", "sync", WARNING),
    ("ppolicy", "ppolicy", WARNING), ("constraint", "unique", FAULT),
    ("refint", "references", FAULT)])
def test_overlay_that_is_not_there(doctor, overlay, check, verdict):
    with without_overlay(doctor.world, overlay):
        assert doctor.findings() == {check: verdict}, doctor.last
        assert overlay in doctor.says(check)
    assert doctor.findings() == {}


def test_schema_that_is_not_loaded(doctor):
    (dn, found), = doctor.world.root.search_s(
        "cn=schema,cn=config", ldap.SCOPE_ONELEVEL, "(cn=*tertulia)")
    value, = [v.decode() for v in found["olcAttributeTypes"]
              if b"'imBoundState'" in v]
    room, = [v.decode() for v in found["olcObjectClasses"]
             if b"NAME 'imRoom'" in v]
    without = room.replace(" $ imBoundState", "")
    assert without != room
    with config(doctor.world,
                (ldap.MOD_DELETE, "olcObjectClasses", [room]),
                (ldap.MOD_ADD, "olcObjectClasses", [without]),
                (ldap.MOD_DELETE, "olcAttributeTypes", [value]), dn=dn):
        assert doctor.findings() == {"schema": FAULT}, doctor.last
        assert "imBoundState" in doctor.says("schema")
        assert "--schema" in doctor.says("schema")
    assert doctor.findings() == {}


def test_index_that_is_missing(doctor):
    with config(doctor.world, (ldap.MOD_DELETE, "olcDbIndex", ["jid eq"])):
        assert doctor.findings(*doctor.admin) == {"indexes": WARNING}
        assert "jid has no index" in doctor.says("indexes")
    with without_overlay(doctor.world, "syncprov"):
        assert doctor.findings(*doctor.admin) == {
            "sync": WARNING, "indexes": WARNING}
        assert "modifyTimestamp has no index" in doctor.says("indexes")


def test_index_for_certificates(doctor):
    """Asked for where people's certificates are looked for in their entries."""
    path = doctor.folder / "ca.pem"
    path.write_bytes(pem(Authority("Campus").badge(valid=(-1, 99)).certificate))
    doctor.write({"tls.client_ca_file": path,
                  "sasl.certificate_names": "xmpp mail entry"})
    assert doctor.findings(*doctor.admin) == {}, doctor.last
    with config(doctor.world, (ldap.MOD_DELETE, "olcDbIndex",
                               ["userCertificate eq"])):
        assert doctor.findings(*doctor.admin) == {"indexes": WARNING}
        assert "userCertificate has no index" in doctor.says("indexes")
        doctor.write({"tls.client_ca_file": path})
        assert doctor.findings(*doctor.admin) == {}, doctor.last
    doctor.write({"tls.client_ca_file": path,
                  "sasl.certificate_names": "entry"})
    assert doctor.findings() == {}, doctor.last


def test_limit_of_entries(doctor):
    with config(doctor.world, (ldap.MOD_REPLACE, "olcLimits",
                               [f"{IM} size.soft=20 size.hard=20"])):
        assert doctor.findings() == {"people": FAULT}
        assert "limits.ldif" in doctor.says("people")


def test_certificate_of_the_directory_that_ends_soon(doctor):
    state = doctor.world.state
    new = doctor.folder / "ldap"
    for words in (
            ["req", "-new", "-key", state / "tls/ldap.key", "-subj", "/CN=x",
             "-out", f"{new}.csr"],
            ["x509", "-req", "-in", f"{new}.csr", "-CA", state / "tls/ca.pem",
             "-CAkey", state / "tls/ca.key", "-set_serial", "9", "-days", "9",
             "-extfile", written("subjectAltName=IP:127.0.0.1")(doctor),
             "-out", f"{new}.pem"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    with config(doctor.world, (ldap.MOD_REPLACE, "olcTLSCertificateFile",
                               [f"{new}.pem"]), dn="cn=config"):
        assert doctor.findings() == {"tls-days": WARNING}, doctor.last
        assert "days left" in doctor.says("tls-days")
    assert doctor.findings() == {}


# ---- what people see of one another ----

GROUPS = "ou=groups,dc=example,dc=org"
HIDDEN = ("to dn.subtree=ou=people,dc=example,dc=org attrs=employeeType by "
          f"{IM} none by * break")


@pytest.mark.parametrize("filter_, word", [
    ("(!(uid=a)(uid=b))", "'!' needs one"),
    ("(!(eduPersonPrivat=*))", "no attribute eduPersonPrivat"),
    ("(uid=nadie)", "leaves out all")])
def test_filter_of_people_search(doctor, filter_, word):
    doctor.write({"search.filter": filter_})
    assert doctor.findings() == {"search": FAULT}, doctor.last
    assert word in doctor.says("search")
    doctor.write({"search.filter": filter_, "search.enabled": "no"})
    assert doctor.findings() == {}, doctor.last


def test_privacy_that_the_server_may_not_ask_for(doctor):
    """What may not be searched is neither true nor false: nobody is found."""
    doctor.write({"search.filter": "(!(employeeType=oculto))"})
    assert doctor.findings() == {}, doctor.last
    assert "can be found" in doctor.says("search")
    with config(doctor.world, rule(HIDDEN)):
        assert doctor.findings() == {"search": FAULT}, doctor.last
        assert "let cn=im search" in doctor.says("search")


def test_index_for_people_search(doctor):
    with config(doctor.world,
                (ldap.MOD_DELETE, "olcDbIndex",
                 ["cn,sn,givenName,displayName eq,sub"]),
                (ldap.MOD_ADD, "olcDbIndex", ["cn,sn,displayName eq,sub"])):
        assert doctor.findings(*doctor.admin) == {"indexes": WARNING}
        assert "givenName has no index (sub)" in doctor.says("indexes")
        doctor.write({"search.enabled": "no"})
        assert doctor.findings(*doctor.admin) == {}, doctor.last


@pytest.mark.parametrize("settings, verdict, word", [
    ({"roster.groups": "(description=ninguno)"}, WARNING, "finds no group"),
    ({"roster.groups": "(!(cn=a)(cn=b))"}, FAULT, "the filter of groups"),
    ({"roster.groups_public": f"cn=nadie,{GROUPS}"}, FAULT,
     f"there is no group cn=nadie,{GROUPS}"),
    ({"roster.groups": f"cn=im-admins,{GROUPS}",
      "roster.groups_title": "titulo"}, WARNING, "no attribute titulo")])
def test_roster_groups(doctor, settings, verdict, word):
    doctor.write(settings)
    assert doctor.findings() == {"groups": verdict}, doctor.last
    assert word in doctor.says("groups")
    doctor.write({"roster.groups": f"(cn=im-admins) ",
                  "roster.groups_public": f"cn=im-admins,{GROUPS};"})
    assert doctor.findings() == {}, doctor.last
    assert "2 groups" in doctor.says("groups")


def test_members_that_cannot_be_read(doctor):
    doctor.write({"roster.groups": "(cn=im-admins)"})
    with config(doctor.world, rule(
            f"to dn.subtree={GROUPS} attrs=member by {IM} none by * break")):
        assert doctor.findings() == {"groups": WARNING}, doctor.last
        assert "read its members" in doctor.says("groups")
    with entry(doctor.world, f"cn=fuera,{GROUPS}", cn=["fuera"],
               objectClass=["groupOfNames"], member=["cn=x,dc=example"]):
        doctor.write({"roster.groups": "(cn=fuera)"})
        assert doctor.findings() == {"groups": WARNING}, doctor.last
        assert "1 of its members are none" in doctor.says("groups")


def test_group_that_cannot_be_read(doctor):
    """The service leaves it out of rosters; here it is named, with the cause."""
    doctor.write({"roster.groups": "(cn=im-admins)"})
    with config(doctor.world, rule(
            f'to dn.exact="cn=im-admins,{GROUPS}" by {IM} auth by * break')):
        doctor.write({"roster.groups": f"cn=im-admins,{GROUPS}"})
        assert doctor.findings()["groups"] == FAULT, doctor.last
        assert f"cn=im-admins,{GROUPS}" in doctor.says("groups")
    urls = [f"ldap:///ou=people,dc=example,dc=org??sub?(uid=x{n})" for n in range(65)]
    with entry(doctor.world, f"cn=muchas,{GROUPS}", cn=["muchas"],
               objectClass=["groupOfURLs"], memberURL=urls):
        doctor.write({"roster.groups": "(cn=muchas)"})
        assert doctor.findings() == {"groups": FAULT}, doctor.last
        assert "more than 64 values of memberURL" in doctor.says("groups")


def test_group_that_is_too_large_for_slow_clients(doctor):
    people = [f"uid=muchos{i},ou=people,dc=example,dc=org" for i in range(280)]
    with contextlib.ExitStack() as stack:
        for i, dn in enumerate(people):
            stack.enter_context(entry(
                doctor.world, dn, objectClass=["inetOrgPerson"],
                uid=[f"muchos{i}"], cn=[f"Muchos {i}"], sn=["Muchos"]))
        stack.enter_context(entry(
            doctor.world, f"cn=muchos,{GROUPS}", cn=["muchos"],
            objectClass=["groupOfNames"], member=people))
        doctor.write({"roster.groups": "(cn=muchos)",
                      "limits.queue_size": "64k"})
        assert doctor.findings() == {"groups": WARNING}, doctor.last
        assert "280 members" in doctor.says("groups")
        assert "queue_size to 69k" in doctor.says("groups")


# ---- faults of what is in it ----

def test_two_people_of_one_name(doctor):
    dn = "uid=Lucia,ou=otra,ou=people,dc=example,dc=org"
    with entry(doctor.world, dn.partition(",")[2], ou=["otra"],
               objectClass=["organizationalUnit"]), \
         entry(doctor.world, dn, objectClass=["inetOrgPerson"],
               uid=["Lucia"], cn=["Lucía"], sn=["Otra"]):
        assert doctor.findings() == {"names": FAULT}
        assert dn in doctor.says("names")
        assert "uid=lucia,ou=people" in doctor.says("names")


def test_names_that_are_all_no_addresses(doctor):
    """Mail addresses as names: nobody at all can log in."""
    doctor.write({"ldap.people_name": "mail"})
    findings = doctor.findings()
    assert findings["names"] == FAULT, findings
    assert "nobody can log in" in doctor.says("names")


def test_contents_of_new_entries_are_not_looked_at(doctor):
    with config(doctor.world, (ldap.MOD_REPLACE, "olcAddContentAcl", ["FALSE"])):
        assert doctor.findings() == {"access-limits": FAULT}
        assert "olcAddContentAcl" in doctor.says("access-limits")
    assert doctor.findings() == {}


URLS = ["ldap:///ou=people,dc=example,dc=org??sub?(bad", "http://x/",
        "ldap:///ou=people,dc=example,dc=org??sub?(uid=lucia)"]


@pytest.mark.parametrize("setting,check", [
    ("roster.groups", "groups"), ("ldap.people_groups", "people-groups")])
def test_group_of_which_something_cannot_be_read(doctor, setting, check):
    """m3: it was left out without a word."""
    dn = "cn=busca,ou=groups,dc=example,dc=org"
    with entry(doctor.world, dn, cn=["busca"], objectClass=["groupOfURLs"],
               memberURL=URLS):
        doctor.write({setting: dn})
        assert doctor.findings() == {check: WARNING}, doctor.last
        assert "2 of its searches" in doctor.says(check)
    names = [f"cn=hondo{i},ou=groups,dc=example,dc=org" for i in range(7)]
    people = ["uid=lucia,ou=people,dc=example,dc=org"]
    with contextlib.ExitStack() as stack:
        for i, name in enumerate(names):
            stack.enter_context(entry(
                doctor.world, name, cn=[f"hondo{i}"], objectClass=["groupOfNames"],
                member=people + names[i + 1:i + 2]))
        doctor.write({setting: names[0]})
        assert doctor.findings() == {check: WARNING}, doctor.last
        assert "deeper than five" in doctor.says(check)
        doctor.write({setting: names[2]})                       # five are read
        assert doctor.findings() == {}, doctor.last


def test_name_that_is_no_address(doctor):
    with entry(doctor.world, "cn=Juan,ou=people,dc=example,dc=org",
               objectClass=["inetOrgPerson"], uid=["juan perez"],
               cn=["Juan"], sn=["Perez"]):
        assert doctor.findings() == {"names": WARNING}
        assert "juan perez" in doctor.says("names")


def test_password_that_is_costly_to_check(doctor):
    """Seen by the administrator in the hash, by everybody in the time."""
    world = doctor.world
    dn = f"cn=im,ou=services,{BELOW_IM}"
    before = world.root.search_s(dn, ldap.SCOPE_BASE,
                                 attrlist=["userPassword"])[0][1]
    secret = (world.state / "secrets/im").read_text()
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    hashed = "{CRYPT}" + library.crypt(
        secret.encode(), b"$6$rounds=900000$sal$").decode()
    world.modify(dn, userPassword=[hashed])
    try:
        assert doctor.findings() == {"hashes": WARNING}, doctor.last
        assert "a bind takes" in doctor.says("hashes")
    finally:
        world.modify(dn, userPassword=before["userPassword"])
    dn = f"uid=lucia,{world.env['PEOPLE_BASE']}"
    before = world.root.search_s(dn, ldap.SCOPE_BASE,
                                 attrlist=["userPassword"])[0][1]
    world.modify(dn, userPassword=[hashed])
    try:
        assert doctor.findings(*doctor.admin) == {"hashes": WARNING}
        assert "1 of the first" in doctor.says("hashes")
        assert doctor.findings() == {}
    finally:
        world.modify(dn, userPassword=before["userPassword"])


def test_replica_that_does_not_follow(doctor, tmp_path):
    """A second directory with the same secrets, which hears of nothing."""
    state = tmp_path / "replica"
    for name in ("secrets", "tls"):
        shutil.copytree(doctor.world.state / name, state / name)
    replica = Directory(state).start()
    try:
        # Made later than the other, so that one is behind at first.
        doctor.write({"ldap.uri": doctor.world.env["LDAP_URI"] + " "
                      + replica.env["LDAP_URI"]})
        old = "20200101000000.000000Z#000000#000#000000"
        replica.root().modify_s("dc=example,dc=org", [
            (ldap.MOD_REPLACE, "description", b"x")])
        assert doctor.findings().keys() <= {"replicas"}
        with stopped(replica, old):
            assert doctor.findings() == {"replicas": FAULT}, doctor.last
            assert replica.env["LDAP_URI"] in doctor.says("replicas")
            assert "days behind" in doctor.says("replicas")
    finally:
        assert replica.stop().returncode == 0


@contextlib.contextmanager
def stopped(replica, csn):
    """The same data, loaded anew with an old contextCSN."""
    assert replica.stop().returncode == 0
    folder = replica.state / "ldap"
    done = subprocess.run(["/usr/sbin/slapcat", "-n1", "-F",
                           folder / "config"], capture_output=True, text=True,
                          check=True)
    lines = [f"contextCSN: {csn}" if line.startswith("contextCSN:") else line
             for line in done.stdout.splitlines()]
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    subprocess.run(["/usr/sbin/slapadd", "-q", "-n1", "-F", folder / "config"],
                   input="\n".join(lines) + "\n", text=True, check=True,
                   capture_output=True)
    replica.settings["LDAP_PORT"] = replica.env["LDAP_PORT"]
    replica.start()
    yield


ADMISSION = {   # [ldap] people_groups: verdict, and what is said
    "full": ({"member": ["uid=lucia,ou=people,dc=example,dc=org", "cn=nobody"]},
             None, "1 people, 1 of its values"),
    "empty": ({"member": ["cn=nobody"]}, FAULT, "nobody can log in"),
    "gone": (None, FAULT, "No such object"),
    "unreadable": ({"member": ["uid=lucia,ou=people,dc=example,dc=org"]}, FAULT,
                   "let cn=im read its members"),
    "too large": ({"member": [f"cn=g{i},ou=groups,dc=example,dc=org"
                              for i in range(501)]}, FAULT, "too many groups"),
}


@pytest.mark.parametrize("how", ADMISSION)
def test_people_groups(doctor, how):
    members, verdict, says = ADMISSION[how]
    dn = "cn=usan,ou=groups,dc=example,dc=org"
    doctor.write({"ldap.people_groups": dn})
    with contextlib.ExitStack() as stack:
        if members is not None:
            stack.enter_context(entry(doctor.world, dn, cn=["usan"],
                                      objectClass=["groupOfNames"], **members))
        for name in members["member"] if how == "too large" else ():
            stack.enter_context(entry(doctor.world, name, member=["cn=nobody"],
                                      objectClass=["groupOfNames"]))
        if how == "unreadable":
            stack.enter_context(config(doctor.world, rule(
                f"to dn.base={dn} attrs=member by {IM} none by * break")))
        assert doctor.findings() == ({"people-groups": FAULT} if verdict
                                     else {}), doctor.last
        assert says in doctor.says("people-groups")


CLOCK = """
#include <time.h>
#include <dlfcn.h>
time_t time(time_t *at)
{
	time_t now = ((time_t (*)(time_t *))dlsym(RTLD_NEXT, "time"))(0) + 120;
	if (at)
		*at = now;
	return now;
}
"""


def test_clock_that_is_ahead(doctor, tmp_path):
    (tmp_path / "clock.c").write_text(CLOCK)
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    tmp_path / "clock.so", tmp_path / "clock.c", "-ldl"],
                   check=True)
    doctor.environment = {
        "LD_PRELOAD": str(tmp_path / "clock.so"),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
        + ":verify_asan_link_order=0"}
    assert doctor.findings() == {"clock": FAULT}, doctor.last
    assert "ahead of the directory" in doctor.says("clock")
