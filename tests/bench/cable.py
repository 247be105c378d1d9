"""Group `cable`: the terminal's real driver and the firmware on a simulated board, with a pty between
them and the clock on the wall.

A round trip is a command and its acknowledgement (HMAC, CRC and COBS at both ends, one of them in
MicroPython). Floor: as many bytes to a process on a pty that answers as many as the board does, and
does nothing else. Neither end waits for the UART: its 460,800 baud are in the note.
"""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.core.events import BoardUp
from edge.drivers.board import BoardEvent
from edge.drivers.board.serial_port import Driver, Options
from firmware.boards.pico import LINK_BAUD
from sim.board import SimBoard
from tests.bench.figure import Figure, Size, in_turns, paired, spread

GROUP = "cable"
PATIENCE_S = 30.0
Clock = Callable[[], float]
BITS = 10  # on the wire for one byte
BUZZ = "short"  # a command that is not replaced by a newer one while it waits
AHEAD = 8  # commands waiting in the driver during a burst; it takes 16
ECHO = """
import os, sys
while data := os.read(0, 4096):
    for _ in range(data.count(b"\\0")):
        os.write(1, b"x" * {answer} + b"\\0")
"""


class Talk:
    """The driver on a loop of its own, told from another thread. `clock`: seconds, as whoever measures
    counts them (an emulated chip has its own); `patience_s` is of the wall's."""

    def __init__(
        self, port: Path, key: Path, loop: asyncio.AbstractEventLoop | None = None,
        clock: Clock = time.perf_counter, patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self.driver = Driver(Options(port=str(port), pair_key=str(key)))
        self.sent_bytes = self.heard_bytes = 0
        self._loop = loop or asyncio.new_event_loop()
        self._clock, self._patience_s = clock, patience_s
        self._up, self._done = threading.Event(), threading.Event()
        self._acked, self._wanted, self._told = 0, 0, 0
        _after(self.driver.link, "_acknowledged", self._one)
        _before(self.driver, "_write", self._count_sent)
        _before(self.driver.link._wire, "hear", self._count_heard)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(patience_s), "the link does not come up"
        self.trip()  # the light that the link sets at once is out of the way

    def trip(self) -> float:
        """Seconds from a command to its acknowledgement."""
        return self.burst(1)

    def burst(self, count: int) -> float:
        """Seconds until `count` commands are acknowledged, AHEAD of them waiting at most."""
        self._done.clear()
        self._acked, self._wanted, self._told = 0, count, 0
        began = self._clock()
        self._loop.call_soon_threadsafe(self._feed)
        assert self._done.wait(self._patience_s), f"{self._acked} of {count} acknowledged"
        return self._clock() - began

    def close(self) -> None:
        """The port too."""
        self._loop.call_soon_threadsafe(self.driver.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self._patience_s)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self.driver.start, self._loop, self._heard)
        self._loop.run_forever()

    def _heard(self, event: BoardEvent) -> None:
        if isinstance(event, BoardUp):
            self._up.set()

    def _feed(self) -> None:
        while self._told < self._wanted and self._told - self._acked < AHEAD:
            self._told += 1
            self.driver.buzz(BUZZ)

    def _one(self) -> None:
        self._acked += 1
        if self._acked >= self._wanted:
            self._done.set()
        else:
            self._loop.call_soon(self._feed)

    def _count_sent(self, data: bytes) -> None:
        self.sent_bytes += len(data)

    def _count_heard(self, data: bytes) -> None:
        self.heard_bytes += len(data)


class Bare:
    """The floor: a pty, and at its other end a process that answers `answer` bytes to each packet."""

    def __init__(self, question: int, answer: int) -> None:
        self._outer, inner = os.openpty()
        tty.setraw(inner)
        self._question, self._answer = b"x" * (question - 1) + b"\0", answer
        self._process = subprocess.Popen(
            [sys.executable, "-c", ECHO.format(answer=answer - 1)], stdin=inner, stdout=inner
        )
        os.close(inner)
        self.trip()

    def trip(self) -> float:
        """Seconds there and back."""
        began = time.perf_counter()
        os.write(self._outer, self._question)
        got = 0
        while got < self._answer:
            assert select.select([self._outer], [], [], PATIENCE_S)[0], "the floor is mute"
            got += len(os.read(self._outer, 4096))
        return time.perf_counter() - began

    def burst(self, count: int) -> float:
        """`count` of them, one after the other as stop-and-wait has it."""
        return sum(self.trip() for _ in range(count))

    def close(self) -> None:
        """The process ends with its pty."""
        self._process.kill()
        self._process.wait()
        os.close(self._outer)


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    with SimBoard(directory / "board") as board, talking(board.path, board.key_path) as talk:
        question, answer = packets(talk, size.trips)
        bare = Bare(question, answer)
        try:
            trips, floors = in_turns(size.trips, [talk.trip, bare.trip])
            count = size.burst
            bursts, bare_bursts = in_turns(
                size.bursts, [lambda: talk.burst(count), lambda: bare.burst(count)]
            )
        finally:
            bare.close()
        faults = {str(code): n for code, n in talk.driver.link.faults.items()}
    wire_ms = (question + answer) * BITS * 1e3 / LINK_BAUD
    told = f"{question} B out, {answer} B back: {wire_ms:.2f} ms of a UART more"
    return [
        paired(
            group=GROUP, name="a command and its acknowledgement", unit="ms", values=trips,
            floors=floors, floor_name="the same bytes over a pty and back", scale=1e3,
            note=f"{spread(trips, 1e3)}; {told}",
        ),
        paired(
            group=GROUP, name=f"commands acknowledged, {count} in a row", unit="frames/s",
            values=[count / s for s in bursts], floors=[count / s for s in bare_bursts],
            floor_name="the same bytes over a pty and back",
            note=f"faults of the link: {faults or 'none'}",
        ),
    ]  # fmt: skip


def packets(talk: Talk, trips: int) -> tuple[int, int]:
    """Bytes of a command and of its acknowledgement, as counted over some (heartbeats are among them,
    so the mean is rounded)."""
    sent, heard = talk.sent_bytes, talk.heard_bytes
    for _ in range(trips):
        talk.trip()
    return round((talk.sent_bytes - sent) / trips), round((talk.heard_bytes - heard) / trips)


@contextmanager
def talking(port: Path, key: Path) -> Iterator[Talk]:
    """The driver, until the end of the `with`."""
    talk = Talk(port, key)
    try:
        yield talk
    finally:
        talk.close()


def _after(thing: Any, name: str, also: Callable[[], None]) -> None:
    """Be told when a method of this one object has run."""
    method = getattr(thing, name)

    def both(*given: Any) -> Any:
        result = method(*given)
        also()
        return result

    setattr(thing, name, both)


def _before(thing: Any, name: str, also: Callable[..., None]) -> None:
    """See what a method of this one object is given."""
    method = getattr(thing, name)

    def both(*given: Any) -> Any:
        also(*given)
        return method(*given)

    setattr(thing, name, both)
