"""The reader reads a card."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """cert_type "03" social-security card, "02" ID card."""

    card_no: Annotated[str, Meta(max_length=64)]
    cert_type: Annotated[str, Meta(max_length=8)] = "03"


def play(step: Step, stage: Stage) -> None:
    hand = f"present the card {step.card_no}"
    stage.touch(hand, "card", card_no=step.card_no, cert_type=step.cert_type)
