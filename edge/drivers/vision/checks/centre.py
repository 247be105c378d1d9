"""In the middle: beyond, the crop of 2.7 times the face leaves the frame."""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 50
SAYS = ("off_centre",)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """offset_max: of the face's middle from the shot's, in parts of its width and height."""

    offset_max: float = 0.24


def problem(scene: Scene, limits: Limits) -> str | None:
    """Into the oval."""
    high, wide = scene.rgb.shape[:2]
    off_x = abs((scene.face.x + scene.face.w / 2) / wide - 0.5)
    off_y = abs((scene.face.y + scene.face.h / 2) / high - 0.5)
    return "off_centre" if max(off_x, off_y) > limits.offset_max else None
