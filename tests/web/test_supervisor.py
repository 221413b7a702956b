# SPDX-License-Identifier: Apache-2.0
"""tertuliad itself: what it says, what it starts again, and how it ends.

Beside tests/integ/test_config.py, which is about the configuration; here the
two programs are little scripts where only their fate is of interest."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from service import Service, build
from world import is_alive, wait_for

STANDIN = """#!/bin/bash
# Says it is ready, lives until TERM; {name}.end in its folder ends it.
here={folder}
echo "$TERTULIA_FDS" >$here/{name}.fds
env >$here/{name}.env
grep NoNewPrivs /proc/$$/status >$here/{name}.status
umask >>$here/{name}.status
trap 'echo HUP >>$here/{name}.signals' HUP
trap '{on_term}' TERM
for word in $TERTULIA_FDS; do
	case $word in ready:*) eval "echo >&${{word#ready:}}" ;; esac
done
while [ ! -e $here/{name}.end ]; do sleep 0.05; done
exit $(cat $here/{name}.end)
"""


class Supervisor:
    """tertuliad beside two stand-ins, on ports that happen to be free."""

    def __init__(self, world, folder, on_term="exit 0"):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copy(build() / "tertuliad", self.bin)
        for name in ("im", "web"):
            path = self.bin / f"tertulia-{name}"
            path.write_text(STANDIN.format(name=name, folder=folder,
                                           on_term=on_term))
            path.chmod(0o755)
        self.service = Service(world, folder / "state")
        self.service.env = {**world.env, "C2S_PORT": "0", "C2S_TLS_PORT": "0"}
        self.service.web_port = 0
        self.service.folder.mkdir()
        self.state = self.service.folder
        self.process = None

    def conf(self, more=None):
        self.service.write_conf({"log.file": "stderr", **(more or {})})
        return self.service.conf

    def made_ready(self):
        """When the notice was made; None: it is not there."""
        try:
            return (self.state / "ready").stat().st_ctime_ns
        except FileNotFoundError:
            return None

    def start(self, more=None, env=None, ready=True):
        stale = self.made_ready()               # of one that was killed
        self.process = subprocess.Popen(
            [self.bin / "tertuliad", "-c", self.conf(more)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(self.folder / "log", "ab"),
            env={**os.environ, **(env or {})})
        if ready:
            wait_for(lambda: self.made_ready() not in (None, stale), 20)
        return self

    def log(self):
        return (self.folder / "log").read_text()

    def pid(self, name):
        pairs = dict(line.split("=") for line in
                     (self.state / "pids").read_text().split())
        return int(pairs[name])

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            finally:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def supervisor(world, tmp_path):
    made = []

    def make(**more):
        folder = tmp_path / f"s{len(made)}"
        folder.mkdir()
        made.append(Supervisor(world, folder, **more))
        return made[-1]
    yield make
    for found in made:
        found.end()


def test_ready_and_pids_come_and_go(supervisor):
    s = supervisor().start()
    assert sorted((s.state / "pids").read_text().split()) == [
        f"im={s.pid('im')}", f"web={s.pid('web')}"]
    assert is_alive(s.pid("im")) and is_alive(s.pid("web"))
    assert re.search(r" info ready - domain=", s.log())
    s.process.terminate()
    assert s.process.wait(10) == 0
    assert not (s.state / "ready").exists() and not (s.state / "pids").exists()


def test_each_program_gets_its_own_sockets_and_no_others(supervisor):
    s = supervisor().start()
    for name, kinds in (("im", {"c2s", "c2s_tls", "ready"}), ("web", {"web", "ready"})):
        words = (s.folder / f"{name}.fds").read_text().split()
        assert {word.partition(":")[0] for word in words} == kinds
        named = {int(word.partition(":")[2]) for word in words}
        there = {int(fd.name) for fd in
                 pathlib.Path(f"/proc/{s.pid(name)}/fd").iterdir()
                 if os.readlink(fd).startswith(("socket:", "pipe:"))}
        # bash moves the script it reads to a number of its own
        assert {fd for fd in there if fd > 2} <= named | {255}


def test_ops_01_rights_are_given_up(supervisor):
    s = supervisor().start()
    status = (s.folder / "im.status").read_text().split()
    assert status == ["NoNewPrivs:", "1", "0077"]
    assert os.stat(s.state / "pids").st_mode & 0o777 == 0o600


def test_ops_14_environment_is_cleaned(supervisor):
    odd = {"LDAPRC": "x", "LDAPTLS_CACERT": "x", "SASL_PATH": "x",
           "LD_PRELOAD": "", "LD_LIBRARY_PATH": "/kept", "OPENSSL_CONF": "x",
           "SSLKEYLOGFILE": "x", "TERTULIA_FDS": "c2s:0",
           "ASAN_OPTIONS": "detect_leaks=0", "NOTIFY_SOCKET": "@nobody"}
    s = supervisor().start(env=odd)
    names = dict(line.partition("=")[::2] for line in
                 (s.folder / "im.env").read_text().splitlines())
    assert names["LDAPNOINIT"] == "1"
    assert names["LD_LIBRARY_PATH"] == "/kept"
    assert names["ASAN_OPTIONS"] == "detect_leaks=0"
    for name in set(odd) - {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "TERTULIA_FDS"}:
        assert name not in names
    assert "c2s:0 " not in names["TERTULIA_FDS"]


def test_program_that_ends_comes_back_alone_and_later_each_time(supervisor):
    s = supervisor().start()
    im = s.pid("im")
    for _ in range(3):
        before = s.pid("web")
        (s.folder / "new").write_text("3\n")
        (s.folder / "new").rename(s.folder / "web.end")
        wait_for(lambda: not is_alive(before))
        (s.folder / "web.end").unlink()
        wait_for(lambda: s.pid("web") != before)    # noqa: B023
    assert s.pid("im") == im and is_alive(im)
    waits = [int(ms) for ms in re.findall(r"child-ended web .*exit=3 "
                                          r"restart_ms=(\d+)", s.log())]
    assert waits == [200, 400, 800]


def test_how_a_program_died_is_in_the_log(supervisor):
    s = supervisor().start()
    os.kill(s.pid("im"), signal.SIGKILL)
    wait_for(lambda: "child-ended im" in s.log())
    assert re.search(r" error child-ended im pid=\d+ signal=9 ", s.log())


def test_program_that_is_missing_is_named(supervisor):
    s = supervisor()
    (s.bin / "tertulia-web").unlink()
    s.start(ready=False)
    wait_for(lambda: "tertulia-web: No such file" in s.log())
    assert not (s.state / "ready").exists()


def test_hup_reaches_both_and_a_bad_configuration_neither(supervisor):
    s = supervisor().start()
    signals = [s.folder / "im.signals", s.folder / "web.signals"]
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: all(path.exists() for path in signals))
    s.conf({"ldap.timeout": "never"})
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "reload-refused" in s.log())
    assert re.search(r"configuration - .*tertulia.conf:\d+: .*never", s.log())
    time.sleep(0.2)
    assert all(path.read_text() == "HUP\n" for path in signals)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_rel_16_both_are_asked_to_end(supervisor, how):
    s = supervisor().start()
    pids = s.pid("im"), s.pid("web")
    s.process.send_signal(how)
    assert s.process.wait(10) == 0
    assert not any(is_alive(pid) for pid in pids)


def test_rel_16_who_does_not_end_is_killed(supervisor):
    s = supervisor(on_term="").start()
    pids = s.pid("im"), s.pid("web")
    began = time.monotonic()
    s.process.terminate()
    time.sleep(0.3)
    s.process.terminate()                       # asked twice: no more patience
    assert s.process.wait(5) == 0
    assert time.monotonic() - began < 5
    assert not any(is_alive(pid) for pid in pids)
    assert "killing" in s.log()


def test_nothing_outlives_a_supervisor_that_was_killed(supervisor):
    s = supervisor(on_term="").start()
    pids = s.pid("im"), s.pid("web")
    s.process.kill()
    s.process.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in pids))
    s.start()                                   # what it left is no obstacle
    assert s.pid("im") not in pids


def test_state_is_for_one_supervisor(supervisor):
    s = supervisor().start()
    second = subprocess.run([s.bin / "tertuliad", "-c", s.service.conf],
                            stderr=subprocess.PIPE, text=True, timeout=10,
                            check=False)
    assert second.returncode == 1
    assert "in use by another tertuliad" in second.stderr
    assert (s.state / "ready").exists()


def test_busy_port_is_named_with_its_setting(supervisor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        s = supervisor()
        s.start({"listen.c2s_tls": f"127.0.0.1:{port}"}, ready=False)
        assert s.process.wait(10) == 1
    assert f"[listen] c2s_tls: cannot listen on 127.0.0.1:{port}: " in s.log()


@pytest.mark.parametrize("value,word", [
    ("localhost:5222", "localhost:5222 is not address:port"),
    ("127.0.0.1", "127.0.0.1 is not address:port"),
    ("127.0.0.1:70000", "70000 is not"), ("[::1:5222", "is not address:port"),
    ("::1:5222", "is not address:port"), ("256.0.0.1:1", "is not address:port")])
def test_addresses_that_cannot_be_meant_have_a_line(supervisor, value, word):
    s = supervisor()
    done = subprocess.run([s.bin / "tertuliad", "-t", "-c",
                           s.conf({"listen.c2s": value})],
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"tertulia\.conf:\d+: \[listen\] c2s: ", done.stderr)
    assert word in done.stderr


def test_address_this_machine_has_not_is_said(supervisor):
    s = supervisor()
    s.start({"listen.web": "192.0.2.77:0"}, ready=False)
    assert s.process.wait(10) == 1
    assert "[listen] web: cannot listen on 192.0.2.77:0: this machine has no " \
        "such address" in s.log()


def test_systemd_is_told(supervisor, tmp_path):
    path = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        told.settimeout(10)
        s = supervisor().start(env={"NOTIFY_SOCKET": path})
        assert told.recv(100) == b"READY=1"
        s.process.terminate()
        assert told.recv(100) == b"STOPPING=1"
        assert s.process.wait(10) == 0


@pytest.mark.parametrize("words,code", [
    (["-h"], 0), (["-V"], 0), (["-S"], 0), (["-M"], 0), (["-x"], 2),
    (["-t", "-C"], 2), (["-c"], 2), (["more"], 2), (["-t", "-c", "/nowhere"], 1),
    (["-c", "/nowhere"], 1)])
def test_command_line(words, code):
    done = subprocess.run([build() / "tertuliad", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=10, check=False)
    assert done.returncode == code
    assert done.stdout if code == 0 else done.stderr
