"""The chip has another temperature from now on."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`celsius`."""

    celsius: Annotated[float, Meta(ge=-40, le=120)]


def play(step: Step, stage: Stage) -> None:
    stage.fault(f"{step.celsius} degrees")
    stage.ask("temperature", celsius=step.celsius)
