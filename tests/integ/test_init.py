# SPDX-License-Identifier: Apache-2.0
"""tertuliactl init: questions answered, a configuration that works."""

import contextlib
import os
import pathlib
import subprocess

import ldap
import pytest

from doctor import (config, doctor, entry, left, rule, sample,      # noqa: F401
                    written)
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
            "shown": "",
            "bind_dn": "", "password": state / "secrets/im",
            "people": "", "agreed": "", "tree": "", "policy": "",
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
    good(init, doctor)
    assert ("password_policy = cn=default,ou=policies,dc=example,dc=org"
            in init.conf.read_text())


def good(init, doctor):                                          # noqa: F811
    """Nothing is left to be done or to be warned of."""
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
        # the sample's directory lets people write their own entries
        "vcard.writable": "photo"}))
    assert doctor.findings() == {}, doctor.last
    return out


def by_ldapi(init):
    """Fewer questions: no authority, no certificate; EXTERNAL is offered."""
    path = str(init.doctor.world.state / "ldap/ldapi").replace("/", "%2F")
    init.answers = {key: value for key, value in init.answers.items()
                    if key not in ("ca_file", "shown")}
    init.answers["uri"] = f"ldapi://{path}"


def mapped(world, who):
    return config(world, (ldap.MOD_ADD, "olcAuthzRegexp", [
        f"{who} cn=im,ou=services,{world.env['IM_BASE']}"]), dn="cn=config")


PEER = (f"gidNumber={os.getegid()}[+]uidNumber={os.geteuid()},"
        "cn=peercred,cn=external,cn=auth")


def test_ldapi_and_external_instead_of_a_password(init, doctor):  # noqa: F811
    by_ldapi(init)
    init.answers = {("external" if key == "bind_dn" else key): value
                    for key, value in init.answers.items() if key != "password"}
    with mapped(doctor.world, PEER):
        out = good(init, doctor)
    assert "makes of this run cn=im,ou=services" in out
    text = init.conf.read_text()
    assert "sasl_external = yes" in text and "ldapi://" in text
    assert "bind_dn = cn=im,ou" not in text


def test_external_that_is_nobody_is_not_proposed(init, doctor):   # noqa: F811
    by_ldapi(init)
    _, out = init.run(init.before("bind_dn", ""))                # no, as offered
    assert "olcAuthzRegexp" in out and "password? yes, no [no]" in out
    text = init.conf.read_text()
    assert "sasl_external" not in text
    assert "bind_dn = cn=im,ou=services" in text


def test_certificate_instead_of_a_password(init, doctor, tmp_path):   # noqa: F811
    world = doctor.world
    key, cert = signed(world, tmp_path)
    lines = {}
    for name, value in init.answers.items():
        if name == "shown":
            lines.update(shown=cert, shown_key=key, external="")
        elif name not in ("bind_dn", "password"):
            lines[name] = value
    init.answers = lines
    with config(world, (ldap.MOD_REPLACE, "olcTLSVerifyClient", ["try"]),
                dn="cn=config"), mapped(world, '"^cn=tertulia,o=service$"'):
        out = good(init, doctor)
    assert "makes of this run cn=im,ou=services" in out
    text = init.conf.read_text()
    assert f"certificate = {cert}" in text and "sasl_external = yes" in text


def signed(world, folder):
    """A key and its certificate by the directory's authority."""
    key, request, cert = (folder / name for name in ("key", "csr", "cert"))
    ca = pathlib.Path(world.env["CA_FILE"])
    for words in (
            ["req", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/O=service/CN=tertulia", "-keyout", key, "-out", request],
            ["x509", "-req", "-in", request, "-CA", ca, "-CAkey",
             ca.with_suffix(".key"), "-set_serial", "7", "-days", "2", "-out",
             cert]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return key, cert


def test_people_in_several_places(init):
    """All of them are proposed, and one place can be chosen by its number."""
    world = init.doctor.world
    base = "dc=example,dc=org"
    with contextlib.ExitStack() as stack:
        for place, people in (("alumnado", 5), ("becas,ou=alumnado", 2)):
            stack.enter_context(entry(world, f"ou={place},{base}",
                                      objectClass=["organizationalUnit"]))
            for i in range(people):
                uid = f"{place[:3]}{i}"
                stack.enter_context(entry(
                    world, f"uid={uid},ou={place},{base}", uid=[uid], cn=[uid],
                    sn=[uid], objectClass=["inetOrgPerson"]))
        _, out = init.run()
        assert "78 people are in 3 places" in out, out
        assert f"1  {base}: all of them" in out
        assert f"2  ou=people,{base}: 71" in out
        assert f"3  ou=alumnado,{base}: 7" in out
        assert f"4  ou=becas,ou=alumnado,{base}: 2" in out
        assert f"people_base = {base}\n" in init.conf.read_text()
        for answer in ("3", f"ou=alumnado,{base}"):
            init.conf.unlink()
            init.answers["people"] = answer
            _, out = init.run()
            assert f"people_base = ou=alumnado,{base}\n" in init.conf.read_text()
            assert "and 4 more" in out


def people_in(world, stack, ou, n, **more):
    """n people without a name, in a place of their own."""
    base = f"ou={ou},dc=example,dc=org"
    stack.enter_context(entry(world, base, objectClass=["organizationalUnit"]))
    for i in range(n):
        stack.enter_context(entry(world, f"cn={ou}{i},{base}", **{
            "objectClass": ["inetOrgPerson"], "sn": [ou],
            **{name: [f"{value}{i}"] for name, value in more.items()}}))
    return base


def test_address_book_beside_the_people(init):
    """However large, it holds nobody who could log in."""
    with contextlib.ExitStack() as stack:
        people_in(init.doctor.world, stack, "contactos", 80)
        _, out = init.run()
        assert "[ou=people,dc=example,dc=org]" in out, out
        assert "people_base = ou=people,dc=example,dc=org\n" in init.conf.read_text()
        init.conf.unlink()
        init.answers["people"] = "dc=example,dc=org"
        _, out = init.run()
        assert "80 people there have no uid, and so no address" in out, out
        assert "lucia@localhost" in out


def test_people_who_are_called_by_another_attribute(init):
    with contextlib.ExitStack() as stack:
        base = people_in(init.doctor.world, stack, "fichas", 4, employeeNumber="e10")
        init.answers["people"] = base
        code, out = init.run(init.before("agreed", "employeeNumber"))
        assert code == 0, out
        assert "4 people there have no uid" in out
        assert "e100@localhost" in out and "and 1 more" in out
        assert "people_name = employeeNumber\n" in init.conf.read_text()


def test_people_of_another_kind(init):
    """Those who are none by the filter that is proposed are told of."""
    world = init.doctor.world
    with contextlib.ExitStack() as stack:
        for i in range(2):
            stack.enter_context(entry(
                world, f"uid=cuenta{i},ou=people,dc=example,dc=org",
                objectClass=["account", "posixAccount"], uid=[f"cuenta{i}"],
                cn=["Cuenta"], uidNumber=[f"7{i}"], gidNumber=["7"],
                homeDirectory=["/"]))
        _, out = init.run()
        assert "2 more are found by (objectClass=posixAccount)" in out, out
    init.conf.unlink()
    assert "more are found" not in init.run()[1]


@pytest.mark.parametrize("word", ["y", "Yes", "sí", "Si"])
def test_yes(init, word):
    init.answers["agreed"] = word
    code, out = init.run()
    assert code == 0, out


def test_several_policies(init):
    """The one called default, unless another is named, or none."""
    world = init.doctor.world
    with entry(world, "cn=alumnado,ou=policies,dc=example,dc=org",
               objectClass=["pwdPolicy", "device"], cn=["alumnado"],
               pwdAttribute=["userPassword"]):
        _, out = init.run()
        assert "policy cn=alumnado," in out and "policy cn=default," in out
        assert "password_policy = cn=default," in init.conf.read_text()
        init.conf.unlink()
        init.answers["policy"] = "-"
        init.run()
        assert "password_policy" not in init.conf.read_text()


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
    ("uri", ["ldap://127.0.0.1:1", "", ""], "Connection refused"),
    ("uri", ["nonsense", "", ""], "LDAP URI"),
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
    lines = [*list(init.answers.values())[:5], wrong, ""]
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


@pytest.mark.parametrize("count", range(16))
def test_questions_that_nobody_answers(init, count):
    code, out = init.run(list(init.answers.values())[:count])
    assert code == 3 and "nothing is written" in out
    assert not init.conf.exists()
