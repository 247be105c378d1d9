"""What this door does wrong on purpose, for each infno and so many times (DOMAIN §1.8). A HIS that
survives these keeps its books in the field."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from sim.switches import ANY

DELAY_MS_MAX: Final = 600_000
Kind = Literal[
    "delay",  # the answer comes late; it was decided at once
    "drop_before",  # the line goes before anything is done
    "drop_after",  # the line goes after the commit: the fate is unknown to the HIS
    "duplicate",  # the message arrives twice
    "refused",  # 503 of a gateway, nothing done
    "lost_answer",  # 504 of a gateway, after the commit
    "slow_drip",  # the answer comes byte by byte
    "wrong_reference",  # an answer whose reference is of another message
    "clock_skew",  # the answer's times are an hour off
]


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One switch: the next `times` messages of `infno` ("*" = any) meet it."""

    kind: Kind
    infno: Annotated[str, Meta(max_length=6)] = ANY
    times: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    ms: Annotated[int, Meta(ge=0, le=DELAY_MS_MAX)] = 0  # of delay, and between bytes of slow_drip

    @property
    def where(self) -> str:
        """For `sim.switches`."""
        return self.infno
