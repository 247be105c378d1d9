"""Time passes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`ms` of the board's time."""

    ms: Annotated[int, Meta(ge=1, le=7_200_000)]


def play(step: Step, stage: Stage) -> None:
    stage.run(step.ms)
