"""The port of a board as a terminal has it, and how time passes there. On the wall: real seconds and
the pty. Virtual: time stands still until the terminal lets it pass, and bytes reach the board at
exactly that moment, so a run repeats to the byte."""

from __future__ import annotations

import os
import select
import time
import tty
from pathlib import Path
from typing import Protocol

from sim.board.hand.client import Control

WALL_PATIENCE = 4  # a busy machine is late; promises of time are kept in virtual time
READ_MAX = 4096
FULL_S = 10.0  # for a pty that a busy machine leaves full; the link repeats what matters
HEARD = ("said", "off")  # what a terminal that waits is woken by


class Gone(Exception):
    """The cable is out."""


class Port(Protocol):
    """Microseconds since the start of the run, how they pass, and the port. `patience`: time-outs
    are so many times longer; `turn_ms`: how long nobody needs to look; `began_us`: the board's own
    time at the start."""

    patience: int
    turn_ms: int
    began_us: int

    def now_us(self) -> int: ...
    def open(self) -> bool: ...
    def close(self) -> None: ...
    def write(self, data: bytes) -> None: ...  # Gone
    def wait(self, ms: float) -> bytes: ...  # what came, b"" when the time is over first; Gone


class Wall:
    """Real seconds; `path` is the port."""

    def __init__(self, path: Path) -> None:
        self.patience, self.turn_ms = WALL_PATIENCE, 5
        self.began_us = time.monotonic_ns() // 1000
        self._path = path
        self._fd: int | None = None

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000 - self.began_us

    def open(self) -> bool:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(self._fd)
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def write(self, data: bytes) -> None:
        """A packet that went in half would spoil the next: all of it, unless nobody ever reads."""
        fd = self._fd if self._fd is not None else -1
        end = time.monotonic() + FULL_S
        while data and time.monotonic() < end:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                select.select([], [fd], [], 0.1)
            except OSError as error:
                raise Gone from error

    def wait(self, ms: float) -> bytes:
        if self._fd is None:
            time.sleep(ms / 1000)
            return b""
        select.select([self._fd], [], [], ms / 1000)
        try:
            data = os.read(self._fd, READ_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:  # EIO of a pty
            raise Gone from error
        if not data:
            raise Gone
        return data


class Virtual:
    """A board's own clock from its start on, moved by its control; `path` is there while the cable
    is in."""

    def __init__(self, path: Path, control: Control) -> None:
        self.patience, self.turn_ms = 1, 1000
        self.began_us = 0
        self._path, self._control = path, control
        self._now_us = 0
        self._open = False

    def now_us(self) -> int:
        return self._now_us

    def open(self) -> bool:
        self._open = self._path.is_symlink()
        return self._open

    def close(self) -> None:
        self._open = False

    def write(self, data: bytes) -> None:
        if not self._path.is_symlink():
            raise Gone
        self._control.send(data)

    def wait(self, ms: float) -> bytes:
        done = self._control.advance(ms, HEARD if self._open else ())
        self._now_us = done.now_us
        if not self._open:
            return b""  # nobody listens
        if not done.said and not self._path.is_symlink():
            raise Gone
        return done.said
