# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the store's tests: a slapd, a probe as each of our services, and
people, profiles and rooms that go when the test ends.  Imported by name."""

import itertools

import ldap
import ldap.modlist
import pytest

from directory import Directory
from xdbprobe import Probe, settings

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    one = Directory(tmp_path_factory.mktemp("xdb")).start()
    yield one
    assert one.stop().returncode == 0


@pytest.fixture(scope="module")
def root(slapd):
    return slapd.root()


@pytest.fixture(scope="module")
def im(slapd):
    probe = Probe().open(**settings(slapd))
    yield probe
    probe.end()


@pytest.fixture(scope="module")
def web(slapd):
    probe = Probe().open(**settings(slapd, "IM_WEB"))
    yield probe
    probe.end()


def entry_of(root, dn, *names):
    found = root.search_s(dn, ldap.SCOPE_BASE, attrlist=list(names) or None)
    return {name: [v.decode("utf-8", "replace") for v in values]
            for name, values in found[0][1].items()}


@pytest.fixture
def person(slapd, root):
    """person(uid=None, **attributes): a new person's uid."""
    def make(uid=None, rdn=None, **more):
        uid = uid or f"p{next(numbers)}"
        dn = f"{rdn or 'uid=' + ldap.dn.escape_dn_chars(uid)}," \
             f"{slapd.env['PEOPLE_BASE']}"
        fields = {"objectClass": ["inetOrgPerson"], "uid": [uid],
                  "cn": ["Somebody"], "sn": ["Somebody"],
                  "userPassword": ["tertulia-" + uid], **more}
        root.add_s(dn, [(name, [v if isinstance(v, bytes) else v.encode()
                                for v in values])
                        for name, values in fields.items()])
        made[dn] = uid
        return uid
    made = {}
    yield make
    for dn in made:
        root.delete_s(dn)


@pytest.fixture
def profile(im, root, person):
    """profile(uid=None): a new account, with its profile."""
    def make(uid=None, **more):
        uid = person(uid, **more)
        who = im.account(uid)["person"]
        answer = im.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                        jid=f"{uid}@example.org")
        assert answer["status"] == "ok", answer
        account = im.account(uid)
        made.append(account["profile"]["dn"])
        return account
    made = []
    yield make
    for dn in made:
        try:
            root.delete_s(dn)
        except ldap.NO_SUCH_OBJECT:
            pass


@pytest.fixture
def room(web, root, slapd):
    """room(**fields): a new room's name."""
    def make(**fields):
        name = fields.pop("name", f"sala{next(numbers)}")
        answer = web.ask("room_create", name=name, **fields)
        assert answer["status"] == "ok", answer
        made.append(name)
        return name
    made = []
    yield make
    for name in made:
        try:
            root.delete_s(f"imRoomName={ldap.dn.escape_dn_chars(name)},"
                          f"ou=rooms,{slapd.env['IM_BASE']}")
        except ldap.NO_SUCH_OBJECT:
            pass


def check(probe, dn, password, **who):
    answer = probe.ask("password_check", dn=dn, password=password, **who)
    return answer["status"], answer.get("refusal", 0)
