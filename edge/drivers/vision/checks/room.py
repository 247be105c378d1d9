"""Nobody can be seen because the room is black or the picture burnt out."""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 10
SAYS = ("too_dark", "too_bright")
STOPS = SAYS


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Luma 0..255, the mean of the picture."""

    dark_max: float = 11.0
    bright_min: float = 244.0


def problem(scene: Scene, limits: Limits) -> str | None:
    """Only where there is no face: how a face is lit is judged on the face."""
    if scene.faces:
        return None
    mean = float(scene.room.mean())
    if mean < limits.dark_max:
        return "too_dark"
    return "too_bright" if mean > limits.bright_min else None
