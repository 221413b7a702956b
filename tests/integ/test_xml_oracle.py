# SPDX-License-Identifier: Apache-2.0
"""XML-05, XML-06: a second, foreign parser sees in our output what we meant,
and in whatever we let in what we saw: libxml2 against expat and our scanner."""

import os
import pathlib
import subprocess

import pytest
from lxml import etree

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
PROGRAM = BUILD / "tests/unit/t_xml_roundtrip"
COUNT = 4000


def dumped(*texts):
    return b"".join(b"%d:%s" % (len(t), t)
                    for t in (text.encode() for text in texts))


def name_of(tag):
    qualified = etree.QName(tag)
    return qualified.namespace or "", qualified.localname


def dump(tree):
    """The same form as the C program's."""
    parts = [b"E", dumped(*name_of(tree))]
    named = sorted((tuple(p.encode() for p in name_of(key)), key)
                   for key in tree.attrib)
    for _, key in named:
        parts += [b"A", dumped(*name_of(key), tree.attrib[key])]
    if tree.text:
        parts += [b"T", dumped(tree.text)]
    for child in tree:
        parts.append(dump(child))
        if child.tail:
            parts += [b"T", dumped(child.tail)]
    parts.append(b".")
    return b"".join(parts)


# A namespace that is no URI is an error of the namespace, not of the text.
NO_URI = {"WAR_NS_URI", "WAR_NS_URI_RELATIVE"}


def foreign(text):
    """The tree as libxml2 sees it; None: refused."""
    # Without resolve_entities libxml2 keeps "&amp;" of a namespace half escaped.
    parser = etree.XMLParser(resolve_entities=True, no_network=True,
                             recover=True)
    tree = etree.fromstring(text, parser)
    if tree is None or any(error.type_name not in NO_URI
                           for error in parser.error_log):
        return None
    return dump(tree)


@pytest.fixture(scope="module", params=[1, 2, 3])
def pairs(request):
    out = subprocess.run([PROGRAM, "print", str(COUNT)], check=True,
                         env=dict(os.environ, T_XML_SEED=str(request.param)),
                         stdout=subprocess.PIPE).stdout
    fields = out.split(b"\0")[:-1]
    return list(zip(fields[::2], fields[1::2]))


def test_xml_06_foreign_parser_reads_what_was_written(pairs):
    written = pairs[1::2]
    assert len(written) == COUNT // 2
    for text, tree in written:
        assert tree and foreign(text) == tree, text


def test_xml_06_what_we_let_in_means_the_same_elsewhere(pairs):
    let_in = [(text, tree) for text, tree in pairs[::2] if tree]
    assert len(let_in) > 100, "nearly all damaged texts are refused"
    for text, tree in let_in:
        assert foreign(text) == tree, text
