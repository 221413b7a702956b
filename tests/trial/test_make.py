# SPDX-License-Identifier: Apache-2.0
"""The makefile: what it rebuilds, and what it leaves alone."""

import os
import subprocess

import pytest

from directory import TOP


@pytest.fixture
def make(tmp_path):
    """Runs make on one object in a build folder of the test."""
    build = tmp_path / "build"

    def runner(*words):
        env = {k: v for k, v in os.environ.items()
               if k not in ("MAKEFLAGS", "MAKELEVEL", "SANITIZE", "CFLAGS")}
        done = subprocess.run(
            ["make", f"O={build}", *words], cwd=TOP, env=env, text=True,
            capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    runner.object = str(build / "obj/server/base/str.o")
    return runner


def test_objects_are_made_once_and_again_when_something_changed(make):
    assert "CC  server/base/str.c" in make(make.object)
    assert "CC" not in make(make.object)
    assert "CC" in make("-W", "server/base/str.h", make.object)
    assert "CC" not in make("-W", "server/base/map.h", make.object)
    assert "CC" in make(make.object, "CFLAGS=-O1")
    assert "CC" not in make(make.object, "CFLAGS=-O1")


def test_the_build_is_hardened_and_strict(make):
    said = make("V=1", make.object)
    for flag in ("-fstack-protector-strong", "-D_FORTIFY_SOURCE=3", "-fPIE",
                 "-fstack-clash-protection", "-Wall", "-Wextra", "-Wshadow",
                 "-Wvla", "-Wstrict-prototypes", "-Wcast-qual"):
        assert flag in said, flag
    assert "-fsanitize=address,undefined" in make(
        "V=1", "SANITIZE=address,undefined", make.object)


def test_help_names_every_goal(make):
    said = make("help")
    for goal in ("run", "check", "lint", "asan", "deps", "install", "clean"):
        assert f"make {goal} " in said, goal


def test_deps_does_nothing_when_nothing_is_missing():
    done = subprocess.run([TOP / "server/trial/deps", "run"], text=True,
                          capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
