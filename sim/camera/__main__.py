"""python -m sim.camera build DIR | measure DIR | sheet DIR FILE | qr TEXT DIR | montage FILE | folk."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.errors import EdgeError
from sim.camera import clips, measure, padset, sheet, stage

STAGE_DIR = Path(__file__).resolve().parents[2] / ".facepay" / "stage"


def main() -> int:
    """Build, measure or show a stage."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera")
    parser.add_argument("what", choices=("build", "measure", "sheet", "qr", "montage", "folk"))
    parser.add_argument("folder", nargs="?", type=Path, default=STAGE_DIR)
    parser.add_argument("extra", nargs="?", default="")
    given = parser.parse_args()
    try:
        if given.what == "build":
            for name, seconds in stage.build(given.folder).items():
                sys.stdout.write(f"{name} {seconds:.1f} s\n")
        elif given.what == "sheet":
            sheet.strips(given.folder, Path(given.extra))
        elif given.what == "montage":
            sheet.montage(given.folder)
        elif given.what == "qr":
            clips.make_qr_clip(given.extra, given.folder)
        elif given.what == "folk":
            sight = clips.sight()
            studio = padset.Studio(sight)
            people = {name: studio.plate(name) for name in padset.PEOPLE["all"]}
            sys.stdout.write(measure.likeness(measure.folk(people, sight)) + "\n")
        else:
            sight = clips.sight()
            sys.stdout.write(measure.table(given.folder, sight) + "\n\n")
            sys.stdout.write(measure.matrix(given.folder, sight) + "\n")
    except EdgeError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
