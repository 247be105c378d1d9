"""The cast of the demo: synthetic insured persons, each lent a face by one of the fetched test pictures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from edge.drivers.vision.nets import models as vision_models
from sim.camera import measure
from sim.camera.clips import sight
from sim.clinic.day import Person

STEMS = "甲乙丙丁戊己庚辛"


class Actor(Struct, frozen=True):
    """One synthetic person and the clips that show them. Names and numbers are visibly invented."""

    clips: str
    psn_no: str
    card_no: str
    name: str
    insutype: str
    balance_fen: int
    relatives: tuple[tuple[str, str], ...]
    template: bytes
    model: str
    attacked: bool = False

    def person(self) -> Person:
        return Person(self.clips, self.psn_no, self.card_no, self.attacked)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """The runtime's C++ prints a line per net about its delegate; errors come as exceptions and are not lost."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def hire(stage: Path) -> list[Actor]:
    """Make an actor of every person on the stage; their enrolled face is the net's own view of their `front` clip."""
    folders = sorted(path.parent.name for path in stage.glob("*/front") if path.is_dir())
    numbers = [f"51010000000000{i:04d}" for i in range(1, len(folders) + 1)]
    with _quiet_stderr():
        eyes = sight()
    model = vision_models.members()["embed"].sha256
    actors = []
    for i, clips in enumerate(folders):
        template = measure.template(stage, f"{clips}/front", eyes)
        assert template is not None, f"no good shot of {clips}: rebuild the stage"
        relative = numbers[(i + 1) % len(numbers)]
        actors.append(
            Actor(
                clips=clips,
                psn_no=numbers[i],
                card_no=f"A0000000{i + 1:02d}",
                name=f"测试{STEMS[i % len(STEMS)]}",
                insutype="310" if i % 3 else "390",
                balance_fen=0 if i % 3 == 0 else 30_000 + 5_000 * i,
                relatives=((relative, "父母"),) if i % 2 else (),
                template=template.astype("<f4").tobytes(),
                model=model,
                attacked=(stage / clips / "print").is_dir() and (stage / clips / "replay").is_dir(),
            )
        )
    return actors
