"""The link is up, and the build that HELLO names is the one of this tree's firmware."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sim.scenes.boards import own_build
from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`build` "ours": of this tree; "other": any but that."""

    build: Literal["ours", "other"] = "ours"
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 10_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.until(host.up, step.within_ms, "the link up", lambda: f"{host.link.state}")
    ours = own_build()
    have = str(host.ups()[-1]["build"])
    if (have == ours) != (step.build == "ours"):
        raise Unmet(f"build {step.build} ({ours})", have)
