"""What the terminal's eyes see in real people who perform, and in attacks on them. No figure here is set: all are read
from the networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.sight import Sight
from sim.camera import clips, measure, plate, stage
from sim.camera.head import Gesture
from sim.camera.pixels import Sensor

LIVE = 0.5  # the threshold of the signed policy's default


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_a_turned_head_is_measured_with_its_side(people: Path, sight: Sight, who: str) -> None:
    left = measure.clip(people, f"{who}/turn_left", sight, every=2)
    right = measure.clip(people, f"{who}/turn_right", sight, every=2)
    assert left.yaw_deg[1] > 20 and left.yaw_deg[0] > -8
    assert right.yaw_deg[0] < -20 and right.yaw_deg[1] < 8
    assert 0 < left.problems["turned"] < 1, "turned is said while turned, and not before or after"


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_closed_lids_are_seen_as_shut_and_open_ones_as_open(
    people: Path, sight: Sight, who: str
) -> None:
    blink = measure.clip(people, f"{who}/blink", sight)
    front = measure.clip(people, f"{who}/front", sight, every=3)
    assert blink.eye_open[0] < 0.35 and blink.eye_open[1] > 0.9
    assert front.eye_open[0] > 0.7
    assert max(map(abs, blink.yaw_deg)) < 8


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_the_network_believes_in_the_living_and_not_in_print_and_replay(
    people: Path, sight: Sight, who: str
) -> None:
    for live in ("front", "blink"):
        seen = measure.clip(people, f"{who}/{live}", sight, every=3)
        assert seen.live > LIVE and not seen.problems
    for attack in ("print", "replay"):
        assert measure.clip(people, f"{who}/{attack}", sight, every=5).live < LIVE


@pytest.mark.parametrize("name", ["p1/print", "p2/print", "p2/print_warm"])
def test_a_swung_sheet_never_looks_like_a_turned_head_or_a_blink(
    people: Path, sight: Sight, name: str
) -> None:
    """The sheet is swung by 32 degrees either way. In warm light the network alone would believe in it."""
    seen = measure.clip(people, name, sight)
    assert max(map(abs, seen.yaw_deg)) < 10
    assert seen.eye_open[0] > 0.6


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("idle", "no_face"),
        ("two_faces", "two_faces"),
        ("far", "too_small"),
        ("dark", "too_dark"),
        ("blurred", "blurred"),
        ("turned_away", "turned"),
    ],
)
def test_what_is_wrong_with_a_shot_is_named(
    people: Path, sight: Sight, name: str, problem: str
) -> None:
    seen = measure.clip(people, name, sight, every=4)
    assert seen.problems == {problem: 1.0}


def test_a_person_can_be_told_from_another_and_is_the_same_tomorrow(
    people: Path, sight: Sight
) -> None:
    """p3 stands in two photographs, made at different places in different clothes."""
    here = measure.template(people, "p1/front", sight)
    again = measure.template(people, "p1/blink", sight, 3)
    other = measure.template(people, "p2/front", sight)
    assert here is not None and again is not None and other is not None
    assert float(here @ again) > 0.6 > 0.5 > float(here @ other)
    assert float(np.linalg.norm(here)) == pytest.approx(1.0, abs=1e-4)
    spots = (stage.CAST["p3"], stage.P3_AGAIN)
    photos = [stage.photo(stage.models.PICTURES_DIR, s) for s in spots]
    days = []
    for photo, spot in zip(photos, spots, strict=True):
        shot = plate.shot_of(plate.make(photo, spot, sight).texture)
        days.append(sight.template(shot, sight.faces(shot)[0]))
    assert float(days[0] @ days[1]) > 0.6


def test_too_close_off_centre_and_glare_are_named(people: Path, sight: Sight) -> None:
    shot = rgb_of(next(iter(sorted((people / "p1" / "front").glob("*.jpg")))).read_bytes())
    near = np.asarray(clips.Image.fromarray(shot).resize((1088, 816)))[60:540, 220:860]
    assert sight.look(near).problem == "too_close"
    aside = np.roll(shot, 180, axis=1)
    aside[:, :180] = 128
    assert sight.look(aside).problem == "off_centre"
    assert (
        sight.look(np.clip(shot.astype(int) * 1.4 + 85, 0, 255).astype(np.uint8)).problem
        == "too_bright"
    )


def test_a_head_at_rest_is_the_photograph_itself(sight: Sight) -> None:
    """Rendering adds nothing of its own: without a gesture the light is that of the photograph."""
    spot = stage.CAST["p1"]
    made = plate.make(stage.photo(stage.models.PICTURES_DIR, spot), spot, sight)
    light = clips.Head(made).render(Gesture())
    assert float(np.abs(light - plate.shot_of(made.texture)).mean()) < 1.5
    assert int(Sensor(1).expose(light).max()) <= 255
