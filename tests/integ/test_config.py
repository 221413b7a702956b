# SPDX-License-Identifier: Apache-2.0
"""tertuliad and its configuration: -t, -C, -S, reload, signals, life."""

import os
import re
import signal
import socket
import ssl
import subprocess

import pytest

from client import Client
from rawclient import Stream
from service import Service, build, conf_text
from world import is_alive, wait_for


def tertuliad(*words):
    return subprocess.run([build() / "tertuliad", *words], text=True,
                          capture_output=True, check=False, timeout=20)


@pytest.fixture
def conf(world, tmp_path):
    """Writes a configuration like the world's with changes; gives its path."""
    def write(**settings):
        path = tmp_path / "t.conf"
        path.write_text(conf_text(
            (world.state / "tertulia.conf").read_text(),
            {name.replace("__", "."): v for name, v in settings.items()}))
        return path
    return write


# ---- -t ----

def test_good_configuration_passes(conf):
    done = tertuliad("-t", "-c", conf())
    assert done.returncode == 0, done.stderr


BAD = {
    "unknown_key": ("[server]\nnonsense = 1\n", "nonsense"),
    "unknown_section": ("[nonsense]\nx = 1\n", "nonsense"),
    "no_number": ("[limits]\nsessions_per_user = many\n", "sessions_per_user"),
    "too_small": ("[limits]\nstanza_size = 1k\n", "stanza_size"),
    "too_large": ("[limits]\nstanza_size = 900m\n", "stanza_size"),
    "bad_word": ("[ldap]\nsasl_external = perhaps\n", "sasl_external"),
    "bad_time": ("[limits]\nidle_timeout = 5 lightyears\n", "idle_timeout"),
    "no_syntax": ("[server\n", ""), "no_equals": ("[server]\nlonely\n", ""),
    "twice": ("[server]\ndomain = otra.example\n", "domain"),
    "negative": ("[rooms]\nhistory = -1\n", "history"),
    "overflow": ("[rooms]\nhistory = 99999999999999999999\n", "history"),
}


@pytest.mark.parametrize("text, word", BAD.values(), ids=BAD)
def test_bad_line_is_named_with_file_and_line(conf, text, word):
    path = conf()
    lines = path.read_text().count("\n") + 1
    path.write_text(path.read_text() + "\n" + text)
    done = tertuliad("-t", "-c", path)
    assert done.returncode != 0
    named = re.findall(re.escape(str(path)) + r":(\d+)", done.stderr)
    assert named and all(lines <= int(n) <= lines + 2 for n in named)
    assert word in done.stderr


@pytest.mark.parametrize("settings, word", [
    ({"tls__certificate": "/nowhere/x.pem"}, "/nowhere/x.pem"),
    ({"tls__key": "/nowhere/x.key"}, "/nowhere/x.key"),
    ({"ldap__bind_password_file": "/nowhere/secret"}, "/nowhere/secret"),
    ({"server__domain": "Mayús.example"}, "domain"),
    ({"server__domain": None}, "domain"),
    ({"vcard__writable": "photo userPassword"}, "userPassword"),
    ({"ldap__uri": None}, "uri"),
    ({"listen__c2s": "127.0.0.1"}, "c2s"),
    ({"listen__c2s": "127.0.0.1:99999"}, "c2s"),
    ({"server__muc_domain": "localhost"}, "muc_domain"),
], ids=lambda x: str(x)[:40])
def test_settings_that_cannot_be_meant(conf, settings, word):
    done = tertuliad("-t", "-c", conf(**settings))
    assert done.returncode != 0 and word in done.stderr


def test_secret_others_can_read_is_refused(conf, tmp_path):
    """OPS-07, TLS-10."""
    for key in ("ldap__bind_password_file", "tls__key"):
        secret = tmp_path / "secret"
        secret.write_text("x")
        secret.chmod(0o644)
        done = tertuliad("-t", "-c", conf(**{key: secret}))
        assert done.returncode != 0 and str(secret) in done.stderr


def test_missing_file_is_named():
    done = tertuliad("-t", "-c", "/nowhere/tertulia.conf")
    assert done.returncode != 0 and "/nowhere/tertulia.conf" in done.stderr


# ---- -C, -S ----

def test_effective_values_and_where_they_come_from(conf):
    path = conf(limits__sessions_per_user="7")
    text = tertuliad("-C", "-c", path).stdout
    line, = [x for x in text.splitlines() if "sessions_per_user" in x]
    assert "7" in line and f"{path.name}:" in line
    line, = [x for x in text.splitlines() if "roster_items" in x]
    assert "1000" in line and "default" in line
    assert "BEGIN" not in text


def test_sample_is_a_configuration_with_every_key(conf, tmp_path):
    sample = tertuliad("-S").stdout
    shown = tertuliad("-C", "-c", conf()).stdout
    keys = set(re.findall(r"^#?\s*(\w+) =", sample, re.M))
    assert len(keys) > 40
    for key in keys:
        assert key in shown
    assert "[limits]" in sample and sample.count("\n#") > len(keys)


# ---- life ----

@pytest.fixture
def service(world, tmp_path):
    with Service(world, tmp_path / "s") as found:
        yield found


def served(service):
    return Client(service, service.world.person())


def test_reload_keeps_sessions_and_takes_new_settings(service):
    ann, bob = served(service).come(), served(service).come()
    service.write_conf({"limits.sessions_per_user": "2",
                        "contact.abuse": "mailto:nuevo@example.org"})
    service.hup()
    info = "<query xmlns='http://jabber.org/protocol/disco#info'/>"

    def has_taken():
        ann.raw = b""
        ann.iq("get", info, service.domain)
        return b"nuevo@example.org" in ann.raw
    wait_for(has_taken)
    ann.message(bob.jid)
    bob.receive("message")
    assert service.pids() == (service.env["IM_PID"], service.env["WEB_PID"])
    for one in (ann, bob):
        one.cut()


def test_bad_reload_changes_nothing(service):
    ann = served(service)
    before = service.conf.read_text()
    service.conf.write_text(before + "\n[limits]\nnonsense = 1\n")
    service.hup()
    wait_for(lambda: "nonsense" in service.log + service.output())
    assert ann.sync() == []
    served(service).cut()
    assert service.process.poll() is None
    service.conf.write_text(before)
    service.hup()
    ann.sync()
    ann.cut()


def test_reload_takes_a_new_certificate(service, tmp_path):
    """TLS-09: new connections get it, old ones go on; a bad one is not
    taken."""
    def serial():
        with Stream(service, "direct") as stream:
            return stream.socket.getpeercert()["serialNumber"]
    tls = service.world.state / "tls"
    ann, first = served(service), serial()
    pair = {}
    for name in ("pem", "key"):
        pair[name] = tmp_path / f"new.{name}"
    for words in (
            ["openssl", "genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-out", pair["key"]],
            ["openssl", "req", "-new", "-key", pair["key"], "-subj", "/CN=n",
             "-out", tmp_path / "csr"],
            ["sh", "-c", "printf 'subjectAltName=DNS:localhost' | openssl x509 "
             f"-req -in {tmp_path}/csr -CA {tls}/ca.pem -CAkey {tls}/ca.key "
             f"-set_serial 77 -days 9 -extfile /dev/stdin -out {pair['pem']}"]):
        subprocess.run(words, check=True, capture_output=True)
    service.write_conf({"tls.certificate": pair["pem"],
                        "tls.key": pair["key"]})
    service.hup()
    wait_for(lambda: serial() != first)
    assert serial() == "4D"
    service.write_conf({"tls.certificate": pair["pem"],
                        "tls.key": tls / "server.key"})
    service.hup()
    wait_for(lambda: re.search(r"error .*(tls|cert|key)",
                               service.log + service.output(), re.I))
    assert serial() == "4D"
    assert ann.sync() == []
    ann.cut()


def test_term_says_good_bye_to_everybody(service):
    """REL-16."""
    ann = served(service).come()
    service.process.send_signal(signal.SIGTERM)
    assert ann.error() == "system-shutdown"
    assert service.process.wait(10) == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(service.env["C2S_PORT"])))


def test_term_does_not_wait_for_stuck_clients(service):
    """Ten who read nothing and one in mid-handshake do not keep it."""
    stuck = [served(service) for _ in range(3)]
    for number in range(3):
        for _ in range(20):
            stuck[number].message(stuck[(number + 1) % 3].jid, body="x" * 20000)
    raw = socket.create_connection(("127.0.0.1",
                                    int(service.env["C2S_TLS_PORT"])))
    raw.sendall(b"\x16\x03\x01")
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(12) == 0
    raw.close()
    for one in stuck:
        one.cut()


@pytest.mark.parametrize("which", ["IM_PID", "WEB_PID"])
def test_a_program_that_dies_comes_back(service, which):
    """REL-22: and the other one does not even notice."""
    victim = service.pid(which)
    other = service.pid("WEB_PID" if which == "IM_PID" else "IM_PID")
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not {str(victim), "0"} & set(service.pids()))

    def works():
        try:
            served(service).cut()
            return True
        except (OSError, ssl.SSLError):
            return False
    wait_for(works)
    assert is_alive(other)


def test_runs_as_an_ordinary_user_without_capabilities(service):
    """OPS-01, as far as a trial shows it."""
    for name in ("IM_PID", "WEB_PID"):
        with open(f"/proc/{service.env[name]}/status", encoding="ascii") as file:
            status = file.read()
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
        assert re.search(r"^Umask:\s+0077$", status, re.M)


def test_files_of_the_state_are_for_the_owner(service, world):
    for folder in (service.folder, world.state):
        for name in ("control", "pids"):
            path = folder / name
            assert path.stat().st_mode & 0o077 == 0, path
