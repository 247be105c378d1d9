"""The photo on an ID card's chip: from the reader's lines to the cable, a chunk at a time.

Pure. The card's line says how many bytes follow; lines "PIC," and base64 bring them in order. A
chunk leaves only when nothing else waits on the link, so a press never waits for more than one. What does not fit, comes late or belongs to a session that is over is let go; the
card has left before and stands without it. Whether the photo is whole, the terminal decides.
"""

import binascii

from edge.wire import frame

MARK = b"PIC,"
PHOTO_MS = 3000  # from the card's line; an 8 KiB photo needs one second at 115200 baud


class Photo:
    def __init__(self) -> None:
        # Taken once, at the start: chunks kept one by one would lie about in the heap and leave no
        # large piece of it free.
        self._held = bytearray(frame.PHOTO_MAX)
        self._number = 0  # of the card, so that no chunk is taken for another's
        self._session = 0
        self._until = 0
        self._size = 0  # that the reader has announced
        self._here = 0  # of it, brought
        self._gone = 0  # of it, on the cable
        self._at = 0  # chunks on the cable

    def announced(self, size: int, session: int, now: int) -> int:
        """A card whose photo of so many bytes follows; the number its chunks go by."""
        self.stop()
        self._number = (self._number + 1) & 255
        self._session = session
        self._until = now + PHOTO_MS
        self._size = size
        return self._number

    def take(self, line: bytes) -> bool:
        """A line of the reader; False when it brings nothing that is waited for."""
        line = line.strip()
        if self._here >= self._size or not line.startswith(MARK):
            return False
        try:
            part = binascii.a2b_base64(line[len(MARK) :])
        except ValueError:
            part = b""
        end = self._here + len(part)
        if not part or end > self._size:
            self.stop()
            return False
        self._held[self._here : end] = part
        self._here = end
        return True

    def next(self, session: int, now: int) -> bytes:
        """The payload that may leave now, a full chunk or the last; b"" for none."""
        if session != self._session or now >= self._until:
            self.stop()
        end = min(self._gone + frame.PHOTO_PART_MAX, self._here)
        if end == self._gone or (end - self._gone < frame.PHOTO_PART_MAX and end < self._size):
            return b""
        part = bytes([self._number, self._at]) + self._held[self._gone : end]
        self._gone = end
        self._at += 1
        return bytes(part)

    def stop(self) -> None:
        """Let go of what has not left."""
        self._size = self._here = self._gone = self._at = 0
