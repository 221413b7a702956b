# SPDX-License-Identifier: Apache-2.0
"""The real Dino of Debian 12, in a window, where PLAIN is not on offer: it logs in
by SCRAM-SHA-1, shows the roster and what is said, follows the directory, and is
out when somebody else changes the password.
"""

import hashlib
import os

import pytest

from client import Client
from dino import DOMAIN, Dino, Way
from live import password_from_outside, roster
from service import Service
from test_scram_clients import by_plain, by_the_web, logins
from world import Person, wait_for

pytest.importorskip("dbus")
from desktop import PATIENCE, Desktop, is_installed             # noqa: E402

pytestmark = [pytest.mark.xdist_group("dino"), pytest.mark.skipif(
    not is_installed(), reason="dino-im, xvfb or dbus-daemon is missing")]


@pytest.fixture(name="onion", scope="module")
def onion_(make_world):
    return make_world(DOMAIN=DOMAIN, SAMPLE="yes")


@pytest.fixture(name="service")
def service_(onion, tmp_path):
    """No PLAIN, and groups in the contact lists."""
    with Service(onion, tmp_path / "service", {
            "sasl.mechanisms": "SCRAM-SHA-1",
            "roster.groups": "(description=visible*)"}) as one:
        yield one


@pytest.fixture(name="start")
def start_(service, tmp_path):
    """start(person): the Dino of that person, on a desktop of its own."""
    with Way(service) as way, Desktop(tmp_path / "desktop") as desktop:
        yield lambda person: Dino(desktop, way, person).start()
        if os.environ.get("SHOTS"):             # a folder, for who wants to look
            desktop.shot(f"{os.environ['SHOTS']}/{service.env['C2S_PORT']}.png")


@pytest.mark.parametrize("way", [by_plain, by_the_web])
def test_dino_without_plain(onion, service, start, way):
    person = way(onion, onion.person("clave"))
    dino = start(person).window()
    wait_for(lambda: f"{person.jid}/dino" in service.log, PATIENCE)
    assert logins(service, person) == ["SCRAM-SHA-1"]
    dino.accounts()
    dino.desktop.shows("Connected")
    assert set(dino.way.asked) == {(DOMAIN, 5222)}


def test_dino_not_with_a_wrong_password(onion, service, start):
    person = by_plain(onion, onion.person("clave"))
    dino = start(Person(person.uid, "no es", person.dn, person.jid)).window()
    dino.accounts()
    dino.desktop.shows("Wrong password")
    assert not logins(service, person)


@pytest.fixture(name="bob")
def bob_(onion, service):
    """A contact who is there."""
    person = by_plain(onion, onion.person("beto"))
    with Client(service, person, mechanism="SCRAM-SHA-1") as client:
        yield client.come()


def photo(onion):
    """One that can be looked at."""
    [(_, lucia)] = onion.root.search_s(onion.env["PEOPLE_BASE"], 2, "(uid=lucia)",
                                       ["jpegPhoto"])
    return lucia["jpegPhoto"][0]


def test_dino_follows_the_directory(onion, service, start, bob):
    """Roster, message, new names, new contacts, a face; then the password."""
    ann = by_plain(onion, onion.person("ana"))
    roster(onion, ann, add=[f"{bob.bare} both 0 0 Beto%20Primero"])
    roster(onion, bob.person, add=[f"{ann.jid} both 0 0 -"])
    dino = start(ann).window()
    shows, shows_not = dino.desktop.shows, dino.desktop.shows_not

    bob.receive("presence", PATIENCE, from_=f"{ann.jid}/dino")
    dino.roster()
    shows("Beto Primero")
    shows(bob.bare)

    face = photo(onion)
    onion.modify(bob.person.dn, jpegPhoto=[face])
    wait_for(lambda: dino.avatars() == {hashlib.sha1(face).hexdigest(): face},
             PATIENCE)

    eva, cai = onion.person("eva"), onion.person("cai")
    roster(onion, ann, add=[f"{eva.jid} to 0 0 Eva%20Nueva"])
    shows("Eva Nueva")
    onion.root.add_s(f"cn=Tertulianos,ou=groups,{onion.env['LDAP_BASE']}", [
        ("objectClass", b"groupOfNames"), ("cn", b"Tertulianos"),
        ("description", b"visible"),
        ("member", [ann.dn.encode(), cai.dn.encode()])])
    shows(f"Persona {cai.uid}")
    onion.modify(cai.dn, cn=["Caína Ñíguez"])
    shows("Caína Ñíguez")

    bob.message(f"{ann.jid}/dino", "¿Vienes a la tertulia?")
    shows("¿Vienes a la tertulia?")
    roster(onion, ann, remove=[f"{bob.bare} both 0 0 Beto%20Primero"],
           add=[f"{bob.bare} both 0 0 Beto%20Segundo"])
    shows("Beto Segundo")
    shows_not("Beto Primero")

    assert logins(service, ann) == ["SCRAM-SHA-1"]
    password_from_outside(onion, ann, "de secretaría")
    bob.receive("presence", PATIENCE, type="unavailable",
                from_=f"{ann.jid}/dino")
    dino.accounts()
    shows("Wrong password")             # it tried again with the old one
    assert logins(service, ann) == ["SCRAM-SHA-1"]
