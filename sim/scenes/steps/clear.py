"""The host clears the latch of tamper switches."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.wire.cable import clear_text
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`switches`: case, mount."""

    switches: Annotated[list[Literal["case", "mount"]], Meta(min_length=1, max_length=2)]


def play(step: Step, stage: Stage) -> None:
    stage.linked().command("clear", clear_text(step.switches))
