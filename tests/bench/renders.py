"""Group `render`: CPU of one simulated visit at 12 shots a second by part, so that an evaluation of many
can be planned: `python -m sim.camera.padset` makes and looks at 2,100 of them.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from msgspec import Struct

from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.tflite import Model
from edge.drivers.vision.sight import Sight
from sim.camera import clips, visit
from sim.camera.padset import Row, Studio
from sim.camera.pixels import Floats
from tests.bench.figure import Figure, Size, paired

RATE = 12.0
WHO = "p2"
KINDS = ("live", "print_bent", "replay_tablet", "mask_paper")
NETS = ("_mesh", "_iris", "_spoof", "_embed")


class Spent(Struct):
    """CPU seconds of a visit."""

    scene: float = 0.0  # the light of each shot
    shot: float = 0.0  # sensor and JPEG
    decode: float = 0.0
    nets: float = 0.0
    rest: float = 0.0  # of looking
    shots: int = 0

    @property
    def total(self) -> float:
        """All of it."""
        return self.scene + self.shot + self.decode + self.nets + self.rest


class Clocked:
    """A network whose CPU is counted; the network is the real one."""

    def __init__(self, model: Model) -> None:
        self._model, self.shape, self.spent = model, model.shape, 0.0

    def run(self, tensor: Floats) -> dict[str, Floats]:
        """One run."""
        began = time.thread_time()
        out = self._model.run(tensor)
        self.spent += time.thread_time() - began
        return out


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    models.fetch(models.PICTURES_DIR, "pictures")
    seeing = clips.sight()
    studio = Studio(seeing)
    nets = _clocked(seeing)
    _visit(seeing, nets, studio, "live", 0)  # makes the head, warms up
    return [_figure(kind, [_visit(seeing, nets, studio, kind, n + 1) for n in range(size.rendered)]) for kind in KINDS]


def _figure(kind: str, found: list[Spent]) -> Figure:
    one = sorted(found, key=lambda spent: spent.total)[len(found) // 2]
    parts = (("scene", one.scene), ("sensor and JPEG", one.shot), ("decode", one.decode), ("networks", one.nets),
             ("the rest of looking", one.rest))  # fmt: skip
    return paired(
        group="render", name=f"a visit of {kind}, rendered and looked at (CPU)", unit="s",
        values=[spent.total for spent in found], floors=[spent.nets for spent in found],
        floor_name="its networks alone",
        note=f"{one.shots} shots; ms a shot: "
             + ", ".join(f"{name} {1e3 * seconds / one.shots:.0f}" for name, seconds in parts),
    )  # fmt: skip


def _clocked(seeing: Sight) -> list[Clocked]:
    """Every network of a look, counted."""
    out = []
    for name in NETS:
        out.append(Clocked(getattr(seeing, name)))
        setattr(seeing, name, out[-1])
    for name in ("_short", "_back"):
        out.append(Clocked(getattr(seeing._detector, name)))
        setattr(seeing._detector, name, out[-1])
    return out


def _visit(seeing: Sight, nets: list[Clocked], studio: Studio, kind: str, number: int) -> Spent:
    spent, rng = Spent(), random.Random(number)
    at, lamps = visit.setting(rng), visit.lighting(rng)
    person = studio.person(Row("bench", kind, WHO, number, tone=1.0, glasses=False))
    began = time.thread_time()
    exposed: list[float] = []
    real = visit.shot

    def shot(light: Floats, *rest: object) -> bytes:
        before = time.thread_time()
        jpeg = real(light, *rest)  # type: ignore[arg-type]
        exposed.append(time.thread_time() - before)
        return jpeg

    visit.shot = shot  # type: ignore[attr-defined]
    try:
        pictures = list(visit.play(kind, person, at, lamps, number, rate=RATE))
    finally:
        visit.shot = real  # type: ignore[attr-defined]
    spent.shot, spent.shots = sum(exposed), len(pictures)
    spent.scene = time.thread_time() - began - spent.shot
    for net in nets:
        net.spent = 0.0
    seeing.forget()
    for count, (stamp, jpeg) in enumerate(pictures):
        began = time.thread_time()
        rgb = rgb_of(jpeg)
        decoded = time.thread_time()
        seen(seeing.look(rgb, lids_too=False), rgb, stamp, count)
        spent.decode += decoded - began
        spent.rest += time.thread_time() - decoded
    spent.nets = sum(net.spent for net in nets)
    spent.rest -= spent.nets
    return spent
