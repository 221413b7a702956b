# SPDX-License-Identifier: Apache-2.0
"""A directory that gives no more than 500 entries at once, as slapd does by itself
(Active Directory: 1,000): nobody is missed, and nobody is taken for gone."""

import re

import ldap
import pytest

from client import Client, settle
from live import room_dn
from service import Service
from test_live_account import closed
from test_live_polling import SWEPT, without_syncprov
from test_warm import stats
from world import wait_for
from xdbprobe import Probe, settings
from xdbworld import slapd                                      # noqa: F401

LIMIT, MANY = 500, 620
DATABASE = "olcDatabase={1}mdb,cn=config"
NOTHING = "cn=nobody,dc=example,dc=org"


def limit(root, who, pages="unlimited"):
    """slapd's own limit holds for `who`; so many entries by pages."""
    root.modify_s(DATABASE, [(ldap.MOD_REPLACE, "olcLimits", [
        f"dn.exact={dn} size.soft={LIMIT} size.hard={LIMIT} "
        f"size.pr={LIMIT} size.prtotal={pages}".encode() for dn in who])])


def fill(root, env):
    """So many people, groups and rooms more."""
    kinds = (
        (env["PEOPLE_BASE"], "uid=muchos{}", {
            "objectClass": "inetOrgPerson", "cn": "Muchos", "sn": "Muchos"}),
        ("ou=groups," + env["LDAP_BASE"], "cn=muchos{}", {
            "objectClass": "groupOfNames", "member": NOTHING,
            "description": "muchos"}),
        ("ou=rooms," + env["IM_BASE"], "imRoomName=muchos{}", {
            "objectClass": "imRoom"}),
    )
    for base, rdn, fields in kinds:
        for i in range(MANY):
            root.add_s(f"{rdn.format(i)},{base}",
                       [(name, value.encode()) for name, value in fields.items()])


# ---- the store ----

@pytest.fixture(scope="module")
def full(slapd):                                                # noqa: F811
    fill(slapd.root(), slapd.env)
    return slapd


SEARCHES = {            # the question, and how many are the answer
    "rooms": ({"do": "room_list"}, MANY),
    "groups that a filter finds": (
        {"do": "group_list", "filter": "(description=muchos)"}, MANY),
    "groups": ({"do": "group_search", "text": "muchos", "most": 600}, 600),
    "people": ({"do": "people_search", "text": "muchos", "most": 0}, MANY),
    "people, fewer": ({"do": "people_search", "text": "muchos", "most": 510}, 510),
    "people, few": ({"do": "people_search", "text": "muchos", "most": 20}, 20),
}
PAGES = ("unlimited", str(LIMIT), "disabled")


@pytest.mark.parametrize("pages", PAGES)
@pytest.mark.parametrize("what", SEARCHES)
def test_searches(full, what, pages):
    """Where there are no pages, or not so many, it is said that there is more."""
    question, n = SEARCHES[what]
    if pages != "unlimited":
        n = min(n, LIMIT)
    limit(full.root(), [full.env["IM_DN"]], pages)
    probe = Probe().open(**settings(full))
    try:
        res = probe.ask(**question)
        assert res["status"] == "ok", res
        assert len({str(one) for one in res["list"]}) == len(res["list"]) == n
        assert res["is_cut"] == (n < MANY)
    finally:
        probe.end()


# ---- watching ----

@pytest.fixture(scope="module", params=["polling", "RFC 4533"])
def limited(request, make_world):
    world = make_world()
    fill(world.root, world.env)
    limit(world.root, ["cn=im,ou=services," + world.env["IM_BASE"]])
    return without_syncprov(world, False) if request.param == "polling" else world


def counted(log, what):
    """How many there were when all was read for the first time; 0: not yet."""
    found = re.search(rf" ldap-watch - what={what} entries=(\d+) ", log)
    return int(found[1]) if found else 0


def test_watching(limited, tmp_path):
    """What is beyond the first page is there, changes, and goes; and when all was
    read again, page after page, all the others are still there."""
    last = [limited.person(), limited.person(), limited.person()]
    room = limited.room()
    with Service(limited, tmp_path, {"ldap.poll_interval": "1s",
                                     "log.level": "debug"}) as service:
        for what in ("people", "groups", "rooms"):
            wait_for(lambda: counted(service.log, what), 30)    # noqa: B023
            assert counted(service.log, what) >= MANY
        with Client(service, last[0]) as ann, Client(service, last[1]) as bob:
            ann.come()
            bob.come()
            limited.root.delete_s(last[1].dn)
            assert closed(bob, SWEPT)[0] == "not-authorized"
            limited.modify(room_dn(limited, room), imSubject=["Allí"])
            assert settle(ann) == [[]]
        # What is polled is not certain, and not kept for those who come back.
        assert stats(service.folder)["accounts_away"] == 0
