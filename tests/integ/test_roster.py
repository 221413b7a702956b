# SPDX-License-Identifier: Apache-2.0
"""RFC 6121 §2, RTE-06: the contact list."""

import concurrent.futures

import pytest

from client import (NS, ROSTER, Client, condition, item_of, pushes, settle,
                    show)
from rawclient import attributes, escape


def test_empty_roster(login):
    query = login().roster()
    assert query is not None and len(query) == 0


def test_item_is_kept_with_name_and_groups(login, world):
    ann = login()
    answer = ann.set_item("b@otra.example", "Bea & <cía>", ["Amigos", "Ñandú"])
    assert answer.get("type") == "result" and len(answer) == 0
    want = {"b@otra.example": ("none", None, "Bea & <cía>",
                               ["Amigos", "Ñandú"])}
    assert ann.items() == want
    ann.close()
    with Client(world, ann.person) as again:
        assert again.items() == want
    values = world.profile(ann.person)["imRosterItem"]
    assert len(values) == 1 and values[0].startswith("b@otra.example ")


def test_item_is_replaced_as_a_whole(login):
    ann = login()
    ann.set_item("b@otra.example", "uno", ["g1", "g2"])
    ann.set_item("b@otra.example", "dos")
    assert ann.items() == {"b@otra.example": ("none", None, "dos", [])}
    ann.set_item("b@otra.example")
    assert ann.items() == {"b@otra.example": ("none", None, None, [])}


def test_item_is_removed(login):
    ann = login()
    ann.set_item("b@otra.example")
    answer = ann.set_item("b@otra.example", subscription="remove")
    assert answer.get("type") == "result"
    assert ann.items() == {}


@pytest.mark.parametrize("jid", ["nadie@otra.example", "otra.example"])
def test_removing_who_is_not_there(login, jid):
    answer = login().set_item(jid, subscription="remove")
    assert condition(answer) == "cancel item-not-found"


def test_subscription_in_a_set_is_ignored(login):
    """§2.1.2.5: only the server says what the subscription is."""
    ann = login()
    for given in ("both", "to", "from", "none"):
        ann.set_item("b@otra.example", subscription=given)
        assert ann.items()["b@otra.example"][:2] == ("none", None)
    ann.iq("set", f"<query xmlns='{ROSTER}'><item jid='b@otra.example' "
           "ask='subscribe' approved='true'/></query>")
    assert ann.items()["b@otra.example"][1] is None


BAD_SETS = {
    "no_item": ("", "modify bad-request"),
    "two_items": ("<item jid='a@x.example'/><item jid='b@x.example'/>",
                  "modify bad-request"),
    "no_jid": ("<item name='x'/>", "modify bad-request"),
    "bad_jid": ("<item jid='@@'/>", "modify jid-malformed "
                "modify bad-request"),
    "empty_jid": ("<item jid=''/>", "modify jid-malformed "
                  "modify bad-request"),
    "empty_group": ("<item jid='a@x.example'><group/></item>",
                    "modify not-acceptable"),
    "same_group_twice": ("<item jid='a@x.example'><group>g</group>"
                         "<group>g</group></item>", "modify bad-request"),
    "long_name": (f"<item jid='a@x.example' name='{'n' * 2000}'/>",
                  "modify not-acceptable"),
    "long_group": (f"<item jid='a@x.example'><group>{'g' * 2000}</group>"
                   "</item>", "modify not-acceptable"),
    "many_groups": ("<item jid='a@x.example'>" + "".join(
        f"<group>g{n}</group>" for n in range(100)) + "</item>",
        "modify not-acceptable"),
    "other_element": ("<x xmlns='u:x'/>", "modify bad-request"),
}


@pytest.mark.parametrize("inner, want", BAD_SETS.values(), ids=BAD_SETS)
def test_bad_set(login, inner, want):
    ann = login()
    answer = ann.iq("set", f"<query xmlns='{ROSTER}'>{inner}</query>")
    code = condition(answer)
    assert code and any(code.split()[1] == w.split()[1] for w in
                        want.replace(" modify", "|modify").split("|"))
    assert ann.items() == {}


def test_full_jid_becomes_bare_or_is_refused(login):
    ann = login()
    ann.set_item("b@otra.example/casa")
    assert set(ann.items()) <= {"b@otra.example"}


@pytest.mark.parametrize("name", ["", " ", "a" * 255, "%20 %", "\\ , + \"",
                                  "ñ€😀", "- - -", "a\u00a0b", "#x", "=y="])
def test_names_and_groups_of_all_kinds(login, world, name):
    ann = login()
    group = name.strip() or "g"
    assert ann.set_item("b@otra.example", name, [escape(group)]).get(
        "type") == "result"
    ann.close()
    with Client(world, ann.person) as again:
        found = again.items()["b@otra.example"]
    assert (found[2] or "", found[3]) == (name, [group])


# ---- pushes ----

def test_push_goes_to_interested_resources_only(world, login):
    person = world.person()
    one, two, quiet = (login(person, r) for r in ("uno", "dos", "tres"))
    one.roster(), two.roster()
    one.set_item("b@otra.example", "B", ["g"])
    got = settle(one, two, quiet)
    want = {"b@otra.example": ("none", None, "B", ["g"])}
    assert [pushes(found) for found in got] == [want, want, {}]
    for push in got[0] + got[1]:
        assert push.get("type") == "set" and push.get("id")
        assert push.get("from") in (None, person.jid)
    one.set_item("b@otra.example", subscription="remove")
    assert pushes(settle(one, two)[1])["b@otra.example"][0] == "remove"


def test_push_comes_before_nothing_else_is_known(login):
    """§2.1.6: a set is pushed also to the resource that made it."""
    ann = login()
    ann.roster()
    ann.set_item("b@otra.example")
    assert list(pushes(ann.sync())) == ["b@otra.example"]


def test_answers_to_pushes_are_taken_in_silence(login):
    ann = login()
    ann.roster()
    ann.set_item("b@otra.example")
    for push in ann.sync():
        ann.send(f"<iq type='result' id='{push.get('id')}'/>")
        ann.send(f"<iq type='error' id='{push.get('id')}'><error type='cancel'>"
                 "<x xmlns='u:x'/></error></iq>")
    assert ann.sync() == []


# ---- versions ----

def test_version_says_nothing_has_changed(world, login):
    ann = login()
    ann.set_item("b@otra.example")
    version = ann.roster("").get("ver")
    assert version
    assert ann.roster(version) is None
    ann.close()
    with Client(world, ann.person) as again:
        assert again.roster(version) is None
        again.set_item("c@otra.example")
        push, = [got for got in again.sync()
                 if got.find("r:query", NS) is not None]
        newer = push.find("r:query", NS).get("ver")
        assert newer and newer != version
        assert again.roster(newer) is None
        assert len(again.roster(version)) >= 1


@pytest.mark.parametrize("version", ["", "x", "99999999999999999999", "-1",
                                     "<'\">"])
def test_unknown_version_gives_the_whole_roster(login, version):
    ann = login()
    ann.set_item("b@otra.example")
    assert len(ann.roster(version)) == 1


# ---- RTE-06: somebody else's ----

@pytest.mark.parametrize("to", ["bare", "full", "ghost", "host"])
@pytest.mark.parametrize("type", ["get", "set"])
def test_rte_06_somebody_elses_roster(login, world, type, to):
    ann, bob = login(), login()
    bob.set_item("secreto@otra.example")
    address = {"bare": bob.bare, "full": bob.bare + "/nada",
               "ghost": f"nadie@{world.domain}", "host": world.domain}[to]
    answer = ann.iq(type, f"<query xmlns='{ROSTER}'>"
                    + ("<item jid='x@otra.example'/>" if type == "set" else "")
                    + "</query>", address)
    assert answer.get("type") == "error", show([answer])
    assert condition(answer).split()[1] in (
        "forbidden", "service-unavailable", "not-allowed")
    assert list(bob.items()) == ["secreto@otra.example"]


def test_rte_06_forged_push_of_another_user(login):
    """A push from somebody else reaches a client only with its true from."""
    ann, bob = login(), login()
    ann.send(f"<iq type='set' id='x' to='{bob.jid}'><query xmlns='{ROSTER}'>"
             "<item jid='malo@otra.example' subscription='both'/></query></iq>")
    _, his = settle(ann, bob)
    assert all(got.get("from") == ann.jid for got in his)
    assert bob.items() == {}


def test_own_roster_by_bare_jid(login):
    ann = login()
    answer = ann.iq("get", f"<query xmlns='{ROSTER}'/>", to=ann.bare)
    assert answer.get("type") == "result"
    assert answer.get("from") in (None, ann.bare)
    assert answer.get("to") == ann.jid


# ---- limits, and many at once ----

def test_two_sessions_edit_at_once(world, login):
    person = world.person()
    sessions = [login(person, f"s{n}") for n in range(3)]

    def edit(number):
        session = sessions[number]
        for turn in range(8):
            answer = session.set_item(f"c{number}x{turn}@otra.example",
                                      f"{turn}")
            assert answer.get("type") == "result", condition(answer)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(edit, n) for n in range(3)]:
            future.result(30)
    assert len(sessions[0].items()) == 24
    assert len(world.profile(person)["imRosterItem"]) == 24


def test_pipelined_sets_are_all_done(login):
    ann = login()
    for number in range(30):
        ann.send(f"<iq type='set' id='s{number}'><query xmlns='{ROSTER}'>"
                 f"<item{attributes(jid=f'p{number}@otra.example')}/>"
                 "</query></iq>")
    got = ann.sync()
    assert [g.get("id") for g in got] == [f"s{n}" for n in range(30)]
    assert len(ann.items()) == 30


def test_session_that_dies_midway_leaves_whole_changes(world):
    """Writes finish without their session; nothing is half-done."""
    person = world.person()
    for number in range(5):
        with Client(world, person, None) as ann:
            ann.send(f"<iq type='set' id='x'><query xmlns='{ROSTER}'><item "
                     f"jid='m{number}@otra.example' name='n'><group>g</group>"
                     "</item></query></iq>")
    with Client(world, person) as again:
        for item in again.roster():
            assert item_of(item) == ("none", None, "n", ["g"])
