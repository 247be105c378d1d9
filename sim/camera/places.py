"""The light of a presentation at the measured places alone: a shot costs a millisecond and not a
hundred, so that the checks of the light can be counted over thousands of visits.

The physics is that of the pictures (`solid`, `flat`), on the same people, lamps and settings; what
is missing is everything the networks do. Where they find a place, and how far they miss it, is drawn:
MISSES and TREMBLES are of full visits (`python -m sim.camera.tables.tremble`). The net that tells pictures from
people says nothing here, so every attack has passed it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from edge.core.events import LookSeen
from edge.core.liveness.regions import REGIONS
from edge.core.liveness.response import Lighting
from edge.core.liveness.specular import EYES, FULL, HIGH, WIDE
from edge.core.liveness.specular import PLACES as WINDOW
from edge.drivers.vision.light import glow
from edge.drivers.vision.nets.mesh import LEFT_CHEEK, RIGHT_CHEEK
from edge.drivers.vision.sight import SAME_EVERY
from sim.camera import acting, attacks, eyes, visit
from sim.camera.flat import BLACK, GLASS, MIRRORED, SPOT, Sheet, answered
from sim.camera.lamps import Shutter
from sim.camera.linear import light, values
from sim.camera.pixels import HEIGHT, WIDTH, Floats, Texture, homography, tilted
from sim.camera.plate import FINE, light_of
from sim.camera.solid import FACET_PX, Solid
from sim.camera.species import replay_imitating as imitating
from sim.camera.species._common import PAPER, RECORD_LEVEL, still
from sim.camera.species._screen import GAMMA, WHITE
from sim.camera.visit import Setting, Take

MISSES: Final = 1.2  # px, of a place all through a visit
TREMBLES: Final = (0.08, 0.11)  # px from shot to shot, of what was laid over the first (`vision.skin`): all places, and each
GRID: Final = 5  # x GRID samples stand for a patch
NOISE: Final = (1.2, 0.09)  # read and shot noise of a pixel, of 255 (`pixels.Sensor`)
ALONE: Final = 20  # pixels of a patch that are not their neighbours' (JPEG mixes them)
SLIPS: Final = 0.12  # px from shot to shot: a window of an eye, after it was laid over the first one
EYE_MISSES: Final = 1.0  # px, of the iris all through a visit
EYE_NOISE: Final = 0.6  # of a pixel's is left in a place of a window: three colours, read between pixels
# nobody's face in particular, the same all through
SAME_FACE: Final = struct.pack("<192f", *([192**-0.5] * 192))
MISFIT: Final = 0.1  # of a window, as measured
POINTS: Final = np.array([region.point for region in REGIONS])
PLACES: Final = len(REGIONS)  # come first, then the places of the eyes' windows
Light = Callable[[float, Floats], Floats]  # ms, how far each place is missed -> light of each


def visit_at_places(
    name: str, person: visit.Person, at: Setting, lamps: Lighting, seed: int, *, rate: float = 15.0
) -> tuple[LookSeen, ...]:
    """What the vision driver would say of a visit, as far as light goes."""
    return visit_of(SURFACES[name], person, at, lamps, seed, rate=rate)


def folded(piece_px: int) -> Callable[[Take], Light]:
    """Somebody wears a mask of folded paper with pieces of that size."""
    return partial(_head, shape="facets", inked=True, late=True, piece_px=piece_px)


def visit_of(
    made: Callable[[Take], Light], person: visit.Person, at: Setting, lamps: Lighting, seed: int, *, rate: float
) -> tuple[LookSeen, ...]:
    """The same of any surface."""
    rng, shutter = np.random.default_rng(seed), Shutter(1_000 / rate)
    take = visit.take_of(person, at, lamps, shutter.times(lamps, rng), seed)
    surface = made(take)
    missed = np.concatenate([
        rng.normal(0, MISSES, (PLACES, 2)), np.repeat(rng.normal(0, EYE_MISSES, (EYES, 2)), WINDOW, axis=0)
    ])  # fmt: skip
    exposure, out = 0.0, []
    for number, at_ms in enumerate(take.times):
        off = missed + _trembling(rng)
        found = surface(at_ms, off.astype(np.float32))
        if not exposure:
            exposure = min(visit.GAIN_MAX, visit.OWN_LEVEL / max(float(found[:PLACES].mean()), 1e-4))
        linear = _shown(found, exposure, rng)
        out.append(
            LookSeen(
                number, shutter.stamp(at_ms, rng), None, live=1.0, box=(0.4, 0.3, 0.2, 0.3),
                glow=tuple(float(v) for v in linear[:PLACES].ravel()), eyes=_windows(linear[PLACES:]),
                face=b"" if number % SAME_EVERY else SAME_FACE,
            )
        )  # fmt: skip
    return tuple(out)


def _trembling(rng: np.random.Generator) -> Floats:
    """How far every place is off in one shot, beside what it is off in all."""
    whole, each, slips = (
        rng.normal(0, far, (count, 2)) for far, count in ((TREMBLES[0], 1), (TREMBLES[1], PLACES), (SLIPS, EYES))
    )
    return np.asarray(np.concatenate([whole + each, np.repeat(slips, WINDOW, axis=0)]), np.float32)


def _shown(found: Floats, exposure: float, rng: np.random.Generator) -> Floats:
    """Linear light as it is read from a shot's values, with a sensor's noise."""
    level = values(found * np.float32(exposure))
    noise = (NOISE[0] + NOISE[1] * np.sqrt(level)) * max(1.0, exposure**0.5)
    noise[:PLACES] /= ALONE**0.5
    noise[PLACES:] *= EYE_NOISE
    shown = np.clip(level + rng.normal(0, 1, level.shape) * noise, 0, 255)
    return np.asarray(np.interp(shown, np.arange(256), glow.LINEAR), np.float32)


def _windows(linear: Floats) -> bytes:
    """`LookSeen.eyes`."""
    told = np.full((EYES, 1 + WINDOW), MISFIT)
    told[:, 1:] = linear.mean(axis=1).reshape(EYES, WINDOW)
    return np.asarray(told * FULL).astype("<u2").tobytes()


def _rest(take: Take) -> Floats:
    """Where the places are at rest: the regions, then the windows around the eyes."""
    points = take.person.plate.points[:, :2]
    y, x = np.mgrid[-(HIGH // 2) : HIGH // 2 + 1, -(WIDE // 2) : WIDE // 2 + 1]
    grid, own = np.stack([x.ravel(), y.ravel()], axis=1), light(light_of(take.person.plate.texture))
    windows = [eyes.iris(line, own)[0] + grid for line in take.person.plate.eyes]
    return np.asarray(np.concatenate([points[POINTS], *windows]), np.float32)


def _sampled(texture: Texture, where: Floats, reach: float) -> Floats:
    """Light of a picture at each place (x, y in its own pixels): the mean about a region's, the point of
    a window's.
    """
    step = np.linspace(-reach, reach, GRID, dtype=np.float32)
    x = where[:PLACES, 0, None, None] + step[None, None, :] + 0 * step[None, :, None]
    y = where[:PLACES, 1, None, None] + step[None, :, None] + 0 * step[None, None, :]
    regions = light(texture.at(x, y)).mean(axis=(1, 2))
    points = light(texture.at(where[PLACES:, 0], where[PLACES:, 1]))
    return np.asarray(np.concatenate([regions, points]), np.float32)


def _reach(take: Take) -> float:
    across = take.person.plate.points[LEFT_CHEEK, :2] - take.person.plate.points[RIGHT_CHEEK, :2]
    return glow.PATCH * float(np.hypot(*across))


def _lit(answer: Floats, lamps: Floats, y: Floats) -> Floats:
    """What each place receives of the lamps as its row saw them."""
    rows = lamps[np.clip(y, 0, HEIGHT - 1).astype(np.int32)]
    return np.asarray(answer[:, :1] * rows[:, 0] + answer[:, 1:2] * rows[:, 1], np.float32)


# -- heads ----------------------------------------------------------------------------------------
def _head(take: Take, *, shape: str = "head", inked: bool = False, late: bool = False,
          lamps: Lighting | None = None, dark: bool = False, piece_px: int = FACET_PX) -> Light:  # fmt: skip
    solid = Solid(take.person.plate, take.person.look, shape=shape, inked=inked, piece_px=piece_px)
    motion = acting.front(take.person.habits)
    offset = take.rng.uniform(0, 3) if late else 0.0
    rest, reach = _rest(take), _reach(take)

    def shine(at_ms: float, off: Floats) -> Floats:
        pose = motion(take.seconds(at_ms) + offset)
        answer, y = solid.answer_at(rest, pose)
        albedo = _sampled(solid.texture, (rest + off + 0.5) * FINE - 0.5, reach * FINE)
        shining = visit.strength(take.at, None if dark else lamps or take.lighting, at_ms)
        out = albedo * (take.at.level + _lit(answer, shining, y))
        out[PLACES:] += solid.mirrored_at((rest + off)[PLACES:], pose, shining)
        return np.asarray(out, np.float32)

    return shine


def _injected(take: Take) -> Light:
    return _head(take, lamps=visit.lighting(take.rng))


# -- flat things ----------------------------------------------------------------------------------
def _part(face: tuple[float, float, float, float], aspect: float) -> tuple[float, float, float, float]:
    """Left, top, width and height of what `attacks.cut` takes."""
    x, y, w, h = face
    wide = min(2.1 * w, WIDTH, HEIGHT * aspect)
    high = wide / aspect
    left = min(max(0.0, x + w / 2 - wide / 2), WIDTH - wide)
    return left, min(max(0.0, y + h / 2 - high * 0.46), HEIGHT - high), wide, high


def _on_sheet(take: Take, aspect: float, margin: float, bend: float) -> Floats:
    """Where the person's places lie on a print or screen of their face, -1..1 across and down."""
    left, top, wide, high = _part(take.person.box, aspect)
    at = _rest(take)
    s, t = (2 * (at[:, 0] - left) / wide - 1), (2 * (at[:, 1] - top) / high - 1)
    edge = round(margin * round(wide)) / wide  # at its own size in both directions
    s, t = s / (1 + 2 * edge), t / (1 + 2 * edge * wide / high)
    if bend:
        s = np.arcsin(np.clip(s * np.sin(bend), -1, 1)) / bend
    return np.asarray(np.stack([s, t], axis=1), np.float32)


def _paper(take: Take, *, bend: float = 0.0, gloss: float = 0.0) -> Light:
    sheet = attacks.printed(attacks.cut(still(take.person), take.person.box, 0.75, fine=2))
    on, swing = _on_sheet(take, 0.75, attacks.MARGIN, bend), take.rng.uniform(0, 5)
    if bend:
        sheet = attacks.bent(sheet, bend)
    phase, lean = take.rng.uniform(0, 9), take.rng.uniform(-6, 6)
    form = Sheet((PAPER[0], min(PAPER[1], PAPER[0] * sheet.height / sheet.width)), bend, gloss)
    texture, px = Texture(np.asarray(sheet)), sheet.width / form.size[0]
    own = (on + 1) / 2 * (sheet.width, sheet.height)

    def shine(at_ms: float, off: Floats) -> Floats:
        hand = attacks.hand(take.seconds(at_ms) + phase, swing)
        held = attacks.Hand(hand.yaw_deg + lean, hand.pitch_deg, hand.roll_deg, hand.shift)
        answer, y = _seen(on, form, held)
        albedo = _sampled(texture, (own + off * px).astype(np.float32), _reach(take) * px)
        lamps = take.lamps(at_ms)
        back = albedo * (take.at.level + _lit(answer, lamps, y))
        glint = gloss * SPOT * MIRRORED * _lit(answer[:, 2:], lamps, y) if gloss else 0.0
        return np.asarray(back + glint, np.float32)

    return shine


def _seen(on: Floats, form: Sheet, held: attacks.Hand) -> tuple[Floats, Floats]:
    """What places on a sheet receive, and on which row they are seen."""
    turn = (held.yaw_deg, held.pitch_deg, held.roll_deg)
    centre = (WIDTH / 2 + held.shift[0], HEIGHT / 2 + 8 + held.shift[1])
    corners = tilted(centre, form.size, turn)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    h = homography(square, corners.astype(np.float64))
    w = h[2, 0] * on[:, 0] + h[2, 1] * on[:, 1] + h[2, 2]
    x = (h[0, 0] * on[:, 0] + h[0, 1] * on[:, 1] + h[0, 2]) / w
    y = (h[1, 0] * on[:, 0] + h[1, 1] * on[:, 1] + h[1, 2]) / w
    shifted = np.stack([x - WIDTH / 2, y - HEIGHT / 2], axis=1).astype(np.float32)
    answer = answered(form, corners, turn, shifted[:, 0], shifted[:, 1])
    return answer, np.asarray(y, np.float32)


# -- screens --------------------------------------------------------------------------------------
def _screen(take: Take, film: Light, *, aspect: float, wide: float,
            tint: imitating.Tinted | None = None) -> Light:  # fmt: skip
    on, phase = _on_sheet(take, aspect, 0.05, 0.0), take.rng.uniform(0, 9)
    left, _, cut, high = _part(take.person.box, aspect)
    form = Sheet((wide, wide * (high / cut)), gloss=1.0, emits=True)
    across = (_rest(take)[:, 0] - left) / cut - 0.5

    def shine(at_ms: float, off: Floats) -> Floats:
        light_of = film(at_ms, off)
        metered = RECORD_LEVEL / max(float(light_of[:PLACES].mean()), 1e-4)  # of each shot, as `recording`
        level = values(light_of * np.float32(metered)) / 255.0
        shown = 255.0 * level**GAMMA * np.array(WHITE, np.float32)
        if tint is not None:
            shown = shown * np.clip(tint(at_ms, across), 0, None) ** (1 / 2.2)
        emitted = np.interp(np.clip(shown, 0, 255), np.arange(256), glow.LINEAR)
        answer, y = _seen(on, form, attacks.hand(take.seconds(at_ms) + phase, 1.5, 3.0))
        lamps = take.lamps(at_ms)
        glint = SPOT * MIRRORED * _lit(answer[:, 2:], lamps, y)
        return np.asarray(emitted + BLACK * take.at.level + GLASS * _lit(answer, lamps, y) + glint, np.float32)

    return shine


def _tablet(take: Take) -> Light:
    return _screen(take, _head(take, dark=True), aspect=0.75, wide=330.0)


def _phone(take: Take) -> Light:
    return _screen(take, _injected(take), aspect=0.56, wide=250.0)


def _imitating(take: Take) -> Light:
    tint = imitating.tint_of(take)
    return _screen(take, _head(take, dark=True), aspect=0.75, wide=330.0, tint=tint)


SURFACES: Final[dict[str, Callable[[Take], Light]]] = {
    "live": _head,
    "injected": _injected,
    "mask_resin": partial(_head, late=True),
    "mask_paper": partial(_head, shape="facets", inked=True, late=True),
    "mask_holes": partial(_head, shape="pierced", inked=True, late=True),
    "cutout_eyes": partial(_head, shape="wrapped", inked=True, late=True),
    "print_flat": _paper,
    "print_bent": lambda take: _paper(take, bend=take.rng.uniform(0.5, 0.9)),
    "print_glossy": lambda take: _paper(take, gloss=0.8, bend=take.rng.uniform(0.0, 0.3)),
    "replay_tablet": _tablet,
    "replay_phone": _phone,
    "replay_imitating": _imitating,
}
