"""The places on a face where light is measured, and how a head turns its skin there.

Each is a point of the 468-point mesh with its place on a face that looks straight ahead (x to the
picture's right, y down, the middle of the cheeks = 0, the width between the cheeks = 1) and `turn`:
the sideways component of the skin's normal over the one towards the camera. Measured: the mean of
the meshes of six photographed people, made symmetric; eyes, lips and the outline are left out.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Region(Struct, frozen=True):
    """One place. `turn` > 0: the skin there faces the person's own left."""

    point: int
    x: float
    y: float
    turn: float


_MEASURED: Final = (
    # mesh point, x, y, turn
    (1, 0.000, 0.264, 0.00), (151, 0.000, -0.330, 0.00),
    (199, 0.000, 0.643, 0.00), (5, 0.000, 0.152, 0.00),
    (168, 0.000, -0.088, 0.00), (2, 0.000, 0.294, 0.00),
    (50, -0.364, 0.159, -2.12), (280, 0.364, 0.159, 2.12),
    (108, -0.129, -0.333, -0.26), (337, 0.129, -0.333, 0.26),
    (208, -0.088, 0.634, -0.60), (428, 0.088, 0.634, 0.60),
    (60, -0.075, 0.269, -2.70), (290, 0.075, 0.269, 2.70),
    (196, -0.041, 0.049, -1.10), (419, 0.041, 0.049, 1.10),
    (70, -0.427, -0.197, -2.43), (300, 0.427, -0.197, 2.43),
    (135, -0.347, 0.463, -2.02), (364, 0.347, 0.463, 2.02),
    (235, -0.130, 0.251, -2.43), (455, 0.130, 0.251, 2.43),
    (223, -0.274, -0.163, -0.32), (443, 0.274, -0.163, 0.32),
    (119, -0.246, 0.062, -0.38), (348, 0.246, 0.062, 0.38),
    (206, -0.239, 0.282, -0.74), (426, 0.239, 0.282, 0.74),
    (131, -0.119, 0.184, -2.26), (360, 0.119, 0.184, 2.26),
    (189, -0.097, -0.086, -0.91), (413, 0.097, -0.086, 0.91),
    (104, -0.346, -0.326, -1.40), (333, 0.346, -0.326, 1.40),
    (45, -0.043, 0.217, -0.98), (275, 0.043, 0.217, 0.98),
    (170, -0.227, 0.577, -1.55), (395, 0.227, 0.577, 1.55),
    (35, -0.423, -0.062, -1.71), (265, 0.423, -0.062, 1.71),
    (43, -0.213, 0.445, -0.87), (273, 0.213, 0.445, 0.87),
)
REGIONS: Final = tuple(Region(*row) for row in _MEASURED)
CHANNELS: Final = 3
GLOW_NUMBERS: Final = len(REGIONS) * CHANNELS  # of one shot: red green blue of every region
