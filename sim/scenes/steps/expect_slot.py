"""Which application slot runs, as HELLO says it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.core.link_words import Heard
from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`slot`: a or b; `trial`: it has not proved itself yet."""

    slot: Literal["a", "b"]
    trial: bool | None = None
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 20_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.until(host.up, step.within_ms, "the link up", lambda: f"{host.link.state}")
    welcomes: list[Heard] = [one for one in host.wire.heard if one.what == "welcome"]
    have = welcomes[-1].body
    if have["slot"] != step.slot or step.trial not in (None, have["trial"]):
        raise Unmet(f"slot {step.slot}, trial {step.trial}", f"{have['slot']}, {have['trial']}")
