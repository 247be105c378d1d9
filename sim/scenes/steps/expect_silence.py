"""No such message since the last expectation, and none for a while."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage
from sim.scenes.steps.expect_frame import ITSELF, fits, heard_words


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`kind` "" = any but what a board says of itself (heartbeat, health, tamper, proximity)."""

    kind: Annotated[str, Meta(max_length=16)] = ""
    for_ms: Annotated[int, Meta(ge=1, le=3_600_000)] = 500


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.run(step.for_ms)
    heard = [
        one
        for one in host.wire.heard[stage.cursor :]
        if (fits(one, step.kind, {}) if step.kind else one.kind not in ITSELF)
    ]
    stage.cursor = len(host.wire.heard)
    if heard:
        raise Unmet(f"no {step.kind or 'message'} for {step.for_ms} ms", heard_words(heard))
