"""A release of the controller's program as the host judges it: the manifest parsed strictly, the
maker's Ed25519 signature, and the HMAC that the board will check (`firmware.slots.mac_of`)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from edge.errors import EdgeError
from edge.wire import slot_manifest

LABEL: Final = b"facepay/manifest/1"
MANIFEST_BYTES_MAX: Final = 8 * 1024
FILES_MAX: Final = 64
VERSION_PART_MAX: Final = 255
FILE_BYTES_MAX: Final = 64 * 1024
MARKS: Final = ("manifest.json", "manifest.sig", "manifest.mac")
# No "..", no leading slash, nothing that a board's path would read otherwise.
PATH: Final = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+){0,7}\.(?:py|mpy)")
AGAIN: Final = "take the release again"


class File(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """[size, SHA-256 in hex]."""

    size: Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What lies in a slot."""

    version: Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\Z")]
    build: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    files: Annotated[dict[str, File], Meta(min_length=1, max_length=FILES_MAX)]
    downgrade: bool = False

    def numbers(self) -> tuple[int, ...]:
        """The version, to compare."""
        return tuple(int(part) for part in self.version.split("."))


class Release(Struct, frozen=True):
    """Everything that goes onto a board: `raw` is manifest.json as it is signed."""

    raw: bytes
    sig: bytes
    files: Mapping[str, bytes]  # path inside the slot -> content
    root: Mapping[str, bytes]  # path on the board -> content
    runtime_min: tuple[int, ...]
    manifest: Manifest


def parse(raw: bytes) -> Manifest:
    """E-FLS-20 for bytes that are no manifest."""
    try:
        if len(raw) > MANIFEST_BYTES_MAX:
            raise ValueError(f"longer than {MANIFEST_BYTES_MAX} bytes")
        manifest = msgspec.json.decode(raw, type=Manifest)
        if bad := [path for path in manifest.files if not PATH.fullmatch(path)]:
            raise ValueError(f"a file called {bad[0][:60]!r}")
        if max(manifest.numbers()) > VERSION_PART_MAX:
            raise ValueError("a version above 255")
    except (ValueError, msgspec.DecodeError) as error:
        raise EdgeError("E-FLS-20", f"the manifest is damaged: {error}", AGAIN) from error
    return manifest


def sign(raw: bytes, maker: Ed25519PrivateKey) -> bytes:
    """The maker's signature over the bytes as they are stored."""
    return maker.sign(LABEL + b"\0" + raw)


def check(raw: bytes, sig: bytes, maker: Ed25519PublicKey) -> None:
    """E-FLS-21 when this maker did not sign these bytes."""
    try:
        maker.verify(sig, LABEL + b"\0" + raw)
    except InvalidSignature as error:
        raise EdgeError(
            "E-FLS-21", "the manifest is not signed by this maker", f"{AGAIN}, or give the maker's public key"
        ) from error


def check_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """E-FLS-20 when the files are not exactly those of the manifest."""
    if slot_manifest.build_of(files) != manifest.build:
        raise EdgeError("E-FLS-20", "the files are not those that the build's hash names", AGAIN)
    for path, wanted in manifest.files.items():
        data = files.get(path)
        if data is None or [len(data), hashlib.sha256(data).hexdigest()] != [wanted.size, wanted.sha256]:
            raise EdgeError("E-FLS-20", f"{path} is not the file that the manifest names", AGAIN)
    if extra := files.keys() - manifest.files.keys():
        raise EdgeError("E-FLS-20", f"{min(extra)} is not in the manifest", AGAIN)


def mac(raw: bytes, pair_key: bytes) -> bytes:
    """manifest.mac for one board: 64 hex digits."""
    made = hmac.digest(pair_key, LABEL, "sha256")
    return hmac.new(made, hashlib.sha256(raw).digest(), "sha256").hexdigest().encode()
