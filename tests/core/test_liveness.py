"""The challenge: what passes, what fails at once, and that the mean over the clip decides."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit.face import gestures, liveness
from tests.core.watching import watched
from tests.flows.kit import SeededDice

BOX = (0.3, 0.3, 0.4, 0.4)
FRONT = LookSeen(1, 0, None, live=0.9, box=BOX)


def shots(*looks: tuple[float, float]) -> list[LookSeen]:
    """(yaw, eye) at 10 shots a second from 100 ms on; the net looks only at frontal faces."""
    return [
        replace(
            FRONT,
            at_mono_ms=100 * (n + 1),
            yaw_deg=yaw,
            eye_open=eye,
            live=0.9 if abs(yaw) < 15 else -1.0,
        )
        for n, (yaw, eye) in enumerate(looks)
    ]


def play(
    steps: tuple[str, ...], looks: list[LookSeen], threshold: float = 0.5
) -> liveness.Clip | Verdict:
    clip = liveness.begin(steps, FRONT)
    for look in looks:
        seen = liveness.watch(clip, look, threshold)
        if isinstance(seen, Verdict):
            return seen
        clip = seen
    return clip


F, L, R, SHUT = (0.0, 1.0), (35.0, 1.0), (-35.0, 1.0), (0.0, 0.1)
GESTURE = {"turn_left": (L,), "turn_right": (R,), "blink": (SHUT, F)}


@given(st.integers(0, 500), st.integers(1, 6))
def test_a_drawn_challenge_has_no_two_equal_steps_in_a_row(seed: int, count: int) -> None:
    steps = liveness.draw(SeededDice(seed), count)
    assert len(steps) == count and set(steps) <= set(gestures.steps_of(liveness.USUAL))
    assert all(one != other for one, other in pairwise(steps))


def test_all_orders_are_drawn() -> None:
    assert len({liveness.draw(SeededDice(seed), 2) for seed in range(200)}) == 6


@given(st.integers(0, 300), st.integers(1, 4))
def test_whoever_does_what_is_asked_passes(seed: int, count: int) -> None:
    steps = liveness.draw(SeededDice(seed), count)
    looks = [look for step in steps for look in (*GESTURE[step], F, F)]
    verdict = play(steps, shots(*looks, *[F] * liveness.SHOTS_MIN))
    assert isinstance(verdict, Verdict)
    assert verdict.live and verdict.steps == steps and verdict.reasons == ()
    assert verdict.shots >= liveness.SHOTS_MIN


@given(st.integers(0, 300), st.integers(0, 2))
def test_a_recording_of_another_challenge_fails_at_once(seed: int, at: int) -> None:
    """A replay turns at the wrong moment; a blink alone is forgiven, people blink."""
    steps = liveness.draw(SeededDice(seed), 3)
    played = list(steps)
    played[at] = "turn_left" if steps[at] != "turn_left" else "turn_right"
    looks = [look for step in played for look in (*GESTURE[step], F, F)]
    verdict = play(steps, shots(*looks, *[F] * 9))
    assert isinstance(verdict, Verdict)
    assert not verdict.live and verdict.reasons == ("wrong_gesture",)


def test_a_still_picture_never_ends_the_challenge() -> None:
    clip = play(("blink",), shots(*[F] * 80))
    assert isinstance(clip, liveness.Clip) and clip.index == 0
    late = liveness.fail(clip, "step_timeout", 0.5)
    assert not late.live and late.reasons == ("step_timeout",) and late.shots == 80


def test_a_natural_blink_is_no_wrong_gesture() -> None:
    verdict = play(("turn_left",), shots(F, SHUT, F, L, F, F, F, F))
    assert isinstance(verdict, Verdict) and verdict.live


def test_the_mean_of_the_net_decides_not_the_best_shot() -> None:
    looks = [
        replace(look, live=0.9 if n == 0 else 0.3) for n, look in enumerate(shots(F, F, F, F, F))
    ]
    turn = replace(FRONT, at_mono_ms=900, yaw_deg=35.0, live=-1.0)
    back = replace(FRONT, at_mono_ms=1000, live=0.3)
    verdict = play(("turn_left",), [*looks, turn, back])
    assert isinstance(verdict, Verdict)
    assert verdict.reasons == ("spoof_score",) and verdict.score == pytest.approx(0.4)
    again = play(("turn_left",), [*looks, turn, back], threshold=0.39)
    assert isinstance(again, Verdict) and again.live


def test_fewer_than_five_evaluated_shots_are_not_enough() -> None:
    clip = play(("turn_left",), shots(F, F, L, F))
    assert isinstance(clip, liveness.Clip) and clip.done == ("turn_left",)
    done = liveness.watch(clip, replace(FRONT, at_mono_ms=2_000), 0.5)
    assert isinstance(done, liveness.Clip)
    assert isinstance(liveness.watch(done, replace(FRONT, at_mono_ms=2_100), 0.5), Verdict)


def test_the_next_gesture_counts_only_from_the_front() -> None:
    clip = play(("turn_left", "turn_right"), shots(L, L, (16.0, 1.0)))
    assert isinstance(clip, liveness.Clip) and clip.index == 0 and clip.returning


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (replace(FRONT, problem="no_face", at_mono_ms=1_200), "face_lost"),
        (replace(FRONT, at_mono_ms=200, box=(0.8, 0.0, 0.1, 0.1)), "face_changed"),
    ],
)
def test_another_face_or_none_ends_it(look: LookSeen, reason: str) -> None:
    verdict = play(("turn_left",), [look])
    assert isinstance(verdict, Verdict) and verdict.reasons == (reason,)


def test_a_second_face_for_a_moment_is_forgiven_for_longer_not() -> None:
    second = [replace(FRONT, problem="two_faces", at_mono_ms=100 * n) for n in range(1, 4)]
    assert isinstance(
        play(("turn_left",), [*second[:2], replace(FRONT, at_mono_ms=250)]), liveness.Clip
    )
    verdict = play(("turn_left",), second)
    assert isinstance(verdict, Verdict) and verdict.reasons == ("face_changed",)


def test_shots_from_before_the_step_are_not_looked_at() -> None:
    clip = replace(liveness.begin(("turn_left",), FRONT), since_ms=500)
    assert liveness.watch(clip, replace(FRONT, at_mono_ms=400, yaw_deg=-40.0), 0.5) == clip


# -- following the dot -----------------------------------------------------------------------------
AIM = {"dot_left": (1.4, 0.0), "dot_right": (-1.4, 0.0), "dot_up": (0.0, 1.4), "dot_down": (0.0, -1.4)}
DOTS = gestures.KINDS["dot"]


def faced(steps: tuple[str, ...], rest: tuple[float, float] = (0.0, 0.0)) -> list[LookSeen]:
    """Out to each dot and home, from where this face rests."""
    path = [at for step in steps for at in (AIM[step], AIM[step], (0.3, 0.3), (0.0, 0.0))]
    return [
        replace(
            FRONT, at_mono_ms=100 * (n + 1), problem="turned" if left and abs(left) > 1 else None,
            yaw_deg=rest[0] + left * gestures.DOT_YAW_DEG, pitch_deg=rest[1] + up * gestures.DOT_PITCH_DEG,
        )
        for n, (left, up) in enumerate([*path, *[(0.0, 0.0)] * liveness.SHOTS_MIN])
    ]  # fmt: skip


def followed(steps: tuple[str, ...], looks: list[LookSeen], rest: tuple[float, float]) -> liveness.Clip | Verdict:
    return watched(liveness.begin(steps, replace(FRONT, yaw_deg=rest[0], pitch_deg=rest[1])), *looks)


@given(st.integers(0, 300), st.integers(1, 6), st.tuples(st.floats(-10, 10), st.floats(-25, 25)))
def test_whoever_follows_the_dot_passes_wherever_their_face_rests(
    seed: int, count: int, rest: tuple[float, float]
) -> None:
    steps = liveness.draw(SeededDice(seed), count, ("dot",))
    assert set(steps) <= set(DOTS) and all(one != other for one, other in pairwise(steps))
    verdict = followed(steps, faced(steps, rest), rest)
    assert isinstance(verdict, Verdict) and verdict.live and verdict.steps == steps


@given(st.integers(0, 300), st.sampled_from(DOTS))
def test_whoever_looks_elsewhere_has_made_a_wrong_gesture(seed: int, elsewhere: str) -> None:
    (step,) = liveness.draw(SeededDice(seed), 1, ("dot",))
    seen = followed((step,), faced((elsewhere,)), (0.0, 0.0))
    assert isinstance(seen, Verdict) and seen.live is (elsewhere == step)
    assert seen.reasons == (() if elsewhere == step else ("wrong_gesture",))


@pytest.mark.parametrize("step", DOTS)
def test_too_little_for_a_dot_is_waited_for_and_a_shot_without_a_pose_is_none(step: str) -> None:
    left, up = AIM[step]
    little = replace(FRONT, at_mono_ms=100, yaw_deg=left * 5, pitch_deg=up * 5)
    covered = replace(FRONT, at_mono_ms=200, problem="covered", yaw_deg=left * 20, pitch_deg=up * 20)
    clip = followed((step,), [little, covered], (0.0, 0.0))
    assert isinstance(clip, liveness.Clip) and not clip.returning and clip.index == 0


def test_the_dot_goes_home_once_it_was_reached_and_the_next_waits_for_the_face() -> None:
    clip = followed(("dot_up", "dot_left"), faced(("dot_up", "dot_left"))[:2], (0.0, 0.0))
    assert isinstance(clip, liveness.Clip) and clip.home and clip.index == 0
    after = followed(("dot_up", "dot_left"), faced(("dot_up", "dot_left"))[:4], (0.0, 0.0))
    assert isinstance(after, liveness.Clip) and not after.home and after.step == "dot_left"
    turned = replace(liveness.begin(("turn_left",), FRONT), returning=True)
    assert not turned.home, "only a dot is shown going home"


@given(st.integers(0, 200), st.sets(st.sampled_from(sorted(gestures.KINDS)), min_size=1), st.integers(1, 6))
def test_only_gestures_of_the_kinds_that_a_policy_names_are_drawn(seed: int, kinds: set[str], count: int) -> None:
    steps = liveness.draw(SeededDice(seed), count, tuple(kinds))
    assert len(steps) == count and set(steps) <= set(gestures.steps_of(kinds))


@pytest.mark.parametrize("step", gestures.STEPS)
@pytest.mark.parametrize("problem", [None, "turned", "covered"])
@pytest.mark.parametrize("pose", [(0.0, 0.0), (30.0, 0.0), (-30.0, 0.0), (0.0, 20.0), (0.0, -20.0)])
@pytest.mark.parametrize("eye", [0.0, 0.5, 1.0])
def test_every_step_has_an_answer_for_every_shot(
    step: str, problem: str | None, pose: tuple[float, float], eye: float
) -> None:
    look = replace(FRONT, at_mono_ms=100, problem=problem, yaw_deg=pose[0], pitch_deg=pose[1], eye_open=eye)
    seen = liveness.watch(liveness.begin((step,), FRONT), look, 0.5)
    if isinstance(seen, Verdict):
        assert seen.reasons == ("wrong_gesture",)
    else:
        moved = (seen.returning, seen.shut) != (False, False)
        assert moved <= (gestures.shown(step, look, (0.0, 0.0), shut=False) != "")
