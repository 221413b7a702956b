# SPDX-License-Identifier: Apache-2.0
"""A service whose directory has many people (the large world of live.py): ready at
once, all of them heard of soon, and not all of them in memory."""

import concurrent.futures
import re
import time

from client import Client
from live import (READ_WITHIN, SLOW, build_is_slow, is_watching,  # noqa: F401
                  shared_world)
from service import Service
from world import Person, wait_for

READY_S = 5
IM_MIB, WEB_MIB = 64, 32        # with 100,000 people: 10 and 3, measured
ONLINE, AT_ONCE = 200, 8


def pss_mib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1]) / 1024


def both(service):
    return [pss_mib(service.pid(name)) for name in ("IM_PID", "WEB_PID")]


def test_ready_at_once_and_bounded(world, tmp_path, record_property,
                                   build_is_slow):              # noqa: F811
    began = time.monotonic()
    with Service(world, tmp_path) as service:
        ready = time.monotonic() - began
        at_first = both(service)
        wait_for(lambda: is_watching(service.log), READ_WITHIN)
        read = time.monotonic() - began
        watching = both(service)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            people = pool.map(lambda n: Client(service, somebody(world, n)).come(),
                              range(ONLINE))
            clients = list(people)
            online = both(service)
            for one in clients:
                one.cut()
    record_property("scale", ("start to ready, empty cache", f"{ready:.2f} s"))
    record_property("scale", ("start to everybody heard of", f"{read:.2f} s"))
    for moment, (im, web) in (("ready", at_first), ("all heard of", watching),
                              (f"{ONLINE} online", online)):
        record_property("scale", (f"memory, {moment}: im, web",
                                  f"{im:.1f} MiB, {web:.1f} MiB"))
    assert ready < READY_S * (SLOW if build_is_slow else 1)
    if not build_is_slow:               # a sanitizer's memory is its own
        assert max(im for im, _ in (at_first, watching, online)) < IM_MIB
        assert max(web for _, web in (at_first, watching, online)) < WEB_MIB


def somebody(world, number):
    """As bench/people makes them."""
    uid = f"u{number}"
    return Person(uid, "x", f"uid={uid},{world.env['PEOPLE_BASE']}",
                  f"{uid}@{world.domain}")
