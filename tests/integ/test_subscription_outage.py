# SPDX-License-Identifier: Apache-2.0
"""A subscription changes two entries.  When the directory goes away between them the
second is changed when it is back: nobody has asked for ever who was never heard."""

import time

import pytest

from client import Client, befriend
from ldapfaults import Proxy, read_tlv
from live import profile_dn
from service import Service
from world import wait_for

MODIFY = 0x66
BACK = 20                       # seconds; a second try is made each second


def modified(data):
    """The DN that a request of RFC 4511 section 4.6 changes, or None."""
    found = read_tlv(data)
    if found is None:
        return None
    _, _, at = read_tlv(found[1])
    tag, request, _ = read_tlv(found[1], at)
    return read_tlv(request)[1].decode().lower() if tag == MODIFY else None


class Deaf(Proxy):
    """Hangs up on whoever changes the entry of this DN."""

    def __init__(self, port):
        self.dn = None
        self.refused = 0
        super().__init__(port)

    def pass_on(self, source, sink):  # pylint: disable=arguments-differ
        data = source.recv(1 << 16)
        if self.dn is not None and modified(data) == self.dn.lower():
            self.refused += 1
            return False
        if data:
            sink.sendall(data)
        return bool(data)


@pytest.fixture(name="pair")
def pair_(world, tmp_path):
    """Ann and Bob online, and the proxy between them and the directory."""
    proxy = Deaf(int(world.env["LDAP_URI"].rpartition(":")[2].strip("/")))
    with Service(world, tmp_path, {
            "ldap.uri": proxy.uri, "ldap.start_tls": "no",
            "ldap.insecure_loopback": "yes"}) as service, \
            Client(service, world.person()) as ann, \
            Client(service, world.person()) as bob:
        yield ann.come(), bob.come(), proxy
    proxy.close()


def away(world, proxy, client):
    """The directory takes no change of the client's profile."""
    proxy.dn = profile_dn(world, client.person)


def back(proxy):
    wait_for(lambda: proxy.refused, 10)
    time.sleep(1.5)             # and fails again
    proxy.dn = None


def subscription(client, other):
    """(subscription, ask) of the other in the client's roster; None: not there."""
    item = client.items().get(other.bare)
    return item and item[:2]


def test_a_request_arrives_when_the_directory_is_back(world, pair):
    ann, bob, proxy = pair
    away(world, proxy, bob)
    ann.presence("subscribe", bob.bare, "<status>¿Te acuerdas?</status>")
    back(proxy)
    asked = bob.receive("presence", BACK, from_=ann.bare, type="subscribe")
    assert asked.findtext("{jabber:client}status") == "¿Te acuerdas?"
    assert world.profile(bob.person)["imPending"]


def test_a_grant_arrives_when_the_directory_is_back(world, pair):
    ann, bob, proxy = pair
    ann.presence("subscribe", bob.bare)
    bob.receive("presence", from_=ann.bare, type="subscribe")
    away(world, proxy, ann)
    bob.presence("subscribed", ann.bare)
    back(proxy)
    ann.receive("presence", BACK, from_=bob.bare, type="subscribed")
    assert subscription(ann, bob) == ("to", None)


def test_a_removal_arrives_when_the_directory_is_back(world, pair):
    ann, bob, proxy = pair
    befriend(ann, bob)
    away(world, proxy, bob)
    assert ann.set_item(bob.bare, subscription="remove").get("type") == "result"
    back(proxy)
    wait_for(lambda: subscription(bob, ann) == ("none", None), BACK, 0.2)


def test_who_thought_better_of_it_does_not_ask(world, pair):
    """What was said last counts, in whatever order the directory came back."""
    ann, bob, proxy = pair
    away(world, proxy, bob)
    ann.presence("subscribe", bob.bare)
    wait_for(lambda: proxy.refused, 10)
    ann.presence("unsubscribe", bob.bare)
    wait_for(lambda: subscription(ann, bob) == ("none", None), 10)
    proxy.dn = None
    time.sleep(3)
    assert "imPending" not in world.profile(bob.person)
