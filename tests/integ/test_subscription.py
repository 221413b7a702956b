# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 §3 and appendix A: asking, granting, refusing, ending.

The model below is appendix A written down from the RFC, for two people of this
server; a random walk compares it with what the server does after each step.
"""

import dataclasses
import os
import random

import pytest

from client import Client, befriend, condition, pushes, settle
from rawclient import CLIENT, local

KINDS = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")


@dataclasses.dataclass
class Side:
    """What one person's roster says about the other."""
    to: bool = False
    from_: bool = False
    ask: bool = False
    request: bool = False
    approved: bool = False
    listed: bool = False

    def item(self):
        """(subscription, ask, approved) as the roster shows it, or None."""
        if not self.listed:
            return None
        word = {(False, False): "none", (True, False): "to",
                (False, True): "from", (True, True): "both"}[self.to, self.from_]
        return word, "subscribe" if self.ask else None, self.approved

    def outbound(self, kind):
        """Appendix A.2; does it go on to the other side?"""
        if kind == "subscribe":
            self.listed = True
            self.ask = self.ask or not self.to
            return True
        if kind == "unsubscribe":
            self.to = self.ask = False
            return True
        if kind == "subscribed":
            if self.request:
                self.request, self.from_, self.listed = False, True, True
                return True
            if not self.from_:                  # §3.4.2: approved beforehand
                self.approved = self.listed = True
            return False
        had = self.request or self.from_
        self.request = self.from_ = self.approved = False
        return had

    def inbound(self, kind):
        """Appendix A.3: (is it delivered?, the answer the server gives)."""
        if kind == "subscribe":
            if self.from_:
                return False, "subscribed"
            if self.approved:                   # §3.4.3
                self.from_ = True
                return False, "subscribed"
            new = not self.request
            self.request = True
            return new, None
        if kind == "unsubscribe":
            had = self.request or self.from_
            self.request = self.from_ = False
            return had, None
        if kind == "subscribed":
            had, self.to = self.ask, self.to or self.ask
            self.ask = False
            return had, None
        had = self.ask or self.to
        self.ask = self.to = False
        return had, None


def model_send(mine, theirs, kind):
    """What is delivered to (me, them) when I send it."""
    to_me, to_them = [], []
    if mine.outbound(kind):
        delivered, answer = theirs.inbound(kind)
        if delivered:
            to_them.append(kind)
        if answer and mine.inbound(answer)[0]:
            to_me.append(answer)
    return to_me, to_them


def delivered(stanzas):
    return [p.get("type") for p in stanzas
            if local(p) == "presence" and p.get("type") in KINDS]


def roster_view(client, bare):
    for item in client.roster():
        if item.get("jid") == bare:
            return (item.get("subscription"), item.get("ask"),
                    item.get("approved") in ("true", "1"))
    return None


@pytest.mark.parametrize("walk", range(6))
def test_appendix_a_random_walk(pair, walk):
    ann, bob = pair
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print("SEED", seed)
    rng = random.Random(seed)
    sides = {ann: Side(), bob: Side()}
    for step in range(40):
        one, other = rng.choice([(ann, bob), (bob, ann)])
        kind = rng.choice(KINDS)
        print(step, "ann" if one is ann else "bob", kind, sides[one])
        one.presence(kind, other.bare)
        want_one, want_other = model_send(sides[one], sides[other], kind)
        got_one, got_other = settle(one, other)
        assert delivered(got_one) == want_one
        assert delivered(got_other) == want_other
        for who, whom in ((one, other), (other, one)):
            assert roster_view(who, whom.bare) == sides[who].item()


# ---- the handshake, step by step ----

def test_handshake(pair, world):
    ann, bob = pair
    ann.roster(), bob.roster()
    ann.presence("subscribe", bob.bare, inner="<status>soy Ann</status>")
    mine, his = settle(ann, bob)
    assert pushes(mine) == {bob.bare: ("none", "subscribe", None, [])}
    asked, = his
    assert (asked.get("type"), asked.get("from")) == ("subscribe", ann.bare)
    assert asked.findtext(f"{{{CLIENT}}}status") == "soy Ann"

    bob.presence("subscribed", ann.bare)
    mine, his = settle(ann, bob)
    assert pushes(his) == {ann.bare: ("from", None, None, [])}
    assert pushes(mine) == {bob.bare: ("to", None, None, [])}
    kinds = [(p.get("type"), p.get("from")) for p in mine
             if local(p) == "presence"]
    assert kinds == [("subscribed", bob.bare), (None, bob.jid)]

    bob.presence("subscribe", ann.bare)
    settle(ann, bob)
    ann.presence("subscribed", bob.bare)
    mine, his = settle(ann, bob)
    assert pushes(mine)[bob.bare][0] == pushes(his)[ann.bare][0] == "both"
    assert (None, ann.jid) in [(p.get("type"), p.get("from")) for p in his]
    for one, other in ((ann, bob), (bob, ann)):
        profile = world.profile(one.person)
        assert len(profile["imRosterItem"]) == 1
        assert profile["imRosterItem"][0].startswith(other.bare + " ")
        assert "imPending" not in profile


def test_refusal(pair):
    ann, bob = pair
    ann.roster(), bob.roster()
    ann.presence("subscribe", bob.bare)
    settle(ann, bob)
    bob.presence("unsubscribed", ann.bare)
    mine, his = settle(ann, bob)
    assert delivered(mine) == ["unsubscribed"]
    assert pushes(mine) == {bob.bare: ("none", None, None, [])}
    assert pushes(his) == {} and bob.items() == {}


@pytest.mark.parametrize("kind, mine_left, his_left", [
    ("unsubscribe", "from", "to"), ("unsubscribed", "to", "from")])
def test_ending_one_way(pair, kind, mine_left, his_left):
    ann, bob = pair
    befriend(ann, bob)
    ann.presence(kind, bob.bare)
    mine, his = settle(ann, bob)
    assert ann.items()[bob.bare][0] == mine_left
    assert bob.items()[ann.bare][0] == his_left
    gone = {"unsubscribe": mine, "unsubscribed": his}[kind]
    assert ("unavailable" in [p.get("type") for p in gone])


def test_removing_a_contact_ends_both_ways(pair):
    """§2.5.2."""
    ann, bob = pair
    befriend(ann, bob)
    ann.roster(), bob.roster()
    ann.set_item(bob.bare, subscription="remove")
    mine, his = settle(ann, bob)
    assert sorted(delivered(his)) == ["unsubscribe", "unsubscribed"]
    assert pushes(mine)[bob.bare][0] == "remove"
    assert ann.items() == {}
    assert bob.items()[ann.bare][:2] == ("none", None)
    types = [(p.get("type"), p.get("from")) for p in his]
    assert ("unavailable", ann.jid) in types
    bob.presence(inner="<status>nuevo</status>")
    assert [p for p in settle(bob, ann)[1] if local(p) == "presence"] == []


# ---- requests wait ----

def test_request_waits_for_who_is_away(world, login):
    ann, away = login(), world.person()
    Client(world, away).close()
    ann.presence("subscribe", away.jid, inner="<status>¡hola!</status>")
    ann.sync()
    assert len(world.profile(away)["imPending"]) == 1
    for _ in range(2):                          # at each login until answered
        with Client(world, away) as bob:
            bob.come()
            asked = bob.receive("presence", type="subscribe", from_=ann.bare)
            assert asked.findtext(f"{{{CLIENT}}}status") == "¡hola!"
    with Client(world, away) as bob:
        bob.come()
        bob.presence("subscribed", ann.bare)
        settle(bob, ann)
    with Client(world, away) as bob:
        bob.come()
        assert delivered(bob.sync()) == []
    assert "imPending" not in world.profile(away)


def test_request_to_someone_who_never_logged_in(world, login):
    """The person exists in the directory only: the request must not be lost
    without a sign, nor tell that the person exists (RTE-09)."""
    ann, fresh = login(), world.person()
    ann.presence("subscribe", fresh.jid)
    assert [condition(got) for got in ann.sync()] in ([], [None])
    assert ann.items()[fresh.jid][:2] == ("none", "subscribe")
    with Client(world, fresh) as bob:
        bob.come()
        assert delivered(bob.sync()) in (["subscribe"], [])


def test_rte_09_subscribing_to_nobody_looks_the_same(world, login):
    ann, away = login(), world.person()
    Client(world, away).close()
    ann.roster()
    seen = []
    for jid in (away.jid, "z" * len(away.uid) + "@" + world.domain):
        ann.presence("subscribe", jid)
        got = ann.sync()
        seen.append([(local(s), s.get("type"), condition(s)) for s in got]
                    + [ann.items()[jid]])
    assert seen[0] == seen[1]


def test_answer_reaches_who_is_away(world, login):
    ann, bob = login().come(), login().come()
    ann.presence("subscribe", bob.bare)
    settle(ann, bob)
    ann.close()
    bob.presence("subscribed", ann.bare)
    bob.sync()
    with Client(world, ann.person) as again:
        assert again.items()[bob.bare][:2] == ("to", None)
        again.come()
        again.receive("presence", from_=bob.jid)


def test_two_who_ask_each_other_at_once(pair):
    ann, bob = pair
    ann.presence("subscribe", bob.bare)
    bob.presence("subscribe", ann.bare)
    settle(ann, bob)
    ann.presence("subscribed", bob.bare)
    bob.presence("subscribed", ann.bare)
    settle(ann, bob)
    assert ann.items()[bob.bare][0] == bob.items()[ann.bare][0] == "both"


def test_pre_approval(pair):
    """§3.4: a yes before the question."""
    ann, bob = pair
    ann.roster(), bob.roster()
    bob.presence("subscribed", ann.bare)
    settle(ann, bob)
    assert roster_view(bob, ann.bare) == ("none", None, True)
    ann.presence("subscribe", bob.bare)
    mine, his = settle(ann, bob)
    assert delivered(his) == [] and delivered(mine) == ["subscribed"]
    assert ann.items()[bob.bare][0] == "to"
    assert bob.items()[ann.bare][0] == "from"


# ---- addresses ----

def test_full_addresses_are_made_bare(pair):
    """§3.1.1, §3.1.2: to and from of subscription stanzas are bare."""
    ann, bob = pair
    ann.presence("subscribe", bob.jid)
    asked, = settle(ann, bob)[1]
    assert (asked.get("from"), asked.get("to")) == (ann.bare, bob.bare)
    bob.presence("subscribed", ann.jid)
    got = [p for p in settle(ann, bob)[0] if p.get("type") == "subscribed"]
    assert [p.get("from") for p in got] == [bob.bare]


@pytest.mark.parametrize("kind", KINDS)
def test_to_oneself_and_to_nobody(login, kind):
    ann = login()
    for to in (ann.bare, ann.jid, None):
        ann.presence(kind, to)
    assert delivered(ann.sync()) == []
    assert ann.bare not in ann.items()


def test_subscribing_elsewhere_waits_politely(login):
    """Other domains are not reached yet: the item says we asked."""
    ann = login()
    ann.presence("subscribe", "a@otra.example")
    ann.sync()
    assert ann.items()["a@otra.example"][:2] == ("none", "subscribe")


def test_all_interested_resources_hear_of_it(world, login):
    person, bob = world.person(), login().come()
    one, two = login(person, "uno").come(), login(person, "dos").come()
    one.roster(), two.roster()
    settle(one, two)
    one.presence("subscribe", bob.bare)
    settle(one, bob)
    bob.presence("subscribed", one.bare)
    got = settle(bob, one, two)[1:]
    for found in got:
        assert pushes(found)[bob.bare][0] == "to"
        assert "subscribed" in delivered(found)
        assert bob.jid in [p.get("from") for p in found]
