"""The detector asks its short-range network first, and the slower one, which sees farther, only where that finds nobody. Both
are the real ones; the far faces are a photograph made small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.blazeface import Detector, Face
from edge.drivers.vision.nets.tflite import Model, open_model
from edge.drivers.vision.sight import Sight
from sim.camera import plate, stage
from sim.camera.pixels import HEIGHT, WIDTH

WHO = "p1"
FAR = (0.35, 0.28, 0.24, 0.2)  # times as large as at the terminal: 50 to 30 px


class Counted:
    """A network that notes each time that it is asked."""

    def __init__(self, real: Model, asked: list[str], name: str) -> None:
        self._real, self._asked, self._name = real, asked, name
        self.shape = real.shape

    def run(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        self._asked.append(self._name)
        return self._real.run(tensor)


@pytest.fixture(scope="module")
def person(sight: Sight) -> np.ndarray:
    models.fetch(models.PICTURES_DIR, "pictures")
    spot = stage.CAST[WHO]
    return plate.shot_of(plate.make(stage.photo(models.PICTURES_DIR, spot), spot, sight).texture)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def detector(models_dir: Path, asked: list[str]) -> Detector:
    short, back = (
        Counted(open_model(models_dir, role), asked, role) for role in ("detector", "detector_back")
    )  # fmt: skip
    assert short.shape[1] < back.shape[1] == 256
    return Detector(short, back)  # type: ignore[arg-type]


def away(rgb: np.ndarray, scale: float) -> np.ndarray:
    """The shot `scale` times as large, in the middle of a plain room of its own mean colour."""
    size = (round(WIDTH * scale), round(HEIGHT * scale))
    small = Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    room = Image.new("RGB", (WIDTH, HEIGHT), tuple(int(v) for v in rgb.reshape(-1, 3).mean(0)))
    room.paste(small, ((WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2))
    return np.asarray(room)


def middle(face: Face) -> tuple[float, float]:
    return face.x + face.w / 2, face.y + face.h / 2


def test_a_face_at_the_terminal_costs_the_short_range_network_alone(
    detector: Detector, asked: list[str], person: np.ndarray
) -> None:
    assert len(detector.faces(person)) == 1
    assert asked == ["detector"]


@pytest.mark.parametrize("scale", FAR)
def test_a_far_face_that_the_first_misses_is_found_by_the_second_where_it_is(
    detector: Detector, asked: list[str], person: np.ndarray, scale: float
) -> None:
    near = detector.faces(person)[0]
    asked.clear()
    (far,) = detector.faces(away(person, scale))
    assert asked == ["detector", "detector_back"], "the first saw nobody"
    x, y = middle(near)
    want = (WIDTH / 2 + (x - WIDTH / 2) * scale, HEIGHT / 2 + (y - HEIGHT / 2) * scale)
    assert np.hypot(*np.subtract(middle(far), want)) < 0.25 * near.w * scale
    assert 0.6 < far.w / (near.w * scale) < 1.4


def test_where_neither_sees_anybody_both_were_asked(detector: Detector, asked: list[str]) -> None:
    assert detector.faces(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)) == []
    assert asked == ["detector", "detector_back"]
