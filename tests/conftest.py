# SPDX-License-Identifier: Apache-2.0
"""What all tests that need the running service share: worlds and people.

`world` is one service for all tests of a process (pytest-xdist: a worker); a
test makes people of its own in it and leaves everybody else alone.  Whoever
stops, kills or reconfigures something takes a world for itself: `new_world`.
"""

import os
import pathlib
import shutil
import statistics
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/integ"))

from client import Client                                       # noqa: E402
from rawclient import Stream                                    # noqa: E402
from states import STATES                                       # noqa: E402
from world import World                                         # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Remember whether a test failed: its world's logs go into the report."""
    report = (yield).get_result()
    found = item.funcargs.get("world") or item.funcargs.get("private")
    if report.when == "call" and report.failed and isinstance(found, World):
        report.sections.append(("log of the world", found.tail(40)))


def pytest_terminal_summary(terminalreporter):
    """How soon changes in the directory are true (integ/live.py)."""
    rows = {}
    for report in sum(terminalreporter.stats.values(), []):
        for name, value in getattr(report, "user_properties", ()):
            if name == "live" and report.when == "teardown":
                rows.setdefault(value[0], []).extend(value[1])
    if not any(rows.values()):
        return
    terminalreporter.section("from ldapmodify's answer to the client's stanza")
    for row, times in sorted(rows.items()):
        if times:
            terminalreporter.line(
                f"{row:32} n={len(times):3}  median "
                f"{1000 * statistics.median(times):6.1f} ms  worst "
                f"{1000 * max(times):6.1f} ms")


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory):
    """SAMPLE=yes: the sample university is there, and rooms for everyone; and
    whoever WORLD_LDIF adds, for measuring with many."""
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, SAMPLE="yes", CREATE_ROOMS="everyone",
                  LDIF=os.environ.get("WORLD_LDIF", ""))
    try:
        yield world.start()
    finally:
        world.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def world(shared_world):
    shared_world.check()
    yield shared_world
    shared_world.check()


@pytest.fixture(scope="session")
def make_world(tmp_path_factory):
    """make_world(**variables): started worlds, ended with the process."""
    worlds = []

    def make(**variables):
        world = World(tmp_path_factory.mktemp("world"), **variables)
        worlds.append(world)
        return world.start()
    yield make
    stop_all(worlds)


@pytest.fixture
def new_world(tmp_path):
    """As make_world, ended with the test; start=False: not yet started."""
    worlds = []

    def make(start=True, **variables):
        world = World(tmp_path / f"world{len(worlds)}", **variables)
        worlds.append(world)
        return world.start() if start else world
    yield make
    stop_all(worlds)


def stop_all(worlds):
    """Stops every one, also when one complains; the first complaint counts."""
    complaints = []
    for world in worlds:
        try:
            world.stop()
        except AssertionError as why:
            complaints.append(why)
    if complaints:
        raise complaints[0]


@pytest.fixture
def connect(world):
    """connect(tls=…): raw streams to the shared world, cut after the test."""
    opened = []

    def make(*args, **more):
        opened.append(Stream(world, *args, **more))
        return opened[-1]
    yield make
    for stream in opened:
        stream.cut()


@pytest.fixture
def login(world):
    """login(person=None, resource="r"): clients, a new person each unless
    told; cut after the test."""
    opened = []

    def make(person=None, resource="r", **more):
        opened.append(Client(world, person or world.person(), resource, **more))
        return opened[-1]
    yield make
    for client in opened:
        client.cut()


@pytest.fixture
def pair(login):
    """Two strangers, available."""
    return login().come(), login().come()


@pytest.fixture
def at(world, somebody):
    """at("secured"): a stream in that state, cut after the test."""
    opened = []

    def make(state, person=None):
        opened.append(STATES[state](world, person or somebody))
        return opened[-1]
    yield make
    for stream in opened:
        stream.cut()


@pytest.fixture(scope="session")
def somebody(shared_world):
    """One person for tests that only need an account, whosever it is."""
    return shared_world.person("alguien")
