"""Neither too dark nor too bright, and no glare on the face.

Six people made darker and brighter; kept where the cosine to the good shot stays about 0.85
(measured: luma 30 0.84..0.95, luma 215 0.78..0.89, glare 0.3 0.84).
"""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 60
SAYS = ("too_dark", "too_bright")
BURNT = 250  # luma at which a sensor has nothing more to say


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Luma 0..255, the mean of the face; glare_max: share of its pixels at >= BURNT."""

    dark_max: float = 32.0
    bright_min: float = 212.0
    glare_max: float = 0.25


def problem(scene: Scene, limits: Limits) -> str | None:
    """Of the face, not of the room."""
    assert scene.patch is not None, "asked after one_face"
    mean = float(scene.patch.mean())
    if mean < limits.dark_max:
        return "too_dark"
    burnt = float((scene.patch >= BURNT).mean())
    return "too_bright" if mean > limits.bright_min or burnt > limits.glare_max else None
