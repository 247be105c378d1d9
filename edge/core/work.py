"""What a decision of the centre asks of people, as data (`edge.core.types` has the other nouns)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct


class TaskStatus(StrEnum):
    """Where a task of the staff stands."""

    OPEN = "open"
    CLOSING = "closing"  # signed, the centre has not said yes
    CLOSED = "closed"  # the record that closes it has its receipt
    NOTED = "noted"  # asks nothing of anybody, kept to be seen


class Closing(Struct, frozen=True):
    """How somebody settled a task; `seq` is the record that says so."""

    how: str
    amount_fen: int
    operator: str
    note: str = ""
    at_utc_ms: int = 0
    seq: int = 0


class Task(Struct, frozen=True):
    """Something a person must do because of what the centre decided. A document in the turn's own transaction."""

    task_id: str
    kind: str  # a row of core.books.tasks.KINDS
    status: TaskStatus
    version: int
    created_utc_ms: int
    updated_utc_ms: int
    due_utc_ms: int
    due_fen: int = 0  # above zero: the person still owes it; below: it must be given back
    amount_max_fen: int = 0  # where the staff find the amount out: no more than this
    bill_id: str = ""
    bill_no: str = ""
    record_kind: str = ""
    epoch: int = 0
    seq: int = 0  # the record it is about, 0 = none
    record_hash: str = ""  # hex
    outcome: str = ""
    code: str = ""  # what the centre said
    person: str = ""  # ticket.person_key
    detail: dict[str, Any] = {}
    closing: Closing | None = None
    refused: str = ""  # why the centre did not take the last closing
    order: int = 0
