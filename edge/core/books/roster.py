"""The clinic's own contracted patients (签约居民), as the centre signed them for this terminal: to know by the
card that is laid down, and the living face beside it, whether they are the same person, without the
centre. Pure values; `parts/roster.py` brings them here and lets them go.

A template here is 192 numbers of one byte: the direction is what counts, and a byte each keeps it to
a thousandth of the cosine (`tests/core/test_roster.py`). Nobody's number or name is in an entry: its
keys are hashes of the cards under the roster's own salt.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

FLOATS: Final = 192
TEMPLATE_BYTES: Final = FLOATS * 4
KEY_BYTES: Final = 16
SALT_BYTES: Final = 16
ENTRIES_MAX: Final = 256  # of one part: what fits into one answer of the centre
PARTS_MAX: Final = 20
PEOPLE_MAX: Final = ENTRIES_MAX * PARTS_MAX
KEYS_MAX: Final = 4  # cards of one person
_FLOATS: Final = struct.Struct(f"<{FLOATS}f")
_BYTES: Final = struct.Struct(f"{FLOATS}b")


class Entry(Struct, frozen=True, array_like=True):
    """One patient who agreed. keys: of their cards; template: 192 signed bytes."""

    keys: tuple[bytes, ...]
    template: bytes
    until_utc_ms: int
    consent: str  # the wording they agreed to


class Part(Struct, frozen=True):
    """A share of the roster of one version. model: sha256 of the net that made every template."""

    version: int
    number: int
    parts: int
    model: str
    salt: bytes
    until_utc_ms: int
    digest: bytes  # H(the document that the centre signed)
    entries: tuple[Entry, ...]


class Match(Struct, frozen=True):
    """What was compared without the centre, and how alike it was (cosine). by: "roster" | "chip"."""

    by: str
    score: float
    version: int = 0


def key_of(salt: bytes, cert_type: str, card_no: str) -> bytes:
    """Under which a card's holder stands in the roster."""
    text = f"facepay/roster/1:{cert_type}:{card_no}".encode()
    return hashlib.sha256(salt + text).digest()[:KEY_BYTES]


def small(template: bytes) -> bytes:
    """192 float32 as 192 signed bytes, the largest at 127; b"" when it is no template."""
    floats = floats_of(template)
    if not floats:
        return b""
    most = max(map(abs, floats))
    return _BYTES.pack(*(round(one * 127 / most) for one in floats))


def floats_of(template: bytes) -> tuple[float, ...]:
    """The numbers of a template of either size, () when it is none: finite, and not all zero."""
    if len(template) == TEMPLATE_BYTES:
        numbers: tuple[float, ...] = _FLOATS.unpack(template)
    elif len(template) == FLOATS:
        numbers = _BYTES.unpack(template)
    else:
        return ()
    good = all(map(math.isfinite, numbers)) and any(numbers)
    return numbers if good else ()


def alike(one: bytes, other: bytes) -> float:
    """The cosine of two templates, -1..1; -1 when one of them is none."""
    a, b = floats_of(one), floats_of(other)
    if not a or not b:
        return -1.0
    length = math.hypot(*a) * math.hypot(*b)
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / length if length else -1.0


class Roster:
    """What is held. `add` whole parts of one version, `find` by a card."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts = {part.number: part for part in parts}
        self._by_key = {
            key: entry for part in self.parts.values() for entry in part.entries for key in entry.keys
        }

    @property
    def version(self) -> int:
        """0 = there is none."""
        return next((part.version for part in self.parts.values()), 0)

    @property
    def model(self) -> str:
        """The net that measured everybody in it, "" = nobody is."""
        return next((part.model for part in self.parts.values()), "")

    @property
    def people(self) -> int:
        """How many patients are in it."""
        return sum(len(part.entries) for part in self.parts.values())

    @property
    def first_end_ms(self) -> int:
        """When the first of them must go; 0 = nobody is in it."""
        return min(
            (one.until_utc_ms for part in self.parts.values() for one in part.entries), default=0
        )

    def match(
        self, card: tuple[str, str], template: bytes, model: str, now_ms: int
    ) -> Match | None:
        """How alike this face is to the holder of the card (cert_type, number); None when they are
        not in the roster, or were measured by another net."""
        part = next(iter(self.parts.values()), None)
        if part is None or part.model != model:
            return None
        entry = self._by_key.get(key_of(part.salt, *card))
        if entry is None or now_ms >= entry.until_utc_ms:
            return None
        return Match("roster", alike(entry.template, template), part.version)


def encode(part: Part) -> bytes:
    """As it is stored (encrypted with the device key by the store)."""
    return msgspec.msgpack.encode(part)


def decode(data: bytes) -> Part | None:
    """None when it is not one: a store of another version."""
    try:
        return msgspec.msgpack.decode(data, type=Part)
    except msgspec.MsgspecError:
        return None
