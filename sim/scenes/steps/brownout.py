"""The supply sags; below 2.7 V the chip starts again when it is back."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`volts` for `ms`."""

    volts: Annotated[float, Meta(ge=0, le=6)] = 2.0
    ms: Annotated[int, Meta(ge=1, le=60_000)] = 50


def play(step: Step, stage: Stage) -> None:
    stage.fault(f"brown-out {step.volts} V for {step.ms} ms")
    stage.ask("brownout", volts=step.volts, ms=step.ms)
