"""A short word with the controller over its link: who are you, what do you run? Uses the terminal's
own machine (`core.link`) on a port of its own, with an end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.core.link import Link, State
from edge.core.link_words import Arrived, Opened, Tick, Write
from edge.dice import SystemDice
from edge.errors import EdgeError
from edge.field.flash.port import Port
from edge.wire.cable import Cable

BAUD: Final = 460_800
WAIT_S: Final = 6.0
STAY_S: Final = 0.3  # after the greeting, so that the controller sees frames of the new session


class Greeting(Struct, frozen=True):
    """What WELCOME said; `ms` from the first HELLO to the session."""

    version: str
    build: str
    board: str
    uid: str
    ms: int
    trial: bool = False  # it has not confirmed itself yet


def greet(path: Path, pair_key: bytes, wait_s: float = WAIT_S) -> Greeting:
    """One session with the controller. E-FLS-01..04 of the port; else E-FLS-41 with what was heard
    instead (mute, noise, another key)."""
    port = Port(path, BAUD)
    try:
        return _greet(port, pair_key, wait_s)
    finally:
        port.close()


def _greet(port: Port, pair_key: bytes, wait_s: float) -> Greeting:
    link = Link(Cable(pair_key), SystemDice())
    start = time.monotonic()
    link.start(0)

    def now_ms() -> int:
        return int((time.monotonic() - start) * 1000)

    todo = link.step(Opened(), now_ms())
    up_at: float | None = None
    took_ms = 0
    while time.monotonic() - start < wait_s:
        for one in todo:
            if isinstance(one, Write):
                port.write(one.data)
        if link.state is State.UP and up_at is None:
            up_at, took_ms = time.monotonic(), now_ms()
        if up_at is not None and time.monotonic() - up_at > STAY_S:
            info = link.info
            return Greeting(
                str(info["version"]), str(info["build"]), str(info["board"]), str(info["uid"]), took_ms,
                bool(info["trial"]),
            )  # fmt: skip
        due = link.deadline()
        wait_ms = 50 if due is None else min(50, max(1, due - now_ms()))
        data = port.read(wait_ms / 1000)
        todo = link.step(Arrived(data) if data else Tick(), now_ms())
    why = ", ".join(f"{code} x{count}" for code, count in sorted(link.faults.items())) or "nothing came"
    raise EdgeError(
        "E-FLS-41",
        f"the program on the board does not answer on {port.path}: {why}",
        "is the pairing key that of this board? facepay explain says what a code means",
    )
