"""Real people, bona fide: sixteen faces of the seven photographs that registry packages carry. So few say
nothing of how often a person is refused; they keep the networks' inputs honest."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from msgspec import Struct

from edge.drivers.vision.nets import mesh, spoof
from edge.drivers.vision.sight import Sight
from sim.camera.pixels import Floats
from tests.vision.photos import photographed


class Real(Struct, frozen=True, eq=False):
    """What the networks make of one face."""

    live: float
    swapped: float
    presence: float
    pose: mesh.Pose
    template: Floats


@pytest.fixture(scope="module")
def faces(sight: Sight) -> list[Real]:
    found = []
    for rgb, face in photographed(sight):
        live = spoof.live_probability(sight._spoof, rgb, face)
        swapped = spoof.live_probability(sight._spoof, np.ascontiguousarray(rgb[:, :, ::-1]), face)
        shape = sight.shape(rgb, face)
        found.append(Real(live, swapped, shape.presence, mesh.pose(shape), sight.template(rgb, face)))
    assert len(found) == 16
    return found


def test_the_net_believes_real_people(faces: list[Real]) -> None:
    assert sum(one.live >= 0.5 for one in faces) >= 15
    assert np.mean([one.live for one in faces]) > np.mean([one.swapped for one in faces]), "red and blue"


def test_real_faces_are_meshed_and_both_yaws_agree(faces: list[Real]) -> None:
    sure = [one for one in faces if one.presence >= 0.9]
    assert len(sure) >= 12
    for one in sure:
        assert one.pose.parallax_yaw_deg == pytest.approx(one.pose.yaw_deg, abs=7.5)


def test_real_people_are_told_apart_by_their_templates(faces: list[Real]) -> None:
    pairs = [float(a.template @ b.template) for a, b in itertools.combinations(faces, 2)]
    assert max(pairs) < 0.65 and float(np.median(pairs)) < 0.35
