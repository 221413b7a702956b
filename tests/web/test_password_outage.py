# SPDX-License-Identifier: Apache-2.0
"""Passwords are changed where writes go ([ldap] write_uri), while that is away, says
nothing, or says it and is not heard: a clear answer, and nothing half done."""

import ldap
import pytest

from browser import Browser
from client import Client, condition
from ldapfaults import Proxy
from replicas import Server, agree, provider_and_replica, uri_of
from service import Service
from test_live_account import attempt
from test_password import change, renewed, scram_soon, text_of
from world import wait_for

NEW = "una clave nueva & larga"
BACK_WITHIN = 30
PASSWD = b"1.3.6.1.4.1.4203.1.11.1"     # RFC 3062 §2, as it is sent


class LosesAnswer(Proxy):
    """A provider that does what it is asked and is cut off before it says so."""

    def __init__(self, port):
        self.loses = False
        self.doomed = set()
        super().__init__(port)

    def pass_on(self, source, sink):
        data = source.recv(1 << 16)
        if self.loses and PASSWD in data:
            self.doomed.add(sink)
        if data:
            sink.sendall(data)
        return bool(data)

    def answer(self, server, sock):
        if server in self.doomed:
            server.recv(1 << 16)
            return False
        return super().answer(server, sock)


class Apart:
    """A service that reads a replica; the provider is behind `way`."""

    def __init__(self, provider, replica, way, service):
        self.provider, self.replica = provider, replica
        self.way, self.service = way, service

    def person(self):
        """Somebody whom the replica has, with verifiers."""
        world = self.service.world
        person = world.person()
        agree(self.provider, self.replica)
        wait_for(lambda: attempt(self.service, person) is None, 30)
        wait_for(lambda: world.profile(person).get("imScram"), 30)
        agree(self.provider, self.replica)
        return person

    def has(self, person):
        """Does the provider say that this is the password?"""
        try:
            self.service.world.ldap(person.dn, person.password)
        except ldap.INVALID_CREDENTIALS:
            return False
        return True

    def by_web(self, person, new):
        browser = Browser(self.service)
        browser.get("/password")
        return browser.submit("/password", name=person.uid, old=person.password,
                              password=new, again=new)


@pytest.fixture(scope="module")
def apart(make_world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("apart")
    world = make_world()
    provider, replica = provider_and_replica(folder, one=Server.of_world(world))
    way = LosesAnswer(int(uri_of(provider).strip("/").rpartition(":")[2]))
    # In clear, to this machine: the proxy must see what goes by.
    with Service(world, folder / "service", {
            "ldap.uri": uri_of(replica), "ldap.write_uri": way.uri,
            "ldap.start_tls": "no",
            "ldap.insecure_loopback": "yes"}) as service:
        yield Apart(provider, replica, way, service)
    way.close()
    replica.stop()


@pytest.fixture
def way(apart):
    """Open again at the end, whatever happened."""
    yield apart.way
    apart.way.mute = apart.way.loses = False


def refuse(way):
    way.refuse()
    return way.listen


def fall_silent(way):
    way.mute = True
    return lambda: setattr(way, "mute", False)


def is_told(answer):
    """The old password is looked at first, and by whom takes a moment to find."""
    assert answer.status == 503 and answer["retry-after"]
    return "as it was" in answer.text


@pytest.mark.parametrize("goes", [refuse, fall_silent])
def test_the_provider_is_away(apart, way, goes):
    """The old password stays, in the directory and in the verifiers."""
    person = apart.person()
    new = renewed(person, NEW)
    with Client(apart.service, person) as ann:
        come_back = goes(way)
        try:
            for _ in range(3):
                answer = change(ann, person.password, NEW)
                assert condition(answer) == "wait resource-constraint"
                assert "as it was" in text_of(answer)
            wait_for(lambda: is_told(apart.by_web(person, NEW)), BACK_WITHIN)
            for mechanism in "SCRAM-SHA-256", "PLAIN":
                wait_for(lambda by=mechanism: attempt(
                    apart.service, person, None, by) is None, BACK_WITHIN)
            ann.sync()
        finally:
            come_back()
        assert apart.has(person) and not apart.has(new)
        wait_for(lambda: change(ann, person.password, NEW).get("type")
                 == "result", BACK_WITHIN)
        ann.sync()
    assert apart.has(new) and not apart.has(person)
    scram_soon(apart.service, new)
    assert attempt(apart.service, person, None, "SCRAM-SHA-256") == \
        "not-authorized"
    wait_for(lambda: apart.by_web(new, person.password).status == 200,
             BACK_WITHIN)
    assert apart.has(person)


@pytest.mark.parametrize("by", ["client", "web"])
def test_the_answer_is_lost(apart, way, by):
    """Nobody says "not done" of what may be done; old verifiers let nobody in."""
    person = apart.person()
    new = renewed(person, NEW)
    with Client(apart.service, person) as ann:
        way.loses = True
        if by == "client":
            answer = change(ann, person.password, NEW)
            assert condition(answer) == "wait resource-constraint"
            said = text_of(answer)
        else:
            answer = apart.by_web(person, NEW)
            assert answer.status == 503
            said = answer.text
        way.loses = False
    assert "try the new one" in said and "as it was" not in said
    assert apart.has(new) and not apart.has(person)
    wait_for(lambda: attempt(apart.service, person, None, "SCRAM-SHA-256")
             == "not-authorized", BACK_WITHIN)
    wait_for(lambda: attempt(apart.service, new) is None, BACK_WITHIN)
    scram_soon(apart.service, new)
