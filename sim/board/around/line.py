"""The link of a board as the host has it: a pty, the cable behind it, and the frames that pass."""

from __future__ import annotations

import contextlib
import os
import selectors
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sim.board.around.cable import DIRECTIONS, Cable
from sim.board.around.console import READ_MAX, open_pty
from sim.board.trace import Frames

SAID_MAX = 256 * 1024
BITS_PER_BYTE = 10  # on a UART: start, eight, stop
BABBLE_MS = 5


class Home(Protocol):
    """What a line needs of its board."""

    def now_us(self) -> int: ...
    def after(self, ms: float, do: Callable[[], None]) -> None: ...
    def note(self, kind: str, **fields: object) -> None: ...
    def give_bytes(self, uart: int, data: bytes) -> None: ...
    def heard(self, kind: str) -> None: ...


class Line:
    """`link` leads to the pty while the cable is in. `paced`: bytes take their time at `baud`; on the
    wall the pty's own is enough."""

    def __init__(
        self, home: Home, link: Path, selector: selectors.BaseSelector, cable: Cable, *, paced: bool
    ) -> None:
        self._home = home
        self._link = link
        self._selector = selector
        self._cable = cable
        self._paced = paced
        self._outer: tuple[int, int] | None = None
        self._free_at_us = dict.fromkeys(DIRECTIONS, 0)
        self._frames = {way: Frames() for way in DIRECTIONS}
        self.baud = 115200
        self.said = bytearray()  # by the board since somebody emptied it

    def plug(self) -> bool:
        """A new pty behind the link; False when the cable is in."""
        if self._outer is not None:
            return False
        self._outer = open_pty(self._link)
        self._selector.register(self._outer[0], selectors.EVENT_READ, self._from_host)
        return True

    def name(self) -> str:
        assert self._outer is not None
        return os.ttyname(self._outer[1])

    def unplug(self) -> None:
        self._link.unlink(missing_ok=True)
        if self._outer is not None:
            self._selector.unregister(self._outer[0])
            for fd in self._outer:
                os.close(fd)
            self._outer = None

    def down(self, data: bytes) -> None:
        """Bytes from the host enter the cable."""
        self._carry("down", data, self._arrive)

    def up(self, data: bytes) -> None:
        """Bytes from the board enter the cable."""
        for shown in self._frames["up"].feed(data):
            self._home.note("frame", way="up", **shown)
        self._carry("up", data, self._leave)

    def babble(self) -> None:
        """Talk nonsense to the host, while the cable is set to."""
        if self._cable.babbling:
            self._leave(self._cable.babble())
            self._home.after(BABBLE_MS, self.babble)

    def _from_host(self) -> None:
        assert self._outer is not None
        with contextlib.suppress(BlockingIOError, OSError):
            self.down(os.read(self._outer[0], READ_MAX))

    def _arrive(self, data: bytes) -> None:
        for shown in self._frames["down"].feed(data):
            self._home.note("frame", way="down", **shown)
        self._home.give_bytes(0, data)

    def _leave(self, data: bytes) -> None:
        self.said += data
        del self.said[:-SAID_MAX]
        self._home.heard("said")
        if self._outer is not None:
            with contextlib.suppress(BlockingIOError, OSError):
                os.write(self._outer[0], data)  # nobody listens: gone, as on a wire

    def _carry(self, way: str, data: bytes, deliver: Callable[[bytes], None]) -> None:
        """What passes the cable comes out later, in order."""
        data = self._cable.passes(way, data)
        if not data:
            return
        delay_us = self._cable.faults[way].delay_ms * 1000
        if self._paced:
            delay_us += len(data) * BITS_PER_BYTE * 1_000_000 / self.baud
        now = self._home.now_us()
        if not delay_us and self._free_at_us[way] <= now:
            deliver(data)
            return
        at = max(now + int(delay_us), self._free_at_us[way])
        self._free_at_us[way] = at
        self._home.after((at - now) / 1000, lambda: deliver(data))
