"""A pin is shorted to a level; without `level` it heals."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`pin`: GP number; `level` 0 or 1."""

    pin: Annotated[int, Meta(ge=0, le=29)]
    level: Annotated[int, Meta(ge=0, le=1)] | None = None


def play(step: Step, stage: Stage) -> None:
    stage.fault(f"pin {step.pin} stuck at {step.level}" if step.level is not None else "healed")
    stage.ask("stick", pin=step.pin, level=step.level)
