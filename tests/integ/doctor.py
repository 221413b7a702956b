# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor, run by tests, and ways to make it something to find."""

import contextlib
import json
import os
import subprocess

import ldap
import ldap.modlist
import pytest

from service import build, conf_text

DATABASE = "olcDatabase={1}mdb,cn=config"
MARK = "tertulia-doctor"
FAULT, WARNING = "fault", "warning"


@pytest.fixture(scope="module")
def sample(make_world):
    """A world for the tests of one file."""
    return make_world(SAMPLE="yes", CREATE_ROOMS="everyone")


class Doctor:
    """Runs the program with a configuration of its own."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder
        self.conf = folder / "tertulia.conf"
        self.environment = {}
        self.write()

    def write(self, settings=None):
        # A machine's limit of open files is not what is tested here.
        self.conf.write_text(conf_text(
            (self.world.state / "tertulia.conf").read_text(),
            {"limits.connections": "500", **(settings or {})}))

    def start(self, *words):
        return subprocess.Popen(
            [build() / "tertuliactl", "doctor", "-c", self.conf, *words],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})

    def run(self, *words):
        """Exit code and what was printed."""
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        assert err == "", err
        return process.returncode, out

    def report(self, *words):
        code, out = self.run("--json", *words)
        report = json.loads(out)
        assert report["code"] == code, out
        return report

    def findings(self, *words):
        """What is not good: {id: verdict}, and that result whole."""
        self.last = {check["id"]: check
                     for check in self.report(*words)["checks"]}
        return {name: check["verdict"] for name, check in self.last.items()
                if check["verdict"] in (FAULT, WARNING)}

    def says(self, name):
        return self.last[name]["what"] + " -> " + self.last[name]["next"]

    @property
    def admin(self):
        return ("--admin-dn", self.world.env["LDAP_ROOT_DN"],
                "--admin-password-file",
                self.world.state / "secrets/ldap-root")


def left(world):
    return [dn for dn, entry in world.search(world.env["IM_BASE"])
            if MARK in dn or MARK in str(entry.get("jid"))]


@pytest.fixture
def doctor(sample, tmp_path):
    """Nothing is left in the directory, whatever the doctor found."""
    yield Doctor(sample, tmp_path)
    assert left(sample) == []


@contextlib.contextmanager
def config(world, *changes, dn=DATABASE):
    """Changes in cn=config (op, attribute, [value]), undone afterwards."""
    names = sorted({name for _, name, _ in changes})
    before = world.root.search_s(dn, ldap.SCOPE_BASE, attrlist=names)[0][1]
    world.root.modify_s(dn, [
        (op, name, values and [v.encode() for v in values])
        for op, name, values in changes])
    try:
        yield
    finally:
        world.root.modify_s(dn, [(ldap.MOD_REPLACE, name,
                                  before.get(name)) for name in names])


@contextlib.contextmanager
def without_overlay(world, name):
    found = world.root.search_s(DATABASE, ldap.SCOPE_ONELEVEL,
                                f"(olcOverlay={name})")
    if not found:
        found = [one for one in world.root.search_s(
            DATABASE, ldap.SCOPE_ONELEVEL) if name in one[0]]
    (dn, entry), = found
    world.root.delete_s(dn)
    try:
        yield
    finally:
        entry["olcOverlay"] = [name.encode()]
        world.root.add_s(f"olcOverlay={name},{DATABASE}",
                         ldap.modlist.addModlist(entry))


@contextlib.contextmanager
def entry(world, dn, **more):
    world.root.add_s(dn, [(name, [v.encode() for v in values])
                          for name, values in more.items()])
    try:
        yield
    finally:
        world.root.delete_s(dn)


def orphan(uuid, jid):
    """DN and contents of a profile of that person, who may not be there."""
    return (f"imPersonUUID={uuid},ou=profiles,ou=im,dc=example,dc=org",
            {"objectClass": ["imProfile"], "imPersonUUID": [uuid], "jid": [jid]})


def rule(text):
    """An ACL in front of all others."""
    return (ldap.MOD_ADD, "olcAccess", ["{0}" + text])


def written(text):
    def plant(doctor):
        path = doctor.folder / "written"
        path.write_text(text)
        path.chmod(0o600)
        return path
    return plant
