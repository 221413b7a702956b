# SPDX-License-Identifier: Apache-2.0
"""Both identities can do exactly what schema/rights says, and README with it.

An entry of each kind gets, by extensibleObject, every attribute that the server
knows.  Then each identity tries to search, compare, read, add to and take away each
of them, for real; whatever went through is put back.  insufficientAccess is no; any
other answer comes from behind the access rules and counts as yes.
"""

import pathlib
import re
import ssl

import ldap
import pytest
from ldap.controls.simple import ProxyAuthzControl

from directory import TOP
from rights import WHO, Rights, attributes, classes, subschema

ENTRIES = {     # kind: by whom, DN, contents
    "newcomer": ("root", "uid=rights-new,{people}", "inetOrgPerson"),
    "person": ("root", "uid=rights-old,{people}", "inetOrgPerson"),
    "made": ("IM_WEB", "uid=rights-made,{people}", "inetOrgPerson"),
    "institution": ("root", "cn=rights,ou=groups,{base}", "applicationProcess"),
    "branch": ("there", "ou=profiles,{im}", ""),
    "requests": ("there", "ou=requests,{im}", ""),
    "services": ("there", "ou=services,{im}", ""),
    "profile": ("root", "imPersonUUID=00000000-0000-4000-8000-0000000000aa,"
                "ou=profiles,{im}", "imProfile"),
    "room": ("root", "imRoomName=rights,ou=rooms,{im}", "imRoom"),
    "request": ("root", "imRequestId=rights,ou=requests,{im}", "imRequest"),
}
ENTRIES["self"] = ENTRIES["neighbour"] = ENTRIES["person"]
ACTING = ("self", "neighbour")          # by somebody who acts for self
NO_PASSWORD = ("newcomer", "made")      # the right depends on there being none
# What not even the root DN can give an entry: of the root DSE, of schemas.
NOT_HERE = (ldap.OBJECT_CLASS_VIOLATION, ldap.INVALID_SYNTAX, ldap.UNDEFINED_TYPE)
NO = (ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT)


def der(path):
    """The first certificate of a PEM file."""
    text, end = pathlib.Path(path).read_text(), ssl.PEM_FOOTER
    return ssl.PEM_cert_to_DER_cert(text[:text.index(end)] + end)


def kind_jid(kind):
    return f"rights-{kind}@localhost".encode()      # each is given once


class Entry:
    """The entry of one kind, with everything in it."""

    def __init__(self, directory, world, kind):
        self.kind, self.root = kind, world.root
        by, dn, cls = ENTRIES[kind]
        self.dn = dn.format(base=directory.env["LDAP_BASE"],
                            people=directory.env["PEOPLE_BASE"],
                            im=directory.env["IM_BASE"])
        if by != "there":
            conn = self.root if by == "root" else directory.service(by)
            conn.add_s(self.dn, [("objectClass", cls.encode())] + [
                (name, b"rights") for name in ("cn", "sn")
                if cls == "inetOrgPerson"] + [
                ("jid", kind_jid(kind)) for _ in "x" if cls == "imProfile"])
        self.is_ours = by != "there"
        self.before = self.now()
        self.fill(world)

    def now(self):
        return self.root.search_s(self.dn, ldap.SCOPE_BASE, "(objectClass=*)",
                                  ["*", "+"])[0][1]

    def fill(self, world):
        rdn = ldap.dn.str2dn(self.dn)[0]
        self.root.modify_s(self.dn, [(ldap.MOD_ADD, "objectClass",
                                      b"extensibleObject")])
        self.filled, self.not_here = [], set()
        for at in world.attributes:
            if at.name == rdn[0][0] or at.name in self.before or (
                    at.name == "userPassword" and self.kind in NO_PASSWORD):
                continue
            first = kind_jid(self.kind) if at.name == "jid" else at.first
            try:
                self.root.modify_s(self.dn, [(ldap.MOD_ADD, at.wire, first)])
                self.filled.append(at.wire)
            except NOT_HERE:
                self.not_here.add(at.name)
        self.full = self.now()

    def mend(self, name):
        """As it was, after something went through; a new password has ppolicy
        drop what it kept of the old one."""
        for each in [name, *(self.filled if name == "userPassword" else ())]:
            self.root.modify_s(self.dn, [(ldap.MOD_REPLACE, each,
                                          self.full.get(each))])

    def end(self):
        if self.is_ours:
            self.root.delete_s(self.dn)
            return
        for name in self.filled:
            self.root.modify_s(self.dn, [(ldap.MOD_REPLACE, name, None)])
        self.root.modify_s(self.dn, [(ldap.MOD_DELETE, "objectClass",
                                      b"extensibleObject")])


class Acting:
    """A connection whose every request is done as somebody else (RFC 4370)."""

    def __init__(self, conn, dn):
        self.conn = conn
        self.controls = [ProxyAuthzControl(True, f"dn:{dn}".encode())]

    def __getattr__(self, name):
        fn = getattr(self.conn, name if name == "rename_s"
                     else name.replace("_s", "_ext_s"))
        return lambda *args: fn(*args, serverctrls=self.controls)


class World:
    def __init__(self, directory):
        env = directory.env
        self.directory, self.root = directory, directory.root()
        self.conns = {who: directory.service(who) for who in WHO}
        self.schema = subschema(self.root)
        self.rights = Rights(self.schema)
        self.attributes = attributes(self.schema, {
            "DN1": f"cn=default,ou=policies,{env['LDAP_BASE']}".encode(),
            "DN2": env["IM_BASE"].encode(),
            "CERT1": der(env["CA_FILE"]),
            "CERT2": der(env["CA_FILE"].replace("ca.pem", "ldap.pem"))})
        self.classes = classes(self.schema)

    def conn(self, who, entry):
        """Of the identity, as it comes to an entry of this kind."""
        if entry.kind not in ACTING:
            return self.conns[who]
        return Acting(self.conns[who], entry.dn if entry.kind == "self"
                      else self.directory.dn("andres"))


@pytest.fixture(scope="module")
def world(directory):
    return World(directory)


@pytest.fixture(scope="module", params=list(ENTRIES))
def entry(request, directory, world):
    one = Entry(directory, world, request.param)
    yield one
    one.end()


def is_let(conn, dn, change):
    try:
        conn.modify_s(dn, [change])
    except NO:
        return False
    except ldap.LDAPError:
        return True
    return True


def written(conn, entry, at):
    """The letters of what can be done to an attribute, by doing it."""
    can = set()
    if at.name == "jid" and entry.kind != "profile":
        entry.root.modify_s(entry.dn, [(ldap.MOD_DELETE, "jid", None)])
    for letters, change in (("a", (ldap.MOD_ADD, at.wire, at.other)),
                            ("d", (ldap.MOD_DELETE, at.wire, None)),
                            ("ad", (ldap.MOD_REPLACE, at.wire, at.other))):
        if is_let(conn, entry.dn, change):
            can |= set(letters)
            entry.mend(at.wire)
    if at.name == "jid":
        entry.mend("jid")
    return "".join(letter for letter in "ad" if letter in can)


def can_compare(conn, dn, name, value):
    """None: such values have no order to them, and nobody can."""
    try:
        conn.compare_s(dn, name, value)
    except NO:
        return False
    except ldap.NO_SUCH_ATTRIBUTE:
        return True
    except ldap.LDAPError:
        return None
    return True


def can_find(conn, dn, name):
    try:
        return bool(conn.search_s(dn, ldap.SCOPE_BASE, f"({name}=*)", ["1.1"]))
    except NO:
        return False


def shown(conn, dn):
    try:
        found = conn.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["*", "+"])
    except NO:
        return {}
    return found[0][1] if found else {}


def read(conn, entry, at, seen):
    """r when it can be searched, compared and read; c when it can be compared only."""
    there = entry.full.get(at.wire)
    compared = can_compare(conn, entry.dn, at.wire, (there or [at.first])[0])
    if there is None:
        return "c" if compared else ""
    found = can_find(conn, entry.dn, at.name)
    assert found == (seen.get(at.wire) == there), at.name
    assert found or at.wire not in seen, at.name
    assert compared is not False or not found, at.name
    return "r" if found else "c" if compared else ""


@pytest.mark.parametrize("who", WHO)
def test_each_attribute_of_each_kind_is_as_the_table_says(world, entry, who):
    conn, wrong = world.conn(who, entry), []
    seen = shown(conn, entry.dn)
    assert len(entry.filled) > 250
    for at in world.attributes:
        want = world.rights.of(entry.kind, at.name)[WHO.index(who)]
        if at.name in entry.not_here:
            continue
        if at.wire not in entry.full:       # there is nothing to be read
            want = want.replace("r", "c")
        can = read(conn, entry, at, seen) + written(conn, entry, at)
        if can != want:
            wrong.append(f"{at.name}: {can or '-'}, not {want or '-'}")
    assert not wrong


@pytest.mark.parametrize("who", WHO)
def test_each_class_of_each_kind_is_as_the_table_says(world, entry, who):
    conn, wrong = world.conn(who, entry), []
    for cls in world.classes:
        want = world.rights.of(entry.kind, "objectClass", cls)[WHO.index(who)]
        for letter, how in (("a", ldap.MOD_ADD), ("d", ldap.MOD_DELETE)):
            let = is_let(conn, entry.dn, (how, "objectClass", cls.encode()))
            if let:
                entry.mend("objectClass")
            if let != (letter in want):
                wrong.append(f"{cls}: {letter} {let}")
    for value in ([b"top"], None, entry.full["objectClass"] + [b"uidObject"]):
        assert not is_let(conn, entry.dn, (ldap.MOD_REPLACE, "objectClass", value))
    assert not wrong
    can_read = shown(conn, entry.dn).get("objectClass") == entry.full["objectClass"]
    assert can_read == ("r" in world.rights.of(
        entry.kind, "objectClass")[WHO.index(who)])


@pytest.mark.parametrize("who", WHO)
def test_each_kind_is_removed_and_renamed_as_the_table_says(world, entry, who):
    conn, want = world.conn(who, entry), world.rights.of(
        entry.kind, "(entry)")[WHO.index(who)]
    (name, value, _), = ldap.dn.str2dn(entry.dn)[0]
    new = value[:-1] + ("b" if value[-1] != "b" else "c")
    parent = ",".join(ldap.dn.explode_dn(entry.dn)[1:])
    for delete_old in (True, False):
        let = is_done(conn.rename_s, entry.dn, f"{name}={new}", None, delete_old)
        if let:
            world.root.rename_s(f"{name}={new},{parent}", f"{name}={value}",
                                None, True)
        # RDNs of ours have one value: without the old one going it cannot be.
        assert let == ("n" in want and delete_old), delete_old
    gone = is_done(conn.delete_s, entry.dn)
    if gone:
        world.root.add_s(entry.dn, addable(entry.full, world))
    assert gone == ("d" in want)


def is_done(fn, *arguments):
    """Whether it was done: an error behind the access rules is no, too."""
    try:
        fn(*arguments)
    except ldap.LDAPError:
        return False
    return True


def addable(contents, world):
    names = {at.wire for at in world.attributes} | {"objectClass"}
    return [(name, values) for name, values in contents.items() if name in names]


# ---- new entries ----

BRANCHES = {"made": "{people}", "profile": "ou=profiles,{im}",
            "room": "ou=rooms,{im}", "request": "ou=requests,{im}"}
NEW = {"made": ("uid=n,", "inetOrgPerson", {"cn": b"n", "sn": b"n"}),
       "profile": ("imPersonUUID=00000000-0000-4000-8000-0000000000bb,",
                   "imProfile", {"jid": b"n@localhost"}),
       "room": ("imRoomName=n,", "imRoom", {}),
       "request": ("imRequestId=n,", "imRequest", {})}


def place(world, branch, rdn):
    env = world.directory.env
    return rdn + branch.format(people=env["PEOPLE_BASE"], im=env["IM_BASE"])


def is_added(world, conn, dn, cls, contents):
    """What is behind the access rules counts as yes, and whatever was made goes."""
    try:
        conn.add_s(dn, [("objectClass", cls.encode()), *contents.items()])
    except NO:
        return False
    except ldap.LDAPError:
        return True
    world.root.delete_s(dn)
    return True


@pytest.mark.parametrize("who", WHO)
def test_new_entries_are_of_the_kinds_in_the_table(world, who):
    conn, env = world.conns[who], world.directory.env
    elsewhere = ["{im}", "ou=services,{im}", f"ou=groups,{env['LDAP_BASE']}",
                 env["LDAP_BASE"], f"ou=lists,{env['LDAP_BASE']}"]
    for kind, (rdn, cls, contents) in NEW.items():
        want = "a" in world.rights.of(kind, "(entry)")[WHO.index(who)]
        for branch in [*BRANCHES.values(), *elsewhere]:
            may = is_added(world, conn, place(world, branch, rdn), cls, contents)
            assert may == (want and branch == BRANCHES[kind]), (kind, branch)
        for rdn, other in (("cn=n,", "applicationProcess"), ("ou=n,", "organizationalUnit"),
                           ("cn=n,", "groupOfURLs")):
            assert not is_added(world, conn, place(
                world, BRANCHES[kind], rdn), other, {}), (kind, other)


def may_hold(world, cls):
    """Of the class, and what any entry may have; slapd asks the schema first."""
    of_class = {x.names[0] for both in world.schema.attribute_types([cls])
                for x in both.values()}
    return [at for at in world.attributes
            if at.name in of_class or at.name in ("authzTo", "authzFrom", "pwdReset",
                                                  "pwdPolicySubentry")]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("kind", NEW)
def test_new_entries_hold_what_the_table_lets_them(world, kind, who):
    rdn, cls, contents = NEW[kind]
    conn, dn, wrong = world.conns[who], place(world, BRANCHES[kind], rdn), []
    may_add = "a" in world.rights.of(kind, "(entry)")[WHO.index(who)]
    for at in may_hold(world, cls):
        if at.name in contents or rdn.startswith(at.name + "="):
            continue
        want = may_add and "a" in world.rights.of(kind, at.name)[WHO.index(who)]
        if at.name == "userPassword":   # an entry that brings one has one
            want = False
        if is_added(world, conn, dn, cls, {**contents, at.wire: at.first}) != want:
            wrong.append(at.name)
    for more in ("imUser", "extensibleObject", "labeledURIObject"):
        entry = [("objectClass", [cls.encode(), more.encode()]),
                 *contents.items()]
        with pytest.raises(NO):
            conn.add_s(dn, entry)
    assert not wrong


@pytest.mark.parametrize("who", WHO)
def test_nothing_is_put_below_what_is_ours(world, entry, who):
    conn = world.conn(who, entry)
    if entry.kind == "branch":
        return                  # the tests above
    for rdn, cls, contents in NEW.values():
        if entry.kind == "requests" and cls == "imRequest":
            continue
        assert not is_added(world, conn, rdn + entry.dn, cls, contents)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("kind", ["profile", "room", "request"])
def test_an_entry_that_was_moved_shows_no_more_than_before(world, kind, who):
    """Who may remove here and add there may move: what is private stays private."""
    rdn, cls, contents = NEW[kind]
    conn, env = world.conns[who], world.directory.env
    private = {name: [b"secret"] for name in world.rights.sets["PRIVATE"]}
    full = {**contents, **private, "objectClass": [cls.encode(),
                                                   b"extensibleObject"]}
    here = place(world, BRANCHES[kind], rdn)
    kinds = {BRANCHES[other]: other for other in BRANCHES}
    for target in (*BRANCHES.values(), "ou=services,{im}", env["LDAP_BASE"]):
        there, other = place(world, target, rdn), kinds.get(target, "person")
        if other == kind:
            continue
        world.root.add_s(here, list(full.items()))
        moved = is_done(conn.rename_s, here, rdn[:-1], there[len(rdn):])
        for name in set(private) & set(shown(conn, there)):
            assert "r" in world.rights.of(other, name)[WHO.index(who)], name
        world.root.delete_s(there if moved else here)


# ---- the identities themselves, and the server ----

@pytest.mark.parametrize("who", WHO)
def test_the_identities_read_themselves_and_write_nothing(world, who):
    env, conn = world.directory.env, world.conns[who]
    for kind, dn in (("own", env[who + "_DN"]), ("other", env[
            [other for other in WHO if other != who][0] + "_DN"])):
        seen = shown(conn, dn)
        assert bool(seen) == ("r" in world.rights.of(kind, "cn")[WHO.index(who)])
        assert "userPassword" not in seen
        for at in world.attributes:
            assert world.rights.of(kind, at.name)[WHO.index(who)] in ("", "r")
            for change in ((ldap.MOD_ADD, at.wire, at.other),
                           (ldap.MOD_DELETE, at.wire, None)):
                with pytest.raises((*NO, ldap.INVALID_SYNTAX, ldap.UNDEFINED_TYPE)):
                    conn.modify_s(dn, [change])
        assert not is_let(conn, dn, (ldap.MOD_ADD, "objectClass", b"uidObject"))
        for word in ("(entry)", "userPassword"):
            assert world.rights.of(kind, word)[WHO.index(who)] == ""
        assert not is_done(conn.delete_s, dn)
        assert not is_done(conn.rename_s, dn, "cn=other")
        with pytest.raises(ldap.LDAPError):
            conn.passwd_s(dn, None, "other")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("dn", ["cn=config", "olcDatabase={1}mdb,cn=config",
                                "cn=schema,cn=config"])
def test_the_servers_configuration_is_not_even_seen(world, who, dn):
    conn = world.conns[who]
    assert world.rights.of("config", "olcAccess") == ("", "")
    assert shown(conn, dn) == {}
    for name, value in (("olcAccess", b"to * by * write"), ("olcRootPW", b"x"),
                        ("olcAuthzPolicy", b"any"), ("olcAttributeTypes", b"x")):
        for how in (ldap.MOD_ADD, ldap.MOD_REPLACE):
            assert not is_let(conn, dn, (how, name, value))


def test_a_profile_has_one_address(world):
    rdn, cls, contents = NEW["profile"]
    dn = place(world, BRANCHES["profile"], rdn)
    im = world.conns["IM"]
    im.add_s(dn, [("objectClass", cls.encode()), *contents.items()])
    with pytest.raises(ldap.CONSTRAINT_VIOLATION):
        im.modify_s(dn, [(ldap.MOD_ADD, "jid", b"second@localhost")])
    world.root.delete_s(dn)


# ---- README says the same ----

def test_the_readme_says_who_writes_and_reads_what(world):
    text = (TOP / "schema/README").read_text()
    rows = re.findall(r"^\| (jid|im\w+) \| ([^|]+) \| ([^|]+) \| ", text, re.M)
    assert len(rows) > 25
    kinds = ("profile", "room", "request")
    for name, writers, readers in rows:
        of = {kind: world.rights.lines[kind].get(name) for kind in kinds}
        line = next(rights for kind, rights in of.items()
                    if rights and rights != ("", ""))
        for word, column in (("im", 0), ("web", 1)):
            assert bool(re.search(rf"\b{word}\b", writers)) == bool(
                set("ad") & set(line[column])), (name, word)
            assert bool(re.search(rf"\b{word}\b", readers)) == (
                "r" in line[column]), (name, word)
