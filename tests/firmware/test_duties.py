"""The controller's duties, each as the pure machine it is."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.wire import frame
from edge.wire.cable import challenge_text
from firmware.app import App
from firmware.duties import emitters, health, proximity, reader, tamper
from firmware.duties.challenge import RGB, Challenge
from firmware.duties.emitters import LIMITS, Emitter
from firmware.duties.health import Health
from firmware.duties.proximity import FAR_LEVEL, NEAR_LEVEL, Proximity
from firmware.duties.tamper import Tamper
from firmware.link import SILENT_MS, Link
from tests.firmware.test_witness import Memory

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
ABOUT = (1, b"\0\1\0", b"buildxxx", b"uidxxxxx", "test", 0, 0)


# -- emitters ---------------------------------------------------------------------------------------
wishes = st.lists(
    st.tuples(
        st.integers(0, 400),  # steps of the loop before the wish
        st.sampled_from(["take", "take", "take", "off", "stop"]),
        st.integers(0, 65535),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(range(len(LIMITS))), wishes, st.integers(1, 10))
def test_no_sequence_of_commands_makes_an_emitter_exceed_its_limits(
    number: int, story: list[tuple[int, str, int]], round_ms: int
) -> None:
    most_ms, rest_ms, permille = LIMITS[number]
    now, one = 0, Emitter(LIMITS[number], 0)
    spans: list[list[int]] = []  # [on at, off at]
    for steps, what, ms in [*story, (20_000 // round_ms, "stop", 0)]:
        for _ in range(steps):
            now += round_ms
            one.tick(now)
            _note(spans, one.on, now)
        if what == "stop":
            one.stop(now)
        else:
            granted, _why = one.take(0 if what == "off" else ms, now)
            assert granted <= min(ms, most_ms)
        _note(spans, one.on, now)
    for at, (on, off) in enumerate(spans):
        assert off - on <= most_ms + round_ms, "no single flash is longer"
        if at:
            assert on - spans[at - 1][1] >= rest_ms, "it rests after each"
        for earlier in range(at + 1):  # every window that could be the worst begins with a flash
            window = off - spans[earlier][0]
            lit = sum(b - a for a, b in spans[earlier : at + 1])
            late = round_ms * (at + 1 - earlier)
            assert lit <= most_ms + window * permille // 1000 + late


def _note(spans: list[list[int]], on: bool, now: int) -> None:
    lit = bool(spans) and spans[-1][1] < 0
    if on and not lit:
        spans.append([now, -1])
    elif not on and lit:
        spans[-1][1] = now


def test_a_reset_earns_no_light() -> None:
    for limits in LIMITS:
        assert Emitter(limits, 0).take(100, 0) == (0, frame.RESTING)
        assert Emitter(limits, 0).take(100, 60_000)[0] == 100


def test_a_wish_while_it_is_on_only_shortens() -> None:
    one = Emitter(LIMITS[0], 0)
    assert one.take(1000, 60_000) == (1000, frame.GRANTED)
    assert one.take(9000, 60_500) == (500, frame.RESTING)
    assert one.take(100, 60_600) == (100, frame.GRANTED)
    one.tick(60_700)
    assert not one.on


def test_what_is_granted_and_why_is_said() -> None:
    one = Emitter(LIMITS[1], 0)
    assert one.take(60_000, 60_000) == (LIMITS[1][0], frame.LONGEST)
    one.tick(60_000 + LIMITS[1][0])
    assert one.take(1, 60_001 + LIMITS[1][0]) == (0, frame.RESTING)


def test_a_board_without_the_emitter_says_so() -> None:
    them = emitters.Emitters((True, False), 0)
    assert them.take(1, 10, 60_000) == (0, frame.NO_EMITTER)
    assert them.take(9, 10, 60_000) == (0, frame.NO_EMITTER)
    assert them.levels() == (False, False)


def test_the_table_of_limits_names_every_emitter() -> None:
    assert len(LIMITS) == len(frame.EMITTERS)
    assert all(0 < permille < 1000 and most and rest for most, rest, permille in LIMITS)


# -- proximity --------------------------------------------------------------------------------------
def test_a_person_who_sways_is_one_person() -> None:
    one, changes, rng = Proximity(), [], random.Random(4)
    for now in range(0, 20_000, 50):
        present = 5_000 <= now < 15_000
        level = NEAR_LEVEL + 2000 if present else FAR_LEVEL - 2000
        one.see(level + rng.randrange(-6000, 6000), now)
        if one.changed:
            one.changed = False
            changes.append((now, one.near))
    assert [near for _, near in changes[1:]] == [True, False]
    assert 5_000 <= changes[1][0] <= 7_000


def test_a_hand_that_passes_is_nobody() -> None:
    one = Proximity()
    for now in range(0, 1000, 50):
        one.see(65535 if 300 <= now < 300 + proximity.STABLE_MS - 50 else 0, now)
        assert not one.near


# -- tamper -----------------------------------------------------------------------------------------
def opened(one: Tamper, levels: list[int], at: int) -> int:
    for now in range(at, at + 2 * tamper.STABLE_MS, 10):
        one.see(levels, now)
        one.tick(now)
    return at + 2 * tamper.STABLE_MS


def test_an_opening_is_known_after_a_reset_and_a_loss_of_power() -> None:
    flash = Memory()
    opened(Tamper(flash, 2), [1, 0], 0)
    again = Tamper(flash, 2)
    assert (again.open, again.latched) == (0, 1)
    opened(again, [0, 0], 0)
    assert again.latched == 1, "closing it does not forget"


def test_a_switch_that_is_open_cannot_be_cleared() -> None:
    flash = Memory()
    one = Tamper(flash, 2)
    now = opened(one, [1, 1], 0)
    now = opened(one, [1, 0], now)
    one.clear(0b11)
    one.tick(now)
    assert (one.open, one.latched) == (1, 1)
    assert Tamper(flash, 2).latched == 1


def test_opening_it_again_and_again_does_not_wear_the_flash() -> None:
    flash = Memory()
    one, now = Tamper(flash, 2), 0
    for _ in range(50):
        now = opened(one, [1, 0], now)
        now = opened(one, [0, 0], now)
    assert flash.writes == 1


def test_a_flash_that_refuses_is_asked_again_and_the_latch_holds() -> None:
    flash = Memory()
    flash.fails = True
    one = Tamper(flash, 2)
    now = opened(one, [1, 0], 0)
    assert one.latched == 1
    flash.fails = False
    one.tick(now + tamper.AGAIN_MS)
    assert Tamper(flash, 2).latched == 1


def test_a_bounce_is_no_opening() -> None:
    one = Tamper(Memory(), 2)
    for now in range(0, 1000, 10):
        one.see([now // 10 % 2, 0], now)
    assert (one.open, one.latched) == (0, 0)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_rubbish_in_the_flash_is_no_latch_and_no_error(a: bytes, b: bytes) -> None:
    flash = Memory()
    flash.slots = [a, b]
    assert Tamper(flash, 2).latched == 0


# -- health -----------------------------------------------------------------------------------------
def test_a_limit_that_is_crossed_is_reported_at_once_and_left_with_a_margin() -> None:
    one = Health(0)
    one.see(5000, 270, 100_000)
    assert one.due(0)
    one.told(0)
    assert not one.due(5000)
    one.see(health.SUPPLY_MV[0] - 1, 270, -1)
    assert one.limits == health.SUPPLY_LOW and one.due(5000)
    one.see(health.SUPPLY_MV[0] + 10, 270, -1)
    assert one.limits == health.SUPPLY_LOW, "not free yet: it would flicker"
    one.see(health.SUPPLY_MV[0] + health.SUPPLY_BACK_MV, 270, -1)
    assert one.limits == 0


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ((4000, 270, 99_999), "supply_low"),
        ((6000, 270, 99_999), "supply_high"),
        ((5000, 900, 99_999), "too_hot"),
        ((5000, -300, 99_999), "too_cold"),
        ((5000, 270, 1000), "memory_low"),
    ],
)
def test_every_limit_has_its_name(sample: tuple[int, int, int], name: str) -> None:
    one = Health(0)
    one.see(*sample)
    assert one.limits == 1 << frame.LIMITS.index(name)
    assert 1 << frame.LIMITS.index("slow") == health.SLOW


# -- the challenge ----------------------------------------------------------------------------------
def order(number: int, step_ms: int, colours: bytes) -> bytes:
    return struct.pack(frame.CHALLENGE_FORMAT, number, step_ms) + colours


def test_a_challenge_keeps_its_schedule_and_says_when_each_colour_was_seen() -> None:
    one, seen = Challenge(), []
    assert one.take(order(7, 100, bytes([1, 2, 3, 0])), 1000)
    for now in range(1000, 1500, 7):
        one.tick(now)
        one.shown(now * 1000 + 123)
        seen.append(one.value and one.value[0])
    assert [c for i, c in enumerate(seen) if i == 0 or c != seen[i - 1]] == [
        RGB[1], RGB[2], RGB[3], RGB[0], None,
    ]  # fmt: skip
    number, *at_us = struct.unpack("<H4I", one.report)
    assert number == 7
    for step, at in enumerate(at_us):
        assert 0 <= at - step * 100_000 < 7_000
    assert one.pulse == 0


def test_a_late_loop_shifts_one_colour_and_not_the_next() -> None:
    one = Challenge()
    one.take(order(1, 100, bytes([1, 2, 3])), 0)
    for now in (0, 50, 190, 200, 300):
        one.tick(now)
        one.shown(now * 1000)
    assert struct.unpack("<H3I", one.report)[1:] == (0, 190_000, 200_000)


def test_the_times_of_a_challenge_survive_the_wrap_of_the_ticks() -> None:
    one = Challenge()
    one.take(order(1, 100, bytes([1, 2])), 0)
    one.shown((1 << 30) - 40_000)
    one.tick(100)
    one.shown(60_000)
    one.tick(200)
    assert struct.unpack("<H2I", one.report)[1:] == (0, 100_000)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\1\0", order(1, 100, b""), order(1, 49, b"\1"), order(1, 2001, b"\1"),
     order(1, 100, b"\1" * 17), order(1, 100, b"\x08"), order(1, 100, b"\x31")],
)  # fmt: skip
def test_a_challenge_that_is_none_is_refused(payload: bytes) -> None:
    one = Challenge()
    assert not one.take(payload, 0)
    assert one.value is None


def test_a_light_may_be_on_one_side_alone() -> None:
    one, seen = Challenge(), []
    steps = bytes.fromhex(challenge_text(1, 100, ("left red", "right red", "white", "off")))[4:]
    assert one.take(order(1, 100, steps), 0)
    for now in range(0, 400, 100):
        one.tick(now)
        one.shown(now * 1000)
        seen.append(one.value)
    assert seen == [(RGB[1], RGB[0]), (RGB[0], RGB[1]), (RGB[7], RGB[7]), (RGB[0], RGB[0])]


def test_colours_and_their_names_are_as_many() -> None:
    assert len(RGB) == len(frame.COLOURS)


# -- the reader -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b"03,A1234567\r", (frame.CARD, b"03A1234567")),
        (b"02,A1,400,00C0ffee\r", (frame.PICTURED, (400, b"\x00\xc0\xff\xee"), b"02A1")),
        (b"02,A1,8192,00000000", (frame.PICTURED, (8192, bytes(4)), b"02A1")),
        (b"02,A1,8193,00000000", None),
        (b"02,A1,0,00000000", None),
        (b"02,A1,400,0000000g", None),
        (b"02,A1,400", None),
        (b"02,A1,", None),
        (b"03,A1,400,00c0ffee", None),
        (b"QR,https://example/1?x=%20,;\r", (frame.CODE, b"https://example/1?x=%20,;")),
        (b"QR," + b"x" * 232, (frame.CODE, b"x" * 232)),
        (b"QR," + b"x" * 233, None),
        (b"QR,", None),
        (b"QR,a b", None),
        (b"QR,\xe4", None),
        (b"3,A1", None),
        (b"03,a1", None),
        (b"03,", None),
        (b"03," + b"9" * 33, None),
        (b"0309", None),
        (b"", None),
    ],
)
def test_a_line_is_a_card_a_code_or_nothing(line: bytes, report: Any) -> None:
    assert reader.report_of(line) == report


# -- all of them ------------------------------------------------------------------------------------
def test_a_silent_host_finds_everything_off() -> None:
    app = App(Link(KEY, lambda n: bytes(n), ABOUT, 0), None, Tamper(Memory(), 2), (True, True))
    now = 60_000
    app.link.heard_at = now
    app.emitters.tick(now)
    assert app._command(frame.EMIT, struct.pack(frame.EMIT_FORMAT, 0, 9000), now) == b""
    assert app._command(frame.LIGHT, b"white", now) == b""
    assert app._command(frame.CHALLENGE, order(1, 2000, bytes([1] * 16)), now) == b""
    app.tick(now + SILENT_MS - 1)
    assert app.emitters.levels() == (True, False)
    assert app.lamp_value() != ((0, 0, 0), (0, 0, 0))
    app.tick(now + SILENT_MS)
    assert app.emitters.levels() == (False, False)
    assert app.lamp_value() == ((0, 0, 0), (0, 0, 0))
    assert app.tone.value == 0
    assert app.challenge.pulse == 0


@given(st.integers(0, 255), st.binary(max_size=232))
def test_any_payload_of_any_command_is_done_or_refused_and_never_raises(
    kind: int, payload: bytes
) -> None:
    app = App(Link(KEY, lambda n: bytes(n), ABOUT, 0), None, Tamper(Memory(), 2), (True, True))
    assert app._command(kind, payload, 5) in (b"", b"pattern", b"payload", b"tamper")
    app.tick(6)


def test_the_flash_is_left_alone_while_the_white_one_is_on() -> None:
    flash = Memory()
    app = App(Link(KEY, lambda n: bytes(n), ABOUT, 0), None, Tamper(flash, 2), (True, True))
    now = 60_000
    app.link.heard_at = now
    app.emitters.tick(now)
    app._command(frame.EMIT, struct.pack(frame.EMIT_FORMAT, 1, 500), now)
    for now in range(60_000, 60_490, 10):
        app.tamper.see([1, 0], now)
        app.tick(now)
        assert flash.writes == 0
    app.tick(60_500)
    app.tick(60_510)
    assert flash.writes == 1
