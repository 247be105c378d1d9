"""The table of `edge.core.liveness.heads`, from sets of visits that were looked at:

    python -m sim.camera.tables.heads SET...

Fisher's discriminant with a floor: what the two kinds differ by in the mean, over how they differ in
themselves, of which the strongest ways are kept and the rest is one number. All of it odd, for no side
of a face is the better one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from edge.core.liveness.heads import NOISE, TWINS, WAYS, Twins
from edge.core.liveness.regions import REGIONS
from edge.core.liveness.response import halves, shades
from edge.errors import EdgeError
from edge.field.pad import sets
from edge.field.pad.shelf import Shelf
from sim.camera import folk, padset
from sim.camera.pixels import Floats

PAPER: Final = frozenset({"mask_paper", "mask_holes"})
VISITS_MIN: Final = 40
QUIET: Final = 0.6  # of the visits, those whose places are known best, say how a kind differs in itself
RIDGE: Final = 0.3  # of the mean variance is added to all: 56 numbers, some hundreds of visits
LEAST: Final = 1e-4


class Kind(Struct, frozen=True, eq=False):
    """Of one kind of presentation, by TWINS: the mean, and how its visits differ."""

    mean: Floats
    spread: Floats


def measured(folders: list[Path]) -> tuple[Kind, Kind]:
    """Heads and folded paper."""
    heads, papers = list[tuple[Floats, Floats]](), list[tuple[Floats, Floats]]()
    for folder in folders:
        shelf = Shelf(folder / padset.SHELF)
        for item in sets.items(folder, "train"):
            if item.path not in shelf or folk.aside(item.subject) or item.attack not in {"", *PAPER}:
                continue
            seen = shelf.get(item.path)
            lamps = sets.lighting(seen.look, item.path)
            told = halves(shades(seen.shots, lamps)) if lamps is not None else []
            if told:
                (papers if item.attack in PAPER else heads).append(_line(told))
    if min(len(heads), len(papers)) < VISITS_MIN:
        raise EdgeError("E-PAD-01", f"{len(heads)} heads and {len(papers)} papers", "make a larger set")
    return _kind(heads), _kind(papers)


def _line(told: list[tuple[Twins, float, float]]) -> tuple[Floats, Floats]:
    by_pair = {pair: (half, doubt) for pair, half, doubt in told}
    halves_of, doubts = zip(*(by_pair.get(pair, (0.0, 1.0)) for pair in TWINS), strict=True)
    return np.array(halves_of), np.minimum(np.array(doubts), 1.0)


def _kind(lines: list[tuple[Floats, Floats]]) -> Kind:
    """What noise makes of the differences is taken out."""
    values, doubts = (np.array(column) for column in zip(*lines, strict=True))
    mean, noisy = values.mean(axis=0), np.median(doubts, axis=1)
    quiet = noisy < np.quantile(noisy, QUIET)
    off = values[quiet] - mean
    sizes, ways = np.linalg.eigh(off.T @ off / len(off) - NOISE * np.diag(doubts[quiet].mean(axis=0)))
    return Kind(mean, (ways * np.maximum(sizes, LEAST)) @ ways.T)


def table(head: Kind, paper: Kind) -> str:
    """As it stands in the file."""
    spread = (head.spread + paper.spread) / 2
    spread = spread + RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
    sizes, ways = np.linalg.eigh(spread)
    rest = float(sizes[:-WAYS].mean())
    differs = ways[:, -WAYS:] * np.sqrt(np.maximum(sizes[-WAYS:] - rest, 0.0))
    rows = [f"ALONE: Final = {rest**0.5:.4f}"]
    for n, pair in enumerate(TWINS):
        told = ", ".join(f"{v:.3f}" for v in differs[n, ::-1])
        rows.append(f"    ({REGIONS[pair.left].point}, {head.mean[n]:.3f}, {paper.mean[n]:.3f}, ({told})),")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(*measured([Path(given) for given in sys.argv[1:]])))
