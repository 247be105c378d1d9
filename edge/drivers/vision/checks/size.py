"""Near enough to be measured: below, an eye is less than 13 px wide at 640 and lids cannot be."""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 30
SAYS = ("too_small",)
STOPS = SAYS


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """width_min: of the shot's width."""

    width_min: float = 0.16


def problem(scene: Scene, limits: Limits) -> str | None:
    """Come closer."""
    return "too_small" if scene.face.w < scene.rgb.shape[1] * limits.width_min else None
