"""What a camera with more eyes would see: infrared under its own lamp, and depth in mm. Physics in
the small: a face falls off with distance, a screen gives no infrared, a sheet has the depth of a
sheet. Of the person on a plate; numpy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.camera.pixels import HEIGHT, WIDTH, Floats
from sim.camera.plate import Plate, shot_of

FACE_MM = 140.0  # from cheek to cheek
AWAY_MM = 520.0  # of the plane of the cheeks
WALL_MM = 1_800.0
CHEEKS = (234, 454)
NEAREST = 6  # points of the mesh that carry a pixel
HALF = 2  # a depth camera has half the resolution
NOISE_MM, HOLES = 2.0, 0.06
SKIN_IR, PAPER_IR, GLASS_IR, ROOM_IR = 0.55, 0.75, 0.015, 0.08  # reflected light of the lamp
INK_IR = 0.5  # how much of the ink's contrast is left in infrared


def head_depth(plate: Plate, seed: int = 1) -> NDArray[np.uint16]:
    """The head itself, by its measured mesh."""
    mm = FACE_MM / float(np.hypot(*(plate.points[CHEEKS[0], :2] - plate.points[CHEEKS[1], :2])))
    level = float(plate.points[list(CHEEKS), 2].mean())
    y, x = np.mgrid[0:HEIGHT:HALF, 0:WIDTH:HALF].astype(np.float32)
    return _measured(_spread(plate, x, y, (plate.points[:, 2] - level) * mm), seed)


def sheet_depth(plate: Plate, seed: int = 2, tilt_deg: float = 15.0, bend_mm: float = 0.0) -> NDArray[np.uint16]:
    """A sheet in the place of the head: tilted, and bent by `bend_mm` at its edges."""
    f = plate.face
    mm = FACE_MM / f.w
    y, x = np.mgrid[0:HEIGHT:HALF, 0:WIDTH:HALF].astype(np.float32)
    across, down = (x - f.x - f.w / 2) * mm, (y - f.y - f.h / 2) * mm
    inside = (abs(across) < FACE_MM) & (abs(down) < FACE_MM * 1.3)
    sheet = across * np.tan(np.radians(tilt_deg)) + bend_mm * (across / FACE_MM * 2) ** 2
    return _measured(np.where(inside, AWAY_MM + sheet, WALL_MM).astype(np.float32), seed)


def skin_ir(plate: Plate, seed: int = 3) -> NDArray[np.uint8]:
    """The person under an infrared lamp: skin is light whatever its colour, the wall far away."""
    red = shot_of(plate.texture)[:, :, 0].astype(np.float32) / 255.0
    return _exposed(ROOM_IR + _near(plate) * SKIN_IR * red**0.5, seed)


def screen_ir(plate: Plate, seed: int = 4) -> NDArray[np.uint8]:
    """A tablet that shows the person: dark glass in a dim room."""
    return _exposed(ROOM_IR + (GLASS_IR - ROOM_IR) * _near(plate), seed)


def print_ir(plate: Plate, seed: int = 5) -> NDArray[np.uint8]:
    """The person on paper: much of the ink stays, so infrared alone does not stop a print."""
    red = shot_of(plate.texture)[:, :, 0].astype(np.float32) / 255.0
    return _exposed(ROOM_IR + _near(plate) * PAPER_IR * (1 - INK_IR + INK_IR * red), seed)


def _near(plate: Plate) -> Floats:
    """1 where the head (or the thing in its place) is, soft towards the wall."""
    f = plate.face
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    r = np.hypot((x - f.x - f.w / 2) / (0.95 * f.w), (y - f.y - 0.45 * f.h) / (1.15 * f.h))
    return np.asarray(np.clip((1.1 - r) / 0.2, 0, 1), dtype=np.float32)


def _spread(plate: Plate, x: Floats, y: Floats, z_mm: Floats) -> Floats:
    """Depth of every pixel from the mesh's points: the nearest ones, weighted."""
    out = np.full(x.shape, WALL_MM, np.float32)
    f = plate.face
    rows = (y[:, 0] > f.y - 0.3 * f.h) & (y[:, 0] < f.y + 1.2 * f.h)
    columns = (x[0] > f.x) & (x[0] < f.x + f.w)
    box = np.ix_(rows, columns)
    at = np.stack([x[box].ravel(), y[box].ravel()], axis=1)
    far = np.hypot(at[:, :1] - plate.points[:, 0], at[:, 1:] - plate.points[:, 1])
    near = np.argpartition(far, NEAREST, axis=1)[:, :NEAREST]
    weight = 1.0 / (np.take_along_axis(far, near, axis=1) + 0.5) ** 2
    depth = (z_mm[near] * weight).sum(axis=1) / weight.sum(axis=1)
    inside = far.min(axis=1) < 0.12 * f.w
    out[box] = np.where(inside, AWAY_MM + depth, WALL_MM).reshape(x[box].shape)
    return out


def _measured(depth: Floats, seed: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    noisy = depth + rng.normal(0, NOISE_MM, depth.shape)
    noisy[rng.random(depth.shape) < HOLES] = 0
    return np.asarray(np.clip(noisy, 0, 65_535), dtype=np.uint16)


def _exposed(light: Floats, seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 1.5, light.shape)
    return np.asarray(np.clip(light * 255 + noise, 0, 255), dtype=np.uint8)
