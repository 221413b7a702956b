# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: room entries made, changed, removed by any LDAP tool."""

import pytest

from client import NS, condition, settle, show
from live import (build_is_slow, clock, live, room_dn,          # noqa: F401
                  shared_world)
from muc import (ITEMS, MUC_OWNER, admin, ask_list, codes, configure, enter,
                 enters_as, entry, form_values, from_room, item, leave, listed, open_room,
                 subject_of)
from rawclient import escape
from world import Person, wait_for

TIMES = 15


@pytest.fixture
def inside(live, login):                                        # noqa: F811
    """A room with an entry, and two in it."""
    room = live.room()
    ann, bob = login(), login()
    for client, nick in ((ann, "ann"), (bob, "bob")):
        enter(client, room, nick)
    settle(ann, bob)
    return room, room_dn(live, room), ann, bob


def test_subject(live, clock, inside):                          # noqa: F811
    room, dn, ann, bob = inside
    took = clock("room: subject")
    for n in range(TIMES):
        live.modify(dn, imSubject=[f"Tema {n}"])
        took.begin()
        said = ann.receive("message", from_=room)
        took.end()
        assert subject_of(said) == f"Tema {n}"
    assert len([s for s in settle(ann, bob)[1]
                if subject_of(s) is not None]) == TIMES
    live.modify(dn, imSubject=None)
    assert subject_of(ann.receive("message", from_=room)) == ""


def test_settings(live, clock, inside):                         # noqa: F811
    room, dn, ann, _ = inside
    took = clock("room: settings")
    for n in range(TIMES):
        live.modify(dn, description=[f"Descripción {n}"])
        took.begin()
        said = ann.receive("message", from_=room)
        took.end()
        assert codes(said) == [104], show([said])


def test_affiliations(live, clock, login, inside):              # noqa: F811
    """By DN and by JID: members, owners, outcasts; all are told."""
    room, dn, ann, bob = inside
    took = clock("room: affiliations")
    for kind, value, affiliation, role in (
            ("imOwner", ann.person.dn, "owner", "moderator"),
            ("imOwner", None, "none", "participant"),
            ("imAdminJid", ann.bare, "admin", "moderator"),
            ("imAdminJid", None, "none", "participant"),
            ("imMemberJid", ann.bare, "member", "participant"),
            ("imMemberJid", None, "none", "participant")) * 2:
        live.modify(dn, **{kind: value and [value]})
        took.begin()
        seen = bob.receive("presence", from_=f"{room}/ann")
        took.end()
        assert (item(seen)["affiliation"], item(seen)["role"]) == (
            affiliation, role), show([seen])
    settle(ann, bob)
    live.modify(dn, imOutcast=[ann.person.dn])
    for client in (ann, bob):
        seen = client.receive("presence", from_=f"{room}/ann",
                              type="unavailable")
        assert 301 in codes(seen), show([seen])
    assert condition(enter(ann, room, "ann")[0]) == "auth forbidden"


def test_nick_and_reason_of_people_of_the_directory(live, login, inside):  # noqa: F811
    """They are in the entry, and so they are there when it has been read again."""
    room, dn, ann, bob = inside
    owner, eve = login(), live.person()
    live.modify(dn, imOwner=[owner.person.dn])
    wait_for(lambda: condition(ask_list(owner, room, affiliation="owner")) is None)
    assert admin(owner, room, {"jid": eve.jid, "affiliation": "outcast",
                               "reason": "Ruido, mucho"}).get("type") == "result"
    assert admin(owner, room, {"jid": bob.bare, "affiliation": "member",
                               "nick": "el Ñ"}).get("type") == "result"
    live.modify(dn, imSubject=["otro"])
    wait_for(lambda: subject_of(ann.receive("message", from_=room)) == "otro")
    banned = ask_list(owner, room, affiliation="outcast")
    assert banned.findtext(".//{*}reason") == "Ruido, mucho", show([banned])
    assert listed(ask_list(owner, room, affiliation="member")) == [
        {"jid": bob.bare, "affiliation": "member", "nick": "el Ñ"}]
    assert condition(enter(ann, room, "el Ñ")[0]) == "cancel conflict"


def test_member_of_a_members_room_is_removed(live, clock, login):  # noqa: F811
    """§9.4 of XEP-0045: status 321."""
    ann, bob = login(), login()
    both = [ann.person.dn, bob.person.dn]
    room = live.room(imRoomOption=["membersonly=yes"], imMember=both)
    enter(bob, room, "bob")
    took = clock("room: member removed")
    for _ in range(10):
        live.modify(room_dn(live, room), imMember=both)
        wait_for(lambda: condition(enter(ann, room, "ann")[0]) is None)
        settle(ann, bob)
        live.modify(room_dn(live, room), imMember=[bob.person.dn])
        took.begin()
        seen = ann.receive("presence", from_=f"{room}/ann", type="unavailable")
        took.end()
        assert {321, 110} <= set(codes(seen)), show([seen])
        assert codes(bob.receive("presence", from_=f"{room}/ann",
                                 type="unavailable")) == [321]


def called(world, person, uid):
    """The same person under another name, whose entry names it only a moment later."""
    world.root.rename_s(person.dn, f"uid={uid}")
    return Person(uid, person.password, f"uid={uid},{person.dn.partition(',')[2]}",
                  f"{uid}@{world.domain}")


def affiliations(client, room, kind):
    return {i.get("jid") for i in listed(ask_list(client, room, affiliation=kind))}


def test_people_of_a_room_are_renamed(live, login):             # noqa: F811
    """directory.md, rule 4: people are their entryUUID, in the list of a room, too."""
    keeper = login()
    owner, member, banned = (live.person() for _ in range(3))
    room = live.room(imRoomOption=["membersonly=yes"], imOwner=[owner.dn, keeper.person.dn],
                     imMember=[member.dn], imOutcast=[banned.dn])
    enter(keeper, room, "keeper")
    now = [called(live, one, live.name("otro")) for one in (owner, member, banned)]
    for kind, person in zip(("owner", "member", "outcast"), now):
        wait_for(lambda k=kind, p=person: p.jid in affiliations(keeper, room, k), 300, 0.1)
    heirs = [live.person(uid=one.uid) for one in (owner, member, banned)]
    for person in heirs:
        assert enters_as(login(person), room, person.uid) == (
            "auth registration-required")
    assert [enters_as(login(person), room, person.uid) for person in now] == [
        "owner", "member", "auth forbidden"]


def test_people_of_a_room_leave_and_others_get_their_names(live, login):  # noqa: F811
    keeper = login()
    owner = live.person()
    room = live.room(imOwner=[owner.dn, keeper.person.dn])
    enter(keeper, room, "keeper")
    live.root.delete_s(owner.dn)
    wait_for(lambda: owner.jid not in affiliations(keeper, room, "owner"), 15, 0.1)
    assert enters_as(login(live.person(uid=owner.uid)), room) == "none"


def test_room_made_and_removed(live, clock, login):             # noqa: F811
    ann = login()
    made, ended = clock("room: made, listed"), clock("room: removed")
    for _ in range(TIMES):
        room = live.room()
        made.begin()
        answer = ann.iq("get", f"<query xmlns='{ITEMS}'/>", live.muc)
        made.end()
        assert room in [i.get("jid") for i in answer.iter(f"{{{ITEMS}}}item")]
        enter(ann, room, "ann")
        ann.sync()
        live.root.delete_s(room_dn(live, room))
        ended.begin()
        seen = ann.receive("presence", from_=f"{room}/ann")
        ended.end()
        assert seen.get("type") == "unavailable"
        assert seen.find("u:x/u:destroy", NS) is not None, show([seen])


def test_entry_for_a_temporary_room(live, login):               # noqa: F811
    """A room that is open, and then is written down: it is that one now."""
    ann = login()
    room = f"{live.name('fugaz')}@{live.muc}"
    enter(ann, room, "ann")
    ann.sync()
    live.root.add_s(room_dn(live, room), [
        ("objectClass", [b"imRoom"]), ("cn", [b"Ya no tan fugaz"]),
        ("imRoomName", [room.partition("@")[0].encode()]),
        ("imSubject", [b"Escrito"]), ("imOwnerJid", [ann.bare.encode()])])
    assert subject_of(ann.receive("message", from_=room)) == "Escrito"


def test_room_renamed(live, login, inside):                     # noqa: F811
    """Its old name is no more; the new one is a room."""
    room, dn, ann, bob = inside
    name = live.name("otra")
    live.root.rename_s(dn, f"imRoomName={name}")
    for client in (ann, bob):
        seen = client.receive("presence", from_=room + (
            "/ann" if client is ann else "/bob"), type="unavailable")
        assert seen.find("u:x/u:destroy", NS) is not None, show([seen])
    found = enter(ann, f"{name}@{live.muc}", "ann")
    assert 201 not in codes(found[0]), show(found)


def test_our_own_change_is_told_once(live, login):              # noqa: F811
    """What a client did comes back from the directory, and is known."""
    ann, bob = login(), login()
    room = live.room(imOwner=[ann.person.dn])
    for client, nick in ((ann, "ann"), (bob, "bob")):
        enter(client, room, nick)
    settle(ann, bob)
    for n in range(5):
        ann.send(f"<message to='{room}' type='groupchat'>"
                 f"<subject>Tema {n}</subject></message>")
        # heard of after ours: when this is told, ours has come back
        assert subject_of(bob.receive("message", from_=f"{room}/ann")) \
            == f"Tema {n}"
        live.modify(room_dn(live, room), description=[str(n)])
        assert codes(bob.receive("message", from_=room)) == [104]
    assert from_room(settle(ann, bob)[1], room) == []


def test_nobody_in_it(live, login, inside):                     # noqa: F811
    """A room in memory with nobody in it follows, too."""
    room, dn, ann, bob = inside
    leave(ann, room, "ann"), leave(bob, room, "bob")
    live.modify(dn, imSubject=["Mientras"])

    def says():
        found = enter(ann, room, "ann")
        leave(ann, room, "ann")
        return subject_of(found[-1])
    wait_for(lambda: says() == "Mientras")


@pytest.mark.parametrize("text", ["a\tb\nc", "a\r\nb", "\x7f", "\U0001fffe",
                                  "  a  b ", "%0a", "-", "\u00ad"])
def test_text_of_owners_is_read_again(live, login, text):      # noqa: F811
    """What a form or a subject said is in the room after the entry is read."""
    owner, bob = login(), login()
    room = open_room(owner, live, persistentroom=1, roomdesc=text,
                     passwordprotectedroom=1, roomsecret=text)
    owner.send(f"<message to='{room}' type='groupchat'>"
               f"<subject>{escape(text)}</subject></message>")
    answer = admin(owner, room, {"affiliation": "outcast",
                                 "jid": "eva@otra.example",
                                 "reason": escape(text)})
    assert answer.get("type") == "result", show([answer])
    owner.sync()
    live.modify(room_dn(live, room), imLanguage=["es"])
    said = owner.receive("message", from_=room)
    assert codes(said) == [104], show([said])
    assert [s for s in settle(owner)[0] if subject_of(s) is not None] == []
    values = form_values(owner.iq("get", f"<query xmlns='{MUC_OWNER}'/>", room))
    assert values["muc#roomconfig_roomdesc"] == text
    assert values["muc#roomconfig_roomsecret"] == text
    [eva] = ask_list(owner, room, affiliation="outcast").iterfind(
        "a:query/a:item", NS)
    assert eva.findtext("a:reason", None, NS) == text
    found = enter(bob, room, "bob",
                  inner=f"<password>{escape(text)}</password>")
    assert subject_of(found[-1]) == text


def test_name_of_a_room_is_one_line(live, login):               # noqa: F811
    owner = login()
    room = open_room(owner, live, persistentroom=1, roomname="Una línea")
    for text in ("a\nb", "a\tb", "\x7f"):
        answer = configure(owner, room, roomname=text)
        assert condition(answer) == "modify not-acceptable"
    assert entry(live, room)["cn"] == ["Una línea"]
