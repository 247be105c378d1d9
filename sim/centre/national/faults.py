"""What this door does wrong on purpose, for each infno and so many times (DOMAIN §1.8). A HIS that
survives these keeps its books in the field."""

from __future__ import annotations

import threading
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

ANY: Final = "*"
SWITCHES_MAX: Final = 100
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


class Switches:
    """The switches that are set. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []

    def put(self, fault: Fault) -> None:
        """Set one more; the oldest goes when there are too many."""
        with self._lock:
            self._set = [*self._set[-SWITCHES_MAX + 1 :], fault]

    def clear(self) -> None:
        """All off."""
        with self._lock:
            self._set = []

    def left(self) -> tuple[Fault, ...]:
        """What is still set."""
        with self._lock:
            return tuple(self._set)

    def take(self, infno: str) -> Fault | None:
        """The oldest switch for this message, used once."""
        with self._lock:
            for at, fault in enumerate(self._set):
                if fault.infno in (ANY, infno):
                    left = fault.times - 1
                    rest = [Fault(fault.kind, fault.infno, left, fault.ms)] if left else []
                    self._set[at : at + 1] = rest
                    return fault
        return None
