"""What several species share: the recording that a screen plays, how a thing is held, and worn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from edge.core.liveness.response import Lighting
from sim.camera import acting, attacks
from sim.camera.flat import Place, Sheet, shown
from sim.camera.linear import light, picture
from sim.camera.pixels import HEIGHT, Floats, Rgb, backdrop
from sim.camera.solid import Solid
from sim.camera.visit import Person, Take, strength

PAPER = (330.0, 440.0)
RECORD_LEVEL = 0.20


def still(person: Person) -> Image.Image:
    """A photograph of the person, looking straight."""
    head = Solid(person.plate, person.look)
    seen = head.lit(acting.front(person.habits)(0.0), np.zeros((HEIGHT, 2, 3), np.float32), _one())
    return Image.fromarray(picture(_metered(seen, person)))


def recording(take: Take, lamps: Lighting | None) -> Iterator[Rgb]:
    """A film of the person in this room, by these lamps."""
    person = take.person
    head, motion = Solid(person.plate, person.look), acting.front(person.habits)
    for at_ms in take.times:
        seen = head.lit(
            motion(take.seconds(at_ms)), strength(take.at, lamps, at_ms), take.at.level
        )
        yield picture(_metered(seen, person))


def paper(take: Take, *, bend: float = 0.0, gloss: float = 0.0) -> Iterator[Floats]:
    """A print of the person, life-size, held before the camera."""
    rng = take.rng
    sheet = attacks.printed(attacks.cut(still(take.person), take.person.box, 0.75, fine=2))
    if bend:
        sheet = attacks.bent(sheet, bend)
    room, swing = backdrop(take.at.seed), rng.uniform(0, 5)
    wall = light(room)
    phase, lean = rng.uniform(0, 9), rng.uniform(-6, 6)
    form = Sheet((PAPER[0], min(PAPER[1], PAPER[0] * sheet.height / sheet.width)), bend, gloss)
    for at_ms in take.times:
        hand = attacks.hand(take.seconds(at_ms) + phase, swing)
        held = attacks.Hand(hand.yaw_deg + lean, hand.pitch_deg, hand.roll_deg, hand.shift)
        yield shown(sheet, form, held, Place(room, wall, take.at.level, take.lamps(at_ms)))


def worn(take: Take, shape: str, *, inked: bool) -> Iterator[Floats]:
    """Somebody wears it and stands still. shape: of `Solid`."""
    head = Solid(take.person.plate, take.person.look, shape=shape, inked=inked)
    motion, late = acting.front(take.person.habits), take.rng.uniform(0, 3)
    for at_ms in take.times:
        yield head.lit(motion(take.seconds(at_ms) + late), take.lamps(at_ms), take.at.level)


def _metered(seen: Floats, person: Person) -> Floats:
    x, y, w, h = (int(v) for v in person.box)
    return seen * (RECORD_LEVEL / max(float(seen[y : y + h, x : x + w].mean()), 1e-4))


def _one() -> Floats:
    return np.ones(3, np.float32)
