"""COSE_Sign1 (RFC 9052 §4.2), and the four small contracts through which keys are used.

Keys never come here: `Signer` may be a file, a TPM or a PKCS#11 token; it gets the Sig_structure's
bytes and gives back the raw signature. The `domain` is the external_aad: a signature made for one
message type is never good for another.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from msgspec import Struct

from edge.errors import EdgeError
from edge.wire import cbor

ALG, CRIT, CONTENT_TYPE, KID = 1, 2, 3, 4  # header labels, RFC 9052 §3.1
TAG_BYTE = 0xD2  # tag 18, COSE_Sign1
PROTECTED_BYTES_MAX = 512
KID_BYTES_MAX = 64
SIGNATURE_BYTES_MAX = 4096  # room for post-quantum suites
SEALED_EXTRA = 48  # HPKE X25519/AES-128-GCM: 32 for enc, 16 for the tag

Labels = dict[int, Any]


class Signer(Protocol):
    """Holds one private signing key. `sign` returns the raw COSE signature over `message`."""

    @property
    def kid(self) -> bytes: ...
    @property
    def alg(self) -> int: ...
    def sign(self, message: bytes) -> bytes: ...


class Verifier(Protocol):
    """Knows public keys by kid. False for an unknown key, another algorithm or a wrong signature;
    never raises."""

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool: ...


class Sealer(Protocol):
    """Encrypts to one public key; `info` names the purpose, `aad` binds the place."""

    def seal(self, info: str, aad: bytes, plaintext: bytes) -> bytes: ...


class Opener(Protocol):
    """Holds one private sealing key. EdgeError E-WIR-06 when it does not open."""

    def open(self, info: str, aad: bytes, sealed: bytes) -> bytes: ...


class Opened(Struct, frozen=True):
    """A COSE_Sign1 whose signature was verified (or, from `peek1`, was not)."""

    payload: bytes
    kid: bytes
    alg: int
    protected: Labels
    unprotected: Labels


class _Parts(Struct, frozen=True):
    opened: Opened
    protected_bytes: bytes
    signature: bytes


def sign1(
    payload: bytes,
    signer: Signer,
    *,
    domain: str,
    content_type: str = "",
    protected: Labels | None = None,
    unprotected: Labels | None = None,
    detached: bool = False,
) -> bytes:
    """A tagged COSE_Sign1 over `payload`; with `detached` the payload is signed but not carried."""
    labels = {**(protected or {}), **({CONTENT_TYPE: content_type} if content_type else {})}
    head = protected_bytes(signer, labels)
    signature = signer.sign(sig_structure(head, domain, payload))
    return assemble(head, unprotected or {}, None if detached else payload, signature)


def protected_bytes(signer: Signer, labels: Labels) -> bytes:
    """The signed headers: algorithm, key and these."""
    made = cbor.dumps({ALG: signer.alg, KID: signer.kid, **labels})
    assert len(made) <= PROTECTED_BYTES_MAX, "our own headers fit"
    return made


def assemble(
    protected: bytes, unprotected: Labels, carried: bytes | None, signature: bytes
) -> bytes:
    """The tagged COSE_Sign1 of parts that are signed already."""
    return bytes([TAG_BYTE]) + cbor.dumps([protected, unprotected, carried, signature])


def open1(
    data: bytes,
    verifier: Verifier,
    *,
    domain: str,
    max_bytes: int,
    payload: bytes | None = None,
    unprotected: bool = False,
) -> Opened:
    """Check and open a COSE_Sign1; `payload` is the detached one.

    Unprotected headers are refused unless asked for: nobody signs them, so they would let anyone
    change a record's hash. EdgeError E-WIR-01/02/03 size and form, E-WIR-04 not a COSE_Sign1 of
    ours, E-WIR-05 signature or key.
    """
    parts = _parse(data, max_bytes, payload)
    opened = parts.opened
    if opened.unprotected and not unprotected:
        raise EdgeError("E-WIR-04", "unsigned headers are not taken here")
    message = sig_structure(parts.protected_bytes, domain, opened.payload)
    if not verifier.verify(opened.kid, opened.alg, message, parts.signature):
        raise EdgeError(
            "E-WIR-05",
            f"the signature by key {opened.kid.hex()} is not good",
            "is the key registered?",
        )
    return opened


def peek1(data: bytes, *, max_bytes: int, payload: bytes | None = None) -> Opened:
    """The content WITHOUT checking the signature: for our own stored bytes and for choosing a
    key."""
    return _parse(data, max_bytes, payload).opened


def sig_structure(protected: bytes, domain: str, payload: bytes) -> bytes:
    """The bytes that are signed (RFC 9052 §4.4)."""
    return cbor.dumps(["Signature1", protected, domain.encode(), payload])


def _parse(data: bytes, max_bytes: int, payload: bytes | None) -> _Parts:
    if len(data) > max_bytes:
        raise EdgeError("E-WIR-01", f"{len(data)} bytes, at most {max_bytes} are taken")
    if data[:1] != bytes([TAG_BYTE]):
        raise EdgeError("E-WIR-04", "not a COSE_Sign1")
    match cbor.loads(data[1:], max_bytes=max_bytes):
        case [bytes(protected_bytes), dict(unprotected), carried, bytes(signature)]:
            pass
        case _:
            raise EdgeError("E-WIR-04", "not a COSE_Sign1")
    if len(signature) > SIGNATURE_BYTES_MAX:
        raise EdgeError("E-WIR-04", "the signature is too long")
    content = _content(carried, payload)
    match cbor.loads(protected_bytes, max_bytes=PROTECTED_BYTES_MAX):
        case {1: int(alg), 4: bytes(kid), **rest} if (
            CRIT not in rest and 0 < len(kid) <= KID_BYTES_MAX
        ):
            protected: Labels = {ALG: alg, KID: kid} | cast("Labels", rest)
        case _:
            raise EdgeError(
                "E-WIR-04", "the protected headers name no key and algorithm, or something critical"
            )
    return _Parts(Opened(content, kid, alg, protected, unprotected), protected_bytes, signature)


def _content(carried: object, payload: bytes | None) -> bytes:
    """The payload: exactly one of carried and detached."""
    if carried is None and payload is not None:
        return payload
    if isinstance(carried, bytes) and payload is None:
        return carried
    raise EdgeError("E-WIR-04", "the payload is neither clearly carried nor clearly detached")
