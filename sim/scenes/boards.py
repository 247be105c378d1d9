"""What a scenario is played on: the simulated board in a process of its own, or a real one on a port,
where a person does what a cable cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from edge.drivers.board.serial_port import read_key
from edge.errors import EdgeError
from edge.field.flash.look import Place, place_of
from edge.wire import slot_manifest
from sim.board import Lamps, SimBoard
from sim.board.chip.flash_image import FIRST_SLOT, firmware_files, write_files
from sim.scenes.form import Patch
from sim.scenes.seen import Skipped


class Board(Protocol):
    """`port` and `key` for the host, `place` for the flasher; `ask` is what is done to the board from
    outside, `lay` puts files into its flash while it has no power."""

    port: Path
    key: bytes

    def ask(self, do: str, **fields: object) -> dict[str, Any]: ...
    def place(self) -> Place: ...
    def lay(self, files: Mapping[str, bytes]) -> None: ...
    def lamps(self) -> Lamps: ...
    def state(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


def key_of(seed: int) -> bytes:
    """The pairing key of a run: from the seed, so that a run repeats to the byte."""
    return hashlib.sha256(b"facepay/scenario/%d" % seed).digest()


def own_build() -> str:
    """The build of this tree's firmware, as HELLO names it."""
    _fixed, program, _version = firmware_files()
    return slot_manifest.build_of(program)


def patched(patches: list[Patch]) -> dict[str, str]:
    """The changed files by their path on the board. E-SCN-03 when a patch fits not exactly one
    place of the firmware."""
    fixed, program, _version = firmware_files()
    slot = FIRST_SLOT.strip("/")
    texts = {place.strip("/"): data.decode() for place, data in fixed.items()}
    texts |= {f"{slot}/{place}": data.decode() for place, data in program.items()}
    changed: dict[str, str] = {}
    for patch in patches:
        where = [place for place, text in texts.items() for _ in range(text.count(patch.old))]
        if len(where) != 1:
            places = f": {', '.join(where[:4])}" if where else ""
            raise EdgeError(
                "E-SCN-03",
                f"the patch {patch.old!r} fits {len(where)} places{places}",
                "it must fit one; more of the line around it makes it so",
            )
        changed[where[0]] = texts[where[0]] = texts[where[0]].replace(patch.old, patch.new)
    return changed


class Simulated:
    """`overlay`: files over those of the firmware."""

    def __init__(
        self, directory: Path, seed: int, overlay: dict[str, str], *, virtual: bool
    ) -> None:
        for name, text in overlay.items():
            place = directory / "overlay" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        self.sim = SimBoard(directory, key=key_of(seed), seed=seed, virtual=virtual)
        self.port, self.key = self.sim.path, self.sim.key
        self.sim.start()

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        return self.sim.control.ask(do, **fields)

    def place(self) -> Place:
        return place_of(str(self.sim.directory))

    def lay(self, files: Mapping[str, bytes]) -> None:
        self.ask("unplug")
        write_files(self.sim.directory / "flash.img", files)
        self.ask("replug")

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

    def place(self) -> Place:
        raise Skipped("a real board is flashed over its USB console: facepay flash app")

    def lay(self, files: Mapping[str, bytes]) -> None:
        raise Skipped(f"only a simulated board has {len(files)} files put into its flash")

    def lamps(self) -> Lamps:
        raise Skipped("only a simulated board shows its lamps to a program")

    def state(self) -> dict[str, Any]:
        raise Skipped("only a simulated board shows its state to a program")

    def close(self) -> None:
        """The board is not ours to switch off."""
