# SPDX-License-Identifier: Apache-2.0
"""A private slapd with the sample university, and connections to it."""

import os
import pathlib
import shlex
import subprocess

import ldap

TOP = pathlib.Path(__file__).resolve().parents[2]


class Directory:
    """A slapd started by server/trial/slapd; .env holds what it printed."""

    def __init__(self, state, **settings):
        self.state = state
        self.settings = {"LDAP_PORT": "0", **settings}
        self.env = {}

    def script(self, verb):
        return subprocess.run(
            [TOP / "server/trial/slapd", verb], text=True, timeout=60,
            capture_output=True, check=False,
            env={**os.environ, **self.settings, "STATE": str(self.state)})

    def start(self):
        done = self.script("start")
        assert done.returncode == 0, done.stderr
        for word in shlex.split(done.stdout):
            name, _, value = word.partition("=")
            self.env[name] = value
        return self

    def stop(self):
        return self.script("stop")

    def connect(self, dn="", password=""):
        """A connection by StartTLS against the trial's CA, bound as dn."""
        conn = ldap.initialize(self.env["LDAP_URI"])
        conn.set_option(ldap.OPT_REFERRALS, 0)
        conn.set_option(ldap.OPT_X_TLS_CACERTFILE, self.env["CA_FILE"])
        conn.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        conn.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        conn.start_tls_s()
        if dn:
            conn.simple_bind_s(dn, password)
        return conn

    def root(self):
        return self.connect(self.env["LDAP_ROOT_DN"],
                            self.env["LDAP_ROOT_PASSWORD"])

    def service(self, name):
        """Bound as IM or IM_WEB, with the password from its file."""
        secret = pathlib.Path(self.env[name + "_PASSWORD_FILE"]).read_text()
        return self.connect(self.env[name + "_DN"], secret)

    def person(self, uid):
        return self.connect(self.dn(uid), f"tertulia-{uid}")

    def dn(self, uid):
        return f"uid={uid},{self.env['PEOPLE_BASE']}"

    def uuid(self, uid):
        found = self.root().search_s(self.dn(uid), ldap.SCOPE_BASE,
                                     attrlist=["entryUUID"])
        return found[0][1]["entryUUID"][0].decode()
