"""The flash chip: programming only clears bits, erasing wears, and the power may go in the middle.

W25Q16-like: pages of 256 bytes, sectors of 4 KiB. A sector erased more than `wear_limit` times
keeps some bits at 0, which littlefs finds by reading back. Counts are kept beside the image.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from sim.board.chip.flash_image import BLOCK_BYTES, BLOCKS

PAGE_BYTES = 256
PROGRAM_US = 400  # a page; data sheet W25Q16JV, typical
ERASE_US = 45_000
COUNTS = "flash.json"


class Outcome(Struct, frozen=True):
    """Of one program or erase: errno or 0, how long it took, and whether the power went in it."""

    error: int
    cost_us: int
    torn: bool


class Nor:
    """`image` is the host file; writes go through to it at once."""

    def __init__(self, image: Path) -> None:
        self._file = image.open("r+b", buffering=0)
        self._counts = image.with_name(COUNTS)
        self.erases = [0] * BLOCKS
        self.writes = 0  # programs and erases since the board was made
        self.cut_after = 0  # the power goes in the so-many-th write from now; 0 never
        self.read_only = False
        self.wear_limit = 0  # 0: none
        try:
            kept = json.loads(self._counts.read_text())
            self.erases, self.writes = kept["erases"], kept["writes"]
        except (OSError, ValueError, KeyError):
            pass

    def program(self, block: int, offset: int, data: bytes) -> Outcome:
        if self.read_only or not self._inside(block, offset, len(data)):
            return Outcome(errno.EROFS if self.read_only else errno.EINVAL, 0, False)
        torn = self._counted()
        at = block * BLOCK_BYTES + offset
        new = data[: len(data) // 2] if torn else data
        self._change(at, new, lambda old, byte: old & byte)
        pages = (len(data) + PAGE_BYTES - 1) // PAGE_BYTES
        return Outcome(0, pages * PROGRAM_US, torn)

    def erase(self, block: int) -> Outcome:
        if self.read_only or not self._inside(block, 0, BLOCK_BYTES):
            return Outcome(errno.EROFS if self.read_only else errno.EINVAL, 0, False)
        torn = self._counted()
        self.erases[block] += 1
        size = BLOCK_BYTES // 2 if torn else BLOCK_BYTES
        clean = bytearray(b"\xff" * size)
        if self.wear_limit and self.erases[block] > self.wear_limit:
            clean[::16] = b"\x7e" * len(clean[::16])  # cells that hold charge no longer
        self._file.seek(block * BLOCK_BYTES)
        self._file.write(clean)
        return Outcome(0, ERASE_US, torn)

    def close(self) -> None:
        self._counts.write_text(json.dumps({"writes": self.writes, "erases": self.erases}))
        self._file.close()

    def _counted(self) -> bool:
        """One write more; whether the power goes in it."""
        self.writes += 1
        if not self.cut_after:
            return False
        self.cut_after -= 1
        return self.cut_after == 0

    def _inside(self, block: int, offset: int, size: int) -> bool:
        return 0 <= block < BLOCKS and offset >= 0 and offset + size <= BLOCK_BYTES

    def _change(self, at: int, new: bytes, rule: Callable[[int, int], int]) -> None:
        self._file.seek(at)
        old = self._file.read(len(new))
        self._file.seek(at)
        self._file.write(bytes(map(rule, old, new)))
