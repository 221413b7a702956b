# SPDX-License-Identifier: Apache-2.0
"""What each identity may do in the directory, and above all what it may not.

Every refusal here is LDAP's own (insufficientAccess): the service would keep
to these limits even if somebody took over its processes.
"""

import itertools
import time

import ldap
import pytest
from ldap.controls import RequestControl, ResponseControl
from ldap.controls.simple import ProxyAuthzControl

NO_RIGHT = ldap.INSUFFICIENT_ACCESS
ITEM = b"andres@localhost both 0 0 Andr%C3%A9s Amigos"
counter = itertools.count()


def profile_dn(directory, uid):
    return (f"imPersonUUID={directory.uuid(uid)},"
            f"ou=profiles,{directory.env['IM_BASE']}")


def make_profile(directory, conn, uid):
    """As the im process does at the first login."""
    dn = profile_dn(directory, uid)
    conn.add_s(dn, [
        ("objectClass", b"imProfile"), ("jid", f"{uid}@localhost".encode()),
        ("imPerson", directory.dn(uid).encode()), ("imStatus", b"active"),
        ("imRosterVersion", b"0")])
    return dn


@pytest.fixture(scope="module")
def profile(directory):
    """The profile of lucia with a roster and verifiers."""
    im = directory.service("IM")
    dn = make_profile(directory, im, "lucia")
    im.modify_s(dn, [
        (ldap.MOD_ADD, "imRosterItem", ITEM),
        (ldap.MOD_INCREMENT, "imRosterVersion", b"1"),
        (ldap.MOD_ADD, "imScram", b"SCRAM-SHA-1$4096:YQ==$Yg==:Yw=="),
        (ldap.MOD_ADD, "imScramSource", b"20260901080000Z"),
        (ldap.MOD_REPLACE, "imVCard", b"<x/>")])
    return dn


def read(conn, dn, *attributes):
    found = conn.search_s(dn, ldap.SCOPE_BASE, attrlist=list(attributes))
    return found[0][1]


# ---- cn=im, the process that faces the network ----

def test_im_reads_people_and_their_account_state(directory):
    im = directory.service("IM")
    person = read(im, directory.dn("oquinones"), "*", "entryUUID",
                  "pwdChangedTime", "pwdAccountLockedTime")
    assert person["sn"] == ["Quiñones Frías".encode()]
    assert person["pwdAccountLockedTime"] == [b"000001010000Z"]
    assert person["pwdChangedTime"] and person["entryUUID"]
    assert "userPassword" not in person


def test_im_reads_all_people_of_a_large_tree(directory):
    root = directory.root()
    for i in range(520):                    # slapd's own limit is 500
        root.add_s(directory.dn(f"extra{i}"), [
            ("objectClass", b"inetOrgPerson"), ("cn", b"x"), ("sn", b"x"),
            ("uid", f"extra{i}".encode())])
    try:
        found = directory.service("IM").search_s(
            directory.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE,
            "(objectClass=inetOrgPerson)", ["uid"])
        assert len(found) >= 520
        with pytest.raises(ldap.SIZELIMIT_EXCEEDED):
            directory.person("andres").search_s(
                directory.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE,
                "(objectClass=inetOrgPerson)", ["uid"])
    finally:
        for i in range(520):
            root.delete_s(directory.dn(f"extra{i}"))


def test_nobody_of_ours_reads_old_passwords(directory):
    root, dn = directory.root(), directory.dn("gvicente")
    policy = f"cn=default,ou=policies,{directory.env['LDAP_BASE']}"
    root.modify_s(policy, [(ldap.MOD_ADD, "pwdInHistory", b"2")])
    directory.person("gvicente").passwd_s(dn, "tertulia-gvicente", "nueva")
    root.modify_s(policy, [(ldap.MOD_DELETE, "pwdInHistory", None)])
    assert read(root, dn, "pwdHistory")["pwdHistory"]
    for who in ("IM", "IM_WEB"):
        assert "pwdHistory" not in read(directory.service(who), dn, "*", "+")
    root.passwd_s(dn, None, "tertulia-gvicente")


class Usable(RequestControl, ResponseControl):
    """The account usability control: the answer begins 0x80 yes, 0xA1 no."""
    controlType = "1.3.6.1.4.1.42.2.27.9.5.8"
    answer = b""

    def __init__(self, criticality=False):
        super().__init__(self.controlType, criticality)

    def encodeControlValue(self):
        return None

    def decodeControlValue(self, encoded):
        self.answer = encoded


@pytest.mark.parametrize("uid,answer", [("andres", 0x80), ("oquinones", 0xA1)])
@pytest.mark.parametrize("who,told", [("IM", True), ("IM_WEB", False)])
def test_im_learns_whether_somebody_is_locked(directory, who, told, uid, answer):
    conn = directory.service(who)
    number = conn.search_ext(directory.dn(uid), ldap.SCOPE_BASE,
                             attrlist=["1.1"], serverctrls=[Usable()])
    (_, _, controls), = conn.result4(
        number, add_ctrls=1,
        resp_ctrl_classes={Usable.controlType: Usable})[1]
    assert [c.answer[0] for c in controls] == ([answer] if told else [])


@pytest.mark.parametrize("change", [
    (ldap.MOD_REPLACE, "mail", b"x@example.org"),
    (ldap.MOD_REPLACE, "userPassword", b"x"),
    (ldap.MOD_DELETE, "userPassword", None),
    (ldap.MOD_ADD, "objectClass", b"imUser"),
    (ldap.MOD_ADD, "objectClass", b"uidObject"),
    (ldap.MOD_REPLACE, "jpegPhoto", b"x"),
], ids=lambda c: f"{c[1]}-{c[0]}")
def test_im_cannot_change_a_person(directory, change):
    with pytest.raises(NO_RIGHT):
        directory.service("IM").modify_s(directory.dn("andres"), [change])


def test_im_cannot_create_rename_or_delete_people(directory):
    im = directory.service("IM")
    with pytest.raises(NO_RIGHT):
        im.add_s(directory.dn("nobody"), [
            ("objectClass", b"inetOrgPerson"), ("cn", b"x"), ("sn", b"x"),
            ("uid", b"nobody")])
    with pytest.raises(NO_RIGHT):
        im.rename_s(directory.dn("andres"), "uid=other")
    with pytest.raises(NO_RIGHT):
        im.delete_s(directory.dn("andres"))


def test_im_cannot_change_groups_lists_or_policies(directory):
    im = directory.service("IM")
    base = directory.env["LDAP_BASE"]
    for dn, attribute in [
            (f"cn=im-admins,ou=groups,{base}", "member"),
            (f"cn=redes,ou=lists,{base}", "owner"),
            (f"cn=default,ou=policies,{base}", "seeAlso")]:
        with pytest.raises(NO_RIGHT):
            im.modify_s(dn, [(ldap.MOD_ADD, attribute,
                              directory.dn("andres").encode())])


def test_im_keeps_a_roster_at_a_version(directory, profile):
    im = directory.service("IM")
    version = read(im, profile, "imRosterVersion")["imRosterVersion"][0]
    change = [
        (ldap.MOD_DELETE, "imRosterItem", ITEM),
        (ldap.MOD_ADD, "imRosterItem", ITEM + b" Equipo"),
        (ldap.MOD_DELETE, "imRosterVersion", version),
        (ldap.MOD_ADD, "imRosterVersion", b"%d" % (int(version) + 1))]
    im.modify_s(profile, change)
    after = read(im, profile, "imRosterItem", "imRosterVersion")
    assert after["imRosterItem"] == [ITEM + b" Equipo"]
    assert int(after["imRosterVersion"][0]) == int(version) + 1
    with pytest.raises(ldap.NO_SUCH_ATTRIBUTE):
        im.modify_s(profile, change)
    with pytest.raises(ldap.TYPE_OR_VALUE_EXISTS):
        im.modify_s(profile, [(ldap.MOD_ADD, "imRosterItem",
                               ITEM + b" Equipo")])
    im.modify_s(profile, [(ldap.MOD_REPLACE, "imRosterItem", ITEM)])


@pytest.mark.parametrize("change", [
    (ldap.MOD_REPLACE, "imStatus", b"suspended"),
    (ldap.MOD_REPLACE, "imPerson", b"uid=andres,ou=people,dc=example,dc=org"),
], ids=lambda c: c[1])
def test_im_cannot_give_a_profile_away_or_lift_a_suspension(
        directory, profile, change):
    with pytest.raises(NO_RIGHT):
        directory.service("IM").modify_s(profile, [change])


def test_im_cannot_delete_a_profile(directory, profile):
    with pytest.raises(NO_RIGHT):
        directory.service("IM").delete_s(profile)


def test_im_writes_rooms(directory):
    im = directory.service("IM")
    dn = f"imRoomName=cafe,ou=rooms,{directory.env['IM_BASE']}"
    im.add_s(dn, [
        ("objectClass", b"imRoom"), ("cn", "Café".encode()),
        ("imOwner", directory.dn("lucia").encode()),
        ("imRoomOption", [b"membersonly=1", b"persistent=1"])])
    im.modify_s(dn, [
        (ldap.MOD_ADD, "imMember", directory.dn("andres").encode()),
        (ldap.MOD_ADD, "imOutcastJid", b"spam@example.net - spam"),
        (ldap.MOD_REPLACE, "imSubject", b"hola")])
    im.delete_s(dn)


def test_im_sees_no_requests_and_no_services(directory):
    im = directory.service("IM")
    base = directory.env["IM_BASE"]
    with pytest.raises(ldap.NO_SUCH_OBJECT):
        im.search_s(f"ou=requests,{base}", ldap.SCOPE_SUBTREE)
    with pytest.raises(ldap.NO_SUCH_OBJECT):
        im.search_s(directory.env["IM_WEB_DN"], ldap.SCOPE_BASE)


def test_im_acts_for_a_person_on_that_persons_card_alone(directory):
    """For what is refused see test_rights.py."""
    im, dn = directory.service("IM"), directory.dn("lgomez")
    me = as_person(directory, "lgomez")
    im.modify_ext_s(dn, [(ldap.MOD_REPLACE, "mobile", b"+34 556 000 001")],
                    serverctrls=me)
    for uid, attribute in (("lgomez", "mail"), ("lgomez", "preferredLanguage"),
                           ("andres", "mobile"), ("lgomez", "userPassword")):
        with pytest.raises((NO_RIGHT, ldap.NO_SUCH_OBJECT)):
            im.modify_ext_s(directory.dn(uid), [
                (ldap.MOD_REPLACE, attribute, b"es")], serverctrls=me)


# ---- cn=im-web, the web process ----

def test_web_makes_suspends_and_removes_a_profile(directory):
    web = directory.service("IM_WEB")
    dn = make_profile(directory, web, "mgarcia")
    web.modify_s(dn, [(ldap.MOD_REPLACE, "imStatus", b"suspended")])
    assert read(web, dn, "imStatus")["imStatus"] == [b"suspended"]
    web.delete_s(dn)
    assert read(web, directory.dn("mgarcia"), "uid")["uid"] == [b"mgarcia"]


def test_web_drops_verifiers_it_cannot_read(directory):
    im, web = directory.service("IM"), directory.service("IM_WEB")
    dn = make_profile(directory, im, "inigo")
    im.modify_s(dn, [(ldap.MOD_ADD, "imScram", b"SCRAM-SHA-1$1:YQ==$Yg==:Yw=="),
                     (ldap.MOD_ADD, "imScramSource", b"-")])
    assert not {"imScram", "imScramSource"} & set(read(web, dn, "*"))
    assert web.search_s(dn, ldap.SCOPE_BASE, "(imScram=*)") == []
    web.modify_s(dn, [(ldap.MOD_DELETE, "imScram", None),
                      (ldap.MOD_DELETE, "imScramSource", None)])
    assert "imScram" not in read(im, dn, "imScram")
    web.delete_s(dn)


def test_web_does_not_read_or_write_rosters(directory, profile):
    web = directory.service("IM_WEB")
    assert not {"imRosterItem", "imVCard", "imPrivate"} & set(read(web, profile))
    with pytest.raises(NO_RIGHT):
        web.modify_s(profile, [(ldap.MOD_ADD, "imRosterItem", b"x@y none 0 0 -")])


def test_web_keeps_rooms_and_requests(directory):
    web = directory.service("IM_WEB")
    base = directory.env["IM_BASE"]
    room = f"imRoomName=tesis,ou=rooms,{base}"
    web.add_s(room, [("objectClass", b"imRoom"), ("cn", b"Tesis"),
                     ("imBoundTo", b"cn=tesis,ou=lists,dc=example,dc=org")])
    web.delete_s(room)
    request = f"imRequestId=r1,ou=requests,{base}"
    web.add_s(request, [
        ("objectClass", b"imRequest"), ("imRequestKind", b"activation"),
        ("imTokenHash", bytes(32)), ("imTokenExpires", b"20300101000000Z"),
        ("imPerson", directory.dn("lucia").encode()), ("uid", b"lucia")])
    assert web.search_s(f"ou=requests,{base}", ldap.SCOPE_SUBTREE,
                        "(imTokenHash=" + "\\00" * 32 + ")")
    web.delete_s(request)


def new_person(uid, *more):
    return [("objectClass", b"inetOrgPerson"), ("uid", uid.encode()),
            ("cn", b"Nueva Persona"), ("givenName", b"Nueva"),
            ("sn", b"Persona"), ("mail", f"{uid}@example.org".encode()), *more]


@pytest.fixture
def made(directory):
    """A person made by the web process, and gone after the test."""
    uid = f"nueva{next(counter)}"
    directory.service("IM_WEB").add_s(directory.dn(uid), new_person(uid))
    yield uid
    directory.root().delete_s(directory.dn(uid))


def test_web_makes_a_person_who_then_activates_the_account(directory, made):
    web = directory.service("IM_WEB")
    web.passwd_s(directory.dn(made), None, "la primera")
    directory.connect(directory.dn(made), "la primera")
    person = read(directory.root(), directory.dn(made), "*", "pwdChangedTime")
    assert person["userPassword"][0].startswith(b"{SSHA}")
    assert person["pwdChangedTime"]


def test_web_cannot_set_a_second_password(directory, made):
    web, dn = directory.service("IM_WEB"), directory.dn(made)
    web.passwd_s(dn, None, "la primera")
    for attempt in (
            lambda: web.passwd_s(dn, None, "la segunda"),
            lambda: web.passwd_s(dn, "la primera", "la segunda"),
            lambda: web.modify_s(dn, [(ldap.MOD_DELETE, "userPassword", None)]),
            lambda: web.modify_s(dn, [(ldap.MOD_ADD, "userPassword", b"x")]),
            lambda: web.modify_s(dn, [(ldap.MOD_REPLACE, "userPassword", b"x")])):
        with pytest.raises((NO_RIGHT, ldap.UNWILLING_TO_PERFORM)):
            attempt()
    directory.connect(dn, "la primera")


def test_web_cannot_set_the_password_of_somebody_who_has_one(directory):
    web, dn = directory.service("IM_WEB"), directory.dn("andres")
    for control in ([], [ProxyAuthzControl(True, f"dn:{dn}".encode())]):
        with pytest.raises(NO_RIGHT):
            web.modify_ext_s(dn, [(ldap.MOD_REPLACE, "userPassword", b"x")],
                             serverctrls=control)
        with pytest.raises(NO_RIGHT):
            web.passwd_s(dn, None, "x", serverctrls=control)
    directory.person("andres")


def test_web_sets_the_first_password_of_a_new_employee(directory):
    dn = directory.dn("rnovo")              # the sample has no password there
    directory.service("IM_WEB").passwd_s(dn, None, "bienvenida")
    directory.connect(dn, "bienvenida")
    directory.root().modify_s(dn, [(ldap.MOD_DELETE, "userPassword", None)])


def test_web_changes_only_people_it_made(directory, made):
    web = directory.service("IM_WEB")
    web.modify_s(directory.dn(made), [(ldap.MOD_REPLACE, "sn", b"Otra")])
    with pytest.raises(NO_RIGHT):
        web.modify_s(directory.dn("andres"), [(ldap.MOD_REPLACE, "sn", b"x")])
    for uid in (made, "andres"):
        with pytest.raises(NO_RIGHT):
            web.delete_s(directory.dn(uid))


@pytest.mark.parametrize("more", [
    ("pwdReset", b"FALSE"), ("userPassword", b"known"),
    ("authzTo", b"dn.regex:.*"), ("pwdPolicySubentry", b"cn=x"),
], ids=lambda m: m[0])
def test_web_cannot_make_a_person_with_more_than_a_name(directory, more):
    with pytest.raises(NO_RIGHT):
        directory.service("IM_WEB").add_s(
            directory.dn("trampa"), new_person("trampa", more))


def test_web_cannot_make_entries_elsewhere(directory):
    web = directory.service("IM_WEB")
    base = directory.env["LDAP_BASE"]
    for parent in (f"ou=groups,{base}", f"ou=services,ou=im,{base}", base):
        with pytest.raises((NO_RIGHT, ldap.NO_SUCH_OBJECT)):
            web.add_s(f"uid=x,{parent}", new_person("x"))


def test_web_cannot_make_itself_an_administrator(directory):
    web = directory.service("IM_WEB")
    with pytest.raises(NO_RIGHT):
        web.modify_s(f"cn=im-admins,ou=groups,{directory.env['LDAP_BASE']}", [
            (ldap.MOD_ADD, "member", directory.env["IM_WEB_DN"].encode())])


def as_person(directory, uid):
    return [ProxyAuthzControl(True, f"dn:{directory.dn(uid)}".encode())]


def test_web_acts_for_the_person_signed_in_within_that_persons_rights(directory):
    web = directory.service("IM_WEB")
    me = as_person(directory, "npuig")
    web.modify_ext_s(directory.dn("npuig"),
                     [(ldap.MOD_REPLACE, "mobile", b"+34 556 000 000")],
                     serverctrls=me)
    for uid, attribute in (("npuig", "mail"), ("andres", "mobile")):
        with pytest.raises(NO_RIGHT):
            web.modify_ext_s(directory.dn(uid),
                             [(ldap.MOD_REPLACE, attribute, b"x")],
                             serverctrls=me)


@pytest.mark.parametrize("by,who", [
    ("IM_WEB", "IM_DN"), ("IM_WEB", "LDAP_ROOT_DN"), ("IM", "IM_WEB_DN"),
    ("IM", "LDAP_ROOT_DN")])
def test_they_act_for_people_only(directory, by, who):
    control = ProxyAuthzControl(True, f"dn:{directory.env[who]}".encode())
    with pytest.raises((ldap.PROXIED_AUTHORIZATION_DENIED,
                        ldap.INSUFFICIENT_ACCESS)):
        directory.service(by).search_ext_s(            directory.dn("lucia"), ldap.SCOPE_BASE, serverctrls=[control])


# ---- people and strangers ----

def test_person_reads_own_profile_but_not_the_verifiers(directory, profile):
    mine = read(directory.person("lucia"), profile)
    assert mine["imRosterItem"] == [ITEM]
    assert not {"imScram", "imScramSource"} & set(mine)
    found = directory.person("lucia").search_s(
        f"ou=profiles,{directory.env['IM_BASE']}", ldap.SCOPE_SUBTREE,
        f"(imPerson={directory.dn('lucia')})", ["jid"])
    assert [dn for dn, _ in found] == [profile]


def test_person_does_not_read_the_profile_of_somebody_else(directory, profile):
    with pytest.raises((NO_RIGHT, ldap.NO_SUCH_OBJECT)):
        directory.person("andres").search_s(profile, ldap.SCOPE_BASE)
    assert directory.person("andres").search_s(
        f"ou=profiles,{directory.env['IM_BASE']}", ldap.SCOPE_SUBTREE) == []


def test_person_does_not_write_the_own_profile(directory, profile):
    with pytest.raises(NO_RIGHT):
        directory.person("lucia").modify_s(
            profile, [(ldap.MOD_REPLACE, "imStatus", b"active")])


def test_person_changes_the_own_password(directory):
    dn = directory.dn("xose")
    directory.person("xose").passwd_s(dn, "tertulia-xose", "nueva")
    conn = directory.connect(dn, "nueva")
    conn.passwd_s(dn, "nueva", "tertulia-xose")
    directory.person("xose")


def test_stranger_sees_nothing(directory, profile):
    stranger = directory.connect()
    for base in (directory.env["LDAP_BASE"], profile,
                 directory.env["PEOPLE_BASE"]):
        with pytest.raises((ldap.NO_SUCH_OBJECT, NO_RIGHT)):
            stranger.search_s(base, ldap.SCOPE_SUBTREE)


@pytest.mark.parametrize("uid", ["oquinones", "epenalver"])
def test_locked_and_ended_accounts_cannot_bind(directory, uid):
    with pytest.raises(ldap.INVALID_CREDENTIALS):
        directory.person(uid)


def test_wrong_passwords_lock_nobody(directory):
    for _ in range(12):
        with pytest.raises(ldap.INVALID_CREDENTIALS):
            directory.connect(directory.dn("jmarti"), "not this")
    directory.person("jmarti")


def test_who_must_change_the_password_may_do_nothing_else(directory):
    dn = (r"cn=Dolores \"Lola\" Larra Coronado,"
          f"{directory.env['PEOPLE_BASE']}")
    conn = directory.connect(dn, "tertulia-dlarra")     # the bind succeeds
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        conn.search_s(dn, ldap.SCOPE_BASE)


# ---- what the overlays do ----

def test_a_jid_is_given_once(directory, profile):
    web = directory.service("IM_WEB")
    dn = profile_dn(directory, "bsanz")
    with pytest.raises(ldap.CONSTRAINT_VIOLATION):
        web.add_s(dn, [("objectClass", b"imProfile"),
                       ("jid", b"LUCIA@localhost"),
                       ("imPerson", directory.dn("bsanz").encode())])


def test_a_renamed_person_keeps_the_rooms(directory):
    root, web = directory.root(), directory.service("IM_WEB")
    room = f"imRoomName=mudanza,ou=rooms,{directory.env['IM_BASE']}"
    root.add_s(directory.dn("antes"), new_person("antes"))
    web.add_s(room, [("objectClass", b"imRoom"),
                     ("imOwner", directory.dn("antes").encode()),
                     ("imMember", directory.dn("antes").encode())])
    root.rename_s(directory.dn("antes"), "uid=despues")
    for _ in range(100):                    # refint works in the background
        now = read(web, room, "imOwner", "imMember")
        if now["imOwner"] == [directory.dn("despues").encode()]:
            break
        time.sleep(0.02)
    assert now["imOwner"] == now["imMember"] == [
        directory.dn("despues").encode()]
    root.delete_s(directory.dn("despues"))
    web.delete_s(room)
