"""A terminal opens the cable and greets."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`key` "other": a terminal of another pairing. `wait`: until the link is up."""

    key: Literal["own", "other"] = "own"
    wait: bool = True
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 10_000


def play(step: Step, stage: Stage) -> None:
    own = stage.board.key
    host = stage.connect(own if step.key == "own" else hashlib.sha256(own).digest())
    if step.wait:
        stage.until(
            host.up, step.within_ms, "the link up", lambda: f"{host.link.state}, {host.lost()}"
        )
