# SPDX-License-Identifier: Apache-2.0
"""People, accounts and activation links, as an administrator and then the
person go through them; everything is looked up in the directory afterwards."""

import concurrent.futures
import hashlib
import time
import urllib.parse

import ldap
import pytest

from browser import Browser

ZOO = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
       "' onmouseover='alert(1)", "</title><h1>x", "javascript:alert(1)",
       "&lt;b&gt; &amp; &#39;", "{{7*7}}${7*7}<%= 7 %>", "ñandú Zoë 漢字 🦉",
       "\u202eabc\u2066", "a" * 200]


def new_person(world, admin, **fields):
    """Fills in the form; gives the uid."""
    uid = fields.pop("uid") if "uid" in fields else world.name("nueva")
    admin.get("/create/person")
    admin.submit("/create/person", **{
        "givenName": "Inés", "sn": "Peña Núñez", "mail": f"{uid}@example.org",
        "uid": uid, **fields})
    return uid


def the_link(admin):
    [link] = [href for href in admin.page.links if "/activate/" in href]
    assert admin.page.text.count(link) == 1
    return link


def requests(world):
    return world.search("ou=requests," + world.env["IM_BASE"],
                        "(objectClass=imRequest)")


# ---- the list ----

def test_people_without_an_account_are_listed_too(world, admin):
    person = world.person(cn=["Zenobia Camprubí"], sn=["Camprubí"])
    admin.get("/people?q=camprub")
    assert "Zenobia Camprubí" in admin.page.text
    assert "No account" in admin.page.text
    assert f"/people/{person.uid}" in admin.page.links


def test_search_finds_by_name_uid_and_mail(world, admin):
    word = world.name("buscada")
    person = world.person(uid=f"u{word}", cn=[f"Nombre {word}x Apellido"],
                          mail=[f"c.{word}m@example.org"])
    for query in (f"U{word}", f"{word}x", f"{word}m@exa", word.upper()):
        admin.get("/people?q=" + urllib.parse.quote(query))
        assert f"/people/{person.uid}" in admin.page.links, query


@pytest.mark.parametrize("query", ["*", "a*)(uid=*", "\\2a", "(", ")", "%00"[:1],
                                   "ñ" * 50, "<zz>"])
def test_search_text_is_text(admin, query):
    admin.get("/people?q=" + urllib.parse.quote(query))
    assert admin.answer.status == 200
    # Other tests' people may have such names; the administrator has not, and
    # would stand first if the text were a pattern.
    assert "/people/admin" not in admin.page.links


def test_list_is_in_pages(admin):
    admin.get("/people")
    first = [href for href in admin.page.links if href.startswith("/people/")]
    assert len(first) == 25
    [following] = [href for href in admin.page.links if "page=2" in href]
    admin.get(following)
    second = [href for href in admin.page.links if href.startswith("/people/")]
    assert second and not set(first) & set(second)
    for odd in ("page=0", "page=999", "page=-1", "page=x", "page="):
        assert admin.get("/people?" + odd).status == 200


# ---- a new person, from the form to the first login ----

def test_new_person_gets_a_link_chooses_a_password_and_is_in(world, admin, visitor):
    uid = new_person(world, admin)
    assert admin.answer.status == 200
    link = the_link(admin)
    assert link.startswith(world.env["WEB_URL"] + "/activate/")
    token = link.rpartition("/")[2]
    assert len(token) == 64
    # The directory has the person, the account, and of the token the hash.
    dn = f"uid={uid},{world.env['PEOPLE_BASE']}"
    [(_, entry)] = world.search(dn)
    assert entry["givenName"] == ["Inés"] and entry["sn"] == ["Peña Núñez"]
    assert "userPassword" not in entry
    [(_, profile)] = world.search("ou=profiles," + world.env["IM_BASE"],
                                  f"(jid={uid}@{world.domain})")
    assert profile["imStatus"] == ["active"]
    [(request_dn, request)] = [r for r in requests(world)
                               if dn in str(r[1])]
    assert token not in str(request) + request_dn
    assert hashlib.sha256(token.encode()).hexdigest() in str(request) + request_dn
    assert token not in world.logs()
    # The person.
    visitor.get(f"/activate/{token}")
    assert f"{uid}@{world.domain}" in visitor.page.text
    visitor.submit(f"/activate/{token}", password="café con leche",
                   again="café con leche")
    assert "account is ready" in visitor.page.text
    assert requests(world) == [r for r in requests(world) if dn not in str(r[1])]
    assert world.ldap(dn, "café con leche").whoami_s()
    assert Browser(world).sign_in(uid, "café con leche").path == "/me"
    # Once.
    assert visitor.get(f"/activate/{token}").status == 404
    assert visitor.post(f"/activate/{token}", {
        "password": "otra clave", "again": "otra clave"}).status == 404
    assert "café con leche" not in world.logs()


@pytest.mark.parametrize("password,again,said", [
    ("corta", "corta", "at least 8"), ("", "", "at least 8"),
    ("ñandúñú", "ñandúñú", "at least 8"),
    ("una clave larga", "otra clave larga", "differ"),
    ("una clave larga", "", "differ"),
    ("x" * 1025, "x" * 1025, "longer than 1024"),
    ("con\tcontrol", "con\tcontrol", "cannot be typed"),
    ("       ", "       ", "at least 8")])
def test_first_passwords_that_are_not_taken(world, admin, visitor, password,
                                            again, said):
    uid = new_person(world, admin)
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    visitor.get(path)
    visitor.submit(path, password=password, again=again)
    assert visitor.answer.status == 422 and said in visitor.page.text
    assert visitor.page.has("input", name="password")
    assert "value" not in dict(next(
        a for t, a in visitor.page.elements if a.get("name") == "password"))
    visitor.submit(path, password="ocho8888", again="ocho8888")   # still good
    assert visitor.answer.status == 200
    assert Browser(world).sign_in(uid, "ocho8888").path == "/me"


def test_link_of_last_week_is_dead(world, admin, visitor):
    uid = new_person(world, admin)
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    dn, entry = next(r for r in requests(world) if f"uid={uid}," in str(r[1]))
    [name] = [n for n, v in entry.items() if "xpire" in n]
    world.modify(dn, **{name: ["20200101000000Z"]})
    assert visitor.get(path).status == 404
    assert visitor.post(path, {"password": "una clave", "again": "una clave"}
                        ).status == 404
    with pytest.raises(ldap.INVALID_CREDENTIALS):
        world.ldap(f"uid={uid},{world.env['PEOPLE_BASE']}", "una clave")


def test_link_of_somebody_who_is_gone_is_dead(world, admin, visitor):
    """m10: it was a page that said something is broken."""
    uid = new_person(world, admin)
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    world.root.delete_s(f"uid={uid},{world.env['PEOPLE_BASE']}")
    assert visitor.get(path).status == 404
    assert "does not work" in visitor.page.text
    assert visitor.post(path, {"password": "una clave", "again": "una clave"}
                        ).status == 404


@pytest.mark.parametrize("takes", ["imTokenExpires", "imPerson"])
def test_link_with_half_an_entry_is_dead(world, admin, visitor, takes):
    uid = new_person(world, admin)
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    dn, _ = next(r for r in requests(world) if f"uid={uid}," in str(r[1]))
    world.root.modify_s(dn, [(ldap.MOD_DELETE, takes, None)])
    assert visitor.get(path).status == 404
    assert f"attribute={takes} count=1" in world.logs()


def test_link_says_the_address_that_the_person_has_now(world, admin, visitor):
    """m11: renamed before using it."""
    uid, now = new_person(world, admin), world.name("renombrada")
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    base = world.env["PEOPLE_BASE"]
    world.root.rename_s(f"uid={uid},{base}", f"uid={now}", delold=1)
    visitor.get(path)
    assert f"{now}@{world.domain}" in visitor.page.text
    assert f"{uid}@{world.domain}" not in visitor.page.text
    visitor.submit(path, password="ocho8888", again="ocho8888")
    assert f"{now}@{world.domain}" in visitor.page.text
    assert Browser(world).sign_in(now, "ocho8888").path == "/me"


@pytest.mark.parametrize("token", ["x", "0" * 64, "*", "(objectClass=*)",
                                   "a,ou=people", "ñ" * 20, "0" * 1000])
def test_made_up_tokens_are_dead(world, visitor, token):
    answer = visitor.get("/activate/" + urllib.parse.quote(token))
    assert answer.status == 404


def test_two_browsers_use_one_link_at_the_same_time(world, admin):
    new_person(world, admin)
    path = "/activate/" + the_link(admin).rpartition("/")[2]

    def use(password):
        return Browser(world).post(path, {"password": password,
                                          "again": password}).status
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(use, [f"clave larga {i}" for i in range(4)]))
    assert sorted(statuses) == [200, 404, 404, 404]


def test_link_for_somebody_who_has_a_password_changes_nothing(world, admin,
                                                              visitor):
    """The directory's rules: a password that exists is its owner's."""
    person = world.person()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    admin.submit(f"/people/{person.uid}/link")
    path = "/activate/" + the_link(admin).rpartition("/")[2]
    visitor.get(path)
    visitor.submit(path, password="clave robada", again="clave robada")
    assert visitor.answer.status == 422
    assert "has a password already" in visitor.page.text
    assert world.ldap(person.dn, person.password).whoami_s()


@pytest.mark.parametrize("fields,said", [
    ({"uid": ""}, "needed"), ({"sn": ""}, "needed"), ({"mail": ""}, "needed"),
    ({"sn": " "}, "needed"), ({"sn": "\u00a0\u3000"}, "nothing to be seen"),
    ({"mail": "no mail"}, "no mail address"), ({"mail": "a@b@c"}, "no mail"),
    ({"mail": "peña@example.org"}, "no mail address"),
    ({"uid": "ñandú"}, "without accents"), ({"uid": "a b"}, "without accents"),
    ({"uid": "a@b"}, "without accents"), ({"uid": "x" * 65}, "at most 64"),
    ({"uid": "../x"}, "without accents"), ({"sn": "x" * 300}, "Too long"),
    ({"uid": "lucia"}, "exists already")])
def test_forms_that_cannot_be_taken_come_back_filled_in(world, admin, fields,
                                                        said):
    if fields.get("uid") == "lucia":                # so that it does exist
        admin.get("/people/lucia")
        if any(f["action"] == "/people/lucia/account" for f in admin.page.forms):
            admin.submit("/people/lucia/account")
    new_person(world, admin, **fields)
    assert admin.answer.status in (409, 422)
    assert said in admin.page.text
    form = admin.page.form("/create/person")
    assert form["fields"]["givenName"] == "Inés"
    assert admin.page.has("p", role="alert")
    assert any(a.get("aria-invalid") == "true" for _, a in admin.page.elements)


@pytest.mark.parametrize("text", ZOO)
def test_web_05_names_are_text_wherever_they_are_shown(world, admin, text):
    person = world.person(cn=[text], displayName=[text], title=[text],
                          ou=[text], sn=[text], mail=["x@example.org"])
    for path in (f"/people?q={person.uid}", f"/people/{person.uid}",):
        admin.get(path)
        assert admin.answer.status == 200
        assert " ".join(text.split()) in admin.page.text
        assert not admin.page.has("script")
        assert not any("onerror" in a or "onmouseover" in a
                       for _, a in admin.page.elements)
    admin.submit(f"/people/{person.uid}/account")
    admin.get(f"/people/{person.uid}/delete")
    assert " ".join(text.split()) in admin.page.text


# ---- an account's life ----

def test_account_for_a_known_person_suspend_let_in_delete(world, admin):
    person = world.person()
    admin.get(f"/people/{person.uid}")
    assert "No account" in admin.page.text
    admin.submit(f"/people/{person.uid}/account")
    assert "The account is made" in admin.page.text
    assert world.profile(person)["imStatus"] == ["active"]
    admin.submit(f"/people/{person.uid}/status")
    assert "Suspended" in admin.page.text
    assert world.profile(person)["imStatus"] == ["suspended"]
    admin.submit(f"/people/{person.uid}/status")
    assert world.profile(person)["imStatus"] == ["active"]
    admin.get(f"/people/{person.uid}/delete")
    admin.submit(f"/people/{person.uid}/delete")
    assert "deleted" in admin.page.text
    assert world.profile(person) is None
    assert world.search(person.dn)                  # never the person
    admin.get(f"/people/{person.uid}")
    assert "deleted" not in admin.page.text         # the notice is shown once


def test_web_18_changes_are_in_the_log(world, admin):
    person = world.person()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    admin.submit(f"/people/{person.uid}/status")
    admin.get(f"/people/{person.uid}/delete")
    admin.submit(f"/people/{person.uid}/delete")
    who = world.env["ADMIN_USER"]
    for action in ("account-create", "account-suspend", "account-delete"):
        assert f" audit web/{who} action={action} target=\"{person.uid}\"" \
            in world.logs()


def test_acts_on_nobody_are_404(admin):
    token = admin.page.form("/signout")["fields"]["token"]
    for act in ("account", "status", "link", "delete"):
        answer = admin.post(f"/people/nobody-there/{act}",
                            {"token": token, "to": "active"})
        assert answer.status in (404, 422), act


def test_status_that_is_none(world, admin):
    person = world.person()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    admin.submit(f"/people/{person.uid}/status", to="deleted")
    assert admin.answer.status == 422
    assert world.profile(person)["imStatus"] == ["active"]


def test_person_whose_name_needs_other_letters_is_shown_without_an_address(
        world, admin):
    person = world.person(uid="ñandú-" + world.name("u"))
    admin.get("/people/" + urllib.parse.quote(person.uid))
    if admin.answer.status == 200:
        assert "first logs in" in admin.page.text
    else:
        assert admin.answer.status == 404


# ---- weather ----

def test_directory_down_is_said_and_passes(new_world):
    world = new_world()
    browser = Browser(world).sign_in()
    world.slapd_kill()
    before = time.monotonic()
    browser.get("/people")
    assert browser.answer.status == 503 and time.monotonic() - before < 6
    assert "directory does not answer" in browser.page.text
    assert browser.answer["retry-after"]
    other = Browser(world)
    other.get("/signin")
    other.submit("/signin", name="lucia", password="x")
    assert other.answer.status == 503               # not: wrong password
    world.slapd_again()
    deadline = time.monotonic() + 12
    while browser.get("/people").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
