# SPDX-License-Identifier: Apache-2.0
"""SASL-08: whoever has no password that the directory could look at is refused no
sooner than others, though the directory refuses them at once."""

import threading
import time

import pytest

from live import attempt
from test_bind_unheard import BAD, Slow, service
from world import Person

SECONDS = 0.5


class Hashing(Slow):
    """Only the binds of `dn` take long, as if nobody else had a hash."""
    dn = b"-"

    def pass_on(self, source, sink):
        data = source.recv(1 << 16)
        if self.dn in data and BAD in data:
            self.slow.add(threading.get_ident())
        else:
            self.slow.discard(threading.get_ident())
        if data:
            sink.sendall(data)
        return bool(data)


@pytest.fixture(name="hashing")
def hashing_(world):
    proxy = Hashing(int(world.env["LDAP_URI"].rpartition(":")[2].strip("/")))
    proxy.delay = SECONDS
    yield proxy
    proxy.close()


def locked(world):
    person = world.person("cerrada")
    world.root.modify_s(person.dn, [(0, "pwdAccountLockedTime", [b"000001010000Z"])])
    return person


def nobody(world):
    uid = world.name("nadie")
    return Person(uid, "-", f"uid={uid}", f"{uid}@{world.domain}")


@pytest.mark.parametrize("who", [nobody, locked], ids=["nobody", "locked"])
def test_a_quick_no_is_held_back(world, hashing, tmp_path, who):
    seen, other = world.person("vista"), who(world)
    with service(world, tmp_path, hashing) as one:
        hashing.dn = seen.dn.encode()
        assert attempt(one, seen, "mal") == "not-authorized"
        began = time.monotonic()
        assert attempt(one, other, "mal") == "not-authorized"
        assert time.monotonic() - began >= SECONDS
