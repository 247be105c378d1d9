"""The record's commitment to its body: parts of a sealed body can be shown later, each with proof
that it is what was signed, without showing the rest (the idea of SD-JWT, RFC 9901, on our CBOR).

The body is cut into units: its own keys, but what a face left (`template`) is a unit for itself, so
that it can stay closed for ever. `commit` = H(CBOR {unit: H(CBOR [salt, unit, bstr .cbor value])}); each
unit has a salt of its own, made from one secret salt that travels only inside the sealed body.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from typing import Final

from msgspec import Struct

from edge.core.types import BODY_BYTES_MAX, Json
from edge.errors import EdgeError
from edge.wire import cbor, shape

SALT_KEY: Final = "salt"  # where the secret salt lies in the sealed plaintext
SALT_BYTES: Final = 16
UNITS_MAX: Final = 64
ITEMS_MAX: Final = 16 * 1024  # 200 fee lines of some 20 fields
FACE_KEYS: Final = ("template", "template_model")
FACE_UNIT: Final = "template"
FIELDS_BYTES_MAX: Final = BODY_BYTES_MAX + 8 * 1024  # an opening, not compressed

Shown = dict[str, tuple[bytes, bytes]]  # unit -> (salt, CBOR of the value)


class Opening(Struct, frozen=True):
    """What is shown of a body, and the digests of what is not: together they give the commitment."""

    shown: Shown
    hidden: dict[str, bytes]

    @property
    def body(self) -> Json:
        """The shown units by name. EdgeError E-WIR-01..03 for one that is no CBOR of ours."""
        return {
            name: cbor.loads(plain, max_bytes=BODY_BYTES_MAX, max_items=ITEMS_MAX)
            for name, (_, plain) in self.shown.items()
        }

    def commitment(self) -> bytes:
        """The 32 bytes that the record must carry for this to be its body."""
        shown = {name: digest(salt, name, plain) for name, (salt, plain) in self.shown.items()}
        return hashlib.sha256(cbor.dumps(shown | self.hidden)).digest()

    def without(self, *names: str) -> Opening:
        """The same with these units closed."""
        hidden = {
            name: digest(salt, name, plain)
            for name, (salt, plain) in self.shown.items()
            if name in names
        }
        shown = {name: unit for name, unit in self.shown.items() if name not in names}
        return Opening(shown, self.hidden | hidden)


def open_all(body: Json, salt: bytes) -> Opening:
    """Every unit of a body, shown. `salt`: 16 secret bytes."""
    assert len(salt) == SALT_BYTES, "the salt is what keeps short values from being guessed"
    cut = units(body)
    return Opening({name: (_salt(salt, name), cbor.dumps(one)) for name, one in cut.items()}, {})


def units(body: Json) -> Json:
    """A body cut into its units."""
    cut = dict(body)
    identity = body.get("identity")
    if isinstance(identity, dict) and any(key in identity for key in FACE_KEYS):
        cut["identity"] = {key: one for key, one in identity.items() if key not in FACE_KEYS}
        cut[FACE_UNIT] = {key: one for key, one in identity.items() if key in FACE_KEYS}
    assert len(cut) <= UNITS_MAX, "a body has some twenty keys"
    return cut


def digest(salt: bytes, name: str, plain: bytes) -> bytes:
    """One unit's digest; `plain` is the CBOR of its value."""
    return hashlib.sha256(cbor.dumps([salt, name, plain])).digest()


def encode(opening: Opening) -> bytes:
    """As it is kept on the terminal: CBOR, compressed."""
    return zlib.compress(cbor.dumps(form(opening)), 6)


def form(opening: Opening) -> Json:
    """As a CBOR value, for a bundle."""
    shown = {name: list(unit) for name, unit in opening.shown.items()}
    return {"shown": shown, "hidden": opening.hidden}


def decode(data: bytes) -> Opening:
    """An opening as it was kept. EdgeError E-WIR-01..03."""
    engine = zlib.decompressobj()
    try:
        plain = engine.decompress(data, FIELDS_BYTES_MAX)
    except zlib.error as error:
        raise EdgeError("E-WIR-02", f"the opening is damaged: {error}") from error
    if not engine.eof or engine.unused_data:
        raise EdgeError("E-WIR-02", "the opening is cut off, too large, or has more behind it")
    return read(cbor.loads(plain, max_bytes=FIELDS_BYTES_MAX, max_items=ITEMS_MAX))


def read(value: object) -> Opening:
    """An opening from its CBOR value. EdgeError E-WIR-02."""
    match value:
        case {"shown": dict(shown), "hidden": dict(hidden), **more} if not more:
            pass
        case _:
            raise EdgeError("E-WIR-02", "not an opening")
    names = [*shown, *hidden]
    good = len(names) == len(set(names)) <= UNITS_MAX
    good = good and all(isinstance(name, str) for name in names)
    good = good and all(shape.HASH(one) for one in hidden.values())
    good = good and all(
        isinstance(one, list)
        and len(one) == 2  # noqa: PLR2004 - [salt, value]
        and shape.ID(one[0])
        and isinstance(one[1], bytes)
        for one in shown.values()
    )
    if not good:
        raise EdgeError("E-WIR-02", "an opening's unit is not [salt, value]")
    return Opening({name: (one[0], one[1]) for name, one in shown.items()}, dict(hidden))


def _salt(secret: bytes, name: str) -> bytes:
    return hmac.digest(secret, name.encode(), "sha256")[:SALT_BYTES]
