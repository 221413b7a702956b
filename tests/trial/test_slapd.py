# SPDX-License-Identifier: Apache-2.0
"""server/trial/slapd: the private directory of the trial and of the tests."""

import pathlib
import time

import ldap
import pytest

from directory import Directory

PERSON = """dn: uid={0},ou=people,dc=example,dc=org
{1}objectClass: inetOrgPerson
uid: {0}
cn: {0}
sn: {0}
userPassword: clave-{0}
"""


@pytest.fixture
def start(tmp_path):
    """Starts directories in folders of this test; all end with it."""
    started = []

    def starter(name="state", **settings):
        one = Directory(tmp_path / name, **settings)
        started.append(one)
        return one.start()
    yield starter
    for one in started:
        one.stop()


def people(one, pattern="(objectClass=inetOrgPerson)"):
    return [dn for dn, _ in one.root().search_s(
        one.env["PEOPLE_BASE"], ldap.SCOPE_SUBTREE, pattern, ["1.1"])]


def test_two_live_side_by_side_and_know_nothing_of_each_other(start):
    one, other = start("one"), start("other", SAMPLE="no")
    assert one.env["LDAP_PORT"] != other.env["LDAP_PORT"]
    assert len(people(one)) > 60
    assert people(other) == ["uid=admin,ou=people,dc=example,dc=org"]
    with pytest.raises(ldap.INVALID_CREDENTIALS):
        other.connect(other.env["LDAP_ROOT_DN"], one.env["LDAP_ROOT_PASSWORD"])


def test_the_second_start_finds_the_data_and_passwords_of_the_first(start):
    one = start(SAMPLE="no")
    secret = one.env["ADMIN_PASSWORD"]
    one.root().add_s("uid=ana,ou=people,dc=example,dc=org", [
        ("objectClass", b"inetOrgPerson"), ("cn", b"a"), ("sn", b"a")])
    assert one.stop().returncode == 0
    again = one.start()
    assert len(people(again)) == 2
    assert again.env["ADMIN_PASSWORD"] == secret
    again.connect(again.dn("admin"), secret)


def test_ldif_files_are_read_in_order_with_contents_and_with_changes(
        start, tmp_path):
    (tmp_path / "a.ldif").write_text(PERSON.format("ana", ""))
    (tmp_path / "b.ldif").write_text(
        PERSON.format("bea", "changetype: add\n")
        + "\ndn: uid=ana,ou=people,dc=example,dc=org\nchangetype: modify\n"
          "replace: sn\nsn: otra\n")
    (tmp_path / "c.ldif").write_text(PERSON.format("cleo", ""))
    files = " ".join(str(tmp_path / f"{x}.ldif") for x in "abc")
    one = start(SAMPLE="no", LDIF=files)
    assert len(people(one)) == 4
    assert len(people(one, "(sn=otra)")) == 1
    for uid in ("ana", "bea", "cleo"):
        one.connect(one.dn(uid), f"clave-{uid}")


@pytest.mark.parametrize("body", [
    PERSON.format("ana", "").replace("sn: ana", "nosuch: ana"),
    PERSON.format("ana", "changetype: add\n").replace("sn: ana\n", ""),
    PERSON.format("lucia", ""),
], ids=["contents", "changes", "there-already"])
def test_a_bad_ldif_stops_the_start_and_keeps_nothing(tmp_path, body):
    bad = tmp_path / "bad.ldif"
    bad.write_text(body)
    one = Directory(tmp_path / "state", LDIF=str(bad))
    done = one.script("start")
    assert done.returncode != 0 and "bad.ldif" in done.stderr
    assert one.stop().returncode != 0       # nothing was left running
    del one.settings["LDIF"]
    try:
        assert len(people(one.start())) > 60
    finally:
        one.stop()


def test_a_missing_ldif_is_named(tmp_path):
    done = Directory(tmp_path / "state", LDIF="/no/such.ldif").script("start")
    assert done.returncode != 0 and "/no/such.ldif" in done.stderr


def test_a_large_directory_loads_quickly(start, tmp_path):
    large = tmp_path / "large.ldif"
    large.write_text("\n".join(PERSON.format(f"p{i}", "")
                               for i in range(20000)))
    began = time.monotonic()
    one = start(SAMPLE="no", LDIF=str(large))
    assert time.monotonic() - began < 30
    assert len(people(one)) == 20001


def test_an_odd_folder_name(start):
    one = start("el café, 'ñ' + %")
    assert len(people(one)) > 60
    conn = ldap.initialize(one.env["LDAPI_URI"])
    assert conn.search_s("", ldap.SCOPE_BASE, attrlist=["1.1"])


def test_a_busy_port_is_named(start, tmp_path):
    one = start()
    port = one.env["LDAP_PORT"]
    done = Directory(tmp_path / "other", LDAP_PORT=port).script("start")
    assert done.returncode != 0 and f"port {port} is in use" in done.stderr


def test_a_directory_that_runs_is_not_started_twice(start):
    one = start(SAMPLE="no")
    done = one.script("start")
    assert done.returncode != 0 and "runs already" in done.stderr
    people(one)


def test_secrets_are_for_the_owner_only(start):
    state = pathlib.Path(start(SAMPLE="no").state)
    secrets = [*state.glob("secrets/*"), *state.glob("tls/*.key"),
               state / "ldap.env"]
    assert len(secrets) >= 7
    assert [str(f) for f in secrets if f.stat().st_mode & 0o077] == []


def test_the_certificate_is_checked(start):
    one = start(SAMPLE="no")
    other = pathlib.Path(start("other", SAMPLE="no").env["CA_FILE"])
    conn = ldap.initialize(one.env["LDAP_URI"])
    conn.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    conn.set_option(ldap.OPT_X_TLS_CACERTFILE, str(other))
    conn.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    with pytest.raises((ldap.CONNECT_ERROR, ldap.SERVER_DOWN)):
        conn.start_tls_s()
    one.connect().unbind_s()
