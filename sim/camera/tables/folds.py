"""How finely paper has to be folded before light takes it for a head: `form` of masks whose pieces are
smaller and smaller, light at the measured places alone (`places`).

    python -m sim.camera.tables.folds [--each 30]
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from statistics import mean
from typing import Final

from edge.core.liveness.checks import form
from edge.core.liveness.response import measure
from sim.camera import clips, padset, places, visit

SIZES_PX: Final = (40, 32, 26, 22, 18, 14, 10)  # of a face 150 wide: about a millimetre each
RATE: Final = 15.0


def forms(piece_px: int, each: int, studio: padset.Studio) -> Iterator[float]:
    """Of visits of people on whom limits may be chosen; one that gave no answer has none."""
    rows = [row for row in padset.plan(0, each, piece_px, padset.PEOPLE["train"]) if row.species == "mask_paper"]
    for row in rows:
        dice = random.Random(row.seed)
        at, lamps = visit.setting(dice), visit.lighting(dice)
        made = places.folded(piece_px)
        found = measure(places.visit_of(made, studio.person(row), at, lamps, row.seed, rate=RATE), lamps)
        if found is not None:
            yield found.form


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera.tables.folds")
    parser.add_argument("--each", type=int, default=30)
    each = parser.parse_args().each
    studio = padset.Studio(clips.sight())
    sys.stdout.write("simulated, light at the places alone\npieces  form mean  most  at or over the limit\n")
    for size in SIZES_PX:
        found = list(forms(size, each, studio))
        over = sum(value >= form.LIMIT for value in found)
        sys.stdout.write(f"{size:3} mm  {mean(found):9.2f} {max(found):5.2f}  {over} of {len(found)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
