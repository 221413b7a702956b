# SPDX-License-Identifier: Apache-2.0
"""SASL-20: logging in by a client certificate (XEP-0178, RFC 6120 §13.7).

A zoo of certificates, each with what comes of it: IN; NOT_OFFERED, and EXTERNAL
refused all the same; or the condition of the failure.
"""

import ssl
import subprocess
import types

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from faults import Proxy
from rawclient import SASL, SaslFailure, Stream, StreamError, mechanisms
from service import Service, build, conf_text
from world import wait_for
from zoo import (BMP, CLIENT, IA5, OCTETS, PRINTABLE, Authority, mail,
                 pem, xmpp)

IN, NOT_OFFERED = "in", "not-offered"
AUTHZID, REFUSED = "invalid-authzid", "not-authorized"


@pytest.fixture(scope="module")
def ca():
    """Ours; below it; one that only looks like ours; another one."""
    root = Authority("Campus")
    below = Authority("Campus, below", above=root)
    return types.SimpleNamespace(
        root=root, below=below, twin=Authority("Campus"),
        other=Authority("Elsewhere"),
        no_authority=Authority("Campus, nobody", above=root,
                               is_authority=False))


def written(path, *texts):
    path.write_bytes(b"".join(texts))
    return path


@pytest.fixture(scope="module")
def asking(shared_world, tmp_path_factory, ca):
    """A service that asks for certificates and believes what they say."""
    folder = tmp_path_factory.mktemp("asking")
    settings = {"tls.client_ca_file": written(folder / "ca.pem",
                                              pem(ca.root.certificate))}
    with Service(shared_world, folder / "s", settings) as service:
        yield service


def connect(service, badge, folder, newest="TLSv1_3", tls="direct"):
    context = ssl.create_default_context(cafile=service.env["CA_FILE"])
    context.maximum_version = ssl.TLSVersion[newest]
    if badge is not None:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")     # weak ones load too
        context.load_cert_chain(badge.write(folder))
    return Stream(service, tls, context=context)


def outcome(stream, authzid=""):
    """What becomes of EXTERNAL: IN, NOT_OFFERED, or a condition."""
    offered = mechanisms(stream.secured())
    try:
        answer = stream.auth("EXTERNAL", authzid)
        assert answer.tag == f"{{{SASL}}}success"
    except SaslFailure as why:
        if "EXTERNAL" not in offered:
            assert why.condition == "invalid-mechanism"
            return NOT_OFFERED
        return why.condition
    assert offered[0] == "EXTERNAL"
    return IN


def who(stream):
    """The bare address of a stream that was let in."""
    stream.restart()
    return stream.bind("r").partition("/")[0]


# ---- the zoo ----

def otherwise(**more):
    """A certificate with the person's address, and something odd."""
    return lambda ca, p: ca.root.badge([xmpp(p.jid)], **more)


def names(*make):
    return lambda ca, p: ca.root.badge([one(p) for one in make])


def by(authority):
    return lambda ca, p: getattr(ca, authority).badge([xmpp(p.jid)])


ZOO = {
    # good ones
    "good": (names(lambda p: xmpp(p.jid)), IN),
    "in capitals": (names(lambda p: xmpp(p.jid.upper())), IN),
    "by an authority below": (by("below"), IN),
    "with other names": (names(
        lambda p: x509.DNSName("localhost"), lambda p: xmpp(p.jid),
        lambda p: x509.UniformResourceIdentifier("xmpp:eva@localhost"),
        lambda p: mail("eva@localhost")), IN),
    "the same address twice": (names(
        lambda p: xmpp(p.jid), lambda p: xmpp(p.jid.upper())), IN),
    "one here, one elsewhere": (names(
        lambda p: xmpp(f"{p.uid}@example.net"), lambda p: xmpp(p.jid)), IN),
    "for more than TLS": (otherwise(
        usage=[CLIENT, ExtendedKeyUsageOID.EMAIL_PROTECTION]), IN),
    # signed by somebody else
    "other authority": (by("other"), NOT_OFFERED),
    "an authority of the same name": (by("twin"), NOT_OFFERED),
    "by one who is no authority": (by("no_authority"), NOT_OFFERED),
    "self-signed": (otherwise(signs_itself=True), NOT_OFFERED),
    "self-signed, in the authority's name": (
        otherwise(signs_itself=True, subject="Campus"), NOT_OFFERED),
    "a weak key": (otherwise(key="rsa1024"), NOT_OFFERED),
    "signed with SHA-1": (otherwise(hash_=hashes.SHA1()), NOT_OFFERED),
    # not of today, not for this
    "expired": (otherwise(valid=(-2, -1)), NOT_OFFERED),
    "not yet valid": (otherwise(valid=(1, 2)), NOT_OFFERED),
    "without extended key usage": (otherwise(usage=()), NOT_OFFERED),
    "for servers": (otherwise(
        usage=[ExtendedKeyUsageOID.SERVER_AUTH]), NOT_OFFERED),
    "for anything": (otherwise(
        usage=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), NOT_OFFERED),
    # names that are no name of ours
    "no name at all": (names(), NOT_OFFERED),
    "right name in CN only": (
        lambda ca, p: ca.root.badge(subject=p.jid), NOT_OFFERED),
    "a name like a subject": (
        lambda ca, p: ca.root.badge(subject=f"x, CN={p.jid}"), NOT_OFFERED),
    "xmpp: URI only": (names(lambda p: x509.UniformResourceIdentifier(
        f"xmpp:{p.jid}")), NOT_OFFERED),
    "mail address only": (names(lambda p: mail(p.jid)), NOT_OFFERED),
    "xmppAddr of another domain": (
        names(lambda p: xmpp(f"{p.uid}@example.net")), NOT_OFFERED),
    "of a domain below": (
        names(lambda p: xmpp(f"{p.jid}.example.net")), NOT_OFFERED),
    "of the domain itself": (names(lambda p: xmpp("localhost")), NOT_OFFERED),
    "with a resource": (names(lambda p: xmpp(f"{p.jid}/phone")), NOT_OFFERED),
    "no address": (names(lambda p: xmpp("@localhost")), NOT_OFFERED),
    "empty": (names(lambda p: xmpp("")), NOT_OFFERED),
    # odd encodings
    "NUL behind it": (
        names(lambda p: xmpp(f"{p.jid}\0.example.net")), NOT_OFFERED),
    "NUL before the domain": (
        names(lambda p: xmpp(f"{p.uid}\0@localhost")), NOT_OFFERED),
    "a line break": (
        names(lambda p: xmpp(f"eva@example.net\njid {p.jid}")), NOT_OFFERED),
    "a space in front": (names(lambda p: xmpp(f" {p.jid}")), NOT_OFFERED),
    "Latin-1": (names(lambda p: xmpp(b"\xf1" + p.jid.encode())), NOT_OFFERED),
    "overlong UTF-8": (
        names(lambda p: xmpp(b"\xc1\xa1@localhost")), NOT_OFFERED),
    "IA5String": (names(lambda p: xmpp(p.jid, IA5)), NOT_OFFERED),
    "PrintableString": (names(lambda p: xmpp(p.jid, PRINTABLE)), NOT_OFFERED),
    "BMPString": (names(
        lambda p: xmpp(p.jid.encode("utf-16-be"), BMP)), NOT_OFFERED),
    "OctetString": (names(lambda p: xmpp(p.jid, OCTETS)), NOT_OFFERED),
    "a good one and a bad one": (names(
        lambda p: xmpp(p.jid), lambda p: xmpp("eva\0@localhost")), NOT_OFFERED),
    "too long": (names(
        lambda p: xmpp("x" * 1100 + "@localhost")), NOT_OFFERED),
    "too many": (names(*[lambda p, i=i: xmpp(f"p{i}@localhost")
                         for i in range(8)], lambda p: xmpp(p.jid)),
                 NOT_OFFERED),
    # who is it?
    "two addresses": (names(lambda p: xmpp(p.jid),
                            lambda p: xmpp("eva@localhost")), AUTHZID),
    "nobody of that name": (
        names(lambda p: xmpp("nadie-nunca@localhost")), REFUSED),
    "no certificate": (lambda ca, p: None, NOT_OFFERED),
}


@pytest.mark.filterwarnings("ignore:SHA1 signatures")
@pytest.mark.parametrize("newest", ["TLSv1_3", "TLSv1_2"])
@pytest.mark.parametrize("kind", ZOO)
def test_sasl_20_zoo(asking, ca, tmp_path, somebody, kind, newest):
    make, expected = ZOO[kind]
    with connect(asking, make(ca, somebody), tmp_path, newest) as stream:
        assert outcome(stream) == expected
        if expected == IN:
            assert who(stream) == somebody.jid


def test_by_starttls(asking, ca, tmp_path, somebody):
    with connect(asking, ca.root.badge([xmpp(somebody.jid)]), tmp_path,
                 tls=None) as stream:
        assert outcome(stream) == IN
        assert who(stream) == somebody.jid


@pytest.mark.parametrize("kind", ["no certificate", "expired",
                                  "other authority", "IA5String"])
def test_a_password_counts_all_the_same(asking, ca, tmp_path, somebody, kind):
    with connect(asking, ZOO[kind][0](ca, somebody), tmp_path) as stream:
        stream.secured()
        stream.login(somebody)
        assert stream.bind("r") == f"{somebody.jid}/r"


# ---- on whose behalf ----

@pytest.mark.parametrize("authzid, expected", [
    ("{uid}", IN), ("{jid}", IN), ("{JID}", IN), ("eva", AUTHZID),
    ("eva@localhost", AUTHZID), ("{uid}@example.net", AUTHZID),
    ("{jid}/phone", AUTHZID), ("localhost", AUTHZID), ("@", AUTHZID),
    ("{uid}\0", "malformed-request"), (b"_", "incorrect-encoding"),
    (b"/w==", "malformed-request")])
def test_sasl_01_authzid(asking, ca, tmp_path, somebody, authzid, expected):
    if isinstance(authzid, str):
        authzid = authzid.format(uid=somebody.uid, jid=somebody.jid,
                                 JID=somebody.jid.upper())
    with connect(asking, ca.root.badge([xmpp(somebody.jid)]),
                 tmp_path) as stream:
        assert outcome(stream, authzid) == expected
        if expected == IN:
            assert who(stream) == somebody.jid


def test_sasl_20_certificate_of_another_person(asking, ca, tmp_path, somebody):
    """It is the other person, and nobody else."""
    other = asking.world.person()
    badge = ca.root.badge([xmpp(other.jid)], subject=somebody.jid)
    with connect(asking, badge, tmp_path) as stream:
        assert outcome(stream, somebody.jid) == AUTHZID
    with connect(asking, badge, tmp_path) as stream:
        assert outcome(stream) == IN
        assert who(stream) == other.jid


def test_one_of_two_addresses_is_chosen(asking, ca, tmp_path, somebody):
    other = asking.world.person()
    badge = ca.root.badge([xmpp(other.jid), xmpp(somebody.jid)])
    for one in (other, somebody):
        with connect(asking, badge, tmp_path) as stream:
            assert outcome(stream, one.jid) == IN
            assert who(stream) == one.jid
    with connect(asking, badge, tmp_path) as stream:
        assert outcome(stream, "eva@localhost") == AUTHZID


def test_without_initial_response(asking, ca, tmp_path, somebody):
    for authzid, expected in (("", IN), (somebody.uid, IN), ("eva", AUTHZID)):
        with connect(asking, ca.root.badge([xmpp(somebody.jid)]),
                     tmp_path) as stream:
            stream.secured()
            assert stream.auth("EXTERNAL").tag == f"{{{SASL}}}challenge"
            try:
                found = stream.response(authzid).tag == f"{{{SASL}}}success"
            except SaslFailure as why:
                found = why.condition
            assert (IN if found is True else found) == expected


def test_a_second_response_is_not_taken(asking, ca, tmp_path, somebody):
    with connect(asking, ca.root.badge([xmpp(somebody.jid)]),
                 tmp_path) as stream:
        stream.secured()
        for _ in range(2):          # a failure leaves nothing behind
            with pytest.raises(SaslFailure):
                stream.auth("EXTERNAL", "eva")
        stream.auth("EXTERNAL", "")
        assert who(stream) == somebody.jid


# ---- what the directory says of the account ----

@pytest.mark.parametrize("attributes", [
    {"shadowExpire": ["17000"]}, {"imStatus": ["suspended"]}])
def test_sasl_22_accounts_that_may_not_log_in(asking, ca, tmp_path, attributes):
    more = ({"objectClass": ["inetOrgPerson", "shadowAccount"], **attributes}
            if "shadowExpire" in attributes else {})
    person = asking.world.person(**more)
    badge = ca.root.badge([xmpp(person.jid)])
    if "imStatus" in attributes:
        with connect(asking, badge, tmp_path) as stream:
            assert outcome(stream) == IN
        (dn, _), = asking.world.search(
            "ou=profiles," + asking.world.env["IM_BASE"], f"(jid={person.jid})")
        asking.world.modify(dn, **attributes)
    with connect(asking, badge, tmp_path) as stream:
        assert outcome(stream) == REFUSED


def test_first_login_makes_the_profile(asking, ca, tmp_path):
    person = asking.world.person()
    with connect(asking, ca.root.badge([xmpp(person.jid)]), tmp_path) as stream:
        assert outcome(stream) == IN
        assert who(stream) == person.jid
    assert asking.world.profile(person)["imStatus"] == ["active"]
    assert "imScram" not in asking.world.profile(person)


def test_first_login_where_an_administrator_makes_profiles(
        world, ca, tmp_path, somebody):
    person = world.person()
    settings = {"ldap.provision": "admin", "tls.client_ca_file": written(
        tmp_path / "ca.pem", pem(ca.root.certificate))}
    with Service(world, tmp_path / "s", settings) as service:
        with connect(service, ca.root.badge([xmpp(person.jid)]),
                     tmp_path) as stream:
            assert outcome(stream) == REFUSED
    assert world.profile(person) is None


def test_sasl_10_directory_away(world, ca, tmp_path, somebody):
    port = world.env["LDAP_URI"].rpartition(":")[2].strip("/")
    with Proxy(port) as proxy:
        settings = {"ldap.uri": proxy.uri, "ldap.timeout": "500ms",
                    "sasl.certificate_names": "xmpp mail",
                    "tls.client_ca_file": written(
                        tmp_path / "ca.pem", pem(ca.root.certificate))}
        with Service(world, tmp_path / "s", settings) as service:
            badges = [ca.root.badge([xmpp(world.person().jid)]),
                      ca.root.badge([mail("eva@example.org")])]
            with connect(service, ca.root.badge([xmpp(somebody.jid)]),
                         tmp_path) as stream:
                assert outcome(stream) == IN
            proxy.hold()
            for badge in badges:
                with connect(service, badge, tmp_path) as stream:
                    assert outcome(stream) == "temporary-auth-failure"
            proxy.release()
            wait_for(lambda: outcome(connect(service, badges[0], tmp_path))
                     == IN, 30)


# ---- off, and on again ----

def test_off_without_an_authority(world, ca, tmp_path, somebody):
    with connect(world, ca.root.badge([xmpp(somebody.jid)]),
                 tmp_path) as stream:
        assert outcome(stream) == NOT_OFFERED


def test_reload_takes_other_authorities(world, ca, tmp_path, somebody):
    path = written(tmp_path / "ca.pem", pem(ca.root.certificate))
    mine, theirs = (one.badge([xmpp(somebody.jid)])
                    for one in (ca.root, ca.other))
    with Service(world, tmp_path / "s", {
            "tls.client_ca_file": path}) as service:
        assert outcome(connect(service, mine, tmp_path)) == IN
        path.write_text("none")
        service.hup()
        wait_for(lambda: "reload-refused" in service.log, 30)
        assert outcome(connect(service, mine, tmp_path)) == IN
        path.write_bytes(pem(ca.other.certificate))
        service.hup()
        wait_for(lambda: "info reloaded" in service.log, 30)
        assert outcome(connect(service, mine, tmp_path)) == NOT_OFFERED
        assert outcome(connect(service, theirs, tmp_path)) == IN


# ---- revoked ----

@pytest.fixture
def listing(world, tmp_path, ca):
    """A service with lists of revoked certificates."""
    def start(*lists, is_whole=True):
        lists = list(lists)
        if is_whole:
            lists.append(ca.below.revoked())
        services.append(Service(world, tmp_path / f"s{len(services)}", {
            "tls.client_ca_file": written(tmp_path / "ca.pem",
                                          pem(ca.root.certificate)),
            "tls.client_crl_file": written(tmp_path / "crl.pem", *lists)}))
        return services[-1].start()
    services = []
    yield start
    for one in services:
        one.stop()


def test_sasl_20_revoked(listing, ca, tmp_path, somebody):
    good, bad = (ca.root.badge([xmpp(somebody.jid)]) for _ in range(2))
    service = listing(ca.root.revoked(bad))
    assert outcome(connect(service, good, tmp_path)) == IN
    assert outcome(connect(service, bad, tmp_path)) == NOT_OFFERED
    assert outcome(connect(service, by("below")(ca, somebody),
                           tmp_path)) == IN


@pytest.mark.parametrize("kind", ["expired list", "list of another authority",
                                  "no list of the authority below"])
def test_sasl_20_nothing_is_known_of_revocation(listing, ca, tmp_path, somebody,
                                                kind):
    """Then nobody is let in by a certificate."""
    service = {
        "expired list": lambda: listing(ca.root.revoked(valid=(-2, -1))),
        "list of another authority": lambda: listing(ca.twin.revoked()),
        "no list of the authority below": lambda: listing(
            ca.root.revoked(), is_whole=False)}[kind]()
    badge = by("below")(ca, somebody)
    assert outcome(connect(service, badge, tmp_path)) == NOT_OFFERED


def test_sasl_20_revoked_authority(listing, ca, tmp_path, somebody):
    service = listing(ca.root.revoked(ca.below))
    assert outcome(connect(service, by("below")(ca, somebody),
                           tmp_path)) == NOT_OFFERED


def test_certificates_in_the_list_of_revoked_ones_are_not_trusted(
        listing, ca, tmp_path, somebody):
    service = listing(ca.root.revoked(), pem(ca.other.certificate),
                      ca.other.revoked())
    assert outcome(connect(service, by("other")(ca, somebody),
                           tmp_path)) == NOT_OFFERED


# ---- certificates that the directory knows ----

@pytest.fixture(scope="module")
def looking(shared_world, tmp_path_factory, ca):
    """A service that asks the directory whose they are; it also trusts an
    authority that took the first one's name."""
    folder = tmp_path_factory.mktemp("looking")
    settings = {"sasl.certificate_names": "xmpp mail entry",
                "tls.client_ca_file": written(folder / "ca.pem",
                                              pem(ca.root.certificate),
                                              pem(ca.twin.certificate))}
    with Service(shared_world, folder / "s", settings) as service:
        yield service


@pytest.mark.parametrize("spelling", [str, str.upper])
def test_by_mail_address(looking, ca, tmp_path, spelling):
    person = looking.world.person()
    address = f"{person.uid}.apellido@example.edu"
    looking.world.modify(person.dn, mail=[address, f"x-{address}"])
    badge = ca.root.badge([mail(spelling(address))])
    with connect(looking, badge, tmp_path) as stream:
        assert outcome(stream) == IN
        assert who(stream) == person.jid
    with connect(looking, badge, tmp_path) as stream:
        assert outcome(stream, person.jid) == IN
    with connect(looking, badge, tmp_path) as stream:
        assert outcome(stream, "eva@localhost") == AUTHZID


def test_mail_address_of_nobody_of_two_or_odd(looking, ca, tmp_path, somebody):
    one, two = looking.world.person(), looking.world.person()
    for person in (one, two):
        looking.world.modify(person.dn, mail=[f"{one.uid}@example.edu"])
    looking.world.modify(two.dn, mail=[f"{one.uid}@example.edu", "*@x"])
    for address, expected in (
            (f"{one.uid}@example.edu", REFUSED), ("nadie@example.edu", REFUSED),
            ("*", REFUSED), (f"{one.uid})(uid=*", REFUSED),
            (f"{one.uid}@example.edu\0", NOT_OFFERED),
            (f"{somebody.uid}\n", NOT_OFFERED)):
        badge = ca.root.badge([mail(address)])
        if expected == NOT_OFFERED:
            # Spoilt for names; the next way is not tried.
            assert outcome(connect(looking, badge, tmp_path)) == NOT_OFFERED
        else:
            assert outcome(connect(looking, badge, tmp_path)) == expected


def test_an_xmpp_address_decides_before_a_mail_address(looking, ca, tmp_path):
    person = looking.world.person()
    looking.world.modify(person.dn, mail=[f"{person.uid}@example.edu"])
    badge = ca.root.badge([xmpp("eva@example.net"),
                           mail(f"{person.uid}@example.edu")])
    assert outcome(connect(looking, badge, tmp_path)) == NOT_OFFERED


def test_by_the_certificate_in_the_entry(looking, ca, tmp_path):
    person, other = looking.world.person(), looking.world.person()
    badge = ca.root.badge(subject="whoever")
    looking.world.modify(person.dn, **{"userCertificate;binary": [
        ca.root.badge().der, badge.der]})
    looking.world.modify(other.dn, **{"userCertificate;binary": [
        ca.root.badge().der]})
    with connect(looking, badge, tmp_path) as stream:
        assert outcome(stream) == IN
        assert who(stream) == person.jid
    assert outcome(connect(looking, ca.root.badge(subject="whoever"),
                           tmp_path)) == REFUSED


def test_same_issuer_and_serial_number_are_not_enough(looking, ca, tmp_path):
    person = looking.world.person()
    badge = ca.root.badge()
    looking.world.modify(person.dn,
                         **{"userCertificate;binary": [badge.der]})
    forged = ca.twin.badge(serial=badge.certificate.serial_number)
    assert forged.certificate.issuer == badge.certificate.issuer
    assert outcome(connect(looking, badge, tmp_path)) == IN
    assert outcome(connect(looking, forged, tmp_path)) == REFUSED


@pytest.mark.parametrize("settings, said", [
    ({"tls.client_ca_file": "/nonexistent"}, "[tls] client_ca_file"),
    ({"tls.client_crl_file": "/nonexistent"}, "[tls] client_crl_file"),
    ({"tls.client_crl_file": "/dev/null"}, "needs client_ca_file"),
    ({"sasl.certificate_names": "xmpp cn"}, "cn is none of xmpp"),
    ({"sasl.certificate_names": ""}, "name at least one")])
def test_settings_that_cannot_be(world, tmp_path, settings, said):
    conf = tmp_path / "t.conf"
    conf.write_text(conf_text((world.state / "tertulia.conf").read_text(),
                              settings))
    done = subprocess.run([build() / "tertuliad", "-t", "-c", conf], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and said in done.stdout + done.stderr


# ---- the end of a certificate (RFC 6120 §13.7.2.3) ----

def here(service, badge, folder, jid):
    """A stream that is in by its certificate."""
    stream = connect(service, badge, folder)
    assert outcome(stream) == IN
    stream.restart()
    assert stream.bind().startswith(f"{jid}/")
    return stream


def ending(stream):
    """The condition and the text of the stream's error."""
    try:
        while True:
            stream.next(30)
    except StreamError as why:
        return why.condition, "".join(why.element[1].itertext())


def is_there(stream):
    stream.send("<iq type='get' id='there'><ping xmlns='urn:xmpp:ping'/></iq>")
    answer = stream.next(30)
    return answer.get("id") == "there" and answer.get("type") == "result"


SOON = 8 / 86400                                # days


@pytest.mark.parametrize("what", ["the certificate", "an authority above it"])
def test_session_ends_when_it_expires(asking, ca, tmp_path, somebody, what):
    names = [xmpp(somebody.jid)]
    badge = (ca.root.badge(names, valid=(-1, SOON)) if what == "the certificate"
             else Authority("soon", above=ca.root, valid=(-1, SOON)).badge(names))
    with connect(asking, badge, tmp_path) as by_password, \
            here(asking, badge, tmp_path, somebody.jid) as stream, \
            here(asking, ca.root.badge(names), tmp_path, somebody.jid) as later:
        by_password.secured()
        by_password.login(somebody)
        by_password.bind("p")
        assert ending(stream) == ("reset", "The certificate has expired.")
        assert is_there(later) and is_there(by_password)


@pytest.fixture
def revoking(world, ca, tmp_path):
    """A service with a list of revoked certificates, and how it gets another."""
    authorities, lists = tmp_path / "ca.pem", tmp_path / "crl.pem"
    written(authorities, pem(ca.root.certificate))
    written(lists, ca.root.revoked(), ca.below.revoked())
    with Service(world, tmp_path / "s", {
            "tls.client_ca_file": authorities,
            "tls.client_crl_file": lists}) as service:
        def reload(authority=ca.root, crls=(ca.root.revoked(), ca.below.revoked())):
            done = service.log.count("reloaded")
            written(authorities, pem(authority.certificate))
            written(lists, *crls)
            service.hup()
            wait_for(lambda: service.log.count("reloaded") > done, 30)
        service.reload = reload
        yield service


@pytest.mark.parametrize("days", [(-1, 1), (-2, -1)])
def test_session_ends_when_it_is_revoked(revoking, ca, tmp_path, somebody, days):
    """Also by a list that is out of date, which lets nobody in any more."""
    badge, other = (ca.root.badge([xmpp(somebody.jid)]) for _ in range(2))
    with here(revoking, badge, tmp_path, somebody.jid) as stream, \
            here(revoking, other, tmp_path, somebody.jid) as stays, \
            connect(revoking, badge, tmp_path) as by_password:
        by_password.secured()
        by_password.login(somebody)
        by_password.bind("p")
        revoking.reload(crls=[ca.root.revoked(badge, valid=days)])
        assert ending(stream) == ("reset", "The certificate is not valid any more.")
        assert is_there(stays) and is_there(by_password)
        assert 'certificate-ended' in revoking.log and "revoked" in revoking.log


def test_session_ends_with_an_authority_that_is_revoked(revoking, ca, tmp_path,
                                                        somebody):
    with here(revoking, ca.below.badge([xmpp(somebody.jid)]), tmp_path,
              somebody.jid) as stream:
        revoking.reload(crls=[ca.root.revoked(ca.below), ca.below.revoked()])
        assert ending(stream)[0] == "reset"


def test_session_ends_with_an_authority_that_is_trusted_no_more(
        revoking, ca, tmp_path, somebody):
    with here(revoking, ca.root.badge([xmpp(somebody.jid)]), tmp_path,
              somebody.jid) as stream:
        revoking.reload(authority=ca.other, crls=[ca.other.revoked()])
        assert ending(stream)[0] == "reset"


def test_session_stays_when_nothing_is_known(revoking, ca, tmp_path, somebody):
    """No list, a list that is out of date, a reload that is refused: none of them
    says that a certificate is bad."""
    badge = ca.root.badge([xmpp(somebody.jid)])
    with here(revoking, badge, tmp_path, somebody.jid) as stream:
        revoking.reload(crls=[ca.below.revoked()])
        assert is_there(stream)
        revoking.reload(crls=[ca.root.revoked(valid=(-2, -1))])
        assert is_there(stream)
        refused = revoking.log.count("reload-refused")
        (tmp_path / "crl.pem").write_bytes(b"no list")
        revoking.hup()
        wait_for(lambda: revoking.log.count("reload-refused") > refused, 30)
        assert is_there(stream)
        with connect(revoking, badge, tmp_path) as late:
            assert outcome(late) == NOT_OFFERED


def test_many_sessions_are_looked_at_after_a_reload(revoking, ca, tmp_path,
                                                    somebody):
    good = ca.root.badge([xmpp(somebody.jid)])
    bad = [ca.root.badge([xmpp(somebody.jid)]) for _ in range(3)]
    streams = []
    try:
        for i in range(9):
            badge = bad[i % 3] if i % 2 else good
            streams.append((badge, here(revoking, badge, tmp_path, somebody.jid)))
        revoking.reload(crls=[ca.root.revoked(*bad)])
        for badge, stream in streams:
            if badge is not good:
                assert ending(stream)[0] == "reset"
        for badge, stream in streams:
            if badge is good:
                assert is_there(stream)
    finally:
        for _, stream in streams:
            stream.__exit__(None, None, None)
