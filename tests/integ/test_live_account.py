# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: people and profiles changed by any LDAP tool."""

import hashlib
import time

import ldap
import pytest

from client import Client, befriend, settle, show
from live import (attempt, build_is_slow, clock, guests, live,           # noqa: F401
                  profile_dn, shared_world)
from rawclient import SaslFailure, Stream, StreamError, decoded, local
from scram import Scram
from world import Person, wait_for

VCARD = "vcard-temp"
ERRORS = "{urn:ietf:params:xml:ns:xmpp-streams}"


def closed(client, within=10):
    """The stream error the client's stream ends with: (condition, text)."""
    try:
        while True:
            client.next(within)
    except StreamError as why:
        return local(why.element[0]), why.element.findtext(ERRORS + "text")


CLOSING = {     # what the directory says, and what the client is told
    "locked": ({"pwdAccountLockedTime": ["000001010000Z"]}, "locked"),
    "must change": ({"pwdReset": ["TRUE"]}, "password must be changed"),
    "ended": ({"pwdEndTime": ["20200101000000Z"]}, "expired"),
    "expired": ({"objectClass": ["inetOrgPerson", "shadowAccount"],
                 "shadowExpire": ["1000"]}, "expired"),
}


@pytest.mark.parametrize("how", CLOSING)
def test_person_locked(live, clock, login, how):                # noqa: F811
    changes, reason = CLOSING[how]
    took = clock("person: locked, expired")
    ann, phone, bob = login().come(), None, login().come()
    phone = login(ann.person, resource="teléfono").come()
    befriend(ann, bob)
    relax = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]
    live.root.modify_ext_s(ann.person.dn, [
        (ldap.MOD_REPLACE, name, [v.encode() for v in values])
        for name, values in changes.items()], serverctrls=relax)
    took.begin()
    condition, text = closed(ann)
    took.end()
    assert condition == "not-authorized" and reason in text
    assert closed(phone)[0] == "not-authorized"
    assert bob.receive("presence", from_=ann.jid,
                       type="unavailable") is not None
    # Who knows the password hears that it must be changed, and nobody else.
    assert attempt(live, ann.person) == ("credentials-expired"
                                         if how == "must change"
                                         else "not-authorized")
    assert attempt(live, ann.person, "otra") == "not-authorized"


def test_person_deleted(live, clock, login):                    # noqa: F811
    took = clock("person: deleted")
    for _ in range(10):
        ann = login().come()
        live.root.delete_s(ann.person.dn)
        took.begin()
        condition, text = closed(ann)
        took.end()
        assert condition == "not-authorized" and "no such account" in text


def test_person_out_of_the_filter(live, clock, login):          # noqa: F811
    """They are there, and are not those who may use the service."""
    took = clock("person: out of the filter")
    person = live.person(objectClass=["person", "uidObject"], mail=None)
    assert attempt(live, person) == "not-authorized"
    live.root.delete_s(person.dn)
    base = live.env["PEOPLE_BASE"].partition(",")[2]
    for _ in range(10):
        ann = login().come()
        live.root.rename_s(ann.person.dn, ann.person.dn.partition(",")[0], base)
        took.begin()
        condition, _ = closed(ann)
        took.end()
        assert condition == "not-authorized"


def test_person_renamed(live, login):                           # noqa: F811
    """Another uid is another address: the old one is no more, the new one has
    the same profile."""
    ann = login().come()
    assert ann.set_item("eva@otra.example").get("type") == "result"
    uid = live.name("nueva")
    live.root.rename_s(ann.person.dn, f"uid={uid}")
    assert closed(ann)[0] == "not-authorized"
    dn = f"uid={uid},{live.env['PEOPLE_BASE']}"
    person = Person(uid, ann.person.password, dn, f"{uid}@{live.domain}")
    again = login(person)
    assert "eva@otra.example" in again.items()


def test_moved_and_still_the_same(live, login):                 # noqa: F811
    """A DN is no identity: who moves within the tree stays online."""
    ann = login().come()
    dn = "ou=traslados," + live.env["PEOPLE_BASE"]
    try:
        live.root.add_s(dn, [("objectClass", [b"organizationalUnit"]),
                             ("ou", [b"traslados"])])
    except ldap.ALREADY_EXISTS:
        pass
    live.root.rename_s(ann.person.dn, ann.person.dn.partition(",")[0], dn)
    live.modify(profile_dn(live, ann.person), imRosterItem=[
        "eva@otra.example none 0 0 -"])
    wait_for(lambda: "eva@otra.example" in ann.items())
    assert ann.set_item("mar@otra.example").get("type") == "result"


@pytest.mark.parametrize("status", ["suspended", "deleted", "expired"])
def test_profile_status(live, clock, login, status):            # noqa: F811
    took = clock("profile: suspended, deleted")
    ann = login().come()
    live.modify(profile_dn(live, ann.person), imStatus=[status])
    took.begin()
    condition, text = closed(ann)
    took.end()
    assert condition == "not-authorized" and status in text
    assert attempt(live, ann.person) == "not-authorized"
    live.modify(profile_dn(live, ann.person), imStatus=["active"])
    assert attempt(live, ann.person) is None


def test_profile_removed(live, login):                          # noqa: F811
    ann = login().come()
    live.root.delete_s(profile_dn(live, ann.person))
    condition, text = closed(ann)
    assert condition == "not-authorized" and "removed" in text


def new_password(world, person, password):
    """pwdChangedTime counts seconds: in the same one it tells nothing."""
    was = world.search(person.dn, attributes=["pwdChangedTime"])[0][1]
    wait_for(lambda: time.strftime("%Y%m%d%H%M%SZ", time.gmtime())
             not in was.get("pwdChangedTime", []), 3)
    world.modify(person.dn, userPassword=[password])
    return Person(person.uid, password, person.dn, person.jid)


def test_password_changed(live, clock, login):                  # noqa: F811
    """The old one's verifiers are worthless at once, and its streams end."""
    took = clock("person: password changed")
    for _ in range(4):
        quick = login().come()
        wait_for(lambda who=quick.person: live.profile(who).get("imScram"))
        new_password(live, quick.person, "otra clave")
        took.begin()
        condition, _ = closed(quick)
        took.end()
        assert condition == "reset"
    ann = login().come()
    wait_for(lambda: live.profile(ann.person).get("imScram"))
    assert attempt(live, ann.person, None, "SCRAM-SHA-256") is None
    changed = new_password(live, ann.person, "otra clave")
    took.begin()
    condition, text = closed(ann)
    took.end()
    assert condition == "reset" and "password" in text
    assert attempt(live, ann.person, None, "SCRAM-SHA-256") == "not-authorized"
    assert attempt(live, ann.person) == "not-authorized"
    assert attempt(live, changed) is None
    with guests(live, changed) as (again,):
        assert settle(again) == [[]]


def changed_within_the_second(world, person, password):
    """As if the second had been long enough: pwdChangedTime is what it was."""
    was = world.search(person.dn, attributes=["pwdChangedTime"])[0][1]
    relax = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]
    world.root.modify_ext_s(person.dn, [
        (ldap.MOD_REPLACE, "userPassword", password.encode()),
        (ldap.MOD_REPLACE, "pwdChangedTime", was["pwdChangedTime"][0].encode()),
    ], serverctrls=relax)
    assert world.search(person.dn, attributes=["pwdChangedTime"])[0][1] == was


def test_two_passwords_of_one_second(live):                     # noqa: F811
    """Whoever came in by the first is out when the second is over, and no verifier
    of the first is ever made."""
    for _ in range(5):
        person = new_password(live, live.person(), "primera clave")
        began = time.monotonic()
        with Client(live, person) as ann:
            ann.come()
            changed_within_the_second(live, person, "segunda clave")
            if time.monotonic() - began > 1.5:
                continue                # a second has no three
            assert closed(ann)[0] == "reset"
        for mechanism in ("SCRAM-SHA-256", "PLAIN"):
            assert attempt(live, person, None, mechanism) == "not-authorized"
        assert attempt(live, person, "segunda clave") is None
        wait_for(lambda: live.profile(person).get("imScram"))
        assert attempt(live, person, "segunda clave", "SCRAM-SHA-256") is None
        assert attempt(live, person, None, "SCRAM-SHA-256") == "not-authorized"
        return
    pytest.skip("this machine is too slow to be quick")


VCARD_ROWS = {      # what the table calls it, the attributes, the value by number
    "name": (["cn", "displayName"], "Ana Núñez {}"),
    "mail": (["mail"], "ana{}@example.org"),
    "title": (["title"], "Catedrática {}"),
}


@pytest.mark.parametrize("field", VCARD_ROWS)
def test_name_in_the_vcard(live, clock, login, field):          # noqa: F811
    ann, bob = login(), login()
    took = clock(f"person: {field}, in the vCard")
    attributes, text = VCARD_ROWS[field]
    for n in range(10):
        value = text.format(n)
        live.modify(ann.person.dn, **{name: [value] for name in attributes})
        took.begin()
        card = bob.iq("get", f"<vCard xmlns='{VCARD}'/>", ann.bare)
        took.end()
        assert value in [e.text for e in card.iter()], show([card])
    settle(ann, bob)


HASH = "{vcard-temp:x:update}"


def photo_said(presence):
    return presence.findtext(f"{HASH}x/{HASH}photo")


@pytest.mark.parametrize("own", [None, "", "0" * 40], ids=[
    "client says nothing", "not ready", "client says the old one"])
def test_photo(live, clock, login, own):                        # noqa: F811
    """XEP-0153: contacts learn of a new photo by its hash."""
    took = clock("person: photo")
    inner = "" if own is None else "<x xmlns='vcard-temp:x:update'>" + (
        f"<photo>{own}</photo>" if own else "") + "</x>"
    ann, bob = login().come(inner=inner), login().come()
    befriend(ann, bob)
    settle(ann, bob)
    for n in range(10):
        data = b"\xff\xd8\xff\xe0" + bytes([n]) * 5000
        live.root.modify_s(ann.person.dn, [(ldap.MOD_REPLACE, "jpegPhoto", data)])
        took.begin()
        heard = bob.receive("presence", from_=ann.jid)
        took.end()
        assert photo_said(heard) == hashlib.sha1(data).hexdigest()
        assert photo_said(ann.receive("presence", from_=ann.jid)) == photo_said(
            heard)
    # The client does not know better afterwards.
    ann.presence(inner=inner + "<show>away</show>")
    assert photo_said(bob.receive("presence", from_=ann.jid)) == photo_said(heard)
    live.modify(ann.person.dn, telephoneNumber=["+34 1"])
    live.root.modify_s(ann.person.dn, [(ldap.MOD_DELETE, "jpegPhoto", None)])
    assert photo_said(bob.receive("presence", from_=ann.jid)) == ""
    ann.inbox.clear()
    assert settle(ann, bob)[1] == []


@pytest.mark.parametrize("own", [None, "", "0" * 40])
def test_photo_at_the_first_presence(live, login, own):         # noqa: F811
    """Whatever the client says; who comes later sees it, too."""
    data = b"\xff\xd8\xff\xe0" + bytes(30000)
    ann, bob = login(), login().come()
    befriend(ann.come(), bob)
    ann.close()
    for one in ann, bob:        # and the service has heard of both in this order
        live.root.modify_s(one.person.dn, [(ldap.MOD_REPLACE, "jpegPhoto", data)])
    while photo_said(bob.receive("presence", from_=bob.jid)) != \
            hashlib.sha1(data).hexdigest():
        pass
    bob.sync()
    inner = "" if own is None else f"<x xmlns='{HASH[1:-1]}'><photo>{own}</photo></x>"
    with Client(live, ann.person) as again:
        again.come(inner=inner)
        heard = bob.receive("presence", from_=again.jid)
        assert photo_said(heard) == hashlib.sha1(data).hexdigest()
        with Client(live, bob.person, "late") as late:
            late.presence()
            assert photo_said(late.receive(
                "presence", from_=again.jid)) == photo_said(heard)


def test_photo_changed_while_logging_in(live):                  # noqa: F811
    """Between what the login reads and the first presence."""
    person, data = live.person(), b"\xff\xd8\xff\xe0" + bytes(500)
    live.root.modify_s(person.dn, [(ldap.MOD_REPLACE, "jpegPhoto", data)])
    with Stream(live) as stream:
        stream.secured()
        stream.login(person, "PLAIN")
        live.root.modify_s(person.dn, [(ldap.MOD_REPLACE, "jpegPhoto", data * 2)])
        time.sleep(0.3)         # and the news of it
        stream.bind("r")
        stream.send("<presence/>")
        wait_for(lambda: photo_said(stream.next()) == hashlib.sha1(
            data * 2).hexdigest())


def test_new_person_is_there_at_once(live, clock, login):       # noqa: F811
    took = clock("person: new, logs in")
    for _ in range(5):
        person = live.person()
        took.begin()
        with Client(live, person) as ann:
            took.end()
            assert ann.items() == {}


def test_what_does_not_matter_disturbs_nobody(live, login):     # noqa: F811
    """A failed bind, a new telephone: no stream ends, nothing is said."""
    ann = login().come()
    ann.items()
    assert attempt(live, ann.person, "mal") == "not-authorized"
    live.modify(ann.person.dn, telephoneNumber=["+34 1"], title=["Dra."])
    live.modify(profile_dn(live, ann.person), imVCard=["<x xmlns='y'/>"])
    live.modify(profile_dn(live, ann.person), imRosterItem=[
        "eva@otra.example none 0 0 -"])
    ann.receive("iq", type="set")
    assert settle(ann) == [[]]


def suspended(world, person):
    world.modify(profile_dn(world, person), imStatus=["suspended"])


def locked(world, person):
    put(world, person, pwdAccountLockedTime="000001010000Z")


def removed(world, person):
    world.root.delete_s(person.dn)


def another_password(world, person):
    new_password(world, person, "otra clave")


UNBOUND = {         # what happens, what a stream that has bound nothing is told
    "suspended": (suspended, "not-authorized", "suspended"),
    "locked": (locked, "not-authorized", "locked"),
    "removed": (removed, "not-authorized", "no such account"),
    "password": (another_password, "reset", "password"),
}


@pytest.mark.parametrize("is_restarted", [False, True], ids=["proved", "restarted"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("how", UNBOUND)
def test_streams_that_bind_nothing_are_closed(live, how, mechanism,     # noqa: F811
                                              is_restarted):
    """They may stay without a resource as long as they like, and go with the others."""
    change, condition, text = UNBOUND[how]
    person = live.person()
    with guests(live, person):
        wait_for(lambda: live.profile(person).get("imScram"))
    with Stream(live) as stream:
        stream.secured()
        if mechanism == "PLAIN":
            stream.plain(person.uid, person.password)
        else:
            stream.scram(Scram(mechanism, person.uid, person.password))
        stream.expect_header()
        if is_restarted:
            stream.opened()
        change(live, person)
        with pytest.raises(StreamError) as why:
            if not is_restarted:
                stream.next(20)         # our header: the error is told within it
            stream.next(20)
        assert why.value.condition == condition
        assert text in why.value.element.findtext(ERRORS + "text")
        assert stream.is_over()


def test_password_changed_between_the_steps_of_scram(live):     # noqa: F811
    """What is proved is the old one: it is not enough any more."""
    person = live.person()
    with guests(live, person):
        wait_for(lambda: live.profile(person).get("imScram"))
    with guests(live, person) as (ann,), Stream(live) as stream:
        stream.secured()
        scram = Scram("SCRAM-SHA-256", person.uid, person.password)
        challenge = stream.auth(scram.mechanism, scram.first())
        another_password(live, person)
        assert closed(ann)[0] == "reset"        # the news is here
        with pytest.raises(SaslFailure) as why:
            stream.response(scram.final(decoded(challenge)))
        assert why.value.condition == "temporary-auth-failure"


# --- by date alone: nothing changes in the directory, nobody tells ------------------

def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))


def put(live, person, **values):                                # noqa: F811
    relax = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]
    live.root.modify_ext_s(person.dn, [
        (ldap.MOD_REPLACE, name, value and [value.encode()])
        for name, value in values.items()], serverctrls=relax)


def test_accounts_that_end_at_a_date(live, login):              # noqa: F811
    """Each at its own; who is not meant stays."""
    ann, bob, eva = (login().come() for _ in range(3))
    began = time.time()
    put(live, bob.person, pwdEndTime=stamp(6))
    put(live, ann.person, pwdEndTime=stamp(4))
    put(live, eva.person, pwdEndTime=stamp(86400))
    assert settle(ann, bob, eva) == [[], [], []]
    assert "expired" in closed(ann)[1]
    assert time.time() >= began + 3
    assert attempt(live, ann.person) == "not-authorized"
    assert "expired" in closed(bob)[1]
    assert settle(eva) == [[]]


def test_an_end_that_was_put_off(live, login):                  # noqa: F811
    ann = login().come()
    put(live, ann.person, pwdEndTime=stamp(4))
    settle(ann)
    put(live, ann.person, pwdEndTime=stamp(3600))
    time.sleep(5)               # what is to be proved is that nothing comes
    assert settle(ann) == [[]]


def test_an_end_while_they_are_away(live, login):               # noqa: F811
    """Kept in memory after the last session, and not believed for too long."""
    ann = login()
    wait_for(lambda: live.profile(ann.person).get("imScram"))
    put(live, ann.person, pwdEndTime=stamp(5))
    assert attempt(live, ann.person, None, "SCRAM-SHA-256") is None
    ann.close()
    time.sleep(6)
    assert attempt(live, ann.person, None, "SCRAM-SHA-256") == "not-authorized"


def test_an_account_that_begins_at_a_date(live):                # noqa: F811
    person = live.person()
    put(live, person, pwdStartTime=stamp(3))
    assert attempt(live, person) == "not-authorized"
    time.sleep(4)               # who tries again and again is slowed down
    assert attempt(live, person) is None
