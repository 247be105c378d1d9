"""What the bank does wrong on purpose, for each question and so many times."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sim.switches import ANY

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

    @property
    def where(self) -> str:
        """For `sim.switches`."""
        return self.op
