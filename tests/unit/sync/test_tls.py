"""Whose certificate the uplink believes: a handshake in memory, without a broker."""

import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from locker.sync.settings import Tls

NOW = datetime.now(UTC)
FLIGHTS = 4


class Authority:
    """Signs certificates of brokers."""

    def __init__(self, folder: Path, name: str) -> None:
        """Make its own, and put it beside what it will sign."""
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        own = self._begun(self._name, self._key, NOW + timedelta(days=1))
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def broker(self, host: str, *, until: datetime = NOW + timedelta(days=1)) -> ssl.SSLContext:
        """Make a broker with a certificate for a host."""
        key = ec.generate_private_key(ec.SECP256R1())
        begun = self._begun(x509.Name([]), key, until)
        named = begun.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        file = self.folder / "broker.pem"
        file.write_bytes(
            named.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .subject_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=9))
            .not_valid_after(until)
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


def shake_hands(believed: Path, broker: ssl.SSLContext) -> None:
    """Connect to `mqtt.example` over nothing but memory; SSLError if either refuses."""
    to_broker, to_us = ssl.MemoryBIO(), ssl.MemoryBIO()
    us = Tls(believed).context().wrap_bio(to_us, to_broker, server_hostname="mqtt.example")
    them = broker.wrap_bio(to_broker, to_us, server_side=True)
    for side in (us, them) * FLIGHTS:
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert us.version() is not None


def test_the_broker_of_the_authority_that_was_named_is_believed(authority: Authority) -> None:
    shake_hands(authority.file, authority.broker("mqtt.example"))


def test_another_authority_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(Authority(tmp_path, "theirs").file, authority.broker("mqtt.example"))


def test_a_broker_under_another_name_is_not_believed(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mqtt\.example"):
        shake_hands(authority.file, authority.broker("mqtt.example.org"))


def test_a_certificate_that_has_ended_is_not_believed(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(authority.file, authority.broker("mqtt.example", until=NOW - timedelta(days=1)))


def test_an_old_version_of_tls_is_not_spoken(authority: Authority) -> None:
    old = authority.broker("mqtt.example")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL|VERSION|protocol|version"):
        shake_hands(authority.file, old)
