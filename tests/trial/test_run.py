# SPDX-License-Identifier: Apache-2.0
"""`make run`: what it starts, what it says, and that it cleans up."""

import os
import pathlib
import re
import signal
import subprocess
import time

import ldap
import pytest

from world import ENV_NAMES, LAUNCHER, TOP, World, free_offset, is_alive, \
    read_env, session_processes, wait_for

BUILD = pathlib.Path(os.environ.get("BUILD") or TOP / "build")
pytestmark = pytest.mark.skipif(
    not all((BUILD / name).exists() for name in
            ("tertuliad", "tertulia-im", "tertulia-web")),
    reason="the programs are not all there yet")


@pytest.fixture
def run(tmp_path):
    """Starts trials; whatever a test leaves of them goes with it."""
    worlds = []

    def start(name="one", **more):
        worlds.append(World(tmp_path / name, **more))
        return worlds[-1].start()
    yield start
    for world in worlds:
        if session_processes(world.process.pid):
            world.kill()


def launch(**variables):
    """A launcher that is expected to refuse: (exit code, what it said)."""
    done = subprocess.run(
        [LAUNCHER], cwd=TOP, text=True, capture_output=True, timeout=30,
        check=False, env={**os.environ, **variables})
    return done.returncode, done.stdout + done.stderr


def is_private(path):
    return path.stat().st_mode & 0o077 == 0


def test_ready_within_ten_seconds_with_everything_in_env(run):
    began = time.monotonic()
    one = run(SAMPLE="yes")
    assert time.monotonic() - began < 10 * (3 if "asan" in str(BUILD) else 1)
    env = read_env(one.state / "env")
    assert list(env) == ENV_NAMES
    assert all(env.values())
    for name in ("PID", "IM_PID", "WEB_PID", "SLAPD_PID"):
        assert is_alive(int(env[name])), name
    assert env["LDAP_BASE"] == "dc=example,dc=org"
    assert is_private(one.state / "env")
    assert is_private(one.state / "tertulia.conf")
    assert all(is_private(f) for f in one.state.glob("secrets/*"))


def test_the_welcome_can_be_followed(run):
    one = run(SAMPLE="yes")
    text = one.output()
    env = one.env
    for piece in (env["DOMAIN"], env["C2S_PORT"], env["C2S_TLS_PORT"],
                  env["WEB_URL"], env["CA_FILE"], env["ADMIN_PASSWORD"],
                  "tertulia-lucia", "tertulia-andres"):
        assert piece in text
    assert text.rstrip().endswith("\ntertulia: ready")
    found = re.search(r"^    (LDAPTLS_CACERT=.*?\"\$IM_BASE\")$", text,
                      re.M | re.S)
    done = subprocess.run(
        ["bash", "-c", f". {one.state}/env; {found[1]}"], text=True,
        capture_output=True, check=False)
    assert "dn: ou=rooms,ou=im,dc=example,dc=org" in done.stdout, done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_it_and_nothing_else(run, how):
    one, other = run("one"), run("other")
    assert one.end(how) == 0
    assert session_processes(one.process.pid) == []
    assert not (one.state / "env").exists()
    assert not (one.state / "ready").exists()
    other.check()
    assert other.end() == 0


def test_the_second_run_finds_the_data_of_the_first(run):
    one = run()
    ana = one.person("ana")
    before = dict(one.env)
    assert one.end() == 0
    one.more["PORT_OFFSET"] = str(free_offset())
    one.start()
    one.ldap(ana.dn, ana.password)
    for name in ("ADMIN_PASSWORD", "LDAP_ROOT_PASSWORD", "CA_FILE"):
        assert one.env[name] == before[name]


def test_a_state_in_use_is_refused_and_not_disturbed(run):
    one = run()
    code, said = launch(STATE=str(one.state), PORT_OFFSET=str(free_offset()))
    assert code != 0 and str(one.state) in said and "running" in said
    one.check()


def test_a_busy_port_is_named(run, tmp_path):
    one = run()
    port = one.env["C2S_TLS_PORT"]
    code, said = launch(STATE=str(tmp_path / "other"),
                        PORT_OFFSET=str(int(port) - 5223))
    assert code != 0 and re.search(r"port \d+ is in use", said)
    one.check()


def test_another_domain_needs_another_state(run):
    one = run(DOMAIN="uni.example.org")
    assert one.env["MUC_DOMAIN"] == "conference.uni.example.org"
    one.end()
    code, said = launch(STATE=str(one.state), DOMAIN="localhost",
                        PORT_OFFSET=str(free_offset()))
    assert code != 0 and "uni.example.org" in said


@pytest.mark.parametrize("variables,said", [
    ({"PORT_OFFSET": "x"}, "PORT_OFFSET"),
    ({"PORT_OFFSET": "60000"}, "PORT_OFFSET"),
    ({"DOMAIN": "Uni.Example"}, "DOMAIN"),
    ({"CONF": "/no/such/file"}, "/no/such/file"),
    ({"BUILD": "/no/such/folder"}, "/no/such/folder/tertuliad"),
])
def test_what_cannot_be_meant_is_said(tmp_path, variables, said):
    code, out = launch(STATE=str(tmp_path / "state"), **variables)
    assert code != 0 and said in out


def test_settings_that_tertuliad_refuses_end_the_run(tmp_path):
    conf = tmp_path / "more.conf"
    conf.write_text("[limits]\nstanza_size = 3\n")
    code, said = launch(STATE=str(tmp_path / "state"), CONF=str(conf),
                        SAMPLE="no", PORT_OFFSET=str(free_offset()))
    assert code != 0 and "stanza_size" in said and "tertulia.log" in said


def test_tertuliad_gone_ends_the_run_with_an_error(run):
    one = run()
    supervisor = int(pathlib.Path(
        f"/proc/{one.env['IM_PID']}/stat").read_text()
        .rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    assert one.process.wait(15) != 0
    assert "tertuliad ended by itself" in one.output()
    assert "log/tertulia.log" in one.output()
    wait_for(lambda: session_processes(one.process.pid) == [])


def test_slapd_gone_does_not_end_the_run(run):
    """An institution's directory goes and comes back too."""
    one = run()
    one.slapd_kill()
    wait_for(lambda: "the service goes on" in one.output())
    assert is_alive(one.pid("PID")) and is_alive(one.pid("IM_PID"))
    assert one.end() == 0
    assert session_processes(one.process.pid) == []


def test_a_program_that_is_started_again_is_in_env(run):
    one = run()
    before = one.env["WEB_PID"]
    os.kill(int(before), signal.SIGKILL)
    wait_for(lambda: read_env(one.state / "env")["WEB_PID"]
             not in (before, ""), 10)
    one.reread_env()
    assert is_alive(one.pid("WEB_PID"))


def test_hup_reads_the_settings_again_and_ends_nothing(run):
    one = run()
    os.kill(one.pid("PID"), signal.SIGHUP)
    wait_for(lambda: "info reloaded" in one.logs())
    assert is_alive(one.pid("PID")) and is_alive(one.pid("IM_PID"))
    with open(one.state / "tertulia.conf", "a", encoding="utf-8") as file:
        file.write("[nowhere]\nx = 1\n")
    os.kill(one.pid("PID"), signal.SIGHUP)
    wait_for(lambda: "reload-refused" in one.logs())
    assert is_alive(one.pid("PID")) and is_alive(one.pid("IM_PID"))


def test_a_launcher_that_is_killed_leaves_nothing_behind(run):
    one = run()
    os.kill(one.process.pid, signal.SIGKILL)
    one.process.wait(5)
    wait_for(lambda: session_processes(one.process.pid) == [])


def test_both_loopback_addresses_where_there_are_two(run):
    one = run()
    port = one.env["LDAP_URI"].rpartition(":")[2]
    hosts = ["127.0.0.1"]
    if re.search("^0{31}1 ", pathlib.Path("/proc/net/if_inet6").read_text(),
                 re.M):
        hosts.append("[::1]")
    for host in hosts:
        conn = ldap.initialize(f"ldap://{host}:{port}")
        conn.set_option(ldap.OPT_X_TLS_CACERTFILE, one.env["CA_FILE"])
        conn.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        conn.start_tls_s()
