"""The controller on a serial port: pyserial for the port, the loop's readers and writers for the
bytes, `core.link` for every decision. Unplugging is noticed at once (EIO or end of file), and
the port is opened again with back-off."""

from __future__ import annotations

import asyncio
import errno
import stat
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import serial
from msgspec import Struct

from edge.core.link import Link
from edge.core.link_words import (
    Arrived,
    ClosePort,
    Code,
    Command,
    Do,
    LinkEvent,
    Opened,
    OpenFailed,
    OpenPort,
    PortLost,
    Post,
    StopAsked,
    Tick,
    Write,
)
from edge.core.types import Head
from edge.dice import SystemDice
from edge.drivers.board import BoardEvent
from edge.errors import EdgeError
from edge.wire.cable import Cable, challenge_text, clear_text, emit_text, head_text

READ_MAX = 4096
OUT_MAX = 16 * 1024  # bytes waiting for a port that takes none
LATE_MS = 1  # the loop may wake us this much before the deadline


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`port`: device or symlink. `pair_key`: the file with the 32-byte pairing key, mode 0600."""

    port: str
    pair_key: str
    baud: int = 460_800


def read_key(path: Path) -> bytes:
    """The pairing key. E-BRD-19 when it is not there, not 32 bytes, or others may read it."""
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
    except OSError as error:
        raise EdgeError(
            "E-BRD-19", f"no pairing key: {error}", "provision the controller"
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise EdgeError("E-BRD-19", f"{path} can be read by others", f"chmod 600 {path}")
    return key


def failure(error: OSError) -> Code:
    """Which way to fail an error of open() is."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return Code.PORT_DENIED
        case errno.EBUSY | errno.EAGAIN:
            return Code.PORT_TAKEN
        case _:
            return Code.NO_PORT


class Driver:
    """Implements `drivers.board.Board`. E-BRD-19 at construction for a bad pairing key."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.link = Link(Cable(read_key(Path(options.pair_key))), SystemDice())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._post: Callable[[BoardEvent], None] | None = None
        self._port: serial.Serial | None = None
        self._out = bytearray()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._todo: deque[Do] = deque()
        self._doing = False

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[BoardEvent], None]) -> None:
        assert self._loop is None, "already started"
        self._loop, self._post = loop, post
        self._do(self.link.start(_now_ms()))

    def light(self, pattern: str) -> None:
        self._step(Command("light", pattern))

    def buzz(self, pattern: str) -> None:
        self._step(Command("buzz", pattern))

    def witness(self, head: Head | None) -> None:
        text = "" if head is None else head_text(head.epoch, head.seq, head.hash)
        self._step(Command("witness", text))

    def challenge(self, number: int, step_ms: int, colours: Sequence[str]) -> None:
        self._step(Command("challenge", challenge_text(number, step_ms, colours)))

    def emit(self, emitter: str, ms: int) -> None:
        self._step(Command("emit", emit_text(emitter, ms)))

    def clear_tamper(self, switches: Sequence[str]) -> None:
        self._step(Command("clear", clear_text(switches)))

    def stop(self) -> None:
        self._step(StopAsked())

    # -- turns -------------------------------------------------------------------------------------
    def _step(self, event: LinkEvent) -> None:
        if self._loop is not None:
            self._do(self.link.step(event, _now_ms()))

    def _do(self, todo: list[Do]) -> None:
        """In order, also when a posted event makes the agent command something at once: frames
        must leave in the order of their counters."""
        self._todo.extend(todo)
        if self._doing:
            return
        self._doing = True
        while self._todo:
            match self._todo.popleft():
                case OpenPort():
                    self._open()
                case ClosePort():
                    self._close()
                case Write(data):
                    self._write(data)
                case Post(event):
                    assert self._post is not None
                    self._post(event)
        self._doing = False
        self._set_timer()

    def _set_timer(self) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.link.deadline()
        if due is not None:
            wait_ms = max(0, due - _now_ms()) + LATE_MS
            self._timer = self._loop.call_later(wait_ms / 1000, self._step, Tick())

    # -- port --------------------------------------------------------------------------------------
    def _open(self) -> None:
        assert self._loop is not None
        try:
            self._port = serial.Serial(
                self.options.port, self.options.baud, timeout=0, write_timeout=0, exclusive=True
            )
        except OSError as error:  # SerialException is one, with the errno of the cause
            # Later, not now: the machine is still handing out what to do.
            self._loop.call_soon(self._step, OpenFailed(failure(error)))
            return
        self._out.clear()
        self._loop.add_reader(self._port.fileno(), self._readable)
        self._loop.call_soon(self._step, Opened())

    def _close(self) -> None:
        assert self._loop is not None
        port, self._port = self._port, None
        if port is not None:
            self._loop.remove_reader(port.fileno())
            if self._writing:
                self._loop.remove_writer(port.fileno())
            self._writing = False
            port.close()

    def _readable(self) -> None:
        assert self._port is not None
        try:
            data = self._port.read(READ_MAX)
        except OSError:  # EIO of a pty, "returned no data" of pyserial: the cable is out
            self._step(PortLost(Code.UNPLUGGED))
            return
        if data:
            self._step(Arrived(data))

    def _write(self, data: bytes) -> None:
        if self._port is None:
            return
        if len(self._out) + len(data) > OUT_MAX:
            # A port that takes nothing: what waits is stale, and the link repeats what matters.
            self._out.clear()
        self._out += data
        if not self._writing:
            self._flush()

    def _flush(self) -> None:
        assert self._port is not None
        assert self._loop is not None
        try:
            sent = self._port.write(bytes(self._out)) or 0
        except serial.SerialTimeoutException:
            sent = 0
        except OSError:
            self._out.clear()
            self._loop.call_soon(self._step, PortLost(Code.UNPLUGGED))
            return
        del self._out[:sent]
        waiting = bool(self._out)
        if waiting and not self._writing:
            self._loop.add_writer(self._port.fileno(), self._flush)
        elif self._writing and not waiting:
            self._loop.remove_writer(self._port.fileno())
        self._writing = waiting


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
