# SPDX-License-Identifier: Apache-2.0
"""XEP-0054 over the directory: whose words a vCard is, and what is kept."""

import base64

import pytest

from client import Client, condition
from live import profile_dn
from rawclient import escape

CARD = "vcard-temp"
N = {"v": CARD}


def card(client, to=None):
    answer = client.iq("get", f"<vCard xmlns='{CARD}'/>", to)
    assert answer.get("type") == "result", condition(answer)
    return answer.find("v:vCard", N)


def store(client, inner, to=None):
    return client.iq("set", f"<vCard xmlns='{CARD}'>{inner}</vCard>", to)


def texts(found, path):
    return [e.text for e in found.iterfind(
        "/".join(f"v:{step}" for step in path.split("/")), N)]


@pytest.fixture
def teacher(world, login):
    """Somebody of whom the directory says a lot."""
    person = world.person(
        cn=["María-José Ñíguez"], sn=["Ñíguez"], givenName=["María-José"],
        displayName=["María-José Ñíguez & <Cía>"], title=["Catedrática"],
        ou=["Dpto. de Física"], mail=["mj@example.org", "fisica@example.org"],
        telephoneNumber=["+34 555 123 456"], labeledURI=[
            "https://example.org/~mj Página"],
        jpegPhoto=[b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20 + b"\xff\xd9"])
    return login(person)


@pytest.mark.parametrize("status", ["suspended", "deleted", "expired", "pending", "?"])
def test_card_of_an_account_that_is_closed(world, login, status):
    """It is nobody's, by whatever rule it is closed; RTE-09."""
    reader, person = login(), world.person()
    with Client(world, person) as ann:
        ann.items()
    assert texts(card(reader, person.jid), "N/FAMILY") == [person.uid]
    world.modify(profile_dn(world, person), imStatus=[status])
    answers = [reader.iq("get", f"<vCard xmlns='{CARD}'/>", to) for to in
               (person.jid, f"nadie@{world.domain}")]
    assert [condition(a) for a in answers] == ["cancel item-not-found"] * 2
    world.modify(profile_dn(world, person), imStatus=["active"])
    assert texts(card(reader, person.jid), "N/FAMILY") == [person.uid]


def test_the_directory_speaks(teacher, login):
    for reader in (teacher, login()):
        found = card(reader, None if reader is teacher else teacher.bare)
        assert texts(found, "FN") == ["María-José Ñíguez & <Cía>"]
        assert texts(found, "N/FAMILY") == ["Ñíguez"]
        assert texts(found, "N/GIVEN") == ["María-José"]
        assert set(texts(found, "EMAIL/USERID")) == {"mj@example.org",
                                                     "fisica@example.org"}
        assert texts(found, "TITLE") == ["Catedrática"]
        assert "Dpto. de Física" in texts(found, "ORG/ORGUNIT")
        assert texts(found, "TEL/NUMBER") == ["+34 555 123 456"]
        photo = base64.b64decode(texts(found, "PHOTO/BINVAL")[0])
        assert photo == b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20 \
            + b"\xff\xd9"
        assert texts(found, "PHOTO/TYPE") == ["image/jpeg"]


def test_sample_people_have_a_face(world, login):
    found = card(login(), f"lucia@{world.domain}")
    assert texts(found, "FN") == ["Lucía Álvarez Quiroga"]
    assert base64.b64decode(texts(found, "PHOTO/BINVAL")[0]).startswith(
        b"\xff\xd8\xff")


def test_what_the_directory_has_no_place_for_is_kept(world, login):
    ann = login()
    inner = ("<BDAY>1970-01-01</BDAY><NICKNAME>Anita &amp; co</NICKNAME>"
             "<X-ALGO a='1'><z xmlns='u:z'>ñ</z></X-ALGO>")
    answer = store(ann, inner)
    assert answer.get("type") == "result", condition(answer)
    for reader in (ann, login()):
        found = card(reader, None if reader is ann else ann.bare)
        assert texts(found, "BDAY") == ["1970-01-01"]
        assert texts(found, "NICKNAME") == ["Anita & co"]
        extra = found.find("v:X-ALGO", N)
        assert extra.get("a") == "1" and extra[0].tag == "{u:z}z"
    assert "1970-01-01" in world.profile(ann.person)["imVCard"][0]


def test_the_name_is_the_directorys(teacher):
    """A change of what the directory rules is refused, or goes unheard; the
    person's entry is never written by the server."""
    before = card(teacher)
    store(teacher, "<FN>Otra Persona</FN>")
    assert texts(card(teacher), "FN") == texts(before, "FN")


def test_setting_what_one_got_changes_nothing(teacher):
    """Clients send the whole card back with one field changed."""
    from xml.etree import ElementTree as ET
    before = card(teacher)
    inner = "".join(ET.tostring(child, "unicode") for child in before)
    answer = store(teacher, inner + "<BDAY>1970-01-01</BDAY>")
    assert answer.get("type") == "result", condition(answer)
    after = card(teacher)
    assert texts(after, "BDAY") == ["1970-01-01"]
    after.remove(after.find("v:BDAY", N))
    assert sorted(ET.tostring(e) for e in after) == sorted(
        ET.tostring(e) for e in before)


def test_empty_card_removes_the_remainder(world, login):
    ann = login()
    store(ann, "<BDAY>1970-01-01</BDAY>")
    store(ann, "")
    assert texts(card(ann), "BDAY") == []
    assert "imVCard" not in world.profile(ann.person)


def test_remainder_that_is_no_card_costs_nothing_else(world, login):
    """Some other tool wrote it: what the directory shows is shown."""
    ann, bob = login(), login()
    name = texts(card(ann), "FN")
    store(ann, "<BDAY>1970-01-01</BDAY>")
    for odd in "<x xmlns='y'/>", "<vCard", "no XML":
        world.modify(profile_dn(world, ann.person), imVCard=[odd])
        assert texts(card(bob, ann.bare), "FN") == texts(card(ann), "FN") == name
    assert store(ann, "<BDAY>1971-01-01</BDAY>").get("type") == "result"
    assert texts(card(bob, ann.bare), "BDAY") == ["1971-01-01"]


def test_what_could_not_be_read_again_is_refused(login):
    ann, bob = login(), login()
    store(ann, "<BDAY>1970-01-01</BDAY>")
    answer = store(ann, "<a>" * 20 + "x" + "</a>" * 20)
    assert condition(answer) == "modify not-acceptable", condition(answer)
    assert texts(card(bob, ann.bare), "BDAY") == ["1970-01-01"]
    for depth in 14, 15, 16:
        answer = store(ann, "<a>" * depth + "x" + "</a>" * depth)
        seen = card(bob, ann.bare).find(".//" + "/".join(["v:a"] * depth), N)
        assert (seen is not None) == (answer.get("type") == "result"), depth


def test_card_of_somebody_else_is_not_ours_to_write(world, login):
    ann, bob = login(), login()
    for to in (bob.bare, world.domain, bob.bare + "/x"):
        answer = store(ann, "<BDAY>1</BDAY>", to)
        assert answer.get("type") == "error"
        assert condition(answer).split()[1] in (
            "forbidden", "not-allowed", "service-unavailable")
    assert texts(card(bob), "BDAY") == []


def test_card_of_nobody(world, login):
    ann = login()
    answer = ann.iq("get", f"<vCard xmlns='{CARD}'/>", f"nadie@{world.domain}")
    assert condition(answer) in ("cancel service-unavailable",
                                 "cancel item-not-found")


def test_too_large_a_card(login):
    ann = login()
    answer = store(ann, f"<DESC>{'x' * 140000}</DESC>")
    assert answer.get("type") == "error"
    assert condition(answer).split()[1] in ("not-acceptable",
                                            "policy-violation",
                                            "resource-constraint")
    assert ann.sync() == []


def test_hostile_values_of_the_directory(world, login):
    hostile = "'\"><x/>&amp;<![CDATA[\u0085\u2028"
    person = world.person(displayName=[hostile], title=[hostile],
                          description=[hostile])
    found = card(login(), person.jid)
    assert texts(found, "FN") == [hostile]


def test_secrets_are_in_no_card(world, login):
    """LDAP-18."""
    person = world.person(homePhone=["+34 999 CANARIO"],
                          homePostalAddress=["CANARIO 1"],
                          employeeNumber=["CANARIO"])
    Client(world, person).cut()
    ann = login()
    ann.raw = b""
    card(ann, person.jid)
    assert b"CANARIO" not in ann.raw and b"SCRAM" not in ann.raw
    assert escape(person.password).encode() not in ann.raw


def test_changes_in_the_directory_show(world, teacher):
    world.modify(teacher.person.dn, displayName=["Nuevo Nombre"])
    assert texts(card(teacher), "FN") == ["Nuevo Nombre"]
