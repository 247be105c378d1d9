"""What more eyes see of the face: is it there in infrared, and does its nose stand out?

A screen shows no face in infrared light: it is dark there, whatever it shows. A print, flat or bent,
has no nose in depth: what stands out against any smooth sheet through the face around it. A
mask of resin has both; neither eye says that skin is alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.drivers.vision.nets.blazeface import Detector, Face
    from edge.drivers.vision.nets.mesh import Mesh

NOT_MEASURED = -1.0
SAME_PLACE = 0.4  # intersection over union of the face in both lights
DARK_SHARE = 0.04  # mean infrared light of the face, 0..1: less is a sensor's noise
# The flats of the cheeks, the lip and the bridge. On the meshes of six photographed people the nose
# stood out of the quadratic through these by 22..25 mm; with the rim of the face, by 9 below to 25.
AROUND = (117, 346, 50, 280, 205, 425, 36, 266, 164, 168, 187, 411, 123, 352, 119, 348)
NOSE = (1, 4, 5, 195)
AROUND_LEAST, NOSE_LEAST = 12, 2  # points with a depth; fewer say nothing
NEAR_MM, FAR_MM = 150, 1_500  # a face before a terminal
REACH = 0.03  # of a sample, in parts of the face's width


def infrared(detector: Detector, ir: NDArray[np.uint8] | None, wide: int, face: Face) -> float:
    """How sure the detector is of the same face in infrared, 0..1; 0 = none there. `wide`: of the
    colour picture.
    """
    if ir is None:
        return NOT_MEASURED
    k = ir.shape[1] / wide
    box = [int(v * k) for v in (face.y, face.y + face.h, face.x, face.x + face.w)]
    cut = ir[max(0, box[0]) : max(0, box[1]), max(0, box[2]) : max(0, box[3])]
    if cut.size == 0 or float(cut.mean()) / 255.0 < DARK_SHARE:
        return 0.0
    seen = detector.faces(np.repeat(ir[:, :, None], 3, axis=2))
    return max((one.score for one in seen if _overlap(one, face, k) >= SAME_PLACE), default=0.0)


def relief_mm(depth: NDArray[np.uint16] | None, wide: int, face: Face, shape: Mesh) -> float:
    """How far the nose stands out of the smooth (quadratic) sheet through what is around it, in mm
    and never below 0; -1 where too little was measured.
    """
    if depth is None:
        return NOT_MEASURED
    k = depth.shape[1] / wide
    reach = max(1, round(REACH * face.w * k))
    around = _sampled(depth, shape.points[list(AROUND), :2] * k, reach)
    nose = _sampled(depth, shape.points[list(NOSE), :2] * k, reach)
    if len(around) < AROUND_LEAST or len(nose) < NOSE_LEAST:
        return NOT_MEASURED
    middle, scale = around[:, :2].mean(axis=0), face.w * k / 2
    sheet = np.linalg.lstsq(_terms(around, middle, scale), around[:, 2], rcond=None)[0]
    stands_out = _terms(nose, middle, scale) @ sheet - nose[:, 2]
    return max(0.0, float(np.median(stands_out)))


def _terms(at: NDArray[Any], middle: NDArray[Any], scale: float) -> NDArray[Any]:
    x, y = ((at[:, :2] - middle) / scale).T
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _sampled(depth: NDArray[np.uint16], points: NDArray[Any], reach: int) -> NDArray[Any]:
    """x, y and the median depth about each point that has one."""
    found = []
    for x, y in points:
        left, top = max(0, int(x) - reach), max(0, int(y) - reach)
        cut = depth[top : max(0, int(y) + reach + 1), left : max(0, int(x) + reach + 1)]
        known = cut[(cut >= NEAR_MM) & (cut <= FAR_MM)]
        if known.size:
            found.append((float(x), float(y), float(np.median(known))))
    return np.array(found).reshape(-1, 3)


def _overlap(one: Face, face: Face, k: float) -> float:
    x, y, w, h = face.x * k, face.y * k, face.w * k, face.h * k
    across = max(0.0, min(one.x + one.w, x + w) - max(one.x, x))
    down = max(0.0, min(one.y + one.h, y + h) - max(one.y, y))
    inter = across * down
    return inter / max(one.w * one.h + w * h - inter, 1e-9)
