"""What the terminal was told about the controller, in order."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`codes`: all since the host connected, in order; [] = it was never lost."""

    codes: Annotated[list[str], Meta(max_length=20)]
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 10_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    wanted = f"lost with {step.codes}"
    if step.codes:
        stage.until(
            lambda: len(host.lost()) >= len(step.codes), step.within_ms, wanted,
            lambda: str(host.lost()),
        )  # fmt: skip
    if host.lost() != step.codes:
        raise Unmet(wanted, str(host.lost()))
