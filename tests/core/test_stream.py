"""The pace of a camera: what a real one does on a busy machine passes, what no camera does is refused with a reason."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.events import LookSeen
from edge.core.liveness.checks import stream
from edge.core.liveness.evidence import FAIL, PASS, Evidence, Finding

EVERY_MS = 1000 / 15
LOOK_MS = 2_500  # a look under the lamps


def at(times: list[int], *, unseen: tuple[int, ...] = ()) -> tuple[LookSeen, ...]:
    """Shots at these times, each with its own light; at some the face is not measured."""
    return tuple(
        LookSeen(n, ms, None, live=0.9, glow=() if n in unseen else (0.1 + n / 1e3,)) for n, ms in enumerate(times)
    )


def judged(times: list[int], *, unseen: tuple[int, ...] = ()) -> Finding:
    return stream.judge(Evidence(at(times, unseen=unseen)), stream.LIMIT)


@given(st.integers(0, 10_000), st.floats(0, 20), st.floats(0, 0.45))
def test_a_camera_that_trembles_and_drops_shots_by_chance_keeps_its_pace(seed: int, off_ms: float, part: float) -> None:
    dice = random.Random(seed)
    times = [round(n * EVERY_MS + dice.uniform(-off_ms, off_ms)) for n in range(38) if dice.random() >= part]
    found = judged(times)
    assert found.state == PASS or found.value < stream.LIMIT, (found, times)


@given(st.integers(1, 35), st.integers(1, 900))
def test_a_machine_that_halts_once_is_forgiven(before: int, halt_ms: int) -> None:
    times = [round(n * EVERY_MS) + (halt_ms if n >= before else 0) for n in range(38)]
    assert judged(times).state == PASS


@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_looks_that_take_now_one_and_now_two_shots_are_a_slow_processor(seed: int, part: float) -> None:
    dice = random.Random(seed)
    waits = [round(EVERY_MS * (1 + (dice.random() < part))) for _ in range(30)]
    assert judged(list(itertools.accumulate(waits))).state == PASS


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        pytest.param([*range(28), 3_028], "stream_slow", id="all at once, a pause, one more"),
        pytest.param([*range(14), *range(1_100, 1_114)], "stream_slow", id="two bursts"),
        pytest.param([b * 900 + n for b in range(4) for n in range(9)], "stream_odd", id="bursts within the gap"),
        pytest.param([n * 240 + k for n in range(12) for k in (0, 5)], "stream_odd", id="pairs"),
        pytest.param([n * 500 + k * 3 for n in range(6) for k in range(4)], "stream_odd", id="fours"),
    ],
)
def test_a_mean_of_enough_shots_a_second_is_no_pace(times: list[int], reason: str) -> None:
    found = judged(times)
    assert found.value >= stream.LIMIT, "the mean alone would pass"
    assert (found.state, found.reason) == (FAIL, reason)


def test_a_shot_without_a_face_is_no_hole_in_the_stream() -> None:
    times = [round(n * EVERY_MS) for n in range(60)]
    hidden = tuple(range(20, 37))  # 1.2 s: what `steady` refuses is a face that was away, not the camera
    assert judged(times, unseen=hidden).state == PASS
    assert judged(times[:20] + times[37:]).reason == "stream_slow"
