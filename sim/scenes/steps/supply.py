"""The supply has another voltage from now on."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`volts`."""

    volts: Annotated[float, Meta(ge=0, le=6)]


def play(step: Step, stage: Stage) -> None:
    stage.fault(f"supply {step.volts} V")
    stage.ask("supply", volts=step.volts)
