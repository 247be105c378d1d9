"""The places of a face stay on its skin while the mesh trembles and the lamps play."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from edge.core.liveness.regions import REGIONS
from edge.drivers.vision.light import skin
from edge.drivers.vision.nets.mesh import Mesh
from edge.drivers.vision.sight import Sight
from sim.camera import padset
from sim.camera.acting import Habits, front
from sim.camera.linear import values
from sim.camera.pixels import HEIGHT, Floats, Rgb, Sensor
from sim.camera.solid import Look, Solid
from sim.camera.tables import tremble

PLACES = [region.point for region in REGIONS]
ROOM = np.array([0.5, 0.5, 0.5], np.float32)
SHOTS, EVERY_S = 16, 1 / 15
TREMBLE_PX = 0.5
LAMP = 0.3  # of the room's light


class Scene:
    """Somebody who sways before the lamps, and a mesh that misses them by `miss` px and trembles."""

    def __init__(self, studio: padset.Studio, who: str, tone: float = 1.0) -> None:
        self.plate = studio.plate(who)
        self._head, self._rng = Solid(self.plate, Look(tone)), np.random.default_rng(7)
        self._motion = front(Habits(-self.plate.pose.yaw_deg, 0.0, 0.0, 0.4))
        self._sensor = Sensor(3)

    def shot(self, number: int, miss: tuple[float, float] = (0.0, 0.0)) -> tuple[Rgb, Mesh, Floats]:
        """The picture, the mesh, and where the skin really is."""
        lamps = np.zeros((HEIGHT, 2, 3), np.float32)
        lamps[:, number // 3 % 2] = np.roll([LAMP, 0.0, LAMP], number // 3)
        pose = self._motion(number * EVERY_S)
        rgb = self._sensor.expose(values(self._head.lit(pose, lamps, ROOM)))
        there = self._head.seen_at(self.plate.points[:, :2], pose)
        whole, each = self._rng.normal(0, TREMBLE_PX, 2), self._rng.normal(0, TREMBLE_PX, there.shape)
        points = np.concatenate([there + whole + each + miss, self.plate.points[:, 2:]], axis=1)
        return rgb, Mesh(points.astype(np.float32), points.astype(np.float32), 1.0), there


@pytest.fixture(scope="module")
def studio(sight: Sight) -> padset.Studio:
    return padset.Studio(sight)


def tremble_px(off: list[Floats]) -> float:
    """What changes from shot to shot."""
    lines = np.array(off)[:, PLACES]
    return float((lines - lines.mean(axis=0)).std())


@pytest.mark.parametrize(("who", "tone"), [("p1", 1.0), ("p2", 0.28), ("p3", 0.45)])
def test_places_stay_on_the_skin_though_the_mesh_trembles_and_the_lamps_change_every_colour(
    studio: padset.Studio, who: str, tone: float
) -> None:
    scene, face = Scene(studio, who, tone), skin.Skin()
    meshes, laid = list[Floats](), list[Floats]()
    for number in range(SHOTS):
        rgb, mesh, there = scene.shot(number)
        meshes.append(mesh.points[:, :2] - there)
        laid.append(face.laid(rgb, mesh).points[:, :2] - there)
    assert tremble_px(meshes) > TREMBLE_PX
    assert tremble_px(laid) < TREMBLE_PX / 2.5, "little of the mesh's own is left"


def test_another_face_is_not_laid_over_the_first_and_in_time_is_the_first_itself(studio: padset.Studio) -> None:
    face = skin.Skin()
    rgb, mesh, _ = Scene(studio, "p1").shot(0)
    assert face.laid(rgb, mesh) is mesh, "the first shot is as the network says"
    other = Scene(studio, "p4")
    told = []
    for number in range(skin.MISFITS + 3):
        rgb, mesh, _ = other.shot(number)
        told.append(face.laid(rgb, mesh) is mesh)
    assert all(told[: skin.MISFITS + 1]) and not any(told[skin.MISFITS + 1 :])


def test_a_mesh_that_jumps_away_from_the_skin_is_believed_for_it_is_the_network_that_looks(
    studio: padset.Studio,
) -> None:
    scene, face = Scene(studio, "p1"), skin.Skin()
    for number in range(3):
        rgb, mesh, _ = scene.shot(number)
        face.laid(rgb, mesh)
    rgb, mesh, _ = scene.shot(3, miss=(25.0, -10.0))
    assert face.laid(rgb, mesh) is mesh


@pytest.mark.parametrize("spoilt", ["nan", "point", "thread", "huge", "outside", "black"])
def test_a_face_that_cannot_be_laid_is_left_as_it_was_said_and_nothing_breaks(
    studio: padset.Studio, spoilt: str
) -> None:
    rgb, mesh, _ = Scene(studio, "p1").shot(0)
    points, black = mesh.points.copy(), np.zeros_like(rgb)
    if spoilt == "nan":
        points[7] = np.nan
    elif spoilt in ("point", "thread"):
        points[:] = (320.0, 240.0, 0.0)
        points[:, 1] += np.linspace(0, 300, len(points)) if spoilt == "thread" else 0.0
    elif spoilt == "huge":
        points *= 1e6
    elif spoilt == "outside":
        points[:, 0] -= 400.0
    face, bad = skin.Skin(), replace(mesh, points=points)
    for shot in (black, rgb) if spoilt == "black" else (rgb, rgb):
        assert face.laid(shot, bad) is bad
    face.forget()
    face.laid(rgb, mesh)
    assert face.laid(black if spoilt == "black" else rgb, bad) is bad, "behind a good first shot too"
    face.forget()
    good = [face.laid(rgb, mesh) for _ in range(2)]
    assert np.abs(good[1].points - mesh.points).max() < 0.5, "and the next is as any"


def test_the_command_tells_how_far_mesh_and_laid_mesh_tremble_and_what_that_costs(
    studio: padset.Studio, sight: Sight
) -> None:
    told = tremble.watched(next(tremble.visits(800.0)), studio, sight)
    (_, whole, each), (_, laid_whole, laid_each) = (tremble.trembles(off) for off in told.off)
    assert laid_whole < whole / 2 and laid_each < each / 2
    lines = tremble.table([told]).splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == list(tremble.WAYS)
