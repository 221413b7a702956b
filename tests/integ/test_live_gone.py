# SPDX-License-Identifier: Apache-2.0
"""directory.md §4: the directory is gone.  (test_outage.py has every way in which.)"""

import pytest

from client import Client, condition, settle
from faults import Proxy
from live import attempt, build_is_slow, clock, shared_world, watching  # noqa: F401
from service import Service
from world import wait_for

TIMES, WORDS = 3, 5
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


def test_gone_and_back(world, proxied, clock):                  # noqa: F811
    """Nothing, for those online; others are told to come again; nothing is written,
    and nothing said to be."""
    service, proxy = proxied
    talk = clock("gone: those online talk on")
    told = clock("gone: a login is told to come again")
    refused = clock("gone: a change is refused (wait)")
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
            told.begin()
            assert attempt(service, third) == "temporary-auth-failure"
            told.end()
            refused.begin()
            answer = ann.set_item(f"nuevo{n}@otra.example")
            refused.end()
            assert condition(answer).startswith("wait "), condition(answer)
            proxy.mode = "pass"
            wait_for(lambda: attempt(service, third) is None, BACK, 0.1)
            assert ann.set_item(f"luego{n}@otra.example").get("type") == "result"
        assert set(ann.items()) == {f"luego{n}@otra.example" for n in range(TIMES)}
        settle(ann, bob)
