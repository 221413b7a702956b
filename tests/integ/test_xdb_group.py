# SPDX-License-Identifier: Apache-2.0
"""The directory as a store: everybody in a group or list, and news of them."""

import time

import ldap
import pytest

from xdbprobe import Probe, settings
from xdbworld import numbers
from xdbworld import slapd, root, im, person                    # noqa: F401

MEMBER, OWNER, EDITOR, MODERATOR = 1, 2, 4, 8
SLOW_MS = 30000         # a machine that is busy with other tests, too
RESEARCH = "(employeeType=investigador)"
INF = {"lucia", "andres", "mgarcia", "jmunoz", "inigo", "npuig", "xose", "bsanz",
       "pguell", "rdominguez", "ainhoa", "tcordoba", "vleon", "hibanez",
       "oquinones", "sbenitez", "amena", "cfarre", "esther", "ugarte"}
FIS = {"cramirez", "avazquez", "lgomez", "fnunez", "mcampos", "dperez",
       "imunarriz", "jaguero", "rsuarez", "epenalver", "mlopez", "pgalan",
       "bcasas", "nduran", "jrovira", "zmendez", "gortega", "ycano", "ruben",
       "earce"}
BIB = {"mlull", "jborja", "pmoliner", "ghernando", "malarcos", "edomenech",
       "canton", "smaragall", "rnovo", "qespana", "jolmo"}
BECAS = {"rdominguez", "ainhoa", "rsuarez", "epardo"}


def load(probe, dn):
    answer = probe.ask("group_load", dn=dn)
    assert answer["status"] == "ok", answer
    return answer["group"]


def with_role(group, role):
    return {m["uid"] for m in group["members"] if m["roles"] & role}


def members(group):
    assert len({m["uuid"] for m in group["members"]}) == len(group["members"])
    return with_role(group, MEMBER)


@pytest.fixture(name="found")
def found_(root, slapd):
    def search(text):
        return {a["uid"][0].decode() for _, a in root.search_s(
            slapd.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE,
            f"(&(objectClass=inetOrgPerson){text})", ["uid"])}
    return search


@pytest.fixture(name="group")
def group_(root, slapd):
    """group(name=None, klass=…, **attributes): a new group's DN."""
    def make(name=None, klass="groupOfNames", base="GROUPS", **fields):
        name = name or f"g{next(numbers)}"
        dn = f"cn={ldap.dn.escape_dn_chars(name)},{slapd.env[base + '_BASE']}"
        root.add_s(dn, [("objectClass", klass.encode()), ("cn", name.encode())]
                   + [(key, [v.encode() for v in values])
                      for key, values in fields.items()])
        made.append(dn)
        return dn
    made = []
    yield make
    for dn in made:
        try:
            root.delete_s(dn)
        except ldap.NO_SUCH_OBJECT:
            pass


# --- the forms of the sample university -----------------------------------------------

@pytest.mark.parametrize("name, base, who, owners, unresolved", [
    ("informatica", "GROUPS", INF, {"mgarcia"}, 0),             # groupOfNames
    ("biblioteca", "GROUPS", BIB, {"mlull"}, 0),    # groupOfUniqueNames, odd DNs
    ('Proyecto "I+D", fase 2', "GROUPS", {"lucia", "andres", "jborja", "dlarra",
     "edomenech", "mzambrano"}, {"lucia"}, 0),
    ("laboratorio", "GROUPS", {"lucia", "andres", "bsanz", "pguell", "ainhoa"},
     set(), 0),                                                 # posixGroup
    ("calculo", "GROUPS", {"dperez", "jaguero", "rsuarez", "inigo"}, set(), 1),
    ("ciencias", "GROUPS", INF | FIS, {"avazquez"}, 0),         # of groups
    ("filologia", "GROUPS", "(departmentNumber=FIL)", {"icervantes"}, 0),
    ("redes", "LISTS", {"lucia", "andres", "inigo", "npuig", "bsanz", "jborja",
     "mgarcia"}, {"lucia"}, 1),                                 # mailGroup
    ("tesis", "LISTS", RESEARCH, {"icervantes", "lucia"}, 1),   # memberURL
    ("avisos-pas", "LISTS", "(employeeType=pas)", {"admin"}, 0),  # mgrpDeliverTo
    ('Física, química y "lo demás"', "LISTS",
     {"cramirez", "avazquez", "fnunez", "edomenech"}, {"cramirez"}, 0),
    ("seminario", "LISTS", FIS | {"lucia", "andres"}, {"andres"}, 0),
    ("todo-el-pdi", "LISTS", "(employeeType=pdi)", {"mgarcia"}, 0),
    ("becas", "LISTS", BECAS, {"esther"}, 1),                   # nisMailAlias
    ("nuevas-adquisiciones", "LISTS", BECAS | {"mlull", "jborja", "pmoliner"},
     {"mlull"}, 1)])
def test_everybody_in_it(im, slapd, found, name, base, who, owners, unresolved):
    group = load(im, f"cn={ldap.dn.escape_dn_chars(name)},"
                     f"{slapd.env[base + '_BASE']}")
    assert members(group) == (found(who) if isinstance(who, str) else who)
    assert with_role(group, OWNER) == owners
    assert group["unresolved"] == unresolved
    assert group["title"] == group["name"] == name
    assert group["parts"][0] == group["uuid"]
    assert group["is_dynamic"] == isinstance(who, str)


def test_groups_of_groups_of_groups(im, slapd, found):
    group = load(im, f"cn=universidad,{slapd.env['GROUPS_BASE']}")
    assert members(group) == INF | FIS | BIB | found("(departmentNumber=FIL)") \
        | found("(employeeType=pdi)")
    assert with_role(group, OWNER) == {"admin"} and group["is_dynamic"]
    # itself, ciencias, informatica, física, claustro, filología, biblioteca
    assert len(group["parts"]) == 7


def test_roles_of_a_list(im, slapd, found):
    group = load(im, f"cn=tesis,{slapd.env['LISTS_BASE']}")
    assert with_role(group, EDITOR) == found(RESEARCH) | {"icervantes"}
    assert with_role(group, MODERATOR) == {"lgongora"}


def test_who_they_are(im, slapd):
    group = load(im, f"cn=laboratorio,{slapd.env['GROUPS_BASE']}")
    one = next(m for m in group["members"] if m["uid"] == "lucia")
    who = im.account("lucia")["person"]
    assert one == {"uid": "lucia", "dn": who["dn"], "uuid": who["uuid"],
                   "name": who.get("display_name") or who["cn"],
                   "roles": MEMBER}


# --- what is not a member ---------------------------------------------------------------

def test_absent(im, slapd):
    dn = f"cn=no-such-group,{slapd.env['GROUPS_BASE']}"
    assert im.ask("group_load", dn=dn)["status"] == "absent"
    assert im.ask("group_load", dn="no DN")["status"] == "broken"
    assert im.ask("group_load", dn="")["status"] == "broken"


def test_only_who_matches_people_filter(slapd):
    probe = Probe().open(**settings(
        slapd, people_filter=f"(&(objectClass=inetOrgPerson)"
                             f"(!(|(uid=lucia)(departmentNumber=FIS))))"))
    base = slapd.env["GROUPS_BASE"]
    assert members(load(probe, f"cn=ciencias,{base}")) == INF - {"lucia"}
    assert load(probe, f"cn=ciencias,{base}")["unresolved"] \
        == len(FIS) + len({"lucia", "the owner"})
    assert "lucia" not in members(load(probe, f"cn=laboratorio,{base}"))
    assert "lucia" not in members(load(probe, f"cn=todo-el-pdi,"
                                              f"{slapd.env['LISTS_BASE']}"))
    probe.end()


@pytest.mark.parametrize("value", [
    "|/usr/bin/vacation lucia", "/var/mail/lucia", ":include:/etc/lucia",
    "lucia@example.org.attacker.example", "*", "luc*", "lucia)(uid=*",
    "ldap:///uid=lucia", "ldap://elsewhere.example/ou=people??sub?(uid=lucia)",
    "mailto:", "mailto:?to=lucia", "\\"])
def test_LDAP_03_a_mail_alias_is_no_filter(im, group, value):
    found = load(im, group(klass="nisMailAlias", base="LISTS",
                           rfc822MailMember=[value, "andres"]))
    assert members(found) == {"andres"} and found["unresolved"] >= 1


@pytest.mark.parametrize("url", [
    "ldap:///{people}??sub?(uid=lucia", "ldap:///{people}??sub?(uid=lucia))(uid=*",
    "ldap:///ou=nowhere,{people}??sub?(uid=lucia)", "ldap:///{im}??sub?(uid=*)",
    "ldap:///{people}??one?(uid=nobody)", "http:///{people}??sub?(uid=lucia)"])
def test_LDAP_02_a_search_of_nonsense_finds_nobody(im, slapd, group, url):
    env = slapd.env
    found = load(im, group(klass="groupOfURLs", memberURL=[url.format(
        people=env["PEOPLE_BASE"], im=env["IM_BASE"])]))
    assert members(found) == set()


def test_searches_above_people_are_searches_of_people(im, slapd, group):
    top = slapd.env["PEOPLE_BASE"].partition(",")[2]
    for url in f"ldap:///{top}??sub?(uid=lucia)", "ldap:///??sub?(uid=lucia)", \
            f"ldap:///{slapd.dn('lucia')}", \
            f"ldap:///{slapd.env['PEOPLE_BASE']}??one?(uid=lucia)":
        dn = group(klass="groupOfURLs", memberURL=[url])
        assert members(load(im, dn)) == {"lucia"}, url


def test_optional_uid_and_spelling(im, slapd, group):
    people = slapd.env["PEOPLE_BASE"]
    dn = group(klass="groupOfUniqueNames", uniqueMember=[
        f"uid=lucia,{people}#'0101'B", f"UID=Andres , {people.upper()}",
        f"uid=in\\69go,{people}"])
    assert members(load(im, dn)) == {"lucia", "andres", "inigo"}


# --- nesting ---------------------------------------------------------------------------------

def test_LDAP_17_rings_end_and_rows_are_cut(im, slapd, group):
    base = slapd.env["GROUPS_BASE"]
    ring = [group(f"anillo{i}", member=[
        f"cn=anillo{(i + 1) % 3},{base}", slapd.dn(uid)])
            for i, uid in enumerate(("lucia", "andres", "inigo"))]
    for dn in ring:
        assert members(load(im, dn)) == {"lucia", "andres", "inigo"}
    row = [group(f"fila{i}", member=[f"cn=fila{i + 1},{base}"])
           for i in range(6)]
    group("fila6", member=[slapd.dn("lucia")])
    assert members(load(im, row[2])) == {"lucia"}       # five levels
    assert members(load(im, row[1])) == set()
    assert len(load(im, row[1])["parts"]) == 5


def test_an_owner_may_be_a_group(im, slapd, group):
    base = slapd.env["GROUPS_BASE"]
    dn = group(member=[f"cn=laboratorio,{base}"],
               owner=[f"cn=laboratorio,{base}", slapd.dn("mgarcia")])
    found = load(im, dn)
    lab = {"lucia", "andres", "bsanz", "pguell", "ainhoa"}
    assert members(found) == lab
    assert with_role(found, OWNER) == lab | {"mgarcia"}


# --- size --------------------------------------------------------------------------------------

@pytest.fixture(name="crowd", scope="module")
def crowd_(slapd, root):
    """2,500 people below a place of their own, which is given."""
    base = "ou=multitud," + slapd.env["PEOPLE_BASE"]
    root.add_s(base, [("objectClass", b"organizationalUnit"),
                      ("ou", b"multitud")])
    for n in range(2500):
        root.add_s(f"uid=mm{n},{base}", [
            ("objectClass", b"inetOrgPerson"), ("uid", b"mm%d" % n),
            ("cn", b"Multitud"), ("sn", b"Multitud")])
    yield base
    for n in range(2500):
        root.delete_s(f"uid=mm{n},{base}")
    root.delete_s(base)


def test_many_members(slapd, crowd, group):
    """By DN and by search, page after page, several at a time; nobody waits."""
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    everybody = {f"mm{n}" for n in range(2500)}
    static = group(member=[f"uid={uid},{crowd}" for uid in everybody])
    dynamic = group(klass="groupOfURLs", memberURL=[
        f"ldap:///{crowd}??sub?(uid=mm*)"])
    asked = [probe.send("group_load", dn=dn)
             for dn in (dynamic, static, dynamic, dynamic)]
    for number in asked:
        assert members(probe.wait(number)["group"]) == everybody
    assert probe.quit()["busiest_turn_us"] < 100_000
    probe.end()


def test_pages_when_the_server_gives_no_more_at_once(slapd, crowd, group):
    """What pages do not bring either is an error, not the answer."""
    config = slapd.root()
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    dn = group(klass="groupOfURLs",
               memberURL=[f"ldap:///{crowd}??sub?(uid=mm*)"])
    db = "olcDatabase={1}mdb,cn=config"
    was = config.search_s(db, ldap.SCOPE_BASE, attrlist=["olcLimits"])[0][1]
    who = slapd.env["IM_DN"]
    for limits, status in (
            ("size.soft=1000 size.hard=1000 size.prtotal=unlimited", "ok"),
            ("size.soft=1000 size.hard=1000 size.prtotal=1500", "broken")):
        config.modify_s(db, [(ldap.MOD_REPLACE, "olcLimits", [
            f'dn.exact="{who}" {limits}'.encode()])])
        answer = probe.ask("group_load", dn=dn)
        assert answer["status"] == status, answer
        if status == "ok":
            assert len(answer["group"]["members"]) == 2500
    config.modify_s(db, [(ldap.MOD_REPLACE, "olcLimits", was["olcLimits"])])
    probe.end()


def test_LDAP_13_fewer_at_once_when_the_server_gives_no_more(slapd, crowd,
                                                             group):
    """A filter of forty names finds more than this server gives: they are asked
    for in smaller pieces.  When not even one is given, nobody is left out for it."""
    config = slapd.root()
    dn = group(member=[f"uid=mm{n},{crowd}" for n in range(200)])
    db = "olcDatabase={1}mdb,cn=config"
    was = config.search_s(db, ldap.SCOPE_BASE, attrlist=["olcLimits"])[0][1]
    who = slapd.env["IM_DN"]
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    try:
        config.modify_s(db, [(ldap.MOD_REPLACE, "olcLimits", [
            f'dn.exact="{who}" size.soft=7 size.hard=7'.encode()])])
        assert len(load(probe, dn)["members"]) == 200
        before = requests(probe)
        assert len(load(probe, dn)["members"]) == 200
        assert requests(probe) - before == 1 + 200 / 5      # 40, 20, 10, 5
    finally:
        config.modify_s(db, [(ldap.MOD_REPLACE, "olcLimits",
                              was["olcLimits"])])
    probe.end()


# --- what is known is not asked for again -------------------------------------------------

def requests(probe):
    return probe.ask("state")["requests"]


def cost(probe, dn, expect):
    """Loads it until it is as expected; how many requests the last time took."""
    end = time.monotonic() + 20
    while True:
        before = requests(probe)
        found = load(probe, dn)
        if expect(found):
            return requests(probe) - before
        assert time.monotonic() < end, found
        time.sleep(0.02)


@pytest.fixture(name="knowing", scope="module")
def knowing_(slapd):
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    probe.ask("news")
    probe.until(20, lambda s: s["is_watching"], "state")
    yield probe
    probe.end()


def test_a_member_more_is_one_look_up(knowing, slapd, root, crowd, group):
    """Of 2,500 members and some names that are nobody's."""
    strangers = [f"uid=extra{n},{crowd}" for n in range(100)]
    everybody = [f"uid=mm{n},{crowd}" for n in range(2400)]
    within = group(member=[slapd.dn("lucia"), f"uid=mm2450,{crowd}"])
    dn = group(member=[*everybody, *strangers, within])
    number = len(everybody) + 2

    def has(more):
        return lambda g: len(g["members"]) == number + more \
            and g["unresolved"] == 100
    first = cost(knowing, dn, has(0))
    assert first >= 2500 / 40
    assert cost(knowing, dn, has(0)) == 1 + 1       # it, and the group within
    one = f"uid=mm2499,{crowd}".encode()
    root.modify_s(dn, [(ldap.MOD_ADD, "member", one)])
    # The strangers may be groups now that a group was changed.
    assert cost(knowing, dn, has(1)) <= 1 + 1 + 3
    root.modify_s(dn, [(ldap.MOD_DELETE, "member", one)])
    assert cost(knowing, dn, has(0)) <= 1 + 3
    assert cost(knowing, dn, has(0)) == 1 + 1


def test_what_is_known_of_somebody_ends_with_a_change(knowing, slapd, root,
                                                      group):
    """What is written is another display name, another DN; then nobody is there,
    and then somebody else.  No reading afterwards says what was."""
    uid, new = (f"{stem}{next(numbers)}" for stem in ("viejo", "nuevo"))
    base = slapd.env["PEOPLE_BASE"]

    def come(who):
        root.add_s(f"uid={who},{base}", [("objectClass", b"inetOrgPerson"),
                                         ("cn", b"Somebody"), ("sn", b"S")])
    come(uid)
    dn = group(member=[slapd.dn("lucia"), f"uid={uid},{base}",
                       f"uid={new},{base}"])

    def named(*names, unresolved):
        return lambda g: {m["name"] for m in g["members"]} - {lucia} \
            == set(names) and g["unresolved"] == unresolved
    lucia = next(m["name"] for m in load(knowing, dn)["members"]
                 if m["uid"] == "lucia")
    cost(knowing, dn, named("Somebody", unresolved=1))
    root.modify_s(f"uid={uid},{base}", [(ldap.MOD_REPLACE, "displayName",
                                         b"Otra")])
    cost(knowing, dn, named("Otra", unresolved=1))
    root.rename_s(f"uid={uid},{base}", f"uid={new}")
    cost(knowing, dn, named("Otra", unresolved=1))
    assert members(load(knowing, dn)) == {"lucia", new}
    root.delete_s(f"uid={new},{base}")
    cost(knowing, dn, named(unresolved=2))
    come(new)
    cost(knowing, dn, named("Somebody", unresolved=1))
    root.delete_s(f"uid={new},{base}")
    cost(knowing, dn, named(unresolved=2))


def test_who_shares_a_mail_address_is_asked_for_again(knowing, root, slapd,
                                                      person, group):
    mail = f"dos{next(numbers)}@example.org"
    both = {person(mail=[mail]), person(mail=[mail])}
    dn = group(klass="nisMailAlias", base="LISTS", rfc822MailMember=[mail])
    for _ in range(3):
        assert members(load(knowing, dn)) == both


def test_who_shares_a_mail_address_has_no_power_by_it(knowing, slapd, person, group):
    """Anybody who may write their own address could take a moderator's."""
    mail, own = f"dos{next(numbers)}@example.org", f"uno{next(numbers)}@example.org"
    both = {person(mail=[mail]), person(mail=[mail])}
    one = person(mail=[own])
    powers = {"mgrpAllowedBroadcaster": EDITOR, "mgrpModerator": MODERATOR}
    for attribute, role in powers.items():
        dn = group(klass="mailGroup", base="LISTS", mgrpRFC822MailMember=[mail],
                   mail=[f"lista{next(numbers)}@example.org"],
                   **{attribute: [mail, own]})
        for _ in range(2):
            found = load(knowing, dn)
            assert {m["uid"]: m["roles"] for m in found["members"]} == {
                **dict.fromkeys(both, MEMBER), one: role}
            assert found["unresolved"] == 1
        said = [line for line in knowing.said().splitlines()
                if "list-address-shared" in line and f'"{dn}"' in line]
        assert len(said) == 1 and "count=1" in said[0], said


def test_LDAP_17_too_many_groups(im, slapd, group):
    inner = [group(member=[slapd.dn("lucia")]) for _ in range(501)]
    answer = im.ask("group_load", dn=group(member=inner))
    assert answer["status"] == "broken" and "too many" in answer["why"]


def test_cancelled_in_the_middle(slapd, crowd, group):
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    dn = group(klass="groupOfURLs", memberURL=[f"ldap:///{crowd}??sub?(uid=mm*)"])
    first, second = (probe.send("group_load", dn=dn) for _ in range(2))
    probe.send("cancel", which=first)
    assert len(probe.wait(second)["group"]["members"]) == 2500
    assert probe.stays_silent(first, 0.2)
    probe.end()


# --- news ----------------------------------------------------------------------------------------

@pytest.fixture(name="watching", scope="module")
def watching_(slapd):
    probe = Probe().open(**settings(slapd, timeout_ms=SLOW_MS))
    probe.ask("news")
    probe.until(20, lambda s: s["is_watching"], "state")
    probe.ask("news")
    yield probe
    probe.end()


def hear(probe, *wanted, within=10):
    """Waits until all of this was heard of (kind, what, uuid)."""
    left, end = set(wanted), time.monotonic() + within
    while left:
        assert time.monotonic() < end, (left, probe.said())
        left -= {tuple(one[:3]) for one in probe.ask("news")["news"]}
        time.sleep(0.01)


def uuid_of(root, dn):
    return root.search_s(dn, ldap.SCOPE_BASE, attrlist=["entryUUID"])[0][1][
        "entryUUID"][0].decode()


@pytest.mark.parametrize("klass, fields, change", [
    ("groupOfNames", {"member": ["{andres}"]}, ("member", "{lucia}")),
    ("groupOfUniqueNames", {"uniqueMember": ["{andres}"]},
     ("uniqueMember", "{lucia}")),
    ("posixGroup", {"gidNumber": ["7"]}, ("memberUid", "lucia")),
    ("nisMailAlias", {}, ("rfc822MailMember", "lucia")),
    ("mailGroup", {"mail": ["x@example.org"]}, ("mgrpModerator", "lucia"))])
def test_news_of_groups(watching, slapd, root, group, klass, fields, change):
    who = {uid: slapd.dn(uid) for uid in ("lucia", "andres")}
    dn = group(klass=klass, **{k: [v.format(**who) for v in vs]
                               for k, vs in fields.items()})
    uuid = uuid_of(root, dn)
    hear(watching, ("group", "is", uuid))
    name, value = change
    root.modify_s(dn, [(ldap.MOD_ADD, name, value.format(**who).encode())])
    hear(watching, ("group", "is", uuid))
    root.rename_s(dn, f"cn=otro{next(numbers)}")
    hear(watching, ("group", "is", uuid))
    root.delete_s(next(d for d, _ in root.search_s(
        slapd.env["GROUPS_BASE"], ldap.SCOPE_SUBTREE, f"(entryUUID={uuid})")))
    hear(watching, ("group", "gone", uuid))


def test_news_of_people_who_may_be_found_by_searching(watching, slapd, root,
                                                      person):
    uid = person()
    uuid = uuid_of(root, slapd.dn(uid))
    hear(watching, ("person", "is", uuid))
    root.modify_s(slapd.dn(uid), [(ldap.MOD_REPLACE, "departmentNumber",
                                   b"FIL")])
    hear(watching, ("person", "slight", uuid))
    root.modify_s(slapd.dn(uid), [(ldap.MOD_REPLACE, "sn", b"Otra")])
    hear(watching, ("person", "is", uuid))
