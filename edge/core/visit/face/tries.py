"""How many looks a visit has, and what one costs that was refused or left at the wrong moment."""

from __future__ import annotations

from typing import Final

from edge.core.liveness import spoofs
from edge.core.types import Now
from edge.core.visit.case import Case, State
from edge.core.visit.face import light, resting

CHANGED: Final = "face_changed"


def used(case: Case, reasons: tuple[str, ...], now: Now, *, refused: bool = True) -> None:
    """One look is over, and nobody alive was seen. `refused`: not only could it not be measured."""
    said = light.rules(case)
    case.refused += refused
    case.tries_left = min(case.tries_left, said.tries_max) - 1
    case.spoofed = case.spoofed or bool(spoofs() & set(reasons))
    if {*spoofs(), CHANGED} & set(reasons):
        resting.suspected(case, now, said)


def left_open(case: Case, now: Now) -> None:
    """A look is left before its end. It costs the try where the row of gestures is known by now, or the first
    lights had left a doubt: or whoever goes would be asked for others, until some suit.
    """
    doubt = case.doubt if case.state is State.LIGHT else None
    if doubt is None and case.state is not State.CHALLENGE:
        return
    used(case, () if doubt is None else doubt.reasons, now)
    if case.tries_left <= 0:
        resting.begin(case, now, light.rules(case).lockout_ms)
