"""What lies in the directory of a board before it is powered: its pairing key and its flash."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sim.board.chip.flash_image import board_files, has_file, write_files

KEY_BYTES = 32
FLASHED = ("auto", "firmware", "keep", "blank")


def overlay(folder: Path) -> dict[str, bytes]:
    """Files that go over those of the firmware, by their path on the board: for tests of a board
    whose program is broken."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in found}


def prepare(directory: Path, flash: str) -> None:
    """Key and flash image. `flash`: "firmware" writes ours, "blank" has an empty file system, "keep"
    takes what is there, "auto" keeps a board that was flashed over its cable, else writes ours."""
    key_path = directory / "pair.key"
    if not key_path.exists():
        make_key(key_path)
    image = directory / "flash.img"
    if flash == "blank":
        image.unlink(missing_ok=True)
        write_files(image, {})
    elif flash == "firmware" or not image.exists() or (
        flash == "auto" and not has_file(image, "/b/manifest.json")
    ):
        write_files(image, board_files(key_path.read_bytes(), over=overlay(directory / "overlay")))


def make_key(path: Path, key: bytes | None = None) -> None:
    """A pairing key file, 0600 from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES) if key is None else key)
