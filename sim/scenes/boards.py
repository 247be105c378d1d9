"""What a scenario is played on: the simulated board in a process of its own, or a real one on a port,
where a person does what a cable cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from edge.drivers.board.serial_port import read_key
from sim.board import Lamps, SimBoard
from sim.scenes.seen import Skipped


class Board(Protocol):
    """`port` and `key` for the host; `ask` is what is done to the board from outside."""

    port: Path
    key: bytes

    def ask(self, do: str, **fields: object) -> dict[str, Any]: ...
    def lamps(self) -> Lamps: ...
    def state(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


def key_of(seed: int) -> bytes:
    """The pairing key of a run: from the seed, so that a run repeats to the byte."""
    return hashlib.sha256(b"facepay/scenario/%d" % seed).digest()


class Simulated:
    """`overlay`: files over those of the firmware."""

    def __init__(self, directory: Path, seed: int, overlay: dict[str, str]) -> None:
        for name, text in overlay.items():
            place = directory / "overlay" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        self.sim = SimBoard(directory, key=key_of(seed))
        self.port, self.key = self.sim.path, self.sim.key
        self.sim.start()

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        return self.sim.control.ask(do, **fields)

    def lamps(self) -> Lamps:
        return self.sim.lamps()

    def state(self) -> dict[str, Any]:
        return self.ask("state")

    def close(self) -> None:
        self.sim.stop()


class Bench:
    """A real board. `person` is told what to do and answers when it is done; without one, what
    needs hands is skipped."""

    def __init__(self, port: Path, key: Path, person: Callable[[str], None] | None) -> None:
        self.port, self.key = port, read_key(key)
        self._person = person

    def by_hand(self, text: str) -> None:
        """Ask for it. Skipped when nobody is there."""
        if self._person is None:
            raise Skipped(f"needs a person: {text}")
        self._person(text)

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        raise Skipped(f"only a simulated board can {do}")

    def lamps(self) -> Lamps:
        raise Skipped("only a simulated board shows its lamps to a program")

    def state(self) -> dict[str, Any]:
        raise Skipped("only a simulated board shows its state to a program")

    def close(self) -> None:
        """The board is not ours to switch off."""
