"""An emulated board and the terminal's real driver on a loop that lives by the chip's clock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from edge.core.events import BoardUp
from edge.core.types import Head
from edge.drivers.board import BoardEvent, serial_port
from sim.tier2.board import EmulatedBoard, SlowLoop

PATIENCE_S = 1800  # of ours; a chip second is 36 of them, and hundreds on a busy machine
Event = TypeVar("Event", bound=BoardEvent)


class Host(threading.Thread):
    """The real driver on a loop whose time is the chip's."""

    def __init__(self, board: EmulatedBoard) -> None:
        super().__init__(daemon=True)
        self._board = board
        self._loop = SlowLoop(board)
        self._news = threading.Condition()
        options = serial_port.Options(port=str(board.tty), pair_key=str(board.key_path))
        self.driver = serial_port.Driver(options)
        self.events: list[BoardEvent] = []

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self.driver.start, self._loop, self._heard)
        self._loop.run_forever()

    def _heard(self, event: BoardEvent) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def light(self, pattern: str) -> None:
        self._loop.call_soon_threadsafe(self.driver.light, pattern)

    def witness(self, head: Head | None) -> None:
        self._loop.call_soon_threadsafe(self.driver.witness, head)

    def wait(self, kind: type[Event], after: int = 0) -> Event:
        """The first event of the kind behind the first `after` ones."""
        end = time.monotonic() + PATIENCE_S
        with self._news:
            while not (found := [e for e in self.events[after:] if isinstance(e, kind)]):
                state = self._board.control.ask("state")
                assert time.monotonic() < end, f"no {kind.__name__} after {state}: {self.events}"
                self._news.wait(5)
        return found[0]

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self.driver.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.join()
        self._loop.close()


class Rig:
    """Board and host together."""

    def __init__(self, board: EmulatedBoard, host: Host) -> None:
        self.board, self.host = board, host
        self.stopped = False  # whether somebody has taken the program's place at the prompt

    def until(self, done: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done():
            state = self.board.control.ask("state")
            assert time.monotonic() < end, f"never: {what}; {state}"
            time.sleep(0.5)

    def up(self) -> BoardUp:
        """The session as it is, or the next one."""
        return self.host.wait(BoardUp)

    def sleep(self, ms: int) -> None:
        """So many milliseconds of the chip."""
        end = self.board.now_ms() + ms
        self.until(lambda: self.board.now_ms() >= end, f"{ms} ms")


@contextmanager
def running(directory: Path, over: dict[str, bytes] | None = None) -> Iterator[Rig]:
    """A board that has its runtime up, and a driver that opens its cable; both end with the `with`."""
    with pytest.MonkeyPatch.context() as patch, EmulatedBoard(directory, over) as board:
        patch.setattr(serial_port, "_now_ms", board.now_ms)
        host = Host(board)
        host.start()
        try:
            yield Rig(board, host)
        finally:
            host.end()
