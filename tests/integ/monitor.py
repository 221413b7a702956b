# SPDX-License-Identifier: Apache-2.0
"""What slapd itself says it did (cn=Monitor), whoever asked it to."""

import time

import ldap

from world import wait_for

MONITOR = [("objectClass", b"olcMonitorConfig"), ("olcDatabase", b"monitor"),
           ("olcAccess", b"to * by dn.exact=\"cn=admin,dc=example,dc=org\" read")]


# Initiated, not completed: that is counted only after the answer was sent.
class Counters:
    def __init__(self, world):
        self.root = world.root
        self.root.add_s("olcDatabase=monitor,cn=config", MONITOR)

    def read(self):
        return {kind: int(self.root.search_s(
            f"cn={kind},cn=Operations,cn=Monitor", ldap.SCOPE_BASE, None,
            ["monitorOpInitiated"])[0][1]["monitorOpInitiated"][0])
            for kind in ("Bind", "Modify", "Search")}

    def settled(self):
        """Connections that a service keeps are made in their own time, after its
        start: a bind each, and a look at the server."""
        def is_quiet():
            before = self.read()
            time.sleep(0.3)
            return not any(self.since(before).values())
        wait_for(is_quiet, 30)
        return self

    def since(self, before, count=1):
        """Of each kind, for each of `count`; our own three questions do not count."""
        now = self.read()
        now["Search"] -= 3
        return {kind: (now[kind] - before[kind]) / count for kind in now}
