"""The table of `edge.core.liveness.heads`, from sets of visits that were looked at:

    python -m sim.camera.tables.heads SET...              # the table
    python -m sim.camera.tables.heads SET... --held-out   # each photographed head by a table made without it

Fisher's discriminant with a floor: what the two kinds differ by in the mean, over how they differ in
themselves, of which the strongest ways are kept and the rest is one number. All of it odd, for no side
of a face is the better one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from edge.core.liveness.checks import form
from edge.core.liveness.heads import NOISE, TWINS, Heads
from edge.core.liveness.regions import REGIONS
from edge.core.liveness.response import Shade, form_of, halves, shades
from edge.errors import EdgeError
from edge.field.pad import sets
from edge.field.pad.shelf import Shelf
from sim.camera import folk, padset
from sim.camera.pixels import Floats

PAPER: Final = frozenset({"mask_paper", "mask_holes"})
VISITS_MIN: Final = 40
WAYS: Final = 24  # are told of by themselves
RIDGE: Final = 0.1  # of the mean variance is added to all: 56 numbers, some hundreds of visits
LEAST: Final = 1e-4


class Visit(Struct, frozen=True):
    """Of a set. head: whose photograph the head is of; told: how the lamps share the light over it."""

    head: str
    paper: bool
    told: list[Shade]


class Kind(Struct, frozen=True, eq=False):
    """Of one kind of presentation, by TWINS: the mean, and how its visits differ."""

    mean: Floats
    spread: Floats


def visits(folders: Sequence[Path]) -> list[Visit]:
    """Everybody bona fide and all folded paper, of people on whom limits may be chosen."""
    out = []
    for folder in folders:
        shelf = Shelf(folder / padset.SHELF)
        for item in sets.items(folder, "train"):
            head = folk.head_of(item.subject)
            if item.path not in shelf or head in folk.ASIDE or item.attack not in {"", *PAPER}:
                continue
            seen = shelf.get(item.path)
            lamps = sets.lighting(seen.look, item.path)
            told = shades(seen.shots, lamps) if lamps is not None else []
            if halves(told):
                out.append(Visit(head, item.attack in PAPER, told))
    return out


def table(of: Iterable[Visit]) -> Heads:
    """Heads against folded paper. E-PAD-01 where there are too few."""
    heads, papers = list[Visit](), list[Visit]()
    for visit in of:
        (papers if visit.paper else heads).append(visit)
    if min(len(heads), len(papers)) < VISITS_MIN:
        raise EdgeError("E-PAD-01", f"{len(heads)} heads and {len(papers)} papers", "make a larger set")
    head, paper = _kind(heads), _kind(papers)
    spread = (head.spread + paper.spread) / 2
    spread = spread + RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    sizes, ways = np.linalg.eigh(spread)
    rest = float(sizes[:-WAYS].mean())
    differs = (ways[:, -WAYS:] * np.sqrt(np.maximum(sizes[-WAYS:] - rest, 0.0)))[:, ::-1]
    rows = zip(TWINS, head.mean.tolist(), paper.mean.tolist(), differs.tolist(), strict=True)
    return Heads(rest**0.5, tuple(replace(p, head=h, folded=f, differs=tuple(d)) for p, h, f, d in rows))


def _kind(of: list[Visit]) -> Kind:
    """What noise makes of the differences is taken out."""
    lines = []
    for visit in of:
        by_pair = {pair: (half, min(doubt, 1.0)) for pair, half, doubt in halves(visit.told)}
        lines.append([by_pair.get(pair, (0.0, 1.0)) for pair in TWINS])
    values, doubts = np.moveaxis(np.array(lines), 2, 0)
    mean = values.mean(axis=0)
    off = values - mean
    sizes, ways = np.linalg.eigh(off.T @ off / len(off) - NOISE * np.diag(doubts.mean(axis=0)))
    return Kind(mean, (ways * np.maximum(sizes, LEAST)) @ ways.T)


def printed(heads: Heads) -> str:
    """As it stands in the file."""
    rows = [f"_ALONE: Final = {heads.alone:.4f}"]
    for pair in heads.twins:
        told = (round(1000 * number) for number in (pair.head, pair.folded, *pair.differs))
        rows.append(f"{REGIONS[pair.left].point:3} {' '.join(f'{number:4}' for number in told)}")
    return "\n".join(rows) + "\n"


def held_out(of: list[Visit]) -> str:
    """How the visits of each photographed head are judged by a table of all others, and how far apart the two
    kinds stand then, in their standard deviations.
    """
    rows, found = [f"{'head':5} people: refused    least  paper: accepted    most"], (list[float](), list[float]())
    for head in sorted({visit.head for visit in of}):
        heads = table(visit for visit in of if visit.head != head)
        people, papers = (
            [form_of(v.told, heads)[0] for v in of if v.head == head and v.paper is paper] for paper in (False, True)
        )
        rows.append(_judged(head, people, papers))
        for kind, forms in zip(found, (people, papers), strict=True):
            kind.extend(forms)
    apart = (np.mean(found[0]) - np.mean(found[1])) / ((np.var(found[0]) + np.var(found[1])) / 2) ** 0.5
    rows.append(f"{_judged('all', *found)}\napart {apart:.2f}")
    return "\n".join(rows) + "\n"


def _judged(head: str, people: Sequence[float], papers: Sequence[float]) -> str:
    refused, accepted = sum(v < form.LIMIT for v in people), sum(v >= form.LIMIT for v in papers)
    return f"{head:5} {refused:4} of {len(people):3} {min(people):13.2f} {accepted:7} of {len(papers):3} {max(papers):9.2f}"


def main() -> int:
    """Print the table, or how well such a table judges whom it was not made of."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera.tables.heads")
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--held-out", action="store_true")
    given = parser.parse_args()
    told = visits(given.sets)
    sys.stdout.write(held_out(told) if given.held_out else printed(table(told)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
