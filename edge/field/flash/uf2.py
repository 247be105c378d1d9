"""A UF2 file, judged block by block before it goes near a board, and the mass-storage directory that a
board in BOOTSEL shows. https://github.com/microsoft/uf2 is the format."""

from __future__ import annotations

import errno
import os
import re
import shutil
import struct
import time
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError

BLOCK: Final = 512
HEAD: Final = struct.Struct("<8I")
MAGIC: Final = (0x0A324655, 0x9E5D5157)
MAGIC_END: Final = 0x0AB16F30
FAMILY_FLAG: Final = 0x2000
NOT_FLASH: Final = 0x0001
FILE_BYTES_MAX: Final = 32 * 1024 * 1024
PAYLOAD_MAX: Final = 476
INFO: Final = "INFO_UF2.TXT"
INFO_BYTES_MAX: Final = 4096
FAMILIES: Final = MappingProxyType({
    0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350 (Arm, secure)", 0xE48BFF5A: "RP2350 (RISC-V)",
    0xE48BFF5B: "RP2350 (Arm, non-secure)", 0xE48BFF57: "RP2350 (absolute)",
    0xC47E5767: "ESP32-S3", 0x1C5F21B0: "ESP32", 0x68ED2B88: "SAMD21",
})  # fmt: skip
# Board-ID of INFO_UF2.TXT -> families it takes. An RP2040 image on an RP2350 is ignored without a word.
TAKES: Final = MappingProxyType({
    "RPI-RP2": (0xE48BFF56,),
    "RP2350": (0xE48BFF59, 0xE48BFF5A, 0xE48BFF5B, 0xE48BFF57),
})  # fmt: skip
MOUNTS: Final = ("/media/*/*", "/run/media/*/*", "/media/*", "/mnt/*")


class Image(Struct, frozen=True):
    """A whole UF2: family, number of blocks, bytes of flash it fills."""

    family: int
    blocks: int
    size: int

    def name(self) -> str:
        """The family in words."""
        return FAMILIES.get(self.family, f"family 0x{self.family:08x}")


def read(path: Path) -> tuple[Image, bytes]:
    """E-FLS-10 with the block that is wrong; nothing is believed of a file that is not whole."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise EdgeError("E-FLS-10", f"{path} cannot be read: {error.strerror}", "") from error
    return judge(data, path.name), data


def judge(data: bytes, name: str) -> Image:
    """The same for bytes."""
    if not data or len(data) % BLOCK or len(data) > FILE_BYTES_MAX:
        raise _bad(name, f"{len(data)} bytes are no whole number of blocks")
    count = len(data) // BLOCK
    family, at, size = None, None, 0
    for number in range(count):
        block = data[number * BLOCK : (number + 1) * BLOCK]
        one, two, flags, target, payload, index, total, this = HEAD.unpack_from(block)
        if (one, two) != MAGIC or struct.unpack_from("<I", block, BLOCK - 4)[0] != MAGIC_END:
            raise _bad(name, f"block {number} is no UF2 block")
        if index != number or total != count:
            raise _bad(name, f"block {number} says {index} of {total}, the file has {count}")
        if not 0 < payload <= PAYLOAD_MAX:
            raise _bad(name, f"block {number} holds {payload} bytes")
        if flags & NOT_FLASH:
            continue
        if not flags & FAMILY_FLAG or (family is not None and this != family):
            raise _bad(name, f"block {number} names no family, or another one than the first")
        if at is not None and target < at:
            raise _bad(name, f"block {number} goes back to address 0x{target:08x}")
        family, at, size = this, target + payload, size + payload
    if family is None:
        raise _bad(name, "nothing in it goes into the flash")
    return Image(family, count, size)


def volumes(given: Path | None = None) -> list[Path]:
    """Directories of boards in BOOTSEL: the one that was given, or what is mounted."""
    if given is not None:
        return [given] if (given / INFO).is_file() else []
    found = {p for pattern in MOUNTS for p in Path("/").glob(pattern[1:]) if _is_volume(p)}
    return sorted(found)


def board_id(volume: Path) -> str:
    """Board-ID of INFO_UF2.TXT. E-FLS-13 when there is none."""
    try:
        with (volume / INFO).open("rb") as file:
            text = file.read(INFO_BYTES_MAX).decode("ascii", "replace")
    except OSError as error:
        raise EdgeError("E-FLS-13", f"{volume / INFO} cannot be read: {error.strerror}", "plug it in again") from error
    found = re.search(r"^Board-ID:\s*([A-Za-z0-9_.-]{1,40})\s*$", text, re.MULTILINE)
    if found is None:
        raise EdgeError("E-FLS-13", f"{volume / INFO} names no Board-ID", "is it a board in BOOTSEL?")
    return found.group(1)


def must_fit(image: Image, board: str) -> None:
    """E-FLS-11 for a board that would ignore or choke on this image; E-FLS-13 for one we do not know."""
    takes = next((kinds for prefix, kinds in TAKES.items() if board.startswith(prefix)), None)
    if takes is None:
        raise EdgeError("E-FLS-13", f"the board {board} is none of ours", f"ours: {', '.join(TAKES)}")
    if image.family not in takes:
        wanted = " or ".join(FAMILIES[kind] for kind in takes[:1])
        raise EdgeError(
            "E-FLS-11", f"the file is for {image.name()}, the board {board} is an {wanted}",
            f"take the runtime for {wanted}",
        )


def copy(data: bytes, name: str, volume: Path, wait_s: float) -> None:
    """Copy it and wait until the board has taken it. The drive going away after the last byte is
    how success looks; E-FLS-14 for every other end."""
    place = volume / name
    try:
        room = shutil.disk_usage(volume).free
        if room < len(data):
            raise EdgeError("E-FLS-14", f"{volume} has {room} bytes free, the file {len(data)}", "plug it in again")
        with place.open("wb") as file:
            sent = 0
            for start in range(0, len(data), BLOCK * 128):
                sent += file.write(data[start : start + BLOCK * 128])
            file.flush()
            _to_the_board(file.fileno(), volume)
    except OSError as error:
        if (volume / INFO).exists() or error.errno == errno.EROFS:
            raise EdgeError(
                "E-FLS-14", f"the copy to {volume} failed: {error.strerror}", "plug the board in again with BOOTSEL held"
            ) from error
        raise EdgeError(
            "E-FLS-04", f"{volume} went away in the middle of the copy", "hold BOOTSEL, plug it in, and run it again"
        ) from error
    until = time.monotonic() + wait_s
    while (volume / INFO).exists():
        if time.monotonic() >= until:
            raise EdgeError(
                "E-FLS-15", f"the board did not take the file: {volume} is still there after {wait_s:.0f} s",
                "plug it in again with BOOTSEL held; if it repeats: another cable or hub",
            )
        time.sleep(0.05)


def _to_the_board(fd: int, volume: Path) -> None:
    """All bytes are written; the board may restart before it answers the last one."""
    try:
        os.fsync(fd)
    except OSError:
        if (volume / INFO).exists():
            raise


def _is_volume(path: Path) -> bool:
    try:
        return (path / INFO).is_file()
    except OSError:
        return False


def _bad(name: str, why: str) -> EdgeError:
    return EdgeError("E-FLS-10", f"{name} is damaged or no UF2: {why}", "download or build it again")
