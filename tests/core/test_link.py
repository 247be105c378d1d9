"""The host's link machine against the controller's own machine, both pure, in virtual time, over a
cable that can be bad. (tests/firmware runs the same controller on a real MicroPython.)"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from edge.core import link_words
from edge.core.events import BoardLost, BoardUp, CardRead, Pressed
from edge.core.link import GREETS_MAX, QUEUE_MAX, SILENT_MS, Input, Link, State
from edge.core.link_words import (
    Arrived,
    ClosePort,
    Code,
    Command,
    OpenPort,
    PortLost,
)
from edge.wire import frame
from edge.wire.cable import Cable
from firmware import link as board_link
from firmware.app import App
from firmware.duties.lamps import DARK, LAMPS

Fault = Callable[[bytes, random.Random], list[tuple[int, bytes]]]  # frame -> (delay ms, bytes)...
KEY = bytes(range(32))


class Seeded:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self.rng.randbytes(count)

    def below(self, limit: int) -> int:
        return self.rng.randrange(limit)


def clean(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(1, data)]


def byte_by_byte(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(1, bytes([b])) for b in data]


def a_fifth_lost(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [] if rng.random() < 0.2 else [(1, data)]


def delayed_out_of_order(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(rng.randrange(1, 120), data)]


def doubled(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    return [(1, data), (1, data), (rng.randrange(2, 300), data)]


def corrupted(data: bytes, rng: random.Random) -> list[tuple[int, bytes]]:
    bad = bytearray(data)
    if rng.random() < 0.2:
        bad[rng.randrange(len(bad))] ^= rng.randrange(1, 256)
    return [(1, bytes(bad))]


FAULTS = [clean, byte_by_byte, a_fifth_lost, delayed_out_of_order, doubled, corrupted]


class Bench:
    """Both ends and the cable. `hear` and `say` are its faults towards and from the controller."""

    def __init__(self, fault: Fault = clean, *, seed: int = 1, board_key: bytes = KEY) -> None:
        self.rng = random.Random(seed)
        self.say = self.hear = fault
        self.now = 1000
        self.order = itertools.count()
        self.flying: list[tuple[int, int, bool, bytes]] = []
        self.events: list[Any] = []
        self.todo: list[Any] = []
        self.to_board: list[bytes] = []
        self.to_host: list[bytes] = []
        self.cable = Cable(KEY)
        self.link = Link(self.cable, Seeded(seed))
        self.key = board_key
        self.plugged = True
        self.host_runs = True
        self.boot()
        self.do(self.link.start(self.now))

    def boot(self) -> None:
        about = (1, b"\0\1\0", b"buildxxx", b"uidxxxxx", "test", 0, 0)
        self.app = App(board_link.Link(self.key, self.rng.randbytes, about, self.now))

    def do(self, todo: list[Any]) -> None:
        for one in todo:
            self.todo.append(one)
            match one:
                case OpenPort():
                    answer = (
                        link_words.Opened() if self.plugged else link_words.OpenFailed(Code.NO_PORT)
                    )
                    self.do(self.link.step(answer, self.now))
                case link_words.Write(data):
                    self.to_board.append(data)
                    self.fly(True, data)
                case link_words.Post(event):
                    self.events.append(event)

    def fly(self, to_board: bool, data: bytes) -> None:
        if self.plugged:
            for delay, part in (self.hear if to_board else self.say)(data, self.rng):
                heapq.heappush(self.flying, (self.now + delay, next(self.order), to_board, part))

    def step(self, event: Any) -> None:
        self.do(self.link.step(event, self.now))

    def run(self, ms: int) -> None:
        until = self.now + ms
        while self.now < until:
            self.now += 1
            while self.flying and self.flying[0][0] <= self.now:
                _, _, to_board, data = heapq.heappop(self.flying)
                if to_board:
                    self.app.receive(data, self.now)
                elif self.host_runs and self.link.state is not State.CLOSED:
                    self.step(Arrived(data))
            due = self.link.deadline()
            if self.host_runs and due is not None and due <= self.now:
                self.step(link_words.Tick())
            self.app.tick(self.now)
            if self.app.link.out:
                out, self.app.link.out = bytes(self.app.link.out), bytearray()
                for one in out.split(b"\0")[:-1]:
                    self.to_host.append(one + b"\0")
                    self.fly(False, one + b"\0")

    def lost(self) -> list[str]:
        return [e.code for e in self.events if isinstance(e, BoardLost)]

    def ups(self) -> int:
        return sum(isinstance(e, BoardUp) for e in self.events)

    def cards(self) -> list[str]:
        return [e.card_no for e in self.events if isinstance(e, CardRead)]

    def until_up(self) -> Bench:
        for _ in range(2000):
            if self.link.state is State.UP and self.app.link.up():
                return self
            self.run(10)
        raise AssertionError(f"never up: {self.events}")


def test_the_table_has_an_answer_for_every_state_and_input() -> None:
    assert set(Link.TABLE) == set(itertools.product(State, Input))
    assert all(callable(handler) for handler in Link.TABLE.values())


def test_every_reason_of_the_codec_has_a_code() -> None:
    reasons = {frame.NOISE, frame.OVERSIZED, frame.SHORT, frame.FORGED, frame.REPLAYED}
    assert set(link_words.DAMAGE) == reasons | {frame.UNKNOWN, frame.ODD}


def test_each_code_is_said_once() -> None:
    assert len({code.value for code in Code}) == len(Code)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_cable_does_a_card_is_never_read_twice(fault: Fault, seed: int) -> None:
    bench = Bench(fault, seed=seed).until_up()
    sent = [f"CARD{n:03}" for n in range(20)]
    for n, card in enumerate(sent):
        bench.app.line(f"03,{card}\r".encode(), bench.now)
        bench.step(Command("light", "left" if n % 2 else "white"))
        bench.run(1000)
    bench.run(5000)
    bench.until_up()
    read = bench.cards()
    assert read == sorted(set(read)), "in order, each at most once"
    assert len(read) >= len(sent) // 2
    if not bench.lost():
        assert read == sent, "while the link holds, nothing is lost"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_the_lamps_end_as_the_last_command_says(fault: Fault) -> None:
    bench = Bench(fault, seed=7).until_up()
    for pattern in ("guide", "left", "right", "white"):
        bench.step(Command("light", pattern))
        bench.run(20)
    bench.run(6000)
    bench.until_up()
    bench.run(2000)
    assert bench.app.lamps.value == LAMPS["white"][1][0][1]


def test_a_light_asked_for_before_the_controller_is_there_is_shown_when_it_is() -> None:
    bench = Bench()
    bench.step(Command("light", "white"))
    bench.step(Command("buzz", "ok"))
    bench.until_up().run(200)
    assert bench.app.lamps.value == LAMPS["white"][1][0][1]
    assert bench.app.tone.value == 0, "a sound that comes late is worse than none"


def test_a_passing_light_is_not_shown_again_after_a_loss() -> None:
    bench = Bench().until_up()
    bench.step(Command("light", "ok"))
    bench.run(100)
    bench.step(PortLost(Code.UNPLUGGED))
    bench.until_up().run(500)
    assert bench.app.lamps.value == DARK


def test_another_pairing_key_is_told_apart_from_noise_and_from_silence() -> None:
    paired = Bench(board_key=bytes(32))
    paired.run(8000)
    assert paired.lost() == [Code.PAIRING]
    babble = Bench(lambda data, rng: [(1, rng.randbytes(400))])
    babble.run(8000)
    assert babble.lost() == [Code.BABBLE]
    mute = Bench(lambda data, rng: [])
    mute.run(8000)
    assert mute.lost() == [Code.MUTE]
    assert not paired.ups() + babble.ups() + mute.ups()


def test_the_right_key_ends_the_refusal_without_a_restart_of_the_host() -> None:
    bench = Bench(board_key=bytes(32))
    bench.run(4000)
    bench.key = KEY
    bench.boot()
    bench.until_up()
    assert bench.lost() == [Code.PAIRING]


def test_another_message_table_is_said_at_hello(monkeypatch: pytest.MonkeyPatch) -> None:
    table = frame.table_hash()
    other = Bench()
    original = (
        other.app.link._hello
    )  # both ends share the codec here: the controller's turn differs

    def hello(got: frame.Frame, now: int) -> None:
        monkeypatch.setattr(frame, "table_hash", lambda: b"other___")
        original(got, now)
        monkeypatch.setattr(frame, "table_hash", lambda: table)

    other.app.link._hello = hello
    other.run(5000)
    assert other.lost() == [Code.VERSION]
    assert not other.ups()


def test_a_silent_controller_is_lost_and_greeted_until_it_is_back() -> None:
    bench = Bench().until_up()
    bench.say = lambda data, rng: []
    bench.run(SILENT_MS + 1500)
    assert bench.lost() == [Code.SILENT]
    bench.say = clean
    bench.until_up()
    assert bench.ups() == 2


def test_a_command_that_is_never_acknowledged_ends_the_session_after_five_tries() -> None:
    bench = Bench().until_up()
    bench.run(500)
    bench.hear = lambda data, rng: []
    before = len(bench.to_board)
    bench.step(Command("light", "white"))
    while not bench.lost():
        bench.run(1)
    kinds = [len(data) for data in bench.to_board[before:]]
    assert bench.lost() == [Code.UNACKED]
    assert kinds.count(max(kinds, key=kinds.count)) >= 5


def test_a_restart_in_the_middle_of_a_frame_is_a_restart_and_not_a_mystery() -> None:
    bench = Bench().until_up()
    bench.run(300)
    bench.step(Command("light", "white"))
    half = bench.flying[-1]
    bench.flying[-1] = (*half[:3], half[3][: len(half[3]) // 2])
    bench.run(5)
    bench.boot()
    bench.run(1000)
    assert bench.lost() == [Code.RESTARTED]
    assert bench.until_up().ups() == 2
    bench.run(1000)
    assert bench.app.lamps.value == LAMPS["white"][1][0][1]


def test_everything_ever_said_played_again_changes_nothing() -> None:
    bench = Bench(seed=3).until_up()
    bench.app.line(b"03,FIRST", bench.now)
    bench.run(300)
    bench.boot()
    bench.until_up().run(1500)
    bench.app.line(b"03,SECOND", bench.now)
    bench.step(Command("light", "white"))
    bench.run(500)
    ups, lost, old_host, old_board = bench.ups(), bench.lost(), bench.to_host[:], bench.to_board[:]
    bench.step(Command("light", "left"))
    bench.run(100)
    for one in old_board:
        bench.app.receive(one, bench.now)
    for one in old_host:
        bench.step(Arrived(one))
    bench.run(2500)
    assert bench.cards() == ["FIRST", "SECOND"]
    assert (bench.ups(), bench.lost()) == (ups, lost), "not even the session of a replayed STARTED"
    assert bench.link.faults[Code.REPLAYED] > 0
    assert bench.app.lamps.value in [value for _, value in LAMPS["left"][1]]


def test_forged_frames_are_counted_and_in_number_end_the_session() -> None:
    bench = Bench().until_up()
    bench.run(200)
    sealer = frame.Sealer((b"x" * 32, b"y" * 16))
    for n in range(8):
        bench.step(Arrived(sealer.seal(frame.CARD, 1, 0, b"03EVIL")))
        assert bench.link.faults[Code.FORGERY] == n + 1
    assert (bench.cards(), bench.lost()) == ([], [])
    bench.step(Arrived(sealer.seal(frame.CARD, 1, 0, b"03EVIL")))
    assert bench.lost() == [Code.FORGERY]
    assert bench.until_up().cards() == []


def test_an_unknown_and_an_oversized_frame_have_their_own_codes() -> None:
    bench = Bench().until_up()
    bench.run(100)
    keys = frame.session_keys(KEY, b"board", bench.app.link._session.host_nonce,
                              bench.app.link._session.nonce)  # fmt: skip
    unknown = frame.pack(frame.Mac(keys[0]), frame.Frame(99, 0, 0, 0, 1 << 20, b""))
    bench.step(Arrived(unknown))
    bench.step(Arrived(b"\x01" * 300 + b"\0"))
    assert bench.link.faults[Code.UNKNOWN] == 1
    assert bench.link.faults[Code.OVERSIZED] == 1
    assert bench.link.state is State.UP


def test_a_pattern_the_controller_does_not_know_is_refused_by_name_and_the_link_stays() -> None:
    bench = Bench().until_up()
    bench.step(Command("light", "disco"))
    bench.run(500)
    assert bench.link.faults[Code.REFUSED] == 1
    assert bench.lost() == []


def test_a_port_that_is_not_there_is_tried_again_with_growing_pauses() -> None:
    bench = Bench()
    bench.plugged = False
    bench.step(PortLost(Code.UNPLUGGED))
    bench.todo.clear()
    opened_at = []
    for _ in range(12_000):
        bench.run(1)
        if any(isinstance(one, OpenPort) for one in bench.todo):
            opened_at.append(bench.now)
        bench.todo.clear()
    gaps = [b - a for a, b in itertools.pairwise(opened_at)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 4000
    assert bench.lost()[-2:] == [Code.UNPLUGGED, Code.NO_PORT], "each change once, not each attempt"
    bench.plugged = True
    bench.until_up()


def test_a_host_that_is_silent_for_three_seconds_finds_the_lamps_out() -> None:
    bench = Bench().until_up()
    bench.step(Command("light", "white"))
    bench.run(500)
    assert bench.app.lamps.value != DARK
    bench.host_runs = False
    bench.run(board_link.SILENT_MS)
    assert bench.app.lamps.value == DARK
    assert bench.app.tone.value == 0


def test_a_queue_of_commands_is_bounded_and_keeps_the_last_light() -> None:
    bench = Bench().until_up()
    for _ in range(200):
        bench.step(Command("buzz", "short"))
        bench.step(Command("light", "left"))
        bench.step(Command("light", "white"))
    assert len(bench.link._queue) <= QUEUE_MAX + 1
    bench.run(5000)
    assert bench.app.lamps.value == LAMPS["white"][1][0][1]
    assert bench.lost() == []


def test_after_stop_nothing_is_posted_and_the_port_is_closed() -> None:
    bench = Bench().until_up()
    bench.todo.clear()
    bench.step(link_words.StopAsked())
    assert bench.todo == [ClosePort()]
    assert bench.link.deadline() is None
    bench.app.line(b"03,LATE", bench.now)
    bench.run(5000)
    assert bench.cards() == []


def test_a_press_reaches_the_core_with_its_name() -> None:
    bench = Bench().until_up()
    bench.run(100)
    bench.app.press("other_way", bench.now)
    bench.run(100)
    assert Pressed("other_way") in bench.events


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff\xfe", b"03", b"03,", b"3,A1", b"03,a b", b"03," + b"9" * 33, b"xx,A1", b"03;A1"],
)
def test_a_reader_line_that_is_no_card_is_counted_and_not_sent(line: bytes) -> None:
    bench = Bench().until_up()
    bench.app.line(line, bench.now)
    bench.run(500)
    assert bench.cards() == []
    assert bench.app.unreadable == 1


def test_the_core_hears_of_a_mute_controller_only_after_the_last_greeting() -> None:
    bench = Bench(lambda data, rng: [])
    while not bench.lost():
        bench.run(1)
    assert len(bench.to_board) == GREETS_MAX + 1


def test_another_key_is_told_at_the_first_answer_and_not_after_the_last_greeting() -> None:
    bench = Bench(board_key=bytes(32))
    while not bench.lost():
        bench.run(1)
    assert bench.lost() == [Code.PAIRING]
    assert len(bench.to_board) < GREETS_MAX


def test_repeats_wait_twice_as_long_each_time() -> None:
    bench = Bench().until_up()
    bench.run(100)
    bench.hear = lambda data, rng: []
    bench.step(Command("buzz", "ok"))
    size, at = len(bench.to_board[-1]), [bench.now]
    while not bench.lost():
        before = len(bench.to_board)
        bench.run(1)
        if any(len(data) == size for data in bench.to_board[before:]):
            at.append(bench.now)
    gaps = [b - a for a, b in itertools.pairwise(at)]
    assert len(gaps) >= 4
    assert all(b == 2 * a for a, b in itertools.pairwise(gaps[:4]))


def test_a_started_that_is_only_late_is_not_even_asked_about() -> None:
    bench = Bench().until_up()
    bench.run(100)
    before = len(bench.to_board)
    bench.step(Arrived(bench.to_host[0]))
    assert len(bench.to_board) == before
    assert bench.link.state is State.UP


def test_the_controller_gives_up_after_five_tries_and_starts_over() -> None:
    bench = Bench().until_up()
    bench.run(100)
    bench.hear = lambda data, rng: []
    bench.app.line(b"03,UNHEARD", bench.now)
    before = len(bench.to_host)
    bench.host_runs = False
    bench.run(10_000)
    size = max(len(data) for data in bench.to_host[before - 1 :])
    assert sum(len(data) == size for data in bench.to_host[before:]) <= board_link.TRIES_MAX
    assert not bench.app.link.up()
    bench.hear, bench.host_runs = clean, True
    bench.run(10)
    bench.until_up()


def test_a_command_whose_acknowledgement_is_lost_is_carried_out_once() -> None:
    bench = Bench().until_up()
    bench.run(100)
    bench.say = lambda data, rng: []
    bench.step(Command("buzz", "short"))
    rises, last = 0, 0
    for _ in range(1500):
        bench.run(1)
        rises += bool(bench.app.tone.value) and not last
        last = bench.app.tone.value
        if bench.now % 700 == 0:
            bench.say = clean
    assert rises == 1
