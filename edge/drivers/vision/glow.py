"""The light that each region of the face returns, linear, as the checks of the controlled light
need it (`core.liveness.regions`): the mean of a small patch around each point of the mesh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.core.liveness.regions import REGIONS
from edge.drivers.vision.mesh import LEFT_CHEEK, RIGHT_CHEEK

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.mesh import Mesh

PATCH = 0.045  # of the width between the cheeks, to each side: 6 px of a face of 130
REACH_MAX = 12  # px, whatever the face's size
POINTS = np.array([region.point for region in REGIONS])


def _linear() -> Floats:
    """The light of a value of the shot (sRGB, which the cameras' JPEG and MJPEG are)."""
    value = np.arange(256, dtype=np.float32) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004


LINEAR = _linear().astype(np.float32)


def measure(rgb: Rgb, mesh: Mesh) -> tuple[float, ...]:
    """Red, green, blue of every region, 0..1; () where a region lies outside the shot."""
    points = mesh.points[POINTS, :2]
    across = mesh.points[LEFT_CHEEK, :2] - mesh.points[RIGHT_CHEEK, :2]
    reach = min(REACH_MAX, max(1, round(PATCH * float(np.hypot(*across)))))
    at = np.rint(points).astype(np.int64)
    high, wide = rgb.shape[:2]
    if (at < reach).any() or (at[:, 0] >= wide - reach).any() or (at[:, 1] >= high - reach).any():
        return ()
    step = np.arange(-reach, reach + 1)
    rows = at[:, 1, None, None] + step[None, :, None]
    columns = at[:, 0, None, None] + step[None, None, :]
    mean = LINEAR[rgb[rows, columns]].mean(axis=(1, 2))
    return tuple(float(v) for v in mean.ravel())
