"""A screen that plays a film: own brightness, refresh, the beat of its pixels, a bezel, glass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from sim.camera import attacks
from sim.camera.flat import Place, Sheet, shown
from sim.camera.lamps import tinted
from sim.camera.linear import light
from sim.camera.pixels import QUICK, Floats, Rgb, backdrop, thrice
from sim.camera.visit import Take

Tint = Callable[[float, int], Floats]  # ms, columns -> what the film's light is multiplied with
BEZEL = (18, 18, 20)
WHITE = (0.88, 0.97, 1.10)  # of the screen, against the camera's daylight
GAMMA = 1.12  # of a screen that is not quite the camera's


def screen(
    take: Take, film: Iterator[Rgb], *, aspect: float, wide: float, tint: Tint | None = None
) -> Iterator[Floats]:
    """The film on a screen `wide` shot pixels across, held before the camera."""
    room, phase, beat = backdrop(take.at.seed), take.rng.uniform(0, 9), take.rng.uniform(4.5, 7.0)
    curve = ((np.arange(256) / 255.0) ** GAMMA * 255.0).astype(np.float32)
    wall, white = light(room), np.array(WHITE, np.float32)
    waves = down = np.ones(1, np.float32)
    for picture, at_ms in zip(film, take.times, strict=True):
        cut = np.asarray(attacks.cut(Image.fromarray(picture), take.person.box, aspect))
        shine = tinted(curve.take(cut, mode=QUICK), np.broadcast_to(white, (len(cut), 3)))
        if waves.size == 1:
            waves, down = _beat(shine.shape, beat)
        shine *= thrice(waves * (1 + 0.02 * np.sin(down - 2 * math.pi * at_ms / 740.0)))
        if tint is not None:
            shine *= np.clip(tint(at_ms, shine.shape[1]), 0, None) ** (1 / 2.2)
        device = _framed(np.clip(shine, 0, 255).astype(np.uint8))
        form = Sheet((wide, wide * device.height / device.width), gloss=1.0, emits=True)
        held = attacks.hand(take.seconds(at_ms) + phase, 1.5, 3.0)
        yield shown(device, form, held, Place(room, wall, take.at.level, take.lamps(at_ms)))


def _framed(shine: Rgb) -> Image.Image:
    edge = round(0.05 * shine.shape[1])
    device = Image.new("RGB", (shine.shape[1] + 2 * edge, shine.shape[0] + 2 * edge), BEZEL)
    device.paste(Image.fromarray(shine), (edge, edge))
    return device


def _beat(shape: tuple[int, ...], period: float) -> tuple[Floats, Floats]:
    """The beat of the screen's pixels and the sensor's, and where its refresh is down the picture."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    u = 2 * math.pi / period
    moire = 1 + 0.03 * np.sin(u * x + 0.07 * y) * np.sin(u * 0.9 * y)
    down = (2 * math.pi / 190.0) * y[:, :1]
    return np.asarray(moire, np.float32), np.asarray(down, np.float32)
