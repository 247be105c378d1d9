"""The power goes in the n-th write of the flash from now, half done; `replug` brings it back."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`n`: 1 is the next program or erase."""

    n: Annotated[int, Meta(ge=1, le=100_000)]


def play(step: Step, stage: Stage) -> None:
    stage.fault(f"the power goes at flash write {step.n}")
    stage.ask("cut_at_write", n=step.n)
