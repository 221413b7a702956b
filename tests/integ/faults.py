# SPDX-License-Identifier: Apache-2.0
"""Bad weather between the service and its directory.

Proxy stands in front of a real slapd and lets bytes pass, or not.  FakeLdap is
a server that answers nothing but StartTLS, and remembers what it was sent.
Both live in threads of this process and end with their `with`.
"""

import datetime
import ipaddress
import select
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Listener:
    """Accepts on a free port; each connection gets a thread."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.accepted = 0
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.cut()

    def cut(self):
        """Every connection of this moment is gone; who calls again at once is
        not cut off too."""
        gone, self.open = self.open, []
        for connection in gone:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.append(connection)
            threading.Thread(target=self._serve_safely, args=(connection,),
                             daemon=True).start()

    def _serve_safely(self, connection):
        try:
            self.serve(connection)
        except (OSError, ValueError):
            pass


class Proxy(Listener):
    """To the slapd at `port`.  mode: "pass", "hold" (bytes wait, nothing is
    closed), "drop" (new connections are closed at once)."""

    def __init__(self, port):
        self.target = ("127.0.0.1", int(port))
        self.mode = "pass"
        self.pieces = None              # bytes at a time towards the service
        self.passing = threading.Event()
        self.passing.set()
        super().__init__()

    def hold(self):
        self.passing.clear()

    def release(self):
        self.passing.set()

    def serve(self, client):
        if self.mode == "drop":
            client.close()
            return
        server = socket.create_connection(self.target)
        self.open.append(server)
        while True:
            ready, _, _ = select.select([client, server], [], [])
            self.passing.wait()
            for one in ready:
                data = one.recv(65536)
                if not data:
                    client.close()
                    server.close()
                    return
                if one is client:
                    server.sendall(data)
                else:
                    self._to_client(client, data)

    def _to_client(self, client, data):
        size = self.pieces or len(data)
        for at in range(0, len(data), size):
            client.sendall(data[at:at + size])


def extended_response(number, code):
    """An LDAP ExtendedResponse with a result code and nothing else."""
    return bytes([0x30, 0x0c, 0x02, 0x01, number, 0x78, 0x07,
                  0x0a, 0x01, code, 0x04, 0x00, 0x04, 0x00])


class FakeLdap(Listener):
    """starttls: "refuse", "silent" (agrees and says no more), or a context
    with which TLS is done; `heard` is all that came, in clear and inside."""

    def __init__(self, starttls="refuse"):
        self.starttls = starttls
        self.heard = b""
        super().__init__()

    def serve(self, client):
        first = client.recv(65536)
        self.heard += first
        if not first:
            return
        number = first[4]
        if self.starttls == "refuse":
            client.sendall(extended_response(number, 2))
        else:
            client.sendall(extended_response(number, 0))
        if isinstance(self.starttls, ssl.SSLContext):
            client = self.starttls.wrap_socket(client, server_side=True)
        while True:
            data = client.recv(65536)
            if not data:
                return
            self.heard += data


def certificate(folder, names=("localhost",), addresses=("127.0.0.1",),
                days=(-1, 30), ca=None):
    """A key and a certificate in folder/x.pem, self-signed or by ca, which
    is what an earlier call gave: (path, key, certificate)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(
        NameOID.COMMON_NAME, "server" if ca else "authority")])
    now = datetime.datetime.utcnow()
    found = (x509.CertificateBuilder().subject_name(name)
             .issuer_name(ca[2].subject if ca else name)
             .public_key(key.public_key())
             .serial_number(x509.random_serial_number())
             .not_valid_before(now + datetime.timedelta(days=days[0]))
             .not_valid_after(now + datetime.timedelta(days=days[1]))
             .add_extension(x509.BasicConstraints(ca is None, None), True)
             .add_extension(x509.SubjectAlternativeName(
                 [x509.DNSName(n) for n in names]
                 + [x509.IPAddress(ipaddress.ip_address(a))
                    for a in addresses]), False)
             .sign(ca[1] if ca else key, hashes.SHA256()))
    path = folder / f"{x509.random_serial_number():x}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM,
                          serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption())
        + found.public_bytes(serialization.Encoding.PEM))
    path.chmod(0o600)
    return path, key, found


def server_context(path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
