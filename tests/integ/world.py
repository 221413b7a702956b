# SPDX-License-Identifier: Apache-2.0
"""A whole service of its own for tests, started as `make run` starts it.

    world = World(folder).start()
    ann = world.person()                    # a new entry, by ldapadd
    ...
    world.stop()                            # fails if anything is left or broke

Directory, certificates and programs are the trial's (server/trial/run), in a
temporary state folder and on ports that happen to be free, so that any number
of worlds live side by side.  BUILD names the folder of the programs: the
sanitizers' reports, if any, are looked for when the world ends.
"""

import contextlib
import dataclasses
import itertools
import os
import pathlib
import random
import re
import shlex
import signal
import socket
import subprocess
import time
import uuid

import ldap
from ldap.filter import escape_filter_chars

TOP = pathlib.Path(__file__).resolve().parents[2]
LAUNCHER = TOP / "server/trial/run"
BASE_PORTS = (5222, 5223, 8443, 3389)
ENV_NAMES = """DOMAIN MUC_DOMAIN C2S_PORT C2S_TLS_PORT WEB_URL CA_FILE LDAP_URI
    LDAP_BASE PEOPLE_BASE IM_BASE LDAP_ROOT_DN LDAP_ROOT_PASSWORD ADMIN_USER
    ADMIN_PASSWORD PID IM_PID WEB_PID SLAPD_PID""".split()
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|Assertion .* failed")
READY_WITHIN = 60           # an instrumented build on a busy machine


class Broken(AssertionError):
    """The world does not start, or is not as it should be at its end."""


@dataclasses.dataclass
class Person:
    """Somebody in the directory, and what they log in with."""
    uid: str
    password: str
    dn: str
    jid: str


_claims = {}            # port -> a socket that says it is ours, while we live


def claim(port):
    """True: nobody uses the port, and no other run of the tests will choose it
    before we do.  A name in Linux's abstract namespace is the claim, which
    ends with this process and leaves nothing behind."""
    if not is_free(port):
        return False
    if port not in _claims:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            one.bind(f"\0tertulia-tests-port-{port}")
        except OSError:
            one.close()
            return False
        _claims[port] = one
    return True


def is_free(port):
    for family, address in ((socket.AF_INET, "127.0.0.1"),
                            (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as why:
            if family == socket.AF_INET or why.errno == 98:
                return False
    return True


def free_offset():
    """An offset with all ports free and below the ephemeral ones."""
    while True:
        offset = random.randrange(1000, 23000)
        if all(claim(port + offset) for port in BASE_PORTS):
            return offset


def read_env(path):
    """STATE/env, which is shell syntax."""
    pairs = (word.partition("=") for word in shlex.split(path.read_text()))
    return {name: value for name, _, value in pairs}


def state_of(stat):
    """R, S, T, Z … of a process or thread by its stat file."""
    return stat.read_text().rpartition(")")[2].split()[0]


def is_alive(pid):
    try:
        return state_of(pathlib.Path(f"/proc/{pid}/stat")) != "Z"
    except OSError:
        return False


def session_processes(leader):
    """Processes of the session that `leader` began, as (pid, command)."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append((int(stat.parent.name), name.partition("(")[2]))
    return found


def sanitizer_options(folder):
    """Reports go to files, so that none is lost; other options stay."""
    return {name: f"{os.environ.get(name, '')}:log_path={folder}/sanitizer"
            for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}


def wait_for(what, within=30, every=0.01):
    """Waits until what() is true, and gives its value."""
    deadline = time.monotonic() + within
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Broken(f"not within {within} s: {what}")
        time.sleep(every)


class World:
    """One service.  `more` are variables of `make run`: SAMPLE="no" …"""

    def __init__(self, folder, **more):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.more = {name: str(value) for name, value in more.items()}
        self.env = {}
        self.process = None
        self.expects_deaths = False     # a test kills the programs on purpose
        self._names = itertools.count(1)
        self._slapd = None              # one that we started

    # ---- life ----

    def start(self, within=READY_WITHIN):
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            if self._try_start(within):
                self.env = read_env(self.state / "env")
                return self
        raise Broken(f"does not start:\n{self.output()}")

    def _try_start(self, within):
        offset = self.more.get("PORT_OFFSET") or str(free_offset())
        variables = {
            **sanitizer_options(self.folder), **self._threads(),
            "STATE": str(self.state), "SAMPLE": "no", "PORT_OFFSET": offset,
            **self.more}
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                [LAUNCHER], env={**os.environ, **variables}, cwd=TOP,
                stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if re.search(r"^tertulia: ready$", self.output(), re.M):
                return True
            if self.process.poll() is not None:
                if re.search("in use", self.output()):
                    return False        # somebody was quicker: another offset
                raise Broken(f"ended by itself:\n{self.tail()}")
            time.sleep(0.02)
        self.kill()
        raise Broken(f"not ready within {within} s:\n{self.tail()}")

    def _threads(self):
        """IO_THREADS=2 in the environment runs the suite with threads."""
        if not os.environ.get("IO_THREADS"):
            return {}
        conf = self.folder / "threads.conf"
        conf.write_text("[server]\nio_threads = "
                        f"{os.environ['IO_THREADS']}\n")
        return {"CONF": str(conf)}

    def output(self):
        """What the launcher printed so far."""
        return (self.folder / "output").read_text(errors="replace")

    def logs(self):
        """All logs, as one text."""
        files = [self.folder / "output", *sorted(self.state.glob("log/*"))]
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')}"
                         for file in files if file.is_file())

    def tail(self, lines=60):
        return "\n".join(self.logs().splitlines()[-lines:])

    def pid(self, name):
        return int(self.env[name])

    def reread_env(self):
        self.env = read_env(self.state / "env")

    def check(self):
        """The programs that started are still the ones that run."""
        if self.expects_deaths or not self.env:
            return
        for name in ("PID", "IM_PID", "WEB_PID", "SLAPD_PID"):
            if not is_alive(self.pid(name)):
                raise Broken(f"{name} {self.env[name]} is gone:\n{self.tail()}")

    def end(self, how=signal.SIGTERM, within=60):
        """Asks the launcher to end; gives its exit code."""
        self.process.send_signal(how)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            text = f"does not end within {within} s:\n{self.tail()}"
            self.kill()
            raise Broken(text) from None

    def kill(self):
        for pid, _ in session_processes(self.process.pid):
            with contextlib.suppress(ProcessLookupError):   # went by itself
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends the world and tells what was not right in it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.check()
            self.end()
        if self._slapd is not None:
            self._slapd.kill()
            self._slapd.wait()
        left = session_processes(self.process.pid)
        self.kill()
        reports = self.reports()
        if left:
            raise Broken(f"left behind: {left}\n{self.tail()}")
        if reports:
            raise Broken(reports)

    def reports(self):
        """What the sanitizers found, as text; empty: nothing."""
        found = [file.read_text(errors="replace")
                 for file in sorted(self.folder.glob("sanitizer*"))]
        return "\n".join(found) + "\n".join(
            line for line in self.logs().splitlines() if REPORT.search(line))

    # ---- names ----

    @property
    def domain(self):
        return self.env["DOMAIN"]

    @property
    def muc(self):
        return self.env["MUC_DOMAIN"]

    def name(self, stem):
        """A name nobody in this world has had yet."""
        return f"{stem}{next(self._names)}"

    # ---- the directory ----

    def ldap(self, dn=None, password=None):
        """A verified connection, bound as the directory's root or as `dn`."""
        conn = ldap.initialize(self.env["LDAP_URI"])
        conn.set_option(ldap.OPT_REFERRALS, 0)
        conn.set_option(ldap.OPT_NETWORK_TIMEOUT, 10)
        conn.set_option(ldap.OPT_TIMEOUT, 10)
        conn.set_option(ldap.OPT_X_TLS_CACERTFILE, self.env["CA_FILE"])
        conn.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        conn.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        conn.start_tls_s()
        conn.simple_bind_s(dn or self.env["LDAP_ROOT_DN"],
                           password or self.env["LDAP_ROOT_PASSWORD"])
        return conn

    @property
    def root(self):
        """The root's connection, kept; a new one after slapd was away."""
        if getattr(self, "_root_of", None) != self.env["SLAPD_PID"]:
            self._root, self._root_of = self.ldap(), self.env["SLAPD_PID"]
        return self._root

    def person(self, stem="p", password=None, dn=None, **more):
        """Adds a person; `more` are further or other attributes."""
        uid = more.pop("uid", None) or self.name(stem)
        password = f"clave de {uid}" if password is None else password
        dn = dn or f"uid={uid},{self.env['PEOPLE_BASE']}"
        entry = {"objectClass": ["inetOrgPerson"], "uid": [uid],
                 "cn": [f"Persona {uid}"], "sn": [uid],
                 "userPassword": [password], **more}
        self.root.add_s(dn, [
            (name, [v.encode() if isinstance(v, str) else v for v in values])
            for name, values in entry.items() if values])
        return Person(uid, password, dn, f"{uid}@{self.domain}")

    def modify(self, dn, **changes):
        """Replaces attributes; None removes one."""
        self.root.modify_s(dn, [
            (ldap.MOD_REPLACE, name, value and [
                v.encode() if isinstance(v, str) else v for v in value])
            for name, value in changes.items()])

    def search(self, base, pattern="(objectClass=*)", attributes=("*", "+")):
        """Entries below base, as (dn, {name: [text, …]})."""
        try:
            found = self.root.search_s(base, ldap.SCOPE_SUBTREE, pattern,
                                       list(attributes))
        except ldap.NO_SUCH_OBJECT:
            return []
        return [(dn, {name: [v.decode(errors="replace") for v in values]
                      for name, values in entry.items()})
                for dn, entry in found if dn]

    @property
    def profiles_base(self):
        return (self.env["PEOPLE_BASE"] if self.more.get("PROFILES") == "inline"
                else "ou=profiles," + self.env["IM_BASE"])

    def profile(self, person):
        """The attributes of somebody's IM profile, or None."""
        found = self.search(self.profiles_base,
                            f"(jid={escape_filter_chars(person.jid)})")
        assert len(found) < 2, found
        return found[0][1] if found else None

    def room(self, stem="sala", **more):
        """Adds a room entry; gives the room's address."""
        name = self.name(stem)
        entry = {"objectClass": ["imRoom"], "imRoomName": [name],
                 "cn": [f"Sala {name}"], **more}
        self.root.add_s(f"imRoomName={name},ou=rooms,{self.env['IM_BASE']}", [
            (key, [v.encode() for v in values])
            for key, values in entry.items()])
        return f"{name}@{self.muc}"

    def orphan(self, uid):
        """Adds a profile of somebody who is gone; gives the entryUUID they had."""
        lost = str(uuid.uuid4())
        self.root.add_s(f"imPersonUUID={lost},{self.profiles_base}", [
            ("objectClass", b"imProfile"), ("imPersonUUID", lost.encode()),
            ("jid", f"{uid}@{self.domain}".encode()),
            ("imRosterItem", b"andres@example.org both 0 0 -")])
        return lost

    # ---- weather ----

    def slapd(self, how):
        """Sends slapd a signal: SIGSTOP, SIGCONT; it stands when this is
        over, which on a busy machine is not at once."""
        pid = self.pid("SLAPD_PID")
        os.kill(pid, how)
        if how == signal.SIGSTOP:
            wait_for(lambda: all(
                state_of(stat) in "tT"
                for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")))

    def slapd_kill(self):
        """slapd is gone at once, and the port with it."""
        pid = self.pid("SLAPD_PID")
        self.expects_deaths = True
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid))

    def slapd_again(self):
        """slapd once more, on the same data and port; ended with the world."""
        if self._slapd is not None:
            self._slapd.wait()
        self._slapd_start()

        def answers():
            if self._slapd.poll() is not None:      # who was killed had the port still
                self._slapd_start()
            try:
                return self.ldap()
            except ldap.LDAPError:
                return None
        wait_for(answers, READY_WITHIN, 0.05)

    def _slapd_start(self):
        port = self.env["LDAP_URI"].rpartition(":")[2].strip("/")
        urls = f"ldap://127.0.0.1:{port}/"
        with open(self.state / "log/slapd-again.log", "ab") as log:
            self._slapd = subprocess.Popen(
                ["/usr/sbin/slapd", "-d", "none", "-F",
                 self.state / "ldap/config", "-h", urls],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.env["SLAPD_PID"] = str(self._slapd.pid)
