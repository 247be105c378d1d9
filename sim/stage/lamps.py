"""The terminal's lamps on the stage: they play what the core ordered, and whatever is before the camera
answers in shots that the vision driver would report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from edge.core import events as e
from edge.core.effects import Flash
from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import Sequence
from sim.stage.desk import Desk

SHOT_MS = 66
LATER_SHOTS = 3  # that the camera takes after the last of the lights
ORDER_MS = 15  # from the core's order to the first light
REPORT_MS = 2
LAMPS = e.BoardUp({"caps": ["challenge"]})  # a controller that has lamps

Answer = Callable[[Lighting], Iterable[e.LookSeen]]


def plays_lights(desk: Desk, answer: Answer) -> None:
    """One try under the lamps, to its end; `answer` is what the camera sees of these lights. Where the core
    is in doubt and orders other lights, of those too.
    """
    assert desk.screen.name == "light", desk.screen
    last: e.LookSeen | None = None
    while True:
        flash = _ordered(desk)
        last = _play(desk, flash, answer, last)
        if desk.screen.name != "light" or _ordered(desk) == flash:
            return


def _ordered(desk: Desk) -> Flash:
    return next(one for one in reversed(desk.effects) if isinstance(one, Flash))


def _play(desk: Desk, flash: Flash, answer: Answer, before: e.LookSeen | None) -> e.LookSeen | None:
    """The lights of one order, until something else is shown; the camera goes on after its shot `before`.
    Gives its last one.
    """
    drawn = Sequence(b"", flash.colours, flash.step_ms)  # lamps know no nonce
    begin = float(desk.now.mono_ms + ORDER_MS)
    begins = tuple(begin + n * drawn.step_ms for n in range(len(drawn.steps)))
    lamps = Lighting(drawn, begins, begin + drawn.length_ms)
    told, last, since_ms = False, before, before.at_mono_ms if before else 0
    for look in answer(lamps):
        if look.at_mono_ms <= since_ms:
            continue
        if not told and look.at_mono_ms > lamps.end_ms:
            desk.passes_to(round(lamps.end_ms) + REPORT_MS)
            at_us = tuple(n * drawn.step_ms * 1_000 for n in range(len(drawn.steps)))
            desk.post(e.Lit(flash.number, at_us))
            told = True
        desk.passes_to(look.at_mono_ms)
        if not _plays(desk, flash):
            return last
        last = replace(look, shot=look.shot + (before.shot + 1 if before else 0))
        desk.post(last)
    assert last is not None, "a camera takes shots"
    for _ in range(LATER_SHOTS):
        desk.passes_to(desk.now.mono_ms + SHOT_MS)
        if not _plays(desk, flash):
            break
        last = replace(last, at_mono_ms=desk.now.mono_ms, shot=last.shot + 1, glow=())  # no two shots are the same
        desk.post(last)
    return last


def _plays(desk: Desk, flash: Flash) -> bool:
    """Whether these are still the lights that the core waits for."""
    return desk.screen.name == "light" and _ordered(desk) == flash
