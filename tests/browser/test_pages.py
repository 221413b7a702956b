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

# By one worker: the tours are the dearest fixtures we have.
pytestmark = pytest.mark.xdist_group("browser")

HERE = TOP / "tests/browser"
PAGES = """signin signin-wrong people people-search person-new link person
    person-delete orphans orphan-delete room-new room rooms online me nowhere activate
    activate-differ activated activate-dead password password-differ
    password-changed""".split()
ALL_LOOKS = "wide-es", "narrow-es", "dark-en", "noscript-en"
# How it looks is Chromium's and the style sheet's; under a sanitizer it is our C that
# is looked at, and that makes the same pages for all of them.
LOOKS = ALL_LOOKS[1:2] if os.environ.get("SANITIZE") else ALL_LOOKS
SCRIPTED = [look for look in LOOKS if look != "noscript-en"]
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


def tour(world, look, **environment):
    """Everything the browser told of one look."""
    shots = build() / "shots"
    shots.mkdir(parents=True, exist_ok=True)
    for old in shots.glob(f"{look}-*.png"):
        old.unlink()
    done = subprocess.run(
        ["node", HERE / "pages.mjs", world.env["WEB_URL"], world.env["ADMIN_USER"],
         world.env["ADMIN_PASSWORD"], shots, look],
        env={**os.environ, "NODE_HOME": str(node_home()), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900,
        check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and told[-1] == {"done": True}, done.stderr
    return told


@pytest.fixture(scope="module")
def populated(shared_world):
    """The world, with an orphan to look at and names that do not belong on a page."""
    names = {shared_world.person(cn=[text], displayName=[text]).uid: text
             for text in ZOO}
    orphan = shared_world.orphan(shared_world.person().uid)
    shared_world.orphan("maria.del.carmen.fernandez.de.la.vega.y.rodriguez")
    return shared_world, names, orphan


@pytest.fixture(scope="module", params=LOOKS)
def seen(request, populated):
    """A tour for each look: one that fails takes no other along."""
    world, _, orphan = populated
    return request.param, tour(world, request.param, ORPHAN=orphan)


def test_all_pages_were_seen_and_nothing_odd_was_in_the_console(seen):
    """Nor was anything asked for elsewhere."""
    look, told = seen
    assert [(t["as"], t["page"]) for t in told if "page" in t] == [
        (look, page) for page in PAGES]
    assert [t for t in told if "error" in t] == []


@pytest.mark.parametrize("seen", SCRIPTED, indirect=True, scope="module")
def test_no_violation_of_wcag_22_aa(seen):
    for t in seen[1]:
        assert t.get("violations", []) == [], t["page"]


@pytest.mark.parametrize("seen", SCRIPTED, indirect=True, scope="module")
def test_nothing_is_wider_than_the_window(seen):
    for t in seen[1]:
        assert t.get("overflow", 0) == 0, t["page"]


@pytest.mark.parametrize("seen", SCRIPTED, indirect=True, scope="module")
def test_a_field_that_is_wrong_looks_so(seen):
    """Its border has the colour of the words that say why."""
    fields = {t["page"]: t["wrong"] for t in seen[1] if t.get("wrong")}
    assert "password-differ" in fields
    for page, wrong in fields.items():
        for colour in wrong:
            assert colour["field"] == colour["words"], page


def test_web_05_names_from_the_directory_do_not_run(populated):
    world, names, _ = populated
    animals = [t for t in tour(world, "zoo", ZOO=" ".join(names)) if "zoo" in t]
    assert len(animals) == len(ZOO)
    for t in animals:
        text = names[t["zoo"]]
        assert t["row"] == text and t["name"] == text
        assert t["ran"] == 0 and t["scripts"] == 0
