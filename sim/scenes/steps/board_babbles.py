"""A program gone mad: rubbish from the board to the host without end."""

from __future__ import annotations

from msgspec import Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`on` = false ends it."""

    on: bool = True


def play(step: Step, stage: Stage) -> None:
    stage.fault("the board babbles" if step.on else "the board is sane")
    stage.ask("babble", on=step.on)
