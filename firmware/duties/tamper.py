"""Switches that open with the case or the mount. An opening is latched in flash: it is still known
after a reset and a loss of power, and only the paired host can clear it, once the switch is closed.

Pure but for `flash` (as `duties.witness`: two files in turn, each closed by a CRC). The flash is
written when a bit becomes latched or is cleared, never for an opening that is latched already, so
nobody wears it out with a screwdriver. A latch that the flash does not take is tried again.
"""

import binascii
import struct

try:
    from typing import Any
except ImportError:  # on the board
    pass


SLOT_FORMAT = "<4sIB"  # magic, write number, latched; then the CRC
SLOT_BYTES = struct.calcsize(SLOT_FORMAT) + 4
MAGIC = b"TMP1"
STABLE_MS = 50
AGAIN_MS = 1000


class Tamper:
    """`open` and `latched` are masks, bit 0 the first of frame.SWITCHES."""

    def __init__(self, flash: "Any", switches: int) -> None:
        self._flash = flash
        self._number = 0
        self._slot = 1
        self._since = [-1] * switches
        self._kept = 0  # what the flash holds
        self._again_at = 0
        self.open = 0
        self.changed = True  # not reported yet
        for slot in (0, 1):
            data = flash.read(slot)
            if len(data) != SLOT_BYTES:
                continue
            crc = struct.unpack("<I", data[-4:])[0]
            magic, number, latched = struct.unpack(SLOT_FORMAT, data[:-4])
            if (
                magic == MAGIC
                and crc == binascii.crc32(data[:-4]) & 0xFFFFFFFF
                and number > self._number
            ):
                self._number, self._slot, self._kept = number, slot, latched
        self.latched = self._kept

    def see(self, levels: "list[int]", now: int) -> None:
        """One sample of each switch; 1 = open (the pull-up wins: a cut wire is an opening)."""
        for i, level in enumerate(levels):
            bit = 1 << i
            if bool(level) == bool(self.open & bit):
                self._since[i] = -1
            elif self._since[i] < 0:
                self._since[i] = now
            elif now - self._since[i] >= STABLE_MS:
                self._since[i] = -1
                self.open ^= bit
                self.latched |= self.open
                self.changed = True

    def clear(self, mask: int) -> None:
        """The host says: seen. A switch that is open stays latched."""
        self.latched &= ~mask | self.open
        self.changed = True

    def tick(self, now: int) -> None:
        """Keep what changed."""
        if self.latched == self._kept or now < self._again_at:
            return
        slot, number = 1 - self._slot, self._number + 1
        body = struct.pack(SLOT_FORMAT, MAGIC, number, self.latched)
        try:
            self._flash.write(slot, body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF))
        except OSError:
            self._again_at = now + AGAIN_MS
            return
        self._number, self._slot, self._kept = number, slot, self.latched
