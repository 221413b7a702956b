# SPDX-License-Identifier: Apache-2.0
"""A directory of few entries, from LDIF, for servers that cannot run here.

It answers searches as RFC 4511 says: base, scope, filter, and of the attributes
those that were asked for, so that a name spelled wrong finds nothing.
"""

import io
import pathlib

import ldif

from ldapfaults import ANSWERS, SEARCH, Fake, entry, read_tlv, result

FOLDER = pathlib.Path(__file__).parent / "presets"
BASE, ONE, SUBTREE = range(3)


def load(name):
    """[(dn, {attribute: [bytes]})] of presets/NAME.ldif."""
    found = []

    class Parser(ldif.LDIFParser):
        def handle(self, dn, attributes):
            found.append((dn, attributes))
    with open(FOLDER / f"{name}.ldif", "rb") as file:
        # python-ldap takes no entry without a DN, which is what a root DSE is
        text = file.read().replace(b"\ndn:\n", b"\ndn: cn=root\n")
    Parser(io.BytesIO(text)).parse()
    return [("" if dn == "cn=root" else dn, attributes)
            for dn, attributes in found]


def pieces(body):
    """What a sequence is made of: [(tag, content)]."""
    at, found = 0, []
    while at < len(body):
        tag, content, at = read_tlv(body, at)
        found.append((tag, content))
    return found


def values_of(attributes, name):
    return next((values for known, values in attributes.items()
                 if known.lower() == name.decode().lower()), [])


def matches(attributes, tag, body):
    """RFC 4511 §4.5.1.7, as far as we ask."""
    if tag == 0xa0:
        return all(matches(attributes, *one) for one in pieces(body))
    if tag == 0xa1:
        return any(matches(attributes, *one) for one in pieces(body))
    if tag == 0xa2:
        return not matches(attributes, *pieces(body)[0])
    if tag == 0x87:
        return body.lower() == b"objectclass" or \
            bool(values_of(attributes, body))
    (_, name), (_, wanted) = pieces(body)[:2]
    values = values_of(attributes, name)
    if tag == 0xa3:
        return wanted.lower() in [value.lower() for value in values]
    assert tag == 0xa5, hex(tag)
    return any(value >= wanted for value in values)


def is_in_scope(dn, base, scope):
    if scope == BASE:
        return dn.lower() == base.lower()
    if not base:
        return bool(dn)
    above = dn.lower().partition(",")[2] if scope == ONE else dn.lower()
    return above == base.lower() if scope == ONE else \
        ("," + above).endswith("," + base.lower())


class Tree(Fake):
    """`asked_for`: names of attributes, lower case, that anybody asked for."""

    def __init__(self, name):
        self.entries = load(name)
        self.asked_for = set()
        super().__init__()
        self.answers[SEARCH] = self.search

    def found(self, request):
        (_, base), (_, scope), _, _, _, _, filter_, (_, names) = \
            pieces(request)[:8]
        wanted = {name.decode().lower() for _, name in pieces(names)}
        self.asked_for |= wanted
        for dn, attributes in self.entries:
            if is_in_scope(dn, base.decode(), scope[0]) \
                    and matches(attributes, *filter_):
                yield dn, {name: values for name, values in attributes.items()
                           if name.lower() in wanted}

    def search(self, request):
        return [entry(dn, **attributes)
                for dn, attributes in self.found(request)] + \
            [result(ANSWERS[SEARCH], 0)]

    def at(self, stem):
        """The attributes of the entry whose DN begins so."""
        return next(attributes for dn, attributes in self.entries
                    if dn.lower().startswith(stem.lower()))
