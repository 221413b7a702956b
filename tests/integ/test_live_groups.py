# SPDX-License-Identifier: Apache-2.0
"""Roster groups: groups of the directory in contact lists, as they change there
(directory.md §4), and what a client may do with them."""

import contextlib
import itertools

import ldap
import pytest

from client import CLIENT, Client, condition, pushes, settle
from faults import Proxy
from live import (build_is_slow, clock, roster, shared_world,    # noqa: F401
                  watching)
from rawclient import PATIENCE, STANZA_ERROR, local
from service import Service
from test_slixmpp import from_, run, users
from world import wait_for

TIMES = 10
NS_TEXT = f".//{{{STANZA_ERROR}}}text"
numbers = itertools.count(1)


def groups_base(world):
    return "ou=groups," + world.env["LDAP_BASE"]


@pytest.fixture(name="service", scope="module")
def service_(shared_world, tmp_path_factory):
    base = groups_base(shared_world)
    with Service(shared_world, tmp_path_factory.mktemp("groups"), {
            "roster.groups": "(description=visible*)",
            "roster.groups_public": f"cn=conserjes,{base} ; "
                                    f"cn=porteros,{base}"}) as one:
        watching(one)
        yield one


@pytest.fixture(name="group")
def group_(world):
    """group(*people, name=None, klass=…): a new group that is shown: its DN."""
    def make(*people, name=None, klass="groupOfNames", **fields):
        name = name or f"Grupo {next(numbers)}"
        dn = f"cn={ldap.dn.escape_dn_chars(name)},{groups_base(world)}"
        fields.setdefault("description", ["visible"])
        if klass == "groupOfNames":
            fields["member"] = [p.dn for p in people] or [nobody]
        if klass == "posixGroup":
            fields |= {"gidNumber": ["77"], "memberUid": [p.uid for p in people]}
        world.root.add_s(dn, [("objectClass", klass.encode()),
                              ("cn", name.encode())]
                         + [(key, [v.encode() for v in values])
                            for key, values in fields.items() if values])
        made.append(dn)
        return dn
    made = []
    nobody = "cn=nobody," + groups_base(world)
    yield make
    for dn in made:
        with contextlib.suppress(ldap.NO_SUCH_OBJECT):
            world.root.delete_s(dn)


@pytest.fixture(name="come")
def come_(world, service):
    """come(n): so many clients of new people, available, with their rosters."""
    with contextlib.ExitStack() as stack:
        def make(n=1, *people):
            found = [stack.enter_context(Client(service, p)).come()
                     for p in people or [world.person() for _ in range(n)]]
            for client in found:
                client.items()
            return found
        yield make


def title(dn):
    return ldap.dn.str2dn(dn)[0][0][1]


def name_of(client):
    return f"Persona {client.person.uid}"


def change(world, dn, how, *people, name="member"):
    world.root.modify_s(dn, [(how, name, [
        (p.dn if name == "member" else p.uid).encode() for p in people])])


def push(client, jid):
    """The next push about this contact: (subscription, ask, name, groups).
    Those about others wait, for a group has no order."""
    others = []
    while True:
        stanza = client.receive("iq", type="set")
        (who, item), = pushes([stanza]).items()
        if who == jid:
            client.inbox[:0] = others
            return item
        others.append(stanza)


def until(client, good):
    """Reads the roster until it is so: groups are read a moment after."""
    wait_for(lambda: good(client.items()), PATIENCE)


def gone(client, other):
    while push(client, other.bare)[0] != "remove":
        pass


def sees(one, other, kind):
    while one.receive("presence", from_=other.jid).get("type") != kind:
        pass


# --- the table --------------------------------------------------------------------------

def test_member_added_and_removed(world, service, clock, group, come):  # noqa: F811
    ann, bob, cem = come(3)
    added = clock("roster group: member added")
    removed = clock("roster group: member removed")
    shown = clock("roster group: presence of a new member")
    dn = group(ann.person, bob.person)
    until(ann, lambda items: bob.bare in items)
    until(bob, lambda items: ann.bare in items)
    settle(ann, bob, cem)
    for _ in range(TIMES):
        change(world, dn, ldap.MOD_ADD, cem.person)
        for took in added, shown:
            took.begin()
        assert push(ann, cem.bare) == ("both", None, name_of(cem),
                                       [title(dn)])
        added.end()
        sees(ann, cem, None)
        shown.end()
        sees(cem, ann, None)
        push(cem, ann.bare)
        push(cem, bob.bare)
        assert set(cem.items()) == {ann.bare, bob.bare}
        change(world, dn, ldap.MOD_DELETE, cem.person)
        removed.begin()
        gone(ann, cem)
        removed.end()
        gone(cem, ann)
        gone(cem, bob)
        sees(ann, cem, "unavailable")
        sees(cem, ann, "unavailable")
        assert cem.items() == {}
        settle(ann, bob, cem)


def test_renamed(world, service, clock, group, come):           # noqa: F811
    """The group, and somebody in it."""
    ann, bob = come(2)
    took = clock("roster group: renamed")
    dn = group(ann.person, bob.person)
    until(ann, lambda items: bob.bare in items)
    settle(ann, bob)
    for n in range(TIMES):
        name = f"Otro nombre, {next(numbers)}"
        world.root.rename_s(dn, f"cn={ldap.dn.escape_dn_chars(name)}")
        took.begin()
        assert push(ann, bob.bare)[3] == [name]
        took.end()
        assert push(bob, ann.bare)[3] == [name]
        dn = f"cn={ldap.dn.escape_dn_chars(name)},{groups_base(world)}"
    world.modify(bob.person.dn, displayName=["Roberto"])
    assert push(ann, bob.bare)[2] == "Roberto"
    world.root.delete_s(dn)
    gone(ann, bob)


def test_shown_no_more(world, service, group, come):
    """The filter decides: what it does not match is no roster group."""
    ann, bob = come(2)
    dn = group(ann.person, bob.person, description=["oculto"])
    seen = group(ann.person)
    world.modify(seen, description=["oculto"])
    settle(ann)
    assert ann.items() == {}
    world.modify(dn, description=["visible ahora"])
    assert push(ann, bob.bare)[0] == "both"
    world.modify(dn, description=["oculto"])
    gone(ann, bob)


@pytest.mark.parametrize("klass", ["posixGroup", "groupOfURLs", "nested"])
def test_other_forms(world, service, group, come, klass):
    ann, bob = come(2)
    people = world.env["PEOPLE_BASE"]
    if klass == "nested":
        inner = group(ann.person, description=["oculto"])
        dn = group(name=f"Grupo {next(numbers)}")
        world.modify(dn, member=[inner])
        change(world, inner, ldap.MOD_ADD, bob.person)
    elif klass == "posixGroup":
        dn = group(ann.person, klass=klass)
        change(world, dn, ldap.MOD_ADD, bob.person, name="memberUid")
    else:
        where = f"sala{next(numbers)}"
        dn = group(klass=klass, memberURL=[
            f"ldap:///{people}??sub?(roomNumber={where})"])
        for one in ann, bob:
            world.modify(one.person.dn, roomNumber=[where])
    assert push(ann, bob.bare)[:2] == ("both", None)
    assert push(bob, ann.bare)[3] == [title(dn)]
    if klass == "groupOfURLs":
        world.modify(bob.person.dn, roomNumber=["otra"])
        gone(ann, bob)
        gone(bob, ann)


# --- presence ----------------------------------------------------------------------------------

def test_presence_flows_without_asking(world, service, group, come):
    ann, bob = come(2)
    dn = group(ann.person, bob.person)
    until(ann, lambda items: bob.bare in items)
    until(bob, lambda items: ann.bare in items)
    settle(ann, bob)
    ann.presence(inner="<show>away</show>")
    assert bob.receive("presence", from_=ann.jid).findtext(
        f"{{{CLIENT}}}show") == "away"
    bob.presence("probe", to=ann.bare)
    assert bob.receive("presence", from_=ann.jid).get("type") is None
    with Client(service, ann.person, resource="otro") as other:
        other.come()
        assert other.receive("presence", from_=bob.jid).get("type") is None
    bob.presence("unavailable")
    assert ann.receive("presence", from_=bob.jid).get("type") == "unavailable"
    assert dn


def test_each_presence_comes_once(world, service, group, come):
    """By a group, by another, and by the person's own list: once."""
    ann, bob = come(2)
    group(ann.person, bob.person)
    group(ann.person, bob.person)
    for one, other in ((ann, bob), (bob, ann)):
        until(one, lambda items, other=other: other.bare in items
              and len(items[other.bare][3]) == 2)
    roster(world, ann.person, [f"{bob.bare} both 0 0 -"])
    push(ann, bob.bare)
    settle(ann, bob)
    for _ in range(3):
        ann.presence()
        heard = [s for s in settle(ann, bob)[1] if local(s) == "presence"]
        assert len(heard) == 1
    items = ann.items()
    assert list(items) == [bob.bare] and len(items[bob.bare][3]) == 2


def test_slixmpp_follows(world, service, clock, group):         # noqa: F811
    """A client that nobody here wrote: the list, the name, the presence."""
    people = [world.person(displayName=[f"Doña {n}"]) for n in "ABC"]
    dn = group(*people[:2])
    took = clock("roster group: slixmpp sees a new member")

    async def story():
        async with users(service, *people) as (ann, bob, cem):
            jid = cem.boundjid.bare
            await ann.wait("presence_available", from_(bob.boundjid.bare))
            for _ in range(3):
                change(world, dn, ldap.MOD_ADD, people[2])
                took.begin()
                await ann.wait("presence_available", from_(jid))
                took.end()
                await cem.wait("presence_available", from_(ann.boundjid.bare))
                item = ann.client_roster[jid]
                assert item["subscription"] == "both"
                assert item["name"] == "Doña C" and item["groups"] == [title(dn)]
                change(world, dn, ldap.MOD_DELETE, people[2])
                await ann.wait("presence_unavailable", from_(jid))
                await cem.wait("presence_unavailable",
                               from_(ann.boundjid.bare))
                assert not ann.client_roster.has_jid(jid) or \
                    ann.client_roster[jid]["subscription"] == "none"
    run(story())


# --- what is the directory's, and what is one's own ------------------------------------------------

@pytest.fixture(name="two")
def two_(group, come):
    ann, bob = come(2)
    dn = group(ann.person, bob.person)
    until(ann, lambda items: bob.bare in items)
    until(bob, lambda items: ann.bare in items)
    settle(ann, bob)
    return ann, bob, dn


def own_items(world, person):
    return world.profile(person).get("imRosterItem", [])


def test_a_name_and_groups_of_ones_own(world, service, two):
    ann, bob, dn = two
    answer = ann.set_item(bob.bare, name="Beto", groups=[title(dn), "Amigos"])
    assert answer.get("type") == "result"
    assert push(ann, bob.bare) == ("both", None, "Beto", ["Amigos", title(dn)])
    # kept as an item of one's own, which says nothing of the group
    assert own_items(world, ann.person) == [f"{bob.bare} none 0 0 Beto Amigos"]
    ann.set_item(bob.bare, name="Beto B.")
    assert push(ann, bob.bare) == ("both", None, "Beto B.", [title(dn)])
    ann.set_item(bob.bare, name=name_of(bob), groups=[title(dn)])
    assert push(ann, bob.bare) == ("both", None, name_of(bob), [title(dn)])
    assert own_items(world, ann.person) == []
    assert own_items(world, bob.person) == []


def test_it_cannot_be_removed(world, service, two):
    ann, bob, dn = two
    answer = ann.set_item(bob.bare, subscription="remove")
    assert condition(answer) == "cancel not-allowed"
    assert "group" in answer.findtext(NS_TEXT)
    answer = ann.set_item(bob.bare, groups=["Amigos"])
    assert condition(answer) == "modify not-acceptable"
    assert "group" in answer.findtext(NS_TEXT)
    assert settle(ann, bob) == [[], []]
    assert ann.items()[bob.bare] == ("both", None, name_of(bob), [title(dn)])
    assert own_items(world, ann.person) == []


@pytest.mark.parametrize("kind", ["unsubscribe", "unsubscribed"])
def test_it_cannot_be_ended(service, two, kind):
    ann, bob, dn = two
    ann.presence(kind, to=bob.bare)
    answer = ann.receive("presence", type="error")
    assert condition(answer) == "cancel not-allowed"
    assert settle(ann, bob) == [[], []]
    assert bob.items()[ann.bare][0] == "both" and dn


def test_who_asks_has_it_already(service, two):
    ann, bob, dn = two
    ann.presence("subscribe", to=bob.bare)
    assert ann.receive("presence", type="subscribed").get("from") == bob.bare
    bob.presence("subscribed", to=ann.bare)
    assert settle(ann, bob) == [[], []] and dn


def test_what_was_ones_own_stays(world, service, two):
    """Subscriptions of one's own are as before when the group ends."""
    ann, bob, dn = two
    roster(world, ann.person, [f"{bob.bare} both 0 0 Beto Amigos"])
    assert push(ann, bob.bare) == ("both", None, "Beto", ["Amigos", title(dn)])
    roster(world, bob.person, [f"{ann.bare} both 0 0 -"])
    push(bob, ann.bare)
    settle(ann, bob)
    world.root.delete_s(dn)
    assert push(ann, bob.bare) == ("both", None, "Beto", ["Amigos"])
    assert push(bob, ann.bare) == ("both", None, None, [])
    # nobody went out of sight
    assert [s for both in settle(ann, bob) for s in both
            if local(s) == "presence"] == []


# --- versions -----------------------------------------------------------------------------------------

def test_version_covers_the_groups(world, service, group, come):
    """RFC 6121 §2.6: what was changed while nobody was there is noticed."""
    ann, bob, cem = come(3)
    dn = group(ann.person, bob.person)
    until(ann, lambda items: bob.bare in items)
    version = ann.roster(ver="").get("ver")
    assert ann.roster(ver=version) is None
    person = ann.person
    ann.close()
    change(world, dn, ldap.MOD_ADD, cem.person)
    until(bob, lambda items: cem.bare in items)
    ann, = come(1, person)
    found = ann.roster(ver=version)
    assert {i.get("jid") for i in found} == {bob.bare, cem.bare}
    # a push of one change has a version to come back with
    change(world, dn, ldap.MOD_DELETE, cem.person)
    stanza = ann.receive("iq", type="set")
    last = stanza.find("{jabber:iq:roster}query").get("ver")
    assert ann.roster(ver=last) is None
    assert last == version      # it is as it was


def test_half_of_a_change_is_no_version(world, service, group, come):
    ann, bob, cem = come(3)
    dn = group(ann.person)
    until(ann, lambda items: items == {})
    world.root.modify_s(dn, [(ldap.MOD_ADD, "member", [
        bob.person.dn.encode(), cem.person.dn.encode()])])
    versions = [ann.receive("iq", type="set").find(
        "{jabber:iq:roster}query").get("ver") for _ in range(2)]
    assert ann.roster(ver=versions[0]) is not None
    assert ann.roster(ver=versions[1]) is None


# --- public groups ------------------------------------------------------------------------------------

def test_everybody_sees_a_public_group(world, service, group, come):
    ann, eva, dan = come(3)
    dn = group(dan.person, name="conserjes", description=[])
    assert push(ann, dan.bare) == ("to", None, name_of(dan), ["conserjes"])
    sees(ann, dan, None)
    push(eva, dan.bare)
    assert dan.items() == {}            # who is seen does not see
    dan.presence(inner="<show>dnd</show>")
    heard = [ann.receive("presence", from_=dan.jid) for _ in range(1)]
    assert heard[0].findtext(f"{{{CLIENT}}}show") == "dnd"
    ann.presence(inner="<show>xa</show>")
    assert [s for s in settle(ann, dan)[1]
            if s.get("from", "").startswith(ann.bare)] == []
    change(world, dn, ldap.MOD_ADD, eva.person)
    assert push(dan, eva.bare)[0] == "both"
    assert push(eva, dan.bare)[0] == "both"
    assert push(ann, eva.bare)[0] == "to"
    late, = come(1)
    assert {j: i[0] for j, i in late.items().items()} == {
        dan.bare: "to", eva.bare: "to"}
    world.root.delete_s(dn)
    for one, other in ((ann, dan), (ann, eva), (dan, eva), (late, dan)):
        gone(one, other)
    sees(ann, dan, "unavailable")


# --- size -----------------------------------------------------------------------------------------------

def test_two_thousand(world, service, clock, group, come):      # noqa: F811
    """A large group: one member more is one push, and holds nobody up."""
    base = "ou=muchedumbre," + world.env["PEOPLE_BASE"]
    world.root.add_s(base, [("objectClass", b"organizationalUnit"),
                            ("ou", b"muchedumbre")])
    for n in range(2000):
        world.root.add_s(f"uid=mu{n},{base}", [
            ("objectClass", b"inetOrgPerson"), ("uid", b"mu%d" % n),
            ("cn", b"Muchos"), ("sn", b"Muchos")])
    ann, bob = come(2)
    took = clock("roster group of 2,000: member added")
    took.most = PATIENCE        # 2,000 are read; four workers share the cores
    dn = group(ann.person)
    world.root.modify_s(dn, [(ldap.MOD_ADD, "member", [
        f"uid=mu{n},{base}".encode() for n in range(2000)])])
    until(ann, lambda items: len(items) == 2000)
    settle(ann)
    for _ in range(3):
        change(world, dn, ldap.MOD_ADD, bob.person)
        took.begin()
        push(ann, bob.bare)
        took.end()
        wait_for(lambda: len(bob.items()) == 2001, PATIENCE)
        change(world, dn, ldap.MOD_DELETE, bob.person)
        gone(ann, bob)
        wait_for(lambda: bob.items() == {}, PATIENCE)
        settle(ann, bob)
    world.root.delete_s(dn)
    until(ann, lambda items: items == {})
    for n in range(2000):
        world.root.delete_s(f"uid=mu{n},{base}")
    world.root.delete_s(base)


# --- weather ---------------------------------------------------------------------------------------------

def test_what_cannot_be_read_stays(world, tmp_path, group):
    """directory.md, rules 1 and 10: no answer is not "nobody"; what changed
    meanwhile is seen afterwards."""
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    people = [world.person() for _ in range(3)]
    dn = group(*people[:2])
    with Proxy(port) as proxy, Service(world, tmp_path, {
            "ldap.uri": proxy.uri, "roster.groups": "(description=visible*)"}
            ) as service, Client(service, people[0]) as ann, \
            Client(service, people[1]) as bob:
        watching(service)
        for one, other in ((ann, bob), (bob, ann)):
            one.come()
            until(one, lambda items, other=other: other.bare in items)
        settle(ann, bob)
        proxy.mode = "drop"
        proxy.cut()
        change(world, dn, ldap.MOD_ADD, people[2])
        for _ in range(3):
            assert set(ann.items()) == {bob.bare}
            ann.presence(inner="<show>away</show>")
            bob.receive("presence", from_=ann.jid)
        assert [s for s in settle(ann, bob)[1] if local(s) == "iq"] == []
        proxy.mode = "pass"
        while people[2].jid not in pushes([ann.receive("iq", 30, type="set")]):
            pass
        assert set(ann.items()) == {bob.bare, people[2].jid}


def test_a_group_of_the_configuration_is_renamed(world, service, group, come):
    """The settings name it by its old name; it is the same group all the same."""
    ann, bob, eva = come(3)
    dn = group(bob.person, name="porteros")
    until(ann, lambda items: bob.bare in items)
    world.root.rename_s(dn, "cn=ujieres")
    new = "cn=ujieres," + groups_base(world)
    change(world, new, ldap.MOD_ADD, eva.person)
    until(ann, lambda items: {bob.bare, eva.bare} <= set(items))
    world.root.rename_s(new, "cn=porteros")
    change(world, dn, ldap.MOD_DELETE, eva.person)
    until(ann, lambda items: set(items) == {bob.bare})


def test_a_group_that_is_too_much_stays_as_it_was(world, service, two):
    """500 groups within are followed; more is an error, not half of it."""
    ann, bob, dn = two
    base = "ou=demasiados," + groups_base(world)
    world.root.add_s(base, [("objectClass", b"organizationalUnit"),
                            ("ou", b"demasiados")])
    inner = [f"cn=d{n},{base}" for n in range(501)]
    for one in inner:
        world.root.add_s(one, [("objectClass", b"groupOfNames"),
                               ("member", ann.person.dn.encode())])
    world.root.modify_s(dn, [
        (ldap.MOD_DELETE, "member", [bob.person.dn.encode()]),
        (ldap.MOD_ADD, "member", [one.encode() for one in inner])])
    wait_for(lambda: "too many groups" in service.log, PATIENCE)
    assert set(ann.items()) == {bob.bare}
    world.root.modify_s(dn, [(ldap.MOD_DELETE, "member", [
        one.encode() for one in inner])])
    gone(ann, bob)
    for one in inner + [base]:
        world.root.delete_s(one)


@pytest.mark.parametrize("key, value, complaint", [
    ("groups", "(cn=a", "no filter"), ("groups_public", "nadie", "no DN"),
    ("groups", "cn=a,dc=x; b", "no DN"),
    ("groups_title", "a b", "no attribute")])
def test_settings_that_cannot_work(world, tmp_path, key, value, complaint):
    service = Service(world, tmp_path, {f"roster.{key}": value})
    with pytest.raises(Exception) as why:
        service.start()
    service.stop()
    assert complaint in str(why.value) + service.log


def test_off_costs_nothing(world, login, group):
    """The shared service shows no groups: theirs are nobody's roster."""
    ann, bob = login().come(), login().come()
    group(ann.person, bob.person)
    settle(ann, bob)
    assert ann.items() == {} and bob.items() == {}
    # the two numbers of the person's own list, and nothing for groups
    assert ann.roster(ver="").get("ver").count("-") == 1
