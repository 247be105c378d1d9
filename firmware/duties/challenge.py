"""The lights of a liveness challenge: colours in a row on an absolute schedule, a pulse on the sync
pin with each, and a report of when each one was really shown.

Pure: `tick` gives the lamps' value while it runs, `shown` is told the microseconds at which the
ring had it. The report's first time is 0; the host compares frames of its camera with the others.
"""

import struct

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


RGB = (
    (0, 0, 0),
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 0),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
OFF = (0, 0, 0)
COLOUR_MASK = 15
SIDE_SHIFT = 4  # above the colour: 0 both halves, else
LEFT = 1
RIGHT = 2
FORMAT_BYTES = struct.calcsize(frame.CHALLENGE_FORMAT)
TICKS_MASK = (1 << 30) - 1  # ticks_us of a board wraps here


class Challenge:
    """`value` is (left, right) while it runs, else None; `report` is to be sent when not empty;
    `pulse` is the level of the sync pin."""

    def __init__(self) -> None:
        self._number = 0
        self._step_ms = 0
        self._colours = b""
        self._at = 0
        self._until = 0
        self._times: "list[Any]" = []
        self.value: "Any" = None
        self.pulse = 0
        self.report = b""

    def take(self, payload: bytes, now: int) -> bool:
        """Start; False for what is none (the one that runs goes on)."""
        if len(payload) <= FORMAT_BYTES:
            return False
        number, step_ms = struct.unpack(frame.CHALLENGE_FORMAT, payload[:FORMAT_BYTES])
        colours = payload[FORMAT_BYTES:]
        if (
            not frame.CHALLENGE_STEP_MIN_MS <= step_ms <= frame.CHALLENGE_STEP_MAX_MS
            or len(colours) > frame.CHALLENGE_STEPS_MAX
            or max(colour & COLOUR_MASK for colour in colours) >= len(RGB)
            or max(colours) >> SIDE_SHIFT > RIGHT
        ):
            return False
        self._number, self._step_ms, self._colours = number, step_ms, colours
        self._at = 0
        self._until = now + step_ms
        self._times = []
        self._show()
        return True

    def _show(self) -> None:
        rgb = RGB[self._colours[self._at] & COLOUR_MASK]
        side = self._colours[self._at] >> SIDE_SHIFT
        self.value = (OFF if side == RIGHT else rgb, OFF if side == LEFT else rgb)
        self.pulse ^= 1

    def stop(self) -> None:
        """Dark, and no report: it was not played to its end."""
        self.value = None
        self.pulse = 0

    def tick(self, now: int) -> None:
        while self.value is not None and now >= self._until:
            self._at += 1
            self._until += self._step_ms
            if self._at == len(self._colours):
                self.report = struct.pack("<H", self._number)
                for at in self._times:
                    self.report += struct.pack("<I", (at - self._times[0]) & TICKS_MASK)
                self.stop()
            else:
                self._show()

    def shown(self, us: "Any") -> None:
        """The ring shows `value` since now; a step that the loop was too late for has no time of
        its own and gets that of the next."""
        while self.value is not None and len(self._times) <= self._at:
            self._times.append(us)

    def wait(self, now: int, most: int) -> int:
        return most if self.value is None else max(0, min(most, self._until - now))
