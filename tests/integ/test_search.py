# SPDX-License-Identifier: Apache-2.0
"""XEP-0055: people find people, as far as the directory and the limits let them."""

import itertools
from xml.sax.saxutils import escape

import ldap
import pytest

from client import Client, condition, show
from faults import Proxy
from live import profile_dn
from service import Service
from test_slixmpp import PATIENCE, run, users
from world import wait_for

SEARCH = "jabber:iq:search"
DATA = "jabber:x:data"
RSM = "http://jabber.org/protocol/rsm"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
FIELDS = ("first", "last", "nick", "email")
words = itertools.count(1)


def service_of(world):
    return f"users.{world.domain}"


def word():
    """A piece of a name that nobody has had yet; letters only."""
    return "zq" + "".join(chr(ord("b") + int(d)) for d in str(next(words) + 100))


def named(world, given, sn, **more):
    return world.person("buscada", givenName=[given], sn=[sn],
                        cn=[f"{given} {sn}"], displayName=[f"{given} {sn}"],
                        **more)


def ask(client, inner="", **values):
    """The answer to the XEP's own elements."""
    fields = "".join(f"<{name}>{escape(value)}</{name}>"
                     for name, value in values.items())
    return client.iq("set", f"<query xmlns='{SEARCH}'>{fields}{inner}</query>",
                     service_of(client.world))


def found(client, inner="", **values):
    """JIDs, in their order."""
    answer = ask(client, inner, **values)
    assert answer.get("type") == "result", show([answer])
    return [item.get("jid") for item in answer[0].iterfind(f"{{{SEARCH}}}item")]


def ask_form(client, type="submit", inner="", **values):
    fields = "".join(f"<field var='{name}'><value>{escape(value)}</value></field>"
                     for name, value in {"FORM_TYPE": SEARCH, **values}.items())
    return client.iq("set", f"<query xmlns='{SEARCH}'><x xmlns='{DATA}' "
                     f"type='{type}'>{fields.replace('x_name', 'x-name')}</x>"
                     f"{inner}</query>", service_of(client.world))


def rows(answer):
    """The table of a form's answer: a dictionary for each row."""
    assert answer.get("type") == "result", show([answer])
    x = answer[0].find(f"{{{DATA}}}x")
    assert x.get("type") == "result"
    columns = [f.get("var") for f in x.find(f"{{{DATA}}}reported")]
    table = [{f.get("var"): f.findtext(f"{{{DATA}}}value") or "" for f in item}
             for item in x.iterfind(f"{{{DATA}}}item")]
    assert all(list(row) == columns for row in table)
    return table


def found_form(client, **values):
    return [row["jid"] for row in rows(ask_form(client, **values))]


# ---- where clients look ----

def test_among_the_items_with_identity_and_feature(world, login):
    ann = login()
    items = ann.iq("get", f"<query xmlns='{ITEMS}'/>", world.domain)[0]
    assert service_of(world) in [item.get("jid") for item in items]
    info = ann.iq("get", f"<query xmlns='{INFO}'/>", service_of(world))[0]
    assert [(e.get("category"), e.get("type")) for e in
            info.iterfind(f"{{{INFO}}}identity")] == [("directory", "user")]
    assert {SEARCH, DATA, RSM} <= {e.get("var") for e in
                                   info.iterfind(f"{{{INFO}}}feature")}


def test_fields_in_both_forms(login, world):
    query = login().iq("get", f"<query xmlns='{SEARCH}'/>",
                       service_of(world))[0]
    for name in FIELDS:
        assert query.find(f"{{{SEARCH}}}{name}") is not None
    x = query.find(f"{{{DATA}}}x")
    assert x.get("type") == "form"
    assert [f.get("var") for f in x.iterfind(f"{{{DATA}}}field")] == [
        "FORM_TYPE", *FIELDS, "x-name"]


def test_only_the_service_itself_answers(world, login):
    ann, there = login(), service_of(world)
    ask_ping = "<ping xmlns='urn:xmpp:ping'/>"
    assert ann.iq("get", ask_ping, there).get("type") == "result"
    assert condition(ann.iq("get", ask_ping, "x@" + there)) == \
        "cancel item-not-found"
    assert condition(ann.iq("get", "<query xmlns='jabber:iq:version'/>",
                            there)) == "cancel service-unavailable"
    ann.message(there, id="m")
    assert condition(ann.receive("message", id="m")) == \
        "cancel service-unavailable"
    ann.presence(to=there)
    assert ann.sync() == []


# ---- finding ----

def test_each_field_finds(world, login):
    ann, given, sn = login(), word(), word()
    person = named(world, given, sn, mail=[f"{sn}.{given}@example.org"])
    cases = ({"first": given[1:]}, {"last": sn.upper()},
             {"nick": person.uid}, {"email": f"{sn}.{given}"},
             {"first": given, "last": sn}, {"nick": f"*{person.uid}*"})
    for values in cases:
        assert person.jid in found(ann, **values), values
        assert person.jid in found_form(ann, **values), values
    assert found(ann, first=sn) == found(ann, first=given, last=given) == []
    for any_name in given, sn, f"{sn} {given}", f"{given} de {sn}", \
            f"{sn}.{given}@", person.uid:
        assert person.jid in found_form(ann, x_name=any_name), any_name
    assert found_form(ann, x_name=f"{given} {word()}") == []
    answer = ask(ann, last=sn)[0]
    [item] = answer
    assert {e.tag.partition("}")[2]: e.text for e in item} == {
        "first": given, "last": sn, "nick": person.uid,
        "email": f"{sn}.{given}@example.org"}
    [row] = rows(ask_form(ann, last=sn))
    assert row == {"jid": person.jid, "first": given, "last": sn,
                   "nick": person.uid, "email": f"{sn}.{given}@example.org",
                   "x-name": f"{given} {sn}"}


ACCENTS = [("garcia", "García"), ("GARCÍA", "Garcia"), ("garcía", "García"),
           ("nunez", "Núñez"), ("ibañez", "Ibáñez"), ("sola", "Solà"),
           ("guell", "Güell"), ("franc", "França"), ("jose", "José María"),
           ("josé maria", "José María"), ("дима", "Дима")]


@pytest.mark.parametrize("typed, written", ACCENTS)
def test_accents_and_case_do_not_matter(world, login, typed, written):
    ann, sn = login(), word()
    person = named(world, written, sn)
    if " " not in typed:
        assert found(ann, first=typed, last=sn) == [person.jid]
    assert found_form(ann, x_name=f"{typed} {sn}") == [person.jid]


def test_a_short_piece_is_the_beginning_of_a_word(world, login):
    """Only that has an index; 100,000 people without one are a second."""
    ann, given = login(), word()
    gil, sola, gilda = (named(world, given, sn) for sn in (
        "Gil", "Serra Gíl", "Gilda de Paz"))
    other = named(world, given, "Regilio")
    assert set(found(ann, first=given, last="gil")) == {
        gil.jid, sola.jid, gilda.jid}
    assert found_form(ann, first=given, x_name="paz") == [gilda.jid]
    assert other.jid in found(ann, first=given, last="gili")


def test_sorted_as_people_expect(world, login):
    ann, sn = login(), word()
    people = [named(world, given, sn)
              for given in ("Óscar", "Ana", "ñaki", "Oscar", "Álvaro", "Zoe")]
    names = [item.findtext(f"{{{SEARCH}}}first") for item in
             ask(ann, last=sn)[0]]
    assert [n for n in names if n not in ("Óscar", "Oscar")] == [
        "Álvaro", "Ana", "ñaki", "Zoe"]
    assert len(names) == len(people)


def test_by_slixmpp(world):
    sn = word()
    person = named(world, "Núria", sn, mail=["nuria@example.org"])

    async def story():
        async with users(world, world.person("slix")) as (ann,):
            ann.register_plugin("xep_0055", {"provide_search": False})
            iq = ann["xep_0055"].make_search_iq(ito=service_of(world))
            iq["search"]["form"].add_field(var="x-name", value=f"nuria {sn}")
            answer = await iq.send(timeout=PATIENCE)
            [item] = answer["search"]["form"].get_items()
            assert item["jid"] == person.jid and item["first"] == "Núria"
    run(story())


# ---- who is found ----

def test_only_people_who_can_be_written_to(world, login):
    ann, sn = login(), word()
    relax = [ldap.controls.LDAPControl("1.3.6.1.4.1.4203.666.5.12", True)]

    def locked(**changes):
        one = named(world, "Ana", sn)
        world.root.modify_ext_s(one.dn, [
            (ldap.MOD_REPLACE, name, [value.encode()])
            for name, value in changes.items()], serverctrls=relax)
        return one
    locked(pwdAccountLockedTime="000001010000Z")
    locked(pwdEndTime="20200101000000Z")
    new = locked(pwdReset="TRUE")
    world.root.add_s(f"cn={sn},{world.env['PEOPLE_BASE']}", [
        ("objectClass", [b"person", b"uidObject"]), ("cn", [sn.encode()]),
        ("sn", [sn.encode()]), ("uid", [sn.encode()])])    # not people_filter's
    here, closed = named(world, "Ana", sn), named(world, "Ana", sn)
    for person in here, closed:
        Client(world, person).close()
    world.modify(profile_dn(world, closed), imStatus=["suspended"])
    assert sorted(found(ann, last=sn)) == sorted([new.jid, here.jid])
    world.modify(profile_dn(world, closed), imStatus=["active"])
    assert closed.jid in found(ann, last=sn)


@pytest.fixture
def second(shared_world, tmp_path):
    """second(settings): another service on the same directory."""
    services = []

    def make(settings):
        one = Service(shared_world, tmp_path, settings).start()
        services.append(one)
        return one
    yield make
    for one in services:
        one.stop()


def test_who_does_not_want_to_be_found_is_not(world, second):
    sn = word()
    service = second({"search.filter": "(!(employeeType=oculto))"})
    seen = named(world, "Ana", sn)
    named(world, "Eva", sn, employeeType=["oculto"])
    with Client(service, world.person()) as ann:
        assert found(ann, last=sn) == [seen.jid]
        assert found_form(ann, x_name=f"eva {sn}") == []


# ---- what is typed stays what is typed ----

HOSTILE = ["*)(uid=*", "*))(|(uid=*", "\\2a\\2a\\2a", "ana)(cn=*", "a*a*a*a",
           "(((", ")))", "\\\\\\", "&&&", "|(cn=a", "ana\n(cn=*)", "%28%29%2a",
           "\u202eana", "<a>b</a>", "=*=", "ｕｉｄ＝＊"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_finds_nobody(world, login, text):
    ann = login(named(world, "Ana", word()))
    for name in FIELDS:
        assert found(ann, **{name: text}) == [], name
    answer = ask_form(ann, x_name=text)
    assert answer.get("type") == "error" or rows(answer) == []


WRONG = {
    "nothing": {}, "empty": {"first": ""}, "spaces": {"first": "   "},
    "stars": {"nick": "***"}, "short": {"last": "zz"}, "short too": {
        "first": "anabel", "last": "z"}, "long": {"last": "z" * 129},
    "short in letters": {"last": "ñü"},
}


@pytest.mark.parametrize("how", WRONG)
def test_too_little_or_too_much(login, how):
    assert condition(ask(login(), **WRONG[how])) == "modify not-acceptable"
    assert condition(ask_form(login(), **WRONG[how])) == "modify not-acceptable"


def test_words_of_the_field_for_any_name(login):
    ann = login()
    for text in ("de la", "uno dos tres cuatro cinco", "a" * 129):
        assert condition(ask_form(ann, x_name=text)) == "modify not-acceptable"


@pytest.mark.parametrize("type, form_type", [("cancel", SEARCH), ("form", SEARCH),
                                             ("submit", "jabber:iq:register")])
def test_another_form(login, type, form_type):
    assert condition(ask_form(login(), type, last="garcia",
                              FORM_TYPE=form_type)) == "modify bad-request"


# ---- limits ----

def page(client, sn, inner):
    answer = ask(client, f"<set xmlns='{RSM}'>{inner}</set>", last=sn)
    assert answer.get("type") == "result", show([answer])
    return ([i.get("jid") for i in answer[0].iterfind(f"{{{SEARCH}}}item")],
            answer[0].find(f"{{{RSM}}}set"))


def test_in_pages(world, login):
    ann, sn = login(), word()
    everybody = [named(world, f"Ana {n}", sn).jid for n in range(1, 8)]
    assert found(ann, last=sn) == everybody
    seen, after = [], ""
    while True:
        some, said = page(ann, sn, f"<max>3</max>{after}")
        assert said.findtext(f"{{{RSM}}}count") == "7"
        if not some:
            break
        assert said.find(f"{{{RSM}}}first").get("index") == str(len(seen))
        seen += some
        after = f"<after>{said.findtext(f'{{{RSM}}}last')}</after>"
    assert seen == everybody
    assert page(ann, sn, "<max>2</max><before/>")[0] == everybody[-2:]
    before = f"<max>2</max><before>{everybody[4]}</before>"
    assert page(ann, sn, before)[0] == everybody[2:4]
    assert page(ann, sn, "<max>2</max><index>5</index>")[0] == everybody[5:]
    assert page(ann, sn, "<max>2</max><index>50</index>")[0] == []
    assert page(ann, sn, "<max>0</max>")[0] == []
    gone = ask(ann, f"<set xmlns='{RSM}'><after>no@uni.example</after></set>",
               last=sn)
    assert condition(gone) == "cancel item-not-found"
    answer = ask_form(ann, inner=f"<set xmlns='{RSM}'><max>2</max></set>",
                      last=sn)
    assert [row["jid"] for row in rows(answer)] == everybody[:2]
    assert answer[0].find(f"{{{RSM}}}set/{{{RSM}}}count").text == "7"


def test_so_many_and_no_more(world, second):
    """What is beyond the limit is not shown, and not counted either."""
    sn = word()
    for _ in range(4):
        named(world, "Ana", sn)
    service = second({"search.most": "3", "search.least": "5"})
    with Client(service, world.person()) as ann:
        assert len(found(ann, last=sn)) == 3
        some, said = page(ann, sn, "<max>2</max>")
        assert len(some) == 2 and said.find(f"{{{RSM}}}count") is None
        assert condition(ask(ann, last=sn[:4])) == "modify not-acceptable"


def test_so_often_and_no_more(world, second):
    service = second({"search.often": "5"})
    person = world.person()
    with Client(service, person) as ann, Client(service, world.person()) as bob:
        for _ in range(5):
            assert found(ann, last="nadie-así") == []
        assert condition(ask(ann, last="nadie-así")) == \
            "wait resource-constraint"
        assert found(bob, last="nadie-así") == []
        with Client(service, person, resource="otra") as again:
            assert condition(ask(again, last="nadie-así")) == \
                "wait resource-constraint"


def test_switched_off(world, second):
    service = second({"search.enabled": "no"})
    with Client(service, world.person()) as ann:
        items = ann.iq("get", f"<query xmlns='{ITEMS}'/>", world.domain)[0]
        assert service_of(world) not in [item.get("jid") for item in items]
        assert condition(ask(ann, last="garcia")) == \
            "cancel remote-server-not-found"


def test_at_a_domain_of_ones_own(world, second):
    service = second({"search.domain": "gente.uni.example"})
    with Client(service, world.person()) as ann:
        info = ann.iq("get", f"<query xmlns='{INFO}'/>", "gente.uni.example")
        assert info.get("type") == "result"


def test_no_answer_is_not_nobody(world, second):
    """The directory being away is an error, never an empty list."""
    port = int(world.env["LDAP_URI"].rpartition(":")[2].strip("/"))
    with Proxy(port) as proxy:
        service = second({"ldap.uri": proxy.uri, "ldap.timeout": "500ms"})
        with Client(service, world.person()) as ann:
            assert found(ann, last="nadie-así") == []
            proxy.hold()
            assert condition(ask(ann, last="nadie-así")) == \
                "wait resource-constraint"
            proxy.release()
            wait_for(lambda: ask(ann, last="nadie-así").get("type") == "result",
                     30, 0.2)
