# SPDX-License-Identifier: Apache-2.0
"""Two providers that copy from each other by delta-syncrepl, one of them killed
and brought back: what was acknowledged is on both afterwards, and nothing else."""

import random
import re
import subprocess
import threading
import time

import ldap
import ldap.modlist
import pytest

from client import Client
from doctor import FAULT, Doctor
from ldapfaults import Proxy
from replicas import (DATABASE, Server, agree, provider_and_replica, providers,
                      uri_of)
from service import Service
from world import wait_for
from xdbprobe import Probe, settings
from xdbworld import entry_of

CHANGES, PEOPLE = 1000, 5
BACK_WITHIN = 60
IN_DOUBT_S = 2
WRONG_PASSWORD = 1


class Roster:
    """One person's contacts, and what each of them may be at the end."""

    def __init__(self, probe, uid, dice):
        self.probe, self.uid, self.dice = probe, uid, dice
        self.may_be = {}                # jid -> set of names; None: not there
        self.at = {}                    # jid -> when it was changed last
        self.frozen = set()             # nobody knows: touched no more
        self.count = 0
        self.load()

    def load(self):
        answer = self.probe.ask("account_load", uid=self.uid)
        if answer["status"] == "ok":
            self.dn = answer["account"]["profile"]["dn"]
            self.version = answer["account"]["profile"]["version"]

    def item(self, jid, name):
        return {"jid": jid, "name": name, "subscription": 0, "ask": 0,
                "approved": 0, "groups": []}

    def choose(self):
        """A new contact, one with another name, or one less."""
        there = [jid for jid, names in self.may_be.items()
                 if names != {None} and jid not in self.frozen]
        kind = self.dice.choice(["add", "add", "change", "remove"])
        if kind == "add" or len(there) < 5:
            self.count += 1
            return f"c{self.count}@x.org", "one"
        jid = self.dice.choice(there)
        return jid, None if kind == "remove" else f"n{self.dice.random()}"

    def start(self):
        jid, name = self.choose()
        (was,) = self.may_be.get(jid, {None})
        what = {}
        if was is not None:
            what["remove"] = self.item(jid, was)
        if name is not None:
            what["add"] = self.item(jid, name)
        self.change = jid, was, name
        self.asked = self.probe.send("roster_change", dn=self.dn,
                                     version=self.version, **what)

    def finish(self):
        """How many changes were acknowledged: one or none."""
        answer = self.probe.wait(self.asked)
        jid, was, name = self.change
        self.at[jid] = time.monotonic()
        if answer["status"] == "ok":
            self.may_be[jid] = {name}
            self.version = answer["version"]
            return 1
        # Not acknowledged: done or not, but nothing else.  What was changed a
        # moment before may not be where we are now.
        self.may_be[jid] = {was} if answer["status"] == "conflict" \
            else {was, name}
        self.frozen |= {one for one, at in self.at.items()
                        if at > time.monotonic() - IN_DOUBT_S}
        self.load()
        return 0

    def compare(self, server):
        """What is wrong on this server, as lines."""
        found = {}
        values = entry_of(server.root(), self.dn, "imRosterItem")
        for value in values.get("imRosterItem", []):
            found.setdefault(value.split()[0], []).append(value.split()[4])
        return [f"{server.state.name}: {jid} is {found.get(jid, [None])}, "
                f"not {self.may_be.get(jid)}"
                for jid in {*found, *self.may_be}
                if len(found.get(jid, [None])) != 1
                or found.get(jid, [None])[0] not in
                self.may_be.get(jid, {None})]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    servers = providers(tmp_path_factory.mktemp("replicas"))
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def store(pair):
    probe = Probe().open(**settings(pair[0], uri=list(map(uri_of, pair))))
    yield probe
    probe.end()


def people(store, server, stem, count=PEOPLE):
    """Accounts with an empty roster each."""
    for i in range(count):
        uid = f"{stem}{i}"
        server.root().add_s(server.dn(uid), ldap.modlist.addModlist({
            "objectClass": [b"inetOrgPerson"], "uid": [uid.encode()],
            "cn": [b"x"], "sn": [b"x"]}))
        wait_for(lambda name=uid: store.ask(
            "account_load", uid=name)["status"] == "ok", 20)
        who = store.account(uid)["person"]
        assert store.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                         jid=f"{uid}@example.org")["status"] == "ok"
        yield uid


class Contacts:
    """An account to which contacts are added, one at a time; after each it is
    read and must have all of them."""

    def __init__(self, store, server, uid):
        self.store = store
        self.uid, = people(store, server, uid, 1)
        self.dn = store.account(self.uid)["profile"]["dn"]
        self.count = 0

    def add(self):
        answer = self.store.ask("roster_change", dn=self.dn, version=self.count,
                                add={"jid": f"c{self.count}@x.org"})
        assert answer["status"] == "ok", answer
        self.count += 1
        self.look()
        return True

    def look(self):
        found = self.store.account(self.uid)["profile"]
        assert len(found["roster"]) == found["version"] == self.count

    def is_at(self, server):
        """A contact more; is this the server that was asked?"""
        self.add()
        return self.store.ask("state")["server"] == uri_of(server)


@pytest.mark.parametrize("killed", [0, 1])
def test_a_provider_is_killed_and_comes_back(pair, store, killed):
    """Issue 4, done 2: nothing acknowledged is missing, nothing is invented."""
    seed = random.randrange(1 << 32)
    print("SEED", seed)
    dice = random.Random(seed)
    rosters = [Roster(store, uid, dice)
               for uid in people(store, pair[0], f"k{killed}s{seed}")]
    victim, done, returning = pair[killed], 0, None
    deadline = time.monotonic() + 120
    while done < CHANGES or returning is None or returning.is_alive():
        assert time.monotonic() < deadline, (done, store.said())
        for roster in rosters:
            roster.start()
        if done > CHANGES // 4 and returning is None:
            victim.kill()               # with five changes under way
            returning = threading.Thread(target=victim.again)
        done += sum([roster.finish() for roster in rosters])
        if done > CHANGES // 2 and not returning.ident:
            returning.start()
    wait_for(lambda: store.ask("state")["server"] == uri_of(pair[0]),
             BACK_WITHIN)
    for _ in range(20):
        for roster in rosters:
            roster.start()
        done += sum([roster.finish() for roster in rosters])
    agree(*pair)
    wrong = [line for roster in rosters for server in pair
             for line in roster.compare(server)]
    assert done >= CHANGES and wrong == [], wrong


def noted(server, base):
    """contextCSN as it is on the disk: how far the server thinks it came when it
    is started again."""
    done = subprocess.run(
        ["slapcat", "-F", server.config, "-b", base, "-a", "(contextCSN=*)",
         "-o", "ldif-wrap=no"], capture_output=True, text=True, check=True)
    return re.findall(r"^contextCSN: (.*)$", done.stdout, re.M)


def test_a_provider_that_dies_knows_how_far_it_came(pair, store):
    """slapd does not note it after a change under an assertion (RFC 4528); and
    one that does not know copies what it has, quarrels, and loses changes."""
    one, two = pair
    contacts = Contacts(store, one, "d")
    for _ in range(20):
        assert contacts.is_at(one)
    last, = entry_of(one.root(), contacts.dn, "entryCSN")["entryCSN"]
    one.kill()
    try:
        assert last in noted(one, one.env["LDAP_BASE"])
        assert last in noted(one, "cn=accesslog")
    finally:
        one.again()
    agree(one, two)


@pytest.fixture
def apart(tmp_path):
    """Two providers, and what stands between them: {server: Proxy}."""
    between = {}

    def way(server):
        between[server] = Proxy(int(server.env["LDAP_PORT"]))
        return between[server].uri
    one, two = providers(tmp_path, way=way)
    yield one, two, between
    for server in one, two:
        server.stop()
    for proxy in between.values():
        proxy.close()


def test_what_was_not_passed_on_before_a_death_is_merged(apart):
    """Acknowledged by one, which dies before two has it; two takes changes of the
    same roster.  In the end both have all."""
    one, two, between = apart
    store = Probe().open(**settings(one, uri=[uri_of(one), uri_of(two)]))
    told = set()
    try:
        uid, = people(store, one, "m", 1)
        dn = store.account(uid)["profile"]["dn"]

        def add(jid):
            found = store.ask("account_load", uid=uid)
            if found["status"] != "ok":
                return False
            version = found["account"]["profile"]["version"]
            if store.ask("roster_change", dn=dn, version=version,
                         add={"jid": jid})["status"] == "ok":
                told.add(jid)
            return jid in told

        def add_some(stem):
            for i in range(5):
                wait_for(lambda jid=f"{stem}{i}@x.org": add(jid), 20)
            return store.ask("state")["server"]
        add_some("both")
        agree(one, two)
        between[one].refuse()
        assert add_some("one") == uri_of(one)
        one.kill()
        assert add_some("two") == uri_of(two)
        one.again()
        between[one].listen()
        wait_for(lambda: add_some("since") == uri_of(one), BACK_WITHIN)
        agree(one, two)
        # What came late set the version back on the second: the next says it anew.
        add_some("then")
        agree(one, two)
        there = [entry_of(server.root(), dn, "imRosterItem", "imRosterVersion")
                 for server in (one, two)]
        for entry in there:
            assert {v.split()[0] for v in entry["imRosterItem"]} == told
        assert there[0]["imRosterVersion"] == there[1]["imRosterVersion"]
    finally:
        store.end()


def test_nobody_goes_back_to_a_server_that_lacks_changes(apart):
    """What was acknowledged is read, before, while and after a server comes
    back that has not got it yet."""
    one, two, between = apart
    store = Probe().open(**settings(one, uri=[uri_of(one), uri_of(two)]))
    try:
        contacts = Contacts(store, one, "q")
        assert contacts.is_at(one)
        agree(one, two)
        one.kill()
        wait_for(lambda: store.ask("account_load", uid=contacts.uid)["status"]
                 == "ok", 20)
        assert contacts.is_at(two)
        between[two].refuse()
        one.again()
        wait_for(lambda: contacts.add() and "ldap-behind" in store.said(), 30)
        for _ in range(50):
            assert contacts.is_at(two)
        between[two].listen()
        wait_for(lambda: contacts.is_at(one), BACK_WITHIN)
        for _ in range(50):
            assert contacts.is_at(one)
    finally:
        store.end()


def test_live_changes_go_on_at_the_other_server(apart):
    """From the cookie of the first: nothing is read again, nothing missed."""
    one, two, _ = apart
    store = Probe().open(**settings(one, uri=[uri_of(one), uri_of(two)]))
    try:
        contacts = Contacts(store, one, "w")
        uuid = store.account(contacts.uid)["person"]["uuid"]
        agree(one, two)
        store.ask("news")
        wait_for(lambda: store.ask("state")["is_watching"], 20)
        store.ask("news")
        one.kill()
        two.root().modify_s(two.dn(contacts.uid), [
            (ldap.MOD_REPLACE, "title", "Catedrática".encode())])
        heard = []

        def is_heard():
            heard.extend(store.ask("news")["news"])
            return any(line[:3] == ["person", "is", uuid] for line in heard)
        wait_for(is_heard, BACK_WITHIN)
        log = store.said().rpartition("ldap-watch-begins")[2]
        assert uri_of(two) in log.splitlines()[0]
        assert log.count("whole=0") >= 3
    finally:
        store.end()


def test_a_provider_is_killed_while_somebody_changes_a_roster(make_world,
                                                              tmp_path):
    """The same through the service: what the client was told is so."""
    world = make_world()
    one, two = providers(tmp_path, Server.of_world(world))
    try:
        with Service(world, tmp_path / "service", {
                "ldap.uri": f"{uri_of(one)} {uri_of(two)}"}) as service, \
                Client(service, world.person()).come() as ann:
            told = set()

            def change(jid):
                if ann.set_item(jid).get("type") == "result":
                    told.add(jid)
                return jid in told
            for i in range(60):
                if i == 20:
                    world.slapd_kill()
                if i == 40:
                    world.slapd_again()
                wait_for(lambda jid=f"c{i}@x.org": change(jid), 30, 0.1)
            assert len(told) == 60 and set(ann.items()) == told
            agree(one, two)
            dn, = [dn for dn, _ in world.search(
                "ou=profiles," + world.env["IM_BASE"],
                f"(jid={ann.person.jid})")]
            for server in one, two:
                values = entry_of(server.root(), dn)["imRosterItem"]
                assert {v.split()[0] for v in values} == told
    finally:
        two.stop()


# --- a replica that is read, a provider that is written to ----------------------------

@pytest.fixture
def readers(tmp_path):
    """A provider, its read-only replica, and the replica's way to it."""
    between = {}

    def way(server):
        between[server] = Proxy(int(server.env["LDAP_PORT"]))
        return between[server].uri
    one, two = provider_and_replica(tmp_path, way)
    yield one, two, between[one]
    for server in one, two:
        server.stop()
    between[one].close()


@pytest.fixture
def reading(readers):
    """A store that reads the replica and writes to the provider."""
    provider, replica, _ = readers
    store = Probe().open(**settings(provider, uri=[uri_of(replica)],
                                    write_uri=[uri_of(provider)]))
    yield store
    store.end()


def test_what_was_written_is_read(readers, reading):
    """However far behind the replica is."""
    provider, replica, way = readers
    contacts = Contacts(reading, provider, "r")
    for _ in range(50):
        assert contacts.is_at(replica)
    assert reading.ask("state")["writer"] == uri_of(provider)
    way.refuse()
    for _ in range(20):
        contacts.add()
    reading.stays_silent(-1, 2)
    contacts.look()
    way.listen()
    agree(provider, replica)
    contacts.look()


def test_a_new_account_is_found(readers, reading):
    """And one that was removed is not, on a replica that stands still."""
    provider, replica, way = readers
    provider.root().add_s(provider.dn("n"), ldap.modlist.addModlist({
        "objectClass": [b"inetOrgPerson"], "uid": [b"n"], "cn": [b"x"],
        "sn": [b"x"]}))
    agree(provider, replica)
    way.refuse()
    who = reading.account("n")["person"]
    assert reading.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                       jid="n@example.org")["status"] == "ok"
    profile = reading.account("n")["profile"]
    assert profile["jid"] == "n@example.org"
    provider.root().delete_s(profile["dn"])


def test_reads_do_without_the_provider(readers, reading):
    provider, replica, _ = readers
    contacts = Contacts(reading, provider, "o")
    contacts.add()
    agree(provider, replica)
    reading.stays_silent(-1, 1)         # and the store has seen that they do
    provider.kill()
    for _ in range(20):
        contacts.look()
    assert reading.ask("roster_change", dn=contacts.dn, version=contacts.count,
                       add={"jid": "late@x.org"})["status"] == "down"
    provider.again()
    wait_for(lambda: reading.ask("state")["writer"] == uri_of(provider))
    contacts.look()
    contacts.add()


def test_a_password_is_right_as_soon_as_it_is_set(readers):
    """Where the replica still has the old one."""
    provider, replica, way = readers
    web = Probe().open(**settings(provider, "IM_WEB", uri=[uri_of(replica)],
                                  write_uri=[uri_of(provider)]))
    try:
        dn = provider.dn("pass")
        provider.root().add_s(dn, ldap.modlist.addModlist({
            "objectClass": [b"inetOrgPerson"], "uid": [b"pass"], "cn": [b"x"],
            "sn": [b"x"]}))
        agree(provider, replica)
        way.refuse()
        assert web.ask("password_set", dn=dn,
                       password="una nueva")["status"] == "ok"
        assert web.ask("password_check", dn=dn,
                       password="una nueva")["status"] == "ok"
    finally:
        web.end()


@pytest.fixture
def late(readers, reading):
    """person(uid): whom the store has read; then the replica stands still."""
    provider, replica, way = readers

    def add(uid, name, password, branch=""):
        dn = f"cn={name},{branch}{provider.env['PEOPLE_BASE']}"
        provider.root().add_s(dn, ldap.modlist.addModlist({
            "objectClass": [b"inetOrgPerson"], "uid": [uid.encode()],
            "cn": [name.encode()], "sn": [b"x"],
            "userPassword": [password.encode()]}))
        return dn

    def stand_still(*uids):
        agree(provider, replica)
        way.refuse()
        return [{key: person[key] for key in ("dn", "uuid", "uid")} for person in (
            reading.account(uid)["person"] for uid in uids)]
    provider.root().add_s("ou=lejos," + provider.env["PEOPLE_BASE"], [
        ("objectClass", b"organizationalUnit"), ("ou", b"lejos")])
    return add, stand_still


def tried(store, person, password):
    answer = store.ask("password_check", password=password, is_sure=True,
                       **person)
    return answer["status"], answer.get("refusal")


def test_who_a_password_belongs_to_is_asked_where_it_was_right(readers, reading,
                                                               late):
    """The replica has not heard that somebody else stands at this DN by now, and
    that another has this name (directory.md rule 4)."""
    provider, _, _ = readers
    add, stand_still = late
    ann = add("ann", "Ana", "la de ana")
    eva = add("eva", "Eva", "la de eva")
    first, second = stand_still("ann", "eva")
    root = provider.root()
    root.rename_s(ann, "cn=Ana", "ou=lejos," + provider.env["PEOPLE_BASE"])
    add("bea", "Ana", "la de bea")
    root.delete_s(eva)
    add("eva", "Eva", "la de otra")
    assert tried(reading, first, "la de bea") == ("refused", WRONG_PASSWORD)
    assert tried(reading, first, "la de ana")[0] == "ok"
    assert reading.ask("password_change", **first, was="la de bea",
                       **{"is": "una robada"})["refusal"] == WRONG_PASSWORD
    assert tried(reading, first, "la de ana")[0] == "ok"
    for password in "la de eva", "la de otra":
        assert tried(reading, second, password)[0] == "down"


@pytest.mark.parametrize("rights", ["=rsd", "=rs"])
def test_who_may_read_and_not_compare(readers, reading, late, rights):
    """Reads who it is."""
    provider, replica, _ = readers
    add, stand_still = late
    dn = add("ann", "Ana", "la de ana")
    ann, = stand_still("ann")
    for server in provider, replica:
        server.root().modify_s(DATABASE, [(ldap.MOD_ADD, "olcAccess", (
            "{0}to dn.subtree=\"%s\" attrs=entryUUID by dn.exact=\"%s\" %s "
            "by * break" % (provider.env["PEOPLE_BASE"],
                            provider.env["IM_DN"], rights)).encode())])
    for _ in range(3):
        assert tried(reading, ann, "la de ana")[0] == "ok"
        assert tried(reading, ann, "otra") == ("refused", WRONG_PASSWORD)
    provider.root().rename_s(dn, "cn=Ana", "ou=lejos,"
                             + provider.env["PEOPLE_BASE"])
    add("bea", "Ana", "la de bea")
    assert tried(reading, ann, "la de bea") == ("refused", WRONG_PASSWORD)
    assert tried(reading, ann, "la de ana")[0] == "ok"


def test_a_replica_that_is_written_to_is_named(readers):
    """Its referral is not followed: our password goes where it was meant to."""
    provider, replica, _ = readers
    store = Probe().open(**settings(provider, uri=[uri_of(replica)]))
    try:
        root = provider.root()
        dn = f"imPersonUUID={provider.uuid('admin')},ou=profiles," \
             + provider.env["IM_BASE"]
        answer = store.ask("profile_create", dn=provider.dn("admin"),
                           uuid=provider.uuid("admin"), jid="admin@example.org")
        assert answer["status"] == "broken"
        assert "ldap-replica" in store.said() and "write_uri" in store.said()
        with pytest.raises(ldap.NO_SUCH_OBJECT):
            root.search_s(dn, ldap.SCOPE_BASE)
    finally:
        store.end()


def test_the_doctor_names_a_replica_that_is_written_to(make_world, tmp_path):
    world = make_world(SAMPLE="yes", CREATE_ROOMS="everyone")
    provider, replica = provider_and_replica(
        tmp_path, one=Server.of_world(world))
    try:
        doctor = Doctor(world, tmp_path)
        doctor.write({"ldap.uri": uri_of(replica)})
        assert doctor.findings() == {"writes": FAULT}, doctor.last
        assert uri_of(replica) in doctor.says("writes")
        assert "write_uri" in doctor.says("writes")
        doctor.write({"ldap.uri": uri_of(replica),
                      "ldap.write_uri": uri_of(provider)})
        assert doctor.findings() == {}, doctor.last
    finally:
        replica.stop()
