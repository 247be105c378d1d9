"""One emulated board for the whole smoke set, and the terminal's real driver living by its clock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from edge.core.events import BoardUp
from edge.core.link_words import Heard
from edge.core.types import Head, Json
from edge.drivers.board import BoardEvent, serial_port
from sim.tier2 import UF2, venv
from sim.tier2.board import EmulatedBoard, SlowLoop
from sim.tier2.uf2 import stamp

HERE = Path(__file__).parent
PATIENCE_S = 1800  # of ours; a chip second is 36 of them, and hundreds on a busy machine
Event = TypeVar("Event", bound=BoardEvent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Loudly: what is missing and which command brings it."""
    missing = ""
    if stamp() is None:
        missing = f"no runtime at {UF2}: `facepay sim uf2` builds it"
    elif not venv.made():
        missing = "no emulator: `facepay sim tier2` makes its venv"
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.tier2)
            item.add_marker(pytest.mark.timeout(3 * PATIENCE_S))
            if missing and "emulated" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=f"tier 2 did not run: {missing}"))


class Host(threading.Thread):
    """The real driver on a loop whose time is the chip's."""

    def __init__(self, board: EmulatedBoard, patch: pytest.MonkeyPatch) -> None:
        super().__init__(daemon=True)
        self._board = board
        self._loop = SlowLoop(board)
        self._news = threading.Condition()
        options = serial_port.Options(port=str(board.tty), pair_key=str(board.key_path))
        self.driver = serial_port.Driver(options)
        self.events: list[BoardEvent] = []
        self.welcomes: list[Json] = []
        hear = self.driver.link._wire.hear

        def listening(data: bytes) -> list[Heard]:
            heard = hear(data)
            self.welcomes += [one.body for one in heard if one.what == "welcome"]
            return heard

        patch.setattr(self.driver.link._wire, "hear", listening)

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


@pytest.fixture(scope="session")
def emulated() -> Iterator[Callable[..., Rig]]:
    """Makes boards with a host; they end with the session."""
    begun: list[Rig] = []
    patch = pytest.MonkeyPatch()

    def make(directory: Path, over: dict[str, bytes] | None = None) -> Rig:
        board = EmulatedBoard(directory, over)
        board.start()
        patch.setattr(serial_port, "_now_ms", board.now_ms)
        host = Host(board, patch)
        host.start()
        begun.append(Rig(board, host))
        return begun[-1]

    yield make
    patch.undo()
    for rig in begun:
        rig.host.end()
        rig.board.stop()


@pytest.fixture(scope="session")
def rig(emulated: Callable[..., Rig], tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """The board of the smoke set: the files of a real one and nothing else."""
    return emulated(tmp_path_factory.mktemp("tier2"))
