# SPDX-License-Identifier: Apache-2.0
"""The store's watchers against a provider that does what no slapd would: codes
in the middle of a refresh, controls of nonsense, noise (RFC 4533, LDAP-17)."""

import random
import time
import uuid

import pytest

from ldapfaults import (ANSWERS, SEARCH, Fake, entry, integer, message,
                        read_tlv, result, tlv)
from xdbprobe import Probe, settings
from xdbworld import im, root, slapd                            # noqa: F401

SYNC = "1.3.6.1.4.1.4203.1.9.1."
CONF = {"people_base": "ou=people,dc=x", "people_filter": "(objectClass=*)",
        "im_base": "ou=im,dc=x"}
ROOMS = b"ou=rooms,ou=im,dc=x"
PRESENT, ADD, MODIFY, DELETE = range(4)
REFRESH_REQUIRED = 4096
TURN_US = 100_000
IDS = [uuid.UUID(int=n + 1) for n in range(20)]


def control(kind, value):
    return tlv(0x30, tlv(4, (SYNC + kind).encode()), tlv(4, value))


def state(how, who, cookie=None):
    return control("2", tlv(0x30, integer(how, 10), tlv(4, who.bytes), *(
        [tlv(4, cookie)] if cookie is not None else [])))


def room(how, who, name="sala", csn=b"1", cookie=None, controls=None):
    """A search result entry with its control, as what follows the number."""
    return entry(f"imRoomName={name},{ROOMS.decode()}",
                 imRoomName=[name.encode()], entryCSN=[csn]) \
        + tlv(0xa0, controls or state(how, who, cookie))


def info(value):
    return tlv(0x79, tlv(0x80, (SYNC + "4").encode()), tlv(0x81, value))


def refreshed(cookie=b"c1", present=False):
    return info(tlv(0xa2 if present else 0xa1, tlv(4, cookie)))


def ids(*which, gone=False):
    return info(tlv(0xa3, tlv(1, b"\xff") if gone else b"",
                    tlv(0x31, *(tlv(4, one.bytes) for one in which))))


def ended(code):
    return result(ANSWERS[SEARCH], code)


class Provider(Fake):
    """`plan`: for each search of the rooms, in order, what it is answered; the
    last one again and again.  `cookies`: what each came with."""

    def __init__(self, *plan, controls=(b"1",)):
        self.plan, self.cookies, self.found = list(plan), [], None
        self.controls = [SYNC.encode() + kind for kind in controls]
        super().__init__()
        self.answers[SEARCH] = self.search

    def take(self, sock, body):
        _, _, at = read_tlv(body)
        _, _, at = read_tlv(body, at)
        self.more = body[at:]
        super().take(sock, body)

    def search(self, request):
        base = read_tlv(request)[1]
        if base == b"":
            return [entry("", supportedControl=self.controls), ended(0)]
        if base != ROOMS:
            return [refreshed()]
        self.cookies.append(self.cookie())
        return self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]

    def cookie(self):
        value = self.more.rpartition(b"\x0a\x01\x03")[2]
        return value[2:] if value else b""


@pytest.fixture
def watch():
    """watch(*plan): a provider, and a probe that watches it."""
    opened = []

    def make(*plan, **more):
        provider, probe = Provider(*plan, **more), Probe()
        opened.append((provider, probe))
        probe.open(uri=[provider.uri], **CONF)
        probe.ask("news")
        return provider, probe
    yield make
    for provider, probe in opened:
        probe.end()
        provider.close()


def hear(probe, until, within=10):
    """News of rooms as (what, who), until it holds; none came inside a call."""
    heard, end = [], time.monotonic() + within
    while not until(heard):
        assert time.monotonic() < end, (heard, probe.said())
        for kind, what, who, in_call in probe.ask("news")["news"]:
            assert not in_call
            if kind == "room":
                heard.append((what, who and IDS.index(uuid.UUID(who))))
        time.sleep(0.01)
    return heard


def is_all(heard):
    return ("all", "") in heard


def full(*which, cookie=b"c1"):
    return [room(ADD, IDS[n], f"sala{n}") for n in which] + [refreshed(cookie)]


def test_refresh_and_changes(watch):
    provider, probe = watch(full(0, 1, 2) + [
        room(MODIFY, IDS[1], "sala1", b"2", b"c2"),
        room(MODIFY, IDS[1], "sala1", b"2", b"c3"),     # said twice
        room(DELETE, IDS[2]), room(ADD, IDS[3], "nueva"),
        ids(IDS[0], IDS[9], gone=True)])
    heard = hear(probe, lambda h: ("gone", 9) in h)
    assert [one for one in heard if one[0] != "all"] == [
        ("is", 0), ("is", 1), ("is", 2), ("is", 1), ("gone", 2), ("is", 3),
        ("gone", 0), ("gone", 9)]
    state_ = probe.ask("state")
    assert state_["is_watching"] and state_["watched"] == 2


def test_from_the_cookie_on(watch):
    """Cut off, then: what changed, what is there, what is gone."""
    provider, probe = watch(full(0, 1, 2, 3), [
        ids(IDS[0]), room(PRESENT, IDS[1]),
        room(ADD, IDS[2], "sala2", b"2"), refreshed(b"c2", present=True)])
    hear(probe, is_all)
    provider.cut()
    heard = hear(probe, is_all)
    assert sorted(heard[:-1]) == [("gone", 3), ("is", 2)]
    assert provider.cookies == [b"", b"c1"]


def test_only_deletes_are_sent(watch):
    """refreshDelete: who is not mentioned is still there."""
    provider, probe = watch(full(0, 1, 2), [
        room(DELETE, IDS[1]), refreshed(b"c2"),
        room(MODIFY, IDS[0], "sala0", b"9")])
    hear(probe, is_all)
    provider.cut()
    assert hear(probe, lambda h: ("is", 0) in h) == [("gone", 1), ("is", 0)]


def test_second_look(watch):
    """A slapd that was restarted may forget what it deleted before: a refresh
    of changes alone is followed by one of everything."""
    provider, probe = watch(full(0, 1, 2), [refreshed(b"c2")], full(0, 1))
    hear(probe, is_all)
    provider.cut()
    assert hear(probe, is_all)[:-1] == [("gone", 2)]
    assert provider.cookies == [b"", b"c1", b""]


def test_cookie_of_a_refresh_counts_when_it_is_done(watch):
    """RFC 4533 §3.3.1: half a refresh is no place to go on from."""
    provider, probe = watch(
        [room(ADD, IDS[0], "sala0", cookie=b"half"), ended(80)],
        full(0, 1))
    heard = hear(probe, is_all)
    assert ("gone", 0) not in heard
    assert provider.cookies == [b"", b""]


@pytest.mark.parametrize("code", [REFRESH_REQUIRED, 53])
def test_read_everything_again(watch, code):
    provider, probe = watch(full(0, 1, 2), [ended(code)], full(1, 2, 4))
    hear(probe, is_all)
    provider.cut()
    heard = hear(probe, is_all)
    assert sorted(heard[:-1]) == [("gone", 0), ("is", 4)]
    assert provider.cookies == [b"", b"c1", b""]


@pytest.mark.parametrize("code", [REFRESH_REQUIRED, 53, 1, 3, 11, 32, 50, 51, 52,
                                  80])
def test_an_error_removes_nothing(watch, code):
    """In the middle of reading everything, before the others were named."""
    provider, probe = watch(
        full(0, 1, 2, cookie=b""), [room(ADD, IDS[0], "sala0"), ended(code)],
        full(0, 1, 2))
    hear(probe, is_all)
    provider.cut()
    assert hear(probe, is_all) == [("all", "")]
    assert len(provider.cookies) == 3


def test_too_many_for_a_refresh_are_polled(watch):
    """sizeLimitExceeded: by pages all can be read, and until then all stay."""
    provider, probe = watch(full(0, 1, 2, cookie=b""),
                            [room(ADD, IDS[0], "sala0"), ended(4)])
    hear(probe, is_all)
    provider.cut()
    assert [what for what, _ in hear(
        probe, lambda h: "ldap-watch-polls" in probe.said())] == []


def test_refused_for_ever_is_asked_ever_less(watch):
    provider, probe = watch([ended(53)])
    time.sleep(4)
    assert 2 <= len(provider.cookies) <= 4      # after 1, 2, 4 … seconds


def test_without_persisting(watch):
    """A server that ends the search asks to be asked again."""
    done = tlv(0xa0, control("3", tlv(0x30, tlv(4, b"c1"))))
    provider, probe = watch([room(ADD, IDS[0], "sala0"), ended(0) + done],
                            [refreshed(b"c2"), room(DELETE, IDS[0])])
    heard = hear(probe, lambda h: ("gone", 0) in h)
    assert heard[0] == ("is", 0) and provider.cookies == [b"", b"c1"]


def test_control_refused_is_polling(watch):
    provider, probe = watch([ended(12)])
    hear(probe, lambda h: "ldap-watch-polls" in probe.said())


@pytest.mark.parametrize("what", [
    room(ADD, IDS[0], controls=control("2", b"\x30\x7f\x0a\x01\x01")),
    room(ADD, IDS[0], controls=control("2", b"")),
    room(ADD, IDS[0], controls=control("9", b"\x30\x00")),
    info(b"\xa3\x05\x31\x03\x04\x01x"), info(b""), info(b"\x80\x7f"),
    tlv(0x79, tlv(0x80, (SYNC + "4").encode()))],
    ids=["length", "empty", "other control", "short id", "nothing", "cookie",
         "no value"])
def test_nonsense_ends_the_search_and_nothing_else(watch, what):
    """All is read again; nothing that was there is taken for gone, and the
    server is as good as before for those who want to log in."""
    provider, probe = watch(full(0, 1) + [what], full(0, 1))
    heard = hear(probe, lambda h: h.count(("all", "")) == 2)
    assert not [one for one in heard if one[0] == "gone"]
    assert "Decoding error" in probe.said()
    assert "ldap-lost" not in probe.said()
    assert provider.cookies == [b"", b""]


def test_strange_messages_are_left_alone(watch):
    provider, probe = watch(full(0, 1) + [
        tlv(0x79, tlv(0x80, b"1.2.3.4"), tlv(0x81, b"x")),
        tlv(0x73, tlv(4, b"ldap://elsewhere/")),
        room(DELETE, IDS[0])])
    assert hear(probe, lambda h: ("gone", 0) in h)


def test_random_bytes(watch):
    """Good answers with bytes changed: no crash, and at last all is well."""
    dice = random.Random(20261122)
    good = b"".join(message(2, one) for one in full(0, 1, 2))
    provider, probe = watch(full(0, 1, 2))
    for _ in range(30):
        data = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        provider.raw[SEARCH] = bytes(data)
        provider.cut()
        time.sleep(0.05)
    provider.raw.clear()
    provider.cut()
    asked = len(provider.cookies)
    # by now the pause is long; somebody who waits makes it short
    probe.until(30, lambda _: len(provider.cookies) > asked and
                probe.ask("state")["is_watching"], "room_load", name="x")


def test_a_large_tree_holds_nobody_up(slapd, root):             # noqa: F811
    """Refresh in slices: the loop's longest turn while 3,000 entries come, and
    while the same 3,000 are swept."""
    base = "ou=muchos," + slapd.env["PEOPLE_BASE"]
    root.add_s(base, [("objectClass", [b"organizationalUnit"]),
                      ("ou", [b"muchos"])])
    for n in range(3000):
        root.add_s(f"uid=m{n},{base}", [
            ("objectClass", [b"inetOrgPerson"]), ("uid", [b"m%d" % n]),
            ("cn", [b"Muchos"]), ("sn", [b"Muchos"])])
    probe = Probe().open(**settings(slapd))
    probe.ask("news")
    probe.until(20, lambda s: s["is_watching"] and s["watched"] > 3000, "state")
    for n in range(3000):
        root.delete_s(f"uid=m{n},{base}")
    root.delete_s(base)
    probe.until(20, lambda s: s["watched"] < 1000, "state")
    assert probe.quit()["busiest_turn_us"] < TURN_US
    probe.end()
