"""Far enough that the surroundings are seen: the anti-spoof net looks at 2.7 times the face, and
errs on 13 % instead of 5 % of the shots where less than twice of it is in the frame.
"""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene
from edge.drivers.vision.nets.spoof import SCALE, WIDER

AT = 40
SAYS = ("too_close",)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """width_max: of the shot's width, in the terms of the box that the net was trained with (the
    detector's is wider); it binds on upright cameras. height_max: of its height, in terms of the
    detector's box: twice the face.
    """

    width_max: float = 1 / SCALE
    height_max: float = 0.42


def problem(scene: Scene, limits: Limits) -> str | None:
    """Go back."""
    high, wide = scene.rgb.shape[:2]
    close = scene.face.w / WIDER > wide * limits.width_max or scene.face.h > high * limits.height_max
    return "too_close" if close else None
