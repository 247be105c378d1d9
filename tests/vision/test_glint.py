"""The points that lamps put into eyes, as the renderer makes them and the real networks find them."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from edge.core.liveness.checks import glint
from edge.core.liveness.evidence import PASS, lit
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.light.irises import Irises
from edge.drivers.vision.sight import Sight
from sim.camera import eyes, lamps, padset, visit
from sim.camera.acting import front
from sim.camera.head import Gesture
from sim.camera.pixels import HEIGHT, WIDTH
from sim.camera.places import visit_at_places
from sim.camera.solid import Look, Solid


@pytest.fixture(scope="module")
def studio(sight: Sight) -> padset.Studio:
    return padset.Studio(sight)


def presented(species: str, who: str, studio: padset.Studio, seed: int) -> tuple[visit.Person, visit.Setting]:
    row = padset.Row(f"{species}/0", species, who, seed, tone=1.0, glasses=False)
    return studio.person(row), visit.Setting(300.0, (1.0, 1.0, 1.0), 45.0, seed)


def test_living_eyes_mirror_the_lamps_and_printed_ones_do_not(studio: padset.Studio, sight: Sight) -> None:
    found = {}
    for species in ("live", "mask_paper"):
        light = visit.lighting(random.Random(5))
        person, at = presented(species, "p2", studio, 5)
        sight.forget()
        looks = []
        for number, (stamp, jpeg) in enumerate(visit.play(species, person, at, light, 5, rate=10.0)):
            rgb = rgb_of(jpeg)
            looks.append(seen(sight.look(rgb, lids_too=False), rgb, stamp, number))
        found[species] = glint.judge(lit(tuple(looks), light, 0.5), glint.LIMIT)
    assert found["live"].state == PASS and found["live"].value > 2 * glint.LIMIT, found
    assert found["mask_paper"].state != PASS and found["mask_paper"].value < glint.LIMIT / 2, found


@pytest.mark.parametrize(
    ("species", "living"),
    [("live", True), ("cutout_eyes", True), ("mask_resin", True), ("mask_paper", False), ("print_glossy", False)],
)
def test_at_the_places_alone_eyes_are_as_in_the_pictures(studio: padset.Studio, species: str, living: bool) -> None:
    light = visit.lighting(random.Random(6))
    person, at = presented(species, "p1", studio, 6)
    looks = visit_at_places(species, person, at, light, 6)
    assert (glint.judge(lit(looks, light, 0.5), glint.LIMIT).state == PASS) == living


def test_a_point_has_the_light_of_a_convex_mirror_and_lies_at_its_lamps_side() -> None:
    """Candela from lux: E * Fresnel * (radius / 2)^2, whatever the lamp's size."""
    left, right = (eyes.point(WIDTH / 2, HEIGHT / 2, aside) for aside in (lamps.ASIDE_PX, -lamps.ASIDE_PX))
    assert left.energy == pytest.approx(math.pi * 0.025 * 3.9**2, rel=0.05)
    assert left.x - right.x == pytest.approx(2 * 3.9 * lamps.ASIDE_PX / lamps.DISTANCE_PX, rel=0.05)


def test_shut_lids_hide_the_points_and_ink_has_none(studio: padset.Studio) -> None:
    plate = studio.plate("p1")
    shine, none = np.zeros((HEIGHT, 2, 3), np.float32), Gesture()
    shine[:, 0] = 0.5

    def added(solid: Solid, g: Gesture) -> float:
        return float(solid.mirrored_at(solid.eyes_at(none), g, shine).max())

    living = Solid(plate, Look())
    assert added(living, none) > 0.05
    assert added(living, Gesture(shut=1.0)) == 0
    assert added(Solid(plate, Look(), shape="facets", inked=True), none) == 0


def test_a_window_is_laid_over_the_first_one_however_the_mesh_trembles(studio: padset.Studio, sight: Sight) -> None:
    person, at = presented("live", "p3", studio, 1)
    dark = np.zeros((HEIGHT, 2, 3), np.float32)
    light = Solid(person.plate, person.look).lit(front(person.habits)(0.0), dark, at.level)
    rgb = (255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    shape = sight.shape(rgb, sight.faces(rgb)[0])
    irises, windows = Irises(), []
    for off in (0.0, 0.8, -1.1):
        shape.points[:, :2] += off
        windows.append(np.frombuffer(irises.measure(rgb, shape), "<u2").astype(float))
        shape.points[:, :2] -= off
    alike = [float(np.abs(other[1:222] - windows[0][1:222]).mean() / windows[0][1:222].std()) for other in windows]
    assert max(alike) < 0.05, alike
