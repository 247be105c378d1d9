"""Facing the camera: anti-spoof net and template both want frontal faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from edge.drivers.vision.checks import Scene
from edge.drivers.vision.nets.mesh import LEFT_OUTER, RIGHT_OUTER

if TYPE_CHECKING:
    from edge.drivers.vision.nets.mesh import Mesh, Pose

AT = 90
SAYS = ("turned",)
NEEDS_MESH = True


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """turned_deg: of yaw, the larger of what depth and what parallax say. leaning_deg: of the line
    of the eyes; the anti-spoof net sees the face as it lies in the shot, and the lamps stand left and right of it.
    """

    turned_deg: float = 14.0
    leaning_deg: float = 20.0


def problem(scene: Scene, limits: Limits) -> str | None:
    """Face the screen."""
    assert scene.pose is not None, "asked with the mesh"
    assert scene.shape is not None, "asked with the mesh"
    upright = abs(roll_deg(scene.shape)) <= limits.leaning_deg
    return None if upright and frontal(scene.pose, limits) else "turned"


def frontal(pose: Pose, limits: Limits) -> bool:
    """Whether the face looks at us."""
    return max(abs(pose.depth_yaw_deg), abs(pose.yaw_deg)) <= limits.turned_deg


def roll_deg(shape: Mesh) -> float:
    """How the line of the eyes leans."""
    along = shape.points[LEFT_OUTER, :2] - shape.points[RIGHT_OUTER, :2]
    return float(np.degrees(np.arctan2(along[1], along[0])))
