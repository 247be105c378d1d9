"""FaceMesh: 468 points with depth, and from them where the head points.

Input 192x192 rgb 0..1, the face's box x 1.5 turned upright by the eyes; outputs 468x3 in patch
pixels (z in the same scale, smaller = nearer) and a presence logit. Left and right are the person's
own; yaw > 0 = turned to their own left (the picture's right), pitch > 0 = up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from edge.drivers.vision.crop import square, to_shot

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.blazeface import Face
    from edge.drivers.vision.nets.tflite import Model

ROI = 1.5
POINTS = 468
RIGHT_OUTER, RIGHT_INNER, LEFT_INNER, LEFT_OUTER = 33, 133, 362, 263
RIGHT_CHEEK, LEFT_CHEEK, FOREHEAD, CHIN, NOSE_TIP = 234, 454, 10, 152, 1
MOUTH_RIGHT, MOUTH_LEFT = 61, 291
# The nose tip's sideways affine coordinate between eyes and mouth is this times tan(yaw). Measured
# on real
# photographs (16 faces, -29..+27 degrees): 0.45..0.56; on measured meshes turned in space:
# 0.38..0.48 (less looking up).
PARALLAX_PER_TAN = 0.45
PITCH_LEVEL_DEG = 15.0  # the forehead-chin line of a face that looks straight ahead leans this much


class Mesh(Struct, frozen=True, eq=False):
    """points: 468x3, x y z in shot pixels (z: smaller = nearer). upright: the same in the
    upright patch, where the line of the eyes is level. presence 0..1.
    """

    points: Floats
    upright: Floats
    presence: float


class Pose(Struct, frozen=True):
    """Degrees. `depth_yaw_deg` comes from the network's depth, `parallax_yaw_deg` from how far
    the nose moved against eyes and mouth. A flat sheet, however tilted or slid, keeps the
    second; only a solid head changes both.
    """

    yaw_deg: float
    pitch_deg: float
    depth_yaw_deg: float
    parallax_yaw_deg: float


def fit(model: Model, rgb: Rgb, face: Face) -> Mesh:
    """The mesh of a detected face."""
    right, left = face.points[0], face.points[1]
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    side = max(face.w, face.h) * ROI
    centre = (face.x + face.w / 2, face.y + face.h / 2)
    patch, matrix = square(rgb, centre, side, angle, model.shape[1])
    out = list(model.run(patch.astype(np.float32) / 255.0).values())
    points = next(o for o in out if o.size == POINTS * 3).reshape(POINTS, 3)
    logit = float(next(o for o in out if o.size == 1).reshape(()))
    depth = points[:, 2:] * (side / model.shape[1])
    return Mesh(
        np.concatenate([to_shot(points[:, :2], matrix), depth], axis=1).astype(np.float32),
        points,
        float(1.0 / (1.0 + np.exp(-np.clip(logit, -80, 80)))),
    )


def pose(mesh: Mesh) -> Pose:
    """Where the head points. The smaller of the two yaws counts, and none when they disagree on
    the side.
    """
    p = mesh.upright
    across, up = p[LEFT_CHEEK] - p[RIGHT_CHEEK], p[FOREHEAD] - p[CHIN]
    depth = float(np.degrees(np.arctan2(across[2], across[0])))
    parallax = float(np.degrees(np.arctan(_nose_shift(p[:, :2]) / PARALLAX_PER_TAN)))
    yaw = 0.0 if depth * parallax < 0 else min(depth, parallax, key=abs)
    pitch = float(np.degrees(np.arctan2(up[2], -up[1]))) + PITCH_LEVEL_DEG
    return Pose(yaw, pitch, depth, parallax)


def _nose_shift(p: Floats) -> float:
    """The nose tip's coordinate along the line of the eyes, in the affine frame of eyes and
    mouth: the same for every affine image of a flat picture.
    """
    eyes = (p[RIGHT_OUTER] + p[LEFT_OUTER]) / 2
    frame = np.stack(
        [p[LEFT_OUTER] - p[RIGHT_OUTER], (p[MOUTH_RIGHT] + p[MOUTH_LEFT]) / 2 - eyes], axis=1
    )
    if abs(float(np.linalg.det(frame))) < 1.0:  # px^2: a degenerate fit, no face
        return 0.0
    return float(np.linalg.solve(frame, p[NOSE_TIP] - eyes)[0])
