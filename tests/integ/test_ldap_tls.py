# SPDX-License-Identifier: Apache-2.0
"""LDAP-08, LDAP-09, TLS-04: no password goes to a directory unverified."""

import os
import ssl
import time

import pytest

from faults import FakeLdap, certificate, server_context
from rawclient import SaslFailure, Stream
from service import Service, build, conf_text
from test_outage import condition_of
from world import wait_for
import subprocess


def is_refused(service, fake, person):
    """Logins are told to come again, and no bind request was ever sent."""
    assert condition_of(service, person.uid, person.password) == \
        "temporary-auth-failure"
    wait_for(lambda: fake.accepted)
    secret = (service.world.state / "secrets/im").read_bytes()
    assert secret not in fake.heard
    assert b"cn=im" not in fake.heard
    assert person.password.encode() not in fake.heard


CERTIFICATES = {
    "unknown_ca": lambda folder, ca: certificate(folder),
    "wrong_host": lambda folder, ca: certificate(
        folder, ["ldap.otra.example"], ["127.0.0.2"], ca=ca),
    "expired": lambda folder, ca: certificate(folder, days=(-30, -1), ca=ca),
    "not_yet_valid": lambda folder, ca: certificate(folder, days=(2, 30),
                                                    ca=ca),
}


@pytest.mark.parametrize("make", CERTIFICATES.values(), ids=CERTIFICATES)
def test_ldap_08_bad_certificate(world, somebody, tmp_path, make):
    ca = certificate(tmp_path, names=["ca"], addresses=[])
    path, _, _ = make(tmp_path, ca)
    with FakeLdap(server_context(path)) as fake, Service(
            world, tmp_path / "s", {"ldap.uri": fake.uri,
                                    "ldap.ca_file": ca[0]}) as service:
        is_refused(service, fake, somebody)


def test_ldap_08_right_certificate_would_be_taken(world, somebody, tmp_path):
    """The counter-check: with a good certificate the bind is sent."""
    ca = certificate(tmp_path, names=["ca"], addresses=[])
    path, _, _ = certificate(tmp_path, ca=ca)
    with FakeLdap(server_context(path)) as fake, Service(
            world, tmp_path / "s", {"ldap.uri": fake.uri,
                                    "ldap.ca_file": ca[0]}):
        wait_for(lambda: b"cn=im" in fake.heard)


def test_ldap_08_starttls_refused(world, somebody, tmp_path):
    with FakeLdap("refuse") as fake, Service(
            world, tmp_path / "s", {"ldap.uri": fake.uri}) as service:
        is_refused(service, fake, somebody)


def test_ldap_08_ldaps_to_a_plain_port(world, somebody, tmp_path):
    with FakeLdap("refuse") as fake, Service(
            world, tmp_path / "s",
            {"ldap.uri": fake.uri.replace("ldap:", "ldaps:")}) as service:
        is_refused(service, fake, somebody)


@pytest.mark.parametrize("settings, words", [
    ({"ldap.start_tls": "no"}, "clear text"),
    ({"ldap.uri": "http://127.0.0.1/"}, "ldap://"),
    ({"ldap.uri": "ldap://ldap.example", "ldap.start_tls": "no",
      "ldap.insecure_loopback": "yes"}, "clear text"),
    ({"ldap.uri": "ldap://127.example.org", "ldap.start_tls": "no",
      "ldap.insecure_loopback": "yes"}, "clear text"),
    ({"ldap.uri": "ldap://localhost.example.org:389", "ldap.start_tls": "no",
      "ldap.insecure_loopback": "yes"}, "clear text")])
def test_ldap_08_clear_text_must_be_said(world, tmp_path, settings, words):
    conf = tmp_path / "t.conf"
    conf.write_text(conf_text((world.state / "tertulia.conf").read_text(),
                              settings))
    done = subprocess.run([build() / "tertuliad", "-t", "-c", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and words in done.stderr + done.stdout


@pytest.mark.parametrize("uri", ["ldap://127.0.0.1:389", "ldap://[::1]",
                                 "ldap://[::1]:389/", "ldap://localhost",
                                 "ldap://LocalHost:389", "ldap://127.1.2.3/"])
def test_ldap_08_clear_text_on_loopback_when_it_is_said(world, tmp_path, uri):
    conf = tmp_path / "t.conf"
    conf.write_text(conf_text((world.state / "tertulia.conf").read_text(), {
        "ldap.uri": uri, "ldap.start_tls": "no",
        "ldap.insecure_loopback": "yes"}))
    done = subprocess.run([build() / "tertuliad", "-t", "-c", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_ldap_09_other_peoples_configuration(world, somebody, tmp_path):
    """ldap.conf, ~/.ldaprc and the environment weaken nothing."""
    for name in ("ldaprc", ".ldaprc", "ldap.conf"):
        (tmp_path / name).write_text("TLS_REQCERT never\nREFERRALS on\n")
    path, _, _ = certificate(tmp_path)
    environment = {"HOME": str(tmp_path), "LDAPTLS_REQCERT": "never",
                   "LDAPCONF": str(tmp_path / "ldap.conf"),
                   "LDAPRC": "ldaprc", "PWD": str(tmp_path)}
    with FakeLdap(server_context(path)) as fake, Service(
            world, tmp_path / "s", {"ldap.uri": fake.uri},
            environment) as service:
        is_refused(service, fake, somebody)


def test_tls_04_the_hello_to_the_directory_is_as_strict(world, tmp_path):
    """The same floor towards the directory: a server with TLS 1.1 only, or
    with a weak cipher only, is not talked to."""
    ca = certificate(tmp_path, names=["ca"], addresses=[])
    path, _, _ = certificate(tmp_path, ca=ca)
    for weaken in (lambda c: setattr(c, "maximum_version",
                                     ssl.TLSVersion.TLSv1_1),
                   lambda c: c.set_ciphers("ECDHE-ECDSA-AES128-SHA")):
        context = server_context(path)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.minimum_version = ssl.TLSVersion.TLSv1
        weaken(context)
        with FakeLdap(context) as fake, Service(
                world, tmp_path / f"s{time.monotonic_ns()}",
                {"ldap.uri": fake.uri, "ldap.ca_file": ca[0]}) as service:
            assert condition_of(service, "nadie") == "temporary-auth-failure"
            assert b"cn=im" not in fake.heard


def test_secrets_stay_out_of_the_log(world, somebody):
    """OPS-08, SASL-24: nobody's password, in no log, in no argument."""
    with Stream(world) as stream:
        stream.secured()
        with pytest.raises(SaslFailure):
            stream.plain(somebody.uid, "canario-en-la-mina")
        stream.login(somebody)
    logs = world.logs()
    for secret in ("canario-en-la-mina", somebody.password,
                   (world.state / "secrets/im").read_text()):
        assert secret not in logs
    for name in ("IM_PID", "WEB_PID"):
        for what in ("cmdline", "environ"):
            with open(f"/proc/{world.env[name]}/{what}", "rb") as file:
                assert (world.state / "secrets/im").read_bytes() \
                    not in file.read()
    assert os.path.exists(world.state / "log/tertulia.log")
