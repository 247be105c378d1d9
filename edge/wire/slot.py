"""The application slots of the controller as bytes: the build's hash, the signed manifest of a slot,
and the state file that says which slot runs. The controller's own reader is `firmware/boot.py`.

The maker signs the body as the bytes that are stored (no canonical JSON), with Ed25519; the
controller has no Ed25519 and checks HMAC-SHA256 under the pairing key. edge/docs/CONTROLLER.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from edge.errors import EdgeError

DOMAIN: Final = b"facepay/slot/1\0"
SLOTS: Final = ("a", "b")
MANIFEST: Final = "manifest.json"
STATE: Final = "/slot"
MANIFEST_BYTES_MAX: Final = 16 * 1024
STATE_BYTES_MAX: Final = 256
FILES_MAX: Final = 64
FILE_BYTES_MAX: Final = 64 * 1024
TRIES: Final = 3  # starts that a slot on trial has until the board goes back
NO_KEY: Final = bytes(32)  # what a board without /key checks with: it is not provisioned yet
# No "..", no leading slash, nothing a board's path would read otherwise.
PLACE: Final = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*\.(?:py|mpy)")

Version = Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class File(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """[size, SHA-256 in hex]."""

    size: Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX)]
    sha256: Hash


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """What the maker signs: what lies in the slot and where it may run."""

    v: Annotated[int, Meta(ge=1, le=1)]
    version: Version
    build: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
    boards: Annotated[list[str], Meta(min_length=1, max_length=16)]
    runtime_min: Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}$")]
    files: Annotated[dict[str, File], Meta(min_length=1, max_length=FILES_MAX)]


class Sealed(Struct, frozen=True, forbid_unknown_fields=True):
    """manifest.json: the body as text, the maker's signature, the board's own check. All hex."""

    body: str
    sig: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")]
    mac: Hash


class SlotState(Struct, frozen=True, forbid_unknown_fields=True):
    """/slot: `active` runs; until `confirmed` each start costs one of `tries`, with none left the
    board goes back to the other slot and says `why`."""

    active: Annotated[str, Meta(pattern="^[ab]$")]
    tries: Annotated[int, Meta(ge=0, le=9)] = 0
    confirmed: bool = False
    why: Annotated[str, Meta(max_length=80)] = ""


def build_of(files: dict[str, bytes]) -> str:
    """16 hex digits over paths and bytes of the application, in the order of the paths."""
    digest = hashlib.sha256()
    for place, data in sorted(files.items()):
        digest.update(place.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()[:16]


def body_of(
    files: dict[str, bytes], *, version: str, boards: tuple[str, ...], runtime_min: str
) -> str:
    """The text that is signed. E-FLS-20 for what no slot can hold."""
    for place, data in files.items():
        if not PLACE.fullmatch(place) or len(data) > FILE_BYTES_MAX:
            raise EdgeError("E-FLS-20", f"{place} cannot be in a slot", "see firmware/manifest.toml")
    told = {
        "v": 1,
        "version": version,
        "build": build_of(files),
        "boards": list(boards),
        "runtime_min": runtime_min,
        "files": {
            place: [len(data), hashlib.sha256(data).hexdigest()]
            for place, data in sorted(files.items())
        },
    }
    text = json.dumps(told, separators=(",", ":"))
    parse_body(text)
    return text


def sign(body: str, maker: Ed25519PrivateKey) -> bytes:
    """The maker's signature over the text as it is stored."""
    return maker.sign(DOMAIN + body.encode())


def mac_of(body: str, pair_key: bytes) -> bytes:
    """What the controller checks instead of the signature."""
    return hmac.new(pair_key, DOMAIN + body.encode(), hashlib.sha256).digest()


def seal(body: str, sig: bytes, pair_key: bytes) -> bytes:
    """The bytes of manifest.json for one board."""
    told = {"body": body, "sig": sig.hex(), "mac": mac_of(body, pair_key).hex()}
    return json.dumps(told, separators=(",", ":")).encode()


def check_signature(body: str, sig: bytes, maker: Ed25519PublicKey) -> None:
    """E-FLS-21 when the maker did not sign this text."""
    try:
        maker.verify(sig, DOMAIN + body.encode())
    except InvalidSignature as error:
        raise EdgeError(
            "E-FLS-21",
            "the manifest is not signed by this maker",
            "take the release again, or give the right key with --maker",
        ) from error


def parse_body(text: str) -> Body:
    """E-FLS-20 for a text that is no body of version 1."""
    try:
        body = msgspec.json.decode(text.encode(), type=Body)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise EdgeError("E-FLS-20", f"the manifest is damaged: {error}", "flash it again") from error
    for place in body.files:
        if not PLACE.fullmatch(place):
            raise EdgeError("E-FLS-20", f"the manifest names {place[:60]!r}", "flash it again")
    return body


def parse_manifest(data: bytes) -> tuple[Sealed, Body]:
    """Envelope and body of a manifest.json. E-FLS-20."""
    try:
        if len(data) > MANIFEST_BYTES_MAX:
            raise msgspec.DecodeError(f"longer than {MANIFEST_BYTES_MAX} bytes")
        sealed = msgspec.json.decode(data, type=Sealed)
    except msgspec.DecodeError as error:
        raise EdgeError("E-FLS-20", f"the manifest is damaged: {error}", "flash it again") from error
    return sealed, parse_body(sealed.body)


def parse_state(data: bytes) -> SlotState | None:
    """What /slot says; None for nothing or for bytes that say nothing."""
    try:
        if len(data) > STATE_BYTES_MAX:
            return None
        return msgspec.json.decode(data, type=SlotState)
    except msgspec.DecodeError:
        return None


def state_bytes(state: SlotState) -> bytes:
    """The bytes of /slot."""
    return msgspec.json.encode(state)
