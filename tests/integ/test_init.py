# SPDX-License-Identifier: Apache-2.0
"""tertuliactl init: questions answered, a configuration that works."""

import subprocess

import ldap
import pytest

from doctor import config, doctor, left, rule, sample, written     # noqa: F401
from faults import certificate
from service import build, conf_text


class Init:
    """Answers to the questions, in their order; "" takes what is offered."""

    def __init__(self, doctor):
        self.doctor, state, env = doctor, doctor.world.state, doctor.world.env
        self.conf = doctor.folder / "new.conf"
        self.answers = {
            "domain": "localhost", "state_dir": state,
            "certificate": state / "tls/server.pem",
            "key": state / "tls/server.key",
            "uri": env["LDAP_URI"], "ca_file": env["CA_FILE"],
            "bind_dn": "", "password": state / "secrets/im",
            "people": "", "agreed": "", "tree": "",
            "web_dn": "", "web_password": state / "secrets/im-web",
            "admin_group": "cn=im-admins,ou=groups,dc=example,dc=org"}

    def run(self, answers=None):
        lines = self.answers.values() if answers is None else answers
        done = subprocess.run(
            [build() / "tertuliactl", "init", "-c", self.conf], text=True,
            input="".join(f"{line}\n" for line in lines), timeout=30,
            capture_output=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    def before(self, name, *more):
        """The answers with `more` given first at that question."""
        lines = []
        for key, value in self.answers.items():
            lines += [*(more if key == name else ()), value]
        return lines


@pytest.fixture
def init(doctor):                                                # noqa: F811
    return Init(doctor)


def test_configuration_that_the_doctor_finds_good(init, doctor):   # noqa: F811
    code, out = init.run()
    assert code == 0, out
    assert "Still to be done" not in out
    assert init.conf.stat().st_mode & 0o777 == 0o600
    of_world = (doctor.world.state / "tertulia.conf").read_text()
    ports = {f"listen.{name}": line.partition("=")[2].strip()
             for name in ("c2s", "c2s_tls", "web")
             for line in of_world.splitlines()
             if line.startswith(f"{name} = 127")}
    assert len(ports) == 3
    doctor.conf.write_text(conf_text(init.conf.read_text(), {
        **ports, "limits.connections": "500",
        # which policy is meant, the directory does not say
        "ldap.password_policy": "cn=default,ou=policies,dc=example,dc=org",
        # the sample's directory lets people write their own entries
        "vcard.writable": "photo"}))
    assert doctor.findings() == {}, doctor.last


def test_three_people_are_shown(init):
    _, out = init.run()
    assert "[ou=people,dc=example,dc=org]" in out
    assert "lucia@localhost  Lucía Álvarez Quiroga  lucia.alvarez" in out
    assert out.count("@localhost  ") == 3
    assert "  It is OpenLDAP.\n" in out
    assert "  and 68 more\n" in out


def test_somebody_who_is_locked_is_shown_as_that(init):
    init.answers["people"] = "ou=people,dc=example,dc=org"
    world = init.doctor.world
    dn = f"uid=lucia,{world.env['PEOPLE_BASE']}"
    world.modify(dn, pwdAccountLockedTime=["000001010000Z"])
    try:
        _, out = init.run()
    finally:
        world.modify(dn, pwdAccountLockedTime=None)
    assert "lucia.alvarez-quiroga@example.org  (locked)" in out, out


@pytest.mark.parametrize("name, wrong, said", [
    ("uri", ["ldap://127.0.0.1:1", ""], "Connection refused"),
    ("uri", ["nonsense", ""], "LDAP URI"),
    ("bind_dn", ["", "/nowhere/im"], "/nowhere/im: No such file"),
    ("people", ["ou=nada,dc=example,dc=org", ""], "nobody is there"),
    ("agreed", ["no", ""], "Where people are"),
])
def test_what_does_not_work_is_asked_again(init, name, wrong, said):
    code, out = init.run(init.before(name, *wrong))
    assert code == 0, out
    assert said in out
    assert "uri = ldap://127.0.0.1:" in init.conf.read_text()
    assert "people_base = ou=people,dc=example,dc=org" in init.conf.read_text()


def test_wrong_password_is_asked_again(init):
    wrong = written("nonsense")(init.doctor)
    code, out = init.run(init.before("bind_dn", "", wrong))
    assert code == 0 and "Invalid credentials" in out
    assert "schema/tree.ldif makes it" in out
    assert "nonsense" not in out


def test_unverified_server_is_told_no_password(init):
    """LDAP-08: there is no way on without the right authority."""
    wrong = certificate(init.doctor.folder)[0]
    lines = [*list(init.answers.values())[:5], wrong]
    code, out = init.run(lines)
    assert code == 3 and not init.conf.exists()
    assert "certificate" in out and "Identity of" not in out
    assert "or ldapi:///" in out


def test_no_web_process(init):
    init.answers = {**init.answers, "web_dn": "-"}
    code, _ = init.run()
    assert code == 0 and "[web]" not in init.conf.read_text()


def test_what_is_still_to_be_done(init):
    init.answers["certificate"] = "/nowhere/chain.pem"
    with config(init.doctor.world, rule(
            f"to dn.subtree={init.doctor.world.env['IM_BASE']} by self read "
            "by anonymous auth by * none")):
        code, out = init.run()
    assert code == 0
    assert "/nowhere/chain.pem: No such file" in out.partition(
        "Still to be done")[2]
    assert "load schema/tree.ldif" in out
    assert f"im_base = {init.doctor.world.env['IM_BASE']}" \
        in init.conf.read_text()


def test_schema_that_is_not_loaded_is_said(init):
    with config(init.doctor.world,
                rule('to dn.base="cn=Subschema" by * none'),
                (ldap.MOD_ADD, "olcAccess", ["to * by * read"]),
                dn="olcDatabase={-1}frontend,cn=config"):
        _, out = init.run()
    assert "tertuliactl doctor --schema" in out
    init.conf.unlink()
    assert "tertuliactl doctor --schema" not in init.run()[1]


def test_a_configuration_is_never_overwritten(init):
    init.conf.write_text("mine\n")
    code, out = init.run()
    assert code == 2 and "is there already" in out
    assert init.conf.read_text() == "mine\n"


@pytest.mark.parametrize("count", range(14))
def test_questions_that_nobody_answers(init, count):
    code, out = init.run(list(init.answers.values())[:count])
    assert code == 3 and "nothing is written" in out
    assert not init.conf.exists()
