"""python -m sim.camera build DIR | measure DIR | sheet DIR FILE | qr TEXT DIR."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

from edge.errors import EdgeError
from sim.camera import clips, measure, stage

STAGE_DIR = Path(__file__).resolve().parents[2] / ".facepay" / "stage"
SHEET_COLUMNS = 8
THUMB = (240, 180)


def sheet(folder: Path, target: Path) -> None:
    """A contact sheet: eight shots of every clip."""
    rows = measure.names(folder)
    page = Image.new("RGB", (SHEET_COLUMNS * THUMB[0], len(rows) * THUMB[1]))
    for row, name in enumerate(rows):
        shots = sorted((folder / name).glob("*.jpg"))
        for column in range(SHEET_COLUMNS):
            shot = shots[column * (len(shots) - 1) // (SHEET_COLUMNS - 1)]
            with Image.open(shot) as picture:
                small = picture.resize(THUMB)
            page.paste(small, (column * THUMB[0], row * THUMB[1]))
    page.save(target)


def main() -> int:
    """Build, measure or show a stage."""
    parser = argparse.ArgumentParser(prog="python -m sim.camera")
    parser.add_argument("what", choices=("build", "measure", "sheet", "qr"))
    parser.add_argument("folder", nargs="?", type=Path, default=STAGE_DIR)
    parser.add_argument("extra", nargs="?", default="")
    given = parser.parse_args()
    try:
        if given.what == "build":
            for name, seconds in stage.build(given.folder).items():
                sys.stdout.write(f"{name} {seconds:.1f} s\n")
        elif given.what == "sheet":
            sheet(given.folder, Path(given.extra))
        elif given.what == "qr":
            clips.make_qr_clip(given.extra, given.folder)
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
