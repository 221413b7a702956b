# SPDX-License-Identifier: Apache-2.0
"""The pages in a real browser: no axe violation, no overflow at 320 px, usable
by keyboard and without JavaScript, in two languages, by day and by night.

Screenshots are kept in BUILD/shots, for people to look at."""

import fcntl
import json
import os
import shutil
import subprocess

import pytest

from service import build
from world import TOP

# One tour for all of them, by one worker: it is the dearest fixture we have.
pytestmark = pytest.mark.xdist_group("browser")

HERE = TOP / "tests/browser"
PAGES = """signin signin-wrong people people-search person-new link person
    person-delete orphans orphan-delete room-new room rooms online me nowhere activate
    activate-differ activated activate-dead password password-differ
    password-changed""".split()
LOOKS = ("wide-es", "narrow-es", "dark-en", "noscript-en")
ZOO = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>",
       "</h1><svg onload=alert(3)>", "' autofocus onfocus='alert(4)"]


def node_home():
    """Where playwright-core is installed: once, below the build folder."""
    home = build() / "tests/browser/node"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (HERE / "package-lock.json").read_bytes()
        stamp = home / "installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, home)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"],
                           cwd=home, check=True, stdin=subprocess.DEVNULL)
            stamp.write_bytes(wanted)
    return home


@pytest.fixture(scope="module")
def seen(shared_world):
    """Everything the browser told."""
    shots = build() / "shots"
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    names = {shared_world.person(cn=[text], displayName=[text]).uid: text
             for text in ZOO}
    orphan = shared_world.orphan(shared_world.person().uid)
    shared_world.orphan("maria.del.carmen.fernandez.de.la.vega.y.rodriguez")
    done = subprocess.run(
        ["node", HERE / "pages.mjs", shared_world.env["WEB_URL"],
         shared_world.env["ADMIN_USER"], shared_world.env["ADMIN_PASSWORD"],
         shots],
        env={**os.environ, "NODE_HOME": str(node_home()),
             "ZOO": " ".join(names), "ORPHAN": orphan},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600,
        check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and told[-1] == {"done": True}, done.stderr
    return told, names


def test_all_pages_were_seen_in_all_looks(seen):
    told = {(t["as"], t["page"]) for t in seen[0] if "page" in t}
    assert told == {(look, page) for look in LOOKS for page in PAGES}


def test_nothing_odd_in_the_console_and_nothing_from_elsewhere(seen):
    assert [t for t in seen[0] if "error" in t] == []


@pytest.mark.parametrize("look", [l for l in LOOKS if l != "noscript-en"])
def test_no_violation_of_wcag_22_aa(seen, look):
    for t in seen[0]:
        if t.get("as") == look and "page" in t:
            assert t["violations"] == [], t["page"]


@pytest.mark.parametrize("look", [l for l in LOOKS if l != "noscript-en"])
def test_nothing_is_wider_than_the_window(seen, look):
    for t in seen[0]:
        if t.get("as") == look and "page" in t:
            assert t["overflow"] == 0, t["page"]


def test_a_field_that_is_wrong_looks_so(seen):
    """Its border has the colour of the words that say why."""
    fields = {(t["as"], t["page"]): t["wrong"] for t in seen[0] if t.get("wrong")}
    assert ("narrow-es", "password-differ") in fields
    for where, wrong in fields.items():
        for colour in wrong:
            assert colour["field"] == colour["words"], where


def test_web_05_names_from_the_directory_do_not_run(seen):
    told, names = seen
    animals = [t for t in told if "zoo" in t]
    assert len(animals) == len(ZOO)
    for t in animals:
        text = names[t["zoo"]]
        assert t["row"] == text and t["name"] == text
        assert t["ran"] == 0 and t["scripts"] == 0
