"""Which application slot runs, as HELLO says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from edge.core.link_words import Heard
from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage

NAMES = ("slot", "version", "trial")


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`slot`: a or b; `trial`: it has not proved itself yet; `version` as HELLO says it."""

    slot: Literal["a", "b"]
    trial: bool | None = None
    version: Annotated[str, Meta(max_length=11)] = ""
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 20_000


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.until(host.up, step.within_ms, "the link up", lambda: f"{host.link.state}")
    welcomes: list[Heard] = [one for one in host.wire.heard if one.what == "welcome"]
    have = welcomes[-1].body
    same = step.slot == have["slot"] and step.version in ("", have["version"])
    if not same or step.trial not in (None, have["trial"]):
        raise Unmet(_words(step.slot, step.version, step.trial), _words(*map(have.get, NAMES)))


def _words(slot: Any, version: Any, trial: Any) -> str:
    tried = {None: "", True: ", on trial", False: ", proved"}[trial]
    return f"slot {slot}{f' with {version}' if version else ''}{tried}"
