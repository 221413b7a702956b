# SPDX-License-Identifier: Apache-2.0
"""A private 389 Directory Server, where Debian's 389-ds-base is installed.

dscreate(8) wants a machine's own folders; ns-slapd itself wants no more than a
dse.ldif, which is made here from the package's template: everything in one folder
below /tmp, two ports on the loopback address, a certificate for TLS on either.
"""

import base64
import hashlib
import os
import pathlib
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile

import ldap
from cryptography.hazmat.primitives.serialization import Encoding

from faults import certificate
from service import free_ports
from world import TOP, wait_for

PROGRAM = shutil.which("ns-slapd", path="/usr/sbin:/usr/bin:/bin")
DATA = pathlib.Path("/usr/share/dirsrv/data")
SUFFIX = "dc=example,dc=org"
ROOT = "cn=Directory Manager"
FOREGROUND = "16384"         # a log level of nothing special; without one it forks
FOLDERS = "schema lock tmp ldif bak run inst log db home".split()
# RFC 4533 there: from the retro changelog, which has to know who is who.
SETTINGS = {
    "cn=config": {
        "nsslapd-listenhost": "127.0.0.1", "nsslapd-ldapilisten": "off",
        "passwordTrackUpdateTime": "on", "passwordStorageScheme": "SSHA512",
        "nsslapd-security": "on", "nsslapd-allow-anonymous-access": "on"},
    "cn=Content Synchronization,cn=plugins,cn=config": {
        "nsslapd-pluginenabled": "on"},
    "cn=Retro Changelog Plugin,cn=plugins,cn=config": {
        "nsslapd-pluginenabled": "on",
        "nsslapd-attribute": "nsuniqueid:targetUniqueId"},
    "cn=attribute uniqueness,cn=plugins,cn=config": {
        "nsslapd-pluginenabled": "on", "uniqueness-attribute-name": "jid",
        "uniqueness-subtrees": f"ou=im,{SUFFIX}"},
    "cn=referential integrity postoperation,cn=plugins,cn=config": {
        "nsslapd-pluginenabled": "on", "referint-membership-attr": [
            "imPerson", "imOwner", "imAdmin", "imMember", "imOutcast"]},
}


def hashed(password):
    salt = secrets.token_bytes(8)
    return "{SSHA512}" + base64.b64encode(hashlib.sha512(
        password.encode() + salt).digest() + salt).decode()


class DS389:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tertulia-389-"))
        self.port, self.tls_port = free_ports(2)
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.tls_uri = f"ldaps://127.0.0.1:{self.tls_port}"
        self.password = secrets.token_hex(16)
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.process = None

    def words(self):
        here = self.folder
        return {"schema_dir": here / "schema", "lock_dir": here / "lock",
                "tmp_dir": here / "tmp", "cert_dir": here,
                "ldif_dir": here / "ldif", "bak_dir": here / "bak",
                "run_dir": here / "run", "inst_dir": here / "inst",
                "log_dir": here / "log", "config_dir": here,
                "db_dir": here / "db", "db_home_dir": here / "home",
                "db_lib": "bdb", "fqdn": "localhost", "ds_port": self.port,
                "ds_user": self.user, "rootdn": ROOT,
                "ds_passwd": hashed(self.password), "ldapi": here / "ldapi",
                "ldapi_enabled": "off", "ldapi_autobind": "off",
                "ds_suffix": SUFFIX, "ds_bename": "userroot"}

    def dse(self):
        text = "".join((DATA / name).read_text() + "\n" for name in (
            "template-dse.ldif", "template-suffix-db.ldif"))
        text = re.sub(r"%(\w+)%", lambda m: str(self.words()[m[1]]), text)
        settings = SETTINGS | {"cn=config": {
            **SETTINGS["cn=config"], "nsslapd-securePort": self.tls_port}}
        for dn, wanted in settings.items():
            for name, value in wanted.items():
                entry = re.compile(
                    rf"(?ims)^(dn: {re.escape(dn)}\n)((?:(?!\n\n).)*?)"
                    rf"(?:^{name}: [^\n]*\n)")
                values = [value] if isinstance(value, (str, int)) else value
                line = "".join(f"{name}: {v}\n" for v in values)
                text, count = entry.subn(
                    lambda m, line=line: m[1] + m[2] + line, text, count=1)
                if not count:
                    text = re.sub(rf"(?im)^(dn: {re.escape(dn)}\n)",
                                  lambda m, line=line: m[1] + line, text,
                                  count=1)
        # an empty line too many is an entry without a DN, and the silent end
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^#.*\n", "", text)).strip() \
            + "\n"

    def certify(self):
        """Its key and certificate, in a data base without a password (NSS)."""
        ca = certificate(self.folder)
        own = certificate(self.folder, ca=ca)[0]
        self.ca_file, bag = self.folder / "ca.pem", self.folder / "own.p12"
        self.ca_file.write_bytes(ca[2].public_bytes(Encoding.PEM))
        for words in (
                ["certutil", "-N", "-d", self.folder, "--empty-password"],
                ["certutil", "-A", "-d", self.folder, "-n", "CA", "-t", "CT,,",
                 "-a", "-i", self.ca_file],
                ["openssl", "pkcs12", "-export", "-in", own, "-out", bag,
                 "-name", "Server-Cert", "-passout", "pass:"],
                ["pk12util", "-i", bag, "-d", self.folder, "-W", "", "-K", ""]):
            subprocess.run(words, check=True, capture_output=True)

    def start(self):
        for name in FOLDERS:
            (self.folder / name).mkdir()
        self.certify()
        (self.folder / "dse.ldif").write_text(self.dse())
        (self.folder / "schema/98tertulia.ldif").write_bytes(
            subprocess.run([TOP / "schema/mk389"], check=True,
                           stdout=subprocess.PIPE).stdout)
        shutil.copy("/etc/dirsrv/schema/99user.ldif", self.folder / "schema")
        for name in ("slapd-collations.conf", "certmap.conf"):
            shutil.copy(f"/etc/dirsrv/config/{name}", self.folder)
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                [PROGRAM, "-D", self.folder, "-i", self.folder / "run/pid",
                 "-d", FOREGROUND], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output)
        wait_for(lambda: self.process.poll() is not None or self.answers(), 60)
        assert self.process.poll() is None, self.said()
        self.root = self.connect()
        self.load()
        return self

    def said(self):
        return "".join(path.read_text(errors="replace") for path in (
            self.folder / "output", self.folder / "log/errors")
            if path.exists())

    def answers(self):
        try:
            self.connect().unbind_s()
            return True
        except ldap.LDAPError:
            return False

    def connect(self, dn=ROOT, password=None):
        conn = ldap.initialize(self.uri)
        conn.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
        conn.simple_bind_s(dn, password or self.password)
        return conn

    def add(self, dn, **values):
        self.root.add_s(dn, [(name, [v.encode() for v in found])
                             for name, found in values.items()])

    def modify(self, dn, **values):
        """Replaces attributes; None removes one."""
        self.root.modify_s(dn, [
            (ldap.MOD_REPLACE, name, value and [
                v.encode() for v in ([value] if isinstance(value, str) else value)])
            for name, value in values.items()])

    def rules(self):
        """access-389.ldif, loaded as its head says."""
        subprocess.run(["ldapmodify", "-x", "-H", self.uri, "-D", ROOT, "-w",
                        self.password, "-f", TOP / "schema/access-389.ldif"],
                       check=True, stdout=subprocess.DEVNULL)

    def load(self):
        self.add(SUFFIX, objectClass=["domain"], dc=["example"])
        for ou in ("ou=people", "ou=groups", "ou=im", "ou=profiles,ou=im",
                   "ou=rooms,ou=im", "ou=requests,ou=im", "ou=services,ou=im"):
            self.add(f"{ou},{SUFFIX}", objectClass=["organizationalUnit"])
        for name in ("im", "im-web"):
            self.add(f"cn={name},ou=services,ou=im,{SUFFIX}", cn=[name],
                     objectClass=["applicationProcess", "simpleSecurityObject"],
                     userPassword=[self.password])
        self.rules()
        # their default lets everybody ask who may log in, once bound
        self.modify(f"oid=1.3.6.1.4.1.42.2.27.9.5.8,cn=features,cn=config",
                    aci='(targetattr != "aci")(version 3.0; acl "usable"; '
                        'allow (read, search) userdn="ldap:///all";)')

    def person(self, uid, **values):
        dn = f"uid={uid},ou=people,{SUFFIX}"
        self.add(dn, objectClass=["inetOrgPerson"], uid=[uid], cn=[uid],
                 sn=[uid], userPassword=["x"], **values)
        # from the first change on there is a pwdUpdateTime
        self.modify(dn, userPassword=f"tertulia-{uid}")
        # written after the change was answered
        wait_for(lambda: self.values(dn, "pwdUpdateTime"), 30)
        return dn

    def values(self, dn, name):
        (_, entry), = self.root.search_s(dn, ldap.SCOPE_BASE, attrlist=[name])
        return [v.decode() for found in entry.values() for v in found]

    def settings(self, **more):
        """For Probe.open."""
        return {"uri": [self.uri], "start_tls": False, "domain": "example.org",
                "bind_dn": f"cn=im,ou=services,ou=im,{SUFFIX}",
                "bind_password": self.password,
                "people_base": f"ou=people,{SUFFIX}",
                "people_filter": "(objectClass=inetOrgPerson)",
                "im_base": f"ou=im,{SUFFIX}", **more}

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        shutil.rmtree(self.folder)
