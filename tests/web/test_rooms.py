# SPDX-License-Identifier: Apache-2.0
"""Rooms, as an administrator makes, changes and deletes them on the pages."""

import ldap.dn
import pytest

from test_people import ZOO


def entry(world, name):
    found = world.search("ou=rooms," + world.env["IM_BASE"],
                         f"(imRoomName={name})")
    return found[0][1] if found else None


def new_room(world, admin, **fields):
    name = fields.pop("name") if "name" in fields else world.name("sala")
    admin.get("/create/room")
    admin.submit("/create/room", **{"name": name, "title": f"Sala {name}",
                                    **fields})
    return name


def options(found):
    return dict(option.split("=", 1) for option in found["imRoomOption"])


def test_room_is_made_with_its_maker_as_owner(world, admin):
    name = new_room(world, admin, description="Línea una\r\nlínea dos")
    assert admin.path == f"/rooms/{name}" and "room is open" in admin.page.text
    found = entry(world, name)
    assert found["cn"] == [f"Sala {name}"]
    assert found["description"] == ["Línea una\nlínea dos"]
    assert found["imOwner"] == [
        f"uid={world.env['ADMIN_USER']},{world.env['PEOPLE_BASE']}"]
    assert options(found) == {"membersonly": "no", "public": "yes",
                              "persistent": "yes"}
    assert "imBoundTo" not in found
    admin.get("/rooms")
    assert f"/rooms/{name}" in admin.page.links
    assert f"{name}@{world.muc}" in admin.page.text


def test_title_as_long_as_the_page_lets_one_type(world, admin):
    name = new_room(world, admin, title="ñ" * 255, description="ñ" * 1024)
    assert admin.answer.status == 200
    assert entry(world, name)["cn"] == ["ñ" * 255]


def test_room_for_a_list(world, admin):
    admin.get("/create/room")
    lists = [a["value"] for tag, a in admin.page.elements if tag == "option"]
    assert lists[0] == "" and len(lists) > 10
    for number, dn in enumerate(lists[1:]):         # commas, quotes and all
        name = new_room(world, admin, list=dn, membersOnly="yes", public=None)
        assert admin.answer.status == 200, dn
        found = entry(world, name)
        assert options(found)["membersonly"] == "yes"
        assert options(found)["public"] == "no"
        assert ldap.dn.str2dn(found["imBoundTo"][0].lower()) == \
            ldap.dn.str2dn(dn.lower())
        assert admin.page.form(f"/rooms/{name}")["fields"]["list"] \
            .lower() == found["imBoundTo"][0].lower()
        if number == 5:
            break


@pytest.mark.parametrize("says,shown", [
    (None, "will be read when somebody enters"),
    ("20261122135900Z 24 2", "24 people (read on 2026-11-22 13:59 UTC)"),
    ("20261122135900Z 24 2 20261123080000Z no%20such%20object",
     "cannot be read since 2026-11-23 08:00 UTC"),
    ("- 0 0 20261123080000Z -", "last read: never"),
])
def test_room_says_how_old_its_list_is(world, admin, says, shown):
    """Rule 10 of directory.md; the im process wrote it."""
    more = {"imBoundState": [says]} if says else {}
    name = world.room(imBoundTo=[f"cn=nada,{world.env['LDAP_BASE']}"],
                      **more).partition("@")[0]
    admin.get(f"/rooms/{name}")
    assert shown in admin.page.text


def test_room_is_changed_and_keeps_what_is_not_on_the_page(world, admin):
    name = new_room(world, admin)
    dn = f"imRoomName={name},ou=rooms,{world.env['IM_BASE']}"
    world.modify(dn, imRoomOption=["membersonly=no", "public=yes",
                                   "persistent=yes", "moderated=yes",
                                   "whois=anyone"], imSubject=["Tema"])
    admin.get(f"/rooms/{name}")
    admin.submit(f"/rooms/{name}", title="Otro título", description="Nuevo",
                 membersOnly="yes", public=None)
    assert "Saved" in admin.page.text
    found = entry(world, name)
    assert found["cn"] == ["Otro título"] and found["description"] == ["Nuevo"]
    assert found["imSubject"] == ["Tema"]
    assert options(found) == {"membersonly": "yes", "public": "no",
                              "persistent": "yes", "moderated": "yes",
                              "whois": "anyone"}
    admin.submit(f"/rooms/{name}", description="")
    assert "description" not in entry(world, name)


def test_room_is_deleted_after_a_question(world, admin):
    name = new_room(world, admin)
    admin.get(f"/rooms/{name}/delete")
    assert entry(world, name)                       # asked, not done
    admin.submit(f"/rooms/{name}/delete")
    assert admin.path == "/rooms" and "deleted" in admin.page.text
    assert entry(world, name) is None
    assert admin.get(f"/rooms/{name}").status == 404


@pytest.mark.parametrize("fields,said", [
    ({"name": ""}, "needed"), ({"title": ""}, "needed"),
    ({"name": "sala de té"}, "no spaces"), ({"name": "ñ"}, "without accents"),
    ({"name": "a@b"}, "without accents"), ({"name": "a/b"}, "without accents"),
    ({"name": "x" * 65}, "at most 64"), ({"title": "x" * 256}, "Too long"),
    ({"title": " "}, "needed"), ({"title": "\u00a0 \u3000"}, "nothing to be seen"),
    ({"title": "ñ" * 256}, "Too long"),
    ({"description": "x" * 1025}, "Too long"), ({"title": "a\tb\nc"}, "Too long"),
    ({"list": "cn=nobody,dc=example,dc=org"}, "no such list"),
    ({"list": "*)(cn=*"}, "no such list")])
def test_forms_that_cannot_be_taken_come_back_filled_in(world, admin, fields,
                                                        said):
    name = new_room(world, admin, membersOnly="yes", **fields)
    assert admin.answer.status == 422
    assert said in admin.page.text and admin.page.has("p", role="alert")
    shown = admin.page.form("/create/room")["fields"]
    assert shown["membersOnly"] == "yes"
    if name and name == name.strip() and "/" not in name and "ñ" not in name:
        assert shown["name"] == name
        assert not name.isalnum() or entry(world, name) is None


def test_name_that_is_taken(world, admin):
    name = new_room(world, admin)
    new_room(world, admin, name=name.upper(), title="Otra")
    assert admin.answer.status == 409 and "already" in admin.page.text
    assert entry(world, name)["cn"] == [f"Sala {name}"]


@pytest.mark.parametrize("text", ZOO)
def test_web_05_titles_are_text_wherever_they_are_shown(world, admin, text):
    address = world.room(cn=[text], description=[text], imSubject=[text])
    name = address.partition("@")[0]
    shown = " ".join(text.split())
    for path in ("/rooms", f"/rooms/{name}", f"/rooms/{name}/delete"):
        admin.get(path)
        assert admin.answer.status == 200
        assert shown in admin.page.text
        assert not admin.page.has("script")
        assert not any("onerror" in a or "onmouseover" in a
                       for _, a in admin.page.elements)
    admin.get(f"/rooms/{name}")
    assert admin.page.form(f"/rooms/{name}")["fields"]["title"] == text


def test_room_made_by_other_tools_has_the_usual_settings(world, admin):
    name = world.room().partition("@")[0]
    admin.get(f"/rooms/{name}")
    fields = admin.page.form(f"/rooms/{name}")["fields"]
    assert fields.get("public") == "yes" and "membersOnly" not in fields
