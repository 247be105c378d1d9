"""In focus and held still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from edge.drivers.vision.checks import Scene

if TYPE_CHECKING:
    from edge.drivers.vision import Floats

AT = 70
SAYS = ("blurred",)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """sharp_min: see `sharpness`; at 11 the cosine to the good shot measured 0.92..0.98."""

    sharp_min: float = 11.0


def problem(scene: Scene, limits: Limits) -> str | None:
    """Hold still."""
    assert scene.patch is not None, "asked after one_face"
    return "blurred" if sharpness(scene.patch) < limits.sharp_min else None


def sharpness(luma: Floats) -> float:
    """Standard deviation of the Laplacian in percent of the face's own contrast, so that light
    does not count.
    """
    lap = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:]
    return float(100.0 * lap.std() / (luma.std() + 8.0))
