# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: a fault is planted, and it names that one and no other.

Here they stand in an edited copy of the configuration, which only the doctor
reads; the service of the world goes on with its own.  Those of the directory
are in test_doctor_directory.py.
"""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import threading

import ldap
import pytest

from doctor import (FAULT, MARK, WARNING, config, doctor,           # noqa: F401
                    left, rule, sample, written)
from faults import FakeLdap, Proxy, certificate, server_context
from service import build, free_ports
from world import TOP, is_alive, wait_for
from zoo import Authority
from zoo import pem as zoo_pem


# ---- nothing planted ----

def test_finds_nothing_on_the_sample(doctor):
    report = doctor.report(*doctor.admin)
    assert report["code"] == 0, report
    assert report["faults"] == report["warnings"] == 0
    assert report["summary"] == "no fault found"
    skipped = [c["id"] for c in report["checks"] if c["verdict"] == "skipped"]
    assert skipped == ["replicas"]
    assert doctor.report()["code"] == 0


def test_says_what_it_saw(doctor):
    code, text = doctor.run()
    assert code == 0 and text.endswith("\nno fault found\n")
    assert "lucia@localhost" in text
    assert "\033" not in text
    assert doctor.run("--quiet") == (0, "no fault found\n")


def test_quiet_says_what_is_wrong(doctor):
    doctor.write({"web.admin_group": "cn=nadie,dc=example,dc=org"})
    code, text = doctor.run("--quiet")
    lines = text.splitlines()
    assert code == 2 and len(lines) == 3
    assert lines[0].split()[:2] == ["fault", "entries"]
    assert lines[1].strip().startswith("-> make the group")
    assert lines[2] == "1 fault"


def test_schema_is_the_one_that_is_shipped():
    done = subprocess.run([build() / "tertuliactl", "doctor", "--schema"],
                          capture_output=True, check=True, text=True)
    assert done.stdout == "\n".join(
        (TOP / f"schema/{name}.ldif").read_text()
        for name in ("rfc8284", "tertulia"))


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["doctor", "--nonsense"], ["doctor", "word"],
    ["doctor", "--admin-dn", "cn=x"]])
def test_called_in_a_wrong_way(words):
    done = subprocess.run([build() / "tertuliactl", *words], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 3 and done.stdout == ""
    assert "--help" in done.stderr


@pytest.mark.parametrize("variables, is_coloured", [
    ({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal(doctor, variables, is_coloured):
    """And what it is doing, which is gone when it is done."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [build() / "tertuliactl", "doctor", "-c", doctor.conf],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, **variables})
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):          # EIO: the other end is closed
        while data := os.read(ours, 65536):
            text += data
    os.close(ours)
    assert process.wait() == 0
    assert (b"\033[32mok" in text) == is_coloured
    assert re.search(rb"/\d+ the people filter", text)
    assert text.endswith(b"no fault found\r\n")


@pytest.mark.parametrize("words, said", [
    (["--help"], "usage: tertuliactl doctor"),
    (["doctor", "--help"], "usage: tertuliactl doctor"),
    (["--version"], "tertuliactl 0")])
def test_help(words, said):
    done = subprocess.run([build() / "tertuliactl", *words], text=True,
                          capture_output=True, check=True)
    assert done.stdout.startswith(said) and done.stderr == ""


def test_without_a_web_process(doctor):
    """Nobody could remove a profile, so none is made; rights to make one are
    asked for all the same."""
    without = {"web.bind_dn": None, "web.bind_password_file": None}
    doctor.write(without)
    assert doctor.findings() == {}, doctor.last
    assert doctor.last["access-web"]["because"] == "bind-web"
    assert doctor.last["unique"]["verdict"] == "skipped"
    with config(doctor.world, rule(
            f"to dn.base=ou=profiles,{doctor.world.env['IM_BASE']} "
            "attrs=children by * none")):
        assert doctor.findings() == {"access-im": FAULT}
        assert "make a profile" in doctor.says("access-im")


# ---- other ways to the directory ----

def test_local_socket(doctor):
    path = str(doctor.world.state / "ldap/ldapi").replace("/", "%2F")
    doctor.write({"ldap.uri": f"ldapi://{path}"})
    assert doctor.findings() == {}, doctor.last
    assert doctor.last["tls-days"]["verdict"] == "skipped"


def test_local_socket_and_sasl_external(doctor):
    """The directory takes the kernel's word for who we are."""
    path = str(doctor.world.state / "ldap/ldapi").replace("/", "%2F")
    peer = (f"gidNumber={os.getegid()}[+]uidNumber={os.geteuid()},"
            "cn=peercred,cn=external,cn=auth")
    doctor.write({"ldap.uri": f"ldapi://{path}", "ldap.sasl_external": "yes",
                  "ldap.bind_password_file": None})
    assert doctor.findings() == {"bind-im": FAULT}      # mapped to nobody yet
    assert "cn=peercred" in doctor.says("bind-im")
    assert "olcAuthzRegexp" in doctor.says("bind-im")
    with config(doctor.world, (ldap.MOD_ADD, "olcAuthzRegexp",
                               [f"{peer} cn=im,ou=services,"
                                f"{doctor.world.env['IM_BASE']}"]),
                dn="cn=config"):
        assert doctor.findings() == {}, doctor.last
        assert doctor.last["bind-im"]["what"].startswith("SASL EXTERNAL")


class Slow(Proxy):
    """In clear text, so that it sees what is asked: a search by `name` takes
    a fifth of a second longer."""

    def __init__(self, world, name):
        self.name = name
        super().__init__(world.env["LDAP_URI"].rpartition(":")[2].strip("/"))

    def serve(self, client):
        server = socket.create_connection(self.target)
        self.open.append(server)
        while True:
            for one in select.select([client, server], [], [])[0]:
                data = one.recv(65536)
                if not data:
                    client.close()
                    server.close()
                    return
                if self.name in data and b"7e57d0c7" in data:
                    threading.Event().wait(0.2)
                (server if one is client else client).sendall(data)


def test_search_that_is_slow(doctor):
    """Without access to cn=config, by the time it takes."""
    with Slow(doctor.world, b"imTokenHash") as proxy:
        doctor.write({"ldap.uri": proxy.uri, "ldap.start_tls": "no",
                      "ldap.insecure_loopback": "yes"})
        assert doctor.findings() == {"indexes": WARNING}, doctor.last
        assert "by imTokenHash takes " in doctor.says("indexes")


# ---- faults of the configuration ----

def readable_by_all(name):
    def plant(doctor):
        copy = doctor.folder / "secret"
        shutil.copy(doctor.world.state / name, copy)
        copy.chmod(0o644)
        return copy
    return plant


def pem(**more):
    def plant(doctor):
        return certificate(doctor.folder, **more)[0]
    return plant


def closed_port(_):
    return f"ldap://127.0.0.1:{free_ports(1)[0]}"


def one_closed(doctor):
    return f"{closed_port(doctor)} {doctor.world.env['LDAP_URI']}"


def free_address(_):
    return f"127.0.0.1:{free_ports(1)[0]}"


def authority(make):
    """A file made by an authority for people's certificates."""
    def plant(doctor):
        path = doctor.folder / f"{len(list(doctor.folder.iterdir()))}.pem"
        path.write_bytes(make(CAMPUS))
        return path
    return plant


CAMPUS = Authority("Campus")
CAMPUS_LONG = authority(lambda campus: zoo_pem(
    campus.badge(valid=(-3, 300)).certificate))

BOTH = ["localhost", "conference.localhost"]
LOCKED = "(|(uid=oquinones)(uid=ycano)(uid=smaragall))"

# name: settings (a function is asked for the value), the check, its verdict,
# a word of what it says
IN_THE_CONFIGURATION = {
    "unknown_setting": ({"ldap.nonsense": "1"}, "configuration", FAULT,
                        "nonsense"),
    "clear_text": ({"ldap.start_tls": "no"}, "configuration", FAULT,
                   "clear text"),
    "no_ca_file": ({"ldap.ca_file": "/nowhere/ca.pem"}, "configuration", FAULT,
                   "/nowhere/ca.pem"),
    "password_for_all": (
        {"ldap.bind_password_file": readable_by_all("secrets/im")}, "secrets",
        FAULT, "chmod 600"),
    "web_password_for_all": (
        {"web.bind_password_file": readable_by_all("secrets/im-web")},
        "secrets", FAULT, "chmod 600"),
    "key_for_all": ({"tls.key": readable_by_all("tls/server.key")}, "secrets",
                    FAULT, "chmod 600"),
    "password_not_there": ({"ldap.bind_password_file": "/nowhere/im"},
                           "secrets", FAULT, "/nowhere/im"),
    "password_empty": ({"ldap.bind_password_file": written("")}, "secrets",
                       FAULT, "empty"),
    "other_key": ({"tls.key": pem()}, "certificate", FAULT, "key"),
    "no_certificate": ({"tls.certificate": written("nonsense")}, "certificate",
                       FAULT, "written"),
    "other_domain": ({"server.domain": "otra.example"}, "certificate-names",
                     FAULT, "otra.example"),
    "rooms_not_named": ({"server.muc_domain": "salas.example"},
                        "certificate-names", FAULT, "salas.example"),
    "expired": ({"tls.certificate": pem(names=BOTH, days=(-30, -2))},
                "certificate-days", FAULT, "expired"),
    "not_yet_valid": ({"tls.certificate": pem(names=BOTH, days=(2, 60))},
                      "certificate-days", FAULT, "not valid yet"),
    "expires_soon": ({"tls.certificate": pem(names=BOTH, days=(-1, 12))},
                     "certificate-days", WARNING, "more days"),
    "no_certificate_of_an_authority": (
        {"tls.client_ca_file": written("nonsense")}, "client-certificates",
        FAULT, "written"),
    "authority_expired": (
        {"tls.client_ca_file": authority(lambda campus: zoo_pem(
            campus.badge(valid=(-3, -1)).certificate))},
        "client-certificates", FAULT, "not valid today"),
    "authority_expires_soon": (
        {"tls.client_ca_file": authority(lambda campus: zoo_pem(
            campus.badge(valid=(-3, 5)).certificate))},
        "client-certificates", WARNING, "more days"),
    "no_list_of_revoked_ones": (
        {"tls.client_ca_file": CAMPUS_LONG,
         "tls.client_crl_file": authority(lambda campus: zoo_pem(
             campus.certificate))},
        "client-certificates", FAULT, "revoked certificates"),
    "old_list_of_revoked_ones": (
        {"tls.client_ca_file": CAMPUS_LONG,
         "tls.client_crl_file": authority(
             lambda campus: campus.revoked(valid=(-3, -1)))},
        "client-certificates", FAULT, "out of date"),
    "keytab_for_all": (
        {"sasl.keytab": readable_by_all("secrets/im"),
         "sasl.kerberos_realms": "R"}, "secrets", FAULT, "chmod 600"),
    "no_keytab": ({"sasl.keytab": written("nonsense"),
                   "sasl.kerberos_realms": "R"}, "keytab", FAULT,
                  "is no keytab"),
    "keytab_of_another_service": (
        {"sasl.keytab": written("\5\2"), "sasl.kerberos_realms": "R"},
        "keytab", FAULT, "no key of xmpp/localhost"),
    "control_elsewhere": ({"server.control_socket": "/nowhere/control"},
                          "control", FAULT, "/nowhere/control"),
    "nobody_listens": ({"listen.c2s": free_address}, "ports", FAULT,
                       "nobody"),
    "too_few_descriptors": ({"limits.connections": "1000000"}, "descriptors",
                            WARNING, "too few"),
    # A label that no resolver takes: nobody is asked.
    "no_such_host": ({"ldap.uri": f"ldap://{'x' * 70}.invalid"}, "resolve",
                     FAULT, "resolver"),
    "no_server": ({"ldap.uri": closed_port}, "reach", FAULT, "refused"),
    "no_socket": ({"ldap.uri": "ldapi://%2Fnowhere%2Fldapi"}, "reach", FAULT,
                  "No such file"),
    "one_server_of_two": ({"ldap.uri": one_closed}, "reach", WARNING,
                          "refused"),
    "other_authority": ({"ldap.ca_file": pem()}, "tls", FAULT, "ca_file"),
    "wrong_password": ({"ldap.bind_password_file": written("nonsense")},
                       "bind-im", FAULT, "bind_password_file"),
    "no_identity": ({"ldap.bind_dn": None}, "bind-im", FAULT, "bind_dn"),
    "wrong_web_password": ({"web.bind_password_file": written("nonsense")},
                           "bind-web", FAULT, "[web]"),
    "base_elsewhere": ({"ldap.im_base": "ou=im,dc=otra,dc=org"}, "contexts",
                       FAULT, "dc=example,dc=org"),
    "no_such_people": ({"ldap.people_base": "ou=gente,dc=example,dc=org"},
                       "bases", FAULT, "ou=gente"),
    "no_tree": ({"ldap.im_base": "ou=nada,dc=example,dc=org"}, "bases", FAULT,
                "tree.ldif"),
    "no_admin_group": ({"web.admin_group": "cn=nadie,dc=example,dc=org"},
                       "entries", FAULT, "admin_group"),
    "admin_group_is_a_person": (
        {"web.admin_group": "uid=lucia,ou=people,dc=example,dc=org"},
        "entries", FAULT, "no group with members"),
    "makers_of_rooms_are_a_person": (
        {"rooms.create": "uid=lucia,ou=people,dc=example,dc=org"},
        "entries", FAULT, "nobody can make a room"),
    "makers_of_rooms_are_a_list_by_mail": (
        {"rooms.create": "cn=avisos-pas,ou=lists,dc=example,dc=org"},
        "entries", FAULT, "no group with members"),
    "no_groups_base": ({"ldap.groups_base": "ou=nada,dc=example,dc=org"},
                       "entries", FAULT, "groups_base"),
    "policy_not_named": ({"ldap.password_policy": None}, "ppolicy", WARNING,
                         "2 wrong passwords"),
    "other_pin": ({"ldap.pin": "A" * 43 + "="}, "tls", FAULT, "pin"),
    "external_without_certificate": (
        {"ldap.sasl_external": "yes"}, "bind-im", FAULT,
        "certificate and key"),
    "finds_nobody": ({"ldap.people_filter": "(title=nadie)"}, "people", FAULT,
                     "nobody"),
    "no_such_name": ({"ldap.people_name": "carLicense"}, "people", FAULT,
                     "carLicense"),
    "all_locked": ({"ldap.people_filter": LOCKED}, "examples", FAULT,
                   "locked"),
}
assert len(IN_THE_CONFIGURATION) > 20


def planted_in(doctor, settings):
    return {name: value(doctor) if callable(value) else value
            for name, value in settings.items()}


@pytest.mark.parametrize("settings, check, verdict, word",
                         IN_THE_CONFIGURATION.values(),
                         ids=IN_THE_CONFIGURATION)
def test_fault_in_the_configuration(doctor, settings, check, verdict, word):
    settings = planted_in(doctor, settings)
    for name, value in settings.items():
        # a certificate of ours comes with its key, in one file
        if name == "tls.certificate" and "PRIVATE" in value.read_text():
            settings = {**settings, "tls.key": value}
    doctor.write(settings)
    assert doctor.findings() == {check: verdict}, doctor.last
    assert word in doctor.says(check)
    assert doctor.last[check]["next"]


def test_administrator_with_a_wrong_password(doctor):
    words = [*doctor.admin[:-1], written("nonsense")(doctor)]
    assert doctor.findings(*words) == {"bind-admin": FAULT}, doctor.last
    assert "--admin-dn" in doctor.says("bind-admin")


def test_no_configuration(doctor):
    doctor.conf.unlink()
    assert doctor.findings() == {"configuration": FAULT}
    assert f"tertuliactl init -c {doctor.conf}" in doctor.says("configuration")
    assert all(check["because"] == "configuration"
               for name, check in doctor.last.items()
               if name not in ("configuration", "secrets"))


def test_port_of_another_program(doctor):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        doctor.write({"listen.c2s_tls": address})
        assert doctor.findings() == {"ports": FAULT}
        assert f"{address} belongs to another" in doctor.says("ports")


def test_service_that_does_not_run(doctor):
    ports = [f"127.0.0.1:{port}" for port in free_ports(3)]
    doctor.write({"server.state_dir": doctor.folder, "listen.c2s": ports[0],
                  "listen.c2s_tls": ports[1], "listen.web": ports[2]})
    assert doctor.findings() == {"processes": FAULT}
    assert "start tertuliad" in doctor.says("processes")
    assert doctor.last["control"]["because"] == "processes"


def test_web_process_that_does_not_run(doctor):
    state = doctor.folder / "state"
    state.mkdir()
    for name in ("pids", "control"):
        os.symlink(doctor.world.state / name, state / name)
    (state / "pids").unlink()
    (state / "pids").write_text(f"im={doctor.world.env['IM_PID']}\nweb=1\n")
    doctor.write({"server.state_dir": state, "listen.web": free_address(0)})
    found = doctor.findings()
    assert found == {"processes": FAULT, "ports": FAULT}, found
    assert "tertulia-web does not run" in doctor.says("processes")


# ---- faults of TLS ----

BAD_CERTIFICATES = {
    "unknown_authority": (lambda folder, ca: certificate(folder), "ca_file"),
    "other_host": (lambda folder, ca: certificate(
        folder, ["ldap.otra.example"], ["127.0.0.2"], ca=ca),
        "ldap.otra.example, 127.0.0.2"),
    "expired": (lambda folder, ca: certificate(folder, days=(-30, -1), ca=ca),
                "renew"),
}


@pytest.mark.parametrize("make, word", BAD_CERTIFICATES.values(),
                         ids=BAD_CERTIFICATES)
def test_certificate_of_the_directory(doctor, tmp_path, make, word):
    ca = certificate(tmp_path, names=["ca"], addresses=[])
    path, _, _ = make(tmp_path, ca)
    with FakeLdap(server_context(path)) as fake:
        doctor.write({"ldap.uri": fake.uri, "ldap.ca_file": ca[0]})
        assert doctor.findings() == {"tls": FAULT}
        assert word in doctor.says("tls")
        assert b"cn=im" not in fake.heard


def test_starttls_that_is_refused(doctor):
    with FakeLdap("refuse") as fake:
        doctor.write({"ldap.uri": fake.uri})
        assert doctor.findings() == {"tls": FAULT}
        assert "StartTLS is refused" in doctor.says("tls")
        assert b"cn=im" not in fake.heard


def test_handshake_that_never_ends(doctor):
    """LDAP-11: every wait has a limit."""
    with FakeLdap("silent") as fake:
        doctor.write({"ldap.uri": fake.uri})
        assert doctor.findings() == {"tls": FAULT}
        assert "no TLS handshake in time" in doctor.says("tls")
        assert doctor.last["resolve"]["ms"] < 5000


def test_server_that_answers_nothing(doctor):
    """Its connection is taken by the kernel, and that is all."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        doctor.write({"ldap.uri":
                      f"ldap://127.0.0.1:{mute.getsockname()[1]}"})
        assert doctor.findings() == {"tls": FAULT}
        assert "StartTLS is not answered -> the server took" in doctor.says("tls")
        assert doctor.last["resolve"]["ms"] < 5000


def test_other_peoples_configuration(doctor):
    """LDAP-09: ldaprc and the environment change nothing."""
    (doctor.folder / ".ldaprc").write_text("TLS_REQCERT never\n")
    doctor.environment = {"HOME": str(doctor.folder),
                          "LDAPTLS_REQCERT": "never"}
    doctor.write({"ldap.ca_file": certificate(doctor.folder)[0]})
    assert doctor.findings() == {"tls": FAULT}


# ---- nothing is left ----

class Watched(Proxy):
    """Stops in the moment when the doctor has an entry in the directory."""

    def __init__(self, world):
        self.conn = world.ldap()
        self.base = world.env["IM_BASE"]
        self.lock = threading.Lock()
        self.reached = threading.Event()
        super().__init__(world.env["LDAP_URI"].rpartition(":")[2].strip("/"))

    def _to_client(self, client, data):
        with self.lock:
            if not self.reached.is_set() and self.conn.search_s(
                    self.base, ldap.SCOPE_SUBTREE, f"(jid={MARK}*)", ["1.1"]):
                self.hold()
                self.reached.set()
        self.passing.wait()
        super()._to_client(client, data)


@pytest.fixture
def caught(doctor):
    """A doctor that is held in the middle, with the proxy that holds it."""
    with Watched(doctor.world) as proxy:
        doctor.write({"ldap.uri": proxy.uri})
        process = doctor.start("--json")
        assert proxy.reached.wait(20)
        yield process, proxy
        proxy.release()
        process.kill()
        process.communicate()


def test_killed_in_the_middle_and_run_again(doctor, caught):
    process, proxy = caught
    process.kill()
    process.wait()
    proxy.release()
    assert len(left(doctor.world)) == 1
    doctor.write()
    assert doctor.findings() == {}
    assert doctor.last["scratch"]["what"].startswith("removed 1")
    assert left(doctor.world) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_in_the_middle(doctor, caught, how):
    process, proxy = caught
    process.send_signal(how)
    proxy.release()
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert json.loads(out)["summary"].startswith("could not tell")
    assert left(doctor.world) == []


def test_two_doctors_do_not_disturb_each_other(doctor, caught):
    process, proxy = caught
    doctor.write()              # the same file: the lock is on it
    report = doctor.report()
    assert report["code"] == 3 and "1 not looked at" in report["summary"]
    assert is_alive(process.pid) and len(left(doctor.world)) == 1
    proxy.release()
    out, _ = process.communicate(timeout=30)
    assert json.loads(out)["code"] == 0, out


@pytest.mark.parametrize("mode", ["drop", "pass"])
def test_directory_that_goes_away_in_the_middle(doctor, caught, mode):
    """When it comes back at once, what was made is removed at once."""
    process, proxy = caught
    proxy.mode = mode
    proxy.cut()
    proxy.release()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    bad = [c for c in json.loads(out)["checks"] if c["verdict"] == FAULT]
    assert len(bad) == 1 and "broke off" in bad[0]["what"], bad
    assert len(left(doctor.world)) == (mode == "drop")
    doctor.write()
    wait_for(lambda: doctor.findings() == {})
