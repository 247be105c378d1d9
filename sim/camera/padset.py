"""A set of presentations on disk, as `facepay pad-eval` reads them: `labels.csv`, and for each
visit a folder with its shots and `look.json` (the sequence, when the lamps had it, when the shots were).

    python -m sim.camera.padset DIR --live 36 --attacks 8 --seed 1

Simulated: six photographed people under rendered light. The figures say how the checks answer to
the physics that is modelled here, not how they do in the world.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

from edge.drivers.vision import models
from edge.drivers.vision.sight import Sight
from sim.camera import clips, plate, stage, visit
from sim.camera.solid import Look
from sim.camera.visit import TERMINAL, TONES, Person

COLUMNS = ("path", "label", "attack", "subject", "split", "level", "tone", "glasses", "lux", "cm")
TRAIN = ("p1", "p2", "p3")  # limits may be chosen on these people, figures are told of the others
GLASSES_EVERY = 4


class Row(Struct, frozen=True):
    """One visit of the set."""

    path: str
    species: str
    subject: str
    seed: int
    tone: float
    glasses: bool


def plan(live: int, attacks: int, seed: int) -> Iterator[Row]:
    """`live` bona fide visits and `attacks` of each species, over people, tones and glasses."""
    people = list(stage.CAST)
    for number, name in enumerate(visit.kinds()):
        count = live if visit.kinds()[name].LEVEL == 0 else attacks
        for n in range(count):
            subject = people[(n + number) % len(people)]
            tone = TONES[(n // len(people)) % len(TONES)]
            yield Row(
                f"{name}/{n:04d}", name, subject, seed * 1_000_003 + number * 10_007 + n,
                tone, n % GLASSES_EVERY == GLASSES_EVERY - 1,
            )  # fmt: skip


class Studio:
    """Makes people from the photographs, each once."""

    def __init__(self, sight: Sight, pictures: Path = models.PICTURES_DIR) -> None:
        self._sight, self._pictures = sight, pictures
        self.plate = cache(self._plate)

    def _plate(self, name: str) -> plate.Plate:
        spot = stage.CAST[name]
        return plate.make(stage.photo(self._pictures, spot), spot, self._sight)

    def person(self, row: Row) -> Person:
        """The subject of a row."""
        phase = random.Random(row.seed).uniform(0, 6)
        return Person(row.subject, self.plate(row.subject), Look(row.tone, row.glasses), phase)


def make(row: Row, studio: Studio, folder: Path) -> dict[str, str]:
    """Write one visit; gives its line of labels.csv."""
    rng = random.Random(row.seed)
    at, lamps = visit.setting(rng), visit.lighting(rng)
    place = folder / row.path
    place.mkdir(parents=True, exist_ok=True)
    stamps = []
    for n, (stamp, jpeg) in enumerate(
        visit.play(row.species, studio.person(row), at, lamps, row.seed)
    ):
        (place / f"{n:04d}.jpg").write_bytes(jpeg)
        stamps.append(stamp)
    (place / "look.json").write_text(json.dumps({
        "terminal": TERMINAL, "nonce": lamps.sequence.nonce.hex(),
        "step_ms": lamps.sequence.step_ms,
        "lit_ms": lamps.lit_ms, "end_ms": lamps.end_ms, "shot_ms": stamps,
    }))  # fmt: skip
    level = visit.kinds()[row.species].LEVEL
    return {
        "path": row.path, "label": "spoof" if level else "real",
        "attack": row.species if level else "", "subject": row.subject,
        "split": "train" if row.subject in TRAIN else "test", "level": str(level),
        "tone": str(row.tone), "glasses": str(int(row.glasses)), "lux": str(round(at.lux)),
        "cm": str(round(at.cm)),
    }  # fmt: skip


def main() -> int:
    """Make a set."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera.padset")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--live", type=int, default=24)
    parser.add_argument("--attacks", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    studio = Studio(clips.sight())
    given.folder.mkdir(parents=True, exist_ok=True)
    rows = list(plan(given.live, given.attacks, given.seed))
    random.Random(given.seed).shuffle(rows)  # a set that is broken off is still mixed
    with (given.folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow(make(row, studio, given.folder))
            file.flush()
            sys.stdout.write(f"\r{number + 1} of {len(rows)} {row.path}    ")
            sys.stdout.flush()
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
