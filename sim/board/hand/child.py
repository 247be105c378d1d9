"""A simulated device in a process of its own, that ends with us: it holds our pipe and leaves when that
closes, also when we are killed."""

from __future__ import annotations

import contextlib
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from msgspec import Struct

from edge.errors import EdgeError

LOOK_S = 0.2


class Program(Struct, frozen=True):
    """What is started: `ready` begins the first line of one that came up. `what` and `hint` are for the
    error of one that did not."""

    command: Sequence[str | Path]
    cwd: Path
    ready: str
    what: str
    hint: str
    start_s: float
    stop_s: float
    env: Mapping[str, str] | None = None


class Child:
    """One run of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None, "start() first"
        return self._process.pid

    def start(self) -> str:
        """Its first line. E-BRD-21 when it does not come up."""
        assert self._process is None, "already started"
        told = self._program
        self._process = subprocess.Popen(
            [str(part) for part in told.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=told.cwd,
            env=told.env,
        )
        assert self._process.stdout is not None
        said = _first_line(self._process.stdout, self._process, told.start_s)
        if not said.startswith(told.ready):
            self.stop()
            raise EdgeError("E-BRD-21", f"{told.what} did not start: {said or 'no word'}", told.hint)
        return said

    def stop(self) -> None:
        """It is gone when this returns, and its children with it."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(self._program.stop_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _first_line(stdout: IO[str], process: subprocess.Popen[str], within_s: float) -> str:
    """What the child says first, or "" when it ends or is mute for so long."""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if selector.select(LOOK_S):
                return stdout.readline().strip()
            if process.poll() is not None:
                break
    return ""
