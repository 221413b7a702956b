# SPDX-License-Identifier: Apache-2.0
"""What slapd itself says it did (cn=Monitor), whoever asked it to."""

import ldap

MONITOR = [("objectClass", b"olcMonitorConfig"), ("olcDatabase", b"monitor"),
           ("olcAccess", b"to * by dn.exact=\"cn=admin,dc=example,dc=org\" read")]


class Counters:
    def __init__(self, world):
        self.root = world.root
        self.root.add_s("olcDatabase=monitor,cn=config", MONITOR)

    def read(self):
        return {kind: int(self.root.search_s(
            f"cn={kind},cn=Operations,cn=Monitor", ldap.SCOPE_BASE, None,
            ["monitorOpCompleted"])[0][1]["monitorOpCompleted"][0])
            for kind in ("Bind", "Modify", "Search")}

    def since(self, before, count=1):
        """Of each kind, for each of `count`; our own three questions do not count."""
        now = self.read()
        now["Search"] -= 3
        return {kind: (now[kind] - before[kind]) / count for kind in now}
