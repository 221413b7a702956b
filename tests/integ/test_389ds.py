# SPDX-License-Identifier: Apache-2.0
"""The real 389 Directory Server: who people are, their state, changes, rosters.

Debian's 389-ds-base is not installed by `make deps`; without it this is skipped.
"""

import itertools
import time

import pytest

import ds389
from client import Client
from ds389 import DS389, SUFFIX
from live import is_watching
from service import Service
from test_live_account import attempt, closed
from test_presets import hear, is_usable, stamp
from world import Person, wait_for
from xdbprobe import BOTH, LOCKED, MUST_CHANGE, NONE, Probe

pytestmark = pytest.mark.skipif(
    ds389.PROGRAM is None, reason="389-ds-base is not installed")

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def ds():
    one = DS389()
    try:
        yield one.start()
    finally:
        one.stop()


@pytest.fixture
def probe(ds):
    one = Probe().open(**ds.settings())
    yield one
    one.end()


@pytest.fixture
def person(ds):
    """person(**values): a new person's (uid, DN)."""
    def make(**values):
        uid = f"p{next(numbers)}"
        return uid, ds.person(uid, **values)
    return make


def test_it_is_recognised(ds, probe, person):
    uid, dn = person()
    found = probe.account(uid)["person"]
    (_, entry), = ds.root.search_s(dn, 0, attrlist=["nsUniqueId",
                                                    "pwdUpdateTime"])
    assert found["uuid"].replace("-", "") == \
        entry["nsUniqueId"][0].decode().replace("-", "").lower()
    assert found["password_changed"] == entry["pwdUpdateTime"][0].decode()
    assert "preset=389ds" in probe.said() and "usability=1" in probe.said()


@pytest.mark.parametrize("values,refusal", [
    ({"nsAccountLock": "true"}, LOCKED),
    ({"nsRoleDN": f"cn=nsManagedDisabledRole,{SUFFIX}"}, LOCKED),
    ({"accountUnlockTime": "20991231000000Z", "passwordRetryCount": "3"}, None),
    ({"passwordExpirationTime": "19700101000000Z"}, None)])
def test_state(ds, probe, person, values, refusal):
    uid, dn = person()
    assert is_usable(probe.ask("account_load", uid=uid))
    ds.modify(dn, **values)
    # what counts only with passwordLockout, passwordExp: the server knows better
    assert probe.account(uid)["person"]["refusal"] == (refusal or 0)
    ds.modify(dn, **{name: None for name in values})
    probe.until(10, is_usable, "account_load", uid=uid)


def test_a_lock_that_ends(ds, probe, person):
    uid, dn = person()
    ds.modify("cn=config", passwordLockout="on", passwordMaxFailure="2",
              passwordLockoutDuration="4")
    try:
        for _ in range(3):
            with pytest.raises(Exception, match="'desc'"):
                ds.connect(dn, "mal")
        locked = probe.account(uid)["person"]
        assert locked["refusal"] == LOCKED
        assert 0 < locked["turns_s"] - time.time() < 10
        probe.until(30, is_usable, "account_load", uid=uid)
    finally:
        ds.modify("cn=config", passwordLockout="off")


def test_a_password_that_grows_old(ds, probe, person):
    uid, dn = person()
    ds.modify("cn=config", passwordExp="on")
    try:
        ds.modify(dn, passwordExpirationTime=stamp(4))
        fresh = probe.account(uid)["person"]
        assert fresh["refusal"] == 0 and fresh["turns_s"]
        probe.until(30, lambda answer: not is_usable(answer),
                    "account_load", uid=uid)
        assert probe.account(uid)["person"]["refusal"] == MUST_CHANGE
    finally:
        ds.modify("cn=config", passwordExp="off")


def test_changes_are_told(ds, probe, person):
    uid, dn = person()
    probe.ask("news")
    who = probe.account(uid)["person"]["uuid"]
    hear(probe, who)
    ds.modify(dn, nsAccountLock="true")
    assert set(hear(probe, who)) == {"is"}
    ds.root.delete_s(dn)
    assert "gone" in hear(probe, who)
    assert "by=rfc4533" in probe.said()


def item(jid, subscription=NONE):
    return {"jid": jid, "subscription": subscription}


def test_a_roster_is_changed_and_nothing_is_lost(ds, probe, person):
    """No assertions (RFC 4528) and no counting (RFC 4525) there."""
    uid, dn = person()
    who = probe.account(uid)["person"]
    assert probe.ask("profile_create", dn=who["dn"], uuid=who["uuid"],
                     jid=f"{uid}@example.org")["status"] == "ok"
    profile = probe.account(uid)["profile"]["dn"]

    def change(version, **more):
        return probe.ask("roster_change", dn=profile, version=version, **more)
    assert change(0, add=item("a@x.org"))["version"] == 1
    assert change(1, add=item("b@x.org"))["version"] == 2
    # decided at a version that is over
    assert change(1, add=item("c@x.org"))["status"] == "conflict"
    assert change(2, remove=item("a@x.org"),
                  add=item("a@x.org", BOTH))["version"] == 3
    found = probe.account(uid)["profile"]
    assert found["version"] == 3
    assert sorted((one["jid"], one["subscription"])
                  for one in found["roster"]) == [("a@x.org", BOTH),
                                                  ("b@x.org", NONE)]
    # a profile that somebody made by hand has no version yet
    ds.modify(profile, imRosterVersion=None)
    assert change(0, add=item("d@x.org"))["version"] == 1
    assert change(0, add=item("e@x.org"))["status"] == "conflict"


def test_the_whole_service(ds, world, tmp_path, person):
    """Log in, make a contact, be locked out; all of it in this directory."""
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(ds.password)
    conf = ds.settings()
    with Service(world, tmp_path / "service", {
            "ldap.uri": ds.uri, "ldap.start_tls": "no",
            "ldap.insecure_loopback": "yes", "ldap.ca_file": None,
            "ldap.bind_dn": conf["bind_dn"],
            "ldap.bind_password_file": secret,
            "web.bind_dn": conf["bind_dn"], "web.bind_password_file": secret,
            "ldap.people_base": conf["people_base"],
            "ldap.im_base": conf["im_base"]}) as service:
        wait_for(lambda: is_watching(service.log), 30)
        uid, dn = person()
        ann = Person(uid, f"tertulia-{uid}", dn, f"{uid}@{service.domain}")
        with Client(service, ann) as client:
            client.come()
            assert client.set_item("eva@otra.example").get("type") == "result"
            assert client.set_item("mar@otra.example").get("type") == "result"
            assert set(client.items()) == {"eva@otra.example",
                                           "mar@otra.example"}
            ds.modify(dn, nsAccountLock="true")
            condition, text = closed(client)
            assert condition == "not-authorized" and "locked" in text
        assert attempt(service, ann) == "not-authorized"
