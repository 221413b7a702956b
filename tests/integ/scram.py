# SPDX-License-Identifier: Apache-2.0
"""The client's side of SCRAM (RFC 5802, 7677), made to be bent by tests.

The messages are built in steps that a test may change in between: the header
(gs2, bare), the nonce, the binding data, the proof.  `verify` checks the
server's signature, so a server that does not know the password fails too.
"""

import base64
import hashlib
import hmac
import os

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256",
          "SCRAM-SHA-512": "sha512"}


def b64(data):
    return base64.b64encode(data).decode()


def escaped(name):
    return name.replace("=", "=3D").replace(",", "=2C")


def fields(message):
    """r=…,s=…,i=… as a dictionary."""
    return dict(part.split("=", 1) for part in message.split(","))


class Scram:
    """One exchange.  binding: None, or (type, data) for a -PLUS mechanism."""

    def __init__(self, mechanism, user, password, binding=None, gs2=None,
                 nonce=None):
        self.mechanism = mechanism
        self.hash = HASHES[mechanism.removesuffix("-PLUS")]
        self.password = password
        self.binding = binding
        if gs2 is None:
            gs2 = f"p={binding[0]},," if binding else "n,,"
        self.gs2 = gs2
        self.nonce = nonce or b64(os.urandom(18))
        self.bare = f"n={escaped(user)},r={self.nonce}"

    def first(self):
        return self.gs2 + self.bare

    def _hmac(self, key, text):
        return hmac.digest(key, text.encode(), self.hash)

    def final(self, server_first, binding_data=None, proof_bytes=None):
        """client-final; the keyword arguments replace the right values."""
        given = fields(server_first)
        self.iterations = int(given["i"])
        salted = hashlib.pbkdf2_hmac(
            self.hash, self.password.encode(), base64.b64decode(given["s"]),
            self.iterations)
        if binding_data is None:
            binding_data = self.binding[1] if self.binding else b""
        bound = b64(self.gs2.encode() + binding_data)
        without_proof = f"c={bound},r={given['r']}"
        message = f"{self.bare},{server_first},{without_proof}"
        client_key = self._hmac(salted, "Client Key")
        stored = hashlib.new(self.hash, client_key).digest()
        signature = self._hmac(stored, message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self.server_signature = self._hmac(
            self._hmac(salted, "Server Key"), message)
        return f"{without_proof},p={b64(proof_bytes or proof)}"

    def verify(self, server_final):
        assert server_final == "v=" + b64(self.server_signature)
