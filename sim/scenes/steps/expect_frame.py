"""A message of the board, as the terminal's own codec reads it. Frames that came since the last
expectation count; the found one and those before it are used up."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from edge.core.link_words import Heard
from sim.scenes.form import short
from sim.scenes.host import plain
from sim.scenes.stage import Stage

SHOWN_MAX = 8
# What a board says of itself without being asked.
ITSELF = frozenset({"", "beat", "ack", "health", "tamper", "proximity"})


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`kind`: pressed card refused witnessed beat welcome started ...; `body`: what must be in it."""

    kind: Annotated[str, Meta(max_length=16)]
    body: dict[str, Any] = {}
    within_ms: Annotated[int, Meta(ge=1, le=3_600_000)] = 2_000


def fits(one: Heard, kind: str, body: dict[str, Any]) -> bool:
    """Whether it is such a frame and holds at least this."""
    have = plain(one.body)
    return kind in (one.kind, one.what) and all(have.get(k) == v for k, v in body.items())


def heard_words(frames: list[Heard]) -> str:
    """Frames in a line of text, without the heartbeat."""
    words = [
        " ".join([one.kind or one.what, *(f"{k}={short(v)}" for k, v in plain(one.body).items())])
        for one in frames
        if one.kind not in ITSELF - {"", "tamper", "proximity"}
    ]
    return "; ".join(words[-SHOWN_MAX:]) or "no frame but the heartbeat"


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()

    def found() -> bool:
        for at in range(stage.cursor, len(host.wire.heard)):
            if fits(host.wire.heard[at], step.kind, step.body):
                stage.cursor = at + 1
                return True
        return False

    body = "".join(f" {k}={short(v)}" for k, v in step.body.items())
    stage.until(
        found, step.within_ms, f"{step.kind}{body}", lambda: heard_words(host.wire.heard[stage.cursor :])
    )  # fmt: skip
