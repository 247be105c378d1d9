"""The host's link machine against the real firmware on the real MicroPython VM, through transports
that fail. Waits have an end and no test asserts how long anything took."""

from __future__ import annotations

import heapq
import itertools
import os
import random
import select
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.core.events import BoardLost, BoardUp, CardRead, Pressed
from edge.core.link import Link
from edge.core.link_words import (
    Arrived,
    ClosePort,
    Code,
    Command,
    Opened,
    OpenPort,
    Post,
    StopAsked,
    Tick,
    Write,
)
from edge.dice import SystemDice
from edge.wire.cable import Cable
from sim.board import SimBoard

PATIENCE_S = 60  # a hang guard, not a measurement
DARK = ((0, 0, 0),) * 12
WHITE = ((255, 255, 255),) * 12
Fault = Callable[[bytes, random.Random], list[tuple[int, bytes]]]  # bytes -> (delay ms, bytes)...


def clean(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(0, data)]


def one_byte_at_a_time(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(0, bytes([b])) for b in data]


def a_fifth_lost(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [] if rng.random() < 0.2 else [(0, data)]


def delayed(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(rng.randrange(60), data)]


def doubled(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(0, data), (0, data), (40, data)]


def corrupted(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    bad = bytearray(data)
    if rng.random() < 0.2:
        bad[rng.randrange(len(bad))] ^= rng.randrange(1, 256)
    return [(0, bytes(bad))]


FAULTS = [clean, one_byte_at_a_time, a_fifth_lost, delayed, doubled, corrupted]


class Host:
    """The link machine on a pty, turned by hand. `fault` stands between it and the controller."""

    def __init__(self, board: SimBoard, key: bytes, fault: Fault = clean) -> None:
        self.fault = fault
        self.rng = random.Random(42)
        self.fd = os.open(board.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        self.order = itertools.count()
        self.flying: list[tuple[int, int, bool, bytes]] = []
        self.held = b""
        self.events: list[Any] = []
        self.sent: list[bytes] = []
        self.heard: list[bytes] = []
        self.link = Link(Cable(key), SystemDice())
        self.do(self.link.start(self.now()))

    @staticmethod
    def now() -> int:
        return time.monotonic_ns() // 1_000_000

    def do(self, todo: list[Any]) -> None:
        for one in todo:
            match one:
                case OpenPort():
                    self.step(Opened())
                case Write(data):
                    self.sent.append(data)
                    self.fly(True, data)
                case Post(event):
                    self.events.append(event)
                case ClosePort():
                    pass

    def step(self, event: Any) -> None:
        self.do(self.link.step(event, self.now()))

    def fly(self, out: bool, data: bytes) -> None:
        for delay, part in self.fault(data, self.rng):
            heapq.heappush(self.flying, (self.now() + delay, next(self.order), out, part))

    def put(self, data: bytes) -> None:
        """All of it, however long a busy machine leaves the pty full."""
        end = time.monotonic() + PATIENCE_S
        while data:
            assert time.monotonic() < end, "never: room in the pty"
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                select.select([], [self.fd], [], 0.1)

    def turn(self) -> None:
        while self.flying and self.flying[0][0] <= self.now():
            _, _, out, data = heapq.heappop(self.flying)
            if out:
                self.put(data)
            else:
                self.step(Arrived(data))
        due = self.link.deadline()
        if due is not None and due <= self.now():
            self.step(Tick())
        if select.select([self.fd], [], [], 0.002)[0]:
            *frames, self.held = (self.held + os.read(self.fd, 4096)).split(b"\0")
            for one in frames:
                self.heard.append(one + b"\0")
                self.fly(False, one + b"\0")

    def until(self, done: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, f"never: {what}; {self.events} {self.link.faults}"
            self.turn()

    def up(self) -> None:
        """Up, and the controller has acknowledged our first frame: it knows the session too."""
        self.until(lambda: self.link.state == "up" and not self.link._queue, "up")

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()

    def cards(self) -> list[str]:
        return [e.card_no for e in self.events if isinstance(e, CardRead)]

    def lost(self) -> list[str]:
        return [e.code for e in self.events if isinstance(e, BoardLost)]

    def ups(self) -> list[dict[str, Any]]:
        return [e.info for e in self.events if isinstance(e, BoardUp)]

    def close(self) -> None:
        self.step(StopAsked())
        os.close(self.fd)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimBoard]:
    with SimBoard(tmp_path_factory.mktemp("board")) as one:
        yield one


@pytest.fixture
def connect(board: SimBoard) -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def make(fault: Fault = clean, key: bytes | None = None) -> Host:
        hosts.append(Host(board, board.key if key is None else key, fault))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_cards_and_lamps_work_over_a_bad_cable(
    board: SimBoard, connect: Callable[..., Host], fault: Fault
) -> None:
    host = connect(fault)
    host.up()
    for n in range(4):
        before = len(host.cards())
        host.step(Command("light", "guide"))
        # As at a counter: who sees nothing happen presents the card again.
        for _ in range(3):
            board.present_card(f"CARD{n}")
            host.run(0.1)
            if len(host.cards()) > before or not host.lost():
                break
        host.until(lambda: len(host.cards()) > before, f"card {n}")
    host.step(Command("light", "white"))
    host.until(lambda: board.lamps().now == WHITE, "white lamps")
    if not host.lost():
        assert host.cards() == ["CARD0", "CARD1", "CARD2", "CARD3"]
    host.step(Command("light", "off"))
    host.until(lambda: board.lamps().now == DARK, "lamps off")


def test_hello_tells_who_the_controller_is(connect: Callable[..., Host]) -> None:
    host = connect()
    host.up()
    (info,) = host.ups()
    assert info["board"] == "sim"
    assert info["version"] == "0.1.0"
    assert info["uid"] == "e661640843123456"
    assert len(info["build"]) == 16
    assert info["reset_cause"] in (1, 3)


def test_buttons_and_sounds_pass(board: SimBoard, connect: Callable[..., Host]) -> None:
    host = connect()
    host.up()
    tones = len(board.lamps().tones)
    host.step(Command("buzz", "ok"))
    for name in ("confirm", "cancel"):
        board.press(name)
        host.until(lambda: Pressed(name) in host.events, name)
    host.until(lambda: len(board.lamps().tones) >= tones + 4, "two tones")
    assert [hz for _, hz in board.lamps().tones[tones:]] == [2000, 0, 3000, 0]
    assert len([e for e in host.events if isinstance(e, Pressed)]) == 2, "a press is said once"


def test_another_pairing_key_has_its_own_code(connect: Callable[..., Host]) -> None:
    host = connect(key=bytes(32))
    host.until(host.lost, "a verdict")
    host.run(0.5)
    assert host.lost() == [Code.PAIRING]
    assert not host.ups()


def test_a_reset_in_the_middle_of_a_frame_is_told_and_healed(
    board: SimBoard, connect: Callable[..., Host]
) -> None:
    host = connect()
    host.up()
    host.fault = lambda data, rng: [(0, data[: len(data) // 2])] if len(data) > 8 else [(0, data)]
    host.step(Command("light", "white"))
    host.turn()
    host.fault = clean
    board.reset()
    host.until(lambda: len(host.ups()) == 2, "up again")
    assert host.lost() == [Code.RESTARTED]
    host.until(lambda: board.lamps().now == WHITE, "the lamps as they were")


def test_the_whole_conversation_played_again_changes_nothing(
    board: SimBoard, connect: Callable[..., Host]
) -> None:
    host = connect()
    host.up()
    board.present_card("FIRST")
    host.until(host.cards, "the card")
    host.step(Command("light", "white"))
    host.up()
    host.step(Command("light", "off"))
    host.up()
    shown = len(board.lamps().history)
    for one in host.sent[:]:
        host.put(one)
    for one in host.heard[:]:
        host.step(Arrived(one))
    host.run(1.0)
    board.press("done")
    host.until(lambda: Pressed("done") in host.events, "a press afterwards")
    assert host.cards() == ["FIRST"]
    assert len(board.lamps().history) == shown, "no old light came on"
    assert (len(host.ups()), host.lost()) == (1, [])
    assert host.link.faults[Code.REPLAYED] > 0


def test_100_kb_of_rubbish_into_the_controller_and_it_still_works(
    board: SimBoard, connect: Callable[..., Host]
) -> None:
    host = connect()
    host.up()
    boots = board.control.ask("state")["boots"]
    noise = random.Random(5).randbytes(100_000)
    for at in range(0, len(noise), 1000):
        host.put(noise[at : at + 1000])
        host.run(0.005)
    host.step(Command("light", "white"))
    host.until(lambda: board.lamps().now == WHITE, "lamps after rubbish")
    assert board.control.ask("state")["boots"] == boots
    assert board.control.ask("state")["console"] == "", "no traceback"


def test_a_reader_that_babbles_does_no_harm(board: SimBoard, connect: Callable[..., Host]) -> None:
    host = connect()
    host.up()
    for line in (b"\xff\xfe\x00" * 50, b"A" * 500 + b"\n", b"no card\n", b"03,\n", b"\n"):
        board.control.ask("line", hex=line.hex())
    board.control.ask("line", hex=b"\n".hex())
    board.present_card("GOOD1")
    host.until(host.cards, "the good card")
    assert host.cards() == ["GOOD1"]
    assert host.lost() == []


def test_lamps_go_out_when_the_host_falls_silent(
    board: SimBoard, connect: Callable[..., Host]
) -> None:
    host = connect()
    host.up()
    host.step(Command("light", "white"))
    host.until(lambda: board.lamps().now == WHITE, "white lamps")
    end = time.monotonic() + PATIENCE_S
    while board.lamps().lit():
        assert time.monotonic() < end, "the lamps stay on without a host"
        time.sleep(0.05)
    assert board.control.ask("state")["vm"], "it is alive and chose to"


def test_a_hung_controller_is_bitten_by_its_watchdog_and_says_so(
    board: SimBoard, connect: Callable[..., Host]
) -> None:
    host = connect()
    host.up()
    board.control.ask("freeze")
    host.until(lambda: len(host.ups()) == 2, "up after the watchdog")
    assert host.lost()[0] == Code.SILENT
    assert host.ups()[1]["reset_cause"] == 3


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


OWNER = """
import sys, time
from sim.board import SimBoard
board = SimBoard(sys.argv[1])
board.start()
print(board.pid, board.control.ask("state")["vm"], flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["stop", "server killed", "owner killed"])
def test_no_process_outlives_its_board(tmp_path: Path, how: str) -> None:
    if how == "owner killed":
        command = [sys.executable, "-c", OWNER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            server, vm = map(int, owner.stdout.readline().split())
            assert alive(vm)
            owner.kill()
    else:
        board = SimBoard(tmp_path)
        board.start()
        server, vm = board.pid, int(board.control.ask("state")["vm"])
        assert alive(vm)
        if how == "server killed":
            os.kill(server, 9)
        board.stop()
    end = time.monotonic() + PATIENCE_S
    while alive(vm) or alive(server):
        assert time.monotonic() < end
        time.sleep(0.02)
    if how != "server killed":
        assert not (tmp_path / "tty").is_symlink()
