"""Clock honesty: the bound holds the truth whatever the line does with the notes, and it closes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import events as e
from edge.core.effects import Ask
from edge.core.parts.clock import DRIFT_PPM, UNKNOWN_ERROR_MS, Clock
from edge.core.types import Answer, Credit, Json, Now

TRUE_MS = 1_800_000_000_000  # at monotonic 0
DAY_MS = 86_400_000


def raw(mono_ms: int, wrong_ms: int = 0, error_ms: int = UNKNOWN_ERROR_MS) -> Now:
    return Now(TRUE_MS + mono_ms + wrong_ms, mono_ms, error_ms)


def ask(clock: Clock, mono_ms: int, name: bytes = b"q") -> None:
    clock.sent([Ask(name, "policy", {})], raw(mono_ms))


def told(clock: Clock, said_at: int, mono_ms: int, name: bytes = b"q") -> None:
    clock.noted(e.Told(name, 0, {}, centre_ms=TRUE_MS + said_at), raw(mono_ms))


def note(clock: Clock, mono_ms: int, trip_ms: int = 100) -> None:
    ask(clock, mono_ms - trip_ms)
    told(clock, mono_ms - trip_ms // 2, mono_ms)


def answered(clock: Clock, said_at: int, mono_ms: int) -> None:
    word = Answer(1, 1, 0, bytes(32), (), TRUE_MS + said_at, Credit(), 0, bytes(32))
    clock.noted(e.Answered(word), raw(mono_ms))


def test_before_the_first_note_of_a_boot_the_bound_is_the_kernels_and_unknown_means_a_day() -> None:
    clock = Clock()
    assert clock.corrected(raw(5, 3 * DAY_MS)) == raw(5, 3 * DAY_MS)
    assert clock.state(raw(5)) | {"utc_ms": 0} == {
        "source": "none", "utc_ms": 0, "offset_ms": 0, "error_ms": UNKNOWN_ERROR_MS, "since_ms": None,
    }  # fmt: skip
    assert clock.state(raw(5, error_ms=20))["source"] == "kernel"


@pytest.mark.parametrize("wrong_ms", [-400 * DAY_MS, -90_000, 90_000, 3 * DAY_MS])
def test_one_signed_note_sets_a_clock_right_that_is_days_out(wrong_ms: int) -> None:
    clock = Clock()
    note(clock, 10_000)
    now = clock.corrected(raw(10_000, wrong_ms))
    assert abs(now.utc_ms - (TRUE_MS + 10_000)) <= now.error_ms <= 53
    state = clock.state(raw(11_000, wrong_ms))
    assert (state["source"], state["since_ms"]) == ("centre", 1_000)
    assert abs(state["offset_ms"] + wrong_ms) <= state["error_ms"]


def test_the_bound_grows_with_the_drift_until_the_next_note_closes_it() -> None:
    clock = Clock()
    note(clock, 10_000)
    after_a_day = clock.corrected(raw(10_000 + DAY_MS)).error_ms
    grown_ms = DAY_MS * DRIFT_PPM // 1_000_000
    assert grown_ms + 50 <= after_a_day <= grown_ms + 53
    note(clock, 10_000 + DAY_MS)
    assert clock.corrected(raw(10_000 + DAY_MS)).error_ms <= 53


def test_after_a_note_nobody_moves_the_time_by_turning_the_wall_clock() -> None:
    clock = Clock()
    note(clock, 10_000)
    before = clock.corrected(raw(10_000))
    turned = clock.corrected(raw(11_000, -7 * DAY_MS, error_ms=1))  # and the kernel swears to it
    assert 999 <= turned.utc_ms - before.utc_ms <= 1_001


def test_a_kernel_that_knows_better_is_believed_as_long_as_the_notes_do_not_contradict() -> None:
    clock = Clock()
    note(clock, 10_000)
    assert clock.corrected(raw(10_000, 7, error_ms=10)) == raw(10_000, 7, error_ms=10)
    assert clock.corrected(raw(10_000, 5_000, error_ms=10)).error_ms > 10


def test_a_note_that_was_held_back_moves_the_clock_nowhere_that_it_might_not_have_been() -> None:
    """Its early signature says only that the time is later; the long way says little else."""
    clock = Clock()
    note(clock, 10_000)
    ask(clock, 20_000, b"late")
    before = clock.corrected(raw(200_000))
    told(clock, 20_010, 200_000, b"late")  # signed at once, let through three minutes later
    after = clock.corrected(raw(200_000))
    assert before.utc_ms - before.error_ms <= after.utc_ms - after.error_ms + 1  # rounding
    assert abs(after.utc_ms - (TRUE_MS + 200_000)) <= after.error_ms <= before.error_ms
    fresh = Clock()
    ask(fresh, 20_000, b"late")
    told(fresh, 20_010, 200_000, b"late")  # alone it is worth half of its three minutes
    assert fresh.corrected(raw(200_000)).error_ms >= 90_000


def test_a_note_that_is_played_again_or_answers_nothing_is_no_note() -> None:
    clock = Clock()
    note(clock, 10_000)
    before = clock.corrected(raw(90_000))
    told(clock, 9_950, 90_000)  # the very reply again: its question is closed
    told(clock, 9_950, 90_000, b"never asked")
    assert clock.corrected(raw(90_000)) == before
    fresh = Clock()
    told(fresh, 0, 5, b"never asked")
    assert fresh.corrected(raw(5)) == raw(5)


def test_of_a_question_that_was_repeated_the_first_sending_counts() -> None:
    clock = Clock()
    ask(clock, 10_000)
    ask(clock, 12_000)
    told(clock, 10_050, 12_010)  # the answer to the first, which took two seconds
    now = clock.corrected(raw(12_010))
    assert abs(now.utc_ms - (TRUE_MS + 12_010)) <= now.error_ms


def test_a_reply_after_more_than_five_minutes_or_without_a_time_is_no_note() -> None:
    clock = Clock()
    ask(clock, 0)
    told(clock, 0, 300_001)
    ask(clock, 300_002, b"r")
    clock.noted(e.Told(b"r", 0, {}), raw(300_003))
    assert clock.corrected(raw(300_003)) == raw(300_003)


def test_a_cumulative_answer_only_widens() -> None:
    clock = Clock()
    answered(clock, 0, 0)
    assert clock.corrected(raw(0)) == raw(0)
    note(clock, 10_000)
    before = clock.corrected(raw(20_000))
    answered(clock, 3_000, 20_000)  # an old one
    assert clock.corrected(raw(20_000)) == before
    answered(clock, 60_000, 20_000)  # the monotonic clock lost 40 s: it slept
    after = clock.corrected(raw(20_000))
    assert after.error_ms >= 20_000
    assert after.utc_ms + after.error_ms >= TRUE_MS + 60_000


def test_a_flood_of_questions_holds_no_more_than_its_limit() -> None:
    clock = Clock()
    for number in range(1_000):
        ask(clock, number, str(number).encode())
    told(clock, 999, 1_000, b"0")  # long forgotten
    assert clock.corrected(raw(1_000)) == raw(1_000)
    told(clock, 999, 1_000, b"999")
    assert clock.corrected(raw(1_000)) != raw(1_000)


Step = st.tuples(
    st.integers(0, 3_600_000),  # time before the question
    st.integers(0, 400_000),  # it travels
    st.integers(0, 400_000),  # the reply travels, or is held back
    st.booleans(),  # and is played again
)


@given(st.lists(Step, max_size=20), st.integers(-DRIFT_PPM, DRIFT_PPM), st.integers(-10**9, 10**9))
def test_whatever_the_line_does_the_truth_is_within_the_bound(
    steps: list[tuple[int, int, int, bool]], ppm: int, wrong_ms: int
) -> None:
    """The monotonic clock drifts as much as it may; the wall clock is anything."""
    clock, true = Clock(), 0

    def mono() -> int:
        return true + true * ppm // 1_000_000

    def check() -> None:
        now = clock.corrected(raw(mono(), wrong_ms))
        if clock.state(raw(mono(), wrong_ms))["source"] == "centre":
            assert abs(now.utc_ms - (TRUE_MS + true)) <= now.error_ms + 1  # + rounding of ms

    old: Json = {}
    for number, (wait, there, back, again) in enumerate(steps):
        true += wait
        check()
        name = str(number).encode()
        ask(clock, mono(), name)
        true += there
        said = TRUE_MS + true
        true += back
        reply = e.Told(name, 0, {}, centre_ms=said)
        clock.noted(reply, raw(mono(), wrong_ms))
        check()
        if again and old:
            clock.noted(old["reply"], raw(mono(), wrong_ms))
            check()
        old["reply"] = reply
