# SPDX-License-Identifier: Apache-2.0
"""profiles = inline: accounts on the people's own entries, and all is as ever.

The tests of the other files that come into this one by their names are made here
again, in a world of that kind.
"""

# ruff: noqa: F401, F811
import ldap
import pytest

from client import Client, befriend, settle
from doctor import Doctor
from live import build_is_slow, clock, live, profile_dn
from test_live_account import (
    attempt, closed, test_moved_and_still_the_same, test_new_person_is_there_at_once,
    test_password_changed, test_person_deleted,
    test_person_renamed, test_photo, test_photo_at_the_first_presence,
    test_photo_changed_while_logging_in, test_profile_status,
    test_what_does_not_matter_disturbs_nobody)
from test_live_roster import *          # noqa: F403
from test_roster import *               # noqa: F403
from test_vcard import *                # noqa: F403
from test_web_story import *            # noqa: F403
from test_web_story import Api
from world import wait_for

del test_ordinary_people_are_no_administrators      # of the shared world's people


@pytest.fixture(scope="module")
def inline(make_world):
    return make_world(SAMPLE="yes", CREATE_ROOMS="everyone", PROFILES="inline")


@pytest.fixture
def world(inline):
    inline.check()
    yield inline
    inline.check()


def entry(world, person):
    return world.search(person.dn)[0][1]


def bare(entry):
    """Without what the server keeps."""
    return {name: sorted(values) for name, values in entry.items()
            if name not in ("modifiersName", "modifyTimestamp", "entryCSN",
                            "contextCSN")}


def test_the_first_conversation(world):
    """No account is there before, and none is made elsewhere."""
    lucia, andres = world.person(), world.person()
    with Client(world, lucia) as ann, Client(world, andres) as bob:
        ann.come()
        bob.come()
        befriend(ann, bob)
        ann.message(bob.bare, "¿qué tal?")
        assert bob.receive("message").findtext(
            "{jabber:client}body") == "¿qué tal?"
    now = entry(world, lucia)
    assert "imUser" in now["objectClass"] and now["jid"] == [lucia.jid]
    assert now["imRosterItem"][0].startswith(f"{andres.jid} both ")
    assert len(world.search("ou=profiles," + world.env["IM_BASE"])) == 1


def test_the_account_goes_and_the_person_stays(world):
    """directory.md rule 9."""
    person = world.person()
    was = bare(entry(world, person))
    with Client(world, person) as ann:
        ann.come()
        assert ann.set_item("eva@otra.example").get("type") == "result"
        ann.iq("set", "<vCard xmlns='vcard-temp'><BDAY>1</BDAY></vCard>")
        wait_for(lambda: entry(world, person).get("imScram"))
        status, _ = Api(world)("DELETE", f"/accounts/{person.uid}")
        assert status in (200, 204)
        assert closed(ann)[0] == "not-authorized"
    assert bare(entry(world, person)) == was
    with Client(world, person) as again:
        assert again.items() == {}


def test_class_taken_off_by_any_tool(live, login):
    ann = login().come()
    wait_for(lambda: "imScram" in entry(live, ann.person))      # it comes late
    names = [name for name in entry(live, ann.person)
             if name == "jid" or name.startswith("im")]
    live.root.modify_s(ann.person.dn, [
        (ldap.MOD_DELETE, "objectClass", b"imUser"),
        *((ldap.MOD_DELETE, name, None) for name in names)])
    condition, text = closed(ann)
    assert condition == "not-authorized" and "removed" in text


def test_jid_taken_away_by_any_tool(live, login):
    """It says where the account is, and the service keeps it so; at once of who is
    in memory, else when anybody asks for them."""
    ann, away = login().come(), live.person()
    Client(live, away).close()
    for person in ann.person, away:
        live.modify(person.dn, jid=None)
    with Client(live, away) as again:
        assert again.set_item("eva@otra.example").get("type") == "result"
    for person in ann.person, away:
        wait_for(lambda person=person: entry(live, person).get("jid") == [person.jid])
    assert ann.set_item("eva@otra.example").get("type") == "result"


def test_suspended_by_the_web_and_back(live, login):
    ann = login().come()
    api = Api(live)
    for status in ("suspended", "active"):
        code, answer = api("PATCH", f"/accounts/{ann.person.uid}",
                           {"status": status})
        assert code in (200, 204), answer
        if status == "suspended":
            assert closed(ann)[0] == "not-authorized"
            assert attempt(live, ann.person) == "not-authorized"
    assert attempt(live, ann.person) is None


JIDS = {                # of RFC 8284, the institution's own; {} is the address here
    "elsewhere": ["old@jabber.example"], "here": ["{}"],
    "two": ["old@jabber.example", "older@jabber.example"],
    "another-s": ["somebody@localhost"]}


@pytest.mark.parametrize("jids", JIDS)
def test_somebody_who_has_a_jid_of_their_own(live, login, jids):
    """It is left as it is; they log in, write, are suspended, let go."""
    person = live.person()
    own = [jid.format(person.jid) for jid in JIDS[jids]]
    live.root.modify_s(person.dn, [
        (ldap.MOD_ADD, "objectClass", b"JIDObject"),
        (ldap.MOD_ADD, "jid", [jid.encode() for jid in own])])
    was, api = bare(entry(live, person)), Api(live)
    with Client(live, person) as ann:
        assert ann.bare == person.jid
        assert ann.set_item("eva@otra.example").get("type") == "result"
        wait_for(lambda: entry(live, person).get("imScram"))
    assert sorted(entry(live, person)["jid"]) == sorted(own)
    with Client(live, person) as ann:
        assert set(ann.items()) == {"eva@otra.example"}
    code, answer = api("GET", f"/accounts/{person.uid}")
    assert answer["jid"] == person.jid
    for status, wanted in (("suspended", "not-authorized"), ("active", None)):
        code, answer = api("PATCH", f"/accounts/{person.uid}", {"status": status})
        assert code in (200, 204), answer
        assert attempt(live, person) == wanted
    code, _ = api("DELETE", f"/accounts/{person.uid}")
    assert code in (200, 204)
    assert bare(entry(live, person)) == was


def test_jid_of_their_own_is_not_taken_away_for_another(live, login):
    """Whose address it is here has it, whatever somebody's entry says."""
    person, other = live.person(), live.person()
    live.root.modify_s(other.dn, [
        (ldap.MOD_ADD, "objectClass", b"JIDObject"),
        (ldap.MOD_ADD, "jid", person.jid.encode())])
    with Client(live, person) as ann:
        assert ann.set_item("eva@otra.example").get("type") == "result"
    assert entry(live, other)["jid"] == [person.jid]


@pytest.fixture(scope="module")
def examined(make_world):
    """In a world of its own: other tests write what nobody can read, and the doctor
    names it."""
    return make_world(SAMPLE="yes", CREATE_ROOMS="everyone", PROFILES="inline")


@pytest.fixture
def doctor(examined, tmp_path):
    return Doctor(examined, tmp_path)


def test_the_doctor_finds_nothing(doctor):
    assert doctor.findings() == {}, doctor.last


RULES = {
    "roster": ("attrs=imRosterItem by dn.exact=cn=im,ou=services,ou=im,"
               "dc=example,dc=org read by * break", "access-im", "roster"),
    "status": ("attrs=imStatus by dn.exact=cn=im,ou=services,ou=im,"
               "dc=example,dc=org write by * break", "access-im", "suspension"),
    "removal": ("attrs=imVCard by dn.exact=cn=im-web,ou=services,ou=im,"
                "dc=example,dc=org none by * break", "access-web", "remove"),
}


@pytest.mark.parametrize("text, check, word", RULES.values(), ids=RULES)
def test_the_doctor_finds_a_rule_that_is_wrong(doctor, text, check, word):
    database = "olcDatabase={1}mdb,cn=config"
    doctor.world.root.modify_s(database, [(ldap.MOD_ADD, "olcAccess", [
        b"{0}to dn.subtree=ou=people,dc=example,dc=org " + text.encode()])])
    try:
        assert set(doctor.findings()) == {check}, doctor.last
        assert word in doctor.says(check)
    finally:
        doctor.world.root.modify_s(database, [
            (ldap.MOD_DELETE, "olcAccess", b"{0}")])
