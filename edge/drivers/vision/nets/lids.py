"""How far the eyes are open, from the contour the iris network draws around each eye.

The face mesh's own eye points hardly follow the lids (closed eyes measured 0.27..0.36 against
0.25..0.41 open); the iris network's do (0.05..0.18 against 0.20..0.29). Input 64x64 rgb 0..1 of a
left eye, a right eye mirrored.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from edge.drivers.vision.crop import square, to_shot
from edge.drivers.vision.nets import mesh as m

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.mesh import Mesh, Pose
    from edge.drivers.vision.nets.tflite import Model

ROI = 2.3  # of the eye's width
CONTOUR = 71 * 3
# lid distance / eye width at which an eye counts as shut (closed ones measured 0.05..0.15)
SHUT_RATIO = 0.11
OPEN_RATIO = 0.24  # of an open one, until this person's own is known
OPEN_LEAST = 0.17
SEEN_MAX = 45  # shots that teach this person's open eye: 3 s
ONE_EYE_DEG = 15.0  # beyond this yaw only the nearer eye is judged


def ratio(model: Model, rgb: Rgb, mesh: Mesh, pose: Pose) -> float:
    """Distance of the lids over the width of the eye."""
    right, left = (_opening(line) for line in lines(model, rgb, mesh))
    if abs(pose.yaw_deg) > ONE_EYE_DEG:
        return right if pose.yaw_deg > 0 else left
    return (right + left) / 2


def lines(model: Model, rgb: Rgb, mesh: Mesh) -> tuple[Floats, Floats]:
    """The lid contours (16x2, shot pixels) of the right and the left eye: 0..8 lower lid from
    corner to corner, 9..15 upper lid.
    """
    right = _line(model, rgb, mesh.points[[m.RIGHT_OUTER, m.RIGHT_INNER], :2], mirrored=True)
    left = _line(model, rgb, mesh.points[[m.LEFT_INNER, m.LEFT_OUTER], :2], mirrored=False)
    return right, left


def _line(model: Model, rgb: Rgb, corners: Floats, *, mirrored: bool) -> Floats:
    along = corners[1] - corners[0]
    centre = corners.mean(axis=0)
    side = max(4.0, float(np.hypot(*along)) * ROI)
    size = model.shape[1]
    patch, matrix = square(
        rgb,
        (float(centre[0]), float(centre[1])),
        side,
        float(np.arctan2(along[1], along[0])),
        size,
    )
    if mirrored:
        patch = patch[:, ::-1]
    out = model.run(patch.astype(np.float32) / 255.0)
    line = next(o for o in out.values() if o.size == CONTOUR).reshape(-1, 3)[:16, :2]
    if mirrored:
        line = np.stack([size - line[:, 0], line[:, 1]], axis=1)
    return to_shot(line, matrix)


def _opening(line: Floats) -> float:
    lids = np.linalg.norm(line[1:8] - line[9:16], axis=1).mean()
    return float(lids / max(float(np.linalg.norm(line[0] - line[8])), 1.0))


class Lids:
    """Turns ratios into 0 (shut) .. 1 (open), learning the open eye of the person in front."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=SEEN_MAX)

    def forget(self) -> None:
        """Another person may come."""
        self._seen.clear()

    def openness(self, ratio_now: float, *, frontal: bool) -> float:
        """0..1. Only frontal shots teach."""
        if frontal:
            self._seen.append(ratio_now)
        wide = OPEN_RATIO
        if len(self._seen) >= 5:  # noqa: PLR2004 - enough that one blink is not the norm
            wide = max(OPEN_LEAST, float(np.percentile(list(self._seen), 75)))
        return float(np.clip((ratio_now - SHUT_RATIO) / (wide - SHUT_RATIO), 0.0, 1.0))
