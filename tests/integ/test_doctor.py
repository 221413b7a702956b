# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: a fault is planted, and it names that one and no other.

One world for all of them: what a test changes in its directory, it puts back.
Most faults stand in an edited copy of the configuration alone, which only the
doctor reads; the service of the world goes on with its own.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

import ldap
import ldap.modlist
import pytest

from faults import FakeLdap, Proxy, certificate, server_context
from service import build, conf_text, free_ports
from world import TOP, is_alive, wait_for

sys.path.insert(0, str(TOP / "tests/schema"))
from directory import Directory                                 # noqa: E402

DATABASE = "olcDatabase={1}mdb,cn=config"
MARK = "tertulia-doctor"
FAULT, WARNING = "fault", "warning"


@pytest.fixture(scope="module")
def sample(make_world):
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
    assert lines[0].split()[:2] == ["fault", "bases"]
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


def written(text):
    def plant(doctor):
        path = doctor.folder / "written"
        path.write_text(text)
        path.chmod(0o600)
        return path
    return plant


def closed_port(_):
    return f"ldap://127.0.0.1:{free_ports(1)[0]}"


def one_closed(doctor):
    return f"{closed_port(doctor)} {doctor.world.env['LDAP_URI']}"


def free_address(_):
    return f"127.0.0.1:{free_ports(1)[0]}"


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
                       "bases", FAULT, "admin_group"),
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


def test_no_configuration(doctor):
    doctor.conf.unlink()
    assert doctor.findings() == {"configuration": FAULT}
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
        assert doctor.last["resolve"]["ms"] < 5000


def test_other_peoples_configuration(doctor):
    """LDAP-09: ldaprc and the environment change nothing."""
    (doctor.folder / ".ldaprc").write_text("TLS_REQCERT never\n")
    doctor.environment = {"HOME": str(doctor.folder),
                          "LDAPTLS_REQCERT": "never"}
    doctor.write({"ldap.ca_file": certificate(doctor.folder)[0]})
    assert doctor.findings() == {"tls": FAULT}


# ---- faults of the directory ----

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


def rule(text):
    """An ACL in front of all others."""
    return (ldap.MOD_ADD, "olcAccess", ["{0}" + text])


IM = "dn.exact=cn=im,ou=services,ou=im,dc=example,dc=org"
WEB = "dn.exact=cn=im-web,ou=services,ou=im,dc=example,dc=org"
BELOW_IM = "ou=im,dc=example,dc=org"

RULES = {
    "profiles_not_made": (
        f"to dn.base=ou=profiles,{BELOW_IM} attrs=children by {WEB} write "
        "by * none", "access-im", "make a profile"),
    "rosters_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imRosterItem "
        f"by {IM} read by * break", "access-im", "change a roster"),
    "verifiers_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imScram "
        f"by {IM} read by * break", "access-im", "keep verifiers"),
    "rooms_not_written": (
        f"to dn.subtree=ou=rooms,{BELOW_IM} attrs=imSubject by {IM} read "
        "by * break", "access-im", "change rooms"),
    "people_written_by_im": (
        f"to dn.subtree=ou=people,dc=example,dc=org attrs=mail by {IM} write "
        "by * break", "access-limits", "cn=im may write people's mail"),
    "passwords_set_by_im": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=userPassword "
        f"by {IM} =w by * break", "access-limits", "passwords"),
    "classes_written_by_im": (
        "to dn.subtree=ou=people,dc=example,dc=org attrs=objectClass "
        f"by {IM} write by * break", "access-limits", "classes"),
    "people_written_by_web": (
        f"to dn.subtree=ou=people,dc=example,dc=org attrs=cn by {WEB} write "
        "by * break", "access-limits", "cn=im-web may write people's names"),
    "status_written_by_im": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imStatus by {IM} write "
        "by * break", "access-limits", "lift a suspension"),
    "rosters_written_by_web": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imRosterItem "
        f"by {WEB} write by * break", "access-limits", "write rosters"),
    "profiles_removed_by_im": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry,children "
        f"by {IM} write by * break", "access-limits", "remove profiles"),
    "hashes_read_by_im": (
        f"to attrs=userPassword by {IM} read by * break", "passwords",
        "cn=im can read"),
    "verifiers_read_by_web": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imScram by {WEB} write "
        "by * break", "passwords", "SCRAM"),
    "profiles_for_everybody": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry,children,"
        "objectClass,jid by anonymous read by * break", "access-nobody",
        "without"),
    "requests_not_made": (
        f"to dn.subtree=ou=requests,{BELOW_IM} by {WEB} read by * none",
        "access-web", "make a request"),
    "requests_for_im": (
        f"to dn.subtree=ou=requests,{BELOW_IM} by {IM} write by * break",
        "access-web", "cn=im may make requests"),
    "suspension_not_written": (
        f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=imStatus "
        f"by {WEB} =arscd by * break", "access-web", "suspend"),
}


@pytest.mark.parametrize("text, check, word", RULES.values(), ids=RULES)
def test_rule_that_is_wrong(doctor, text, check, word):
    with config(doctor.world, rule(text)):
        assert doctor.findings() == {check: FAULT}, doctor.last
    assert word in doctor.says(check)
    assert doctor.findings() == {}


def test_profile_that_nobody_may_remove(doctor):
    """It says what is left, makes no more of it, and removes it as soon as
    it may."""
    text = (f"to dn.subtree=ou=profiles,{BELOW_IM} attrs=entry "
            f"by {WEB} =arscd by * break")
    with config(doctor.world, rule(text)):
        assert doctor.findings() == {"access-web": FAULT}
        assert "remove a profile" in doctor.says("access-web")
        dn, = left(doctor.world)
        assert doctor.findings() == {"scratch": FAULT}
        assert dn in doctor.says("scratch")
        assert left(doctor.world) == [dn]
    assert doctor.findings() == {}
    assert doctor.last["scratch"]["what"].startswith("removed 1")


def test_root_dse_without_increment(doctor):
    text = 'to dn.base="" attrs=supportedFeatures by * none'
    with config(doctor.world, rule(text),
                (ldap.MOD_ADD, "olcAccess", ["to * by * read"]),
                dn="olcDatabase={-1}frontend,cn=config"):
        assert doctor.findings() == {"extensions": FAULT}
        assert "increment" in doctor.says("extensions")


@pytest.mark.parametrize("overlay, check, verdict", [
    ("unique", "unique", FAULT), ("syncprov", "sync", WARNING),
    ("ppolicy", "ppolicy", WARNING)])
def test_overlay_that_is_not_there(doctor, overlay, check, verdict):
    with without_overlay(doctor.world, overlay):
        assert doctor.findings() == {check: verdict}, doctor.last
        assert overlay in doctor.says(check)
    assert doctor.findings() == {}


def test_schema_that_is_not_loaded(doctor):
    (dn, found), = doctor.world.root.search_s(
        "cn=schema,cn=config", ldap.SCOPE_ONELEVEL, "(cn=*tertulia)")
    value, = [v.decode() for v in found["olcAttributeTypes"]
              if b"'imBoundState'" in v]
    room, = [v.decode() for v in found["olcObjectClasses"]
             if b"NAME 'imRoom'" in v]
    without = room.replace(" $ imBoundState", "")
    assert without != room
    with config(doctor.world,
                (ldap.MOD_DELETE, "olcObjectClasses", [room]),
                (ldap.MOD_ADD, "olcObjectClasses", [without]),
                (ldap.MOD_DELETE, "olcAttributeTypes", [value]), dn=dn):
        assert doctor.findings() == {"schema": FAULT}, doctor.last
        assert "imBoundState" in doctor.says("schema")
        assert "--schema" in doctor.says("schema")
    assert doctor.findings() == {}


def test_index_that_is_missing(doctor):
    with config(doctor.world, (ldap.MOD_DELETE, "olcDbIndex", ["jid eq"])):
        assert doctor.findings(*doctor.admin) == {"indexes": WARNING}
        assert "jid has no index" in doctor.says("indexes")


def test_limit_of_entries(doctor):
    with config(doctor.world, (ldap.MOD_REPLACE, "olcLimits",
                               [f"{IM} size.soft=20 size.hard=20"])):
        assert doctor.findings() == {"people": FAULT}
        assert "limits.ldif" in doctor.says("people")


def test_certificate_of_the_directory_that_ends_soon(doctor):
    state = doctor.world.state
    new = doctor.folder / "ldap"
    for words in (
            ["req", "-new", "-key", state / "tls/ldap.key", "-subj", "/CN=x",
             "-out", f"{new}.csr"],
            ["x509", "-req", "-in", f"{new}.csr", "-CA", state / "tls/ca.pem",
             "-CAkey", state / "tls/ca.key", "-set_serial", "9", "-days", "9",
             "-extfile", written("subjectAltName=IP:127.0.0.1")(doctor),
             "-out", f"{new}.pem"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    with config(doctor.world, (ldap.MOD_REPLACE, "olcTLSCertificateFile",
                               [f"{new}.pem"]), dn="cn=config"):
        assert doctor.findings() == {"tls-days": WARNING}, doctor.last
        assert "days left" in doctor.says("tls-days")
    assert doctor.findings() == {}


# ---- faults of what is in it ----

def test_two_people_of_one_name(doctor):
    dn = "uid=Lucia,ou=otra,ou=people,dc=example,dc=org"
    with entry(doctor.world, dn.partition(",")[2], ou=["otra"],
               objectClass=["organizationalUnit"]), \
         entry(doctor.world, dn, objectClass=["inetOrgPerson"],
               uid=["Lucia"], cn=["Lucía"], sn=["Otra"]):
        assert doctor.findings() == {"names": FAULT}
        assert dn in doctor.says("names")
        assert "uid=lucia,ou=people" in doctor.says("names")


def test_name_that_is_no_address(doctor):
    with entry(doctor.world, "cn=Juan,ou=people,dc=example,dc=org",
               objectClass=["inetOrgPerson"], uid=["juan perez"],
               cn=["Juan"], sn=["Perez"]):
        assert doctor.findings() == {"names": WARNING}
        assert "juan perez" in doctor.says("names")


def test_password_that_is_costly_to_check(doctor):
    """Seen by the administrator in the hash, by everybody in the time."""
    world = doctor.world
    dn = f"cn=im,ou=services,{BELOW_IM}"
    before = world.root.search_s(dn, ldap.SCOPE_BASE,
                                 attrlist=["userPassword"])[0][1]
    secret = (world.state / "secrets/im").read_text()
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    hashed = "{CRYPT}" + library.crypt(
        secret.encode(), b"$6$rounds=900000$sal$").decode()
    world.modify(dn, userPassword=[hashed])
    try:
        assert doctor.findings() == {"hashes": WARNING}, doctor.last
        assert "a bind takes" in doctor.says("hashes")
    finally:
        world.modify(dn, userPassword=before["userPassword"])
    dn = f"uid=lucia,{world.env['PEOPLE_BASE']}"
    before = world.root.search_s(dn, ldap.SCOPE_BASE,
                                 attrlist=["userPassword"])[0][1]
    world.modify(dn, userPassword=[hashed])
    try:
        assert doctor.findings(*doctor.admin) == {"hashes": WARNING}
        assert "1 of the first" in doctor.says("hashes")
        assert doctor.findings() == {}
    finally:
        world.modify(dn, userPassword=before["userPassword"])


def test_replica_that_does_not_follow(doctor, tmp_path):
    """A second directory with the same secrets, which hears of nothing."""
    state = tmp_path / "replica"
    for name in ("secrets", "tls"):
        shutil.copytree(doctor.world.state / name, state / name)
    replica = Directory(state).start()
    try:
        # Made later than the other, so that one is behind at first.
        doctor.write({"ldap.uri": doctor.world.env["LDAP_URI"] + " "
                      + replica.env["LDAP_URI"]})
        old = "20200101000000.000000Z#000000#000#000000"
        replica.root().modify_s("dc=example,dc=org", [
            (ldap.MOD_REPLACE, "description", b"x")])
        assert doctor.findings().keys() <= {"replicas"}
        with stopped(replica, old):
            assert doctor.findings() == {"replicas": FAULT}, doctor.last
            assert replica.env["LDAP_URI"] in doctor.says("replicas")
    finally:
        assert replica.stop().returncode == 0


@contextlib.contextmanager
def stopped(replica, csn):
    """The same data, loaded anew with an old contextCSN."""
    assert replica.stop().returncode == 0
    folder = replica.state / "ldap"
    done = subprocess.run(["/usr/sbin/slapcat", "-n1", "-F",
                           folder / "config"], capture_output=True, text=True,
                          check=True)
    lines = [f"contextCSN: {csn}" if line.startswith("contextCSN:") else line
             for line in done.stdout.splitlines()]
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    subprocess.run(["/usr/sbin/slapadd", "-q", "-n1", "-F", folder / "config"],
                   input="\n".join(lines) + "\n", text=True, check=True,
                   capture_output=True)
    replica.settings["LDAP_PORT"] = replica.env["LDAP_PORT"]
    replica.start()
    yield


CLOCK = """
#include <time.h>
#include <dlfcn.h>
time_t time(time_t *at)
{
	time_t now = ((time_t (*)(time_t *))dlsym(RTLD_NEXT, "time"))(0) + 120;
	if (at)
		*at = now;
	return now;
}
"""


def test_clock_that_is_ahead(doctor, tmp_path):
    (tmp_path / "clock.c").write_text(CLOCK)
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    tmp_path / "clock.so", tmp_path / "clock.c", "-ldl"],
                   check=True)
    doctor.environment = {
        "LD_PRELOAD": str(tmp_path / "clock.so"),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
        + ":verify_asan_link_order=0"}
    assert doctor.findings() == {"clock": FAULT}, doctor.last
    assert "ahead of the directory" in doctor.says("clock")


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
    assert len(left(doctor.world)) == (mode == "drop")
    doctor.write()
    wait_for(lambda: doctor.findings() == {})
