# SPDX-License-Identifier: Apache-2.0
"""Whose an address is: people renamed, gone, entered again, with two names.

A profile belongs to the person whose entryUUID it names; its jid follows the
name.  Everything here is done twice, for profiles of both homes."""

import dataclasses
import itertools

import ldap
import pytest

from client import Client, settle
from live import attempt, watching
from rawclient import SaslFailure, Stream
from world import Person, wait_for

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["tree", "inline"])
def home(request, make_world):
    world = make_world(PROFILES=request.param)
    watching(world)
    return world


def dn_of(world, uid):
    return f"uid={uid},{world.env['PEOPLE_BASE']}"


def enter(world, uid, name=None):
    """Somebody in the directory, as ldapadd does it."""
    password = f"clave-{uid}-{next(_numbers)}"
    world.root.add_s(dn_of(world, uid), [
        ("objectClass", b"inetOrgPerson"), ("uid", uid.encode()),
        ("cn", (name or uid).encode()), ("sn", b"Prueba"),
        ("userPassword", password.encode())])
    return Person(uid, password, dn_of(world, uid), f"{uid}@{world.domain}")


def rename(world, person, uid):
    world.root.rename_s(person.dn, f"uid={uid}", delold=1)
    return Person(uid, person.password, dn_of(world, uid),
                  f"{uid}@{world.domain}")


def name():
    return f"n{next(_numbers)}"


def jids(world):
    return sorted(entry["jid"][0] for _, entry in
                  world.search(world.profiles_base, "(jid=*)", ["jid"]))


def jid_of(world, person):
    """What the person's profile says."""
    [(_, who)] = world.search(person.dn, attributes=["entryUUID", "jid"])
    if world.more["PROFILES"] == "inline":
        return who["jid"][0]
    [(_, entry)] = world.search(world.profiles_base,
                                f"(imPersonUUID={who['entryUUID'][0]})", ["jid"])
    return entry["jid"][0]


def contacts(world, person):
    with Client(world, person) as client:
        return set(client.items())


def with_contact(world, person, jid):
    with Client(world, person) as client:
        assert client.set_item(jid).get("type") == "result"
    return person


def refusal(world, person):
    """Condition and text of a login's failure."""
    with Stream(world) as stream:
        stream.secured()
        with pytest.raises(SaslFailure) as why:
            stream.plain(person.uid, person.password)
    text = why.value.element.findtext(
        "{urn:ietf:params:xml:ns:xmpp-sasl}text")
    return why.value.condition, text


def test_address_follows_the_name(home):
    was, uid = name(), name()
    ann = with_contact(home, enter(home, was), "eva@otra.example")
    ann = rename(home, ann, uid)
    assert contacts(home, ann) == {"eva@otra.example"}
    assert ann.jid in jids(home)
    assert f"{was}@{home.domain}" not in jids(home)


def test_name_given_again_before_the_old_holder_came(home):
    """Both log in, each with the roster of their own."""
    was, uid = name(), name()
    ann = with_contact(home, enter(home, was), "eva@otra.example")
    ann = rename(home, ann, uid)
    bob = with_contact(home, enter(home, was), "mar@otra.example")
    assert contacts(home, bob) == {"mar@otra.example"}
    assert contacts(home, ann) == {"eva@otra.example"}
    assert {ann.jid, bob.jid} <= set(jids(home))


def test_two_people_who_exchange_their_names(home):
    one, two = name(), name()
    ann = with_contact(home, enter(home, one), "eva@otra.example")
    bob = with_contact(home, enter(home, two), "mar@otra.example")
    ann = rename(home, ann, name())
    bob = rename(home, bob, one)
    ann = rename(home, ann, two)
    assert contacts(home, ann) == {"eva@otra.example"}
    assert contacts(home, bob) == {"mar@otra.example"}
    assert jid_of(home, ann) == ann.jid and jid_of(home, bob) == bob.jid


def test_three_people_who_exchange_their_names(home):
    """In a circle; whoever comes first."""
    names = [name() for _ in range(3)]
    people = [with_contact(home, enter(home, uid), f"{uid}@otra.example")
              for uid in names]
    free = rename(home, people[0], name())
    people[2] = rename(home, people[2], names[0])
    people[1] = rename(home, people[1], names[2])
    people[0] = rename(home, free, names[1])
    for person, uid in zip(people, names):
        assert contacts(home, person) == {f"{uid}@otra.example"}
    assert [jid_of(home, one) for one in people] == [one.jid for one in people]


def test_person_entered_again_is_told_why_not(home):
    """Another entryUUID is another person: nobody gets what a stranger left."""
    uid = name()
    with_contact(home, enter(home, uid), "eva@otra.example")
    home.root.delete_s(dn_of(home, uid))
    again = enter(home, uid)
    if home.more["PROFILES"] == "inline":        # went with the person
        assert contacts(home, again) == set()
        return
    [(profile, _)] = home.search(home.profiles_base,
                                 f"(jid={again.jid})", ["jid"])
    condition, text = refusal(home, again)
    assert condition == "account-disabled"
    assert "administrators" in text
    wait_for(lambda: "profile-orphaned" in home.logs()
             and f' profile="{profile}" next=' in home.logs(), 10)
    assert attempt(home, again, "otra") == "not-authorized"
    home.root.delete_s(profile)
    assert contacts(home, again) == set()


def test_somebody_without_an_account_disturbs_nobody(home):
    """A request to a person who cannot have one is as to nobody."""
    uid = name()
    with_contact(home, enter(home, uid), "eva@otra.example")
    home.root.delete_s(dn_of(home, uid))
    again = enter(home, uid)
    with Client(home, enter(home, name())) as ann:
        ann.come()
        ann.presence("subscribe", again.jid)
        assert [s.get("type") for s in settle(ann)[0]
                if s.get("type") == "error"] == []


def test_one_account_is_one_address(home):
    """Of two names it is the one in the DN; the other is nobody's."""
    uid, other = name(), name()
    ann = with_contact(home, enter(home, uid), "eva@otra.example")
    home.root.modify_s(ann.dn, [(ldap.MOD_ADD, "uid", other.encode())])
    second = Person(other, ann.password, ann.dn, f"{other}@{home.domain}")
    assert attempt(home, second) == "not-authorized"
    assert contacts(home, ann) == {"eva@otra.example"}
    assert second.jid not in jids(home)
    # the one in the DN is given up: then it is the other
    home.root.rename_s(ann.dn, f"uid={other}", delold=1)
    ann = dataclasses.replace(second, dn=dn_of(home, other))
    assert contacts(home, ann) == {"eva@otra.example"}
    assert second.jid in jids(home)
