"""A tamper switch closes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`switch`: 0 the case, 1 the mount."""

    switch: Annotated[int, Meta(ge=0, le=1)] = 0


def play(step: Step, stage: Stage) -> None:
    stage.touch(f"close the case (switch {step.switch})", "close", switch=step.switch)
