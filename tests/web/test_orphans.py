# SPDX-License-Identifier: Apache-2.0
"""Accounts whose person is gone: seen, removed, and in whose way they are."""

import urllib.parse

import pytest

from browser import Browser


@pytest.fixture
def lost(world):
    """Somebody who had an account and was entered again: (entryUUID, uid)."""
    person = world.person()
    uid = person.uid
    browser = Browser(world).sign_in()
    browser.get(f"/people/{uid}")
    browser.submit(f"/people/{uid}/account")
    [(_, entry)] = world.search(person.dn, attributes=["entryUUID"])
    world.root.delete_s(person.dn)
    return entry["entryUUID"][0], uid


def there(world, uuid):
    return world.search(world.profiles_base, f"(imPersonUUID={uuid})") != []


def test_they_are_listed_and_nobody_else_is(world, admin, lost, login):
    uuid, uid = lost
    login(world.person()).come()
    admin.get("/people")
    assert "/orphans" in admin.page.links
    admin.get("/orphans")
    assert f"{uid}@{world.domain}" in admin.page.text
    assert f"/orphans/{uuid}/delete" in admin.page.links
    listed = [a.removeprefix("/orphans/").removesuffix("/delete")
              for a in admin.page.links if a.startswith("/orphans/")]
    for one in listed:
        assert world.search(world.env["PEOPLE_BASE"], f"(entryUUID={one})") == []


def test_the_api_says_who_has_the_name_now(world, api, lost):
    uuid, uid = lost
    before = api.call("GET", f"/orphans/{uuid}").json()
    assert before == {
        "id": uuid, "jid": f"{uid}@{world.domain}", "status": "active",
        "entry": f"imPersonUUID={uuid},{world.profiles_base}",
        "person": before["person"], "heir": None}
    world.person(uid=uid)
    assert api.call("GET", f"/orphans/{uuid}").json()["heir"] == uid
    assert uuid in [o["id"] for o in
                    api.call("GET", "/orphans?limit=500").json()["orphans"]]
    none = api.call("GET", "/orphans?limit=0").json()
    assert none == {"orphans": [], "isCut": True}


def test_name_is_free_again_after_a_question(world, admin, api, lost, login):
    """POST said 409 and GET 404, and nothing could be done."""
    uuid, uid = lost
    again = world.person(uid=uid)
    admin.get(f"/people/{uid}")
    admin.submit(f"/people/{uid}/account")
    assert "Accounts without a person" in admin.page.text
    answer = api.call("POST", "/accounts", {"uid": uid})
    assert answer.status == 409 and "person is gone" in answer.text
    admin.get(f"/orphans/{uuid}/delete")
    assert f"Remove the account {uid}@{world.domain}?" in admin.page.text
    assert "contact list" in admin.page.text and there(world, uuid)
    admin.submit(f"/orphans/{uuid}/delete")
    assert admin.path == "/orphans" and not there(world, uuid)
    assert f"/orphans/{uuid}/delete" not in admin.page.links
    assert "orphan-delete" in world.logs()
    login(again).come()
    assert admin.get(f"/orphans/{uuid}/delete").status == 404


def test_the_gift_is_what_gives_it(world, admin, lost, login):
    """What the page shows is LDIF, and the person has the account after it."""
    uuid, uid = lost
    again = world.person(uid=uid)
    [(_, entry)] = world.search(again.dn, attributes=["entryUUID"])
    admin.get(f"/orphans/{uuid}/delete")
    for line in (f"dn: imPersonUUID={uuid},{world.profiles_base}",
                 f"newrdn: imPersonUUID={entry['entryUUID'][0]}",
                 f"imPerson: {again.dn}"):
        assert line in admin.page.text
    world.root.rename_s(f"imPersonUUID={uuid},{world.profiles_base}",
                        f"imPersonUUID={entry['entryUUID'][0]}", delold=1)
    login(again).come()
    assert admin.get(f"/orphans/{uuid}/delete").status == 404


def test_no_account_of_somebody_is_removed_here(world, admin, api, login):
    """Renamed, or out of people_filter: there all the same."""
    person = world.person()
    login(person).come()
    [(_, entry)] = world.search(person.dn, attributes=["entryUUID"])
    [uuid] = entry["entryUUID"]
    assert there(world, uuid)
    world.root.rename_s(person.dn, f"uid={world.name('otra')}", delold=1)
    for _ in range(2):
        assert api.call("GET", f"/orphans/{uuid}").status == 404
        assert api.call("DELETE", f"/orphans/{uuid}").status == 404
        assert admin.post(f"/orphans/{uuid}/delete", {}).status in (403, 404)
    assert there(world, uuid)


def test_nobody_is_made_who_could_not_have_the_address(world, api, admin, lost):
    _, uid = lost
    answer = api.call("POST", "/accounts", {"uid": uid, "sn": "x", "mail": "x@y.example"})
    assert answer.status == 409
    assert world.search(world.env["PEOPLE_BASE"], f"(uid={uid})") == []


@pytest.mark.parametrize("odd", ["*", "x", "00000000-0000-4000-8000-00000000000",
                                 ")(jid=*", "ñ"])
def test_odd_ids_are_nobodys(api, odd):
    path = "/orphans/" + urllib.parse.quote(odd, safe="")
    assert api.call("DELETE", path).status == 404
