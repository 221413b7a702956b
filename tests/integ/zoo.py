# SPDX-License-Identifier: Apache-2.0
"""Certificates of people, good and odd, made for the tests of EXTERNAL.

    authority = Authority("campus")
    badge = authority.badge(names=[xmpp("lucia@localhost")])
    badge.write(folder)                     # a PEM file: key, certificate, chain
"""

import datetime
import functools
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
UTF8, PRINTABLE, IA5, BMP, OCTETS = 0x0c, 0x13, 0x16, 0x1e, 0x04


def der(tag, value):
    size = len(value)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + value


def xmpp(address, tag=UTF8):
    """An id-on-xmppAddr; bytes are taken as they are."""
    data = address if isinstance(address, bytes) else address.encode()
    return x509.OtherName(XMPP_ADDR, der(tag, data))


def mail(address):
    """An rfc822Name, whatever it says."""
    return x509.RFC822Name._init_without_validation(address)


def now():
    return datetime.datetime.utcnow()


def days(number):
    return now() + datetime.timedelta(days=number)


@functools.lru_cache(None)
def key_of(kind):
    """Keys are slow to make, and nothing here depends on which it is."""
    if kind == "rsa1024":
        return rsa.generate_private_key(65537, 1024)
    return ec.generate_private_key(ec.SECP256R1())


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)


class Badge:
    """A certificate, its key, and the chain above it."""

    def __init__(self, certificate, key, chain=()):
        self.certificate, self.key, self.chain = certificate, key, chain

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def write(self, folder):
        path = folder / f"{uuid.uuid4().hex}.pem"
        path.write_bytes(
            self.key.private_bytes(serialization.Encoding.PEM,
                                   serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption())
            + b"".join(map(pem, [self.certificate, *self.chain])))
        return path


class Authority:
    """Signs; `above` signed it, or it signed itself."""

    def __init__(self, name, above=None, is_authority=True, valid=(-10, 10)):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = key_of(f"authority {name} {above} {id(self)}")
        builder = self._builder(self.name, self.key, valid).add_extension(
            x509.BasicConstraints(is_authority, None), True).add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()),
            False)
        self.certificate = (above or self).sign(builder)
        self.chain = () if above is None else (self.certificate,)

    @staticmethod
    def _builder(subject, key, valid):
        return (x509.CertificateBuilder().subject_name(subject)
                .public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(days(valid[0]))
                .not_valid_after(days(valid[1])))

    def sign(self, builder, hash_=None):
        builder = builder.issuer_name(self.name).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self.key.public_key()), False)
        return builder.sign(self.key, hash_ or hashes.SHA256())

    def badge(self, names=(), usage=(CLIENT,), valid=(-1, 1), subject="Persona",
              key="ec", serial=None, hash_=None, signs_itself=False):
        key = key_of(key)
        builder = self._builder(x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, subject)]), key, valid)
        if serial is not None:
            builder._serial_number = serial
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(list(names)), False)
        if usage:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage(list(usage)), False)
        if signs_itself:
            signed = builder.issuer_name(x509.Name([x509.NameAttribute(
                NameOID.COMMON_NAME, subject)])).sign(key, hashes.SHA256())
        else:
            signed = self.sign(builder, hash_)
        return Badge(signed, key, self.chain)

    def revoked(self, *badges, valid=(-1, 1)):
        """A list of revoked certificates, PEM."""
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(self.name).last_update(days(valid[0]))
                   .next_update(days(valid[1])))
        for badge in badges:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(badge.certificate.serial_number)
                .revocation_date(days(-1)).build())
        return pem(builder.sign(self.key, hashes.SHA256()))
