"""The points that lamps put into living eyes: found where they are, not where ink is bright, and silent
where nothing can be said.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.liveness import LIVE, NOT_LIVE, weigh
from edge.core.liveness.checks import glint
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence, lit
from edge.core.liveness.response import Lighting, shown
from edge.core.liveness.specular import (
    APART,
    BLUR,
    EYES,
    EYES_BYTES,
    FULL,
    HIGH,
    PLACES,
    WIDE,
    Mirrored,
)
from edge.core.types import LivenessRules
from tests.core.glow import Scene, lighting, sequence, shots

OWN, GAIN = 0.28, 0.15  # of the mean face in `Scene`, and of one white lamp
Point = Callable[[float, float, float], float]  # place of the eye, side of the lamp -> how high a point stands


def eye(x: float, y: float) -> float:
    """Own light: a dark iris in white, lids above and below, and a window of the room in the pupil."""
    white, lids = (0.5 + 0.5 * math.tanh(1.2 * (at - edge)) for at, edge in ((math.hypot(x, y), 5.5), (abs(y), 4.5)))
    room = 0.5 * math.exp(-((x + 2) ** 2 + (y + 2) ** 2) / 1.5)
    return 0.04 + 0.31 * white + (0.18 - 0.31 * white) * lids + room


def living(x: float, y: float, side: float) -> float:
    """One lamp's point, as high as what the lamp adds to the face."""
    return math.exp(-((x - side * APART) ** 2 + y * y) / (2 * BLUR**2))


def ink(x: float, y: float, side: float) -> float:
    return 0.0


def wrong_side(x: float, y: float, side: float) -> float:
    return living(x, y, -side)


def seen(
    point: Point, seed: int = 1, *, noise: float = 0.002, slides: float = 0.0
) -> tuple[tuple[LookSeen, ...], Lighting]:
    """A look whose eyes answer so. slides: how far the windows slip towards the lamp that shines."""
    lamps, rng, out = lighting(sequence(seed)), random.Random(seed), []
    mid = (rng.uniform(-2, 2), rng.uniform(-1, 1))
    for shot in shots(Scene(), lamps, seed):
        left, right = (sum(lamp) / 3 for lamp in shown(lamps, shot.at_mono_ms))
        numbers = array("H")
        for _ in range(EYES):
            numbers.append(round(0.1 * FULL))
            for n in range(PLACES):
                x, y = n % WIDE - WIDE // 2 - mid[0], n // WIDE - HIGH // 2 - mid[1]
                own = eye(x + slides * (left - right), y)
                light = own * (1 + GAIN * (left + right))
                light += OWN * GAIN * (point(x, y, 1) * left + point(x, y, -1) * right)
                numbers.append(round(FULL * min(1.0, max(0.0, light + rng.gauss(0, noise)))))
        out.append(replace(shot, eyes=numbers.tobytes()))
    return tuple(out), lamps


def state(look: tuple[tuple[LookSeen, ...], Lighting]) -> str:
    return glint.judge(lit(*look, 0.5), glint.LIMIT).state


@pytest.mark.parametrize("seed", range(3))
def test_the_lamps_stand_in_living_eyes(seed: int) -> None:
    found = lit(*seen(living, seed), 0.5).mirrored
    assert found is not None and 0.6 < found.points < 1.4 and found.spread < 0.2, found
    assert state(seen(living, seed)) == PASS


@pytest.mark.parametrize("seed", range(3))
def test_ink_has_no_points_however_bright_a_window_was_printed_into_it(seed: int) -> None:
    assert state(seen(ink, seed)) == FAIL


def test_a_head_with_ink_for_eyes_is_nobody_where_a_policy_asks_for_eyes() -> None:
    """A paper mask fine enough to have the form of a head: `form` passes it, its eyes do not."""
    must = ("follows", "delay", "gain", "form", "stream", "glint")
    assert weigh(lit(*seen(living), 0.5), must, -2.0, LivenessRules()).outcome == LIVE
    masked = weigh(lit(*seen(ink), 0.5), must, -2.0, LivenessRules())
    assert (masked.outcome, masked.reasons) == (NOT_LIVE, ("light_flat",))


def test_what_slips_over_an_edge_when_a_lamp_shines_is_no_point() -> None:
    assert state(seen(ink, slides=0.05)) == FAIL


def test_points_that_change_sides_are_no_eyes() -> None:
    """A mirror that turns left and right around is none that bulges."""
    assert state(seen(wrong_side)) != PASS


def test_shut_eyes_are_unknown_and_nobody_is_refused_for_them() -> None:
    look, lamps = seen(living)
    shut = tuple(replace(shot, eyes=b"") for shot in look)
    found = glint.judge(lit(shut, lamps, 0.5), glint.LIMIT)
    assert (found.state, found.reason) == (UNKNOWN, "eyes_unseen")
    must = ("follows", "delay", "gain", "form", "stream")
    assert weigh(lit(shut, lamps, 0.5), must, -2.0, LivenessRules()).outcome == LIVE
    assert weigh(lit(shut, lamps, 0.5), (*must, "glint"), -2.0, LivenessRules()).outcome != LIVE


def test_a_blink_is_left_out_and_not_taken_for_an_answer() -> None:
    look, lamps = seen(living)
    lid = array("H", [round(0.9 * FULL), *[round(0.2 * FULL)] * PLACES] * EYES).tobytes()
    blinked = tuple(replace(s, eyes=lid) if n in (9, 10, 11) else s for n, s in enumerate(look))
    assert state((blinked, lamps)) == PASS


def test_the_reflex_of_glasses_and_a_doubtful_eye_are_unknown() -> None:
    for points, spread in ((30.0, 2.0), (0.5, 0.45), (0.1, 0.4), (math.nan, 0.1)):
        told = Evidence((), mirrored=Mirrored(points, spread, ()))
        assert glint.judge(told, glint.LIMIT).state == UNKNOWN, points


@pytest.mark.parametrize("step", range(4))
def test_rubbish_windows_are_no_exception(step: int) -> None:
    look, lamps = shots(Scene(), lighting(sequence(1))), lighting(sequence(1))
    dice = random.Random(step)
    odd = [dice.randbytes(EYES_BYTES), b"\xff" * EYES_BYTES, bytes(EYES_BYTES), dice.randbytes(EYES_BYTES - 1)]
    bad = tuple(replace(s, eyes=odd[n * step % 4]) for n, s in enumerate(look))
    blind = tuple(replace(s, glow=tuple(math.inf for _ in s.glow)) for s in bad)
    for one in (bad, blind):
        assert math.isfinite(glint.judge(lit(one, lamps, 0.5), glint.LIMIT).value)
