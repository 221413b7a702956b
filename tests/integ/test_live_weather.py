# SPDX-License-Identifier: Apache-2.0
"""Changes made while the directory could not tell of them: none is missed, and
no failure is ever taken for a removal (directory.md §3.1)."""

import hashlib
import json
import shutil
import signal
import socket
import threading

import ldap
import pytest

from client import ROSTER, Client, befriend, settle, show
from faults import Proxy
from live import is_watching, profile_dn, room_dn, roster, watching
from monitor import Counters
from muc import NS, codes, enter, subject_of
from rawclient import SASL, Stream, StreamError, decoded, encoded
from scram import Scram
from service import Service
from world import wait_for

BACK = 25               # seconds: the longest pause, and a refresh
PEOPLE = 1500


class Miser(Proxy):
    """Cuts each connection when the service was given `budget` bytes."""

    budget = None
    spent = 0

    def _to_client(self, client, data):
        if self.budget is not None:
            self.spent += len(data)
            if self.spent > self.budget:
                self.spent = 0
                self.cuts = getattr(self, "cuts", 0) + 1
                raise OSError("enough")
        super()._to_client(client, data)

    def _serve_safely(self, connection):
        super()._serve_safely(connection)
        connection.close()


class Late(Proxy):
    """Keeps answers back, but for the watchers' connection, which had everybody."""

    watchers_had = 100000

    def __init__(self, port):
        self.had, self.kept, self.told = {}, 0, 0
        self.free = threading.Event()
        self.free.set()
        super().__init__(port)

    def _to_client(self, client, data):
        self.had[client] = self.had.get(client, 0) + len(data)
        if self.had[client] >= self.watchers_had:
            super()._to_client(client, data)
            self.told += 1
            return
        self.kept += not self.free.is_set()
        self.free.wait()
        super()._to_client(client, data)


@pytest.fixture(scope="module")
def private(make_world):
    """A world of many people whose slapd may be hurt."""
    world = make_world()
    for _ in range(PEOPLE):
        world.person("muchos")
    return world


@pytest.fixture
def proxied(private, tmp_path):
    port = private.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Miser(port) as proxy, Service(
            private, tmp_path, {"ldap.uri": proxy.uri}) as service:
        watching(service)
        yield service, proxy


@pytest.fixture
def scene(private, proxied):
    """Five people and two rooms, and what is about to happen to them."""
    one = Scene(private, proxied[0])
    yield one
    for client in one.everybody:
        client.cut()


class Scene:
    def __init__(self, world, service):
        self.world = world
        self.everybody = [Client(service, world.person(), "r").come()
                          for _ in range(5)]
        self.ann, self.bob, self.cem, self.dora, self.eva = self.everybody
        self.room, self.other = ("@".join((r.partition("@")[0], service.muc))
                                 for r in (world.room(), world.room()))
        for client in (self.ann, self.bob):
            client.items()
        for room in (self.room, self.other):
            enter(self.ann, room, "ann")
        for client in (self.cem, self.dora, self.eva):
            enter(client, self.room, client.person.uid)
        settle(*self.everybody)

    def changes(self):
        """Behind the service's back."""
        world = self.world
        roster(world, self.bob.person, ["eva@otra.example both 0 0 Eva"])
        world.root.delete_s(self.cem.person.dn)
        world.modify(profile_dn(world, self.dora.person),
                     imStatus=["suspended"])
        world.modify(room_dn(world, self.room), imSubject=["Mientras tanto"])
        world.root.delete_s(room_dn(world, self.other))

    def see_changes(self, within=BACK):
        """All of them, once, and nothing else."""
        push = self.bob.receive("iq", within, type="set")
        assert push.find(".//{jabber:iq:roster}item").get("jid") == \
            "eva@otra.example"
        for client in (self.cem, self.dora):
            assert ended(client, within) == "not-authorized"
        said = self.ann.receive("message", within, from_=self.room)
        assert subject_of(said) == "Mientras tanto"
        gone = self.ann.receive("presence", within,
                                from_=f"{self.other}/ann")
        assert gone.find("u:x/u:destroy", NS) is not None, show([gone])
        assert self.still_here()

    def still_here(self):
        """ann, bob and eva are online, and are told nothing more."""
        for client in (self.cem, self.dora):
            self.ann.inbox = [s for s in self.ann.inbox if not
                              s.get("from", "").endswith(client.person.uid)]
        for stanzas in settle(self.ann, self.bob, self.eva):
            left = [s for s in stanzas
                    if s.get("type") != "unavailable"
                    and subject_of(s) is None]
            assert left == [], show(left)
        return True


def ended(client, within):
    try:
        while True:
            client.next(within)
    except StreamError as why:
        return why.condition


def reconnected(service, begun):
    return service.log.count("ldap-watch-begins") > begun and is_watching(
        service.log)


def test_cut_off_and_back(proxied, scene):
    """The session log of syncprov tells what was missed."""
    service, proxy = proxied
    proxy.mode = "drop"
    proxy.cut()
    scene.changes()
    proxy.mode = "pass"
    scene.see_changes()


def test_slapd_restarted(private, proxied, scene):
    """Its session log is gone: it names all that is there, and what it does
    not name is swept."""
    service, proxy = proxied
    proxy.mode = "drop"
    proxy.cut()
    scene.changes()
    private.slapd_kill()
    private.slapd_again()
    proxy.mode = "pass"
    scene.see_changes()


def test_news_overtakes_the_answer(private, tmp_path):
    """What a login reads is older than what was told meanwhile of its person, whom
    nobody knew yet: it is read again."""
    person = private.person()
    photos = [b"\xff\xd8\xff\xe0" + bytes(n) for n in (9, 99)]
    private.modify(person.dn, jpegPhoto=photos[:1])
    Client(private, person).cut()
    wait_for(lambda: (private.profile(person) or {}).get("imScram"), 30)
    port, counters = private.env["LDAP_URI"].rpartition(":")[2], Counters(private)
    with Late(port.strip("/")) as proxy, Service(
            private, tmp_path, {"ldap.uri": proxy.uri,
                              "ldap.timeout": "30s"}) as service:
        watching(service)
        with Stream(service) as stream:
            stream.secured()
            scram = Scram("SCRAM-SHA-256", person.uid, person.password)
            before = counters.settled().read()
            proxy.free.clear()
            stream.send(f"<auth xmlns='{SASL}' mechanism='{scram.mechanism}'>"
                        f"{encoded(scram.first())}</auth>")
            wait_for(lambda: counters.since(before)["Search"] >= 2
                     and proxy.kept != 0)
            for change in (
                    lambda: private.modify(person.dn, jpegPhoto=photos[1:]),
                    lambda: roster(private, person, add=["eva@x.org none 0 0 -"])):
                told = proxy.told
                change()
                wait_for(lambda: proxy.told != told)
            proxy.free.set()
            stream.response(scram.final(decoded(stream.sasl_answer())))
            stream.restart()
            stream.bind("r")
            stream.send(f"<presence/><iq type='get' id='r'><query xmlns='{ROSTER}'/>"
                        "</iq>")
            wanted = {hashlib.sha1(photos[1]).hexdigest(), "eva@x.org"}
            wait_for(lambda: not wanted.difference_update(said(stream.next()))
                     and not wanted)


def said(stanza):
    """Photos' hashes and contacts in it."""
    return [e.text or e.get("jid") for e in stanza.iter()
            if e.tag in ("{vcard-temp:x:update}photo", f"{{{ROSTER}}}item")]


ONLINE = 20


def operations(service):
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(20)
        control.connect(str(service.folder / "control"))
        control.sendall(b'{"op": "stats"}\n')
        return json.loads(control.makefile().readline())["directory_operations"]


@pytest.mark.parametrize("how", ["cut off", "restarted"])
def test_photo_of_one_changed_meanwhile(private, proxied, how):
    """Its hash is told, and of the others online no vCard is read."""
    service, proxy = proxied
    everybody = [Client(service, private.person(), "r").come()
                 for _ in range(ONLINE)]
    ann, bob = everybody[:2]
    befriend(ann, bob)
    settle(*everybody)
    wait_for(lambda: all(private.profile(one.person).get("imScram")
                         for one in everybody), 30)
    proxy.mode = "drop"
    proxy.cut()
    private.root.modify_s(ann.person.dn, [
        (ldap.MOD_REPLACE, "jpegPhoto", b"\xff\xd8\xff\xe0" + bytes(500))])
    if how == "restarted":
        private.slapd_kill()
        private.slapd_again()
    before, looks = operations(service), service.log.count("what=people")
    proxy.mode = "pass"
    heard = bob.receive("presence", BACK, from_=ann.jid)
    assert heard.findtext("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
    # the refresh, and the second look where there is one
    wait_for(lambda: service.log.count("what=people") >= looks + (
        2 if how == "cut off" else 1), BACK)
    for client in everybody[1:]:
        assert not [s for s in client.sync() if s.tag.endswith("presence")]
    assert operations(service) - before < ONLINE / 2
    for client in everybody:
        client.cut()


def test_held_up_and_let_go(proxied, scene):
    """Mute for a moment, the connection stands."""
    service, proxy = proxied
    proxy.hold()
    scene.changes()
    proxy.release()
    scene.see_changes(10)


def test_mute_until_given_up(proxied, private, scene):
    """Mute for so long that the service hangs up and connects again."""
    service, proxy = proxied
    private.slapd(signal.SIGSTOP)
    begun = service.log.count("ldap-watch-begins")
    answer = scene.ann.set_item("nuevo@otra.example")
    assert answer.get("type") == "error"
    wait_for(lambda: "ldap-mute" in service.log)
    private.slapd(signal.SIGCONT)
    scene.changes()
    wait_for(lambda: reconnected(service, begun), BACK)
    # what was refused may have been done nevertheless: ann may be told of it
    assert scene.bob.receive("iq", BACK, type="set") is not None
    for client in (scene.cem, scene.dora):
        assert ended(client, BACK) == "not-authorized"


def test_cut_in_the_middle_of_a_refresh(private, proxied, scene):
    """What a refresh had not mentioned yet is not gone."""
    service, proxy = proxied
    private.slapd_kill()
    proxy.budget, proxy.spent, proxy.cuts = 12000, 0, 0
    private.slapd_again()
    wait_for(lambda: proxy.cuts >= 3, 40)
    assert scene.still_here()
    assert "account-gone" not in service.log
    assert "room-vanished" not in service.log
    scene.changes()
    proxy.budget = None
    scene.see_changes(60)


def test_directory_of_yesterday(private, proxied, scene, tmp_path):
    """A backup is loaded: the provider knows less than we do (53), everything
    is read again and what is not there is swept."""
    service, proxy = proxied
    data = private.state / "ldap/data"
    private.slapd_kill()
    shutil.copytree(data, tmp_path / "yesterday")
    private.slapd_again()
    watching(service)
    room = private.room()
    there = f"{room.partition('@')[0]}@{service.muc}"
    enter(scene.eva, there, "eva")
    scene.eva.sync()
    private.modify(room_dn(private, room), imSubject=["Hoy"])
    assert subject_of(scene.eva.receive("message", from_=there)) == "Hoy"
    private.slapd_kill()
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "yesterday", data)
    private.slapd_again()
    gone = scene.eva.receive("presence", BACK, from_=f"{there}/eva",
                             type="unavailable")
    assert gone.find("u:x/u:destroy", NS) is not None
    assert "ldap-watch-anew" in service.log
    assert scene.still_here() and codes(gone)
