# SPDX-License-Identifier: Apache-2.0
"""The directory as a store: rooms, groups, administration."""

import hashlib
import time

import ldap
import ldap.modlist
import pytest

from world import wait_for
from xdbprobe import ADMIN, BAD_PASSWORD, MEMBER, NOBODY, NO_RIGHT, OUTCAST, OWNER
from xdbworld import check, entry_of, numbers
from xdbworld import slapd, root, im, web, person, profile, room  # noqa: F401


# --- rooms ------------------------------------------------------------------------------

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
    assert sorted(found["options"]) == [["membersonly", "yes"], ["secret", " a =% "]]
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


def test_room_whose_name_is_none(im, web, root, slapd, room):
    """m5: an address that nobody can have is in no list, nor in anybody's way."""
    made = {}
    for name in "Sala Ñ", "a b", "x@y", "a/b", "SALA3", "Ñandú", "straße":
        dn = f"imRoomName={ldap.dn.escape_dn_chars(name)},ou=rooms,{slapd.env['IM_BASE']}"
        root.add_s(dn, [("objectClass", b"imRoom"), ("imRoomName", name.encode())])
        made[name] = dn
    try:
        listed = {r["name"] for r in im.ask("room_list")["list"]}
        assert {"sala3", "ñandú"} <= listed
        assert not listed & {"SALA3", "Sala Ñ", "a b", "x@y", "a/b", "straße"}
        im.ask("room_list")
        said = im.said()
        assert [said.count(f'"{made[n]}"') for n in ("a b", "SALA3")] == [1, 0]
        assert load(im, "sala3")["name"] == "sala3"
        assert load(im, "ñandú")["name"] == "ñandú"
        assert im.ask("room_load", name="strasse")["status"] == "absent"
        assert im.ask("room_load", name="a b")["status"] == "absent"
    finally:
        for dn in made.values():
            root.delete_s(dn)


def test_room_people_whose_address_is_none(im, root, room, person):
    uid = person(uid="con espacio")
    name = room(people=[{"jid": "eve@other.org", "affiliation": ADMIN}])
    dn = load(im, name)["dn"]
    [(person_dn, _)] = root.search_s(
        "dc=example,dc=org", ldap.SCOPE_SUBTREE, f"(uid={uid})", ["1.1"])
    root.modify_s(dn, [(ldap.MOD_ADD, "imOutcastJid", [b"@@", b"Mallory@Other.ORG"]),
                       (ldap.MOD_ADD, "imMember", [person_dn.encode()])])
    found = load(im, name)
    assert people_of(found) == {"eve@other.org": ADMIN, "mallory@other.org": OUTCAST}
    assert found["unresolved"] == 2
    assert set_affiliation(im, dn, "mallory@other.org", OUTCAST, NOBODY) == "ok"
    assert entry_of(root, dn)["imOutcastJid"] == ["@@"]


def test_D7_room_people_in_the_spelling_of_other_tools(im, root, room):
    """A resource means nothing; who is banned is out, whatever else the value says."""
    name = room()
    dn = load(im, name)["dn"]
    root.modify_s(dn, [
        (ldap.MOD_ADD, "imOutcastJid", [b"LUCIA@Example.ORG", b"ann@other.org/phone",
                                        b"bob@other.org none and more words"]),
        (ldap.MOD_ADD, "imOwnerJid", [b"eve@other.org some more words"]),
        (ldap.MOD_ADD, "imMemberJid", [b"Mar@other.org/x"])])
    found = load(im, name)
    assert people_of(found) == {
        "lucia@example.org": OUTCAST, "ann@other.org": OUTCAST,
        "bob@other.org": OUTCAST, "mar@other.org": MEMBER}
    assert found["unresolved"] == 2
    for jid in "ann@other.org", "bob@other.org":
        assert set_affiliation(im, dn, jid, OUTCAST, NOBODY) == "ok"
    assert entry_of(root, dn)["imOutcastJid"] == ["LUCIA@Example.ORG"]


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
    name = room(title="Old", description="Old",
                options=[["maxusers", "5"], ["whois", "anyone"], ["theirs", "1"]])
    found = load(im, name)
    assert im.ask("room_configure", dn=found["dn"], title="New",
                  options=[["whois", "moderators"], ["theirs", "2"]])["status"] == "ok"
    found = load(im, name)
    assert found["title"] == "New" and "description" not in found
    assert sorted(found["options"]) == [
        ["theirs", "1"], ["theirs", "2"], ["whois", "moderators"]]


def test_room_configure_keeps_what_nobody_understood(im, root, room):
    """n2: of what was not shown to who changes a room, nothing goes."""
    name = room(title="uno")
    dn = load(im, name)["dn"]
    odd = ["institution=keep", "weird", "membersonly=TRUE", "maxusers=-5", "password=%zz"]
    root.modify_s(dn, [(ldap.MOD_REPLACE, attr, [v.encode() for v in values])
                       for attr, values in (("cn", ["uno", "dos"]),
                                            ("description", ["d1", "d2", "x" * 9000]),
                                            ("imRoomOption", odd))])
    shown = load(im, name)
    again = {"dn": dn, "description": shown["description"], "options": shown["options"]}
    assert im.ask("room_configure", title="tres", **again)["status"] == "ok"
    entry = entry_of(root, dn)
    assert entry["cn"] == ["tres", "dos"]
    assert entry["description"] == ["d1", "d2", "x" * 9000]
    assert sorted(entry["imRoomOption"]) == sorted(odd)
    # What is changed takes the place of all that stood for it, and of nothing else.
    options = [o for o in shown["options"] if o[0] not in ("membersonly", "maxusers")]
    again["options"] = options + [["membersonly", "no"], ["maxusers", "7"]]
    assert im.ask("room_configure", title="DOS", **again)["status"] == "ok"
    entry = entry_of(root, dn)
    assert entry["cn"] == ["DOS"]
    assert sorted(entry["imRoomOption"]) == sorted([
        "institution=keep", "weird", "password=%zz", "membersonly=no", "maxusers=7"])
    again.pop("description")
    assert im.ask("room_configure", title="DOS", **again)["status"] == "ok"
    assert load(im, name)["description"] == "d2"


@pytest.mark.parametrize("values,wanted,is_said", [
    (["membersonly=TRUE"], {"membersonly": "yes"}, False),
    (["MembersOnly=1"], {"membersonly": "yes"}, False),
    (["membersonly=maybe"], {"membersonly": "yes"}, True),
    (["membersonly=1", "membersonly=0"], {"membersonly": "yes"}, True),
    (["moderated"], {"moderated": "yes"}, True),
    (["whois=everybody"], {"whois": "moderators"}, True),
    (["x" * 9000], {"membersonly": "yes"}, True),
    (["maxusers=many", "theirs=1"], {"theirs": "1"}, True)],
    ids=lambda v: v[0][:20] if isinstance(v, list) else None)
def test_D7_room_options_of_other_tools(im, root, room, values, wanted, is_said):
    name = room()
    dn = load(im, name)["dn"]
    root.modify_s(dn, [(ldap.MOD_REPLACE, "imRoomOption",
                        [v.encode() for v in values])])
    for _ in range(2):
        assert dict(load(im, name)["options"]) == wanted
    said = [line for line in im.said().splitlines() if f"imRoomName={name}," in line]
    assert len(said) == is_said, said
    assert all("values-unreadable" in s and "imRoomOption" in s for s in said)


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


def test_room_affiliation_of_somebody_here_with_nick_and_reason(im, root, slapd, room,
                                                                person):
    """They are that person's, whatever the person is called, and nobody else's."""
    name, uid = room(people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER}]), person()
    dn, jid = load(im, name)["dn"], f"{uid}@example.org"

    def found():
        one, = (p for p in load(im, name)["people"] if p["dn"] == slapd.dn(uid))
        return (one["jid"], one["affiliation"], one.get("nick", ""),
                one.get("reason", ""))

    assert set_affiliation(im, dn, jid, NOBODY, MEMBER, nick="la Ñ", reason="x") == "ok"
    assert found() == (jid, MEMBER, "la Ñ", "x")
    assert load(im, name)["unresolved"] == 0
    entry = entry_of(root, dn)
    assert entry["imMember"] == [slapd.dn(uid)]
    note, = entry["imMemberJid"]
    assert note.startswith(f"{jid}/") and note.endswith(" la%20Ñ x")
    # Another reason, then another affiliation, take the place of the first.
    assert set_affiliation(im, dn, jid, MEMBER, MEMBER, reason="y") == "ok"
    assert found() == (jid, MEMBER, "", "y")
    assert set_affiliation(im, dn, jid, MEMBER, OUTCAST, reason="Ruido") == "ok"
    assert found() == (jid, OUTCAST, "", "Ruido")
    assert "imMemberJid" not in entry_of(root, dn)
    # A note alone is nothing.
    root.modify_s(dn, [(ldap.MOD_DELETE, "imOutcast", None)])
    assert people_of(load(im, name)) == {"lucia@example.org": OWNER}
    assert set_affiliation(im, dn, jid, NOBODY, OUTCAST) == "ok"
    assert "imOutcastJid" not in entry_of(root, dn)
    assert set_affiliation(im, dn, jid, OUTCAST, NOBODY) == "ok"


def test_room_note_of_somebody_renamed(im, root, slapd, room, person):
    """The next one of the name has neither the ban nor its reason."""
    name, uid = room(people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER}]), person()
    dn = load(im, name)["dn"]
    assert set_affiliation(im, dn, f"{uid}@example.org", NOBODY, OUTCAST,
                           reason="Ruido") == "ok"
    root.rename_s(slapd.dn(uid), f"uid={uid}x", delold=1)
    try:            # slapd's refint writes the DN in its own time
        wait_for(lambda: {p["jid"]: p.get("reason") for p in load(im, name)["people"]
                          if p["affiliation"] == OUTCAST}
                 == {f"{uid}x@example.org": "Ruido"})
        assert set_affiliation(im, dn, f"{uid}x@example.org", OUTCAST, NOBODY) == "ok"
        assert {"imOutcast", "imOutcastJid"}.isdisjoint(entry_of(root, dn))
    finally:
        root.rename_s(slapd.dn(f"{uid}x"), f"uid={uid}", delold=1)


def test_room_affiliation_of_somebody_who_stands_twice(im, root, slapd, room):
    """Made so by another tool: what counts is what is changed, and all of it goes."""
    name = room(people=[{"dn": slapd.dn("lucia"), "affiliation": OWNER},
                        {"dn": slapd.dn("andres"), "affiliation": ADMIN}])
    dn, jid = load(im, name)["dn"], "andres@example.org"
    root.modify_s(dn, [(ldap.MOD_ADD, "imMember", slapd.dn("andres").encode())])
    assert set_affiliation(im, dn, jid, MEMBER, NOBODY) == "conflict"
    assert set_affiliation(im, dn, jid, ADMIN, NOBODY) == "ok"
    assert people_of(load(im, name)) == {"lucia@example.org": OWNER}


DATABASE = "olcDatabase={1}mdb,cn=config"


@pytest.fixture
def no_refint(root):
    [(dn, entry)] = [one for one in root.search_s(DATABASE, ldap.SCOPE_ONELEVEL)
                     if "refint" in one[0]]
    root.delete_s(dn)
    yield
    entry["olcOverlay"] = [b"refint"]
    root.add_s(f"olcOverlay=refint,{DATABASE}", ldap.modlist.addModlist(entry))


def again(probe, name, named):
    answer = probe.ask("room_load", name=name, named=named)
    assert answer["status"] == "ok", answer
    return answer["room"]


def test_room_people_who_moved(im, root, slapd, room, person, no_refint):
    """What the entry says is whom it named; who inherits the name is nobody."""
    uid, gone, other = person(), person(), person()
    name = room(people=[{"dn": slapd.dn(uid), "affiliation": OUTCAST},
                        {"dn": slapd.dn(gone), "affiliation": OWNER},
                        {"dn": slapd.dn(other), "affiliation": MEMBER}])
    first = load(im, name)
    assert first["stale"] == [] and len(first["named"]) == 3
    root.rename_s(slapd.dn(uid), f"uid={uid}x", delold=1)
    root.delete_s(slapd.dn(gone))
    person(uid), person(gone)
    try:
        assert people_of(load(im, name)) == {
            f"{uid}@example.org": OUTCAST, f"{gone}@example.org": OWNER,
            f"{other}@example.org": MEMBER}         # without having known them
        found = again(im, name, first["named"])
        assert people_of(found) == {f"{uid}x@example.org": OUTCAST,
                                    f"{other}@example.org": MEMBER}
        assert sorted(found["stale"]) == sorted([
            [OUTCAST, slapd.dn(uid), slapd.dn(f"{uid}x")], [OWNER, slapd.dn(gone), ""]])
        assert sorted(found["named"]) == sorted(first["named"])
        # Two may do it: the second is told so, and finds it done.
        mend = {"dn": found["dn"], "stale": found["stale"]}
        assert im.ask("room_mend", **mend)["status"] == "ok"
        assert im.ask("room_mend", **mend)["status"] == "conflict"
        found = again(im, name, first["named"])
        assert found["stale"] == [] and people_of(found) == {
            f"{uid}x@example.org": OUTCAST, f"{other}@example.org": MEMBER}
    finally:
        root.delete_s(slapd.dn(f"{uid}x"))


def test_room_people_whom_nobody_may_see(im, root, slapd, room, person, no_refint):
    """slapd answers that there is nobody, and no error; nobody is taken for gone."""
    uid = person()
    name = room(people=[{"dn": slapd.dn(uid), "affiliation": OUTCAST}])
    named = load(im, name)["named"]
    rule = (f"{{0}}to dn.subtree={slapd.env['PEOPLE_BASE']} by "
            "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org none by * break").encode()
    root.modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess", rule)])
    try:
        assert im.ask("room_load", name=name, named=named)["status"] == "broken"
    finally:
        root.modify_s(DATABASE, [(ldap.MOD_DELETE, "olcAccess", b"{0}")])
    assert again(im, name, named)["stale"] == []


@pytest.fixture
def hidden(root, person):
    """Somebody whom a slip in the access rules hides from the service, who sees others."""
    uid = person()
    person()

    def hide(dn):
        rule = (f"{{0}}to dn.exact={dn} by "
                "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org none by * break").encode()
        root.modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess", rule)])
    hide.uid = uid
    hide.over = lambda: root.modify_s(DATABASE, [(ldap.MOD_DELETE, "olcAccess", b"{0}")])
    return hide


def test_room_people_of_whom_one_is_hidden(im, slapd, room, hidden):
    """Looks like gone: who stays away has no rights, and the entry stays as it is."""
    name = room(people=[{"dn": slapd.dn(hidden.uid), "affiliation": OUTCAST}])
    named = load(im, name)["named"]
    assert len(named) == 1
    hidden(slapd.dn(hidden.uid))
    try:
        found = again(im, name, named)
        assert people_of(found) == {} and found["named"] == named
        assert found["stale"] == [] and found["lost"] == 1
    finally:
        hidden.over()
    found = again(im, name, named)
    assert people_of(found) == {f"{hidden.uid}@example.org": OUTCAST}
    assert found["stale"] == [] and found["lost"] == 0


def test_room_people_of_a_chain_of_names(im, root, slapd, room, person, no_refint):
    """One got the name of another of the same list: as it is, half and whole rewritten."""
    one, two = person(), person()
    name = room(people=[{"dn": slapd.dn(uid), "affiliation": OUTCAST}
                        for uid in (one, two)])
    first = load(im, name)
    root.rename_s(slapd.dn(two), f"uid={two}x", delold=1)
    root.rename_s(slapd.dn(one), f"uid={two}", delold=1)
    whole = {f"{two}x@example.org": OUTCAST, f"{two}@example.org": OUTCAST}
    try:
        found = again(im, name, first["named"])
        assert people_of(found) == whole
        assert found["stale"] != []
        assert im.ask("room_mend", dn=found["dn"], stale=found["stale"])["status"] == "ok"
        found = again(im, name, first["named"])
        assert people_of(found) == whole and found["stale"] == []
        assert sorted(entry_of(root, found["dn"])["imOutcast"]) == sorted(
            [slapd.dn(two), slapd.dn(f"{two}x")])
    finally:
        root.rename_s(slapd.dn(two), f"uid={one}", delold=1)
        root.rename_s(slapd.dn(f"{two}x"), f"uid={two}", delold=1)


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
        # Of several values the one that is shown is changed, and the others stay.
        root.modify_s(who["dn"], [(ldap.MOD_ADD, "mail", [b"otro@example.org"]),
                                  (ldap.MOD_ADD, "sn", [b"Alias"])])
        assert web.ask("person_change", dn=who["dn"], mail="nuevo@example.org",
                       sn="Gil")["status"] == "ok"
        entry = entry_of(root, who["dn"])
        assert entry["mail"] == ["nuevo@example.org", "otro@example.org"]
        assert entry["sn"] == ["Gil", "Alias"] and entry["cn"] == ["María Gil"]
        # A first password, and no second one: the person's own from then on.
        assert web.ask("password_set", dn=who["dn"],
                       password="secreto 1")["status"] == "ok"
        assert check(im, who["dn"], "secreto 1") == ("ok", 0)
        refused = web.ask("password_set", dn=who["dn"], password="secreto 2")
        assert (refused["status"], refused["refusal"]) == ("refused", NO_RIGHT)
        for bad in "", "siete-7":
            refused = web.ask("password_set", dn=who["dn"], password=bad)
            assert (refused["status"], refused["refusal"]) == (
                "refused", BAD_PASSWORD)
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


def test_requests_that_are_over_are_removed(web, root, slapd):
    """By whoever makes the next; nobody else knows that they are there."""
    now = int(time.time())

    def make(number, expires):
        secret = hashlib.sha256(str(number).encode()).hexdigest()
        assert web.ask("request_create", hash=secret, dn=slapd.dn("lucia"),
                       uid="lucia", expires=expires)["status"] == "ok"
        return secret

    def there():
        return {entry["imTokenHash"][0].decode() for _, entry in root.search_s(
            f"ou=requests,{slapd.env['IM_BASE']}", ldap.SCOPE_SUBTREE,
            "(objectClass=imRequest)", ["imTokenHash"])}
    dead = [make(n, now - 2 * 86400) for n in range(3)]
    odd = "imRequestId=other,ou=requests," + slapd.env["IM_BASE"]
    root.add_s(odd, [("objectClass", b"imRequest"), ("imRequestKind", b"other"),
                     ("imRequestState", b"open"), ("imTokenHash", b"o"),
                     ("imTokenExpires", b"20200101000000Z")])
    late, alive = make(3, now - 60), make(4, now + 3600)
    assert there() == {late, alive, "o"} and not there() & set(dead)
    root.delete_s(odd)
    for secret in late, alive:
        found = web.ask("request_load", hash=secret)["request"]
        assert web.ask("request_delete", dn=found["dn"])["status"] == "ok"
