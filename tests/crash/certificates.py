"""Certificates for one test: an authority, and what it, or somebody else, issues for brokers and clients."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """PEM files of one holder."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates; its own is `certificate`."""

    def __init__(self, directory: Path, name: str = "fleet") -> None:
        """Make its key and its own certificate."""
        self._directory, self._name = directory, _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        built = (
            _builder(self._name, self._name, self._key, -DAY, 10 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        self.certificate = directory / f"{name}-ca.pem"
        self.certificate.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue_server(
        self,
        file: str,
        *hosts: str,
        begins: timedelta = -DAY,
        ends: timedelta = DAY,
        signed_by_itself: bool = False,
    ) -> Identity:
        """Issue a broker's certificate for host names and addresses; `begins`, `ends`: from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (_name(file), key) if signed_by_itself else (self._name, self._key)
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        built = (
            _builder(_name(file), issuer, key, begins, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        return self._write(file, built.sign(signer, hashes.SHA256()), key)

    def issue_client(
        self,
        name: str,
        *,
        begins: timedelta = -DAY,
        ends: timedelta = DAY,
        password: bytes | None = None,
    ) -> Identity:
        """Issue a client's certificate; its common name is what a broker takes for the user's name."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = (
            _builder(_name(name), self._name, key, begins, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        return self._write(name, built.sign(self._key, hashes.SHA256()), key, password)

    def _write(
        self,
        name: str,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        password: bytes | None = None,
    ) -> Identity:
        file = quote(name, safe="") or "nameless"
        identity = Identity(self._directory / f"{file}.pem", self._directory / f"{file}.key")
        identity.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        locked = NoEncryption() if password is None else BestAvailableEncryption(password)
        identity.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
        return identity


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begins: timedelta,
    ends: timedelta,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


def _name(common: str) -> x509.Name:
    if not common:
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nobody")])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
