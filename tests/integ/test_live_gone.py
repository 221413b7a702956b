# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: the directory is gone.  (test_outage.py has every way in which.)"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Client, condition, settle
from faults import Proxy
from live import attempt, build_is_slow, clock, shared_world, watching  # noqa: F401
from service import Service
from world import wait_for

TIMES, WORDS, AGAIN = 3, 5, 4
PAUSE = 1                       # people do not come all at once
BACK = 25


@pytest.fixture(scope="module")
def proxied(shared_world, tmp_path_factory):                    # noqa: F811
    """A service of its own: nobody else's directory goes."""
    port = shared_world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as proxy, Service(
            shared_world, tmp_path_factory.mktemp("gone"),
            {"ldap.uri": proxy.uri}) as service:
        watching(service)
        yield service, proxy


def told_to_come_again(service, person, clock):                  # noqa: F811
    clock.begin()
    assert attempt(service, person) == "temporary-auth-failure"
    clock.end()


def refused(ann, jid, clock):                                   # noqa: F811
    clock.begin()
    answer = ann.set_item(jid)
    clock.end()
    assert condition(answer).startswith("wait "), condition(answer)


def test_gone_and_back(world, proxied, clock):                  # noqa: F811
    """Nothing, for those online; others are told to come again; nothing is written,
    and nothing said to be."""
    service, proxy = proxied
    talk = clock("gone: those online talk on")
    logins = [clock("just gone: a login waits, and is told so"),
              *[clock("gone: a login is told to come again")] * AGAIN]
    changes = [clock("just gone: a change waits, and is refused"),
               *[clock("gone: a change is refused (wait)")] * AGAIN]
    third = world.person()
    with Client(service, world.person()) as ann, \
            Client(service, world.person()) as bob:
        for client in ann, bob:
            client.come().items()
        for n in range(TIMES):
            proxy.mode = "drop"
            proxy.cut()
            for _ in range(WORDS):
                talk.begin()
                ann.message(bob.jid)
                bob.receive("message", from_=ann.jid)
                talk.end()
            # Both at once: when the first was told, the second need not wait.
            with ThreadPoolExecutor(1) as other:
                login = other.submit(told_to_come_again, service, third, logins[0])
                refused(ann, f"nuevo{n}@otra.example", changes[0])
                login.result()
            for told, change in zip(logins[1:], changes[1:]):
                time.sleep(PAUSE)
                told_to_come_again(service, third, told)
                time.sleep(PAUSE)
                refused(ann, f"nuevo{n}@otra.example", change)
            proxy.mode = "pass"
            wait_for(lambda: attempt(service, third) is None, BACK, 0.1)
            assert ann.set_item(f"luego{n}@otra.example").get("type") == "result"
        assert set(ann.items()) == {f"luego{n}@otra.example" for n in range(TIMES)}
        settle(ann, bob)
