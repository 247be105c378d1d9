"""Group `pace`: what one core holds. Shots a second of the vision thread in each mode and with several
times its work for each shot (a slower processor), and a whole look under the lamps in virtual time:
how long a person stands there, and how much of it is the processor's. Times of a processor are its own.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.core import events as e
from edge.core.effects import Flash
from edge.core.liveness import WITH_LAMPS
from edge.core.liveness.response import Lighting
from edge.drivers.camera.files import Driver as Files
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision import eyes, sight
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from sim.camera import clips, stage, visit
from sim.camera.padset import Row, Studio
from sim.stage.desk import Desk
from sim.stage.lamps import LAMPS, SHOT_MS, plays_lights
from tests.bench.figure import Figure, Size, paired
from tests.bench.material import HOME
from tests.flows import kit

WHO = "p2"
TIMES = (1, 2, 4)  # the work of a look
WARM_S = 0.6
READY_S = 60.0
ROOM = (300.0, (1.0, 1.0, 1.0), 45.0)  # lux, colour, cm
BEFORE = 3  # shots of a good face, then the lights begin
STREAM_MIN = 7.0  # shots a second, of the check `stream`


class Again:
    """Sight that looks `times` times at each shot, as a slower processor would take so long."""

    def __init__(self, real: Sight, times: int) -> None:
        self._real, self._times = real, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def look(self, rgb: Any, *, lids_too: bool = True) -> Any:
        """The last of them counts."""
        for _ in range(self._times - 1):
            self._real.look(rgb, lids_too=lids_too)
        return self._real.look(rgb, lids_too=lids_too)


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    stage.build(HOME / "stage", HOME / "pictures")
    with _one_core():
        figures = [_held("light", 1, size), _held("face", 1, size), _held("off", 1, size)]
        figures += [_held("light", times, size) for times in TIMES[1:]]
        return [*figures, *_visit(size)]


@contextmanager
def _one_core() -> Iterator[None]:
    """This thread and those that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _held(mode: str, times: int, size: Size) -> Figure:
    """Shots that were looked at in a second of a mode, of those that a camera of 15 gave."""
    found: list[e.Event] = []
    folder = HOME / "stage" / WHO / "front"
    real = sight.Sight
    sight.Sight = lambda *given, **named: Again(real(*given, **named), times)  # type: ignore[assignment,misc]
    try:
        watching = eyes.Eyes(Files({"path": str(folder)}), models.MODELS_DIR, found.append)
        watching.start()
        assert watching.ready.wait(READY_S), "the eyes do not open"
    finally:
        sight.Sight = real  # type: ignore[misc]
    watching.mode(mode)
    time.sleep(WARM_S)
    found.clear()
    began, spent = time.monotonic(), time.process_time()
    time.sleep(size.look_s)
    seconds, spent = time.monotonic() - began, time.process_time() - spent
    looked = sum(isinstance(one, e.LookSeen) for one in found)
    watching.stop()
    if mode == "off":
        return paired(
            group="pace", name="nobody there (mode off): the eyes' share of one core", unit="%",
            values=[100 * spent / seconds], floors=[100.0], floor_name="one core", note="the camera is kept alive",
        )  # fmt: skip
    assert looked, "nothing was seen"
    each_ms = 1e3 * spent / looked
    told = f"{each_ms:.0f} ms CPU a shot, {100 * spent / seconds:.0f} % of one core"
    held = f", each {times} times" if times > 1 else ""
    return paired(
        group="pace", name=f"shots looked at, mode {mode}{held}", unit="shots/s", values=[looked / seconds],
        floors=[15.0], floor_name="what the camera gives", note=told,
    )  # fmt: skip


def _visit(size: Size) -> list[Figure]:
    """A rendered person under the lamps that the core ordered: the real networks, a clock that only counts."""
    seeing = clips.sight()
    person = Studio(seeing).person(Row("bench", "live", WHO, 5, tone=1.0, glasses=False))
    lasts, spent, each_s = [], [], []
    for number in range(max(1, size.faces // 3)):
        desk = kit.Desk(kit.policy("P1", liveness=WITH_LAMPS), seed=number + 1)
        desk.post(e.LinkUp())
        desk.post(LAMPS)
        kit.tell_story(desk, kit.send(), kit.on("ways", kit.press("face")))
        camera = _Camera(seeing, person, number)
        began_ms = desk.now.mono_ms
        camera.still(desk)
        assert any(isinstance(one, Flash) for one in desk.effects), desk.screen
        plays_lights(desk, camera.answers)
        assert desk.screen.name == "working", desk.screen
        lasts.append((desk.now.mono_ms - began_ms) / 1e3)
        spent.append(camera.look_s + camera.core_s)
        each_s.append(camera.look_s / camera.shots)
    flash = next(one for one in desk.effects if isinstance(one, Flash))
    lights_s = flash.step_ms * len(flash.colours) / 1e3
    each = sorted(each_s)[len(each_s) // 2]
    return [
        paired(
            group="pace", name="face in front to verdict, under the lamps", unit="s", values=lasts,
            floors=[lights_s], floor_name="its twelve lights", note="virtual time: what a person waits; verdict live",
        ),
        paired(
            group="pace", name="CPU of that (decode, networks, weighing)", unit="s", values=spent, floors=lasts,
            floor_name="one core all the while",
            note=f"{camera.shots} shots of 15 a second, {1e3 * each:.0f} ms each, the core's part {camera.core_s:.2f} s; a core "
                 f"{1 / 15 / each:.1f} times slower still looks at each shot, one {1 / STREAM_MIN / each:.1f} times "
                 f"slower at {STREAM_MIN:g} a second, the least that `stream` takes",
        ),
    ]  # fmt: skip


class _Camera:
    """A person before the lens; what it costs to look at them, without what it costs to make them."""

    def __init__(self, seeing: Sight, person: visit.Person, seed: int) -> None:
        self._sight, self._person, self._seed = seeing, person, seed
        self.look_s, self.core_s, self.shots = 0.0, 0.0, 0

    def still(self, desk: Desk) -> None:
        """As long as the terminal looks for a face."""
        lamps = visit.lighting(random.Random(self._seed))  # not lit before its third shot
        for jpeg in [jpeg for _, jpeg in self._play(lamps)][:BEFORE]:
            desk.passes_to(desk.now.mono_ms + SHOT_MS)
            look = self._look(jpeg, desk.now.mono_ms)
            began = time.process_time()
            desk.post(look)
            self.core_s += time.process_time() - began

    def answers(self, lamps: Lighting) -> Iterator[e.LookSeen]:
        """The shots of a try; what happens between two of them is the core's."""
        self._sight.forget()
        for stamp, jpeg in list(self._play(lamps)):
            look = self._look(jpeg, stamp)
            began = time.process_time()
            yield look
            self.core_s += time.process_time() - began

    def _play(self, lamps: Lighting) -> Iterator[tuple[int, bytes]]:
        return visit.play("live", self._person, visit.Setting(*ROOM, self._seed), lamps, self._seed)

    def _look(self, jpeg: bytes, at_ms: int) -> e.LookSeen:
        began = time.process_time()
        rgb = rgb_of(jpeg)
        found = seen(self._sight.look(rgb, lids_too=False), rgb, at_ms, self.shots)
        self.look_s += time.process_time() - began
        self.shots += 1
        return found
