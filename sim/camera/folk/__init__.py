"""People whom nobody is: synthetic faces, each made of two or three of the photographed ones.

The eyes of one, the mouth of another, the nose between them, on the head and in the light of a third,
and all of it pulled to proportions that none of them has (width, jaw, chin, nose, eyes, brows, mouth).
Points and depth are mixed as the pictures are. Nobody real looks like this: they are blends.

Of some 650 drawn recipes these are kept: the template net takes each for somebody else than all others
and than those in the photographs (`python -m sim.camera folk` prints how far), knows each turned, and the
anti-spoof net is not against them when they stand there bare. So what that net makes of bona fide people
is better here than in the world.

`t01`.. are made of the people on whom limits may be chosen (`TRAIN`) and are such people themselves;
`s01`.. are made of others, `u01`.., `v01`.., `w01`.. and `x01`.. of those and three more: each row was drawn after the one before
had been counted, and nobody had seen it when the limits of its own count were chosen. Never of both, so that a
figure stays told of people whom no limit saw. `c01`.. (`CROWD`) are of the first kind too: drawn, not chosen, to
measure how heads differ.
A name is a recipe: the same name is the same person, to the byte.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from edge.drivers.vision.nets import mesh
from edge.drivers.vision.nets.mesh import CHIN, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from sim.camera.folk import graft, hair, warp
from sim.camera.pixels import WIDTH, Floats, Rgb
from sim.camera.plate import Plate, Screens, shot_of

PARTS: Final[dict[str, tuple[int, ...]]] = {
    "eyes": (
        33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
        263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466,
        46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336,
    ),
    "nose": (1, 2, 4, 5, 6, 19, 45, 48, 64, 94, 97, 98, 115, 168, 195, 197, 220, 275, 278, 294, 326, 327, 344, 440),
    "mouth": (
        61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
        78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    ),
}  # fmt: skip
FORM: Final = 0.8  # of the way from the head's own form to that of another
REACH: Final = 0.055  # of the width between the cheeks: how softly one part passes into the next


class Shape(Struct, frozen=True):
    """How proportions differ from the blend's, in parts of the width between the cheeks (or ratios)."""

    width: float
    jaw: float
    chin: float
    nose_long: float
    nose_wide: float
    nose_out: float
    eyes_apart: float
    eyes_high: float
    eyes_size: float
    brows: float
    mouth_wide: float
    mouth_low: float
    lips: float


SPREAD: Final = Shape(
    width=0.10, jaw=0.12, chin=0.09, nose_long=0.06, nose_wide=0.26, nose_out=0.05, eyes_apart=0.038,
    eyes_high=0.035, eyes_size=0.14, brows=0.035, mouth_wide=0.16, mouth_low=0.04, lips=0.25,
)  # fmt: skip  # the most that is added or taken away


class Recipe(Struct, frozen=True):
    """Who gives what: the head and its light, then eyes, nose, mouth, and the form of the whole; mirrored:
    the head's picture is turned about; brows: log, lighter or darker; beard: 0 none .. 1 full.
    """

    head: str
    eyes: str
    nose: str
    mouth: str
    form: str
    seed: int
    mirrored: bool = False
    brows: float = 0.0
    beard: float = 0.0


TRAIN: Final = ("p1", "p2", "p3")  # photographed: limits may be chosen on them
TEST: Final = ("p4", "p5", "p6")
MORE_TRAIN: Final = ("p7", "p8", "p9")
ASIDE: Final = ("p9",)  # by 25 degrees, the others by 18 at most: gives parts, and is not measured
MORE_TEST: Final = ("p10", "p11", "p12")
RECIPES: Final[dict[str, Recipe]] = {  # head, eyes, nose, mouth, form
    "t01": Recipe("p1", "p2", "p1", "p3", "p1", 781, mirrored=True, brows=-0.3),
    "t02": Recipe("p2", "p1", "p1", "p3", "p1", 856, mirrored=True),
    "t03": Recipe("p3", "p1", "p2", "p2", "p2", 38, beard=0.6),
    "t04": Recipe("p1", "p2", "p1", "p2", "p2", 139, brows=-0.3),
    "t05": Recipe("p3", "p2", "p2", "p1", "p2", 230, brows=-0.3),
    "t06": Recipe("p3", "p1", "p2", "p3", "p2", 487, brows=-0.3),
    "t07": Recipe("p1", "p2", "p3", "p2", "p1", 326, brows=0.3),
    "t08": Recipe("p2", "p3", "p1", "p1", "p3", 352, mirrored=True),
    "t09": Recipe("p2", "p3", "p3", "p1", "p3", 791, mirrored=True),
    "t10": Recipe("p1", "p3", "p2", "p1", "p2", 349, brows=-0.3),
    "t11": Recipe("p3", "p1", "p2", "p2", "p1", 901, brows=0.3),
    "t12": Recipe("p2", "p1", "p3", "p3", "p3", 145, brows=-0.3),
    "s01": Recipe("p4", "p5", "p5", "p6", "p6", 436, beard=0.3),
    "s02": Recipe("p6", "p5", "p4", "p6", "p5", 669, beard=0.3),
    "s03": Recipe("p5", "p4", "p6", "p6", "p4", 696, mirrored=True, beard=0.9),
    "s04": Recipe("p6", "p4", "p4", "p5", "p5", 250, brows=0.6, beard=0.3),
    "s05": Recipe("p4", "p6", "p5", "p5", "p6", 934),
    "s06": Recipe("p6", "p4", "p5", "p5", "p5", 804, mirrored=True),
    "s07": Recipe("p4", "p6", "p6", "p5", "p6", 671, brows=0.3),
    "s08": Recipe("p4", "p5", "p5", "p6", "p6", 100, brows=0.6, beard=0.6),
    "s09": Recipe("p6", "p4", "p6", "p4", "p4", 762),
    "s10": Recipe("p5", "p6", "p6", "p4", "p6", 537, brows=-0.3),
    "s11": Recipe("p6", "p5", "p6", "p4", "p4", 526, mirrored=True, brows=-0.3, beard=0.6),
    "s12": Recipe("p4", "p6", "p6", "p6", "p5", 258, brows=-0.3),
    "s13": Recipe("p4", "p5", "p4", "p5", "p5", 836),
    "s14": Recipe("p6", "p4", "p5", "p4", "p5", 921, mirrored=True, brows=-0.3),
    "s15": Recipe("p6", "p5", "p4", "p6", "p4", 35, mirrored=True),
    "s16": Recipe("p5", "p4", "p6", "p4", "p5", 342, mirrored=True, brows=0.3),
    "u01": Recipe("p6", "p10", "p5", "p10", "p5", 13, mirrored=True, brows=0.3),
    "u02": Recipe("p12", "p5", "p6", "p11", "p11", 471),
    "u03": Recipe("p5", "p12", "p6", "p12", "p5", 794, mirrored=True, brows=0.3, beard=0.6),
    "u04": Recipe("p6", "p11", "p4", "p6", "p6", 592, brows=0.3),
    "u05": Recipe("p12", "p11", "p12", "p6", "p6", 131, mirrored=True, brows=-0.3),
    "u06": Recipe("p5", "p10", "p10", "p6", "p4", 906, mirrored=True, brows=0.3),
    "u07": Recipe("p12", "p10", "p10", "p11", "p11", 845, mirrored=True, beard=0.3),
    "u08": Recipe("p4", "p4", "p4", "p10", "p12", 985, brows=0.6, beard=0.3),
    "u09": Recipe("p12", "p10", "p10", "p6", "p4", 534),
    "u10": Recipe("p12", "p6", "p12", "p5", "p10", 332, mirrored=True),
    "u11": Recipe("p11", "p12", "p11", "p6", "p6", 883, beard=0.3),
    "u12": Recipe("p12", "p11", "p10", "p6", "p10", 711, mirrored=True, beard=0.3),
    "u13": Recipe("p12", "p12", "p4", "p12", "p6", 188, mirrored=True, brows=0.3, beard=0.6),
    "u14": Recipe("p11", "p10", "p5", "p10", "p6", 403, brows=0.6, beard=0.6),
    "u15": Recipe("p12", "p4", "p4", "p10", "p5", 640, mirrored=True, brows=0.3, beard=0.6),
    "u16": Recipe("p11", "p12", "p6", "p12", "p12", 727, brows=0.6),
    "v01": Recipe("p5", "p11", "p4", "p4", "p12", 769, mirrored=True, brows=0.3, beard=0.3),
    "v02": Recipe("p11", "p6", "p5", "p10", "p5", 915, mirrored=True, brows=-0.3),
    "v03": Recipe("p11", "p12", "p6", "p12", "p11", 802),
    "v04": Recipe("p6", "p10", "p11", "p4", "p10", 270, brows=0.6),
    "v05": Recipe("p6", "p12", "p6", "p11", "p6", 916, brows=-0.3),
    "v06": Recipe("p6", "p12", "p6", "p4", "p10", 123),
    "v07": Recipe("p6", "p5", "p11", "p5", "p4", 835),
    "v08": Recipe("p5", "p11", "p6", "p10", "p10", 717, mirrored=True, beard=0.3),
    "v09": Recipe("p11", "p6", "p11", "p5", "p11", 248, brows=0.3, beard=0.3),
    "v10": Recipe("p12", "p4", "p6", "p12", "p11", 424, brows=-0.3),
    "v11": Recipe("p11", "p12", "p5", "p10", "p10", 632, brows=0.3),
    "v12": Recipe("p12", "p12", "p11", "p4", "p6", 171, mirrored=True, brows=0.3),
    "v13": Recipe("p12", "p4", "p10", "p11", "p6", 10, mirrored=True, brows=-0.3, beard=0.3),
    "v14": Recipe("p12", "p12", "p11", "p5", "p12", 80, mirrored=True, brows=-0.3),
    "v15": Recipe("p6", "p11", "p6", "p6", "p12", 34, mirrored=True, brows=0.3, beard=0.3),
    "v16": Recipe("p5", "p5", "p6", "p4", "p10", 904, mirrored=True),
    "v17": Recipe("p6", "p4", "p5", "p11", "p4", 312, brows=0.3, beard=0.6),
    "v18": Recipe("p4", "p10", "p4", "p10", "p4", 31, brows=0.3),
    "w01": Recipe("p4", "p6", "p12", "p11", "p6", 463, brows=0.3, beard=0.3),
    "w02": Recipe("p4", "p12", "p12", "p12", "p11", 62, brows=-0.3),
    "w03": Recipe("p4", "p10", "p5", "p5", "p5", 665, brows=0.3, beard=0.6),
    "w04": Recipe("p12", "p6", "p6", "p11", "p5", 312, brows=0.6),
    "w05": Recipe("p11", "p10", "p12", "p5", "p11", 803, mirrored=True, brows=-0.3, beard=0.3),
    "w06": Recipe("p11", "p12", "p6", "p10", "p11", 97, brows=-0.3, beard=0.6),
    "w07": Recipe("p11", "p10", "p12", "p5", "p10", 342, mirrored=True, brows=0.6),
    "w08": Recipe("p6", "p10", "p10", "p12", "p12", 108, mirrored=True, brows=-0.3, beard=0.3),
    "w09": Recipe("p5", "p5", "p10", "p10", "p12", 480, brows=0.3, beard=0.6),
    "w10": Recipe("p11", "p12", "p5", "p6", "p10", 601, mirrored=True, brows=-0.3, beard=0.6),
    "w11": Recipe("p6", "p4", "p11", "p6", "p10", 79, mirrored=True),
    "w12": Recipe("p5", "p11", "p5", "p12", "p12", 544, mirrored=True, brows=-0.3),
    "w13": Recipe("p4", "p12", "p12", "p10", "p5", 325, brows=0.3),
    "w14": Recipe("p6", "p4", "p11", "p11", "p6", 719, brows=0.6, beard=0.3),
    "w15": Recipe("p12", "p4", "p4", "p6", "p4", 417, mirrored=True, brows=-0.3, beard=0.6),
    "w16": Recipe("p4", "p11", "p10", "p5", "p10", 452, brows=-0.3),
    "w17": Recipe("p11", "p10", "p6", "p4", "p6", 886, mirrored=True),
    "w18": Recipe("p5", "p6", "p4", "p10", "p4", 962, brows=0.3, beard=0.6),
    "x01": Recipe("p11", "p6", "p10", "p10", "p6", 854, mirrored=True, brows=0.3, beard=0.9),
    "x02": Recipe("p11", "p6", "p12", "p5", "p5", 444, mirrored=True, brows=0.6),
    "x03": Recipe("p5", "p5", "p6", "p12", "p11", 320, mirrored=True, brows=-0.3),
    "x04": Recipe("p11", "p5", "p5", "p5", "p10", 635, brows=0.3),
    "x05": Recipe("p12", "p5", "p6", "p11", "p4", 636, brows=-0.3, beard=0.3),
    "x06": Recipe("p6", "p4", "p4", "p5", "p6", 69, brows=0.6, beard=0.6),
    "x07": Recipe("p6", "p11", "p5", "p12", "p5", 760, brows=-0.3, beard=0.9),
    "x08": Recipe("p11", "p5", "p6", "p11", "p5", 489, mirrored=True, brows=0.3, beard=0.6),
    "x09": Recipe("p5", "p6", "p5", "p6", "p11", 39, brows=0.6),
    "x10": Recipe("p11", "p11", "p6", "p5", "p5", 172, mirrored=True, brows=0.6, beard=0.3),
    "x11": Recipe("p6", "p4", "p10", "p10", "p6", 213, mirrored=True),
    "x12": Recipe("p6", "p4", "p6", "p11", "p6", 353, mirrored=True, brows=0.6),
    "x13": Recipe("p4", "p6", "p5", "p4", "p10", 602, brows=0.6, beard=0.9),
    "x14": Recipe("p4", "p5", "p10", "p12", "p11", 703),
    "x15": Recipe("p4", "p4", "p12", "p10", "p11", 492, brows=0.3),
    "x16": Recipe("p4", "p4", "p12", "p6", "p12", 585, brows=0.6),
    "x17": Recipe("p12", "p6", "p6", "p5", "p5", 575, brows=0.3, beard=0.3),
    "x18": Recipe("p6", "p12", "p12", "p11", "p5", 515, beard=0.6),
}
NAMES: Final = tuple(RECIPES)
CROWD: Final = tuple(f"c{number:02d}" for number in range(1, 31))  # drawn of TRAIN, and nobody chose among them
MORE_CROWD: Final = tuple(f"c{number:02d}" for number in range(31, 61))  # of MORE_TRAIN too, who give the heads
# To be counted: drawn of TEST and MORE_TEST, and nobody chose among them but the gates (a neighbour's face in the
# head's photograph) and the bare anti-spoof net, who are against these:
LEFT_OUT: Final = frozenset({1, 5, 10, 18, 20, 23, 26, 33, 35, 39, 44, 48, 56, 64, 73, 75})
STRANGERS: Final = tuple(f"y{number:02d}" for number in range(1, 100) if number not in LEFT_OUT)[:60]


def _pools(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who may give the head, and who the rest."""
    if name in STRANGERS:
        return TEST + MORE_TEST[1:], TEST + MORE_TEST  # the anti-spoof net is against the first's head
    return (TRAIN, TRAIN) if name in CROWD else (MORE_TRAIN, TRAIN + MORE_TRAIN)


def _drawn(name: str) -> Recipe:
    """One of the crowd: to measure how heads differ, whatever the networks think of them; or a stranger."""
    dice = random.Random(f"{name} of the crowd")
    heads, givers = _pools(name)
    head, eyes, nose, mouth, form = (dice.choice(pool) for pool in (heads, *(givers,) * 4))
    return Recipe(
        head, eyes, nose, mouth, form, dice.randrange(1 << 20), mirrored=dice.random() < 0.5,
        brows=dice.choice((-0.3, 0.0, 0.3, 0.6)), beard=dice.choice((0.0, 0.0, 0.3, 0.6)),
    )  # fmt: skip


MADE: Final = RECIPES | {name: _drawn(name) for name in CROWD + MORE_CROWD + STRANGERS}  # everybody who is in no photograph


def head_of(name: str) -> str:
    """Whose photograph somebody's head is of: their own, or that of the recipe."""
    return MADE[name].head if name in MADE else name


def named(first: str) -> tuple[str, ...]:
    """Those whose names begin so."""
    return tuple(name for name in NAMES if name.startswith(first))


def shape_of(seed: int) -> Shape:
    """Proportions, drawn: far from the middle rather than near it, for people should differ."""
    dice = random.Random(f"{seed} of a shape")
    drawn = {}
    for name in Shape.__struct_fields__:
        size = dice.uniform(0.35, 1.0) * getattr(SPREAD, name)
        drawn[name] = size if dice.random() < 0.5 else -size
    return Shape(**drawn)


def make(recipe: Recipe, plates: Callable[[str], Plate], sight: Sight) -> Plate:
    """The person of a recipe. E-VIS-06 when the networks do not find it."""
    base = plates(recipe.head)
    if recipe.mirrored:
        base = mirrored(base, sight)
    givers = {part: _facing(plates(getattr(recipe, part)), base, sight) for part in PARTS}
    lying = {part: warp.aligned(giver.points, base.points) for part, giver in givers.items()}
    shares = _shares(base.points[:, :2], base.points)
    form = warp.aligned(_facing(plates(recipe.form), base, sight).points, base.points)
    frame = base.points + FORM * (form - base.points)
    mixed = frame * (1 - np.sum(list(shares.values()), axis=0))[:, None]
    for part, share in shares.items():
        mixed = mixed + share[:, None] * lying[part]
    goal = _proportioned(np.asarray(mixed, np.float32), shape_of(recipe.seed))
    texture = graft.painted(graft.pulled(base, goal), givers, goal, _shares)
    texture = hair.haired(texture, goal, recipe.brows, recipe.beard, recipe.seed)
    made = _measured(texture, base.screen, goal[CHIN, :2] * 0.5 + goal[FOREHEAD, :2] * 0.5, sight)
    points = made.points.copy()
    points[:, 2] = goal[:, 2] - goal[:, 2].mean() + points[:, 2].mean()
    return Plate(made.texture, made.screen, made.face, points, made.eyes, made.pose)


def _facing(giver: Plate, base: Plate, sight: Sight) -> Plate:
    """The giver turned to the base's side: what a photograph does not show cannot be given."""
    yaw = base.pose.yaw_deg
    turned = abs(giver.pose.yaw_deg + yaw) < abs(giver.pose.yaw_deg - yaw)
    return mirrored(giver, sight) if turned else giver


def mirrored(plate: Plate, sight: Sight) -> Plate:
    """The picture turned about, and measured again."""
    screen = Screens(plate.screen.cover[:, ::-1], plate.screen.light[:, ::-1])
    at = np.array([WIDTH - 1 - plate.face.x - plate.face.w / 2, plate.face.y + plate.face.h / 2])
    return _measured(np.ascontiguousarray(plate.texture[:, ::-1]), screen, at, sight)


def _measured(texture: Rgb, screen: Screens, at: Floats, sight: Sight) -> Plate:
    """The face at `at` in a picture of somebody, as the networks see it."""
    shot = screen.before(shot_of(texture).astype(np.float32)).astype(np.uint8)
    faces = sight.faces(shot)
    if not faces:
        raise EdgeError("E-VIS-06", "a blended face is not seen", "choose another recipe")
    face = min(faces, key=lambda f: abs(f.x + f.w / 2 - at[0]) + abs(f.y + f.h / 2 - at[1]))
    shape = sight.shape(shot, face)
    return Plate(texture, screen, face, shape.points, sight.lid_lines(shot, shape), mesh.pose(shape))


def _shares(at: Floats, points: Floats) -> dict[str, Floats]:
    """How much of each part a place (Nx2) is; what is left is skin and head."""
    reach = REACH * _wide(points)
    raw = {part: warp.near(at, points[list(ids), :2], reach) for part, ids in PARTS.items()}
    total = np.maximum(sum(raw.values()), 1.0)
    return {part: np.asarray(share / total, np.float32) for part, share in raw.items()}


def _wide(points: Floats) -> float:
    return float(np.linalg.norm(points[LEFT_CHEEK] - points[RIGHT_CHEEK]))


def _proportioned(p: Floats, shape: Shape) -> Floats:
    """The points moved as the shape says; upright frame, smooth bumps."""
    wide = _wide(p)
    down = p[CHIN, :2] - p[FOREHEAD, :2]
    high = float(np.hypot(*down))
    ey = down / high
    ex = np.array([ey[1], -ey[0]])
    middle = (p[FOREHEAD, :2] + p[CHIN, :2]) / 2
    u, v = (p[:, :2] - middle) @ ex / wide, (p[:, :2] - middle) @ ey / high
    du, dv, dz = shape.width * u, np.zeros_like(v), np.zeros_like(v)

    def bump(ids: tuple[int, ...], across: float, along: float) -> Floats:
        cu, cv = u[list(ids)].mean(), v[list(ids)].mean()
        return np.asarray(np.exp(-0.5 * (((u - cu) / across) ** 2 + ((v - cv) / along) ** 2)))

    lower = 1 / (1 + np.exp(-(v - 0.22) / 0.07))
    du = du + shape.jaw * u * lower
    dv = dv + shape.chin * lower * np.clip((v - 0.2) / 0.3, 0, 1)
    tip = bump((1, 2, 4), 0.13, 0.13)
    dv = dv + shape.nose_long * tip
    du = du + shape.nose_wide * u * bump((1, 2, 4), 0.14, 0.10)
    dz = dz - shape.nose_out * bump((1, 4), 0.09, 0.16)
    for side, corners in zip((-1.0, 1.0), hair.EYES, strict=True):
        eye = bump(corners, 0.17, 0.12)
        du = du + side * shape.eyes_apart * eye
        dv = dv + shape.eyes_high * eye
        cu, cv = u[list(corners)].mean(), v[list(corners)].mean()
        near = bump(corners, 0.11, 0.07)
        du, dv = du + shape.eyes_size * (u - cu) * near, dv + shape.eyes_size * (v - cv) * near
        brow = bump(hair.BROWS[:10] if side < 0 else hair.BROWS[10:], 0.15, 0.05)
        dv = dv + shape.brows * brow
    mouth = bump((13, 14), 0.20, 0.09)
    du = du + shape.mouth_wide * u * mouth
    dv = dv + shape.mouth_low * bump((13, 14), 0.22, 0.14)
    dv = dv + shape.lips * (v - v[[13, 14]].mean()) * bump((13, 14), 0.2, 0.06)
    out = p.astype(np.float64)
    out[:, :2] += wide * (du[:, None] * ex + dv[:, None] * ey)
    out[:, 2] += wide * dz
    return np.asarray(out, np.float32)


