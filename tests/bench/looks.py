"""Group `vision`: each stage of a look on real shots, against the bare `invoke` of its networks; the
stages without one against the library call in them or the least that touches as many pixels. All of it is
time of the thread's processor: the networks have one thread.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from msgspec.structs import replace
from PIL import Image

from edge.core.liveness import WITH_LAMPS, weigh
from edge.core.liveness.evidence import lit
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision import checks, qr
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.light import glow, irises, skin
from edge.drivers.vision.nets import embed, lids, mesh, models, spoof
from edge.drivers.vision.nets.tflite import Model
from edge.drivers.vision.sight import SAME_EVERY, Sight
from sim.camera import clips, stage
from tests.bench import apart
from tests.bench.figure import Figure, Size, Work, in_turns, paired, spread, worked
from tests.bench.material import HOME
from tests.core import glow as made

PEOPLE = ("p1", "p2")
FLOOR = "interpreter.invoke of the same networks"
COPY = "a copy of the shot"
CODE_TEXT = "28" + "A7K2Q9" * 4
LOADED = """
import json, os, sys, numpy, PIL.Image, psutil
from tflite_runtime.interpreter import Interpreter
from edge.drivers.vision import checks
from edge.drivers.vision.light import glow
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from edge.drivers.camera.pictures import rgb_of
rss = psutil.Process().memory_info
pictures = [open(name, "rb").read() for name in sys.argv[2:]]
found = [rss().rss]
sight = Sight(models.MODELS_DIR)
sight.warm_up()
found.append(rss().rss)
for number in range(int(sys.argv[1])):
    sight.look(rgb_of(pictures[number % len(pictures)]))
    if number == 19:
        found.append(rss().rss)
found.append(rss().rss)
print(json.dumps(found))
"""
HELD_SHOTS = 100


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
    pictures = _pictures(sight, size.shots)
    shots = [rgb_of(one) for one in pictures]
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
    return [*_capture(pictures, size), *figures, *_bare(sight, shots, directory), _whole(sight, nets, pictures),
            _weighing(size), *_held(sight)]  # fmt: skip


def _capture(pictures: list[bytes], size: Size) -> list[Figure]:
    """What a camera's JPEG costs before anybody looks."""
    turn = _Turn(pictures)

    def bare() -> object:
        with Image.open(io.BytesIO(turn.next())) as picture:
            return picture.load()

    values, floors = in_turns(size.shots, [worked(lambda: rgb_of(turn.next())), worked(bare)])
    return [_figure("decode of a shot", values, floors, "Pillow's decode alone", f"{len(pictures[0]):,} B")]


def _bare(sight: Sight, shots: list[Any], directory: Path) -> list[Figure]:
    """The stages that run no network."""
    faces = {id(shot): sight.faces(shot) for shot in shots}
    shapes = {id(shot): sight.shape(shot, faces[id(shot)][0]) for shot in shots}
    gate, turn = checks.Gate(), _Turn(shots)
    codes, pupils, kept = _Turn(_codes(directory)), irises.Irises(), skin.Skin()
    reader = qr.Reader()

    def gates() -> object:
        shot = turn.next()
        scene = checks.scene(shot, faces[id(shot)])
        first = gate.before_mesh(scene)
        shape = shapes[id(shot)]
        return first, gate.with_mesh(replace(scene, shape=shape, pose=mesh.pose(shape)))

    def light() -> object:
        shot = turn.next()
        return glow.measure(shot, shapes[id(shot)])

    def laid() -> object:
        shot = turn.next()
        return kept.laid(shot, shapes[id(shot)])

    def mirrored() -> object:
        shot = turn.next()
        return pupils.measure(shot, shapes[id(shot)])

    def bare_code(shot: Any) -> object:
        grey = np.asarray(Image.fromarray(shot).convert("L"))
        return zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))

    named: dict[str, tuple[Callable[[], object], Callable[[], object], str]] = {
        f"all {len(checks.modules())} gates": (gates, lambda: turn.next().copy(), COPY),
        f"light at {len(glow.POINTS)} places": (light, lambda: turn.next().copy(), COPY),
        "a face laid over the first shot's": (laid, lambda: turn.next().copy(), COPY),
        "the lamps mirrored in both irises": (mirrored, lambda: turn.next().copy(), COPY),
        "a code, where there is one": (
            lambda: reader.read(codes.next()), lambda: bare_code(codes.next()), "zxing-cpp alone",
        ),
        "a code, where there is none": (
            lambda: reader.read(turn.next()), lambda: bare_code(turn.next()), "zxing-cpp alone",
        ),
    }  # fmt: skip
    samples = in_turns(len(shots), [worked(work) for pair in named.values() for work in pair[:2]])
    return [
        _figure(name, samples[2 * number], samples[2 * number + 1], floor, "")
        for number, (name, (_, _, floor)) in enumerate(named.items())
    ]


def _whole(sight: Sight, nets: dict[str, Model], pictures: list[bytes]) -> Figure:
    """From the JPEG to the event under the lamps, with the template of every SAME_EVERY-th shot."""
    runs = {"short": SAME_EVERY, "mesh": SAME_EVERY, "spoof": SAME_EVERY, "embed": 1}
    turn = _Turn(pictures)

    def events() -> object:
        sight.forget()
        for number in range(SAME_EVERY):
            rgb = rgb_of(turn.next())
            seen(sight.look(rgb, lids_too=False), rgb, 0, number)
        return None

    def bare() -> object:
        for name, count in runs.items():
            for _ in range(count):
                nets[name]._net.invoke()  # type: ignore[attr-defined]
        return None

    values, floors = in_turns(max(3, len(pictures) // SAME_EVERY), [_each(events), _each(bare)])
    middle = sorted(values)[len(values) // 2]
    return _figure(
        "a shot under the lamps, JPEG to event", values, floors, FLOOR,
        f"mesh + spoof + short + embed of every {SAME_EVERY}th; {1 / middle:.0f} shots/s of one core",
    )  # fmt: skip


def _each(five: Callable[[], object]) -> Work:
    work = worked(five)
    return lambda: work() / SAME_EVERY


def _held(sight: Sight) -> list[Figure]:
    """What a process of its own holds with every network, after HELD_SHOTS shots."""
    names = [str(one) for one in sorted((HOME / "stage" / PEOPLE[0] / "front").glob("*.jpg"))]
    bare, loaded, early, late = apart.numbers(LOADED, str(HELD_SHOTS), *names)
    return [
        paired(
            group="vision", name=f"RSS with all networks after {HELD_SHOTS} shots", unit="MB", values=[late],
            floors=[bare], floor_name="the same process before it loaded them", scale=1 / apart.MB,
            note=f"loaded and warm {loaded / apart.MB:.0f} MB; the last {HELD_SHOTS - 20} shots "
                 f"{(late - early) / apart.MB:+.1f} MB",
        )
    ]  # fmt: skip


def _figure(name: str, values: list[float], floors: list[float], floor: str, note: str) -> Figure:
    return paired(
        group="vision", name=name, unit="ms", values=values, floors=floors, floor_name=floor, scale=1e3,
        note="; ".join(filter(None, (note, spread(values, 1e3, 1)))),
    )  # fmt: skip


def _codes(directory: Path) -> list[Any]:
    folder = clips.make_qr_clip(CODE_TEXT, directory / "code", seconds=0.5)
    return [rgb_of(one.read_bytes()) for one in sorted(folder.glob("*.jpg"))]


class _Turn:
    """One after the other, for ever."""

    def __init__(self, things: list[Any]) -> None:
        self._things, self._at = things, 0

    def next(self) -> Any:
        """The next."""
        self._at += 1
        return self._things[self._at % len(self._things)]


def _weighing(size: Size) -> Figure:
    """What the core makes of a look under the lamps, pure Python against numpy on the same systems."""
    lamps = made.lighting(made.sequence())
    shots = made.shots(made.Scene(), lamps)
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


def _pictures(sight: Sight, count: int) -> list[bytes]:
    """Good frontal shots of two people."""
    paths = [path for who in PEOPLE for path in sorted((HOME / "stage" / who / "front").glob("*.jpg"))]
    pictures = [path.read_bytes() for path in paths]
    found = [one for one in pictures if sight.look(rgb_of(one)).problem is None]
    assert found, "the stage has people on it"
    return [found[number % len(found)] for number in range(count)]


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

    def shape(shot: Any) -> object:
        return mesh.pose(sight.shape(shot, faces[id(shot)]))

    def landmarks(shot: Any) -> object:
        return mesh.pose(sight.shape(shot, sight.faces(shot)[0]))

    def eyes(shot: Any) -> object:
        shape = shapes[id(shot)]
        return lids.ratio(sight._iris, shot, shape, mesh.pose(shape))

    own = skin.Skin(), irises.Irises()

    def under_lamps(shot: Any) -> object:
        """As all but the first of a visit: looks without lamps, between these, make the eyes forget."""
        others, (sight._skin, sight._irises) = (sight._skin, sight._irises), own
        try:
            return sight.look(shot, lids_too=False)
        finally:
            sight._skin, sight._irises = others

    return {
        "detector": over(sight.faces),
        "landmarks": over(shape),
        "detector + landmarks": over(landmarks),
        "lids of both eyes": over(eyes),
        "anti-spoof": over(lambda s: spoof.live_probability(sight._spoof, s, faces[id(s)])),
        "embedding": over(lambda s: embed.embedding(sight._embed, s, faces[id(s)])),
        "a whole look at one shot": over(sight.look),
        "a look under the lamps": over(under_lamps),
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
    return worked(work)()
