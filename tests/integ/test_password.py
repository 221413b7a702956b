# SPDX-License-Identifier: Apache-2.0
"""XEP-0077 where accounts are the institution's: passwords are changed by their
owners, by RFC 3062; nothing is registered or removed."""

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import ldap
import pytest

from client import condition, show
from live import profile_dn, watching
from rawclient import CLIENT, SaslFailure, Stream
from test_live_account import attempt, closed, new_password
from world import Person, wait_for

REGISTER = "jabber:iq:register"
DATA = "jabber:x:data"
CHANGE = "jabber:iq:register:changepassword"
TEXT = "{urn:ietf:params:xml:ns:xmpp-stanzas}text"


def plain(name, password):
    return (f"<query xmlns='{REGISTER}'><username>{name}</username>"
            f"<password>{password}</password></query>")


def form(type="submit", **values):
    fields = "".join(f"<field var='{var}'><value>{escape(value)}</value></field>"
                     for var, value in
                     {"FORM_TYPE": CHANGE, **values}.items())
    return (f"<query xmlns='{REGISTER}'><x xmlns='{DATA}' type='{type}'>"
            f"{fields}</x></query>")


def change(client, was, new, **more):
    return client.iq("set", form(username=client.person.uid, old_password=was,
                                 password=new), **more)


def text_of(answer):
    return answer.find(f"{{{CLIENT}}}error").findtext(TEXT, "")


@pytest.fixture
def watched(world):
    watching(world)
    return world


def renewed(person, password):
    return Person(person.uid, password, person.dn, person.jid)


def scram_soon(world, person, within=30):
    """Verifiers are made off the loop: soon, and without a login by PLAIN."""
    wait_for(lambda: attempt(world, person, None, "SCRAM-SHA-256") is None,
             within, 0.1)


def test_asks_for_the_old_one_by_a_form(world, login):
    ann = login()
    answer = ann.iq("set", plain(ann.person.uid, "una nueva clave"),
                    world.domain)
    assert condition(answer) == "auth not-authorized"
    assert world.env["WEB_URL"].rstrip("/") + "/password" in text_of(answer)
    x = answer.find(f"{{{REGISTER}}}query/{{{DATA}}}x")
    fields = {f.get("var"): f for f in x.iterfind(f"{{{DATA}}}field")}
    assert x.get("type") == "form"
    assert fields["FORM_TYPE"].findtext(f"{{{DATA}}}value") == CHANGE
    assert {var: f.get("type") for var, f in fields.items()} == {
        "FORM_TYPE": "hidden", "username": "text-single",
        "old_password": "text-private", "password": "text-private"}
    assert "una nueva clave" not in show([answer])
    assert attempt(world, ann.person) is None


def test_changed(watched, login):
    """The new one is in the directory when the client is told so; the others'
    streams end, the one that asked goes on; SCRAM needs no PLAIN before."""
    ann, phone = login(), None
    phone = login(ann.person, resource="teléfono")
    wait_for(lambda: watched.profile(ann.person).get("imScram"), 30)
    was, new = ann.person, renewed(ann.person, "una clave & otra <nueva>")
    answer = change(ann, was.password, new.password)
    assert answer.get("type") == "result", show([answer])
    watched.ldap(new.dn, new.password).whoami_s()
    with pytest.raises(ldap.INVALID_CREDENTIALS):
        watched.ldap(was.dn, was.password)
    [(_, entry)] = watched.search(was.dn)
    assert entry["modifiersName"] == [was.dn]
    assert closed(phone) == ("reset", "The password was changed: log in again.")
    scram_soon(watched, new)
    for mechanism in "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512":
        assert attempt(watched, new, None, mechanism) is None
        assert attempt(watched, was, None, mechanism) == "not-authorized"
    # News of the account has come by now, and did not end it.
    ann.roster()
    watched.modify(profile_dn(watched, was),
                   imRosterItem=["eva@otra.example none 0 0 -"])
    ann.receive("iq", type="set")
    # Somebody else's change ends it as ever.
    new_password(watched, new, "de secretaría")
    assert closed(ann)[0] == "reset"


def test_changed_twice_and_the_session_goes_on(world, login):
    ann = login()
    for was, new in (("", "clave dos"), ("clave dos", "clave tres"),
                     ("clave tres", "clave cuatro")):
        answer = change(ann, was or ann.person.password, new, to=world.domain)
        assert answer.get("type") == "result", show([answer])
    ann.sync()
    scram_soon(world, renewed(ann.person, "clave cuatro"))
    ann.sync()


def test_name_may_be_the_jid(world, login):
    ann = login()
    answer = ann.iq("set", form(username=ann.person.jid, password="otra clave",
                                old_password=ann.person.password))
    assert answer.get("type") == "result"


WRONG = {
    "old one wrong": ("form", {"old_password": "no es"}, "auth not-authorized"),
    "old one empty": ("form", {"old_password": ""}, "modify bad-request"),
    "new one empty": ("form", {"password": ""}, "modify bad-request"),
    "new one short": ("form", {"password": "siete-7"}, "modify not-acceptable"),
    "seven characters": ("form", {"password": "ñandúñú"}, "modify not-acceptable"),
    "new one long": ("form", {"password": "x" * 1025}, "modify not-acceptable"),
    "new one in lines": ("form", {"password": "una clave\nnueva"},
                         "modify not-acceptable"),
    "somebody else's": ("form", {"username": "admin"}, "cancel not-allowed"),
    "elsewhere": ("form", {"username": "{uid}@otra.example"},
                  "cancel not-allowed"),
    "cancelled": ("cancel", {}, "modify bad-request"),
    "another form": ("form", {"FORM_TYPE": "jabber:iq:search"},
                     "modify bad-request"),
    "plain, empty": (plain("{uid}", ""), {}, "modify bad-request"),
    "plain, no name": (f"<query xmlns='{REGISTER}'><password>x</password>"
                       "</query>", {}, "modify bad-request"),
    "registering": (plain("nueva", "x"), {}, "cancel not-allowed"),
    "nothing": (f"<query xmlns='{REGISTER}'/>", {}, "modify bad-request"),
    "remove": (f"<query xmlns='{REGISTER}'><remove/></query>", {},
               "cancel not-allowed"),
}


@pytest.mark.parametrize("how", WRONG)
def test_refused(world, login, how):
    shape, changes, wanted = WRONG[how]
    ann = login()
    fields = {"username": ann.person.uid, "old_password": ann.person.password,
              "password": "una clave nueva", **changes}
    fields = {var: value.format(uid=ann.person.uid)
              for var, value in fields.items()}
    payload = (form("submit" if shape == "form" else "cancel", **fields)
               if shape in ("form", "cancel")
               else shape.format(uid=ann.person.uid))
    answer = ann.iq("set", payload)
    assert condition(answer) == wanted
    assert text_of(answer)
    assert "una clave nueva" not in show([answer])
    assert attempt(world, ann.person) is None


def test_what_the_policy_says_is_told(world, login):
    base = world.env["LDAP_BASE"]
    name = world.name("politica")
    policy = f"cn={name},ou=policies,{base}"
    try:
        world.root.add_s(f"ou=policies,{base}", [
            ("objectClass", [b"organizationalUnit"]), ("ou", [b"policies"])])
    except ldap.ALREADY_EXISTS:
        pass
    world.root.add_s(policy, [
        ("objectClass", [b"organizationalRole", b"pwdPolicy"]),
        ("pwdAttribute", [b"userPassword"]), ("pwdMinLength", [b"12"]),
        ("pwdCheckQuality", [b"2"])])
    ann = login(world.person(pwdPolicySubentry=[policy],
                             password="de doce letras"))
    answer = change(ann, ann.person.password, "diez letra")
    assert condition(answer) == "modify not-acceptable"
    assert "quality" in text_of(answer) or "short" in text_of(answer)
    assert attempt(world, ann.person) is None


def test_who_must_change_it_is_told_where(world, login):
    person = world.person()
    with Stream(world) as stream:
        world.root.modify_ext_s(
            person.dn, [(ldap.MOD_REPLACE, "pwdReset", [b"TRUE"])], serverctrls=[
                ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)])
        stream.secured()
        with pytest.raises(SaslFailure) as why:
            stream.plain(person.uid, person.password)
        assert why.value.condition == "credentials-expired"
        assert world.env["WEB_URL"].rstrip("/") + "/password" in \
            ET.tostring(why.value.element, "unicode")
        with pytest.raises(SaslFailure) as why:
            stream.plain(person.uid, "otra")
        assert why.value.condition == "not-authorized"


def test_guessing_the_old_one_ends(world, login):
    """Whoever has somebody's open session has not their password."""
    ann = login()
    for _ in range(100):
        assert condition(change(ann, "no es", "una clave nueva")) == \
            "auth not-authorized"
    assert condition(change(ann, "no es", "una clave nueva")) == \
        "wait resource-constraint"
    ann.sync()


def test_get_says_registered_and_where(world, login):
    ann = login()
    query = ann.iq("get", f"<query xmlns='{REGISTER}'/>", world.domain)[0]
    assert query.find(f"{{{REGISTER}}}registered") is not None
    assert query.findtext(f"{{{REGISTER}}}username") == ann.person.uid
    assert "/password" in query.findtext(f"{{{REGISTER}}}instructions")


def test_strangers_do_not_register(at):
    """XML-10: before authentication nothing is heard but SASL."""
    stream = at("secured")
    stream.send(f"<iq type='get' id='r'><query xmlns='{REGISTER}'/></iq>")
    assert closed(stream)[0] == "not-authorized"
