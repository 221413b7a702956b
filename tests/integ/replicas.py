# SPDX-License-Identifier: Apache-2.0
"""Several slapds that are copies of one another, as schema/README sets them up.

    one, two = providers(folder)            # delta-syncrepl, either way
    one, two = provider_and_replica(folder) # two takes no writes
    two.kill(); two.again()

Each is a Directory whose slapd may be killed and brought back."""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import ldap
import ldap.modlist

from directory import TOP, Directory
from world import claim, wait_for

REPLICA = "cn=replica,ou=services,ou=im,dc=example,dc=org"
PASSWORD = "copia-de-todo"
DATABASE = "olcDatabase={1}mdb,cn=config"
SLAPD = "/usr/sbin/slapd"


def free_port():
    while not claim(port := random.randrange(20000, 30000)):
        pass
    return port


class Server(Directory):
    """A slapd on a port of its own that stays its own."""

    def __init__(self, state, **settings):
        super().__init__(state, LDAP_PORT=str(free_port()), **settings)
        self.process = None

    @classmethod
    def of_world(cls, world):
        """The slapd of a World, which lives and dies with that."""
        one = cls.__new__(cls)
        one.state, one.env, one.process = world.state, world.env, None
        return one

    @property
    def config(self):
        return self.state / "ldap/config"

    def again(self):
        """On the data and the configuration that are there."""
        with open(self.state / "log/again.log", "ab") as log:
            self.process = subprocess.Popen(
                [SLAPD, "-d", "none", "-F", self.config, "-h",
                 self.env["LDAP_URI"] + "/"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.env["SLAPD_PID"] = str(self.process.pid)
        wait_for(self.answers, 60)
        return self

    def answers(self):
        assert self.process.poll() is None, (
            self.state / "log/again.log").read_text()
        try:
            return self.root()
        except ldap.SERVER_DOWN:
            return None

    def kill(self):
        os.kill(int(self.env["SLAPD_PID"]), signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self):
        done = super().stop()
        if self.process is not None:
            self.process.wait(20)
        return done

    def load(self, name, **words):
        """A file of schema/, as its README says."""
        text = (TOP / f"schema/{name}.ldif").read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        assert not re.search(r"^[^#].*@[A-Z_]+@", text, re.M), text
        done = subprocess.run(
            ["ldapmodify", "-x", "-H", self.env["LDAP_URI"], "-D",
             self.env["LDAP_ROOT_DN"], "-w", self.env["LDAP_ROOT_PASSWORD"]],
            input=text, text=True, capture_output=True, check=False,
            env={**os.environ, "LDAPNOINIT": "1"})
        assert done.returncode == 0, done.stderr

    def provides(self, number):
        log = self.state / "ldap/accesslog"
        log.mkdir()
        self.load("replication-provider", SERVER_ID=number, LOG_DIR=log)

    def copies(self, uri, **more):
        """more: olcMultiProvider or olcUpdateRef."""
        self.load("replication-consumer", OTHER_URI=uri,
                  REPLICA_PASSWORD=PASSWORD, CA_FILE=self.env["CA_FILE"])
        self.root().modify_s(DATABASE, [
            (ldap.MOD_REPLACE, name, value.encode())
            for name, value in more.items()])

    def touch(self):
        self.root().modify_s(REPLICA, [
            (ldap.MOD_REPLACE, "description", str(time.time()).encode())])

    def csns(self):
        """contextCSN, one for each server that ever wrote."""
        try:
            found = self.root().search_s(self.env["LDAP_BASE"], ldap.SCOPE_BASE,
                                         attrlist=["contextCSN"])
        except ldap.NO_SUCH_OBJECT:
            return [self.state.name]
        return sorted(found[0][1].get("contextCSN", [self.state.name]))


def empty_twin_of(one, state):
    """A second server with the same passwords and certificates, and no entry."""
    two = Server(state, SAMPLE="no")
    for name in "secrets", "tls":
        shutil.copytree(one.state / name, state / name)
    two.start()
    assert two.stop().returncode == 0
    for file in (state / "ldap/data").iterdir():
        file.unlink()
    return two.again()


def first(state, one=None):
    """A new one, or one that is there already, made ready to be copied."""
    one = one or Server(pathlib.Path(state), SAMPLE="no").start()
    one.root().add_s(REPLICA, ldap.modlist.addModlist({
        "objectClass": [b"applicationProcess", b"simpleSecurityObject"],
        "cn": [b"replica"], "userPassword": [PASSWORD.encode()]}))
    return one


def uri_of(server):
    return server.env["LDAP_URI"]


def providers(folder, one=None, way=uri_of):
    """way(server): under which URI it is copied from."""
    one = first(folder / "one", one)
    two = empty_twin_of(one, folder / "two")
    one.provides(1)
    two.provides(2)
    two.copies(way(one), olcMultiProvider="TRUE")
    agree(one, two)
    one.copies(way(two), olcMultiProvider="TRUE")
    for server in one, two:     # README: before it, contextCSN never agrees
        server.touch()
    agree(one, two)
    return one, two


def provider_and_replica(folder, way=uri_of, one=None):
    one = first(folder / "one", one)
    one.provides(1)
    two = empty_twin_of(one, folder / "two")
    two.copies(way(one), olcUpdateRef=uri_of(one))
    agree(one, two)
    return one, two


def agree(*servers, within=60):
    """Waits until each has what the others have."""
    deadline = time.monotonic() + within
    while len({tuple(s.csns()) for s in servers}) != 1:
        assert time.monotonic() < deadline, [s.csns() for s in servers]
        time.sleep(0.1)
