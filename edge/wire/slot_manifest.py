"""The manifest of a program for the controller, as bytes: which version, which build, which files.

The bytes are what the maker signs (Ed25519, `manifest.sig`) and what the pairing key vouches for
(`firmware.slots.mac_of`, `manifest.mac`); nobody makes them again from the parsed form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def build_of(files: Mapping[str, bytes]) -> str:
    """16 hex digits over paths and bytes: the name of this very program."""
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(path.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()[:16]


def make(version: str, files: Mapping[str, bytes], *, downgrade: bool = False) -> bytes:
    """`files`: path inside the slot -> bytes. With `downgrade` a controller takes it also when it is
    older than what it runs."""
    assert version.count(".") == 2  # noqa: PLR2004 (three numbers)
    held: dict[str, object] = {
        "version": version,
        "build": build_of(files),
        "files": {
            path: [len(data), hashlib.sha256(data).hexdigest()]
            for path, data in sorted(files.items())
        },
    }
    if downgrade:
        held["downgrade"] = True
    return json.dumps(held, separators=(",", ":")).encode()
