"""The host asks what the controller's witness holds, or hands it a new head of the ledger."""

from __future__ import annotations

import hashlib
from typing import Annotated

from msgspec import Meta, Struct

from edge.wire.cable import head_text
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`ask` = true only asks; else hold (epoch, seq) and a hash that follows from them."""

    ask: bool = False
    epoch: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 1
    seq: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1


def play(step: Step, stage: Stage) -> None:
    digest = hashlib.sha256(f"{step.epoch}/{step.seq}".encode()).digest()
    text = "" if step.ask else head_text(step.epoch, step.seq, digest)
    stage.linked().command("witness", text)
