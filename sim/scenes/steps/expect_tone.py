"""What the buzzer plays: frequencies in order, 0 is silence."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`hz`: all tones since the last step of this kind; [] = none came for within_ms."""

    hz: Annotated[list[int], Meta(max_length=100)]
    within_ms: Annotated[int, Meta(ge=1, le=60_000)] = 2_000


def play(step: Step, stage: Stage) -> None:
    def tones() -> list[int]:
        return [hz for _, hz in stage.lamps().tones[stage.tones_used :]]

    if step.hz:
        stage.watch(
            lambda: len(tones()) >= len(step.hz), step.within_ms, f"tones {step.hz}",
            lambda: str(tones()),
        )  # fmt: skip
    else:
        stage.run(step.within_ms)
    heard = tones()
    stage.tones_used += len(heard)
    if heard != step.hz:
        raise Unmet(f"tones {step.hz}", str(heard))
