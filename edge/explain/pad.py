"""Codes of `facepay pad-eval`."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-PAD-01": (
        "There is no labelled set in this directory.",
        "Put labels.csv there: path,label,attack,subject,split; `python -m sim.camera.padset DIR` makes one.",
    ),
    "E-PAD-02": (
        "A line of labels.csv is none: it needs a path inside the set and label real or spoof.",
        "Correct the line that is named.",
    ),
    "E-PAD-03": (
        "A presentation cannot be read: no pictures, a film of no known kind, no times, or lights that nobody drew.",
        "Look at the path that is named; look.json and pair.json are described in edge/docs/LIVENESS.md.",
    ),
}
