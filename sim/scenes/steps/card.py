"""The reader reads a card."""

from __future__ import annotations

import base64
from typing import Annotated

from msgspec import Meta, Struct

from edge.wire import frame
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """cert_type "03" social-security card, "02" ID card. `photo_bytes`: how large a photo its chip has;
    its bytes count up and mean nothing."""

    card_no: Annotated[str, Meta(max_length=64)]
    cert_type: Annotated[str, Meta(max_length=8)] = "03"
    photo_bytes: Annotated[int, Meta(ge=0, le=frame.PHOTO_MAX)] = 0


def play(step: Step, stage: Stage) -> None:
    hand = f"present the card {step.card_no}"
    photo = bytes(at & 255 for at in range(step.photo_bytes))
    picture = {"photo": base64.b64encode(photo).decode()} if photo else {}
    stage.touch(hand, "card", card_no=step.card_no, cert_type=step.cert_type, **picture)
