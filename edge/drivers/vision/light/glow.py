"""The light that each region of the face returns, linear, as the checks of the controlled light
need it (`core.liveness.regions`): the mean of a small patch around each point of the mesh.

A window is cut where the point lies and not at the nearest pixel: in a bright room the half pixel that it
would jump from shot to shot moves as much light over a brow as a lamp adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.core.liveness.regions import REGIONS
from edge.drivers.vision.nets.mesh import LEFT_CHEEK, RIGHT_CHEEK

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.mesh import Mesh

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
    corner = np.floor(points).astype(np.int64)
    high, wide = rgb.shape[:2]
    if (corner < reach).any() or (corner[:, 0] >= wide - reach - 1).any() or (corner[:, 1] >= high - reach - 1).any():
        return ()
    step = np.arange(-reach, reach + 2)
    patch = LINEAR[rgb[corner[:, 1, None, None] + step[:, None], corner[:, 0, None, None] + step]]
    across_of, down_of = (_shares(points[:, axis] - corner[:, axis], len(step)) for axis in (0, 1))
    mean = np.einsum("nyxc,ny,nx->nc", patch, down_of, across_of)
    return tuple(float(v) for v in mean.ravel())


def _shares(parts: Floats, count: int) -> Floats:
    """How much each pixel of a line counts in a window that begins `parts` after the first."""
    out = np.ones((len(parts), count), np.float32)
    out[:, 0], out[:, -1] = 1 - parts, parts
    return out / np.float32(count - 1)
