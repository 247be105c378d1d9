"""A simulated board of this process: on the wall's clock in a child, in virtual time inside."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from sim.board.hand.child import Child, Program
from sim.board.hand.client import ASK_TIMEOUT_S, Control
from sim.board.hand.inside import Inside
from sim.board.prepare import make_key

ROOT = Path(__file__).resolve().parents[3]
START_TIMEOUT_S = 20


class SimBoard:
    """A board that ends with `stop()`, with this process, or with `with`. `control` has what can be
    done to it; the most used are methods here as well. With `virtual` it lives in this process,
    which must let its time pass anyway; else in a child.

    `directory` gets flash.img, pair.key (32 bytes, 0600; kept when it is there), tty and usb
    (symlinks to the ptys of the link and of the REPL), bootsel/ while it is in BOOTSEL,
    control.sock, trace.jsonl. What lies in `overlay/` there is flashed over the firmware. `options`
    are those of `facepay sim board`: SimBoard(place, virtual=True, seed=7, flash="blank").
    """

    def __init__(
        self, directory: str | Path, *, key: bytes | None = None, **options: str | int | bool
    ) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = self.directory / "tty"
        self.usb = self.directory / "usb"
        self.bootsel = self.directory / "bootsel"
        self.trace_path = self.directory / "trace.jsonl"
        self.key_path = self.directory / "pair.key"
        if key is not None or not self.key_path.exists():
            make_key(self.key_path, key)
        self._options = options
        self._child: Child | None = None
        self._inside: Inside | None = None
        virtual = bool(options.get("virtual"))
        self.control = Control(self._answer if virtual else self.directory)
        self.present_card = self.control.present_card
        self.press = self.control.press
        self.lamps = self.control.lamps
        self.light = self.control.light
        self.advance = self.control.advance
        self.unplug = self.control.unplug
        self.replug = self.control.replug
        self.reset = self.control.reset

    @property
    def key(self) -> bytes:
        return self.key_path.read_bytes()

    @property
    def pid(self) -> int:
        assert self._child is not None, "start() first"
        return self._child.pid

    def start(self) -> str:
        """Flash, plug in, boot. The path of the link's pty (a new one after `replug`; `path` is
        stable)."""
        assert (self._child, self._inside) == (None, None), "already started"
        if self._options.get("virtual"):
            given = {name: value for name, value in self._options.items() if name != "virtual"}
            self._inside = Inside(self.directory, given)
            return self._inside.port
        command = [sys.executable, "-m", "sim.board", "--directory", str(self.directory)]
        for name, value in self._options.items():
            option = "--" + name.replace("_", "-")
            if value is not False:
                command += [option] if value is True else [option, str(value)]
        program = Program(
            [*command, "--with-parent"],
            ROOT,
            "pty ",
            "the simulated board",
            "see its message above",
            START_TIMEOUT_S,
            ASK_TIMEOUT_S,
        )
        self._child = Child(program)
        said = self._child.start()
        return said.split()[1]

    def stop(self) -> None:
        """Power off; every process of the board is gone when this returns."""
        if self._inside is not None:
            self._inside.close()
            self._inside = None
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._inside is None:
            return {"ok": False, "why": "it was not started"}
        return self._inside.answer(request)

    def __enter__(self) -> SimBoard:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
