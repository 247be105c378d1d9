"""X.509 around the es256 keys: the centre signs itself, and signs each terminal at enrolment, so that a
third party needs the centre's public key alone to know whose signature is under a record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

from edge.errors import EdgeError
from edge.suites.es256 import SignPrivate, SignPublic

CERT_BYTES_MAX: Final = 4096


class Paper(Struct, frozen=True):
    """What a certificate says: CN (a terminal's name, or "centre"), O (the institution's code), the
    key, and when it counts."""

    name: str
    organisation: str
    key: SignPublic
    begins_utc_ms: int
    ends_utc_ms: int


def self_signed(private: SignPrivate, name: str, begins_utc_ms: int, days: int) -> bytes:
    """The centre's own certificate, DER."""
    return _issue(private, private.public_key(), (name, ""), (name, ""), begins_utc_ms, days)


def issue(  # noqa: PLR0917 - whose hand, whose key, who, when
    private: SignPrivate,
    issuer: str,
    public: SignPublic,
    name: str,
    organisation: str,
    begins_utc_ms: int,
    days: int,
) -> bytes:
    """A terminal's certificate by the centre's hand, DER."""
    return _issue(private, public, (name, organisation), (issuer, ""), begins_utc_ms, days)


def read(der: bytes) -> Paper:
    """What it says; nothing is verified. EdgeError E-PRF-02."""
    with _reading():  # fields are parsed when they are asked for
        cert = _load(der)
        key = cert.public_key()
        p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        if not p256:
            raise ValueError("not of a P-256 key")
        assert isinstance(key, ec.EllipticCurvePublicKey), "just looked"
        return Paper(
            name=_one(cert.subject, NameOID.COMMON_NAME),
            organisation=_one(cert.subject, NameOID.ORGANIZATION_NAME),
            key=key,
            begins_utc_ms=_ms(cert.not_valid_before_utc),
            ends_utc_ms=_ms(cert.not_valid_after_utc),
        )


def der_of(pem: bytes) -> bytes:
    """The DER of a certificate in PEM form. EdgeError E-PRF-02."""
    with _reading():
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def pem_of(der: bytes) -> bytes:
    """A certificate as people keep it in files."""
    return _load(der).public_bytes(serialization.Encoding.PEM)


def signed_by(der: bytes, key: SignPublic) -> bool:
    """Whether this key signed the certificate."""
    with _reading():
        cert = _load(der)
        algorithm = cert.signature_hash_algorithm
        if not isinstance(algorithm, hashes.SHA256):
            return False
        try:
            key.verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(algorithm))
        except InvalidSignature:
            return False
        return True


def _issue(  # noqa: PLR0917
    private: SignPrivate,
    public: SignPublic,
    subject: tuple[str, str],
    issuer: tuple[str, str],
    begins_utc_ms: int,
    days: int,
) -> bytes:
    begins = datetime.fromtimestamp(begins_utc_ms // 1000, UTC)
    ca = subject == issuer
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(*subject))
        .issuer_name(_name(*issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def _name(name: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _load(der: bytes) -> x509.Certificate:
    if len(der) > CERT_BYTES_MAX:
        raise EdgeError("E-PRF-02", "a certificate is too long")
    return x509.load_der_x509_certificate(der)


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever the library says of a certificate that is none."""
    try:
        yield
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise EdgeError("E-PRF-02", f"a certificate is not readable: {error}") from error


def _one(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
