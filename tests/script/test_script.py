# SPDX-License-Identifier: Apache-2.0
"""Every dialogue of this folder, played in the shared world (run.py)."""

import pathlib
import sys
import xml.etree.ElementTree as ET

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import Script, Wrong, fits, lines                      # noqa: E402

SCRIPTS = sorted(HERE.glob("*.xt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=[p.stem for p in SCRIPTS])
def test_dialogue(world, path):
    Script(world).play(path)


@pytest.mark.parametrize("want, got, good", [
    ("<a/>", "<a x='1'><b/></a>", True), ("<a/>", "<b/>", False),
    ("<a x='1'/>", "<a x='2'/>", False), ("<a x='*'/>", "<a x='2'/>", True),
    ("<a x='*'/>", "<a/>", False), ("<a x='-'/>", "<a/>", True),
    ("<a x='-'/>", "<a x=''/>", False), ("<a>t</a>", "<a> t </a>", True),
    ("<a>t</a>", "<a>u</a>", False), ("<a>*</a>", "<a/>", False),
    ("<a><b/><b/></a>", "<a><b/></a>", False),
    ("<a><b y='1'/></a>", "<a><b/><b y='1'/></a>", True),
    ("<a xmlns='u'/>", "<a/>", False)])
def test_what_fits(want, got, good):
    assert fits(ET.fromstring(want), ET.fromstring(got)) == good


def test_only_what_was_said():
    want = ET.fromstring("<a><b/></a>")
    assert fits(want, ET.fromstring("<a x='1'><b y='1'/></a>"), only=True)
    assert not fits(want, ET.fromstring("<a><b/><c/></a>"), only=True)
    assert not fits(want, ET.fromstring("<a><b><c/></b></a>"), only=True)


def test_a_script_can_be_wrong():
    assert list(lines("# no\na sends x\n  y\n\nb leaves")) == [
        (2, "a sends x\ny"), (5, "b leaves")]
    with pytest.raises(Wrong):
        Script(None).line("ann dances")
    with pytest.raises(Wrong):
        Script(None).line("ann receives nothing")
