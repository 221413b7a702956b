# SPDX-License-Identifier: Apache-2.0
"""A person changes the password, signed in or not, also when they must."""

import ldap
import pytest

from browser import Browser
from client import Client
from test_live_account import attempt, closed
from world import Person, wait_for

NEW = "una clave nueva & larga"


def must_change(world, person):
    world.root.modify_ext_s(
        person.dn, [(ldap.MOD_REPLACE, "pwdReset", [b"TRUE"])], serverctrls=[
            ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)])


def change(browser, person, **fields):
    browser.get("/password")
    return browser.submit("/password", **{
        "name": person.uid, "old": person.password, "password": NEW,
        "again": NEW, **fields})


def renewed(person):
    return Person(person.uid, NEW, person.dn, person.jid)


def test_changed_and_scram_needs_no_plain(world, visitor):
    """The directory has it, streams of the old one end, verifiers are made."""
    person = world.person()
    with Client(world, person) as ann:
        wait_for(lambda: world.profile(person).get("imScram"), 30)
        assert change(visitor, person).status == 200
        assert "password is changed" in visitor.page.text
        assert closed(ann)[0] == "reset"
    wait_for(lambda: attempt(world, renewed(person), None, "SCRAM-SHA-256")
             is None, 30, 0.1)
    assert attempt(world, person, None, "SCRAM-SHA-256") == "not-authorized"
    with pytest.raises(ldap.INVALID_CREDENTIALS):
        world.ldap(person.dn, person.password)
    [(_, entry)] = world.search(person.dn)
    assert entry["modifiersName"] == [person.dn]
    assert NEW not in world.logs() and person.password not in world.logs()


def test_who_must_change_it_is_led_there_and_can(world, visitor):
    person = world.person()
    must_change(world, person)
    visitor.sign_in(person.uid, person.password)
    assert visitor.answer.status == 403 and not visitor.cookies
    assert "choose another one before you go on" in visitor.page.text
    assert visitor.page.form("/password")["fields"]["name"] == person.uid
    visitor.submit("/password", old=person.password, password=NEW, again=NEW)
    assert visitor.answer.status == 200
    assert Browser(world).sign_in(person.uid, NEW).path == "/me"
    assert attempt(world, renewed(person)) is None


def test_who_must_change_it_and_does_not_know_it_hears_nothing(world, visitor):
    person = world.person()
    must_change(world, person)
    visitor.sign_in(person.uid, "otra")
    assert "choose another one" not in visitor.page.text
    assert change(visitor, person, old="otra").status == 403
    assert "choose another one" not in visitor.page.text


def test_browsers_are_signed_out(world, visitor):
    person = world.person()
    visitor.sign_in(person.uid, person.password)
    assert visitor.path == "/me" and "/password" in visitor.page.links
    other = Browser(world).sign_in(person.uid, person.password)
    visitor.get("/password")
    assert visitor.page.form("/password")["fields"]["name"] == person.uid
    assert change(visitor, person).status == 200
    for browser in visitor, other:
        browser.get("/me")
        assert browser.path.startswith("/signin")


@pytest.mark.parametrize("fields, status, said", [
    ({"old": "no es"}, 403, "do not open"), ({"old": ""}, 403, "do not open"),
    ({"name": "nadie-así"}, 403, "do not open"),
    ({"password": "corta", "again": "corta"}, 422, "at least 8"),
    ({"again": "otra clave larga"}, 422, "differ"),
    ({"password": "x" * 1025, "again": "x" * 1025}, 422, "longer than 1024"),
])
def test_what_is_not_taken(world, visitor, fields, status, said):
    person = world.person()
    change(visitor, person, **fields)
    assert visitor.answer.status == status and said in visitor.page.text
    for name in "old", "password", "again":
        assert "value" not in dict(next(
            a for t, a in visitor.page.elements if a.get("name") == name))
    assert attempt(world, person) is None


def test_what_the_policy_says_is_shown(world):
    base, name = world.env["LDAP_BASE"], world.name("politica")
    policy = f"cn={name},ou=policies,{base}"
    world.root.add_s(policy, [
        ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
        ("pwdAttribute", [b"userPassword"]), ("pwdMinLength", [b"30"]),
        ("pwdCheckQuality", [b"2"])])
    person = world.person(pwdPolicySubentry=[policy],
                          password="treinta letras por lo menos tiene")
    for language, said in (("en", "It says: "), ("es", "Dice: ")):
        browser = Browser(world, language)
        assert change(browser, person).status == 422
        after = browser.page.text.partition(said)[2]
        assert after and "quality" in after or "short" in after
    assert attempt(world, person) is None


def test_guesses_have_one_budget_with_signing_in(world):
    person = world.person()
    statuses = []
    for _ in range(6):
        browser = Browser(world)
        browser.sign_in(person.uid, "no es")
        statuses.append(browser.answer.status)
        statuses.append(change(browser, person, old="no es").status)
    assert statuses[-1] == 429 and statuses[0] == 403
    assert change(Browser(world), person).status == 429


def test_a_form_of_another_site_changes_nothing(world, visitor):
    person = world.person()
    answer = visitor.post("/password", {
        "name": person.uid, "old": person.password, "password": NEW,
        "again": NEW}, [("Origin", "https://otra.example"),
                        ("Sec-Fetch-Site", "cross-site")])
    assert answer.status == 403
    assert attempt(world, person) is None


def test_activated_by_a_link_and_scram_needs_no_plain(world, admin, visitor):
    uid = world.name("nueva")
    admin.get("/create/person")
    admin.submit("/create/person", uid=uid, givenName="Inés", sn="Peña",
                 mail=f"{uid}@example.org")
    [link] = [w for w in admin.page.words if "/activate/" in w]
    path = "/activate/" + link.strip().rpartition("/")[2]
    visitor.get(path)
    visitor.submit(path, password=NEW, again=NEW)
    assert visitor.answer.status == 200
    person = Person(uid, NEW, "", f"{uid}@{world.domain}")
    wait_for(lambda: attempt(world, person, None, "SCRAM-SHA-1") is None, 30, 0.1)
