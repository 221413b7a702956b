# SPDX-License-Identifier: Apache-2.0
"""schema/README, "How to load it", word by word, on the slapd that Debian configures.

The commands are taken out of the README.  Only what a test cannot have is put in the
place of what they say: the socket, and passwords that nobody types."""

import os
import pathlib
import re
import shutil
import subprocess
import urllib.parse
import uuid

import ldap
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BASE = "dc=example,dc=org"
ROOT, ROOT_PASSWORD = f"cn=admin,{BASE}", "secreta"
DATABASE = "olcDatabase={1}mdb,cn=config"

# What the package slapd of Debian 12 sets up, in substance (slapd.init.ldif).
CONFIG = """\
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {folder}/slapd.pid

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcSizeLimit: 500
olcAccess: {{0}}to * by dn.exact={peer} manage by * break
olcAccess: {{1}}to dn.exact="" by * read
olcAccess: {{2}}to dn.base="cn=Subschema" by * read

dn: olcDatabase=config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: config
olcAccess: to * by dn.exact={peer} manage by * break
olcRootDN: cn=admin,cn=config

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb

dn: olcDatabase=mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: mdb
olcDbMaxSize: 1073741824
olcDbCheckpoint: 512 30
olcLastMod: TRUE
olcSuffix: {base}
olcDbDirectory: {folder}/data
olcRootDN: {root}
olcRootPW: {password}
olcDbIndex: objectClass eq
olcDbIndex: cn,uid eq
olcDbIndex: uidNumber,gidNumber eq
olcDbIndex: member,memberUid eq
olcAccess: to attrs=userPassword by self write by anonymous auth by * none
olcAccess: to attrs=shadowLastChange by self write by * read
olcAccess: to * by * read
"""

DATA = f"""\
dn: {BASE}
objectClass: top
objectClass: dcObject
objectClass: organization
o: Ejemplo
dc: example
"""


class Debian:
    """That slapd, at a socket in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.uri = "ldapi://" + urllib.parse.quote(str(folder / "ldapi"), "")
        for name in ("config", "data"):
            (folder / name).mkdir()
        (folder / "password").touch(0o600)
        (folder / "password").write_text(ROOT_PASSWORD)
        self.load(0, CONFIG.format(
            folder=folder, base=BASE, root=ROOT, password=ROOT_PASSWORD,
            peer=f"gidNumber={os.getegid()}+uidNumber={os.geteuid()},"
                 "cn=peercred,cn=external,cn=auth"))
        self.load(1, DATA)
        self.process = subprocess.Popen(
            [shutil.which("slapd", path=PATH), "-d", "none", "-F",
             folder / "config", "-h", self.uri],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def load(self, number, text):
        subprocess.run(
            [shutil.which("slapadd", path=PATH), f"-n{number}", "-F",
             self.folder / "config"], input=text, text=True, check=True,
            capture_output=True)

    def command(self, text):
        """As the README has it, but for the socket and what one would type."""
        text = text.replace("ldapi:///", self.uri).replace(
            "-W", f"-y {self.folder}/password").replace(
            "$(slappasswd)", "$(slappasswd -s clave)")
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text], text=True,
            cwd=TOP, capture_output=True, check=False, timeout=60,
            env={"PATH": PATH, "LDAPURI": self.uri})

    def connect(self, dn, password):
        conn = ldap.initialize(self.uri)
        conn.simple_bind_s(dn, password)
        return conn

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0


PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def blocks():
    """The commands of "How to load it", in order."""
    text = (TOP / "schema/README").read_text()
    part, = re.findall(r"^How to load it\n-+\n(.*?)\n\n\n", text,
                       re.DOTALL | re.MULTILINE)
    found = [re.sub("^    ", "", block, flags=re.MULTILINE) for block
             in re.findall(r"(?:^    .*\n?)+", part, re.MULTILINE)]
    assert len(found) == 3 and found[0].startswith("cd schema\n")
    return found[0], "cd schema\n" + found[1], "cd schema\n" + found[2]


@pytest.fixture
def debian(tmp_path_factory):
    one = Debian(tmp_path_factory.mktemp("deb"))
    for _ in range(600):
        try:
            one.connect(ROOT, ROOT_PASSWORD)
            break
        except ldap.SERVER_DOWN:
            assert one.process.poll() is None
            subprocess.run(["sleep", "0.05"], check=True)
    yield one
    one.stop()


def works(debian, *texts):
    for text in texts:
        done = debian.command(text)
        assert done.returncode == 0, done.stdout + done.stderr


def config(debian, attr):
    conn = ldap.initialize(debian.uri)
    conn.sasl_non_interactive_bind_s("EXTERNAL")
    found = conn.search_s(DATABASE, ldap.SCOPE_BASE, attrlist=[attr])
    return [value.decode() for value in found[0][1][attr]]


def test_commands_of_the_readme(debian):
    settings, data, policy = blocks()
    works(debian, settings, data)
    indexes = config(debian, "olcDbIndex")
    assert "uid eq,sub" in indexes and "uidNumber,gidNumber eq" in indexes
    assert "cn,sn,givenName,displayName eq,sub" in indexes
    rules = config(debian, "olcAccess")
    assert "ou=services" in rules[0] and "by * read" in rules[-1]
    im = debian.connect(f"cn=im,ou=services,ou=im,{BASE}", "clave")
    profile = (f"imPersonUUID={uuid.uuid4()},"
               f"ou=profiles,ou=im,{BASE}")
    im.add_s(profile, [("objectClass", b"imProfile"), ("jid", b"a@example.org"),
                       ("imPerson", ROOT.encode()), ("imRosterVersion", b"0"),
                       ("imStatus", b"active")])
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        im.delete_s(profile)
    # ppolicy is not loaded: its files are for those who have it
    assert debian.command(policy).returncode != 0


def test_and_where_ppolicy_is_loaded(debian):
    settings, data, policy = blocks()
    works(debian, settings, data,
          "ldapmodify -Q -Y EXTERNAL -H ldapi:/// "
          "-f schema/sample/policy.ldif", policy)
    assert any("attrs=pwdHistory" in rule
               for rule in config(debian, "olcAccess"))
