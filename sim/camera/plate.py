"""A plate: one real person from a photograph, framed as the terminal's camera would, with the
measured mesh and eyes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from PIL import Image, ImageFilter

from edge.drivers.vision.nets import mesh
from edge.drivers.vision.nets.blazeface import Face
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from sim.camera.pixels import HEIGHT, WIDTH, Floats, Rgb

FINE = 2  # texture pixels per shot pixel
FACE_WIDTH = 150.0  # of the detector's box in a shot: a person at arm's length
FACE_AT = (320.0, 238.0)
REFINE = 3
EDGE_PX = 5.0  # a panel's edge is out of focus
SIDE_MARGIN = 0.12  # of the neighbour's box, covered by the privacy screen too


class Screens(Struct, frozen=True, eq=False):
    """Frosted panels beside the person, as at a counter. cover: HxWx1, 0 open .. 1 panel; light:
    HxWx3.
    """

    cover: Floats
    light: Floats

    def before(self, light: Floats) -> Floats:
        """The scene with the panels in front."""
        return np.asarray(light + (self.light - light) * self.cover, dtype=np.float32)


class Plate(Struct, frozen=True, eq=False):
    """texture: rgb at FINE x the shot. screen: the privacy screens in front, in the shot. face,
    points (468x3) and eyes (two 16x2 lid contours) in shot pixels.
    """

    texture: Rgb
    screen: Screens
    face: Face
    points: Floats
    eyes: tuple[Floats, Floats]
    pose: mesh.Pose


def read(photo: Path) -> Image.Image:
    """A photograph."""
    with Image.open(photo) as picture:
        return picture.convert("RGB")


def frame(
    picture: Image.Image, box: tuple[float, float, float], face_width: float = FACE_WIDTH
) -> tuple[Rgb, Floats]:
    """The texture around a face (x, y, side) and the 2x3 matrix from photograph pixels to shot
    pixels. The photograph's edge is never passed where it can be avoided: the person then
    stands a little off centre.
    """
    scale = face_width / box[2]
    high, wide = HEIGHT / scale, WIDTH / scale
    left = _inside(box[0] + box[2] / 2 - FACE_AT[0] / scale, wide, picture.width)
    top = _inside(box[1] + box[2] / 2 - FACE_AT[1] / scale, high, picture.height)
    step = 1 / (scale * FINE)
    size = (WIDTH * FINE, HEIGHT * FINE)
    if step > 1:
        picture = picture.filter(ImageFilter.GaussianBlur(0.35 * step))
    texture = picture.transform(
        size,
        Image.Transform.AFFINE,
        (step, 0, left, 0, step, top),
        Image.Resampling.BICUBIC,
    )
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
    return np.asarray(texture), matrix


def _inside(low: float, extent: float, limit: float) -> float:
    return min(max(low, 0.0), max(0.0, limit - extent))


def screens(shot: Rgb, faces: list[Face], mine: Face) -> Screens:
    """Panels where they hide other people's faces."""
    left, right = -2.0 * EDGE_PX, WIDTH + 2.0 * EDGE_PX
    for other in faces:
        if other.x + other.w / 2 < mine.x:
            left = max(left, other.x + other.w * (1 + SIDE_MARGIN))
        elif other.x + other.w / 2 > mine.x + mine.w:
            right = min(right, other.x - other.w * SIDE_MARGIN)
    left, right = min(left, mine.x - 0.35 * mine.w), max(right, mine.x + 1.35 * mine.w)
    x = np.arange(WIDTH, dtype=np.float32)
    cover = np.clip(np.maximum(left - x, x - right) / EDGE_PX + 0.5, 0, 1)
    tone = np.median(shot.reshape(-1, 3), axis=0) * 0.5 + 75.0
    shade = 1.0 - 0.12 * np.arange(HEIGHT, dtype=np.float32) / HEIGHT
    light = np.broadcast_to(tone * shade[:, None, None], (HEIGHT, WIDTH, 3))
    return Screens(
        np.broadcast_to(cover[None, :, None], (HEIGHT, WIDTH, 1)), np.asarray(light, np.float32)
    )


NO_SCREENS = Screens(np.zeros((1, 1, 1), np.float32), np.zeros((1, 1, 3), np.float32))


class Spot(Struct, frozen=True):
    """Where a person is in a photograph: role of the picture, middle and width of the face in
    its pixels. white: gains that take the photograph's own colour cast away. leaning_deg: how the line of
    the eyes leans in the photograph; the person is framed upright.
    """

    picture: str
    x: float
    y: float
    width: float
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    leaning_deg: float = 0.0


def make(photo: Path, spot: Spot, sight: Sight, *, screened: bool = True) -> Plate:
    """The person at `spot` as a plate. E-VIS-06 when no face is seen there."""
    picture = upright(read(photo), spot)
    box = (spot.x - spot.width / 2, spot.y - spot.width / 2, spot.width)
    for _ in range(REFINE):  # the detector is precise only at the size of a shot
        texture, matrix = frame(picture, box)
        mine = _near(sight, shot_of(texture), matrix @ (spot.x, spot.y, 1.0))
        scale = float(matrix[0, 0])
        box = (
            (mine.x - float(matrix[0, 2])) / scale,
            (mine.y - float(matrix[1, 2])) / scale,
            mine.w / scale,
        )
    texture, matrix = frame(picture, box)
    texture = np.asarray(np.clip(texture * np.array(spot.white), 0, 255), dtype=np.uint8)
    at = matrix @ (spot.x, spot.y, 1.0)
    shot, hidden, panels = shot_of(texture), list[Face](), NO_SCREENS
    # beside a hidden face the detector may then see another
    for _ in range(REFINE if screened else 0):
        mine = _near(sight, shot, at)
        others = [f for f in sight.faces(shot) if abs(f.x - mine.x) > mine.w / 2]
        if not others:
            break
        hidden += others
        panels = screens(shot_of(texture), hidden, mine)
        shot = panels.before(shot_of(texture).astype(np.float32)).astype(np.uint8)
    face = _near(sight, shot, at)
    shape = sight.shape(shot, face)
    lines = sight.lid_lines(shot, shape)
    return Plate(texture, panels, face, shape.points, lines, mesh.pose(shape))


def upright(picture: Image.Image, spot: Spot) -> Image.Image:
    """The photograph turned about a face that leans."""
    if not spot.leaning_deg:
        return picture
    wall = tuple(int(v) for v in np.median(np.asarray(picture).reshape(-1, 3), axis=0))
    return picture.rotate(spot.leaning_deg, Image.Resampling.BICUBIC, center=(spot.x, spot.y), fillcolor=wall)


def light_of(texture: Rgb) -> Floats:
    """The texture at the size of a shot: each shot pixel the mean of its FINE x FINE."""
    assert FINE == 2
    four = [texture[y::FINE, x::FINE] for y in range(FINE) for x in range(FINE)]
    total = four[0].astype(np.uint16) + four[1] + four[2] + four[3]
    return np.asarray(total, dtype=np.float32) / FINE**2


def shot_of(texture: Rgb) -> Rgb:
    """`light_of` as a picture."""
    return light_of(texture).astype(np.uint8)


def _near(sight: Sight, shot: Rgb, at: Floats) -> Face:
    faces = sight.faces(shot)
    if not faces:
        raise EdgeError("E-VIS-06", "the photographed face is not seen", "choose another spot")
    return min(faces, key=lambda f: abs(f.x + f.w / 2 - at[0]) + abs(f.y + f.h / 2 - at[1]))
