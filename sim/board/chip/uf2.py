"""UF2 files as the boot ROM of an RP2040 takes them (github.com/microsoft/uf2): 512-byte blocks with
a family, a place in flash and 256 bytes. Blocks of another family are passed over without a word;
the board restarts when the last block of a whole file is there."""

from __future__ import annotations

import re
import struct

from msgspec import Struct

BLOCK = struct.Struct("<IIIIIIII476sI")
BLOCK_BYTES = 512
MAGIC_START0, MAGIC_START1, MAGIC_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
FAMILY_PRESENT = 0x00002000
NOT_MAIN_FLASH = 0x00000001
FAMILIES = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF59}  # rp2350: Arm, secure
FLASH_BASE, FLASH_BYTES = 0x10000000, 2 * 1024 * 1024
PAYLOAD_BYTES = 256
FILE_MAX = 8 * 1024 * 1024
VERSION = re.compile(rb"MicroPython v?(\d{1,3}\.\d{1,3}\.\d{1,3})[^\0;]{0,64};")
WRONG_FAMILY, INCOMPLETE, NOT_UF2, OUTSIDE = "family", "incomplete", "not-uf2", "outside"


class Flashed(Struct, frozen=True):
    """What the ROM made of a file: `why` is "" when the board restarts with it. `runtime` is the
    version of the MicroPython in it, "" for another program."""

    why: str
    runtime: str = ""


def take(data: bytes, family: str) -> Flashed:
    """What a board of this family does with the file."""
    if len(data) > FILE_MAX or len(data) % BLOCK_BYTES:
        return Flashed(INCOMPLETE)
    image: dict[int, bytes] = {}
    total, foreign = 0, 0
    for at in range(0, len(data), BLOCK_BYTES):
        (start0, start1, flags, address, size, _number, count, kind, body, end) = (
            BLOCK.unpack_from(data, at)
        )
        if (start0, start1, end) != (MAGIC_START0, MAGIC_START1, MAGIC_END):
            continue  # the ROM writes what is no block to its false disk, that is nowhere
        if flags & NOT_MAIN_FLASH or size != PAYLOAD_BYTES:
            continue
        if not flags & FAMILY_PRESENT or kind != FAMILIES[family]:
            foreign += 1
            continue
        if not FLASH_BASE <= address <= FLASH_BASE + FLASH_BYTES - size:
            return Flashed(OUTSIDE)
        total = max(total, count)
        image[address] = body[:size]
    if not image:
        return Flashed(WRONG_FAMILY if foreign else NOT_UF2)
    if len(image) < total:
        return Flashed(INCOMPLETE)
    found = VERSION.search(b"".join(image[address] for address in sorted(image)))
    return Flashed("", found[1].decode() if found else "")


def make(version: str, family: str = "rp2040", *, blocks: int = 16) -> bytes:
    """A UF2 that a simulated board takes for this version of MicroPython ("" for a program that is
    none). On a real board it would not run."""
    text = b"MicroPython v%s on 2026-01-01; Raspberry Pi Pico with RP2040\0" % version.encode()
    body = (text if version else b"another program\0").ljust(blocks * PAYLOAD_BYTES, b"\0")
    out = b""
    for number in range(blocks):
        part = body[number * PAYLOAD_BYTES : (number + 1) * PAYLOAD_BYTES]
        at = FLASH_BASE + number * PAYLOAD_BYTES
        out += BLOCK.pack(MAGIC_START0, MAGIC_START1, FAMILY_PRESENT, at, PAYLOAD_BYTES, number,
                          blocks, FAMILIES[family], part.ljust(476, b"\0"), MAGIC_END)  # fmt: skip
    return out
