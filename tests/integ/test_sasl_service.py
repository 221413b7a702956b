# SPDX-License-Identifier: Apache-2.0
"""SASL-03, SASL-07: what a restart and the environment must not change."""

import subprocess

import pytest

from client import Client
from rawclient import Stream, mechanisms
from service import Service, build, conf_text
from test_sasl import OFFERED, first_answer, verifiers


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-512"])
def test_sasl_07_made_up_salts_survive_a_restart(world, tmp_path, mechanism):
    seen = []
    for _ in range(2):
        with Service(world, tmp_path) as service:
            seen.append(first_answer(service, mechanism, "fantasma")[0]["s"])
    assert seen[0] == seen[1]


def test_sasl_07_each_installation_has_its_own(world, tmp_path):
    seen = set()
    for name in ("one", "two"):
        with Service(world, tmp_path / name) as service:
            seen.add(first_answer(service, "SCRAM-SHA-1", "fantasma")[0]["s"])
    assert len(seen) == 2


def test_sasl_03_mechanisms_are_not_the_environments_to_choose(world, tmp_path):
    """Cyrus would look for plugins and settings where these say."""
    person = world.person()
    verifiers(world, person)
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "tertulia.conf").write_text("mech_list: DIGEST-MD5 ANONYMOUS\n"
                                           "pwcheck_method: alwaystrue\n")
    environment = {"SASL_PATH": str(plugins), "SASL_CONF_PATH": str(plugins)}
    with Service(world, tmp_path / "s", environment=environment) as service:
        with Stream(service) as stream:
            assert mechanisms(stream.secured()) == OFFERED
        Client(service, person, mechanism="SCRAM-SHA-256").cut()


def test_sasl_03_fewer_mechanisms_by_the_settings(world, tmp_path):
    with Service(world, tmp_path, {"sasl.mechanisms": "PLAIN"}) as service:
        with Stream(service) as stream:
            assert mechanisms(stream.secured()) == ["PLAIN"]
        Client(service, world.person()).cut()


@pytest.mark.parametrize("value", ["DIGEST-MD5", "PLAIN ANONYMOUS",
                                   "EXTERNAL", "plain", "SCRAM-SHA-1-PLUS"])
def test_sasl_03_others_cannot_be_switched_on(world, tmp_path, value):
    conf = tmp_path / "t.conf"
    conf.write_text(conf_text((world.state / "tertulia.conf").read_text(),
                              {"sasl.mechanisms": value}))
    done = subprocess.run([build() / "tertuliad", "-t", "-c", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and "[sasl] mechanisms" in done.stderr
