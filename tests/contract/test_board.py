"""What every file in edge/drivers/board/ promises, and what the serial one does with a real
firmware on the other end of a pty. A new driver is picked up by listing the folder."""

from __future__ import annotations

import asyncio
import inspect
import os
import pty
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from edge import loader
from edge.core.events import BoardLost, BoardUp, CardRead, Pressed
from edge.core.link_words import Code
from edge.drivers.board import Board
from edge.drivers.board.serial_port import Driver, Options
from edge.errors import EdgeError
from sim.board import SimBoard, make_key

PATIENCE_S = 20
FOLDER = Path(inspect.getfile(Board)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
WHITE = ((255, 255, 255),) * 12


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimBoard]:
    with SimBoard(tmp_path_factory.mktemp("board")) as one:
        yield one


def options_for(name: str, directory: Path) -> dict[str, str]:
    make_key(directory / "pair.key")
    return {
        "none": {},
        "serial_port": {"port": str(directory / "absent"), "pair_key": str(directory / "pair.key")},
    }[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_keeps_the_protocol(name: str, tmp_path: Path) -> None:
    driver = loader.load("board", name)
    module = inspect.getmodule(driver)
    made: Board = driver(module.Options(**options_for(name, tmp_path)))
    for method in (name for name in vars(Board) if not name.startswith("_")):
        wanted = inspect.signature(getattr(Board, method)).parameters
        assert list(inspect.signature(getattr(made, method)).parameters) == list(wanted)[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_without_its_device_takes_every_call_and_stops(name: str, tmp_path: Path) -> None:
    async def life() -> list[Any]:
        driver = loader.load("board", name)
        events: list[Any] = []
        made = driver(inspect.getmodule(driver).Options(**options_for(name, tmp_path)))
        made.light("white")
        made.start(asyncio.get_running_loop(), events.append)
        made.light("left")
        made.buzz("ok")
        made.witness(None)
        made.emit("white", 100)
        made.challenge(1, 100, ["red"])
        made.clear_tamper(["case"])
        await asyncio.sleep(0.05)
        made.stop()
        seen = len(events)
        made.light("off")
        await asyncio.sleep(0.5)
        assert len(events) == seen, "nothing is posted after stop"
        return events

    assert all(isinstance(event, BoardLost) for event in asyncio.run(life()))


class Seen:
    """A driver, what it posted, and a wait that ends."""

    def __init__(self, port: str, key: Path) -> None:
        self.events: list[Any] = []
        self.driver = Driver(Options(port=port, pair_key=str(key)))
        self.came = asyncio.Event()
        self.driver.start(asyncio.get_running_loop(), self.post)

    def post(self, event: Any) -> None:
        self.events.append(event)
        self.came.set()

    async def until(self, done: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not done():  # noqa: ASYNC110 (lamps are in another process)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"never: {what}; {self.events}") from None

    async def event(self, kind: type, count: int = 1) -> Any:
        def found() -> list[Any]:
            return [e for e in self.events if isinstance(e, kind)]

        await self.until(lambda: len(found()) >= count, f"{count} {kind.__name__}")
        return found()[count - 1]

    def lost(self) -> list[str]:
        return [e.code for e in self.events if isinstance(e, BoardLost)]


async def connected(port: str, key: Path) -> AsyncIterator[Seen]:
    seen = Seen(port, key)
    try:
        yield seen
    finally:
        seen.driver.stop()


def run(test: Callable[[Seen], Any], port: str | Path, key: Path) -> None:
    async def life() -> None:
        async for seen in connected(str(port), key):
            await test(seen)

    asyncio.run(life())


def test_lamps_buzzer_buttons_and_cards_pass_through_the_real_driver(board: SimBoard) -> None:
    async def visit(seen: Seen) -> None:
        assert (await seen.event(BoardUp)).info["board"] == "sim"
        seen.driver.light("white")
        await seen.until(lambda: board.lamps().now == WHITE, "white")
        seen.driver.buzz("short")
        await seen.until(lambda: 2000 in [hz for _, hz in board.lamps().tones], "a tone")
        board.press("confirm")
        assert await seen.event(Pressed) == Pressed("confirm", "", 0)
        board.present_card("A1234567")
        assert await seen.event(CardRead) == CardRead("A1234567", "03")
        board.present_card("110101199001011234", cert_type="02")
        assert (await seen.event(CardRead, 2)).cert_type == "02"
        board.present_card("110101199001011234", "02", photo=b"chip" * 120)
        assert (await seen.event(CardRead, 3)).photo == b"chip" * 120
        seen.driver.light("off")
        await seen.until(lambda: not board.lamps().lit(), "dark")

    run(visit, board.path, board.key_path)


def test_pulling_the_cable_is_said_at_once_and_putting_it_back_heals(board: SimBoard) -> None:
    async def visit(seen: Seen) -> None:
        await seen.event(BoardUp)
        seen.driver.light("white")
        await seen.until(lambda: board.lamps().now == WHITE, "white")
        board.unplug()
        assert not board.lamps().lit(), "no power, no light"
        assert (await seen.event(BoardLost)).code == Code.UNPLUGGED
        seen.driver.light("white")
        seen.driver.buzz("no")
        board.replug()
        await seen.event(BoardUp, 2)
        await seen.until(lambda: board.lamps().now == WHITE, "the light asked for in between")
        board.present_card("AFTER1")
        assert (await seen.event(CardRead)).card_no == "AFTER1"
        assert set(seen.lost()) <= {Code.UNPLUGGED, Code.NO_PORT}

    run(visit, board.path, board.key_path)


def test_a_reset_of_the_controller_is_told_from_an_unplugged_cable(board: SimBoard) -> None:
    async def visit(seen: Seen) -> None:
        await seen.event(BoardUp)
        board.reset()
        assert (await seen.event(BoardUp, 2)).info["reset_cause"] == 1
        assert seen.lost() == [Code.RESTARTED]

    run(visit, board.path, board.key_path)


def test_a_wrong_pairing_key_is_told_from_noise(board: SimBoard, tmp_path: Path) -> None:
    make_key(tmp_path / "other.key")

    async def visit(seen: Seen) -> None:
        await seen.event(BoardLost)
        assert seen.lost() == [Code.PAIRING]

    run(visit, board.path, tmp_path / "other.key")


def test_a_device_that_babbles_is_told_from_a_mute_one(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    outer, inner = pty.openpty()

    async def babble(seen: Seen) -> None:
        while not seen.lost():
            os.write(outer, b"$GPGGA,what,a,nice,day*00\r\n" * 8)
            await asyncio.sleep(0.05)
        assert seen.lost() == [Code.BABBLE]

    async def mute(seen: Seen) -> None:
        assert (await seen.event(BoardLost)).code == Code.MUTE

    run(babble, os.ttyname(inner), tmp_path / "key")
    run(mute, os.ttyname(inner), tmp_path / "key")
    os.close(outer)
    os.close(inner)


def test_a_port_that_is_missing_or_taken_has_its_own_code(board: SimBoard, tmp_path: Path) -> None:
    async def missing(seen: Seen) -> None:
        assert (await seen.event(BoardLost)).code == Code.NO_PORT

    async def taken(seen: Seen) -> None:
        assert (await seen.event(BoardLost)).code == Code.PORT_TAKEN
        other.close()
        await seen.event(BoardUp)

    run(missing, tmp_path / "absent", board.key_path)
    other = serial.Serial(str(board.path), exclusive=True)
    run(taken, board.path, board.key_path)


@pytest.mark.parametrize(
    ("mode", "size"), [(0o644, 32), (0o660, 32), (0o600, 31), (0o600, 0), (0o600, None)]
)
def test_a_pairing_key_that_is_loose_damaged_or_absent_is_refused(
    tmp_path: Path, mode: int, size: int | None
) -> None:
    path = tmp_path / "key"
    if size is not None:
        make_key(path, bytes(size))
        path.chmod(mode)
    with pytest.raises(EdgeError, match="E-BRD-19"):
        Driver(Options(port="/dev/null", pair_key=str(path)))


def test_a_command_given_while_an_event_is_posted_leaves_in_order(board: SimBoard) -> None:
    async def visit(seen: Seen) -> None:
        await seen.event(BoardUp)
        posted = seen.driver._post

        def post(event: Any) -> None:
            posted(event)
            for pattern in ("left", "right", "white"):
                seen.driver.light(pattern)

        seen.driver._post = post
        board.present_card("ORDER1")
        await seen.event(CardRead)
        await seen.until(lambda: board.lamps().now == WHITE, "the last light")
        assert seen.lost() == []

    run(visit, board.path, board.key_path)
