# SPDX-License-Identifier: Apache-2.0
"""Clients of Debian 12 where PLAIN is not on offer: after one PLAIN login, or a
change of the password on the web page, they log in by SCRAM, until somebody else
changes the password.

libpurple and slixmpp are here; Dino, which needs a desktop, in test_dino.py.
"""

import re
import secrets
import subprocess
import sys

import pytest

from browser import Browser
from live import (attempt, build_is_slow, clock, live,          # noqa: F401
                  password_from_outside)
from service import Service
from test_sasl import verifiers
from test_slixmpp import run, users
from world import TOP, Person, wait_for

PURPLE = TOP / "tests/clients/purple.py"


# ---- clients: log in, or say why not ----

def purple(service, person, folder):
    done = subprocess.run(
        [sys.executable, PURPLE, folder / secrets.token_hex(4), "127.0.0.1",
         service.env["C2S_PORT"], person.jid, person.password,
         service.world.state / "tls/server.pem"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    last = (done.stdout.splitlines() or ["nothing said"])[-1]
    return None if last == "signed-on" else last + done.stderr


def slix(mechanism):
    def client(service, person, _folder):
        async def story():
            async with users(service, person, mechanism=mechanism):
                return None
        return run(story())
    return client


CLIENTS = {                     # what the service offers, and who comes
    "libpurple SCRAM-SHA-1": ("SCRAM-SHA-1", purple),
    "slixmpp SCRAM-SHA-256": ("SCRAM-SHA-256", slix("SCRAM-SHA-256")),
    "slixmpp SCRAM-SHA-512-PLUS": ("SCRAM-SHA-512", slix("SCRAM-SHA-512-PLUS")),
}


# ---- how a person comes to verifiers ----

def by_plain(world, person):
    verifiers(world, person)
    return person


def by_the_web(world, person):
    """The password of somebody who never logged in: that makes the account."""
    browser, new = Browser(world), f"otra clave de {person.uid}"
    browser.get("/password")
    browser.submit("/password", name=person.uid, old=person.password,
                   password=new, again=new)
    assert browser.answer.status == 200, browser.page.text
    wait_for(lambda: "imScram" in (world.profile(person) or {}), 30)
    return Person(person.uid, new, person.dn, person.jid)


def logins(service, person):
    """The mechanisms of this person's logins, as the service's log has them."""
    return re.findall(rf" authenticated \S+ {person.jid} .*mechanism=(\S+)",
                      service.log)


def by_signing_in(world, person):
    """Somebody who never logged in looks at the page for people first."""
    Browser(world).sign_in(person.uid, person.password)
    wait_for(lambda: "imScram" in (world.profile(person) or {}), 30)
    return person


@pytest.mark.parametrize("way", [by_plain, by_the_web, by_signing_in])
@pytest.mark.parametrize("name", CLIENTS)
def test_without_plain(world, tmp_path, name, way):
    mechanism, client = CLIENTS[name]
    person = way(world, world.person("clave"))
    with Service(world, tmp_path, {"sasl.mechanisms": mechanism}) as service:
        assert attempt(service, person) == "invalid-mechanism"      # no PLAIN
        assert client(service, person, tmp_path) is None
        assert logins(service, person) == [name.split()[1]]


def test_not_with_a_wrong_password(world, tmp_path):
    mechanism, client = CLIENTS["libpurple SCRAM-SHA-1"]
    person = by_plain(world, world.person("clave"))
    wrong = Person(person.uid, "no es", person.dn, person.jid)
    with Service(world, tmp_path, {"sasl.mechanisms": mechanism}) as service:
        assert client(service, wrong, tmp_path) is not None


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256",
                                       "SCRAM-SHA-512"])
def test_an_outside_change_stops_the_old_one(live, clock, mechanism):   # noqa: F811
    """ldappasswd as the directory's root; also of somebody who is kept in memory
    after the last login."""
    took = clock("password changed: SCRAM with the old one is refused")
    person = by_plain(live, live.person("clave"))
    for _ in range(2):                      # found in the directory, in memory
        assert attempt(live, person, None, mechanism) is None
    password_from_outside(live, person, "de secretaría")
    took.begin()
    wait_for(lambda: attempt(live, person, None, mechanism) ==
             "not-authorized", 30)
    took.end()
    assert attempt(live, person) == "not-authorized"
    assert attempt(live, Person(person.uid, "de secretaría", person.dn,
                                person.jid)) is None
