"""A number that only goes forward, on the controller's own flash: the head of the terminal's ledger
as it was seen last. A ledger that is behind it is an old copy.

Pure but for the `flash` that is handed in (`read(slot)`, `write(slot, data)`). Two slots are
written in turn, each closed by a CRC, so a power cut at any write leaves the old or the new value.
A slot that was written under another pairing key counts as empty: a controller that was paired anew
knows nothing of its new terminal. Writes are GAP_MS apart at least (in between only the newest
value counts), so that no host wears the flash out.
"""

import binascii
import hashlib
import struct

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


SLOTS = 2
SLOT_FORMAT = "<8sIIQ32s"  # pairing, write number, epoch, seq, hash; then the CRC over it
SLOT_BYTES = struct.calcsize(SLOT_FORMAT) + 4
GAP_MS = 1000
NOTHING = (0, 0, bytes(32))


class Witness:
    """`held` is (epoch, seq, hash), or None while nothing was ever written."""

    def __init__(self, flash: "Any", pair_key: bytes) -> None:
        self._flash = flash
        self._pairing = hashlib.sha256(b"facepay/witness/1" + pair_key).digest()[:8]
        self._number = 0
        self._slot = SLOTS - 1  # the one that holds `held`
        self._wanted: "Any" = None
        self._again_at = 0
        self.held: "Any" = None
        self.report = b""  # to send; the caller empties it when it is on its way
        for slot in range(SLOTS):
            found = self._read(slot)
            if found is not None and found[0] >= self._number:
                self._number, self._slot, self.held = found[0], slot, found[1:]

    def _read(self, slot: int) -> "Any":
        """(write number, epoch, seq, hash) of a whole slot of this pairing, else None."""
        data = self._flash.read(slot)
        if len(data) != SLOT_BYTES:
            return None
        body, crc = data[:-4], struct.unpack("<I", data[-4:])[0]
        if binascii.crc32(body) & 0xFFFFFFFF != crc:
            return None
        pairing, number, epoch, seq, digest = struct.unpack(SLOT_FORMAT, body)
        return (number, epoch, seq, digest) if pairing == self._pairing else None

    def take(self, payload: bytes) -> bool:
        """A question (nothing in it) or a new head; False for what is neither."""
        if not payload:
            self._say(frame.HELD if self.held else frame.EMPTY)
            return True
        if len(payload) != struct.calcsize(frame.WITNESS_FORMAT):
            return False
        new = struct.unpack(frame.WITNESS_FORMAT, payload)
        old = self._wanted or self.held
        if old is not None and new[:2] <= old[:2]:
            self._say(frame.HELD if new == old else frame.BEHIND)  # only forward
        else:
            self._wanted = new
        return True

    def tick(self, now: int) -> None:
        """Write what is wanted when it is time."""
        if self._wanted is None or now < self._again_at:
            return
        new, self._wanted = self._wanted, None
        self._again_at = now + GAP_MS
        slot = (self._slot + 1) % SLOTS
        number = self._number + 1
        body = struct.pack(SLOT_FORMAT, self._pairing, number, *new)
        crc = struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)
        try:
            self._flash.write(slot, body + crc)
        except OSError:
            self._say(frame.FAILED)
            return
        self._number, self._slot, self.held = number, slot, new
        self._say(frame.HELD)

    def _say(self, state: int) -> None:
        self.report = bytes([state]) + struct.pack(frame.WITNESS_FORMAT, *(self.held or NOTHING))
