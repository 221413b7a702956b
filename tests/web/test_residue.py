# SPDX-License-Identifier: Apache-2.0
"""SASL-24: when it has been used, nothing of a password is in the memory of either
process, in whatever form it came (needs to read their memory)."""

import base64
import secrets
import ssl

import pytest

from browser import Api, Browser
from client import Client
from rawclient import SASL, SaslFailure, Stream
from service import Service, build
from test_password import change as change_by_client
from test_scram import version
from world import Person, wait_for

PIECE = 16                      # bytes that are enough to know it by


@pytest.fixture(scope="module", name="service")
def service_(shared_world, tmp_path_factory):
    if b"__asan_init" in (build() / "tertulia-web").read_bytes():
        pytest.skip("the sanitizer keeps what was freed")
    with Service(shared_world, tmp_path_factory.mktemp("residue")) as found:
        yield found


def new_secret():
    """No client can send it without a copy or two: not ASCII, and long."""
    return f"{secrets.token_hex(24)}-ñandú-{secrets.token_hex(24)}"


def forms(uid, password):
    """Name and bytes of all that it looks like on its way; of each the beginning and
    the end, for what is freed may be overwritten in part."""
    sasl, basic = (base64.b64encode(text.encode()) for text in (
        f"\0{uid}\0{password}", f"{uid}:{password}"))
    name = 4 * (len(uid) // 3 + 1)
    # In forms and JSON its ends look as they do in plain.
    whole = {"plain": password.encode(), "UTF-16": password.encode("utf-16-le"),
             "SASL": sasl[name:], "Basic": basic[name:]}
    for kind, text in whole.items():
        yield f"{kind}, beginning", text[:PIECE]
        yield f"{kind}, end", text.rstrip(b"=")[-PIECE:]


def residue(pid, wanted):
    found = []
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
            for line in maps:
                area, rights, *_ = line.split()
                start, end = (int(x, 16) for x in area.split("-"))
                if "rw" not in rights:
                    continue
                try:
                    mem.seek(start)
                    image = mem.read(end - start)
                except OSError:
                    continue
                for name, piece in wanted:
                    at = image.find(piece)
                    if at >= 0:
                        found.append((name, line.rstrip(),
                                      image[max(0, at - 80):at + 80]))
    except PermissionError:
        pytest.skip("not allowed to read a process's memory")
    return found


def nothing_stays(service, uid, *passwords):
    wanted = [form for one in passwords for form in forms(uid, one)]
    for name in "IM_PID", "WEB_PID":
        found = residue(service.pid(name), wanted)
        assert not found, (name, found)


def scrams(world, person):
    return (world.profile(person) or {}).get("imScram")


def test_what_is_looked_for_is_found(shared_world, service):
    """The name of somebody who is online."""
    person = shared_world.person(password=new_secret())
    with Client(service, person, resource="aquí-estoy-yo-y-nadie-más"):
        assert residue(service.pid("IM_PID"),
                       [("resource", "aquí-estoy-yo-y-nadie-más".encode())])


@pytest.mark.parametrize("number", ["TLSv1_2", "TLSv1_3"])
def test_plain(shared_world, service, number):
    """Still on the stream that it came by; verifiers are made of it."""
    person = shared_world.person(password=new_secret())
    context = version(ssl.TLSVersion[number])
    context.load_verify_locations(shared_world.env["CA_FILE"])
    with Stream(service, "direct", context=context) as stream:
        stream.opened()
        stream.plain(person.uid, person.password)
        wait_for(lambda: scrams(shared_world, person))
        nothing_stays(service, person.uid, person.password)


def test_plain_in_pieces(shared_world, service):
    """Each in a TLS record of its own."""
    person = shared_world.person(password=new_secret())
    proof = base64.b64encode(f"\0{person.uid}\0{person.password}".encode()).decode()
    text = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{proof}</auth>"
    with Stream(service) as stream:
        stream.secured()
        for at in range(0, len(text), 50):
            stream.send(text[at:at + 50])
        assert stream.sasl_answer().tag == f"{{{SASL}}}success"
        wait_for(lambda: scrams(shared_world, person))
        nothing_stays(service, person.uid, person.password)


def test_second_response(shared_world, service):
    """An <auth/> without, then the <response/>."""
    person = shared_world.person(password=new_secret())
    with Stream(service) as stream:
        stream.secured()
        stream.auth("PLAIN")
        stream.response(f"\0{person.uid}\0{person.password}")
        wait_for(lambda: scrams(shared_world, person))
        nothing_stays(service, person.uid, person.password)


@pytest.mark.parametrize("who", ["somebody", "nobody"])
def test_wrong(shared_world, service, who):
    uid = shared_world.person().uid if who == "somebody" else shared_world.name("nadie")
    secret = new_secret()
    with Stream(service) as stream:
        stream.secured()
        with pytest.raises(SaslFailure):
            stream.plain(uid, secret)
        nothing_stays(service, uid, secret)


def test_malformed(shared_world, service):
    """Refused before anybody is asked."""
    uid, secret = shared_world.name("nadie"), new_secret()
    with Stream(service) as stream:
        stream.secured()
        with pytest.raises(SaslFailure):
            stream.plain(uid, secret, authzid="otra")
        nothing_stays(service, uid, secret)


def test_changed_by_a_client(shared_world, service):
    person, new = shared_world.person(password=new_secret()), new_secret()
    with Client(service, person) as ann:
        wait_for(lambda: scrams(shared_world, person))
        before = scrams(shared_world, person)
        assert change_by_client(ann, person.password, new).get("type") == "result"
        wait_for(lambda: scrams(shared_world, person) not in (None, before), 30)
        nothing_stays(service, person.uid, person.password, new)


def test_changed_with_a_wrong_one(shared_world, service):
    person = shared_world.person(password=new_secret())
    wrong, new = new_secret(), new_secret()
    with Client(service, person) as ann:
        wait_for(lambda: scrams(shared_world, person))
        assert change_by_client(ann, wrong, new).get("type") == "error"
        nothing_stays(service, person.uid, person.password, wrong, new)


def test_web_sign_in(shared_world, service):
    person = shared_world.person(password=new_secret())
    assert Browser(service).sign_in(person.uid, person.password).path == "/me"
    wait_for(lambda: scrams(shared_world, person))
    nothing_stays(service, person.uid, person.password)


@pytest.mark.parametrize("who", ["somebody", "nobody"])
def test_web_wrong(shared_world, service, who):
    uid = shared_world.person().uid if who == "somebody" else shared_world.name("nadie")
    secret = new_secret()
    Browser(service).sign_in(uid, secret)
    assert Api(service, uid, secret).call("GET", "/sessions").status == 401
    nothing_stays(service, uid, secret)


def test_web_basic(shared_world, service):
    person = shared_world.person(password=new_secret())
    assert Api(service, person.uid, person.password).call(
        "GET", "/sessions").status == 403
    nothing_stays(service, person.uid, person.password)


def test_web_json(shared_world, service):
    """In a body that is refused, too."""
    secret = new_secret()
    Api(service).call("POST", "/accounts", {
        "uid": shared_world.name("api"), "password": secret})
    Api(service).call("POST", "/accounts", '{"password": "' + secret + '",,}')
    nothing_stays(service, "", secret)


def test_web_changed(shared_world, service):
    person, new = shared_world.person(password=new_secret()), new_secret()
    browser = Browser(service)
    browser.get("/password")
    assert browser.submit("/password", name=person.uid, old=person.password,
                          password=new, again=new).status == 200
    wait_for(lambda: scrams(shared_world, Person(person.uid, new, person.dn,
                                                 person.jid)), 30)
    nothing_stays(service, person.uid, person.password, new)
