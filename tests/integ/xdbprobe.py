# SPDX-License-Identifier: Apache-2.0
"""The store in a process of its own: tests/clients/xdb_probe.c by JSON lines.

    probe = Probe()
    probe.open(uri=[…], …)
    probe.ask("account_load", uid="lucia")["status"]

Every answer is checked for what the store promises of all of them: it did not
come inside the starting call, and it came once.
"""

import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or TOP / "build")
PROGRAM = BUILD / "tests/clients/xdb_probe"

(WRONG_PASSWORD, LOCKED, EXPIRED, MUST_CHANGE, SUSPENDED, NO_RIGHT,
 BAD_PASSWORD, TOO_OFTEN) = range(1, 9)
NONE, TO, FROM, BOTH = range(4)
OUTCAST, NOBODY, MEMBER, ADMIN, OWNER = range(-1, 4)


def settings(directory, who="IM", **more):
    """What the store needs to know of a Directory, as one of our services."""
    env = directory.env
    secret = pathlib.Path(env[who + "_PASSWORD_FILE"]).read_text()
    return {"uri": [env["LDAP_URI"]], "start_tls": True,
            "ca_file": env["CA_FILE"], "bind_dn": env[who + "_DN"],
            "bind_password": secret, "domain": "example.org",
            "people_base": env["PEOPLE_BASE"],
            "people_filter": "(objectClass=inetOrgPerson)",
            "im_base": env["IM_BASE"], **more}


class Probe:
    def __init__(self, env=None):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, env={**os.environ, **(env or {})})
        self.number = 0
        self.rest = b""
        self.answers = {}

    def send(self, do, *, flush=True, **what):
        """flush=False: it goes in one write with the next."""
        self.number += 1
        line = json.dumps({"id": self.number, "do": do, **what})
        self.process.stdin.write(line.encode() + b"\n")
        if flush:
            self.process.stdin.flush()
        return self.number

    def read(self, deadline):
        """One more piece of output; False when there was none in time."""
        left = max(0, deadline - time.monotonic())
        if not select.select([self.process.stdout], [], [], left)[0]:
            return False
        piece = os.read(self.process.stdout.fileno(), 1 << 16)
        assert piece, f"the probe ended\n{self.said()}"
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for answer in map(json.loads, lines):
            assert answer.get("id") not in self.answers, answer
            assert not answer.get("in_call"), answer
            assert answer.get("answers", 1) == 1, answer
            self.answers[answer.get("id")] = answer
        return True

    def wait(self, number, within=20):
        deadline = time.monotonic() + within
        while number not in self.answers:
            assert self.read(deadline), f"no answer to {number}\n{self.said()}"
        return self.answers[number]

    def stays_silent(self, number, for_seconds):
        """True when no answer to `number` comes in this time."""
        deadline = time.monotonic() + for_seconds
        while number not in self.answers and self.read(deadline):
            pass
        return number not in self.answers

    def ask(self, do, **what):
        return self.wait(self.send(do, **what))

    def open(self, **conf):
        answer = self.ask("open", **conf)
        assert answer["status"] == "ok", answer
        return self

    def account(self, uid):
        answer = self.ask("account_load", uid=uid)
        assert answer["status"] == "ok", answer
        return answer["account"]

    def until(self, within, good, do, **what):
        """Asks again until good(answer); how long it took."""
        start = time.monotonic()
        while not good(self.ask(do, **what)):
            assert time.monotonic() < start + within, self.said()
            time.sleep(0.05)
        return time.monotonic() - start

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def quit(self):
        """Ends it in order: {"busiest_turn_us", "longest_wait_ms"} of its loop: the
        first in processor time, the second without it (turns.h)."""
        self.process.stdin.close()
        deadline = time.monotonic() + 20
        while None not in self.answers:
            assert self.read(deadline), self.said()
        assert self.process.wait(20) == 0, self.said()
        return self.answers[None]

    def end(self):
        """Ends it if it still runs; its sanitizers must have been content."""
        if self.process.poll() is None and None not in self.answers:
            self.quit()
        assert self.process.wait(20) == 0, self.said()
        self.process.stdout.close()
        self.log.close()
