# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: servers that can be loaded, the load, its figures.

A server is a context manager with name, port, domain, muc, pids().  The load
program prints one line of JSON per scenario; a Figures keeps them all, by server
and key, and tells medians and spreads.
"""

import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integ"))
from service import Service, build, free_ports                  # noqa: E402
from world import World                                         # noqa: E402

# What is measured, by the words the load program is told; the relay's group.
#   key: (words of load.c, group of the relay or None: pairs)
TALK = {
    "talk 1": "talkers=0 window=1 messages={many} talk",
    "talk 8": "talkers=200 window=8 messages={many} talk",
    "rate": "talkers=0 rate=2000 seconds=5 rate",
}
ROOMS = {
    "rooms 10x100": (100, "rooms=10 occupants=100 window=4 messages=200 join room"),
    "room 1x1000": (1000, "rooms=1 occupants=1000 window=4 messages=200 join room"),
}
# The label of a server with so many I/O threads.
THREADS = {1: "one I/O thread", 2: "two I/O threads"}
# Last, for it leaves rosters behind: what is not the relay's business.
SOCIAL = ("users=200 friends=20 befriend messages=50 storm "
          "rooms=10 occupants=10 join rate=1000 seconds=5 day")


def people(path, count):
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            file.write(f"dn: uid=u{number},ou=people,dc=example,dc=org\n"
                       "objectClass: inetOrgPerson\n"
                       f"uid: u{number}\ncn: u{number}\nsn: u{number}\n"
                       "userPassword: x\n\n")


@contextlib.contextmanager
def world_of(users, folder, conf=""):
    """A world with that many people u0 … uN, and rooms for everyone."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    ldif, more = folder / "people.ldif", folder / "more.conf"
    people(ldif, users)
    more.write_text(conf)
    world = World(folder / "world", LDIF=ldif, CREATE_ROOMS="everyone",
                  CONF=str(more))
    world.start(within=60 + users / 100)
    try:
        yield world
    finally:
        world.stop()


class Ours:
    """Tertulia itself: the processes of a world, without its directory's."""

    name, has_rooms, has_scram = "tertulia", True, True

    def __init__(self, world):
        self.world = world
        self.domain, self.muc = world.domain, world.muc
        self.port = int(world.env["C2S_TLS_PORT"])
        self.im = world.pid("IM_PID")

    def __enter__(self):
        return self

    def __exit__(self, *why):
        pass

    def pids(self):
        return [self.im, self.world.pid("WEB_PID"), parent(self.im)]


def parent(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return int(stat.rpartition(")")[2].split()[1])


class Relay:
    """The bare relay of the same bytes: what TLS and the kernel alone cost."""

    has_rooms = True

    def __init__(self, world, group=None, batch=False):
        self.words = ([f"group={group}"] if group else []) \
            + (["batch"] if batch else [])
        self.name = "batching relay" if batch else "relay"
        self.domain, self.muc = world.domain, world.muc
        self.tls = world.state / "tls"
        self.process = None

    def __enter__(self):
        [self.port] = free_ports(1)
        self.process = subprocess.Popen(
            [build() / "tests/bench/relay", str(self.port),
             self.tls / "server.pem", self.tls / "server.key", *self.words],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *why):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def pids(self):
        return [self.process.pid]


class Figures:
    """{server: {what: [one dict per run]}}"""

    def __init__(self):
        self.of = {}

    def add(self, key, line):
        self.of.setdefault(line["server"], {}).setdefault(key, []).append(line)

    def values(self, server, key, field="cpu_us"):
        return [line[field] for line in self.of.get(server, {}).get(key, [])
                if field in line]

    def median(self, server, key, field="cpu_us"):
        values = self.values(server, key, field)
        return statistics.median(values) if values else None

    def spread(self, server, key, field="cpu_us"):
        values = self.values(server, key, field)
        return (min(values), max(values)) if values else None


def load(server, world, words, keys, figures, mechanism="PLAIN"):
    """Run the load program; the i-th line it prints is filed under keys[i]."""
    command = [build() / "tests/bench/load", f"port={server.port}",
               f"domain={server.domain}", f"muc={server.muc}",
               f"ca={world.env['CA_FILE']}", f"label={server.name}",
               f"mechanism={mechanism}",
               "pids=" + ",".join(str(p) for p in server.pids()),
               f"slapd={world.env['SLAPD_PID']}",
               f"im={getattr(server, 'im', 0)}",
               f"raw={int(isinstance(server, Relay))}", *words]
    with subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE,
                          text=True) as process:
        for key, text in zip(keys, process.stdout):
            print(text, end="", flush=True)
            figures.add(key, json.loads(text))
    if process.returncode != 0:
        raise SystemExit(f"the load on {server.name} failed")
    time.sleep(1)


def warm(server, world, users, figures):
    """Everybody logs in until all have a profile and SCRAM verifiers, which the
    first PLAIN logins make, a few at a time."""
    for turn in range(10):
        load(server, world, [f"users={users}", "login"],
             ["first login" if turn == 0 else "next login"], figures)
        found = world.search("ou=profiles," + world.env["IM_BASE"],
                             "(imScram=*)", ["jid"])
        if len(found) >= users:
            return


def scenario_words(many):
    """(words, keys) of everything in one run of the load program."""
    words, keys = [], []
    for key, text in TALK.items():
        words += text.format(many=many).split()
        keys.append(key)
    for key, (_, text) in ROOMS.items():
        words += text.split()
        keys += [f"join {key}", key]
    return words, keys


def without_rooms(words, keys):
    """For a server that has none."""
    at = words.index("rooms=10")
    return words[:at], keys[:keys.index("join rooms 10x100")]


def measure(server, world, users, figures, many):
    """All of it against an XMPP server."""
    words, keys = scenario_words(many)
    if server.has_rooms:
        words += SOCIAL.split()
        keys += ["befriend", "storm", "join for the day", "day"]
    else:
        words, keys = without_rooms(words, keys)
    load(server, world, [f"users={users}", "login", *words],
         ["login", *keys], figures)


def login_in_parts(server, world, users, figures):
    """A login as far as the handshake, and as far as SASL."""
    for key, words in (("login: handshake", ["raw=1"]),
                       ("login: handshake, SASL", ["sasl=1"])):
        load(server, world, [f"users={users}", *words, "login"], [key], figures)


def login_scram(server, world, users, figures):
    """By SCRAM-SHA-256, where the server has it."""
    if server.has_scram:
        load(server, world, [f"users={users}", "login"], ["login: SCRAM"],
             figures, "SCRAM-SHA-256")


def measure_relay(world, users, figures, many):
    """The same against the relay, which needs to know its groups."""
    with Relay(world) as relay:
        idle(relay, world, users, figures)
    with Relay(world) as relay:
        words = " ".join(TALK.values()).format(many=many).split()
        load(relay, world, [f"users={users}", "login", *words],
             ["login", *TALK], figures)
    for key, (group, text) in ROOMS.items():
        for batch in (False, True):
            with Relay(world, group, batch) as relay:
                load(relay, world, [f"users={users}", "login", *text.split()],
                     ["login of group", f"join {key}", key], figures)


def idle(server, world, users, figures, seconds=5):
    load(server, world, [f"users={users}", f"seconds={seconds}", "idle"],
         ["login for idle", "idle"], figures)


def starts(world, folder, count, figures):
    """From the command to the "ready" file, all three programs, each polled for
    every 10 ms, on a directory that is there."""
    for number in range(count):
        begin = time.monotonic()
        with Service(world, pathlib.Path(folder, f"start{number}")):
            took = time.monotonic() - begin
        line = {"server": "tertulia", "what": "start", "count": 1,
                "ms": round(took * 1e3, 1)}
        print(json.dumps(line), flush=True)
        figures.add("start", line)


def temporary():
    return tempfile.TemporaryDirectory(prefix="tertulia-bench-")


def at_top():
    os.chdir(TOP)
