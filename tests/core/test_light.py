"""The controlled light: what a head answers passes; sheets, screens, recordings and late imitations
do not; what could not be measured is neither. And the rule that weighs the checks.
"""

from __future__ import annotations

import importlib
import itertools
import math
import pkgutil
import statistics
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.liveness import (
    LIVE,
    NOT_LIVE,
    ODDS_MAX,
    UNSURE,
    Weighed,
    band,
    checks,
    in_doubt,
    plays,
    says,
    weigh,
)
from edge.core.liveness import checks as checks_of
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence, Finding, lit
from edge.core.liveness.fitted import FITTED
from edge.core.liveness.response import fit, measure
from edge.core.liveness.sequence import STEP_MS, STEP_MS_MIN, draw, lamps, longer, redraw
from edge.core.types import LivenessBand, LivenessRules
from tests.core.glow import Scene, bent, flat, lighting, rolled, sequence, shallow, shots

MUST = ("passive", "follows", "delay", "gain", "form", "steady", "stream")
RULES = LivenessRules(bands=(LivenessBand(must=MUST),))


def look(scene: Scene, seed: int = 1) -> Weighed:
    lamps_now = lighting(sequence(seed))
    return weigh(lit(shots(scene, lamps_now, seed), lamps_now, 0.5), MUST, 0.0, RULES)


def state(weighed: Weighed, check: str) -> str:
    return next(score.state for score in weighed.scores if score.check == check)


# -- the sequence ----------------------------------------------------------------------------------
@given(st.binary(min_size=16, max_size=16))
def test_everybody_who_has_the_nonce_draws_the_same_lights(nonce: bytes) -> None:
    one, other = draw(nonce, "T-1"), draw(nonce, "T-1")
    assert one == other and one.digest() == other.digest()
    assert draw(nonce, "T-2").steps != one.steps, "another terminal's nonce is another sequence"


@given(st.binary(min_size=16, max_size=16))
def test_a_sequence_shows_each_side_in_each_colour_and_never_the_same_twice(nonce: bytes) -> None:
    steps = draw(nonce, "T-1").steps
    assert all(one != other for one, other in itertools.pairwise(steps))
    for side in (0, 1):
        alone = [lamps(step)[side] for step in steps if sum(lamps(step)[1 - side]) == 0]
        assert all(any(value[c] for value in alone) for c in range(3)), steps


def test_the_lights_flash_at_most_three_times_a_second() -> None:
    """Two changes are one flash (WCAG 2.3.1)."""
    assert STEP_MS >= STEP_MS_MIN and 1_000 / (2 * STEP_MS_MIN) <= 3


def test_sequences_do_not_repeat() -> None:
    assert len({draw(n.to_bytes(16, "big"), "T-1").steps for n in range(500)}) == 500


@given(st.binary(min_size=16, max_size=16))
def test_the_other_lights_of_a_doubt_are_of_the_same_nonce_so_nobody_chose_them(nonce: bytes) -> None:
    first = draw(nonce, "T-1")
    whole = longer(first, "T-1")
    assert whole.steps[:12] == first.steps and whole.steps[12] == "off" and len(whole.steps) == 25
    assert whole.steps[13:] != first.steps and whole.digest() != first.digest()
    assert longer(first, "T-2").steps[13:] != whole.steps[13:]
    assert redraw(nonce, "T-1", 12) == first and redraw(nonce, "T-1", 25) == whole
    one, both = lighting(first), lighting(whole)
    assert both.first == one == one.first


# -- what answers ----------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
def test_a_head_passes_every_check(seed: int) -> None:
    weighed = look(Scene(), seed)
    assert weighed.outcome == LIVE, weighed


@pytest.mark.parametrize("form", [flat, bent, rolled])
@pytest.mark.parametrize("seed", range(4))
def test_no_smooth_sheet_has_the_form_of_a_head(form: object, seed: int) -> None:
    weighed = look(Scene(turn=form), seed)  # type: ignore[arg-type]
    assert weighed.outcome == NOT_LIVE and "light_flat" in weighed.reasons, weighed
    assert state(weighed, "follows") == PASS, "paper follows the lamps, it is the form that lacks"


@pytest.mark.parametrize("seed", range(6))
def test_a_recording_of_another_sequence_does_not_follow(seed: int) -> None:
    recorded, now = lighting(sequence(seed + 100)), lighting(sequence(seed))
    played = shots(Scene(), recorded, seed)
    weighed = weigh(lit(played, now, 0.5), MUST, 0.0, RULES)
    assert weighed.outcome == NOT_LIVE and state(weighed, "follows") == FAIL, weighed


@pytest.mark.parametrize("late_ms", [80, 120, 200, 300])
def test_a_screen_that_imitates_the_lamps_comes_late(late_ms: float) -> None:
    for seed in range(4):
        weighed = look(Scene(late_ms=late_ms), seed)
        assert weighed.outcome == NOT_LIVE and state(weighed, "delay") == FAIL, weighed


def test_a_screen_that_returns_almost_nothing_is_no_pass() -> None:
    weighed = look(Scene(gain=0.012, noise=0.0005))
    assert weighed.outcome != LIVE and state(weighed, "gain") != PASS, weighed


def test_in_the_sun_it_is_unknown_and_not_refused() -> None:
    weighed = look(Scene(gain=0.03, noise=0.0008))
    assert weighed.outcome == UNSURE and weighed.reasons[0] == "light_weak", weighed


def test_too_few_shots_are_no_answer() -> None:
    now = lighting(sequence())
    few = shots(Scene(), now, every_ms=400)
    assert measure(few, now) is None
    assert weigh(lit(few, now, 0.5), MUST, 0.0, RULES).outcome != LIVE


def test_shots_without_a_face_are_no_answer() -> None:
    now = lighting(sequence())
    blind = tuple(replace(s, problem="no_face", glow=(), live=-1.0) for s in shots(Scene(), now))
    assert weigh(lit(blind, now, 0.5), MUST, 0.0, RULES).outcome != LIVE


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_rubbish_from_the_nets_is_never_an_accept_and_never_an_exception(seed: int) -> None:
    """NaN, infinities, zeros and negative light."""
    odd = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1e30)
    now = lighting(sequence(seed))
    good = shots(Scene(), now, seed)
    bad = tuple(
        replace(s, glow=tuple(odd[(seed + n + k) % 6] for k in range(len(s.glow))), live=math.nan)
        for n, s in enumerate(good)
    )
    assert weigh(lit(bad, now, 0.5), MUST, 0.0, RULES).outcome != LIVE


# -- the other checks ------------------------------------------------------------------------------
def test_a_frozen_camera_is_no_camera() -> None:
    now = lighting(sequence())
    seen = shots(Scene(), now)
    frozen = tuple(replace(s, glow=seen[0].glow) for s in seen)
    assert state(weigh(lit(frozen, now, 0.5), MUST, 0.0, RULES), "stream") == FAIL


def test_one_shot_a_second_is_too_slow() -> None:
    slow = tuple(replace(s, at_mono_ms=n * 1_000) for n, s in enumerate(shots(Scene(), lighting(sequence()))))
    assert state(weigh(Evidence(slow), MUST, 0.0, RULES), "stream") == FAIL


def test_a_face_that_jumps_is_another_face() -> None:
    seen = shots(Scene(), lighting(sequence()))
    swapped = (*seen[:9], *(replace(s, box=(0.0, 0.0, 0.1, 0.1)) for s in seen[9:]))
    assert state(weigh(Evidence(swapped), MUST, 0.0, RULES), "steady") == FAIL


def test_nobody_is_swapped_behind_a_shot_that_shows_nothing() -> None:
    blind = {"problem": "camera_trouble", "box": (0.0, 0.0, 0.0, 0.0)}
    seen = list(shots(Scene(), lighting(sequence())))
    seen[9] = replace(seen[9], **blind)
    assert state(weigh(Evidence(tuple(seen)), MUST, 0.0, RULES), "steady") == PASS
    seen[10:] = [replace(s, box=(0.0, 0.0, 0.1, 0.1)) for s in seen[10:]]
    assert state(weigh(Evidence(tuple(seen)), MUST, 0.0, RULES), "steady") == FAIL
    nothing = tuple(replace(s, **blind) for s in seen)
    assert state(weigh(Evidence(nothing), MUST, 0.0, RULES), "steady") != PASS


def test_two_people_are_not_one() -> None:
    seen = list(shots(Scene(), lighting(sequence())))
    seen[4:7] = [replace(s, problem="two_faces") for s in seen[4:7]]
    assert state(weigh(Evidence(tuple(seen)), MUST, 0.0, RULES), "steady") == FAIL


def test_the_net_alone_does_not_pass_where_light_is_demanded() -> None:
    only = Evidence(shots(Scene(live=1.0), lighting(sequence())))
    assert weigh(only, MUST, 0.0, RULES).outcome == UNSURE
    assert weigh(only, ("passive",), 0.0, RULES).outcome == LIVE


# -- the rule --------------------------------------------------------------------------------------
def test_more_money_may_demand_more() -> None:
    rules = LivenessRules(
        bands=(LivenessBand(0, ("passive",)), LivenessBand(100_00, (*MUST, "gesture")))
    )
    assert plays(band(rules, 99_99).must) == frozenset()
    assert plays(band(rules, 100_00).must) == {"light", "gesture"}
    assert band(LivenessRules(bands=(LivenessBand(500, ("passive",)),)), 0) == LivenessBand()


def test_a_check_that_this_version_does_not_know_is_never_passed() -> None:
    seen = Evidence(shots(Scene(), lighting(sequence())))
    assert weigh(seen, ("passive", "thermal"), 0.0, RULES).outcome == UNSURE


def test_the_odds_alone_can_refuse_and_never_accept() -> None:
    now = lighting(sequence())
    evidence = lit(shots(Scene(), now), now, 0.5)
    assert weigh(evidence, MUST, 1_000.0, RULES).reasons == ("spoof_score",)
    sheet = lit(shots(Scene(turn=flat), now), now, 0.5)
    assert weigh(sheet, MUST, -1_000.0, RULES).outcome == NOT_LIVE


def test_every_check_is_a_file_with_the_surface() -> None:
    folder = importlib.import_module("edge.core.liveness.checks").__path__
    files = {info.name for info in pkgutil.iter_modules(folder)}
    assert set(checks_of()) == files and set(MUST) < files
    for check in checks().values():
        assert check.NEEDS in ("", "light", "gesture")
        found = check.judge(Evidence(()), check.LIMIT)
        assert found.state == UNKNOWN, check


@given(st.sampled_from(sorted(FITTED)), st.floats(-1e9, 1e9), st.sampled_from([PASS, FAIL, UNKNOWN]))
def test_no_check_alone_decides_by_its_odds_and_none_that_failed_speaks_in_favour(
    name: str, value: float, state: str
) -> None:
    odds = says(name, Finding(value, state))
    assert abs(odds) <= ODDS_MAX and (state != FAIL or odds <= 0) and (state != UNKNOWN or odds == 0)


def test_somebody_else_half_way_ends_it_whatever_is_demanded() -> None:
    one, other = (struct.pack("<3f", *v) for v in ((1.0, 0.0, 0.1), (0.0, 1.0, 0.1)))
    seen = list(shots(Scene(), lighting(sequence())))
    seen[::5] = [replace(s, face=one) for s in seen[::5]]
    assert weigh(Evidence(tuple(seen)), ("passive",), -9.0, RULES).outcome == LIVE
    seen[20:] = [replace(s, face=other if s.face else b"") for s in seen[20:]]
    weighed = weigh(Evidence(tuple(seen)), ("passive",), -9.0, RULES)
    assert weighed.outcome == NOT_LIVE and weighed.reasons == ("face_changed",)
    seen[20:] = [replace(s, face=b"\xff" * 12 if s.face else b"") for s in seen[20:]]
    assert weigh(Evidence(tuple(seen)), ("passive",), -9.0, RULES).outcome == NOT_LIVE, "no number"


# -- what twice the lights are for --------------------------------------------------------------------
def test_twice_the_lights_take_a_fifth_of_the_noise_from_a_form_and_it_knows_that() -> None:
    """Less than the root of two would, for what heads are expected to be counts too, and more where less is seen."""
    once, twice = [], []
    for seed in range(24):
        whole = lighting(longer(sequence(seed), "T-1"))
        seen = shots(Scene(noise=0.012), whole, seed)
        for lamps_now, forms in ((whole.first, once), (whole, twice)):
            found = measure(seen, lamps_now)
            assert found is not None
            forms.append((found.form, found.spread))
    errors = [statistics.stdev(form for form, _ in forms) for forms in (once, twice)]
    assert 0.6 < errors[1] / errors[0] < 0.82, errors
    assert all(both < first for (_, first), (_, both) in zip(once, twice, strict=True))


def doubt(weighed: Weighed, **doubts: float) -> bool:
    return in_doubt(weighed, replace(RULES, doubts=doubts))


def test_only_what_failed_by_little_is_in_doubt() -> None:
    little = look(Scene(turn=shallow))
    assert little.reasons == ("light_flat",) and doubt(little)
    assert not doubt(look(Scene(turn=flat))), "a sheet is none"
    assert not doubt(look(Scene())), "nor is who passed"
    assert not doubt(look(Scene(turn=shallow, late_ms=150.0))), "something else failed as well"
    assert not doubt(look(Scene(turn=shallow, gain=0.03, noise=0.0008))), "what was not measured is not in doubt"


def test_a_policy_says_from_where_on_there_is_a_doubt() -> None:
    little, sheet = look(Scene(turn=shallow)), look(Scene(turn=flat))
    assert not doubt(little, form=9.0) and doubt(sheet, form=-9.0)
    late = look(Scene(late_ms=150.0))
    assert not doubt(late, form=-9.0)
    assert doubt(late, form=-9.0, delay=-200.0, follows=0.0), "of checks whose files know no doubt too"


def test_odds_that_fall_short_alone_are_a_doubt() -> None:
    seen = lit(shots(Scene(), lighting(sequence())), lighting(sequence()), 0.5)
    short = weigh(seen, MUST, 99.0, RULES)
    assert short.outcome == NOT_LIVE and doubt(short)


# -- the arithmetic --------------------------------------------------------------------------------
@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3))
def test_a_fit_finds_what_was_put_in(truth: list[float]) -> None:
    rows = [(1.0, math.sin(n), math.cos(2 * n)) for n in range(20)]
    values = [sum(a * b for a, b in zip(truth, row, strict=True)) for row in rows]
    assert fit(rows, values) == pytest.approx(truth, abs=1e-6)


def test_a_direction_without_data_gets_nothing() -> None:
    assert fit([(1.0, 0.0)] * 5, [2.0] * 5) == pytest.approx([2.0, 0.0])


def test_the_form_is_measured_in_heads() -> None:
    now = lighting(sequence(3))
    head_like = measure(shots(Scene(noise=0.0005), now), now)
    assert head_like is not None
    assert head_like.form == pytest.approx(1.0, abs=0.1) and head_like.lag_ms == 0


def test_the_answer_of_each_step_goes_with_its_colour() -> None:
    now = lighting(sequence(4))
    found = measure(shots(Scene(crosstalk=0.0, noise=0.0005), now), now)
    assert found is not None
    for step, answer in zip(now.sequence.steps, found.steps, strict=True):
        lamp = [max(pair) for pair in zip(*lamps(step), strict=True)]
        for lights, value in zip(lamp, answer, strict=True):
            assert (value > 0.05) == bool(lights) or answer == (0.0, 0.0, 0.0), (step, answer)

