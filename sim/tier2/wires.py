"""The two lines out of an emulated RP2040 as ptys: UART 0 at its wire speed, USB's serial line as fast
as its buffer takes it. Runs in tier 2's venv.

Everything that passes between the host and the chip does so in `turn()`, between two batches of
instructions, or in an alarm of the chip's clock; never in the middle of one.
"""

from __future__ import annotations

import contextlib
import os
import pty
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path

BITS = 10  # on the wire for one byte: start, eight, stop
READ_MAX = 4096
WAITING_MAX = 64 * 1024  # beyond it the host's bytes stay in the pty, which then takes no more
OUT_MAX = 64 * 1024  # nobody reads: the oldest are gone, as on a wire


class Pty:
    """A pty behind a symlink that stays the same; raw, never blocking."""

    def __init__(self, link: Path) -> None:
        self._outer, self._inner = pty.openpty()
        tty.setraw(self._inner)
        os.set_blocking(self._outer, False)
        self._link = link
        self._out = bytearray()
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._inner))

    def read(self) -> bytes:
        """What the host wrote since."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._outer, READ_MAX)
        return b""

    def write(self, data: bytes) -> None:
        """Towards the host; kept for `flush`."""
        self._out += data
        del self._out[:-OUT_MAX]

    def flush(self) -> None:
        """As much as the pty takes now."""
        if self._out:
            with contextlib.suppress(BlockingIOError):
                del self._out[: os.write(self._outer, bytes(self._out))]

    def close(self) -> None:
        """The symlink goes too."""
        self._link.unlink(missing_ok=True)
        os.close(self._outer)
        os.close(self._inner)


class Feed:
    """Bytes into a peripheral at `gap_ns` of the chip's time each, and only while it has room: the
    hardware would lose them, and a lost byte here would be the bridge's fault, not the cable's."""

    def __init__(
        self, clock: object, push: Callable[[int], None], room: Callable[[], bool], gap_ns: float
    ) -> None:
        self._push = push
        self._room = room
        self._gap_ns = gap_ns
        self._waiting: deque[int] = deque()
        self._alarm = clock.create_alarm(self._step)  # type: ignore[attr-defined]
        self._running = False

    def full(self) -> bool:
        """Whether the host has to wait."""
        return len(self._waiting) >= WAITING_MAX

    def add(self, data: bytes) -> None:
        """They arrive one after the other from now on."""
        self._waiting += data
        if data and not self._running:
            self._running = True
            self._alarm.schedule(self._gap_ns)

    def clear(self) -> None:
        """The chip was reset; what was on the wire is gone."""
        self._waiting.clear()

    def _step(self) -> None:
        if self._waiting and self._room():
            self._push(self._waiting.popleft())
        self._running = bool(self._waiting)
        if self._running:
            self._alarm.schedule(self._gap_ns)


def byte_ns(baud: int) -> float:
    """How long a byte is on the wire."""
    return BITS * 1e9 / baud
