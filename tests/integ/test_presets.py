# SPDX-License-Identifier: Apache-2.0
"""Each kind of directory server: names, rules of the account, what is watched.

OpenLDAP is a real slapd; test_389ds.py has the real 389 Directory Server; Active
Directory and FreeIPA are played by their documentation (presets/).
"""

import time
import uuid

import ldap
import pytest

from ldapfaults import ANSWERS, SEARCH, entry, result, tlv
from ldaptree import Tree, pieces
from test_live_store import ADD, MODIFY, info, refreshed, state
from xdbprobe import (EXPIRED, LOCKED, MUST_CHANGE, SUSPENDED, Probe, settings)
from xdbworld import person, root, slapd                        # noqa: F401

OPENLDAP, DS389, AD, FREEIPA = range(1, 5)
OF_TREE = {"start_tls": False, "bind_dn": "cn=im", "bind_password": "x",
           "domain": "example.org", "im_base": "ou=im,dc=example,dc=org"}
KINDS = {
    "ad": {"people_base": "OU=people,DC=example,DC=org",
           "people_name": "sAMAccountName",
           "people_filter": "(objectClass=user)"},
    "freeipa": {"people_base": "cn=users,cn=accounts,dc=example,dc=org",
                "people_filter": "(objectClass=inetOrgPerson)"},
}


@pytest.fixture
def open_tree():
    """open_tree(kind): a server of that kind, and a probe on it."""
    opened = []

    def make(kind, tree=Tree, **more):
        server, probe = tree(kind), Probe()
        opened.append((server, probe))
        probe.open(uri=[server.uri], **OF_TREE, **KINDS[kind], **more)
        return server, probe
    yield make
    for server, probe in opened:
        probe.end()
        server.close()


# --- by their root DSE -----------------------------------------------------------

PEOPLE = [
    ("ad", "ana", 0), ("ad", "disabled", SUSPENDED), ("ad", "locked", LOCKED),
    ("ad", "pwexpired", MUST_CHANGE), ("ad", "mustchange", MUST_CHANGE),
    ("ad", "expired", EXPIRED), ("ad", "ends", 0),
    ("freeipa", "ana", 0), ("freeipa", "disabled", LOCKED),
    ("freeipa", "pwexpired", MUST_CHANGE), ("freeipa", "expired", EXPIRED),
    ("freeipa", "ends", 0), ("freeipa", "role", LOCKED),
]


@pytest.mark.parametrize("kind,uid,refusal", PEOPLE)
def test_account_state(open_tree, kind, uid, refusal):
    _, probe = open_tree(kind)
    assert probe.account(uid)["person"]["refusal"] == refusal
    assert f"preset={kind}" in probe.said()


@pytest.mark.parametrize("kind,who,changed,turns", [
    ("ad", "04030201-0605-0807-090a-0b0c0d0e0f10", "134398000000000000", 0),
    ("freeipa", "0ae1a3f6-c764-11ee-9d27-525400b1a2c3", "20261101101010Z",
     4097211010)])
def test_who_and_which_password(open_tree, kind, who, changed, turns):
    _, probe = open_tree(kind)
    ana = probe.account("ana")["person"]
    assert ana["uuid"] == who and ana["password_changed"] == changed
    assert ana["cn"] == "Ana Núñez" and ana["mail"] == "ana@example.org"
    assert ana["turns_s"] == turns


def test_when_it_ends(open_tree):
    _, probe = open_tree("ad")
    assert probe.account("ends")["person"]["turns_s"] == 8355526399
    _, probe = open_tree("freeipa")
    assert probe.account("ends")["person"]["turns_s"] == 4102358400


def test_only_the_preset_s_names_are_asked_for(open_tree):
    ad, probe = open_tree("ad")
    probe.account("ana")
    assert {"objectguid", "useraccountcontrol", "pwdlastset"} <= ad.asked_for
    assert not {"entryuuid", "pwdaccountlockedtime", "krblastpwdchange"} \
        & ad.asked_for


def test_the_configuration_s_word_counts(open_tree):
    """A proxy in front of Active Directory looks like what it is itself."""
    def disguised(kind):
        tree = Tree(kind)
        tree.at("").clear()
        tree.at("")["objectClass"] = [b"OpenLDAProotDSE"]
        return tree
    _, probe = open_tree("ad", disguised, preset=AD)
    assert probe.account("disabled")["person"]["refusal"] == SUSPENDED
    _, probe = open_tree("ad", disguised)
    answer = probe.ask("account_load", uid="ana")
    assert answer["status"] == "broken" and "entryUUID" in answer["why"]


# --- groups of which Active Directory gives some members at a time --------------------

ALL, INNER = (f"CN={name},OU=groups,DC=example,DC=org" for name in ("todos", "dentro"))


class Ranged(Tree):
    """[MS-ADTS] §3.1.1.3.1.3.3, with three values at a time instead of 1500."""
    most = 3

    def __init__(self, kind):
        super().__init__(kind)
        people = [dn.encode() for dn, values in self.entries if b"user" in
                  values.get("objectClass", [])]
        for number, dn, members in ((1, INNER, people[3:]),
                                    (2, ALL, people[:5] + [INNER.encode()])):
            self.entries.append((dn, {
                "objectClass": [b"group"], "uSNChanged": [b"77"],
                "cn": [dn.partition(",")[0][3:].encode()], "member": members,
                "objectGUID": [bytes([number] * 16)]}))
        self.in_all = {uid for _, values in self.entries
                       for uid in values.get("sAMAccountName", [])}
        self.asked_ranges = []

    def part(self, name, first, values):
        """The description of an attribute, and its values."""
        last = first + self.most - 1
        return (f"{name};range={first}-" + (
            "*" if last >= len(values) - 1 else str(last)),
            values[first:last + 1])

    def found(self, request):
        asked = [name.decode() for _, name in pieces(pieces(request)[7][1])]
        ranges = [name for name in asked if ";range=" in name]
        self.asked_ranges += ranges
        for dn, attributes in super().found(request):
            for name, values in list(attributes.items()):
                if len(values) > self.most:
                    attributes[name] = []
                    attributes.update([self.part(name, 0, values)])
            for one in ranges:
                name, _, first = one.partition(";range=")
                attributes.update([self.part(name, int(first.partition("-")[0]),
                                             self.at(dn)[name])])
            yield dn, attributes


def test_all_parts_of_a_group_are_read(open_tree):
    """In it, and in the group in it, which is in parts, too."""
    tree, probe = open_tree("ad", Ranged, groups_base="OU=groups,DC=example,DC=org")
    answer = probe.ask("group_load", dn=ALL)
    assert answer["status"] == "ok", answer
    assert {m["uid"].encode() for m in answer["group"]["members"]} == tree.in_all
    assert answer["group"]["unresolved"] == 0
    assert tree.asked_ranges == ["member;range=3-*", "member;range=3-*"]
    Ranged.most, was = 100, Ranged.most
    try:
        again = probe.ask("group_load", dn=ALL)
    finally:
        Ranged.most = was
    assert again["status"] == "ok" and len(tree.asked_ranges) == 2


class Answers:
    """What may come instead of the rest; (the answer, the status of it all)."""
    def fails(self, dn, values):
        return result(ANSWERS[SEARCH], 1), "down"

    def refused(self, dn, values):
        return result(ANSWERS[SEARCH], 50), "refused"

    def gone(self, dn, values):
        return result(ANSWERS[SEARCH], 32), "busy"

    def another_version(self, dn, values):
        return entry(dn, **values | {"uSNChanged": [b"78"]}), "busy"

    def no_version(self, dn, values):
        return entry(dn, **{k: v for k, v in values.items()
                            if k != "uSNChanged"}), "busy"

    def without_it(self, dn, values):
        return entry(dn, uSNChanged=[b"77"]), "broken"

    def whole(self, dn, values):
        return entry(dn, uSNChanged=[b"77"], member=[b"cn=x"]), "broken"

    def from_elsewhere(self, dn, values):
        return entry(dn, **{"uSNChanged": [b"77"],
                            "member;range=4-*": [b"cn=x"]}), "broken"

    def backwards(self, dn, values):
        return entry(dn, **{"uSNChanged": [b"77"],
                            "member;range=3-2": [b"cn=x"]}), "broken"

    def nothing_of_much(self, dn, values):
        return entry(dn, **{"uSNChanged": [b"77"],
                            "member;range=3-9": []}), "broken"

    def no_numbers(self, dn, values):
        return entry(dn, **{"uSNChanged": [b"77"],
                            "member;range=": [b"cn=x"]}), "broken"


@pytest.mark.parametrize("how", [name for name in vars(Answers)
                                 if not name.startswith("_")])
def test_a_part_of_a_group_is_no_group(open_tree, how):
    """Whatever comes instead of the rest: nobody is less for it."""
    class Odd(Ranged):
        def search(self, request):
            before = len(self.asked_ranges)
            found = list(self.found(request))
            if len(self.asked_ranges) == before:
                return super().search(request)
            answer, self.status = getattr(Answers(), how)(*found[0])
            end = [] if answer[0] == 0x65 else [result(ANSWERS[SEARCH], 0)]
            return [answer] + end

    tree, probe = open_tree("ad", Odd, groups_base="OU=groups,DC=example,DC=org")
    answer = probe.ask("group_load", dn=INNER)
    assert answer["status"] == tree.status and "group" not in answer, answer


@pytest.mark.parametrize("code", [50, 32, 1, 53])
def test_a_root_dse_that_may_not_be_read(open_tree, code):
    """Nobody knows what server it is: nobody of another one gets in."""
    class Shy(Tree):
        def search(self, request):
            if request[:2] == b"\x04\x00":
                return result(ANSWERS[SEARCH], code)
            return super().search(request)
    _, probe = open_tree("freeipa", Shy)
    answer = probe.ask("account_load", uid="ana")
    assert answer["status"] in ("broken", "down"), answer
    _, probe = open_tree("freeipa", Shy, preset=FREEIPA)
    if code != 1:               # operationsError is weather: asked again
        assert probe.account("ana")["person"]["refusal"] == 0


def test_nobody_is_asked_for_before_the_root(open_tree):
    """Many at once, while the root DSE is not answered yet."""
    class Slow(Tree):
        def search(self, request):
            if request[:2] == b"\x04\x00":
                time.sleep(0.5)
            return super().search(request)
    tree, probe = open_tree("ad", Slow)
    asked = [probe.send("account_load", uid="disabled") for _ in range(20)]
    for number in asked:
        assert probe.wait(number)["account"]["person"]["refusal"] == SUSPENDED
    assert "entryuuid" not in tree.asked_for


# --- what is watched -------------------------------------------------------------

def hear(probe, who, within=20):
    """Until there is news of that person: [what, …]."""
    heard, end = [], time.monotonic() + within
    while not heard:
        assert time.monotonic() < end, probe.said()
        heard = [what for kind, what, one, _ in probe.ask("news")["news"]
                 if kind == "person" and one == who]
        time.sleep(0.05)
    return heard


def test_active_directory_is_asked_for_changes(open_tree):
    """No RFC 4533 there: by whenChanged, and what changed is told."""
    tree, probe = open_tree("ad")
    probe.ask("news")
    who = "04030201-0605-0807-090a-0b0c0d0e0f10"
    assert hear(probe, who) == ["is"]
    tree.at("CN=Ana").update(userAccountControl=[b"514"],
                             whenChanged=[b"20261120101515.0Z"])
    assert hear(probe, who) == ["is"]
    assert probe.account("ana")["person"]["refusal"] == SUSPENDED
    assert "whenchanged" in tree.asked_for


class Ipa(Tree):
    """RFC 4533 as 389 Directory Server speaks it: by nsUniqueId."""

    def __init__(self, kind):
        super().__init__(kind)
        self.plan = []

    def row(self, how, dn, attributes):
        one = attributes["nsUniqueId"][0].decode().replace("-", "")
        return entry(dn, **attributes) + tlv(0xa0, state(
            how, uuid.UUID(hex=one)))

    def take(self, sock, body):
        self.has_control = b"1.3.6.1.4.1.4203.1.9.1.1" in body
        super().take(sock, body)

    def search(self, request):
        if not self.has_control:
            return super().search(request)
        return [self.row(ADD, dn, attributes)
                for dn, attributes in self.found(request)] + [
            refreshed(), *self.plan]


def test_freeipa_says_who_by_another_name(open_tree):
    tree, probe = open_tree("freeipa", Ipa)
    who = "0ae1a3f6-c764-11ee-9d27-525400b1a2c3"
    dn, attributes = tree.entries[1]
    tree.plan = [tree.row(MODIFY, dn, {**attributes,
                                        "nsAccountLock": [b"TRUE"]}),
                 info(tlv(0xa3, tlv(1, b"\xff"), tlv(0x31, tlv(4, uuid.UUID(
                     hex="664460011dd211b280b5c5b020f8a11b").bytes))))]
    heard, end = [], time.monotonic() + 20
    probe.ask("news")
    while heard.count(who) < 3:
        assert time.monotonic() < end, (heard, probe.said())
        heard += [one for kind, _, one, _ in probe.ask("news")["news"]
                  if kind == "person"]
        time.sleep(0.05)
    assert heard.count(who) == 3        # there, changed, gone
    assert "1ae1a3f6-c764-11ee-9d27-525400b1a2c3" in heard


# --- slapd ------------------------------------------------------------------------

RELAX = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))


def put(root, dn, **values):                                    # noqa: F811
    root.modify_ext_s(dn, [(ldap.MOD_REPLACE, name, value.encode())
                           for name, value in values.items()],
                      serverctrls=RELAX)


@pytest.fixture
def policy(slapd, root):                                        # noqa: F811
    """policy(name, **values): its DN."""
    def make(name, **values):
        dn = f"cn={name},ou=policies,{slapd.env['LDAP_BASE']}"
        root.add_s(dn, [
            ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
            ("pwdAttribute", b"userPassword"), ("pwdLockout", b"TRUE"),
            *((key, value.encode()) for key, value in values.items())])
        made.append(dn)
        return dn
    made = []
    yield make
    for dn in made:
        root.delete_s(dn)


@pytest.fixture
def look(slapd):                                                # noqa: F811
    """look(who, **more): a probe as one of our identities."""
    probes = []

    def make(who="IM", **more):
        probes.append(Probe())
        return probes[-1].open(**settings(slapd, who, **more))
    yield make
    for probe in probes:
        probe.end()


def is_usable(answer):
    return answer["account"]["person"]["refusal"] == 0


# By the server's own word (cn=im has the right to it); by the policy of the person,
# which everybody may read here; by the one that the configuration names.
@pytest.mark.parametrize("who,where", [
    ("IM", "person"), ("IM_WEB", "person"), ("IM_WEB", "configuration")])
def test_a_lock_that_ends(slapd, root, person, policy, look, who, where):  # noqa: F811
    uid = person()
    dn = slapd.dn(uid)
    own = policy(f"short-{uid}", pwdLockoutDuration="3", pwdMaxFailure="3")
    if where == "person":
        put(root, dn, pwdPolicySubentry=own)
    probe = look(who, password_policy=own)
    begun = time.time()
    put(root, dn, pwdAccountLockedTime=stamp(0))
    locked = probe.account(uid)["person"]
    assert locked["refusal"] == LOCKED
    assert begun + 1 <= locked["turns_s"] <= begun + 6
    probe.until(30, is_usable, "account_load", uid=uid)
    assert time.time() >= locked["turns_s"] - 1
    put(root, dn, pwdAccountLockedTime="000001010000Z")
    for_ever = probe.account(uid)["person"]
    assert (for_ever["refusal"], for_ever["turns_s"]) == (LOCKED, 0)


def test_a_lock_whose_policy_nobody_shows_stays(slapd, root, person, look):  # noqa: F811
    uid = person()
    put(root, slapd.dn(uid), pwdAccountLockedTime=stamp(-86400))
    for more in ({}, {"password_policy": "cn=none,dc=example,dc=org"}):
        found = look("IM_WEB", **more).account(uid)["person"]
        assert (found["refusal"], found["turns_s"]) == (LOCKED, 0)


def test_a_password_that_grows_old(slapd, root, person, policy, look):  # noqa: F811
    """No attribute says so: the account usability control does, and until when."""
    uid = person()
    dn = slapd.dn(uid)
    put(root, dn, pwdPolicySubentry=policy(f"old-{uid}", pwdMaxAge="4"))
    probe, begun = look(), time.time()
    root.passwd_s(dn, None, "nueva")
    fresh = probe.account(uid)["person"]
    assert fresh["refusal"] == 0
    assert begun + 1 <= fresh["turns_s"] <= begun + 8
    probe.until(30, lambda answer: not is_usable(answer),
                "account_load", uid=uid)
    assert probe.account(uid)["person"]["refusal"] == MUST_CHANGE


def shadow(uid, **more):
    return {"objectClass": ["inetOrgPerson", "posixAccount"],
            "uidNumber": ["1000"], "gidNumber": ["1000"],
            "homeDirectory": ["/"], **more}


@pytest.mark.parametrize("shell,set_to,refusal", [
    ("/usr/sbin/nologin", "/usr/sbin/nologin", SUSPENDED),
    ("/usr/sbin/nologin", "", 0), ("/bin/bash", "/usr/sbin/nologin", 0)])
def test_a_shell_says_no_where_it_is_asked(person, look, shell, set_to, refusal):  # noqa: F811
    uid = person(**shadow("x", loginShell=[shell]))
    probe = look(closed_shell=set_to)
    assert probe.account(uid)["person"]["refusal"] == refusal


def test_openldap_is_recognised(look):                          # noqa: F811
    probe = look()
    probe.account("lucia")
    assert "preset=openldap" in probe.said()
    assert "usability=1" in probe.said()
