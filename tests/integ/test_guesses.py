# SPDX-License-Identifier: Apache-2.0
"""SASL-16: guesses side by side are no more than one after the other, and a password
that is changed while it is proved is the old one."""

import contextlib
import threading
import time

import pytest

from faults import Proxy
from ldapfaults import ANSWERS, BIND, read_tlv
from live import attempt, guests, is_watching
from rawclient import SASL, SaslFailure, Stream, StreamError, decoded, encoded, local
from scram import Scram
from service import Service
from test_live_account import new_password
from test_password import change as set_own
from world import wait_for

GUESSES = 100               # core/guesses.c: of a name, from a loopback address
SIDE_BY_SIDE = 115


class SlowVerdicts(Proxy):
    """keep(n): that many answers to binds wait until they are let go."""

    kept = left = 0

    def __init__(self, port):
        self.may_go = threading.Event()
        super().__init__(port)

    def keep(self, n):
        self.left = n
        self.may_go.clear()

    def let_go(self):
        self.left = 0
        self.may_go.set()

    def _to_client(self, client, data):
        if self.left and is_bind_answer(data):
            self.left -= 1
            self.kept += 1
            self.may_go.wait(60)
        super()._to_client(client, data)


def is_bind_answer(data):
    """Any of what came at once."""
    while (whole := read_tlv(data)) is not None:
        number = read_tlv(whole[1])
        op = number and read_tlv(whole[1], number[2])
        if op and op[0] == ANSWERS[BIND]:
            return True
        data = data[whole[2]:]
    return False


@pytest.fixture(name="slow")
def slow_(world, tmp_path):
    """A service whose binds may be made to wait."""
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with SlowVerdicts(port) as proxy, Service(world, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.start_tls": "no", "ldap.timeout": "25s",
            "ldap.insecure_loopback": "yes"}) as service:
        wait_for(lambda: is_watching(service.log), 30)
        yield service, proxy
        proxy.let_go()


def known(service, world):
    """A person who has logged in, so that SCRAM knows the password."""
    person = world.person()
    with guests(service, person):
        wait_for(lambda: "imScram" in (world.profile(person) or {}), 30)
    return person


def streams(stack, service, n):
    made = [stack.enter_context(Stream(service, "direct")) for _ in range(n)]
    for stream in made:
        stream.opened()
    return made


def test_scram_exchanges_side_by_side(world):
    person = known(world, world)
    said = []
    with contextlib.ExitStack() as stack:
        begun = []
        for i, stream in enumerate(streams(stack, world, SIDE_BY_SIDE)):
            right = i == SIDE_BY_SIDE - 1
            scram = Scram("SCRAM-SHA-256", person.uid,
                          person.password if right else f"mal{i}")
            begun.append((stream, scram,
                          stream.auth(scram.mechanism, scram.first())))
        for stream, scram, challenge in begun:
            with pytest.raises(SaslFailure) as why:
                stream.response(scram.final(decoded(challenge)))
            said.append(why.value.condition)
    assert said == ["not-authorized"] * GUESSES \
        + ["temporary-auth-failure"] * (SIDE_BY_SIDE - GUESSES)


def begin_plain(stream, person, password):
    stream.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>"
                + encoded(f"\0{person.uid}\0{password}") + "</auth>")


def test_binds_side_by_side(world, slow):
    """None of them has failed yet when the last begins."""
    service, proxy = slow
    person = known(service, world)
    said = []
    with contextlib.ExitStack() as stack:
        many = streams(stack, service, SIDE_BY_SIDE)
        proxy.keep(SIDE_BY_SIDE)
        for i, stream in enumerate(many):
            begin_plain(stream, person, f"mal{i}")
        wait_for(lambda: proxy.kept, 30)
        time.sleep(1)           # the others are where they can come to
        proxy.let_go()
        for stream in many:
            with pytest.raises(SaslFailure) as why:
                stream.sasl_answer()
            said.append(why.value.condition)
    assert sorted(said) == ["not-authorized"] * GUESSES \
        + ["temporary-auth-failure"] * (SIDE_BY_SIDE - GUESSES)


def test_many_who_are_right_side_by_side(world, slow):
    """They wait for each other, and come in."""
    service, proxy = slow
    person = known(service, world)
    with contextlib.ExitStack() as stack:
        many = streams(stack, service, SIDE_BY_SIDE)
        proxy.keep(SIDE_BY_SIDE)
        for stream in many:
            begin_plain(stream, person, person.password)
        wait_for(lambda: proxy.kept, 30)
        for stream in many[1::7]:
            stream.cut()        # at whatever it waits for
        proxy.let_go()
        for stream in (s for s in many if s not in many[1::7]):
            assert local(stream.sasl_answer()) == "success"


def by_others(world, person, ann):
    new_password(world, person, "otra clave")
    with pytest.raises(StreamError):
        ann.next(30)            # the news is here


def by_the_person(world, person, ann):
    assert set_own(ann, person.password, "otra clave").get("type") == "result"


@pytest.mark.parametrize("change", [by_others, by_the_person])
def test_password_changed_during_the_bind(world, slow, change):
    """The directory said yes to the old one; we hear it after the change."""
    service, proxy = slow
    person = known(service, world)
    with guests(service, person) as (ann,), Stream(service) as stream:
        stream.secured()
        # What the directory allows is known then: binds of one person need not
        # wait for each other any more.
        assert attempt(service, person, "mal") == "not-authorized"
        proxy.keep(1)
        begin_plain(stream, person, person.password)
        wait_for(lambda: proxy.kept, 30)
        change(world, person, ann)
        proxy.let_go()
        with pytest.raises(SaslFailure) as why:
            stream.sasl_answer()
        assert why.value.condition == "temporary-auth-failure"
        assert attempt(service, person) == "not-authorized"
        assert attempt(service, person, "otra clave") is None
