"""How often the terminal counted something wrong on the line."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from edge.core.link_words import Code
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`code`: E-BRD-..; at least so many."""

    code: Code
    at_least: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 2_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.until(
        lambda: host.link.faults[step.code] >= step.at_least,
        step.within_ms, f"{step.at_least} x {step.code}",
        lambda: str({str(k): v for k, v in host.link.faults.items()}),
    )  # fmt: skip
