"""The photo on a card's chip over the cable: it comes whole, or the card stands without it."""

from __future__ import annotations

import binascii
import struct

import pytest

from edge.core.events import CardRead, Pressed
from edge.core.link_photo import PHOTO_WAIT_MS
from edge.core.link_words import Code, PortLost, StopAsked
from edge.wire import frame
from firmware.duties import photo as duty
from sim.board.ops import reader_lines
from tests.core.test_link import FAULTS, Bench, Fault

PHOTO = bytes(n * 7 & 255 for n in range(1_000))
LARGEST = bytes(n * 5 & 255 for n in range(frame.PHOTO_MAX))


def lays(bench: Bench, card_no: str = "A1", photo: bytes = PHOTO, *, lines: int = 99) -> None:
    """The reader says so many lines of a card, one each 22 ms, as at 115200 baud."""
    for line in reader_lines(card_no, "02", photo)[:lines]:
        bench.app.line(line, bench.now)
        bench.run(22)


def cards(bench: Bench) -> list[CardRead]:
    return [one for one in bench.events if isinstance(one, CardRead)]


@pytest.mark.parametrize("photo", [b"p", PHOTO[:180], PHOTO[:181], PHOTO, LARGEST])
def test_a_photo_of_any_size_up_to_the_limit_comes_with_its_card(photo: bytes) -> None:
    bench = Bench().until_up()
    lays(bench, photo=photo)
    bench.run(1_000)
    assert cards(bench) == [CardRead("A1", "02", photo)]
    assert bench.link.faults[Code.PHOTO] == 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_over_any_cable_a_photo_is_whole_or_is_not_there(fault: Fault, seed: int) -> None:
    bench = Bench(fault, seed=seed).until_up()
    for n in range(4):
        lays(bench, f"C{n}")
        bench.run(PHOTO_WAIT_MS + 1_000)
    assert [one.card_no for one in cards(bench)] == sorted({one.card_no for one in cards(bench)})
    assert {one.photo for one in cards(bench)} <= {PHOTO, b""}
    if not bench.lost():
        assert len(cards(bench)) == 4


def test_a_press_does_not_wait_behind_a_photo() -> None:
    bench = Bench().until_up()
    for line in reader_lines("A1", "02", LARGEST):
        bench.app.line(line, bench.now)
    bench.run(20)
    bench.app.press("cancel", bench.now)
    bench.run(20)
    assert bench.events[-1] == Pressed("cancel")
    assert cards(bench) == [], "most of the photo has yet to come"
    bench.run(1_000)
    assert cards(bench)[0].photo == LARGEST


def test_a_chunk_that_the_reader_lost_leaves_the_card_without_a_photo_in_time() -> None:
    bench = Bench().until_up()
    lines = reader_lines("A1", "02", PHOTO)
    for line in (*lines[:2], *lines[3:]):
        bench.app.line(line, bench.now)
    bench.run(PHOTO_WAIT_MS - 100)
    assert cards(bench) == []
    bench.run(200)
    assert cards(bench) == [CardRead("A1", "02")]
    assert bench.link.faults[Code.PHOTO] == 1
    lays(bench, "B2")
    bench.run(500)
    assert cards(bench)[1:] == [CardRead("B2", "02", PHOTO)], "and the next is as good as ever"


def test_chunks_out_of_order_are_no_photo_though_they_are_as_many() -> None:
    bench = Bench().until_up()
    first, a, b, *rest = reader_lines("A1", "02", PHOTO)
    for line in (first, b, a, *rest):
        bench.app.line(line, bench.now)
    bench.run(PHOTO_WAIT_MS + 100)
    assert cards(bench) == [CardRead("A1", "02")]


def test_the_next_card_ends_the_wait_for_the_photo_of_the_one_before() -> None:
    bench = Bench().until_up()
    lays(bench, "A1", lines=3)
    lays(bench, "B2")
    bench.run(200)
    assert cards(bench) == [CardRead("A1", "02"), CardRead("B2", "02", PHOTO)]
    bench.app.line(b"03,C3", bench.now)
    lays(bench, "D4", lines=2)
    bench.app.line(b"03,E5", bench.now)
    bench.run(200)
    assert cards(bench)[2:] == [CardRead("C3"), CardRead("D4", "02"), CardRead("E5")]


def test_a_cable_pulled_in_the_middle_leaves_the_card() -> None:
    bench = Bench().until_up()
    lays(bench, lines=3)
    bench.step(PortLost(Code.UNPLUGGED))
    assert cards(bench) == [CardRead("A1", "02")]
    bench.until_up().run(PHOTO_WAIT_MS + 100)
    assert len(cards(bench)) == 1


def test_power_that_goes_in_the_middle_leaves_the_card_and_strange_chunks_are_nothing() -> None:
    bench = Bench().until_up()
    lays(bench, lines=3)
    bench.boot()
    for line in reader_lines("A1", "02", PHOTO)[3:]:
        bench.app.line(line, bench.now)
        bench.run(22)
    bench.run(PHOTO_WAIT_MS + 500)
    assert cards(bench) == [CardRead("A1", "02")]
    assert bench.app.unreadable == 4


def test_after_stop_no_card_is_posted_any_more() -> None:
    bench = Bench().until_up()
    lays(bench, lines=2)
    bench.step(StopAsked())
    bench.host_runs = False
    bench.run(PHOTO_WAIT_MS + 100)
    assert cards(bench) == []


# -- a controller that is not as it should be ------------------------------------------------------
PIECES = [PHOTO[at : at + 180] for at in range(0, len(PHOTO), 180)]


def said(bench: Bench, kind: int, payload: bytes) -> None:
    bench.app.link.send(kind, payload, bench.now)
    bench.run(20)


def announced(bench: Bench, size: int = len(PHOTO), crc: bytes | None = None) -> None:
    crc = struct.pack(">I", binascii.crc32(PHOTO)) if crc is None else crc
    said(bench, frame.PICTURED, struct.pack(frame.PICTURED_FORMAT, 9, size, crc) + b"02A1")


@pytest.mark.parametrize(
    "chunks",
    [
        [(9, 0), (9, 0)],  # doubled
        [(9, 1)],  # out of order
        [(9, 0), (8, 1)],  # of another card
        [(9, n) for n in range(6)],  # more than announced
    ],
)
def test_a_chunk_that_does_not_fit_ends_the_wait_at_once(chunks: list[tuple[int, int]]) -> None:
    bench = Bench().until_up()
    announced(bench, size=900)
    for number, at in chunks:
        said(bench, frame.PHOTO, bytes([number, at]) + PIECES[0])
    assert cards(bench) == [CardRead("A1", "02")]
    assert bench.link.faults[Code.PHOTO] == 1


def test_a_photo_with_another_check_sum_is_none() -> None:
    bench = Bench().until_up()
    announced(bench, crc=b"odd!")
    for at, piece in enumerate(PIECES):
        said(bench, frame.PHOTO, bytes([9, at]) + piece)
    assert cards(bench) == [CardRead("A1", "02")]


def test_chunks_without_a_card_are_nothing() -> None:
    bench = Bench().until_up()
    said(bench, frame.PHOTO, bytes([9, 0]) + PIECES[0])
    assert cards(bench) == []


@pytest.mark.parametrize(
    "payload",
    [b"", bytes(7), b"\1\0\0" + bytes(4) + b"02A1", b"\1\1\x21" + bytes(4) + b"02A1",
     b"\1\1\0" + bytes(4) + b"03A1", b"\1\1\0" + bytes(4) + b"02"],
)  # fmt: skip
def test_an_announcement_that_makes_no_sense_is_damage(payload: bytes) -> None:
    bench = Bench().until_up()
    said(bench, frame.PICTURED, payload)
    assert bench.link.faults[Code.ODD] >= 1
    assert cards(bench) == []


# -- the duty --------------------------------------------------------------------------------------
def test_the_controller_holds_no_more_than_one_photo_and_lets_it_go_in_time() -> None:
    one = duty.Photo()
    one.announced(frame.PHOTO_MAX, 1, 0)
    lines = reader_lines("A1", "02", LARGEST)[1:]
    assert all(one.take(line) for line in lines)
    assert not one.take(lines[0]), "all of it is there"
    assert len(one.next(1, 10)) == frame.PHOTO_PART_MAX + 2 <= frame.PAYLOAD_MAX
    assert one.next(1, duty.PHOTO_MS) == b""
    assert one.next(1, 11) == b"", "gone"


@pytest.mark.parametrize("line", [b"PIC,", b"PIC,x", b"PIC," + b"A" * 244, b"PIC,AAAAAAAA"])
def test_a_line_that_is_no_chunk_ends_the_photo(line: bytes) -> None:
    one = duty.Photo()
    one.announced(5, 1, 0)
    assert not one.take(line)
    assert not one.take(b"PIC,AAAA")


def test_many_small_lines_leave_as_few_chunks() -> None:
    one = duty.Photo()
    one.announced(363, 1, 0)
    left = []
    for _ in range(121):
        assert one.take(b"PIC,AAAA")
        left.append(len(one.next(1, 10)))
    assert [size for size in left if size] == [182, 182, 5]


def test_a_photo_of_a_session_that_is_over_does_not_leave() -> None:
    one = duty.Photo()
    one.announced(3, 1, 0)
    assert one.take(b"PIC,AAAA")
    assert one.next(2, 10) == b""
