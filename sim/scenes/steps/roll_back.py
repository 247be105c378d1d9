"""Back to the other slot's program, through the code of `facepay flash app --rollback`."""

from __future__ import annotations

from msgspec import Struct

from edge.field.flash import app
from sim.scenes import flasher
from sim.scenes.stage import Stage
from sim.scenes.steps.upgrade import Code

REALTIME = True


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`refused`: the code it must end with."""

    refused: Code = ""


def play(step: Step, stage: Stage) -> None:
    wish = app.Wish(stage.board.key)
    flasher.flashed(stage, lambda place, tell: app.rollback(place, wish, tell), step.refused)
