"""A set of presentations on disk, as `facepay pad-eval` reads them: `labels.csv`, and for each
visit a folder with its shots and `look.json` (the sequence, when the lamps had it, when the shots were).

    python -m sim.camera.padset DIR --live 36 --attacks 8 --seed 1

Simulated: people made of photographed faces (`folk`), and those photographed, under rendered light. The
figures say how the checks answer to the physics that is modelled here, not how they do in the world.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from edge.core.liveness.response import Lighting
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from edge.field.pad import sets
from edge.field.pad.judge import Rule, doubtful, look
from edge.field.pad.shelf import Seen, Shelf
from sim.camera import clips, folk, plate, stage, visit
from sim.camera.folk import hats
from sim.camera.places import visit_at_places
from sim.camera.solid import Look
from sim.camera.visit import TERMINAL, TONES, Person

COLUMNS = ("path", "label", "attack", "subject", "split", "level", "tone", "glasses", "hat", "age", "lux", "cm")
TRAIN = folk.TRAIN  # limits may be chosen on these people, figures are told of the others
PEOPLE = {
    "train": (*TRAIN, *folk.named("t")),
    "crowd": (*TRAIN, *folk.named("t"), *folk.CROWD),
    "more": (*folk.MORE_TRAIN, *folk.MORE_CROWD),
    "test": (*folk.TEST, *folk.named("s")),  # counted before, and seen since
    "second": (*folk.MORE_TEST[1:], *folk.named("u")),  # the same; without the first: the anti-spoof net is against her
    "third": folk.named("v"),
    "fourth": folk.named("w"),
    "fifth": folk.named("x"),
    "sixth": folk.STRANGERS,
}
PEOPLE["all"] = tuple(who for row in ("train", "test", "second", "third", "fourth", "fifth", "sixth") for who in PEOPLE[row])
TRAINED = {*PEOPLE["crowd"], *PEOPLE["more"]}
GLASSES_EVERY = 4
HAT_EVERY = 8
AGES = ((0.34, "18-40"), (0.67, "41-62"), (1.01, "63-85"))  # an age below it, as years
MIDDLE_CM = 45.5
RELIEF = (0.85, 1.15)  # of the photographed person's depth: noses differ
SHELF = "seen.bin"
ABOUT = """Simulated: people made of photographed faces, and those photographed, under rendered light, python -m sim.camera.padset.
The figures say how the checks answer to the physics that is modelled, not how they do in the world.
"""
PLACES_ONLY = """Light at the measured places alone (sim/camera/places.py): no network looked, the anti-spoof net is taken to have
passed everything and everybody.
"""


class Row(Struct, frozen=True):
    """One visit of the set."""

    path: str
    species: str
    subject: str
    seed: int
    tone: float
    glasses: bool
    relief: float = 1.0
    age: float = 0.0
    hat: str = ""


def plan(live: int, attacks: int, seed: int, people: Sequence[str] = PEOPLE["all"]) -> Iterator[Row]:
    """`live` bona fide visits and `attacks` of each species, over people, tones and glasses, mixed
    so that a set that is broken off is an even part of the whole. In every round all people have their
    turn and all tones occur; in the next each has another tone. Ages and hats are drawn.
    """
    kinds = visit.kinds()
    counts = {name: live if kinds[name].LEVEL == 0 else attacks for name in kinds}
    order = sorted(
        ((n + 0.5) / count, number, n) for number, count in enumerate(counts.values()) for n in range(count)
    )
    for _, number, n in order:
        name = list(kinds)[number]
        dice = random.Random(f"{seed} {name} {n}")
        turn, who = divmod(n, len(people))
        yield Row(
            path=f"{name}/{n:04d}",
            species=name,
            subject=people[who],
            seed=dice.randrange(1 << 40),
            tone=TONES[(turn + who) % len(TONES)],
            glasses=(who // len(TONES) + turn // len(TONES)) % GLASSES_EVERY == GLASSES_EVERY - 1,
            relief=round(dice.uniform(*RELIEF), 3),
            age=round(dice.random(), 2),
            hat=dice.choice(hats.HATS) if dice.randrange(HAT_EVERY) == 0 else "",
        )


class Studio:
    """Makes people from the photographs, each once: those who stand in them, and blends of them."""

    def __init__(self, sight: Sight, pictures: Path = models.PICTURES_DIR) -> None:
        self._sight, self._pictures = sight, pictures
        self.plate = cache(self._plate)

    def _plate(self, name: str) -> plate.Plate:
        if name in folk.MADE:
            return folk.make(folk.MADE[name], self.plate, self._sight)
        spot = (stage.CAST | stage.MORE)[name]
        return plate.make(stage.photo(self._pictures, spot), spot, self._sight)

    def person(self, row: Row) -> Person:
        """The subject of a row."""
        phase = random.Random(row.seed).uniform(0, 6)
        look = Look(row.tone, row.glasses, row.relief, row.age, row.hat, seed=row.seed)
        return Person(row.subject, self.plate(row.subject), look, phase)


def make(row: Row, studio: Studio, folder: Path, rate: float = 15.0, *, twice: bool = False) -> dict[str, str]:
    """Write one visit at `rate` shots a second; gives its line of labels.csv."""
    at, lamps = _there(row, twice=twice)
    place = folder / row.path
    shutil.rmtree(place, ignore_errors=True)  # a visit that was broken off
    place.mkdir(parents=True)
    stamps = []
    for n, (stamp, jpeg) in enumerate(
        visit.play(row.species, studio.person(row), at, lamps, row.seed, rate=rate)
    ):
        (place / f"{n:04d}.jpg").write_bytes(jpeg)
        stamps.append(stamp)
    (place / sets.LOOK).write_bytes(msgspec.json.encode(_look(lamps, stamps)))
    return _line(row, at)


def at_places(row: Row, studio: Studio, rate: float = 15.0, *, twice: bool = False) -> tuple[Seen, dict[str, str]]:
    """The same visit's light at the measured places, without pictures and networks."""
    at, lamps = _there(row, twice=twice)
    shots = visit_at_places(row.species, studio.person(row), at, lamps, row.seed, rate=rate)
    return Seen(row.path, shots, _look(lamps, [shot.at_mono_ms for shot in shots])), _line(row, at)


def _there(row: Row, *, twice: bool) -> tuple[visit.Setting, Lighting]:
    rng = random.Random(row.seed)
    return visit.setting(rng), visit.lighting(rng, twice=twice)


def _look(lamps: Lighting, stamps: Sequence[int]) -> sets.Look:
    nonce, step_ms = lamps.sequence.nonce.hex(), lamps.sequence.step_ms
    return sets.Look(TERMINAL, nonce, step_ms, lamps.lit_ms, lamps.end_ms, tuple(stamps))


def _line(row: Row, at: visit.Setting) -> dict[str, str]:
    level = visit.kinds()[row.species].LEVEL
    return {
        "path": row.path, "label": "spoof" if level else "real",
        "attack": row.species if level else "", "subject": row.subject,
        "split": "train" if row.subject in TRAINED else "test", "level": str(level),
        "tone": str(row.tone), "glasses": str(int(row.glasses)), "hat": row.hat or "none",
        "age": age_group(row.age), "lux": str(round(at.lux)),
        "cm": "36-45" if at.cm < MIDDLE_CM else "46-56",
    }  # fmt: skip


def age_group(age: float) -> str:
    """Of 0 .. 1, in years."""
    return next(years for below, years in AGES if age < below)


def main() -> int:
    """Make a set."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera.padset")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--live", type=int, default=24)
    parser.add_argument("--attacks", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--species", default="", help="with commas; alone: all, and live")
    parser.add_argument("--people", choices=tuple(PEOPLE), default="all")
    parser.add_argument(
        "--keep", choices=("pictures", "seen", "places"), default="pictures",
        help="seen: look at each visit and keep what was seen; places: only the light, without networks",
    )  # fmt: skip
    parser.add_argument("--rate", type=float, default=15.0, help="shots a second")
    parser.add_argument(
        "--part", default="1/1", help="K/N: every N-th visit, for N processes in N folders (join them with cat)"
    )
    parser.add_argument(
        "--twice", action="store_true", help="all visits with the lights that follow a doubt; else those in doubt, where no pictures are kept"
    )  # fmt: skip
    given = parser.parse_args()
    part, parts = (int(number) for number in given.part.split("/"))
    sight = clips.sight()
    given.folder.mkdir(parents=True, exist_ok=True)
    rows = list(plan(given.live, given.attacks, given.seed, PEOPLE[given.people]))
    if given.species:
        rows = [row for row in rows if row.species in given.species.split(",")]
    _write(given, rows[part - 1 :: parts], Studio(sight), sight)
    return 0


def _write(given: argparse.Namespace, rows: list[Row], studio: Studio, sight: Sight) -> None:
    """Visit for visit; what a broken-off run made is not made again."""
    labels = given.folder / sets.LABELS
    made = {item.path for item in sets.items(given.folder)} if labels.is_file() else set[str]()
    shelf = None if given.keep == "pictures" else Shelf(given.folder / SHELF)
    about = ABOUT + (PLACES_ONLY if given.keep == "places" else "")
    (given.folder / sets.ABOUT).write_text(about, encoding="utf-8")
    with labels.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if not made:
            writer.writeheader()
        for number, row in enumerate(rows):
            if row.path in made:
                continue
            line, seen = _made(given, row, studio, sight, twice=given.twice)
            if seen is not None and doubtful(sets.item(line, row.path), seen, Rule()) and not given.twice:
                line, seen = _made(given, row, studio, sight, twice=True)
            if seen is not None and shelf is not None:
                shelf.add(seen)
            writer.writerow(line)
            file.flush()
            sys.stdout.write(f"\r{number + 1} of {len(rows)} {row.path}    ")
            sys.stdout.flush()
    sys.stdout.write("\n")


def _made(
    given: argparse.Namespace, row: Row, studio: Studio, sight: Sight, *, twice: bool
) -> tuple[dict[str, str], Seen | None]:
    """One visit, and what was seen of it where that is kept and not the pictures."""
    if given.keep == "places":
        seen, line = at_places(row, studio, given.rate, twice=twice)
        return line, seen
    line = make(row, studio, given.folder, given.rate, twice=twice)
    if given.keep == "pictures":
        return line, None
    seen = look(given.folder, sets.item(line, row.path), sight)
    shutil.rmtree(given.folder / row.path)
    return line, seen


if __name__ == "__main__":
    raise SystemExit(main())
