"""A shot in which nobody was measured moves nothing in a challenge: it is no turn, no return to the front, no sight of
the same face."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit import liveness

BOX = (0.4, 0.3, 0.2, 0.3)
GOOD = LookSeen(1, 0, None, live=0.9, box=BOX)


def watch(clip: liveness.Clip, *looks: LookSeen) -> liveness.Clip | Verdict:
    for look in looks:
        after = liveness.watch(clip, look, 0.5)
        if isinstance(after, Verdict):
            return after
        clip = after
    return clip


@pytest.mark.parametrize("problem", ["too_small", "camera_trouble", "no_face", "two_faces"])
def test_an_unmeasured_shot_is_not_the_return_to_the_front(problem: str) -> None:
    turned = replace(GOOD, at_mono_ms=100, yaw_deg=25.0, problem="turned", live=-1.0)
    clip = watch(liveness.begin(("turn_left",), GOOD), turned)
    assert isinstance(clip, liveness.Clip)
    assert clip.returning
    after = watch(clip, LookSeen(3, 200, problem))
    assert isinstance(after, liveness.Clip)
    assert after.returning
    assert after.index == 0
    assert after.live_count == clip.live_count


def test_a_camera_in_trouble_for_a_second_ends_the_try_and_is_never_an_accept() -> None:
    clip = liveness.begin(("blink",), GOOD)
    ended = watch(clip, *(LookSeen(n, n * 200, "camera_trouble") for n in range(1, 9)))
    assert isinstance(ended, Verdict)
    assert not ended.live
    assert ended.reasons == ("face_lost",)
