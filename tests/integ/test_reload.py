# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: every setting is in force when the log says so, with people online, or
the log and `tertuliad -C` say that it needs a restart."""

import os
import subprocess

import ldap
import pytest

from client import Client, condition, pushes, settle
from faults import Proxy
from live import attempt, watching
from rawclient import PATIENCE
from service import Service, build
from test_live_account import closed
from test_live_groups import groups_base, push
from test_people_groups import add
from world import wait_for


@pytest.fixture(name="service")
def service_(world, tmp_path):
    with Service(world, tmp_path / "s") as one:
        watching(one)
        yield one


def hup(service, settings, word="info reloaded"):
    before = service.log.count(word)
    service.write_conf(settings)
    service.hup()
    wait_for(lambda: service.log.count(word) > before, 30)


def group(world, *people, title="Grupo"):
    return add(world, world.name("recarga"), "groupOfNames", description=[title],
               member=[p.dn for p in people] or ["cn=nobody," + groups_base(world)])


# --- who may use the service --------------------------------------------------------------

def filter_without(world, person):
    return {"ldap.people_filter":
            f"(&(objectClass=inetOrgPerson)(!(uid={person.uid})))"}


def only_group(world, person):
    return {"ldap.people_groups": group(world)}


def other_base(world, person):
    base = f"ou={world.name('lejos')},{world.env['LDAP_BASE']}"
    world.root.add_s(base, [("objectClass", b"organizationalUnit")])
    return {"ldap.people_base": base}


SHUT_OUT = {"people_filter": filter_without, "people_groups": only_group,
            "people_base": other_base}


@pytest.mark.parametrize("how", SHUT_OUT)
def test_shut_out_by_other_settings(world, service, how):
    """Whoever is online is out, whoever was here a moment ago does not get in, and
    all of it is over when the settings are as before."""
    online, away = world.person(), world.person()
    with Client(service, away):
        pass
    settings = SHUT_OUT[how](world, away)
    if how == "people_filter":
        settings = {"ldap.people_filter": "(&(objectClass=inetOrgPerson)"
                    f"(!(uid={online.uid}))(!(uid={away.uid})))"}
    with Client(service, online) as ann:
        ann.come()
        hup(service, settings)
        assert closed(ann)[0] == "not-authorized"
    wait_for(lambda: attempt(service, online) == "not-authorized", PATIENCE)
    assert attempt(service, away) == "not-authorized"
    assert attempt(service, away, mechanism="SCRAM-SHA-256") == "not-authorized"
    hup(service, {})
    wait_for(lambda: attempt(service, online) is None, PATIENCE)
    assert attempt(service, away) is None


def test_those_who_may_stay(world, service):
    """Other servers, other filters: whoever may stay hears nothing of it, is
    still told of changes, and the old store is asked no more."""
    ann, bob = world.person(), world.person()
    with Client(service, ann) as one, Client(service, bob) as two:
        one.come()
        two.come()
        for _ in range(3):
            hup(service, filter_without(world, world.person()))
        watching(service)
        one.message(two.jid)
        assert len(settle(one, two)[1]) == 1
        world.modify(ann.dn, pwdAccountLockedTime=["000001010000Z"])
        assert closed(one)[0] == "not-authorized"
        assert settle(two) == [[]]


# --- what rosters, searches and rooms show ---------------------------------------------------

def test_roster_groups(world, service):
    first, second, third = (world.person() for _ in range(3))
    ours, theirs = (group(world, first, second, title="recargado"),
                    group(world, first, third))
    with Client(service, first) as ann, Client(service, second) as bob, \
            Client(service, third) as eva:
        for one in (ann, bob, eva):
            one.come()
            assert one.items() == {}
        hup(service, {"roster.groups": ours})
        assert push(ann, bob.bare)[3] == [ldap.dn.str2dn(ours)[0][0][1]]
        assert push(bob, ann.bare)[0] == "both"
        hup(service, {"roster.groups": f"{ours};{theirs}",
                      "roster.groups_title": "description"})
        assert push(ann, bob.bare)[3] == ["recargado"]
        assert push(ann, eva.bare)[0] == "both"
        hup(service, {"roster.groups": "(description=recargado)"})
        wait_for(lambda: set(ann.items()) == {bob.bare}, PATIENCE)
        hup(service, {"roster.groups_public": theirs})
        wait_for(lambda: set(ann.items()) == {eva.bare}, PATIENCE)
        assert set(bob.items()) == {ann.bare, eva.bare}
        hup(service, {})
        for one in (ann, bob, eva):
            wait_for(lambda: one.items() == {}, PATIENCE)   # pylint: disable=W0640


def pushed(*clients):
    """Who each of them was told of by pushes."""
    return [[who for who in pushes(got)] for got in settle(*clients)]


@pytest.mark.parametrize("back", [False, True], ids=["filter to DNs", "DNs to filter"])
def test_roster_groups_called_otherwise(world, service, back):
    """The same group, found by a filter or named by its DN: who stays in it is told
    nothing, who goes or comes is."""
    one, two, three = (world.person() for _ in range(3))
    word = world.name("palabra")
    ours = group(world, one, two, title=word)
    theirs = group(world, one, three, title=word)
    by_filter, by_dns = f"(description={word})", ours
    with Client(service, one) as ann, Client(service, two) as bob, \
            Client(service, three) as eva:
        for client in (ann, bob, eva):
            client.come()
        hup(service, {"roster.groups": by_filter})
        wait_for(lambda: set(ann.items()) == {bob.bare, eva.bare}, PATIENCE)
        wait_for(lambda: ann.bare in eva.items(), PATIENCE)
        if not back:
            settle(ann, bob, eva)
            hup(service, {"roster.groups": by_dns})
            assert push(eva, ann.bare)[0] == "remove"
            assert pushed(ann, bob) == [[eva.bare], []]
            assert set(bob.items()) == {ann.bare}
            return
        hup(service, {"roster.groups": by_dns})
        wait_for(lambda: set(ann.items()) == {bob.bare}, PATIENCE)
        settle(ann, bob, eva)
        hup(service, {"roster.groups": by_filter})
        assert push(eva, ann.bare)[0] == "both"
        assert pushed(ann, bob) == [[eva.bare], []]
        world.modify(theirs, member=[two.dn])   # and it is still followed
        assert push(eva, ann.bare)[0] == "remove"
        world.modify(ours, member=[two.dn, three.dn])
        assert push(eva, bob.bare)[0] == "both"


def test_dn_with_a_semicolon(world, service):
    """Escaped it is part of a DN; a DN that names nothing is told in the log."""
    base, name = groups_base(world), world.name("punto")
    first, second = world.person(), world.person()
    dn = f"cn={name}\\;y coma,{base}"
    world.root.add_s(dn, [("objectClass", b"groupOfNames"),
                          ("cn", f"{name};y coma".encode()),
                          ("member", [first.dn.encode(), second.dn.encode()])])
    with Client(service, first) as ann:
        ann.come()
        hup(service, {"roster.groups": f"cn={name}nadie,{base} ; {dn}"})
        wait_for(lambda: ann.items().get(second.jid, [None] * 4)[3]
                 == [f"{name};y coma"], PATIENCE)
    wait_for(lambda: service.log.count("roster-group-absent") == 1, PATIENCE)
    assert f"{name}nadie" in service.log.partition("roster-group-absent")[2]
    hup(service, {"ldap.people_groups": dn})
    assert attempt(service, first) is None
    assert attempt(service, world.person()) == "not-authorized"


def test_search_switched_and_bounded(world, service):
    query = "<query xmlns='jabber:iq:search'>{}</query>"
    with Client(service, world.person()) as ann:
        def ask(name="lucia"):
            return ann.iq("set", query.format(f"<nick>{name}</nick>"),
                          f"users.{service.domain}")
        assert ask().get("type") == "result"
        hup(service, {"search.enabled": "no"})
        assert condition(ask()) == "cancel remote-server-not-found"
        hup(service, {"search.filter": "(uid=andres)"})
        assert len(list(ask()[0])) == 0
        assert len(list(ask("andres")[0])) == 1
        hup(service, {"search.often": "1"})
        assert ask().get("type") == "result"
        assert condition(ask()) == "wait resource-constraint"
        hup(service, {"search.filter": "(uid=a)(b)"}, "reload-refused")
        hup(service, {"search.filter": "(&(uid=a)(?))"}, "reload-refused")


def test_rooms_and_mechanisms(world, service):
    with Client(service, world.person()) as ann:
        def enter(name):
            ann.presence(to=f"{name}@{service.muc}/ann",
                         inner="<x xmlns='http://jabber.org/protocol/muc'/>")
            return ann.receive("presence").get("type")
        ann.come()
        hup(service, {"rooms.create": "nobody"})
        assert enter(world.name("sala")) == "error"
        hup(service, {"rooms.create": "everyone"})
        assert enter(world.name("sala")) is None
    person = world.person()
    hup(service, {"sasl.mechanisms": "SCRAM-SHA-256"})
    assert attempt(service, person) == "invalid-mechanism"
    hup(service, {})
    assert attempt(service, person) is None


# --- the way to the directory -------------------------------------------------------------------

def test_password_of_the_directory(world, service, tmp_path):
    """A wrong one is not taken while the old one works; a right one is."""
    file = tmp_path / "password"
    file.write_text("wrong\n")
    file.chmod(0o600)
    with Client(service, world.person()) as ann:
        ann.come()
        hup(service, {"ldap.bind_password_file": file}, "error reload-refused")
        assert "refused the service's own bind" in service.log.rpartition("reload-refused")[2]
        assert attempt(service, world.person()) is None
        file.write_text("still wrong\n")
        hup(service, {"ldap.bind_password_file": file, "rooms.history": "3"},
            "error reload-refused")
        assert settle(ann) == [[]]


def test_a_base_that_is_not_there(world, service):
    """Whole, or not at all: a server that takes the name and shows nobody is none."""
    with Client(service, world.person()) as ann:
        ann.come()
        hup(service, {"ldap.people_base": f"ou=nadie,{world.env['LDAP_BASE']}",
                      "rooms.history": "3"}, "error reload-refused")
        assert "people_base" in service.log.rpartition("reload-refused")[2]
        assert attempt(service, world.person()) is None
        assert settle(ann) == [[]]


def test_another_server(world, service):
    port = int(world.env["LDAP_URI"].rpartition(":")[2].strip("/"))
    with Proxy(port) as proxy, Client(service, world.person()) as ann:
        ann.come()
        hup(service, {"ldap.uri": proxy.uri})
        assert attempt(service, world.person()) is None
        assert settle(ann) == [[]]
    # Gone with the proxy: nothing else can be asked any more.
    assert attempt(service, world.person()) == "temporary-auth-failure"
    hup(service, {})
    wait_for(lambda: attempt(service, world.person()) is None, 30)


def test_changes_under_way_are_answered(world, service):
    """Whoever had asked the old store gets its answer."""
    with Client(service, world.person()) as ann:
        ann.come()
        service.write_conf(filter_without(world, world.person()))
        for i in range(200):
            ann.send(f"<iq type='set' id='q{i}'><query xmlns='jabber:iq:roster'>"
                     f"<item jid='c{i}@ejemplo.org'/></query></iq>")
            if i % 20 == 0:
                service.hup()
        answers = {}
        while len(answers) < 200:
            stanza = ann.receive("iq")
            if stanza.get("id", "").startswith("q"):
                answers[stanza.get("id")] = stanza.get("type")
        assert set(answers.values()) == {"result"}
        assert len(ann.items()) == 200


# --- what needs a restart -------------------------------------------------------------------------

RESTART = {"listen.c2s": "127.0.0.1:1", "server.domain": "otra.example",
           "server.io_threads": "3", "ldap.profiles": "inline",
           "ldap.im_base": "ou=otra,dc=example,dc=org"}


def test_what_needs_a_restart_says_so(world, service):
    with Client(service, world.person()) as ann:
        ann.come()
        hup(service, RESTART)
        said = service.log.rpartition("reload-partial")[2].partition("\n")[0]
        for name in RESTART:
            section, key = name.split(".")
            assert f"[{section}] {key}" in said
        assert settle(ann) == [[]]
        ann.set_item("amigo@ejemplo.org")
        person = world.person()
        assert attempt(service, person) is None
        assert world.profile(person)
    hup(service, {})
    assert service.log.count("reload-partial") == 1
    shown = subprocess.run([build() / "tertuliad", "-C", "-c", service.conf],
                           stdout=subprocess.PIPE, check=True, text=True,
                           env=os.environ).stdout
    for text in (shown, subprocess.run([build() / "tertuliad", "-S"], text=True,
                                       stdout=subprocess.PIPE,
                                       check=True).stdout):
        assert 10 < text.count("needs a restart") < 20
