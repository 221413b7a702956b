# SPDX-License-Identifier: Apache-2.0
"""Foreign clients meet: libstrophe and @xmpp/client, alone and mixed.

"Done when" 2: log in, add each other, accept, see presence, talk, join the
same room.  tests/clients/ has the two programs; they tell the same story in
the same words.  libstrophe comes with nothing but a directory password: it
names itself in the stream's header, and is offered PLAIN the first time.
"""

import fcntl
import os
import shutil
import subprocess

import pytest

from service import build
from test_sasl import verifiers
from world import TOP

CLIENTS = TOP / "tests/clients"
STORY = {"connected", "roster", "granted", "sees", "asked", "joined",
         "room-peer", "word", "room-word", "disconnected"}


def strophe_program():
    """Made by `make tests`, or here when only pytest was called."""
    program = build() / "tests/clients/strophe"
    if not program.exists():
        subprocess.run(["make", "-s", f"O={build()}", program], cwd=TOP,
                       check=True, stdout=subprocess.DEVNULL)
    return program


def node_home():
    """Where @xmpp/client is installed: once, below the build folder."""
    home = build() / "tests/clients/node"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (CLIENTS / "package-lock.json").read_bytes()
        stamp = home / "installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(CLIENTS / name, home)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"],
                           cwd=home, check=True, stdin=subprocess.DEVNULL)
            stamp.write_bytes(wanted)
    return home


def command(kind, world, tls, me, peer, room):
    port = world.env["C2S_TLS_PORT"] + "s" if tls == "direct" \
        else world.env["C2S_PORT"]
    story = ["localhost" if kind == "node" else "127.0.0.1", port, me.jid,
             me.password, world.env["CA_FILE"], peer.jid, room]
    environment = dict(os.environ)
    if kind == "strophe":
        return [strophe_program(), *story], environment
    environment.update(NODE_HOME=str(node_home()),
                       NODE_EXTRA_CA_CERTS=world.env["CA_FILE"])
    return ["node", CLIENTS / "xmpp.mjs", *story], environment


@pytest.mark.parametrize("tls", ["starttls", "direct"])
@pytest.mark.parametrize("kinds", [("strophe", "strophe"), ("node", "node"),
                                   ("strophe", "node")], ids="-".join)
def test_two_meet_talk_and_join_a_room(world, kinds, tls):
    people = [world.person("lib"), world.person("lib")]
    for kind, person in zip(kinds, people):
        if kind == "node":
            verifiers(world, person)    # it knows no way back from SCRAM
    room = world.room("encuentro")
    programs = []
    for kind, me, peer in zip(kinds, people, reversed(people)):
        words, environment = command(kind, world, tls, me, peer, room)
        programs.append(subprocess.Popen(
            words, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    told = []
    for program in programs:
        try:
            told.append(program.communicate(timeout=40)[0])
        except subprocess.TimeoutExpired:
            program.kill()
            told.append("late: " + program.communicate()[0])
    for program, text in zip(programs, told):
        assert program.returncode == 0, told
        assert STORY <= set(text.split()), told
    for me, peer in zip(people, reversed(people)):
        profile = world.profile(me)
        assert [value.split()[:2] for value in profile["imRosterItem"]] == [
            [peer.jid, "both"]]


@pytest.mark.parametrize("kind", ["strophe", "node"])
def test_wrong_password_is_told(world, kind):
    me, peer = world.person(), world.person()
    me.password = "falsch"
    words, environment = command(kind, world, "starttls", me, peer, "x@y")
    done = subprocess.run(words, env=environment, text=True, timeout=40,
                          capture_output=True, check=False)
    assert done.returncode != 0
    assert "connected" not in done.stdout.split()


@pytest.mark.parametrize("kind", ["strophe", "node"])
def test_unknown_ca_is_refused_by_the_client(world, tmp_path, kind):
    """Our tests would not see a client that does not look."""
    me, peer = world.person(), world.person()
    words, environment = command(kind, world, "starttls", me, peer, "x@y")
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-keyout",
         tmp_path / "key.pem", "-out", other], check=True, capture_output=True)
    words = [other if word == world.env["CA_FILE"] else word for word in words]
    environment.pop("NODE_EXTRA_CA_CERTS", None)
    done = subprocess.run(words, env=environment, text=True, timeout=40,
                          capture_output=True, check=False)
    assert done.returncode != 0
    assert "connected" not in done.stdout.split()
