"""Following the dot, on rendered heads and by the terminal's networks: who follows passes, wherever the photograph looked to
begin with; who looks elsewhere, who does nothing and a sheet that is leaned to any one side do not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit.face import gestures, liveness
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from sim.camera import acting, attacks, following, plate, stage
from sim.camera.head import Gesture, Head
from sim.camera.pixels import Floats, Sensor, backdrop
from tests.core.watching import watched

RATE = 5  # shots a second: a third of the terminal's, so that the test costs little
DOTS = gestures.KINDS["dot"]


@pytest.fixture(scope="module", params=["p2", "p5"])
def head(request: pytest.FixtureRequest, sight: Sight) -> tuple[Head, plate.Plate]:
    spot = stage.CAST[request.param]
    models.fetch(models.PICTURES_DIR, "pictures")
    made = plate.make(stage.photo(models.PICTURES_DIR, spot), spot, sight)
    return Head(made), made


def looks(sight: Sight, lights: Iterable[Floats]) -> list[LookSeen]:
    """What the eyes say of them."""
    sight.forget()
    sensor = Sensor(4)
    return [
        seen(sight.look(rgb := sensor.expose(light)), rgb, n * 1_000 // RATE, n)
        for n, light in enumerate(lights)
    ]


def acted(head: Head, made: plate.Plate, steps: tuple[str, ...]) -> Iterable[Floats]:
    motion = following.follow(acting.Habits(-made.pose.yaw_deg, 0.0, 0.0, 0.4), steps)
    seconds = following.DOT_S * max(1, len(steps)) + 1.0
    return (head.render(motion(n / RATE)) for n in range(round(seconds * RATE)))


def judged(steps: tuple[str, ...], shots: list[LookSeen]) -> Verdict | liveness.Clip:
    """The verdict, or the clip when the shots ended before there was one (a timeout in the terminal)."""
    return watched(liveness.begin(steps, shots[0]), *shots[1:])


def test_a_face_that_follows_the_dot_passes_and_only_in_the_order_that_was_drawn(
    head: tuple[Head, plate.Plate], sight: Sight
) -> None:
    steps = ("dot_up", "dot_left", "dot_down", "dot_right")
    shots = looks(sight, acted(*head, steps))
    verdict = judged(steps, shots)
    assert isinstance(verdict, Verdict) and verdict.live, (verdict, [(s.yaw_deg, s.pitch_deg) for s in shots])
    for other in (("dot_down", "dot_left"), ("dot_up", "dot_right"), ("dot_left", "dot_up")):
        refused = judged(other, shots)
        assert isinstance(refused, Verdict) and refused.reasons == ("wrong_gesture",), (other, refused)


def test_whoever_only_looks_ahead_makes_no_dot(head: tuple[Head, plate.Plate], sight: Sight) -> None:
    shots = looks(sight, acted(*head, ()))
    for dot in DOTS:
        clip = judged((dot,), shots)
        assert isinstance(clip, liveness.Clip) and clip.index == 0 and not clip.returning


def test_a_photograph_leaned_to_any_side_follows_no_dot(
    head: tuple[Head, plate.Plate], sight: Sight
) -> None:
    """Life-size paper, flat and bent, leaned by up to 45 degrees about one axis (about both: `core.visit.face.gestures`)."""
    of, made = head
    still = of.render(Gesture(-made.pose.yaw_deg))
    box = (made.face.x, made.face.y, made.face.w, made.face.h)
    sheet = attacks.printed(attacks.cut(Image.fromarray(np.clip(still, 0, 255).astype(np.uint8)), box, 0.75, fine=2))
    rest, room = attacks.hand(0.0, 0.0, 3.0), backdrop(2)
    tilts = [(0, 0), *((way * deg, 0) for deg in (20, 45) for way in (1, -1)),
             *((0, way * deg) for deg in (20, 45) for way in (1, -1))]  # fmt: skip
    for paper in (sheet, attacks.bent(sheet, 0.5)):
        held = (replace(rest, yaw_deg=float(yaw), pitch_deg=float(pitch)) for yaw, pitch in tilts)
        shots = looks(sight, (attacks.paper_shot(paper, hand, room) for hand in held))
        first = shots[0]
        moved = [(s.yaw_deg - first.yaw_deg, s.pitch_deg - first.pitch_deg) for s in shots if s.problem != "no_face"]
        for dot in DOTS:
            clip = judged((dot,), shots)
            assert isinstance(clip, liveness.Clip) and not clip.returning, (dot, moved)
