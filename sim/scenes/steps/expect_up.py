"""The link is up, so many times since the host connected, with this said about the board."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`times` 0: at least once. `info`: what HELLO must say (version, board, uid, reset_cause)."""

    times: Annotated[int, Meta(ge=0, le=100)] = 0
    info: dict[str, Any] = {}
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 10_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()

    def done() -> bool:
        return host.up() and len(host.ups()) >= max(1, step.times)

    def seen() -> str:
        return f"{host.link.state}, up {len(host.ups())} times, lost: {host.lost()}"

    stage.until(done, step.within_ms, f"the link up {step.times or ''}".strip(), seen)
    if step.times and len(host.ups()) != step.times:
        raise Unmet(f"the link up {step.times} times", seen())
    have = host.ups()[-1]
    wrong = {k: have.get(k) for k, v in step.info.items() if have.get(k) != v}
    if wrong:
        raise Unmet(f"HELLO with {step.info}", str(wrong))
