"""Suite es256: ECDSA P-256 with SHA-256 (COSE alg -7), sealing by HPKE X25519 / HKDF-SHA256 /
AES-128-GCM (RFC 9180).

Signatures are raw r || s with s in the lower half of the group order: signers make it so and
verifiers insist, because (r, n - s) is valid as well and would give anybody on the way a second
encoding of the same record with another hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from edge.errors import EdgeError
from edge.wire import cbor

NAME = "es256"
ALG = -7
KID_BYTES = 8
SEAL_PUBLIC_BYTES = 32
_COORDINATE = 32
_ORDER = (
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # n of P-256, SEC 2 §2.4.2
)
_VERIFY = ec.ECDSA(hashes.SHA256())
# RFC 6979: signing needs no random number, so a board short of entropy cannot leak its key
_SIGN = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)

SignPrivate = ec.EllipticCurvePrivateKey
SignPublic = ec.EllipticCurvePublicKey
SealPrivate = x25519.X25519PrivateKey
SealPublic = x25519.X25519PublicKey


class Es256Signer:
    """Signs with a private key in memory."""

    def __init__(self, private: SignPrivate) -> None:
        assert isinstance(private.curve, ec.SECP256R1), "ES256 is P-256"
        self._private = private
        self._kid = kid_of(private.public_key())

    @property
    def kid(self) -> bytes:
        """`kid_of` the public key."""
        return self._kid

    @property
    def alg(self) -> int:
        """COSE -7."""
        return ALG

    def sign(self, message: bytes) -> bytes:
        """Raw r || s, 64 bytes, with the lower s."""
        return raw_low_s(self._private.sign(message, _SIGN))


class Es256Verifier:
    """Verifies with the public keys it knows, by kid."""

    def __init__(self, keys: Mapping[bytes, SignPublic]) -> None:
        self._keys = dict(keys)

    @classmethod
    def of(cls, *keys: SignPublic) -> Es256Verifier:
        """A verifier that knows exactly these keys."""
        return cls({kid_of(key): key for key in keys})

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool:
        """False for an unknown key, another algorithm, a high s or a wrong signature."""
        key = self._keys.get(kid)
        if key is None or alg != ALG or len(signature) != 2 * _COORDINATE:
            return False
        r, s = (
            int.from_bytes(signature[:_COORDINATE], "big"),
            int.from_bytes(signature[_COORDINATE:], "big"),
        )
        if not (0 < r < _ORDER and 0 < s <= _ORDER // 2):
            return False
        try:
            key.verify(encode_dss_signature(r, s), message, _VERIFY)
        except InvalidSignature:
            return False
        return True


class HpkeSealer:
    """Seals to one public key; the sealed form is enc (32 bytes) || ciphertext."""

    def __init__(self, public: SealPublic) -> None:
        self._public = public

    def seal(self, info: str, aad: bytes, plaintext: bytes) -> bytes:
        """48 bytes longer than the plaintext; different each time."""
        return _HPKE.encrypt(plaintext, self._public, info=_context(info, aad))


class HpkeOpener:
    """Opens what was sealed to its key. EdgeError E-WIR-06 for everything else."""

    def __init__(self, private: SealPrivate) -> None:
        self._private = private

    def open(self, info: str, aad: bytes, sealed: bytes) -> bytes:
        """The plaintext, when purpose, place and key are those it was sealed with."""
        try:
            return _HPKE.decrypt(sealed, self._private, info=_context(info, aad))
        except (InvalidTag, ValueError) as error:
            raise EdgeError(
                "E-WIR-06",
                "a sealed part does not open",
                "sealed to another key, or moved, or changed",
            ) from error


# What every suite calls its four parts
Signer, Verifier, Sealer, Opener = Es256Signer, Es256Verifier, HpkeSealer, HpkeOpener


def _context(info: str, aad: bytes) -> bytes:
    """HPKE's `info`: purpose and place together. `cryptography` 50 takes no aad in its public
    one-shot calls, and for one message per context the key schedule binds `info` exactly as the
    AEAD would bind aad."""
    return cbor.dumps([info, aad])


def raw_low_s(der: bytes) -> bytes:
    """A DER signature (from a file key, a TPM, a token) as raw r || s with the lower s."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_COORDINATE, "big") + min(s, _ORDER - s).to_bytes(_COORDINATE, "big")


def kid_of(public: SignPublic) -> bytes:
    """First 8 bytes of SHA-256 over the SubjectPublicKeyInfo DER."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(public.public_bytes(serialization.Encoding.DER, form)).digest()[
        :KID_BYTES
    ]


def generate_sign_key() -> SignPrivate:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def generate_seal_key() -> SealPrivate:
    """A fresh X25519 key."""
    return x25519.X25519PrivateKey.generate()


def private_pem(private: SignPrivate | SealPrivate) -> bytes:
    """PKCS#8 without a password: what guards it is the file's mode and the disk."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(public: SignPublic | SealPublic) -> bytes:
    """SubjectPublicKeyInfo."""
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def seal_public_bytes(public: SealPublic) -> bytes:
    """The 32 raw bytes of an X25519 public key."""
    return public.public_bytes_raw()


def load_sign_private(pem: bytes) -> SignPrivate:
    """EdgeError E-KEY-03 when it is not a P-256 private key."""
    key = _load_private(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise EdgeError("E-KEY-03", "not a P-256 private key")
    return key


def load_seal_private(pem: bytes) -> SealPrivate:
    """EdgeError E-KEY-03 when it is not an X25519 private key."""
    key = _load_private(pem)
    if not isinstance(key, x25519.X25519PrivateKey):
        raise EdgeError("E-KEY-03", "not an X25519 private key")
    return key


def load_sign_public(pem: bytes | str) -> SignPublic:
    """EdgeError E-KEY-03 when it is not a P-256 public key."""
    try:
        key = serialization.load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
    except (ValueError, TypeError) as error:
        raise EdgeError("E-KEY-03", "not a public key in PEM form") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise EdgeError("E-KEY-03", "not a P-256 public key")
    return key


def load_seal_public(raw: bytes) -> SealPublic:
    """An X25519 public key from its 32 raw bytes. EdgeError E-KEY-03."""
    if len(raw) != SEAL_PUBLIC_BYTES:
        raise EdgeError("E-KEY-03", "an X25519 public key has 32 bytes")
    return x25519.X25519PublicKey.from_public_bytes(raw)


def _load_private(pem: bytes) -> object:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise EdgeError("E-KEY-03", "not a private key in PEM form") from error
