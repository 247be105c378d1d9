"""A shot in which nobody was measured moves nothing in a challenge: it is no turn, no return to the front, no sight of
the same face."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit.face import gestures, liveness
from tests.core.watching import watched

BOX = (0.4, 0.3, 0.2, 0.3)
GOOD = LookSeen(1, 0, None, live=0.9, box=BOX)


@pytest.mark.parametrize(
    "problem", ["too_small", "camera_trouble", "no_face", "two_faces", "too_dark", "too_bright"]
)
def test_an_unmeasured_shot_is_not_the_return_to_the_front(problem: str) -> None:
    turned = replace(GOOD, at_mono_ms=100, yaw_deg=25.0, problem="turned", live=-1.0)
    clip = watched(liveness.begin(("turn_left",), GOOD), turned)
    assert isinstance(clip, liveness.Clip)
    assert clip.returning
    after = watched(clip, LookSeen(3, 200, problem))
    assert isinstance(after, liveness.Clip)
    assert after.returning
    assert after.index == 0
    assert after.live_count == clip.live_count


def test_a_camera_in_trouble_for_a_second_ends_the_try_and_is_never_an_accept() -> None:
    clip = liveness.begin(("blink",), GOOD)
    ended = watched(clip, *(LookSeen(n, n * 200, "camera_trouble") for n in range(1, 9)))
    assert isinstance(ended, Verdict)
    assert not ended.live
    assert ended.reasons == ("face_lost",)


@pytest.mark.parametrize("problem", ["too_dark", "too_bright"])
def test_a_lens_that_was_covered_is_a_face_that_was_lost_and_no_place_for_another_to_come(problem: str) -> None:
    """Where a dark shot still shows the face, it is followed."""
    clip = liveness.begin(("blink",), GOOD)
    ended = watched(clip, *(LookSeen(n, n * 200, problem) for n in range(1, 9)))
    assert isinstance(ended, Verdict) and ended.reasons == ("face_lost",)
    aside = replace(GOOD, at_mono_ms=700, box=(0.75, 0.3, 0.2, 0.3))
    swapped = watched(clip, LookSeen(1, 300, problem), aside)
    assert isinstance(swapped, Verdict) and swapped.reasons == ("face_changed",)
    dim = (replace(GOOD, at_mono_ms=n * 200, problem=problem) for n in range(1, 20))
    assert isinstance(watched(clip, *dim), liveness.Clip)


@pytest.mark.parametrize("step", gestures.STEPS)
@pytest.mark.parametrize("field", ["yaw_deg", "pitch_deg", "eye_open", "live"])
def test_what_is_no_number_makes_no_gesture(step: str, field: str) -> None:
    clip = liveness.begin((step,), GOOD)
    odd = [replace(GOOD, at_mono_ms=n * 100, **{field: float("nan")}) for n in range(1, 30)]
    after = watched(clip, *odd)
    assert isinstance(after, liveness.Clip) and not after.returning and after.index == 0
    home = replace(liveness.begin((step,), GOOD), returning=True)
    moved = watched(home, *odd)
    far = step in gestures.KINDS["dot"]
    assert isinstance(moved, (liveness.Clip, Verdict))
    back = isinstance(moved, Verdict) or not moved.returning
    assert back is (field == "live" or (field == "pitch_deg" and not far)), "only a pitch that nobody asked about"
