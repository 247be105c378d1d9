"""The host's side of an emulated board: put the firmware on its flash, start it, read its clock, and let
the real driver live by that clock."""

from __future__ import annotations

import asyncio
import json
import os
import selectors
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from sim.board import Control, make_key
from sim.board.chip.flash_image import FIRST_SLOT, board_files, write_files
from sim.board.hand.child import Child, Program
from sim.tier2 import ROOT, UF2, VENV

START_TIMEOUT_S = 1900  # the emulator gives up before
STOP_TIMEOUT_S = 60
NAP_S = 0.02


class EmulatedBoard:
    """A whole RP2040 in a process of its own, which ends with `stop()`, with this process, or with
    `with`. Its directory is that of a simulated board (flash.img, pair.key, tty, usb, control.sock) and
    has `clock` besides. `over`: files by their path on the board that replace or join the firmware's."""

    def __init__(self, directory: Path, over: Mapping[str, bytes] | None = None) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tty, self.usb = directory / "tty", directory / "usb"
        self.key_path = directory / "pair.key"
        self.image = directory / "flash.img"
        self.control = Control(directory)
        self.build = ""
        self._over = dict(over or {})
        self._child: Child | None = None

    def start(self) -> None:
        """Flash, power on, wait for the runtime. E-BRD-21 when it does not come up."""
        assert self._child is None, "already started"
        if not self.key_path.exists():
            make_key(self.key_path)
        files = board_files(self.key_path.read_bytes(), b"pico", self._over)
        self.build = json.loads(files[f"{FIRST_SLOT}/manifest.json"])["build"]
        write_files(self.image, files)
        program = Program(
            [VENV / "bin" / "python", "-m", "sim.tier2.emulator", UF2, self.directory],
            ROOT,
            "ready",
            "the emulated board",
            "see its message above; facepay sim uf2 builds the runtime anew",
            START_TIMEOUT_S,
            STOP_TIMEOUT_S,
            {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        child = Child(program)
        child.start()
        self._child = child

    def stop(self) -> None:
        """Power off; what is on the flash is in flash.img afterwards."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def now_ns(self) -> int:
        """Nanoseconds of the chip's time since its first power-on; goes on over a reset."""
        return int.from_bytes((self.directory / "clock").read_bytes(), "little")

    def now_ms(self) -> int:
        """The clock that a host of this board has to live by."""
        return self.now_ns() // 1_000_000

    def __enter__(self) -> EmulatedBoard:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Patient(selectors.DefaultSelector):
    """Waits for NAP_S at least: the loop wakes too early (a second here is shorter than one of the
    chip's) and waits again, which would otherwise take the processor from the emulator."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the base class, and late by what is half a millisecond for the chip."""
        return super().select(max(timeout, NAP_S) if timeout else timeout)


class SlowLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds are those of the chip."""

    def __init__(self, board: EmulatedBoard) -> None:
        super().__init__(_Patient())
        self._board = board

    def time(self) -> float:
        """Seconds, as the chip counts them."""
        return self._board.now_ns() / 1e9
