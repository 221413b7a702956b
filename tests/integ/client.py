# SPDX-License-Identifier: Apache-2.0
"""A logged-in user on top of rawclient.Stream: stanzas, answers, waiting.

Nothing here sleeps.  The core handles one stanza of a stream after the other,
and everything a stanza causes for others is sent before its sender's next one
is answered.  So `ann.sync()` (a ping to the server) means that everything Ann
sent has had its effect, and a `bob.sync()` behind it gives all that reached Bob
through it: `settle(ann, bob)` is both, and [] means that nothing came.
"""

import contextlib
import itertools
import time
import xml.etree.ElementTree as ET

from rawclient import (CLIENT, PATIENCE, STANZA_ERROR, Stream, attributes,
                       local)

ROSTER = "jabber:iq:roster"
PING = "urn:xmpp:ping"
NS = {"c": CLIENT, "r": ROSTER, "e": STANZA_ERROR}


def show(elements):
    return "\n".join(ET.tostring(e, "unicode") for e in elements)


def matches(stanza, name, wanted):
    return (name in (None, local(stanza))
            and all(stanza.get(key.rstrip("_")) == value
                    for key, value in wanted.items()))


def condition(stanza):
    """The stanza error's condition and type, as "cancel item-not-found"."""
    error = stanza.find(f"{{{CLIENT}}}error")
    if error is None:
        return None
    names = [local(child) for child in error
             if child.tag.startswith(f"{{{STANZA_ERROR}}}")
             and local(child) != "text"]
    assert len(names) == 1, show([stanza])
    return f"{error.get('type')} {names[0]}"


class Client(Stream):
    """A person with a bound resource."""

    _ids = itertools.count(1)

    def __init__(self, world, person, resource="r", mechanism="PLAIN", **more):
        super().__init__(world, **more)
        self.person = person
        self.secured()
        self.login(person, mechanism)
        self.jid = self.bind(resource)
        assert isinstance(self.jid, str), show([self.jid])
        self.bare = self.jid.partition("/")[0]
        self.inbox = []

    # ---- sending ----

    def message(self, to, body="hola", type="chat", inner="", **more):
        self.send(f"<message{attributes(to=to, type=type, **more)}>"
                  f"<body>{body}</body>{inner}</message>")

    def presence(self, type=None, to=None, inner="", **more):
        self.send(f"<presence{attributes(type=type, to=to, **more)}>"
                  f"{inner}</presence>")

    def iq(self, type, payload, to=None, **more):
        """Sends an IQ and gives its answer; the rest waits in the inbox."""
        number = f"q{next(self._ids)}"
        self.send(f"<iq{attributes(type=type, id=number, to=to, **more)}>"
                  f"{payload}</iq>")
        return self.answer(number)

    def answer(self, number, timeout=PATIENCE):
        return self.receive("iq", timeout, id=number)

    # ---- receiving ----

    def receive(self, name=None, timeout=PATIENCE, **wanted):
        """The first stanza of that name with those attributes."""
        for stanza in self.inbox:
            if matches(stanza, name, wanted):
                self.inbox.remove(stanza)
                return stanza
        end = time.monotonic() + timeout
        while True:
            try:
                stanza = self.next(max(0.001, end - time.monotonic()))
            except TimeoutError:
                raise AssertionError(
                    f"no {name} {wanted}; but\n{show(self.inbox)}") from None
            if matches(stanza, name, wanted):
                return stanza
            self.inbox.append(stanza)

    def sync(self):
        """All that came and was not yet looked at."""
        answer = self.iq("get", f"<ping xmlns='{PING}'/>", self.world.domain)
        assert answer.get("type") == "result", show([answer])
        found, self.inbox = self.inbox, []
        return found

    # ---- what everybody does ----

    def come(self, priority=None, inner=""):
        """Initial presence (and its echo to this resource taken away)."""
        if priority is not None:
            inner += f"<priority>{priority}</priority>"
        self.presence(inner=inner)
        self.receive("presence", from_=self.jid)
        return self

    def roster(self, ver=None):
        answer = self.iq("get", f"<query xmlns='{ROSTER}'"
                                f"{attributes(ver=ver)}/>")
        assert answer.get("type") == "result", show([answer])
        return answer.find("r:query", NS)

    def items(self):
        """The roster as {jid: (subscription, ask, name, groups)}."""
        return {item.get("jid"): item_of(item) for item in self.roster()}

    def set_item(self, jid, name=None, groups=(), subscription=None):
        inner = "".join(f"<group>{group}</group>" for group in groups)
        return self.iq("set", f"<query xmlns='{ROSTER}'><item"
                       + attributes(jid=jid, name=name,
                                    subscription=subscription)
                       + f">{inner}</item></query>")

    def close(self):
        """Says good-bye and waits for the server's."""
        self.send("</stream:stream>")
        assert self.is_over()


def item_of(item):
    groups = sorted(group.text for group in item.iterfind("r:group", NS))
    return (item.get("subscription", "none"), item.get("ask"),
            item.get("name"), groups)


def pushes(stanzas):
    """Roster pushes among stanzas, as {jid: (subscription, ask, …)}."""
    return {item.get("jid"): item_of(item) for stanza in stanzas
            for item in stanza.iterfind("r:query/r:item", NS)}


def settle(*clients):
    """What each has got by now, when all that was sent has had its effect."""
    found = [client.sync() for client in clients]
    again = [client.sync() for client in clients]
    return [one + two for one, two in zip(found, again)]


@contextlib.contextmanager
def clients(*makers):
    """Closes all at the end, also those made before one failed."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(make) for make in makers]


def befriend(ann, bob):
    """Both see each other; rosters fetched, pushes and presence swallowed."""
    for one, other in ((ann, bob), (bob, ann)):
        one.presence("subscribe", other.bare)
        one.sync()
        other.receive("presence", type="subscribe", from_=one.bare)
        other.presence("subscribed", one.bare)
        other.sync()
    settle(ann, bob)
