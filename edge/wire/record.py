"""A record: one signed line of the ledger (PROTOCOL "Record"). The exact bytes are stored and
resent, never re-encoded."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import asdict

from edge.core.types import BODY_BYTES_MAX, Json, Mode
from edge.errors import EdgeError
from edge.wire import cbor, commit, cose, shape

DOMAIN = "facepay/record/1"
CONTENT_TYPE = "application/facepay-record+cbor"
BODY_ITEMS_MAX = 16 * 1024  # 200 fee lines of some 20 fields
SEALED_BYTES_MAX = BODY_BYTES_MAX + 2 * 1024  # room for suites with larger keys
RECORD_BYTES_MAX = SEALED_BYTES_MAX + 2 * 1024
KIND_CHARS = 32
KEYS_CHARS = 16

_TABLE: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("epoch", shape.uint()),
    4: ("seq", shape.uint(1)),
    5: ("prev", shape.HASH),
    6: ("txid", shape.ID),
    7: ("kind", shape.text(KIND_CHARS, 1)),
    8: ("mode", shape.one_of(*(str(mode) for mode in Mode))),
    9: ("boot", shape.ID),
    10: ("mono_ms", shape.uint()),
    11: ("wall_ms", shape.uint()),
    12: ("error_ms", shape.uint()),
    13: ("policy", shape.HASH),
    14: ("keys", shape.text(KEYS_CHARS, 1)),
    15: ("sealed", shape.octets(SEALED_BYTES_MAX, 1)),
    16: ("commit", shape.HASH),
}
_PLACE: shape.Table = {key: _TABLE[key] for key in (2, 3, 4, 5)}
# Came after the first release: a queue that was full before the upgrade has records without them.
_OPTIONAL = frozenset({16})


class RecordHeader(Struct, frozen=True, kw_only=True):
    """Everything of a record that is not sealed, and the sealed body. Times in ms; `prev`, `policy`
    and `commit` SHA-256; `commit` zeros = nothing of the body can be shown later."""

    v: int = shape.VERSION
    terminal: str
    epoch: int
    seq: int
    prev: bytes
    txid: bytes
    kind: str
    mode: Mode
    boot: bytes
    mono_ms: int
    wall_ms: int
    error_ms: int
    policy: bytes
    keys: str
    sealed: bytes
    commit: bytes = shape.ZERO_HASH


def encode(header: RecordHeader, signer: cose.Signer) -> bytes:
    """The whole signed record. EdgeError E-WIR-07 when a field breaks the protocol's limits."""
    fields = asdict(header) | {"mode": str(header.mode)}
    payload = cbor.dumps(shape.write(fields, _TABLE, what="record"))
    return cose.sign1(payload, signer, domain=DOMAIN, content_type=CONTENT_TYPE)


def decode(data: bytes, verifier: cose.Verifier) -> RecordHeader:
    """A record whose signature is good. The caller still checks that this key may speak for
    `header.terminal` (give a verifier that knows only that terminal's keys), the chain and the
    number. EdgeError E-WIR-01..05."""
    return _header(cose.open1(data, verifier, domain=DOMAIN, max_bytes=RECORD_BYTES_MAX))


class Placed(Struct, frozen=True):
    """What every version of a record says at keys 2 to 5: whose it is and where it belongs."""

    terminal: str
    epoch: int
    seq: int
    prev: bytes


def decode_place(data: bytes, verifier: cose.Verifier) -> Placed:
    """The place of a record whose signature is good, of this or a later version: the rest of it is
    not looked at. EdgeError E-WIR-01..05."""
    opened = cose.open1(data, verifier, domain=DOMAIN, max_bytes=RECORD_BYTES_MAX)
    value = cbor.loads(opened.payload, max_bytes=RECORD_BYTES_MAX, max_items=BODY_ITEMS_MAX)
    if not isinstance(value, dict):
        raise EdgeError("E-WIR-02", "record: not a map")
    known = {key: value[key] for key in _PLACE if key in value}
    return Placed(**shape.read(known, _PLACE, what="record"))


def peek(data: bytes) -> RecordHeader:
    """The same without checking the signature: for our own stored bytes, and for finding the
    sender's keys."""
    return _header(cose.peek1(data, max_bytes=RECORD_BYTES_MAX))


def record_hash(data: bytes) -> bytes:
    """H(exact bytes): what the next record's `prev`, the answer's chain and the log's leaf
    carry."""
    return hashlib.sha256(data).digest()


def seal_body(
    body: Json,
    sealer: cose.Sealer,
    *,
    terminal: str,
    epoch: int,
    seq: int,
    txid: bytes,
    salt: bytes = b"",
) -> bytes:
    """Seal a body to the centre, bound to its place in the chain, with the secret `salt` of the
    record's commitment. EdgeError E-WIR-01 when it is too large."""
    assert not salt or commit.SALT_KEY not in body, "the salt has its own place"
    plain = cbor.dumps(body | {commit.SALT_KEY: salt} if salt else body)
    if len(plain) > BODY_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01",
            f"the body has {len(plain)} bytes, at most {BODY_BYTES_MAX} fit",
            "fewer fee lines",
        )
    return sealer.seal(DOMAIN, _aad(terminal, epoch, seq, txid), plain)


def open_body(header: RecordHeader, opener: cose.Opener) -> Json:
    """The body's plaintext. EdgeError E-WIR-06 when it does not open, E-WIR-01..03 when it is not a
    body, E-WIR-10 when it is not the one that the record's commitment names."""
    plain = opener.open(
        DOMAIN, _aad(header.terminal, header.epoch, header.seq, header.txid), header.sealed
    )
    body = plain_map(plain, max_bytes=BODY_BYTES_MAX)
    return body if header.commit == shape.ZERO_HASH else _committed(header, body)


def _committed(header: RecordHeader, body: Json) -> Json:
    salt = body.pop(commit.SALT_KEY, None)
    fits = shape.ID(salt) and len(body) < commit.UNITS_MAX
    if fits and commit.open_all(body, salt).commitment() == header.commit:
        return body
    raise EdgeError("E-WIR-10", "the body is not the one that the record commits to")


def plain_map(plain: bytes, *, max_bytes: int) -> Json:
    """An opened plaintext as a map with text keys. EdgeError E-WIR-01..03."""
    value: Any = cbor.loads(plain, max_bytes=max_bytes, max_items=BODY_ITEMS_MAX)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise EdgeError("E-WIR-02", "the opened body is not a map with text keys")
    return cast(Json, value)


def _header(opened: cose.Opened) -> RecordHeader:
    if opened.protected.get(cose.CONTENT_TYPE) != CONTENT_TYPE or opened.unprotected:
        raise EdgeError("E-WIR-04", "not a record")
    value = cbor.loads(opened.payload, max_bytes=RECORD_BYTES_MAX)
    fields = shape.read(value, _TABLE, what="record", optional=_OPTIONAL)
    return RecordHeader(**fields | {"mode": Mode(fields["mode"])})


def _aad(terminal: str, epoch: int, seq: int, txid: bytes) -> bytes:
    return cbor.dumps([terminal, epoch, seq, txid])
