"""Group `vision`: each part of a look on real shots, against the bare `invoke` of its networks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.liveness import WITH_LAMPS, weigh
from edge.core.liveness.evidence import lit
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision import embed, lids, mesh, models, spoof
from edge.drivers.vision.sight import Sight
from edge.drivers.vision.tflite import Model
from sim.camera import stage
from tests.bench.figure import Figure, Size, in_turns, paired, spread
from tests.bench.material import HOME
from tests.core import glow

PEOPLE = ("p1", "p2")
FLOOR = "interpreter.invoke of the same networks"


class Counted:
    """Counts the runs of one network while it is in its place; the network is the real one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.shape = model.shape
        self.runs = 0

    def run(self, tensor: Any) -> Any:
        """One run."""
        self.runs += 1
        return self._model.run(tensor)


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group. Uses and keeps the demo's stage."""
    stage.build(HOME / "stage", HOME / "pictures")
    sight = Sight(models.MODELS_DIR)
    sight.warm_up()
    shots = _shots(sight, size.shots)
    nets = {name: getattr(sight, f"_{name}") for name in ("mesh", "iris", "spoof", "embed")}
    nets["short"] = sight._detector._short
    alone = {
        name: lambda invoke=net._net.invoke: _seconds(invoke)  # the tensor of the last run
        for name, net in nets.items()
    }
    parts = _parts(sight, shots)
    counts = {name: _runs(sight, nets, part) for name, part in parts.items()}
    works = [lambda part=part: _seconds(part) for part in parts.values()]
    samples = in_turns(len(shots), [*works, *alone.values()])
    invokes = dict(zip(alone, samples[len(works) :], strict=True))
    figures = []
    for number, (name, runs) in enumerate(counts.items()):
        floors = [sum(runs[net] * invokes[net][i] for net in runs) for i in range(len(shots))]
        used = " + ".join(f"{count}x {net}" if count > 1 else net for net, count in runs.items())
        figures.append(
            paired(
                group="vision",
                name=name,
                unit="ms",
                values=samples[number],
                floors=floors,
                floor_name=FLOOR,
                scale=1e3,
                note=f"{used}; {spread(samples[number], 1e3, 1)}",
            )
        )
    return [*figures, _weighing(size)]


def _weighing(size: Size) -> Figure:
    """What the core makes of a look under the lamps, pure Python against numpy on the same systems."""
    lamps = glow.lighting(glow.sequence())
    shots = glow.shots(glow.Scene(), lamps)
    must = WITH_LAMPS.bands[0].must
    rows = np.random.default_rng(1).random((len(shots), 3))
    columns = np.array([shot.glow for shot in shots])

    def weighed() -> object:
        return weigh(lit(shots, lamps, 0.5), must, 0.0, WITH_LAMPS)

    def solved() -> object:
        return [np.linalg.lstsq(rows, columns, rcond=None) for _ in range(3)]

    values, floors = in_turns(size.shots, [lambda: _seconds(weighed), lambda: _seconds(solved)])
    return paired(
        group="vision", name="a visit's light weighed", unit="ms", values=values, floors=floors,
        floor_name="numpy.linalg.lstsq of the places", scale=1e3,
        note=f"{len(shots)} shots, {columns.shape[1]} numbers each; {spread(values, 1e3, 1)}",
    )  # fmt: skip


def _shots(sight: Sight, count: int) -> list[Any]:
    """Good frontal shots of two people."""
    shots = []
    for person in PEOPLE:
        for path in sorted((HOME / "stage" / person / "front").glob("*.jpg")):
            shot = rgb_of(path.read_bytes())
            if sight.look(shot).problem is None:
                shots.append(shot)
    assert shots, "the stage has people on it"
    return [shots[number % len(shots)] for number in range(count)]


def _parts(sight: Sight, shots: list[Any]) -> dict[str, Callable[[], object]]:
    """Each call of a part takes the next shot."""
    faces = {id(shot): sight.faces(shot)[0] for shot in shots}
    shapes = {id(shot): sight.shape(shot, faces[id(shot)]) for shot in shots}

    def over(work: Callable[[Any], object]) -> Callable[[], object]:
        at = [0]

        def one() -> object:
            at[0] += 1
            return work(shots[at[0] % len(shots)])

        return one

    def landmarks(shot: Any) -> object:
        return mesh.pose(sight.shape(shot, sight.faces(shot)[0]))

    def eyes(shot: Any) -> object:
        shape = shapes[id(shot)]
        return lids.ratio(sight._iris, shot, shape, mesh.pose(shape))

    return {
        "detector + landmarks": over(landmarks),
        "lids of both eyes": over(eyes),
        "anti-spoof": over(lambda s: spoof.live_probability(sight._spoof, s, faces[id(s)])),
        "embedding": over(lambda s: embed.embedding(sight._embed, s, faces[id(s)])),
        "a whole look at one shot": over(sight.look),
        "a look under the lamps": over(lambda s: sight.look(s, lids_too=False)),
    }


def _runs(sight: Sight, nets: dict[str, Model], part: Callable[[], object]) -> dict[str, int]:
    """How often the part runs each network."""
    counted = {name: Counted(net) for name, net in nets.items()}
    _put(sight, counted)
    try:
        part()
    finally:
        _put(sight, nets)
    return {name: one.runs for name, one in counted.items() if one.runs}


def _put(sight: Any, nets: dict[str, Any]) -> None:
    for name, net in nets.items():
        if name == "short":
            sight._detector._short = net
        else:
            setattr(sight, f"_{name}", net)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
