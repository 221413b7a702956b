# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: rosters changed by any LDAP tool, and what follows."""

import ldap
import pytest

from client import befriend, condition, pushes, settle, show
from live import (build_is_slow, clock, live, profile_dn,       # noqa: F401
                  roster, shared_world)
from rawclient import escape, local
from world import wait_for

TIMES = 15


@pytest.fixture
def ann(live, login):                                           # noqa: F811
    """Somebody with a roster, who has asked for it."""
    client = login().come()
    client.items()
    return client


def push(client):
    """The next roster push, answered: (jid, (subscription, …), version)."""
    stanza = client.receive("iq", type="set")
    query = stanza.find("{jabber:iq:roster}query")
    assert query is not None, show([stanza])
    client.send(f"<iq type='result' id='{stanza.get('id')}'/>")
    (jid, item), = pushes([stanza]).items()
    return jid, item, query.get("ver")


def test_contact_added_changed_removed(live, clock, ann):       # noqa: F811
    took = clock("roster: contact")
    last = ann.roster(ver="").get("ver")
    was = None
    for value, item in (
            ("eva@otra.example both 0 0 Eva Amigas", ("both", None, "Eva",
                                                      ["Amigas"])),
            ("eva@otra.example both 0 0 Eva%20G. Amigas Facultad",
             ("both", None, "Eva G.", ["Amigas", "Facultad"])),
            ("eva@otra.example none 1 0 -", ("none", "subscribe", None, [])),
            (None, ("remove", None, None, []))) * 4:
        roster(live, ann.person, [value] if value else [],
               [was] if was else [])
        took.begin()
        jid, got, version = push(ann)
        took.end()
        assert (jid, got) == ("eva@otra.example", item)
        assert version != last
        was, last = value, version
    assert ann.items() == {}


def test_version_follows_whoever_changes_it(live, login, ann):  # noqa: F811
    """RFC 6121 §2.6: what the client has is not called right when it is not,
    though ldapmodify did not count, and though nobody was there."""
    version = ann.roster(ver="").get("ver")
    assert ann.roster(ver=version) is None
    person = ann.person
    ann.close()
    roster(live, person, ["eva@otra.example none 0 0 -"])
    again = login(person)
    changed = again.roster(ver=version)
    assert [i.get("jid") for i in changed] == ["eva@otra.example"]
    assert again.roster(ver=changed.get("ver")) is None
    roster(live, person, [], ["eva@otra.example none 0 0 -"])
    assert push(again)[1][0] == "remove"
    # as it was: then the first version is right again
    assert again.roster(ver=version) is None


def test_only_who_asked_is_pushed(live, login, ann):            # noqa: F811
    other = login(ann.person, resource="otro").come()
    roster(live, ann.person, ["eva@otra.example none 0 0 -"])
    assert push(ann)[0] == "eva@otra.example"
    assert pushes(settle(ann, other)[1]) == {}


def test_many_at_once(live, ann):                               # noqa: F811
    values = [f"c{n}@otra.example none 0 0 C%20{n}" for n in range(200)]
    roster(live, ann.person, values)
    assert {push(ann)[0] for _ in values} == {
        value.split()[0] for value in values}
    roster(live, ann.person, [], values[:100])
    assert {push(ann)[0] for _ in values[:100]} == {
        value.split()[0] for value in values[:100]}
    assert len(ann.items()) == 100


def sees(one, other, kind):
    """Until `one` is told so: each of the two rosters says it, in either order."""
    while one.receive("presence", from_=other.jid).get("type") != kind:
        pass


def test_presence_follows_subscriptions(live, clock, login):    # noqa: F811
    """As if the stanzas of RFC 6121 §3 had done it."""
    ann, bob = login().come(), login().come()
    settle(ann, bob)
    took = clock("roster: presence shown")
    for _ in range(5):
        # bob shows himself to ann only when his own roster says so
        roster(live, ann.person, [f"{bob.bare} to 0 0 -"])
        roster(live, bob.person, [f"{ann.bare} from 0 0 -"])
        took.begin()
        sees(ann, bob, None)
        took.end()
        roster(live, bob.person, [], [f"{ann.bare} from 0 0 -"])
        sees(ann, bob, "unavailable")
        roster(live, ann.person, [], [f"{bob.bare} to 0 0 -"])
    assert [s for s in settle(ann, bob)[1] if local(s) == "presence"] == []


def test_both_at_once(live, login):                             # noqa: F811
    ann, bob = login().come(), login().come()
    befriend(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        roster(live, one.person, [], [f"{other.bare} both 0 0 -"])
    for one, other in ((ann, bob), (bob, ann)):
        sees(one, other, "unavailable")


def test_request_in_the_directory_is_asked(live, ann):          # noqa: F811
    roster(live, ann.person, ["eva@otra.example Soy%20Eva"], name="imPending")
    asked = ann.receive("presence", type="subscribe")
    assert asked.get("from") == "eva@otra.example"
    assert asked.findtext("{jabber:client}status") == "Soy Eva"
    roster(live, ann.person, [], ["eva@otra.example Soy%20Eva"],
           name="imPending")
    roster(live, ann.person, ["eva@otra.example none 0 0 -"])
    push(ann)
    assert settle(ann)[0] == []


def test_our_own_change_is_pushed_once(live, ann):              # noqa: F811
    for n in range(10):
        answer = ann.set_item("eva@otra.example", name=f"Eva {n}")
        assert answer.get("type") == "result"
    # read after ours: when this is pushed, ours have come back
    roster(live, ann.person, ["fin@otra.example none 0 0 -"])
    found = []
    while not found or found[-1][0] != "fin@otra.example":
        found.append(push(ann)[:2])
    assert [item[2] for jid, item in found if jid == "eva@otra.example"] == [
        f"Eva {n}" for n in range(10)]


def test_ours_and_theirs_meet(live, ann):                       # noqa: F811
    """Changes from both sides, interleaved: nothing is lost, all is told."""
    for n in range(20):
        roster(live, ann.person, [f"t{n}@otra.example none 0 0 -"])
        assert ann.set_item(f"n{n}@otra.example").get("type") == "result"
    wanted = {f"{who}{n}@otra.example" for who in "nt" for n in range(20)}
    told = {push(ann)[0] for _ in range(40)}
    assert told == wanted == set(ann.items())
    kept = {value.split()[0] for value in
            live.profile(ann.person)["imRosterItem"]}
    assert kept == wanted


def test_value_nobody_can_read(live, ann):                      # noqa: F811
    """REL-24: it costs one contact, and does not disturb the others."""
    roster(live, ann.person, ["eva@otra.example qué 0 0 -",
                              "mar@otra.example none 0 0 -"])
    assert push(ann)[0] == "mar@otra.example"
    assert settle(ann)[0] == []
    assert set(ann.items()) == {"mar@otra.example"}


def test_two_values_for_one_contact(live, ann):                 # noqa: F811
    """By hand one can write that; it is one contact and not told for ever."""
    roster(live, ann.person, ["eva@otra.example none 0 0 Una",
                              "eva@otra.example none 0 0 Otra"])
    assert push(ann)[0] == "eva@otra.example"
    live.modify(profile_dn(live, ann.person), imVCard=["<x xmlns='y'/>"])
    roster(live, ann.person, ["fin@otra.example none 0 0 -"])
    assert push(ann)[0] == "fin@otra.example"
    assert settle(ann)[0] == []


# What XML carries and some reader, writer or server may want to change.
HOSTILE = ["a\tb", "a\nb", "a\rb", "a\r\nb", "\n", " ", "  a  ", "a  b", "-",
           "%", "%0a", "%zz", "\x7f", "\x85", "\u00a0", "\u00ad", "a\u200bb",
           "\ufdd0", "\ufffd", "\U0001fffe", "\U0010ffff", "\u202egnp",
           "e\u0301", "\ufb01", "\uff21", "𝔘", "\ue000", "a=b", "<&>'\"",
           "%" * 60]


def test_what_was_acknowledged_is_read_again(live, login, ann):  # noqa: F811
    """A contact whose name or group had a tab was pushed, and was gone when the
    directory was read the next time."""
    want = {}
    for n, text in enumerate(HOSTILE):
        jid = f"h{n}@otra.example"
        answer = ann.set_item(jid, text, [escape(text), escape(f"{text}.")])
        assert answer.get("type") == "result", (text, show([answer]))
        want[jid] = ("none", None, text, sorted([text, f"{text}."]))
        assert push(ann)[:2] == (jid, want[jid])
    roster(live, ann.person, ["fin@otra.example none 0 0 -"])
    assert push(ann)[0] == "fin@otra.example"   # it was read after that
    want["fin@otra.example"] = ("none", None, None, [])
    assert ann.items() == want
    assert settle(ann)[0] == []
    ann.close()
    again = login(ann.person)
    assert again.items() == want
    for jid in want:
        assert again.set_item(jid, subscription="remove").get(
            "type") == "result"
    assert "imRosterItem" not in live.profile(ann.person)


def test_request_with_any_words_is_asked(live, login):          # noqa: F811
    ann = login()
    for text in HOSTILE:
        bob = login().come()
        bob.presence("subscribe", ann.bare,
                     f"<status>{escape(text)}</status>")
        bob.sync()
        ann.close()
        ann = login(ann.person).come()
        asked = ann.receive("presence", type="subscribe", from_=bob.bare)
        assert asked.findtext("{jabber:client}status") == text
        ann.presence("unsubscribed", bob.bare)
        ann.sync()
        bob.close()


def test_item_too_large_to_be_kept_is_refused(ann):
    """One value holds it all; what it cannot hold is said before, not lost."""
    groups = [f"{n:02}{'%' * 62}" for n in range(32)]
    answer = ann.set_item("b@otra.example", groups=groups)
    assert answer.get("type") == "result"
    assert ann.items()["b@otra.example"][3] == groups
    answer = ann.set_item("b@otra.example", name="x", groups=groups)
    assert condition(answer) == "modify not-acceptable"
    assert ann.items()["b@otra.example"][2] is None


def test_hostile_values_while_online(live, login):
    """What another tool writes is no reason for a client to throw its list away."""
    ann = login()
    assert ann.set_item("b@otra.example", "Bea").get("type") == "result"
    ann.roster()
    dn = profile_dn(live, ann.person)
    live.root.modify_s(dn, [
        (ldap.MOD_ADD, "imRosterItem", [b"@@ to 0 0 x", b"EVA@Otra.Example to 0 0 -"]),
        (ldap.MOD_REPLACE, "imRosterVersion", [b"99999999999999999999"])])
    wait_for(lambda: "eva@otra.example" in ann.items())
    assert set(ann.items()) == {"b@otra.example", "eva@otra.example"}
    assert ann.set_item("b@otra.example", "Beatriz").get("type") == "result"
    assert ann.set_item("eva@otra.example", "Eva").get("type") == "result"
    assert ann.set_item("b@otra.example", subscription="remove").get("type") == "result"
    assert set(ann.items()) == {"eva@otra.example"}
    assert sorted(live.profile(ann.person)["imRosterItem"]) == [
        "@@ to 0 0 x", "eva@otra.example to 0 0 Eva"]
