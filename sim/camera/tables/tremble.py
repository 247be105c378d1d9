"""How far the places of a face move against its skin from shot to shot, and what that costs: with the
network's mesh, with the mesh laid over the first shot's (`vision.skin`), and with the skin itself, which only
a simulated eye knows.

    python -m sim.camera.tables.tremble [--lux 800] [--visits 28]

doubt: the median place's (`response.shades`, a variance of no unit); form: mean and standard deviation. Full
visits of people on whom limits may be chosen.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from itertools import islice
from statistics import mean, median, pstdev

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.liveness.response import Lighting, form_of, shades
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.light import glow, skin
from edge.drivers.vision.sight import Sight
from sim.camera import clips, padset, visit
from sim.camera.lamps import Shutter
from sim.camera.pixels import Floats
from sim.camera.solid import Solid
from sim.camera.species import live

SEED = 91
WAYS = ("the mesh", "laid over the first", "the skin itself")


class Seen(Struct, frozen=True, eq=False):
    """One visit. off: for each shot, how far the measured places (Nx2) lie from the skin, by the mesh and laid;
    looks: of each of WAYS.
    """

    off: tuple[list[Floats], list[Floats]]
    looks: tuple[list[LookSeen], list[LookSeen], list[LookSeen]]
    lamps: Lighting


def visits(lux: float) -> Iterator[padset.Row]:
    """Of the crowd, in such a room."""
    rows = padset.plan(450, 0, SEED, padset.PEOPLE["crowd"])
    return (row for row in rows if visit.setting(random.Random(row.seed)).lux == lux)


def watched(row: padset.Row, studio: padset.Studio, sight: Sight) -> Seen:
    """A visit through the networks, with the skin beside."""
    dice = random.Random(row.seed)
    at, lamps, person = visit.setting(dice), visit.lighting(dice), studio.person(row)
    rest, head = person.plate.points[:, :2], Solid(person.plate, person.look)
    times = Shutter().times(lamps, np.random.default_rng(row.seed))  # as `play` draws them
    take = visit.take_of(person, at, lamps, times, row.seed)
    pose, face = live.poses(take), skin.Skin()
    found = Seen(([], []), ([], [], []), lamps)
    sight.forget()
    for number, (stamp, jpeg) in enumerate(visit.play("live", person, at, lamps, row.seed)):
        rgb = rgb_of(jpeg)
        look = sight.look(rgb, lids_too=False)
        if look.shape is None:
            continue
        there = head.seen_at(rest, pose(take.seconds(take.times[number])))
        laid = face.laid(rgb, look.shape)
        for off, by in zip(found.off, (look.shape, laid), strict=True):
            off.append((by.points[:, :2] - there)[glow.POINTS])
        missed = found.off[0][0]  # all through a visit as in its first shot: it is the same skin
        own = look.shape.points.copy()
        own[glow.POINTS, :2] = there[glow.POINTS] + missed
        event = seen(look, rgb, stamp, number)
        for looks, by in zip(found.looks, (look.shape, laid, replace(look.shape, points=own)), strict=True):
            looks.append(replace(event, glow=glow.measure(rgb, by)))
    return found


def trembles(off: list[Floats]) -> tuple[float, float, float]:
    """Of one visit, px: missed all through, whole from shot to shot, and each place beside the whole."""
    lines = np.array(off)
    moved = lines - lines.mean(axis=0)
    whole = moved.mean(axis=1, keepdims=True)
    return float(lines.mean(axis=0).std()), float(whole.std()), float((moved - whole).std())


def table(told: list[Seen]) -> str:
    """A line for each way."""
    rows = [f"{'':20} px: missed   whole    each    doubt  form mean    sd"]
    for number, way in enumerate(WAYS):
        forms, doubts = list[float](), list[float]()
        for one in told:
            ratios = shades(one.looks[number], one.lamps)
            forms.append(form_of(ratios)[0])
            doubts.append(median(sure**-2 for _, _, sure in ratios))
        each = [mean(v) for v in zip(*(trembles(one.off[number]) for one in told), strict=True)] if number < 2 else []
        px = "".join(f"{v:8.2f}" for v in each) or f"{'':24}"
        rows.append(f"{way:20}    {px}  {mean(doubts):7.2f}  {mean(forms):9.2f}  {pstdev(forms):4.2f}")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera.tables.tremble")
    parser.add_argument("--lux", type=float, default=800.0)
    parser.add_argument("--visits", type=int, default=28)
    given = parser.parse_args()
    sight = clips.sight()
    studio = padset.Studio(sight)
    told = [watched(row, studio, sight) for row in islice(visits(given.lux), given.visits)]
    sys.stdout.write(f"simulated, {len(told)} visits at {given.lux:.0f} lux\n" + table(told))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
