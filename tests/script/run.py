#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Play dialogue scripts against a running service: run.py STATE/env x.xt ...

A script reads like the examples in a XEP.  Whoever is named first is made: a
person of the directory.  `ann/phone` is a session of ann's, `ann` alone is
ann/one; {ann} stands for her address, {ann/phone} for the session's, {domain}
and {muc} for the service's.

    # a comment; a line that begins with a blank goes on with the one before
    ann has        mail: ann@example.org        an attribute, before connecting
    ann connects
    ann sends      <iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>
    ann receives   <iq type='result' id='1'/>
    bob receives   nothing
    bob forgets                                 whatever came so far
    ann leaves                                  </stream:stream>
    ann vanishes                                the connection is cut

What is received has all that the script says, and may have more: attributes,
children; "receives only" allows no other child.  An attribute `*` only has to
be there, one that is `-` must not be, and so a text `*`.  A stanza that was not asked for waits until it is, or until
"receives nothing" complains.  No line waits for time to pass: before a stanza
is looked for, and before somebody else's turn, everybody's stanzas so far have
had their effect.
"""

import pathlib
import re
import secrets
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integ"))

from client import Client, settle, show                         # noqa: E402
from rawclient import CLIENT                                    # noqa: E402
from world import World, read_env                               # noqa: E402

LINE = re.compile(r"(?P<who>\w+)(/(?P<resource>\w+))?\s+(?P<verb>\w+)\s*"
                  r"(?P<rest>.*)", re.S)
VERBS = "has connects sends receives forgets leaves vanishes".split()


class Wrong(AssertionError):
    """A script is not what the service does, or not a script."""


def value_fits(want, got):
    if want in ("*", "-"):
        return (got is not None) == (want == "*")
    return want == got


def fits(want, got, only=False):
    """Does `got` have everything that `want` has, and (only) no other child?"""
    if want.tag != got.tag or only and len(want) != len(got):
        return False
    for name, value in want.items():
        if not value_fits(value, got.get(name)):
            return False
    text = (want.text or "").strip()
    if text and not value_fits(text, (got.text or "").strip() or None):
        return False
    left = list(got)
    for child in want:
        found = next((o for o in left if fits(child, o, only)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def lines(text):
    """(number, line), continued lines joined."""
    number, whole = 0, ""
    for at, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            whole += "\n" + line.strip()
            continue
        if whole:
            yield number, whole
        number, whole = at, line
    if whole:
        yield number, whole


class Script:
    """One play.  `world` makes people and knows the addresses."""

    def __init__(self, world):
        self.world = world
        self.attributes = {}            # who: {attribute: [values]}
        self.people, self.sessions = {}, {}
        self.last = None                # whose line it was

    def play(self, path):
        try:
            for number, line in lines(pathlib.Path(path).read_text()):
                try:
                    self.line(line)
                except Wrong as why:
                    raise Wrong(f"{path}:{number}: {line}\n{why}") from None
        finally:
            for session in self.sessions.values():
                session.cut()

    def line(self, line):
        match = LINE.fullmatch(line)
        if match is None or match["verb"] not in VERBS:
            raise Wrong("not a line of a script")
        who = match["who"], match["resource"] or "one"
        if who != self.last:            # what the other did comes first
            self.settle()
        self.last = who
        getattr(self, match["verb"])(who, match["rest"])

    # ---- who, and what they are called ----

    def person(self, who):
        if who not in self.people:
            more = self.attributes.get(who, {})
            self.people[who] = self.world.person(who, **more)
        return self.people[who]

    def session(self, who):
        if who not in self.sessions:
            raise Wrong(f"{'/'.join(who)} is not connected")
        return self.sessions[who]

    def name(self, match):
        who, _, resource = match[1].partition("/")
        fixed = {"domain": self.world.domain, "muc": self.world.muc}
        jid = fixed.get(who) or self.person(who).jid
        return f"{jid}/{resource}" if resource else jid

    def filled(self, text):
        return re.sub(r"\{([\w/]+)\}", self.name, text)

    # ---- verbs ----

    def has(self, who, rest):
        name, _, value = rest.partition(":")
        self.attributes.setdefault(who[0], {}).setdefault(
            name.strip(), []).append(self.filled(value.strip()))

    def connects(self, who, _):
        self.sessions[who] = Client(self.world, self.person(who[0]), who[1])

    def sends(self, who, rest):
        self.session(who).send(self.filled(rest))

    def receives(self, who, rest):
        session = self.session(who)
        self.settle()
        if rest.split()[0] == "nothing":
            if session.waiting:
                raise Wrong("but it did:\n" + show(session.waiting))
            return
        text = self.filled(rest.removeprefix("only "))
        want = ET.fromstring(f"<s xmlns='{CLIENT}'>{text}</s>")[0]
        found = next((s for s in session.waiting
                      if fits(want, s, text != self.filled(rest))), None)
        if found is None:
            raise Wrong("but only:\n" + show(session.waiting))
        session.waiting.remove(found)

    def forgets(self, who, _):
        self.settle()
        self.session(who).waiting = []

    def leaves(self, who, _):
        self.session(who).close()
        del self.sessions[who]

    def vanishes(self, who, _):
        self.session(who).cut()
        del self.sessions[who]

    def settle(self):
        sessions = list(self.sessions.values())
        for session, got in zip(sessions, settle(*sessions)):
            known = getattr(session, "waiting", [])
            session.waiting = known + got


class Running(World):
    """A service that somebody else started: `make run`."""

    def __init__(self, env):
        super().__init__(pathlib.Path(env).parent)
        self.env = read_env(pathlib.Path(env))

    def name(self, stem):
        return stem + secrets.token_hex(4)      # other runs leave theirs


def main(env, *paths):
    bad = 0
    for number, path in enumerate(paths, 1):
        try:
            Script(Running(env)).play(path)
            print(f"ok {number} - {path}")
        except AssertionError as why:
            bad += 1
            print(f"not ok {number} - {path}")
            print("".join(f"# {line}\n" for line in str(why).splitlines()),
                  end="")
    print(f"1..{len(paths)}")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
