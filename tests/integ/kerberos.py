# SPDX-License-Identifier: Apache-2.0
"""A Kerberos realm of our own: Debian's KDC in a folder, on loopback.

    with Realm(folder) as realm:
        realm.keytab("xmpp/localhost")          # a path
        realm.person("lucia", "clave")
        login = realm.ticket("lucia", "clave")
        Login(login).run(stream)
"""

import base64
import os
import subprocess

import gssapi

from rawclient import decoded_bytes
from service import free_ports
from world import wait_for

NAME = "PRUEBA.EXAMPLE"
NO_LAYER, INTEGRITY = 1, 2              # RFC 4752 §3.3

CLIENTS = """[libdefaults]
default_realm = {name}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{name} = {{
kdc = 127.0.0.1:{port}
}}
[domain_realm]
localhost = {name}
"""
SERVERS = """[kdcdefaults]
kdc_listen = 127.0.0.1:{port}
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{name} = {{
database_name = {folder}/principal
key_stash_file = {folder}/stash
acl_file = {folder}/acl
}}
[logging]
kdc = FILE:{folder}/kdc.log
admin_server = FILE:{folder}/admin.log
"""


class Realm:
    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.port, = free_ports(1)
        values = {"name": NAME, "port": self.port, "folder": folder}
        (folder / "krb5.conf").write_text(CLIENTS.format(**values))
        (folder / "kdc.conf").write_text(SERVERS.format(**values))
        self.variables = {"KRB5_CONFIG": str(folder / "krb5.conf"),
                          "KRB5_KDC_PROFILE": str(folder / "kdc.conf")}

    def _run(self, *words):
        return subprocess.run(words, env={**os.environ, **self.variables},
                              check=True, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)

    def __enter__(self):
        self._run("/usr/sbin/kdb5_util", "-r", NAME, "create", "-s", "-P",
                  "maestra")
        with open(self.folder / "kdc.out", "wb") as out:
            self.process = subprocess.Popen(
                ["/usr/sbin/krb5kdc", "-n", "-r", NAME],
                env={**os.environ, **self.variables}, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL)
        log = self.folder / "kdc.log"
        wait_for(lambda: log.exists()
                 and "commencing operation" in log.read_text(), 30)
        # What gssapi, in this process, goes by.
        os.environ["KRB5_CONFIG"] = self.variables["KRB5_CONFIG"]
        os.environ["KRB5CCNAME"] = f"MEMORY:{self.folder.name}"
        return self

    def __exit__(self, *_):
        for name in ("KRB5_CONFIG", "KRB5CCNAME"):
            os.environ.pop(name, None)
        self.process.terminate()
        self.process.wait(30)

    def _admin(self, request):
        self._run("/usr/sbin/kadmin.local", "-r", NAME, "-q", request)

    def person(self, name, password):
        self._admin(f'add_principal -pw "{password}" {name}')

    def keytab(self, *services, name="keytab"):
        path = self.folder / name
        for service in services:
            self._admin(f"add_principal -randkey {service}")
            self._admin(f"ktadd -k {path} {service}")
        return path

    def new_key(self, service):
        """As if somebody had forgotten to copy the keytab."""
        self._admin(f"change_password -randkey {service}")

    @staticmethod
    def ticket(name, password):
        who = gssapi.Name(f"{name}@{NAME}", gssapi.NameType.kerberos_principal)
        return gssapi.Credentials(gssapi.raw.acquire_cred_with_password(
            who, password.encode(), usage="initiate").creds)


class Login:
    """The client's side of one exchange (RFC 4752 §3.1)."""

    def __init__(self, ticket, service="xmpp@localhost"):
        self.context = gssapi.SecurityContext(
            name=gssapi.Name(service, gssapi.NameType.hostbased_service),
            creds=ticket, usage="initiate",
            flags=[gssapi.RequirementFlag.mutual_authentication,
                   gssapi.RequirementFlag.integrity])

    def first(self):
        return self.context.step()

    def choose(self, offer, authzid=b"", layer=NO_LAYER):
        """The answer to the offer of layers, which has to be: none."""
        plain = self.context.unwrap(offer).message
        assert plain == bytes([NO_LAYER, 0, 0, 0]), plain
        size = b"\0\x10\0" if layer != NO_LAYER else b"\0\0\0"
        return self.context.wrap(bytes([layer]) + size + authzid,
                                 False).message

    def run(self, stream, authzid=b"", layer=NO_LAYER, late=False):
        """A whole exchange; SaslFailure when it fails."""
        if late:
            assert sent(stream.auth("GSSAPI")) == b""
            answer = sent(stream.response(text(self.first())))
        else:
            answer = sent(stream.auth("GSSAPI", text(self.first())))
        assert not self.context.step(answer) and self.context.complete
        offer = sent(stream.response(text(b"")))
        return stream.response(text(self.choose(offer, authzid, layer)))


def text(token):
    """As Stream sends it: bytes are what stands in the element."""
    return base64.b64encode(token) or b"="


def sent(element):
    return decoded_bytes(element)
