"""Contact sheets: clips of a stage, and all that the simulated eye knows: people, tones, ages, hats,
masks, species under the lamps.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PIL import Image, ImageDraw

from edge.drivers.camera.pictures import rgb_of
from sim.camera import clips, measure, padset, plate, visit
from sim.camera.acting import front
from sim.camera.folk import hats
from sim.camera.linear import values
from sim.camera.pixels import HEIGHT, WIDTH, Rgb
from sim.camera.solid import Look, Solid

STRIP_COLUMNS = 8
THUMB = (240, 180)
HEADS = (160, 160)  # a head, cut out of a shot, and its name below
CUT_PX = 320
ACROSS = 10
NAME_PX = 14
SHOWN = ("t01", "t05", "s01", "s04", "s09", "s13", "p2", "p4")  # who wears things in the sheet
MOMENTS = 5  # of a presentation


def strips(folder: Path, target: Path) -> None:
    """Eight shots of every clip."""
    rows = measure.names(folder)
    page = Image.new("RGB", (STRIP_COLUMNS * THUMB[0], len(rows) * THUMB[1]))
    for row, name in enumerate(rows):
        shots = sorted((folder / name).glob("*.jpg"))
        for column in range(STRIP_COLUMNS):
            shot = shots[column * (len(shots) - 1) // (STRIP_COLUMNS - 1)]
            with Image.open(shot) as picture:
                small = picture.resize(THUMB)
            page.paste(small, (column * THUMB[0], row * THUMB[1]))
    page.save(target)


def montage(target: Path) -> None:
    """Everybody, everything that is worn, every species."""
    studio = padset.Studio(clips.sight())
    tiles = [(name, _still(studio.plate(name), Look())) for name in padset.PEOPLE["all"]]
    looks = [(f"tone {tone}", Look(tone)) for tone in visit.TONES]
    looks += [(f"age {age}", Look(age=age, seed=3)) for age in (0.5, 0.75, 1.0)]
    looks += [(hat, Look(hat=hat, seed=seed)) for seed, hat in enumerate(hats.HATS * 2)]
    looks += [(f"{cloth} mask", Look(cloth=cloth)) for cloth in hats.CLOTHS]
    looks += [("glasses", Look(glasses=True)), ("shades", Look(shades=True))]
    tones = itertools.cycle(visit.TONES)
    for who, (said, look) in itertools.product(SHOWN, looks):
        worn = look if said.startswith("tone") else replace(look, tone=next(tones))
        tiles.append((f"{who} {said}", _still(studio.plate(who), worn)))
    for species in visit.kinds():
        tiles += [(f"{species} {n}", shot) for n, shot in enumerate(_moments(species, studio))]
    _page(tiles).save(target)


def _still(made: plate.Plate, look: Look) -> Rgb:
    """The head in the middle."""
    head, room = Solid(made, look), np.ones(3, np.float32)
    pose = front(visit.Person("", made, look, 0.0).habits)(0.0)
    lit = head.lit(pose, np.zeros((HEIGHT, 2, 3), np.float32), room)
    aside = round(made.face.x + made.face.w / 2 - WIDTH / 2)
    return np.roll(values(lit).astype(np.uint8), -aside, axis=1)


def _moments(species: str, studio: padset.Studio) -> list[Rgb]:
    """Shots of one presentation while the lamps play."""
    row = padset.Row(species, species, SHOWN[2], 5, tone=0.7, glasses=False)
    lamps = visit.lighting(random.Random(5))
    at = visit.Setting(300.0, (1.0, 1.0, 1.0), 42.0, 5)
    shots = [jpeg for _, jpeg in visit.play(species, studio.person(row), at, lamps, 5, rate=4.0)]
    return [rgb_of(shots[n * (len(shots) - 1) // (MOMENTS - 1)]) for n in range(MOMENTS)]


def _page(tiles: list[tuple[str, Rgb]]) -> Image.Image:
    wide, high = HEADS
    page = Image.new("RGB", (ACROSS * wide, -(-len(tiles) // ACROSS) * (high + NAME_PX)))
    draw = ImageDraw.Draw(page)
    for number, (said, shot) in enumerate(tiles):
        left, top = number % ACROSS * wide, number // ACROSS * (high + NAME_PX)
        cut = Image.fromarray(shot).crop((160, 60, 160 + CUT_PX, 60 + CUT_PX)).resize(HEADS)
        page.paste(cut, (left, top))
        draw.text((left + 3, top + high), said, fill=(235, 235, 235))
    return page
