"""The core's challenge on real shots: the living pass whatever is asked, a sheet passes nothing, a recording cannot know
what will be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit.face import gestures, liveness
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.sight import Sight

SHOT_MS = 67
THRESHOLD = 0.5


def looks(people: Path, names: list[str], sight: Sight) -> list[LookSeen]:
    """What the eyes say about clips played one after the other."""
    sight.forget()
    paths = [path for name in names for path in sorted((people / name).glob("*.jpg"))]
    return [
        seen(sight.look(rgb := rgb_of(path.read_bytes())), rgb, n * SHOT_MS, n)
        for n, path in enumerate(paths)
    ]


def judged(steps: tuple[str, ...], shots: list[LookSeen]) -> Verdict | None:
    """The verdict, or None when the shots ended before there was one (a timeout in the terminal)."""
    clip = liveness.begin(steps, shots[0])
    for look in shots[1:]:
        after = liveness.watch(clip, look, THRESHOLD)
        if isinstance(after, Verdict):
            return after
        clip = after
    return None


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_a_living_person_passes_what_is_asked(people: Path, sight: Sight, who: str) -> None:
    steps = ("turn_right", "blink", "turn_left")
    shots = looks(people, [f"{who}/front", *(f"{who}/{s}" for s in steps), f"{who}/front"], sight)
    verdict = judged(steps, shots)
    assert verdict is not None and verdict.live, verdict


@pytest.mark.parametrize("name", ["p1/print", "p2/print", "p2/print_warm"])
def test_a_sheet_passes_no_gesture(people: Path, sight: Sight, name: str) -> None:
    shots = looks(people, [name, name], sight)
    for step in gestures.STEPS:
        verdict = judged((step,), shots)
        assert verdict is None or not verdict.live


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_a_recording_fails_by_its_light_and_in_another_order_by_its_gestures(
    people: Path, sight: Sight, who: str
) -> None:
    shots = looks(people, [f"{who}/replay"], sight)
    asked_as_recorded = judged(("turn_left", "blink", "turn_right"), shots)
    assert asked_as_recorded is not None
    assert not asked_as_recorded.live and "spoof_score" in asked_as_recorded.reasons
    other = judged(("turn_right", "blink", "turn_left"), shots)
    assert other is not None and not other.live and "wrong_gesture" in other.reasons
