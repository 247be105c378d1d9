"""The windows in which a face's light is measured: they stand where the points are, between pixels too."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.liveness.regions import GLOW_NUMBERS
from edge.drivers.vision.light import glow
from edge.drivers.vision.nets.mesh import LEFT_CHEEK, POINTS, RIGHT_CHEEK, Mesh

SHAPE = (480, 640, 3)


def mesh_at(x: float, y: float, wide: float = 130.0) -> Mesh:
    """All points in one place, but the cheeks."""
    points = np.zeros((POINTS, 3), np.float32) + np.array([x, y, 0], np.float32)
    points[LEFT_CHEEK, 0], points[RIGHT_CHEEK, 0] = x + wide / 2, x - wide / 2
    return Mesh(points, points, 1.0)


def red(rgb: np.ndarray, x: float, y: float) -> float:
    found = glow.measure(rgb, mesh_at(x, y))
    assert len(found) == GLOW_NUMBERS
    return found[0]


def test_an_even_face_has_its_light_wherever_the_points_are() -> None:
    rgb = np.full(SHAPE, 128, np.uint8)
    for x, y in ((300.0, 200.0), (300.5, 200.0), (300.25, 200.75)):
        assert glow.measure(rgb, mesh_at(x, y)) == pytest.approx([glow.LINEAR[128]] * GLOW_NUMBERS, rel=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_window_slides_over_an_edge_and_does_not_jump(axis: int) -> None:
    rgb = np.zeros(SHAPE, np.uint8)
    rgb[(slice(None), slice(300, None)) if axis == 0 else slice(300, None)] = 255
    told = [red(rgb, *((at, 200.0) if axis == 0 else (200.0, at))) for at in np.arange(290.0, 311.0, 0.25)]
    steps = np.diff(told)
    assert told[0] == 0 and told[-1] == pytest.approx(1, rel=1e-4) and (steps >= -1e-6).all()
    assert steps.max() < 1.1 * 0.25 / 13, "a quarter of a pixel of thirteen"


def test_a_window_that_leaves_the_shot_says_nothing() -> None:
    rgb = np.full(SHAPE, 128, np.uint8)
    for x, y in ((3.0, 200.0), (300.0, 3.0), (636.0, 200.0), (300.0, 476.0), (-50.0, -50.0)):
        assert glow.measure(rgb, mesh_at(x, y)) == ()
