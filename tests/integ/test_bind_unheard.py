# SPDX-License-Identifier: Apache-2.0
"""LDAP-15: a password that was sent to the directory counts, whether or not
anybody waited for the answer, and whether or not there was one."""

import base64
import concurrent.futures
import threading
import time

import pytest

from ldapfaults import Proxy
from live import attempt
from rawclient import SASL, Stream
from service import Service
from test_bind_budget import MOST, failures
from test_bind_budget import victim_  # noqa: F401  pylint: disable=unused-import
from world import wait_for

BAD = b"mal"                    # what every wrong password here begins with


class Slow(Proxy):
    """Binds with a wrong password are passed on; their answers come after
    `delay` seconds, or never, with `is_cutting`."""

    def __init__(self, port):
        self.delay = 0
        self.is_cutting = False
        self.seen = 0
        self.slow = set()
        super().__init__(port)

    def pass_on(self, source, sink):  # pylint: disable=arguments-differ
        data = source.recv(1 << 16)
        if BAD in data:
            self.slow.add(threading.get_ident())
            self.seen += 1
        if data:
            sink.sendall(data)
        return bool(data)

    def answer(self, server, sock):
        if threading.get_ident() not in self.slow:
            return super().answer(server, sock)
        data = server.recv(1 << 16)
        if self.is_cutting:
            return False
        time.sleep(self.delay)
        sock.sendall(data)
        return bool(data)


@pytest.fixture(name="slow")
def slow_(world):
    proxy = Slow(int(world.env["LDAP_URI"].rpartition(":")[2].strip("/")))
    yield proxy
    proxy.close()


def service(world, folder, proxy, **more):
    return Service(world, folder, {
        "ldap.uri": proxy.uri, "ldap.start_tls": "no",
        "ldap.insecure_loopback": "yes",
        **{f"ldap.{name}": value for name, value in more.items()}})


def hang_up(one, person, password, until):
    """Tries it, and is gone before the answer."""
    text = base64.b64encode(f"\0{person.uid}\0{password}".encode()).decode()
    with Stream(one) as stream:
        stream.secured()
        stream.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{text}</auth>")
        return until()


def test_who_hangs_up_is_counted(world, victim, slow, tmp_path):
    """C's answer comes when C is gone; then no more is sent."""
    person = victim(False)
    with service(world, tmp_path, slow) as one:
        slow.delay = 0.3
        for i in range(MOST + 1):
            seen = slow.seen
            refused = one.log.count("too-many-wrong-binds")
            hang_up(one, person, f"mal{i}", lambda: wait_for(
                lambda: slow.seen > seen                    # noqa: B023
                or one.log.count("too-many-wrong-binds") > refused, 20))  # noqa: B023
        assert failures(world, person) == MOST // 2
        assert attempt(one, person) == "temporary-auth-failure"


def test_a_right_one_whose_client_is_gone_is_none(world, victim, slow, tmp_path):
    person = victim(False)
    right = type(person)(person.uid, "mal de nombre", person.dn, person.jid)
    world.root.passwd_s(person.dn, None, right.password)
    with service(world, tmp_path, slow) as one:
        slow.delay = 0.3
        for _ in range(4):
            seen = slow.seen
            hang_up(one, right, right.password, lambda: wait_for(
                lambda: slow.seen > seen, 20))              # noqa: B023
        wait_for(lambda: attempt(one, right) is None)
        assert "bind-unanswered" not in one.log


def test_no_answer_in_time_is_counted(world, victim, slow, tmp_path):
    person = victim(False)
    with service(world, tmp_path, slow, timeout="700ms") as one:
        slow.delay = 1.5
        said = [attempt(one, person, f"mal{i}") for i in range(MOST + 1)]
        assert set(said) == {"temporary-auth-failure"}
        assert failures(world, person) <= MOST // 2
        assert "bind-unanswered" in one.log
        assert "too-many-wrong-binds" in one.log


def test_many_at_once_are_no_wrong_ones(world, slow, tmp_path):
    """The time of a bind begins when it is sent: who waited for the others' (four at a
    time) is not counted for having waited."""
    people = [world.person(password="mal de nombre") for _ in range(12)]
    with service(world, tmp_path, slow, timeout="3s") as one:
        slow.delay = 1.25
        with concurrent.futures.ThreadPoolExecutor(len(people)) as crowd:
            said = list(crowd.map(lambda p: attempt(one, p), people))
        assert said.count(None) > 4, said
        assert "bind-unanswered" not in one.log
        slow.delay = 0
        for person in people:
            assert attempt(one, person) is None


def test_a_connection_that_ends_is_counted(world, victim, slow, tmp_path):
    """The bind is sent once more, and that is another failure."""
    person = victim(False)
    with service(world, tmp_path, slow) as one:
        slow.is_cutting = True
        said = [attempt(one, person, f"mal{i}") for i in range(MOST + 1)]
        assert set(said) == {"temporary-auth-failure"}
        assert failures(world, person) <= MOST // 2
        assert "bind-unanswered" in one.log
