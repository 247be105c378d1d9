"""A part of the clinic's roster as the centre signs it (PROTOCOL "Roster")."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from edge.core.books.roster import (
    ENTRIES_MAX,
    FLOATS,
    KEY_BYTES,
    KEYS_MAX,
    PARTS_MAX,
    SALT_BYTES,
    Entry,
    Part,
    floats_of,
)
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape

DOMAIN: Final = "facepay/roster/1"
DOCUMENT_BYTES_MAX: Final = 90 * 1024
ITEMS_MAX: Final = 4 * 1024
MODEL_CHARS: Final = 64
CONSENT_CHARS: Final = 32
VERSION_MAX: Final = 1 << 53

_PART: Final[shape.Table] = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("version", shape.uint(0, VERSION_MAX)),
    4: ("number", shape.uint(0, PARTS_MAX - 1)),
    5: ("parts", shape.uint(0, PARTS_MAX)),
    6: ("model", shape.text(MODEL_CHARS, MODEL_CHARS)),
    7: ("salt", shape.octets(SALT_BYTES, SALT_BYTES)),
    8: ("until_utc_ms", shape.uint(0, VERSION_MAX)),
    9: ("entries", lambda value: isinstance(value, list) and len(value) <= ENTRIES_MAX),
}


def encode(part: Part, terminal: str, signer: cose.Signer) -> bytes:
    """The signed document. EdgeError E-WIR-01 too large, E-WIR-07 bad field."""
    rows = [[list(one.keys), one.template, one.until_utc_ms, one.consent] for one in part.entries]
    fields: dict[str, Any] = {
        "v": shape.VERSION,
        "terminal": terminal,
        "version": part.version,
        "number": part.number,
        "parts": part.parts,
        "model": part.model,
        "salt": part.salt,
        "until_utc_ms": part.until_utc_ms,
        "entries": rows,
    }
    plain = cbor.dumps(shape.write(fields, _PART, what="roster"))
    document = cose.sign1(plain, signer, domain=DOMAIN)
    if len(document) > DOCUMENT_BYTES_MAX:
        raise EdgeError("E-WIR-01", f"a roster part has {len(document)} bytes")
    return document


def decode(document: bytes, verifier: cose.Verifier, *, terminal: str) -> Part:
    """A part that the centre signed for this terminal. EdgeError E-ROS-01 signature, E-ROS-02
    another terminal, E-ROS-03 malformed."""
    try:
        opened = cose.open1(document, verifier, domain=DOMAIN, max_bytes=DOCUMENT_BYTES_MAX)
    except EdgeError as error:
        raise EdgeError("E-ROS-01", f"the roster is not the centre's: {error.message}") from error
    try:
        raw = cbor.loads(opened.payload, max_bytes=DOCUMENT_BYTES_MAX, max_items=ITEMS_MAX)
        fields = shape.read(raw, _PART, what="roster")
    except EdgeError as error:
        raise EdgeError("E-ROS-03", f"the roster is malformed: {error.message}") from error
    if fields["terminal"] != terminal:
        raise EdgeError("E-ROS-02", "the roster is for another terminal")
    if not fields["number"] < fields["parts"]:
        raise EdgeError("E-ROS-03", "the roster is malformed: a part beyond the last")
    entries = tuple(_entry(row) for row in fields["entries"])
    digest = hashlib.sha256(document).digest()
    names = ("version", "number", "parts", "model", "salt", "until_utc_ms")
    return Part(**{name: fields[name] for name in names}, digest=digest, entries=entries)


def _entry(row: Any) -> Entry:
    good = isinstance(row, list) and len(row) == len(Entry.__struct_fields__)
    if good:
        keys, template, until_ms, consent = row
        good = (
            isinstance(keys, list)
            and 0 < len(keys) <= KEYS_MAX
            and all(isinstance(key, bytes) and len(key) == KEY_BYTES for key in keys)
            and isinstance(template, bytes)
            and len(template) == FLOATS
            and bool(floats_of(template))
            and isinstance(until_ms, int)
            and 0 < until_ms <= VERSION_MAX
            and isinstance(consent, str)
            and 0 < len(consent) <= CONSENT_CHARS
        )
    if not good:
        raise EdgeError("E-ROS-03", "the roster is malformed: an entry")
    return Entry(tuple(keys), template, until_ms, consent)
