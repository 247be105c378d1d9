"""What the bank does wrong on purpose, for each question and so many times."""

from __future__ import annotations

import threading
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

SWITCHES_MAX: Final = 100
ANY: Final = "*"
Kind = Literal[
    "delay",  # the answer comes late; it was carried out at once
    "drop_before",  # the line goes before anything is done
    "drop_after",  # the line goes after the commit
    "refused",  # 503, nothing done
    "lost_answer",  # 504, after the commit
    "duplicate",  # carried out twice; of a callback: told twice
    "forged",  # the answer is signed by somebody else
    "die_before",  # the process ends before anything is done
    "die_after",  # the process ends after the commit
]


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One switch: the next `times` questions `op` ("*" = any) meet it."""

    kind: Kind
    op: Annotated[str, Meta(max_length=16)] = ANY
    times: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    ms: Annotated[int, Meta(ge=0, le=600_000)] = 0  # of delay


class Switches:
    """The switches that are set. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []

    def put(self, fault: Fault) -> None:
        """Set one more; the oldest goes when there are too many."""
        with self._lock:
            self._set = [*self._set[-SWITCHES_MAX + 1 :], fault]

    def take(self, op: str) -> Fault | None:
        """The oldest switch for this question, used once."""
        with self._lock:
            for at, fault in enumerate(self._set):
                if fault.op in (ANY, op):
                    left = fault.times - 1
                    rest = [Fault(fault.kind, fault.op, left, fault.ms)] if left else []
                    self._set[at : at + 1] = rest
                    return fault
        return None
