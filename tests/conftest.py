# SPDX-License-Identifier: Apache-2.0
"""What all tests that need the running service share: worlds and people.

`world` is one service for all tests of a process (pytest-xdist: a worker); a
test makes people of its own in it and leaves everybody else alone.  Whoever
stops, kills or reconfigures something takes a world for itself: `new_world`.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/integ"))

import livetable                                                # noqa: E402
from client import Client                                       # noqa: E402
from rawclient import Stream                                    # noqa: E402
from states import STATES                                       # noqa: E402
from world import World                                         # noqa: E402

LIVE_PEOPLE = int(os.environ.get("LIVE_PEOPLE", 100000))
LOADED_WITHIN = 600         # seconds, beside three other workers


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Remember whether a test failed: its world's logs go into the report."""
    report = (yield).get_result()
    found = item.funcargs.get("world") or item.funcargs.get("private")
    if report.when == "call" and report.failed and isinstance(found, World):
        report.sections.append(("log of the world", found.tail(40)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One process has the world of many people, and all tests that need it."""
    for item in items:
        if "big_world" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("live"))


def pytest_terminal_summary(terminalreporter):
    """What the tests measured with many people."""
    livetable.show(terminalreporter, LIVE_PEOPLE)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """`make live`: the table is a test."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "LIVE_STRICT" in os.environ and reporter and livetable.unmet(reporter):
        session.exitstatus = 1


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory):
    """SAMPLE=yes: the sample university is there, and rooms for everyone."""
    folder = tmp_path_factory.mktemp("world")
    world = World(folder, SAMPLE="yes", CREATE_ROOMS="everyone")
    try:
        yield world.start()
    finally:
        world.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def big_world(tmp_path_factory):
    """The same with LIVE_PEOPLE people, groups, lists and rooms more."""
    folder = tmp_path_factory.mktemp("big")
    ldif = folder / "people.ldif"
    with open(ldif, "wb") as file:
        subprocess.run([TOP / "tests/bench/people", str(LIVE_PEOPLE)], check=True,
                       stdout=file)
    world = World(folder, SAMPLE="yes", CREATE_ROOMS="everyone", LDIF=ldif)
    try:
        yield world.start(within=LOADED_WITHIN)
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
