# SPDX-License-Identifier: Apache-2.0
"""LDAP-01 … LDAP-07, LDAP-10, LDAP-17: the directory as a client sees it."""

import concurrent.futures
import socket

import ldap
import pytest

from client import Client, condition, settle
from rawclient import SaslFailure, Stream, escape
from scram import Scram


def refused(world, user, password, mechanism="PLAIN"):
    """The condition with which a login is refused, None when it is not."""
    with Stream(world) as stream:
        stream.secured()
        try:
            if mechanism == "PLAIN":
                stream.plain(user, password)
            else:
                stream.scram(Scram(mechanism, user, password))
        except SaslFailure as why:
            return why.condition
    return None


# ---- LDAP-01: empty passwords ----

@pytest.fixture(scope="module")
def careless(make_world):
    """A directory that takes DN and empty password for a success."""
    world = make_world()
    conn = world.ldap()
    conn.modify_s("cn=config", [(ldap.MOD_ADD, "olcAllows",
                                 [b"bind_anon_dn", b"bind_anon_cred"])])
    return world


def test_ldap_01_empty_password_is_never_a_login(careless):
    person = careless.person()
    conn = ldap.initialize(careless.env["LDAP_URI"])
    conn.simple_bind_s(person.dn, "")           # the directory would say yes
    for user in (person.uid, "nobody"):
        for password in ("", "\0", "\0\0"):
            with Stream(careless) as stream:
                stream.secured()
                with pytest.raises(SaslFailure) as why:
                    stream.plain(user, password)
                assert why.value.condition in ("malformed-request",
                                               "not-authorized")
    Client(careless, person).cut()


def test_ldap_01_person_without_a_password(careless):
    person = careless.person(userPassword=[])
    for password in ("", " ", "x"):
        assert refused(careless, person.uid, password) in (
            "malformed-request", "not-authorized")


# ---- LDAP-02, LDAP-03, LDAP-04: names that are more than names ----

INJECTIONS = [
    "*", "a*", "*a", "{uid}*", "*{uid}", "{uid})(uid=*", "*)(uid=*",
    "*)(objectClass=*", "{uid})(|(uid=*", "*))(|(uid=*", "(uid=*)", "\\2a",
    "\\", "\\\\", "{uid}\\", "{uid}\\00", "{uid}\\2a", "(", ")", "()", "!",
    "{uid},ou=people", "uid={uid}", "{uid}+cn=x", "{uid};x", "#{uid}",
    "{uid}=", "%n%s%x", "%s%s%s%s%n", "${{uid}}", "%u", "$1", "`id`",
]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-1"])
@pytest.mark.parametrize("pattern", INJECTIONS)
def test_ldap_02_filters_are_not_written_by_clients(world, somebody, mechanism,
                                                    pattern):
    user = pattern.format(uid=somebody.uid)
    assert refused(world, user, somebody.password, mechanism) in (
        "not-authorized", "malformed-request")


@pytest.mark.parametrize("pattern", ["*", "{uid}*", "*)(uid=*", "\\2a", "(x)"])
def test_ldap_02_nor_by_addresses(world, login, somebody, pattern):
    ann = login()
    target = f"{pattern.format(uid=somebody.uid)}@{world.domain}"
    ghost = f"nadie@{world.domain}"
    for query in ("<vCard xmlns='vcard-temp'/>", "<query "
                  "xmlns='http://jabber.org/protocol/disco#info'/>"):
        answers = [ann.iq("get", query, to=jid) for jid in (target, ghost)]
        assert len({condition(answer) for answer in answers}) == 1
        assert answers[0].get("type") == "error"


UIDS = ["a.b-c_d", "con espacio", "a*b(c)d", "back\\slash", "ñandú", "a,b+c=d",
        "semi;colon", "hash#tag", "percent%s%n", "dollar$", "x" * 200, "ελένη"]


@pytest.mark.parametrize("uid", UIDS, ids=range(len(UIDS)))
def test_ldap_02_odd_names_work_or_are_refused_cleanly(world, uid):
    """A uid of the directory may hold anything; where it makes a JID, its
    owner and nobody else gets in by it."""
    person = world.person(uid=uid, dn=f"cn={world.name('raro')},"
                          + world.env["PEOPLE_BASE"], password="su clave")
    if refused(world, uid, "su clave") is None:
        ann = Client(world, person)
        assert ann.jid == f"{uid}@{world.domain}/r"
        assert ann.set_item("x@otra.example").get("type") == "result"
        assert list(ann.items()) == ["x@otra.example"]
        ann.cut()
        assert world.profile(person) is not None
    else:
        assert " " in uid       # RFC 7622 §3.3 has no spaces in a localpart


DNS = ["cn=Pérez\\, Ana", "cn=a\\+b", "cn=say \\\"x\\\"", "cn=\\#1",
       "cn=\\ lead", "cn=trail\\ ", "cn=a\\;b", "cn=\\<x\\>", "cn=back\\\\",
       "cn=a+sn=b", "cn=eq\\=", "cn=ñ"]


@pytest.mark.parametrize("rdn", DNS)
def test_ldap_03_odd_dns(world, rdn):
    person = world.person(dn=f"{rdn},{world.env['PEOPLE_BASE']}",
                          cn=["nombre"])
    try:
        ann = Client(world, person)
        assert ann.set_item("x@otra.example").get("type") == "result"
        ann.cut()
        profile = world.profile(person)
        assert len(profile["imRosterItem"]) == 1
        found = world.root.search_s(profile["imPerson"][0], ldap.SCOPE_BASE)
        assert found[0][1]["uid"] == [person.uid.encode()]
    finally:
        world.root.delete_s(person.dn)


def test_ldap_04_long_names(world):
    for length in (255, 1023, 1024, 4000):
        assert refused(world, "u" * length, "x") in ("not-authorized",
                                                     "malformed-request")


# ---- LDAP-05: exactly one ----

def test_ldap_05_two_people_with_one_name(world):
    ou = f"ou={world.name('otra')},{world.env['PEOPLE_BASE']}"
    world.root.add_s(ou, [("objectClass", b"organizationalUnit")])
    one = world.person("doble", password="uno")
    two = world.person(uid=one.uid, dn=f"uid={one.uid},{ou}", password="dos")
    for password in ("uno", "dos"):
        assert refused(world, one.uid, password) == "not-authorized"
    world.root.delete_s(two.dn)
    assert refused(world, one.uid, "uno") is None


def test_ldap_05_outside_the_base_or_the_filter(world):
    assert refused(world, "im", "x") == "not-authorized"
    dn = f"cn={world.name('cuenta')},{world.env['PEOPLE_BASE']}"
    world.root.add_s(dn, [("objectClass", [b"applicationProcess", b"uidObject",
                                           b"simpleSecurityObject"]),
                          ("uid", b"roboto"), ("userPassword", b"clave")])
    world.ldap(dn, "clave").unbind_s()
    assert refused(world, "roboto", "clave") == "not-authorized"


# ---- LDAP-06: one spelling of a person ----

SPELLINGS = ["{UID}", "{Uid}", " {uid}", "{uid} ", " {uid} ", "{wide}",
             "{uid}\u00ad", "\ufeff{uid}", "{uid}\u200d", "{uid}\u0301",
             "{uid}\t", "{uid}@{domain}", "{UID}@{DOMAIN}", "{uid}\u2028"]


@pytest.mark.parametrize("pattern", SPELLINGS)
def test_ldap_06_one_jid_for_one_entry(world, pattern):
    person = world.person("pliegue")
    user = pattern.format(
        uid=person.uid, UID=person.uid.upper(), Uid=person.uid.title(),
        wide="".join(chr(ord(c) + 0xfee0) for c in person.uid),
        domain=world.domain, DOMAIN=world.domain.upper())
    try:
        with Stream(world) as stream:
            stream.secured()
            stream.plain(user, person.password)
            stream.restart()
            assert stream.bind("r") == f"{person.jid}/r"
    except SaslFailure as why:
        assert why.condition in ("not-authorized", "malformed-request")
    found = world.search("ou=profiles," + world.env["IM_BASE"],
                         f"(imPerson={person.dn})")
    assert [entry["jid"] for _, entry in found] in ([], [[person.jid]])


def test_ldap_06_upper_case_in_the_directory(world):
    person = world.person(uid=world.name("MaYus"), password="clave")
    with Stream(world) as stream:
        stream.secured()
        stream.plain(person.uid.lower(), "clave")
        stream.restart()
        assert stream.bind("r") == f"{person.uid.lower()}@{world.domain}/r"


# ---- LDAP-07: who is bound on which connection ----

def test_ldap_07_logins_and_changes_do_not_mix(world):
    """Searches and changes are the service's own while people bind."""
    people = [world.person() for _ in range(6)]

    def live(person):
        for turn in range(4):
            ann = Client(world, person, mechanism="PLAIN")
            answer = ann.set_item(f"x{turn}@otra.example")
            assert answer.get("type") == "result", condition(answer)
            assert refused(world, person.uid, "falsch") == "not-authorized"
            ann.cut()
        return len(world.profile(person)["imRosterItem"])
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(live, person) for person in people]
        world.root                      # one connection, made before
        assert [f.result(60) for f in futures] == [4] * 6


def test_ldap_07_profiles_are_written_by_the_service(world):
    ann = Client(world, world.person())
    ann.set_item("x@otra.example")
    profile = world.profile(ann.person)
    assert profile["creatorsName"] == profile["modifiersName"]
    assert profile["creatorsName"][0].startswith("cn=im,ou=services")
    ann.cut()


# ---- LDAP-10: referrals ----

def test_ldap_10_referrals_are_not_followed(world):
    """A referral in the tree: nobody is asked there, and nobody suffers."""
    recorder = socket.create_server(("127.0.0.1", 0))
    port = recorder.getsockname()[1]
    uid = world.name("lejos")
    dn = f"uid={uid},{world.env['PEOPLE_BASE']}"
    world.root.add_ext_s(dn, [
        ("objectClass", [b"referral", b"extensibleObject"]),
        ("uid", uid.encode()),
        ("ref", f"ldap://127.0.0.1:{port}/{dn}".encode())],
        serverctrls=[ldap.controls.simple.ManageDSAITControl()])
    try:
        # An error, and no word about anybody (LDAP-13).
        assert refused(world, uid, "clave") == "temporary-auth-failure"
        Client(world, world.person()).cut()
        recorder.settimeout(0.3)
        with pytest.raises(TimeoutError):
            recorder.accept()
    finally:
        recorder.close()
        world.root.delete_ext_s(dn, serverctrls=[
            ldap.controls.simple.ManageDSAITControl()])


# ---- LDAP-17: what the directory may hold ----

def test_ldap_17_large_and_odd_values(world, login):
    person = world.person(cn=["\x01\x02 raro <b>&"], sn=["]]>"],
                          title=["x" * 20000], mail=["a@b'/><x"],
                          jpegPhoto=[b"\xff\xd8\xff" + b"\0" * (2 << 20)])
    ann, bob = Client(world, person), login()
    for reader in (ann, bob):
        answer = reader.iq("get", "<vCard xmlns='vcard-temp'/>", to=ann.bare)
        assert answer.get("type") == "result", condition(answer)
    assert len(ann.set_item("x@otra.example", name=escape("a'\"b"))) == 0
    settle(ann, bob)
    ann.cut()


def test_ldap_17_poisoned_profile_does_not_stop_the_login(world, login):
    """REL-24: a value nobody can read is left alone."""
    ann = login()
    ann.set_item("bueno@otra.example", name="b")
    dn = world.search("ou=profiles," + world.env["IM_BASE"],
                      f"(jid={ann.bare})")[0][0]
    ann.close()
    bad = [b"", b"%", b"no/jid@@ x y z", b"\xff\xfe", b"a@b not-a-state - - %zz",
           b" "]
    for value in bad:
        try:
            world.root.modify_s(dn, [(ldap.MOD_ADD, "imRosterItem", [value])])
        except ldap.LDAPError:
            pass                        # slapd itself does not take it
    again = Client(world, ann.person)
    assert "bueno@otra.example" in again.items()
    again.cut()
