# SPDX-License-Identifier: Apache-2.0
"""tertuliactl profiles move: profiles change their home, and nothing is lost,
whenever it is killed."""

import contextlib
import signal
import subprocess
import time

import ldap
import pytest

from doctor import Doctor
from faults import Proxy
from service import build
from world import wait_for

CARRIED = ("jid", "imStatus", "imRosterItem", "imRosterVersion", "imPending",
           "imBlocked", "imPrivate", "imVCard", "imScram", "imScramSource")
PEOPLE = 40


@pytest.fixture(scope="module")
def sample(make_world):
    return make_world(SAMPLE="no", CREATE_ROOMS="everyone")


class Move:
    """A configuration whose service does not run, and people with profiles."""

    def __init__(self, world, folder):
        self.world, self.doctor = world, Doctor(world, folder)
        self.settings = {"server.state_dir": folder,
                         "server.control_socket": folder / "none"}
        self.doctor.write(self.settings)
        self.profiles_base = "ou=profiles," + world.env["IM_BASE"]
        self.people = [world.person() for _ in range(PEOPLE)]
        self.was = {}
        for i, person in enumerate(self.people):
            self.make(i, person)
        self.was = self.seen()

    def make(self, i, person):
        """As different as they can be."""
        uuid = self.world.search(person.dn)[0][1]["entryUUID"][0]
        profile = {"objectClass": ["imProfile"], "imPersonUUID": [uuid],
                   "imPerson": [person.dn], "jid": [person.jid],
                   "imRosterVersion": [str(i)], "imScramSource": ["-"],
                   "imScram": ["SCRAM-SHA-1$4096:YQ==$Yg==:Yw=="],
                   "imRosterItem": [f"c{n}@otra.example none 0 0 Nombre%20{n} "
                                    "Ñu" for n in range(i * 20)],
                   "imStatus": ["suspended"] if i % 3 == 0 else [],
                   "imVCard": ["<vCard>\n" + "é" * 500 + "</vCard>"][:i % 2],
                   "imPending": ["x@otra.example 20260101000000Z -"][:i % 2]}
        self.world.root.add_s(self.dn(uuid), [
            (name, [v.encode() for v in values])
            for name, values in profile.items() if values])

    def dn(self, uuid):
        return f"imPersonUUID={uuid},{self.profiles_base}"

    def seen(self):
        """{uuid: {home: what is carried}}, of our people."""
        found = {}
        for home, base, klass in (("tree", self.profiles_base, "imProfile"),
                                  ("inline", self.world.env["PEOPLE_BASE"],
                                   "imUser")):
            for _, entry in self.world.search(base, f"(objectClass={klass})"):
                uuid = (entry.get("imPersonUUID") or entry["entryUUID"])[0]
                found.setdefault(uuid, {})[home] = {
                    name: sorted(entry[name]) for name in CARRIED
                    if name in entry}
        return found

    def words(self, to, *more):
        return [build() / "tertuliactl", "profiles", "move", "--to", to, "-c",
                self.doctor.conf, *self.doctor.admin, *more]

    def run(self, to, *more):
        done = subprocess.run(self.words(to, *more), text=True, timeout=60,
                              capture_output=True, check=False)
        assert done.stderr == "", done.stderr
        return done.returncode, done.stdout

    def is_all_in(self, home):
        return self.seen() == {uuid: {home: found["tree"]}
                               for uuid, found in self.was.items()}

    def rename(self, profile, dn, base):
        """slapo-refint follows, a moment later."""
        rdn = dn.partition(",")[0]
        self.world.root.rename_s(dn, rdn, base)
        wait_for(lambda: self.world.root.compare_s(
            profile, "imPerson", f"{rdn},{base}".encode()), within=30)

    def end(self):
        for uuid, homes in self.seen().items():
            if "tree" in homes:
                self.world.root.delete_s(self.dn(uuid))
        for person in self.people:
            with contextlib.suppress(ldap.NO_SUCH_OBJECT):
                self.world.root.delete_s(person.dn)


@pytest.fixture
def move(sample, tmp_path):
    one = Move(sample, tmp_path)
    yield one
    one.end()


def test_there_and_back(move):
    code, out = move.run("inline")
    assert code == 0 and f"{PEOPLE} would be moved" in out
    assert move.is_all_in("tree")
    code, out = move.run("inline", "--yes")
    assert code == 0 and "set [ldap] profiles = inline" in out, out
    assert move.is_all_in("inline")
    assert move.run("inline", "--yes")[1].startswith("0 profiles")
    code, out = move.run("tree", "--yes")
    assert code == 0 and f"{PEOPLE} moved, 0 left" in out, out
    assert move.is_all_in("tree")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("to,back", [("inline", "tree"), ("tree", "inline")])
def test_killed_in_the_middle_and_run_again(move, to, back, how):
    """At every moment each profile is in one home, or the same in both."""
    if back == "inline":
        assert move.run("inline", "--yes")[0] == 0
    for i in range(8):
        process = subprocess.Popen(move.words(to, "--yes"),
                                   stdout=subprocess.PIPE)
        time.sleep(0.004 * i * i)       # each time somewhere else
        process.send_signal(how)
        process.communicate(timeout=60)
        seen = move.seen()
        assert seen.keys() == move.was.keys()
        for uuid, homes in seen.items():
            for found in homes.values():
                assert found == move.was[uuid]["tree"]
    assert move.run(to, "--yes")[0] == 0
    assert move.is_all_in(to)


@pytest.mark.parametrize("after", [1, 3, 6, 10, 20, 40])
def test_connection_cut_in_the_middle(move, after):
    """What was not answered may have been done."""
    world = move.world
    with Proxy(world.env["LDAP_URI"].rpartition(":")[2]) as proxy:
        move.doctor.write({**move.settings, "ldap.uri":
                           f"ldap://127.0.0.1:{proxy.port}"})
        process = subprocess.Popen(move.words("inline", "--yes"), text=True,
                                   stdout=subprocess.PIPE)
        time.sleep(0.004 * after)
        proxy.cut()
        out, _ = process.communicate(timeout=60)
        assert process.returncode in (0, 2, 3), out
    for uuid, homes in move.seen().items():
        for found in homes.values():
            assert found == move.was[uuid]["tree"]
    move.doctor.write(move.settings)
    assert move.run("inline", "--yes")[0] == 0
    assert move.is_all_in("inline")


def test_service_that_runs(move):
    move.doctor.write()                 # that of the world
    code, out = move.run("inline", "--yes")
    assert code == 2 and "the service runs" in out
    assert move.is_all_in("tree")
    assert move.run("inline")[0] == 0   # to look does no harm


def test_what_cannot_be_moved_is_left_and_named(move):
    root = move.world.root
    orphan = move.dn("7e57d0c7-2222-4000-8000-000000000000")
    root.add_s(orphan, [
        ("objectClass", b"imProfile"), ("jid", b"nadie@localhost"),
        ("imPerson", b"cn=nadie,dc=example,dc=org"),
        ("imPersonUUID", b"7e57d0c7-2222-4000-8000-000000000000")])
    both = move.people[5]
    root.modify_s(both.dn, [(ldap.MOD_ADD, "objectClass", b"imUser"),
                            (ldap.MOD_ADD, "jid", both.jid.encode()),
                            (ldap.MOD_ADD, "imRosterItem",
                             b"otro@otra.example none 0 0 -")])
    before = move.seen()
    code, out = move.run("inline", "--yes")
    assert code == 1 and f"{PEOPLE - 1} moved, 2 left" in out, out
    assert f"{orphan}: its person is not there" in out
    assert "another profile of this person" in out
    assert "start the service" not in out
    after = move.seen()
    for uuid, homes in before.items():
        if len(homes) == 2 or uuid.startswith("7e57d0c7"):
            assert after[uuid] == homes
    root.modify_s(both.dn, [(ldap.MOD_DELETE, "objectClass", b"imUser"),
                            (ldap.MOD_DELETE, "jid", None),
                            (ldap.MOD_DELETE, "imRosterItem", None)])
    root.delete_s(orphan)
    assert move.run("inline", "--yes")[0] == 0
    assert move.is_all_in("inline")


def test_person_with_a_jid_of_their_own(move):
    """Of RFC 8284: there is no place for another.  Told before anything is done."""
    root, person = move.world.root, move.people[2]
    own = [(ldap.MOD_ADD, "objectClass", b"JIDObject"),
           (ldap.MOD_ADD, "jid", b"old@jabber.example")]
    root.modify_s(person.dn, own)
    before = move.seen()
    for words in ((), ("--yes",)):
        code, out = move.run("inline", *words)
        assert code == 1 and "1 left" in out, out
        assert "jid of their own" in out
    after = move.seen()
    assert len([u for u in before if before[u] == after.get(u)]) == 1
    (_, kept), = move.world.search(person.dn, attributes=["jid", "objectClass"])
    assert kept["jid"] == ["old@jabber.example"]
    assert "imUser" not in kept["objectClass"]
    root.modify_s(person.dn, [(ldap.MOD_DELETE, *value[1:]) for value in own])
    assert move.run("inline", "--yes")[0] == 0
    assert move.is_all_in("inline")


def test_what_would_be_lost_is_left_and_named(move):
    """And all the others are moved."""
    root, base = move.world.root, move.world.env["LDAP_BASE"]
    of = {found["tree"]["jid"][0]: uuid for uuid, found in move.was.items()}
    classes, option, parent, elsewhere = move.people[1:5]
    dns = [move.dn(of[person.jid]) for person in move.people[1:5]]
    root.modify_s(dns[0], [(ldap.MOD_ADD, "objectClass", b"extensibleObject"),
                           (ldap.MOD_ADD, "info", b"our note, keep")])
    root.modify_s(dns[1], [(ldap.MOD_ADD, "imVCard;lang-es", b"<vCard/>")])
    root.add_s(f"cn=note,{dns[2]}", [("objectClass", b"device"), ("cn", b"note")])
    root.add_s(f"ou=ex,{base}", [("objectClass", b"organizationalUnit"),
                                 ("ou", b"ex")])
    move.rename(dns[3], elsewhere.dn, f"ou=ex,{base}")
    was = [root.search_s(dn, ldap.SCOPE_SUBTREE) for dn in dns]
    for words in ((), ("--yes",)):
        code, out = move.run("inline", *words)
        assert code == 1 and "4 left" in out, out
        for dn, why in zip(dns, ("info", "imVCard;lang-es", "entries below it",
                                 "people_base")):
            assert any(dn in line and why in line
                       for line in out.splitlines()), out
    assert [root.search_s(dn, ldap.SCOPE_SUBTREE) for dn in dns] == was
    assert len([u for u, homes in move.seen().items() if "tree" in homes]) == 4
    # Back in order, they go, too.
    root.modify_s(dns[0], [(ldap.MOD_DELETE, "objectClass", b"extensibleObject"),
                           (ldap.MOD_DELETE, "info", None)])
    root.modify_s(dns[1], [(ldap.MOD_DELETE, "imVCard;lang-es", None)])
    root.delete_s(f"cn=note,{dns[2]}")
    move.rename(dns[3], f"{elsewhere.dn.partition(',')[0]},ou=ex,{base}",
                move.world.env["PEOPLE_BASE"])
    root.delete_s(f"ou=ex,{base}")
    assert move.run("inline", "--yes")[0] == 0
    assert move.is_all_in("inline")


def test_no_for_one_stops_no_other(move):
    """Whatever the directory's reason is; here it says it to each."""
    database = "olcDatabase={1}mdb,cn=config"
    move.world.root.modify_s(database, [
        (ldap.MOD_REPLACE, "olcReadOnly", b"TRUE")])
    try:
        code, out = move.run("inline", "--yes")
    finally:
        move.world.root.modify_s(database, [
            (ldap.MOD_REPLACE, "olcReadOnly", b"FALSE")])
    assert code == 1 and f"0 moved, {PEOPLE} left" in out, out
    assert "cannot be written there" in out
    assert move.is_all_in("tree")


def test_person_who_was_renamed(move):
    """The profile's DN of the person is of somebody else by now."""
    person = move.people[3]
    root, uuid = move.world.root, None
    for found in move.was:
        if move.was[found]["tree"]["jid"] == [person.jid]:
            uuid = found
    root.modify_s(move.dn(uuid), [
        (ldap.MOD_REPLACE, "imPerson", move.people[4].dn.encode())])
    assert move.run("inline", "--yes")[0] == 0
    assert move.is_all_in("inline")


@pytest.mark.parametrize("words", [
    [], ["--to", "elsewhere"], ["--to", "inline", "more"]])
def test_words_that_are_wrong(move, words):
    done = subprocess.run(
        [build() / "tertuliactl", "profiles", "move", *words, "-c",
         move.doctor.conf, *move.doctor.admin], capture_output=True, text=True,
        timeout=30, check=False)
    assert done.returncode == 3 and "--help" in done.stderr
    assert move.is_all_in("tree")


def test_two_at_the_same_time(move):
    with open(move.doctor.conf, "rb") as conf:
        import fcntl
        fcntl.flock(conf, fcntl.LOCK_EX)
        code, out = move.run("inline", "--yes")
    assert code == 2 and "another tertuliactl" in out
    assert move.is_all_in("tree")
