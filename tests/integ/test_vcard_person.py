# SPDX-License-Identifier: Apache-2.0
"""XEP-0054 written into the person's own entry, as that person (RFC 4370)."""

import base64
import hashlib

import ldap
import pytest

from client import befriend, condition, settle
from test_vcard import CARD, card, store, texts

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)


def photo(data):
    return (f"<PHOTO><TYPE>image/png</TYPE><BINVAL>"
            f"{base64.encodebytes(data).decode()}</BINVAL></PHOTO>")


def entry(world, person):
    return world.root.search_s(person.dn, ldap.SCOPE_BASE)[0][1]


def said(answer):
    return "".join(answer.itertext())


@pytest.fixture
def ann(world, login):
    return login(world.person(
        telephoneNumber=["+34 1"], mobile=["+34 600"], mail=["ann@example.org"],
        labeledURI=["https://example.org/~ann Página", "https://other.example/"],
        jpegPhoto=[JPEG]))


MINE = ("<URL>https://example.org/~ann</URL>"
        "<TEL><CELL/><NUMBER>+34 600</NUMBER></TEL>")


@pytest.mark.parametrize("data,kind", [(PNG, "image/png"),
                                       (JPEG + b"\xff\xd9", "image/jpeg")])
def test_a_new_photo_is_in_the_directory(world, ann, login, data, kind):
    answer = store(ann, MINE + photo(data))
    assert answer.get("type") == "result", condition(answer)
    assert entry(world, ann.person)["jpegPhoto"] == [data]
    found = card(login(), ann.bare)
    assert base64.b64decode(texts(found, "PHOTO/BINVAL")[0]) == data
    assert texts(found, "PHOTO/TYPE") == [kind]
    assert "imVCard" not in world.profile(ann.person)


def test_a_photo_that_is_left_out_is_taken_away(world, ann):
    assert store(ann, MINE).get("type") == "result"
    assert "jpegPhoto" not in entry(world, ann.person)
    assert texts(card(ann), "PHOTO/BINVAL") == []


def test_the_person_who_did_it_is_in_the_directory(world, ann):
    """Not cn=im: the rights were that person's."""
    assert store(ann, MINE + photo(PNG)).get("type") == "result"
    found = world.root.search_s(ann.person.dn, ldap.SCOPE_BASE,
                                attrlist=["modifiersName"])[0][1]
    assert found["modifiersName"] == [ann.person.dn.encode()]


def test_several_fields_in_one_change(world, ann):
    inner = ("<URL>https://example.org/nueva</URL>"
             "<TEL><CELL/><NUMBER>+34 601</NUMBER></TEL>"
             "<TEL><CELL/><NUMBER>+34 602</NUMBER></TEL>"
             "<TEL><WORK/><NUMBER>+34 1</NUMBER></TEL>"
             "<TEL><HOME/><NUMBER>+34 9</NUMBER></TEL><BDAY>1970-01-01</BDAY>")
    assert store(ann, inner + photo(PNG)).get("type") == "result"
    now = entry(world, ann.person)
    assert set(now["mobile"]) == {b"+34 601", b"+34 602"}
    assert now["jpegPhoto"] == [PNG]
    # Only what the vCard showed of it was replaced.
    assert set(now["labeledURI"]) == {b"https://example.org/nueva",
                                      b"https://other.example/"}
    assert now["telephoneNumber"] == [b"+34 1"]
    found = card(ann)
    assert texts(found, "URL") == ["https://example.org/nueva"]
    assert {"+34 601", "+34 602", "+34 9", "+34 1"} == set(
        texts(found, "TEL/NUMBER"))
    assert texts(found, "BDAY") == ["1970-01-01"]


def test_what_was_said_to_be_done_is_there(world, ann):
    """Two where one is shown: none, and said so.  A URL with spaces is all of it, and
    no URL with a label."""
    answer = store(ann, MINE + "<URL>https://b.example/</URL>" + photo(PNG))
    assert condition(answer) == "modify not-acceptable" and "URL" in said(answer)
    answer = store(ann, MINE + photo(PNG) + photo(JPEG))
    assert condition(answer) == "modify not-acceptable" and "PHOTO" in said(answer)
    assert entry(world, ann.person)["jpegPhoto"] == [JPEG]
    assert store(ann, "<URL>not a url ñ</URL>").get("type") == "result"
    assert texts(card(ann), "URL") == ["not%20a%20url%20ñ"]
    assert "not%20a%20url%20ñ".encode() in entry(world, ann.person)["labeledURI"]


def test_a_set_is_lossless(ann):
    from xml.etree import ElementTree as ET
    store(ann, MINE + photo(PNG) + "<X-MORE>z</X-MORE>")
    before = card(ann)
    inner = "".join(ET.tostring(child, "unicode") for child in before)
    assert store(ann, inner).get("type") == "result"
    assert ET.tostring(card(ann)) == ET.tostring(before)


def test_the_others_hear_of_it(ann, login):
    """XEP-0153, without the client saying it."""
    bob = login().come()
    ann.come()
    befriend(ann, bob)
    settle(ann, bob)
    assert store(ann, MINE + photo(PNG)).get("type") == "result"
    heard = bob.receive("presence", from_=ann.jid)
    assert heard.findtext(".//{vcard-temp:x:update}photo") == hashlib.sha1(
        PNG).hexdigest()


@pytest.mark.parametrize("data,text", [
    (JPEG + bytes(64 * 1024), "KiB"), (b"RIFF....WEBP", "neither JPEG"),
], ids=["too large", "of no kind"])
def test_a_photo_that_cannot_be_is_refused_by_name(world, ann, data, text):
    answer = store(ann, MINE + photo(data) + "<BDAY>1970-01-01</BDAY>")
    assert condition(answer) == "modify not-acceptable"
    assert text in said(answer)
    assert entry(world, ann.person)["jpegPhoto"] == [JPEG]
    assert texts(card(ann), "BDAY") == []


def test_what_is_the_directorys_is_refused_and_nothing_else_is_done(world, ann):
    answer = store(ann, "<FN>Otra</FN>" + photo(PNG))
    assert condition(answer) == "cancel not-allowed" and "FN" in said(answer)
    assert entry(world, ann.person)["jpegPhoto"] == [JPEG]


@pytest.fixture
def refusing(world):
    """The institution lets people write their photo no more."""
    database = "olcDatabase={1}mdb,cn=config"
    world.root.modify_s(database, [(ldap.MOD_ADD, "olcAccess", [
        b"{0}to attrs=jpegPhoto by users read"])])
    yield
    world.root.modify_s(database, [(ldap.MOD_DELETE, "olcAccess", b"{0}")])


def test_the_directory_says_no(world, ann, refusing):
    answer = store(ann, MINE + photo(PNG) + "<BDAY>1970-01-01</BDAY>")
    assert condition(answer) == "cancel not-allowed"
    assert "PHOTO" in said(answer) and "directory" in said(answer)
    assert entry(world, ann.person)["jpegPhoto"] == [JPEG]
    assert texts(card(ann), "BDAY") == []


def test_somebody_changed_it_meanwhile(world, ann, login):
    """Two clients of one person, at once: each is told what became of it."""
    other = login(ann.person, resource="otro")
    for n, client in enumerate((ann, other)):
        client.send(f"<iq type='set' id='w{n}'><vCard xmlns='{CARD}'>"
                    f"<URL>https://{n}/</URL></vCard></iq>")
    answers = [ann.answer("w0"), other.answer("w1")]
    urls = entry(world, ann.person)["labeledURI"]
    assert "result" in [a.get("type") for a in answers]
    for n, answer in enumerate(answers):
        if answer.get("type") == "error":
            assert condition(answer) == "wait resource-constraint"
            assert f"https://{n}/".encode() not in urls
    assert len([u for u in urls if u in (b"https://0/", b"https://1/")]) == 1


LONG = "https://long.example/" + "x" * 1100 + " Mi CV"


def urls(world, person):
    return entry(world, person).get("labeledURI", [])


@pytest.mark.parametrize("has,stays", [
    (["https://a.example/ Página", LONG, "https://b.example/"],
     [LONG, "https://b.example/"]),
    ([LONG], [LONG])], ids=["among others", "alone"])
def test_what_cannot_be_read_stays(world, login, has, stays):
    ann = login(world.person(labeledURI=has))
    assert store(ann, "<URL>https://new.example/</URL>").get("type") == "result"
    assert set(urls(world, ann.person)) == {
        value.encode() for value in ["https://new.example/", *stays]}
    assert texts(card(ann), "URL") == ["https://new.example/"]
    assert store(ann, "<BDAY>1970-01-01</BDAY>").get("type") == "result"
    assert set(urls(world, ann.person)) == {value.encode() for value in stays}


@pytest.mark.parametrize("has", [
    [f"https://{i}.example/" for i in range(20)],
    ["https://a.example/ two\nlines"]], ids=["too many", "control characters"])
def test_what_no_change_would_keep_is_refused(world, login, has):
    ann = login(world.person(labeledURI=has))
    answer = store(ann, "<URL>https://new.example/</URL>")
    assert condition(answer) == "modify not-acceptable" and "URL" in said(answer)
    assert set(urls(world, ann.person)) == {value.encode() for value in has}


@pytest.mark.parametrize("has", [
    [JPEG + bytes(100_000)], [JPEG, PNG], [b"RIFF....WEBP"]],
    ids=["large", "two", "of no kind"])
def test_photos_that_are_not_shown_are_not_overwritten(world, login, has):
    ann = login(world.person(jpegPhoto=has))
    answer = store(ann, photo(PNG + b"x"))
    assert condition(answer) == "modify not-acceptable" and "PHOTO" in said(answer)
    assert entry(world, ann.person)["jpegPhoto"] == has


UPDATE = "{vcard-temp:x:update}"


def test_a_photo_that_is_not_shown_is_not_said_to_be_none(world, login):
    """Its client saw none.  At the login, and when it comes while one is online."""
    ann, eva = login(world.person(jpegPhoto=[JPEG + bytes(100_000)])), login()
    bob = login().come()
    for client in (ann, eva):
        client.come()
        befriend(client, bob)
        settle(client, bob)
        client.send("<presence><x xmlns='vcard-temp:x:update'><photo/></x>"
                    "</presence>")
        heard = bob.receive("presence", from_=client.jid)
        assert (heard.find(f".//{UPDATE}photo") is None) == (client is ann)
        assert heard.find(f"{UPDATE}x") is not None
    world.root.modify_s(eva.person.dn, [
        (ldap.MOD_ADD, "jpegPhoto", JPEG + bytes(100_000))])
    heard = bob.receive("presence", from_=eva.jid)
    assert heard.find(f"{UPDATE}x") is not None
    assert heard.find(f".//{UPDATE}photo") is None
