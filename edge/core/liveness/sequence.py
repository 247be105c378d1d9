"""Which lights are shown in one visit: drawn from a nonce alone, so that the centre can draw them
again from the record and see that they were not chosen.

Photosensitive people: two changes make a flash, and a second has no more than three of them
(STEP_MS_MIN); whoever shows this has to offer the other ways before and while it blinks.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Final

from msgspec import Struct

DOMAIN: Final = b"facepay/light/1"
NONCE_BYTES: Final = 16
STEP_MS: Final = 190  # no multiple of a shot at 10, 15 or 30 a second: each light is seen at another time of its own
STEP_MS_MIN: Final = 167  # three flashes a second at most: each is two steps
COLOURS: Final = ("red", "green", "blue", "yellow", "magenta", "cyan", "white")
RGB: Final = {
    "off": (0, 0, 0), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1),
    "yellow": (1, 1, 0), "magenta": (1, 0, 1), "cyan": (0, 1, 1), "white": (1, 1, 1),
}  # fmt: skip
# One side alone shows the form of what is lit, both together are bright, and once it is dark.
SIDES: Final = ("left",) * 4 + ("right",) * 4 + ("both",) * 3 + ("off",)
DARKNESS: Final = "off"
DRAWS_MAX: Final = 256

Triple = tuple[float, float, float]
DARK: Final[Triple] = (0.0, 0.0, 0.0)


class Sequence(Struct, frozen=True):
    """The lights in a row. steps: "off", a colour (both sides) or "left COLOUR", "right COLOUR"."""

    nonce: bytes
    steps: tuple[str, ...]
    step_ms: int = STEP_MS

    @property
    def length_ms(self) -> int:
        """From the first light to dark."""
        return self.step_ms * len(self.steps)

    def digest(self) -> str:
        """SHA-256 of what was shown, in hex."""
        text = f"{self.nonce.hex()} {self.step_ms} {','.join(self.steps)}"
        return hashlib.sha256(DOMAIN + text.encode()).hexdigest()


def draw(nonce: bytes, terminal: str) -> Sequence:
    """The sequence of a nonce at a terminal: the same for everybody who asks."""
    assert len(nonce) == NONCE_BYTES, len(nonce)
    dice = _dice(nonce, terminal)
    for _ in range(DRAWS_MAX):
        steps = _steps(dice)
        if _shows_enough(steps):
            return Sequence(nonce, steps)
    raise AssertionError("a draw in four shows enough")  # 256 in a row do not: 1e-30


def longer(first: Sequence, terminal: str) -> Sequence:
    """The same lights, dark for as long as the two take to follow one another, and as many others: for a look
    that the first left in doubt. Drawn from the first's nonce: nobody chose them either.
    """
    others = draw(hashlib.sha256(DOMAIN + b" longer " + first.nonce).digest()[:NONCE_BYTES], terminal)
    return Sequence(first.nonce, (*first.steps, DARKNESS, *others.steps), first.step_ms)


def redraw(nonce: bytes, terminal: str, count: int) -> Sequence:
    """The sequence of a nonce as it was shown in so many steps: once, or `longer`."""
    drawn = draw(nonce, terminal)
    return drawn if count <= len(SIDES) else longer(drawn, terminal)


@cache  # some twenty words
def lamps(step: str) -> tuple[Triple, Triple]:
    """What the left and the right lamp show in a step, 0 or 1 of red, green, blue."""
    side, _, colour = step.rpartition(" ")
    value: Triple = RGB[colour]
    return (DARK if side == "right" else value), (DARK if side == "left" else value)


def _steps(dice: Iterator[int]) -> tuple[str, ...]:
    sides = list(SIDES)
    for last in range(len(sides) - 1, 0, -1):
        other = _below(dice, last + 1)
        sides[last], sides[other] = sides[other], sides[last]
    steps = []
    for side in sides:
        colour = COLOURS[_below(dice, len(COLOURS))]
        steps.append("off" if side == "off" else colour if side == "both" else f"{side} {colour}")
    return tuple(steps)


def _shows_enough(steps: tuple[str, ...]) -> bool:
    """Each step differs from the one before, and each side shows red, green and blue."""
    if any(one == other for one, other in itertools.pairwise(steps)):
        return False
    for side in ("left ", "right "):
        shown = [RGB[step.removeprefix(side)] for step in steps if step.startswith(side)]
        if not all(sum(value[channel] for value in shown) >= 2 for channel in range(3)):  # noqa: PLR2004
            return False
    return True


def _dice(nonce: bytes, terminal: str) -> Iterator[int]:
    count = 0
    while True:
        yield from hashlib.sha256(
            DOMAIN + nonce + terminal.encode() + b"\0" + count.to_bytes(4, "big")
        ).digest()
        count += 1


def _below(dice: Iterator[int], limit: int) -> int:
    """A fair number below `limit`: bytes that would favour the small ones are thrown away."""
    fair = 256 - 256 % limit
    for value in dice:
        if value < fair:
            return value % limit
    raise AssertionError("the dice do not end")
