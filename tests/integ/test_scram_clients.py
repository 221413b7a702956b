# SPDX-License-Identifier: Apache-2.0
"""Clients of Debian 12 where PLAIN is not on offer: after one PLAIN login, or a
change of the password on the web page, they log in by SCRAM, until somebody else
changes the password.

libpurple and slixmpp are the real ones.  Dino has no way to be driven without a
desktop and a trusted certificate: its exchange is played here as its
xmpp-vala/src/module/sasl.vala does it.
"""

import base64
import hashlib
import hmac
import secrets
import subprocess
import sys

import pytest

from browser import Browser
from live import build_is_slow, clock, live                     # noqa: F401
from rawclient import SaslFailure, Stream, decoded, local
from service import Service
from test_live_account import attempt
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


def hmac_sha1(key, text):
    return hmac.digest(key, text, "sha1")


def dino(service, person, _folder):
    """No binding, no authzid, a nonce of 24 hexadecimal digits; the signature of
    the server must come within <success/>."""
    nonce = secrets.token_hex(12)
    first = f"n={person.uid},r={nonce}"
    with Stream(service) as stream:
        stream.secured()
        try:
            said = decoded(stream.auth("SCRAM-SHA-1", "n,," + first))
            parts = dict(part.split("=", 1) for part in said.split(","))
            assert parts["r"].startswith(nonce)
            salted = hashlib.pbkdf2_hmac(
                "sha1", person.password.encode(), base64.b64decode(parts["s"]),
                int(parts["i"]))
            final = f"c=biws,r={parts['r']}"
            message = f"{first},{said},{final}".encode()
            key = hmac_sha1(salted, b"Client Key")
            signature = hmac_sha1(hashlib.sha1(key).digest(), message)
            proof = bytes(a ^ b for a, b in zip(key, signature))
            answer = stream.response(f"{final},p={base64.b64encode(proof).decode()}")
        except SaslFailure as why:
            return why.condition
        assert local(answer) == "success"
        told = dict(part.split("=", 1) for part in
                    decoded(answer).split(","))
        assert base64.b64decode(told["v"]) == hmac_sha1(
            hmac_sha1(salted, b"Server Key"), message)
        stream.restart()
        stream.bind("dino")
    return None


def slix(mechanism):
    def client(service, person, _folder):
        async def story():
            async with users(service, person, mechanism=mechanism):
                return None
        return run(story())
    return client


CLIENTS = {                     # what the service offers, and who comes
    "libpurple SCRAM-SHA-1": ("SCRAM-SHA-1", purple),
    "Dino SCRAM-SHA-1": ("SCRAM-SHA-1", dino),
    "slixmpp SCRAM-SHA-256": ("SCRAM-SHA-256", slix("SCRAM-SHA-256")),
    "slixmpp SCRAM-SHA-512-PLUS": ("SCRAM-SHA-512", slix("SCRAM-SHA-512-PLUS")),
}


# ---- how a person comes to verifiers ----

def by_plain(world, person):
    verifiers(world, person)
    return person


def by_the_web(world, person):
    """The password of somebody who never logged in by PLAIN: the account is made
    by an administrator."""
    admin = Browser(world).sign_in()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    browser, new = Browser(world), f"otra clave de {person.uid}"
    browser.get("/password")
    browser.submit("/password", name=person.uid, old=person.password,
                   password=new, again=new)
    assert browser.answer.status == 200, browser.page.text
    wait_for(lambda: "imScram" in (world.profile(person) or {}), 30)
    return Person(person.uid, new, person.dn, person.jid)


@pytest.mark.parametrize("way", [by_plain, by_the_web])
@pytest.mark.parametrize("name", CLIENTS)
def test_without_plain(world, tmp_path, name, way):
    mechanism, client = CLIENTS[name]
    person = way(world, world.person("clave"))
    with Service(world, tmp_path, {"sasl.mechanisms": mechanism}) as service:
        assert attempt(service, person) == "invalid-mechanism"      # no PLAIN
        assert client(service, person, tmp_path) is None


@pytest.mark.parametrize("name", ["libpurple SCRAM-SHA-1", "Dino SCRAM-SHA-1"])
def test_not_with_a_wrong_password(world, tmp_path, name):
    mechanism, client = CLIENTS[name]
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
    [(_, was)] = live.search(person.dn, attributes=["pwdChangedTime"])

    def is_newer():
        """pwdChangedTime counts seconds."""
        live.root.passwd_s(person.dn, None, "de secretaría")
        [(_, entry)] = live.search(person.dn, attributes=["pwdChangedTime"])
        return entry.get("pwdChangedTime") != was.get("pwdChangedTime")
    wait_for(is_newer, 10, 0.2)
    took.begin()
    wait_for(lambda: attempt(live, person, None, mechanism) ==
             "not-authorized", 30)
    took.end()
    assert attempt(live, person) == "not-authorized"
    assert attempt(live, Person(person.uid, "de secretaría", person.dn,
                                person.jid)) is None
