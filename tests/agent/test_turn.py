"""The middle of a turn: nothing is built upon what a failed commit took back."""

from __future__ import annotations

import pytest

from edge.core.effects import Settle, Show
from edge.core.types import Answer, Credit, Head
from edge.drivers.store import Batch
from edge.errors import EdgeError
from edge.turn import commit_turn

ANSWER = Answer(1, 1, 0, bytes(32), (), 0, Credit(), 1, bytes(32))


class FullStore:
    """A disk without room."""

    head = Head(1, 0, bytes(32))

    def commit(self, batch: Batch) -> int:
        raise EdgeError("E-STO-03", "full", "")


class Scribe:
    """Remembers what it was told is durable."""

    def __init__(self) -> None:
        self.trusted = self
        self.confirmed: list[Answer] = []

    def confirm(self, answer: Answer) -> None:
        self.confirmed.append(answer)


def test_an_answer_whose_commit_failed_was_never_there_and_nothing_is_shown() -> None:
    scribe = Scribe()
    with pytest.raises(EdgeError) as raised:
        commit_turn([Settle(ANSWER), Show("settled", 1)], scribe, FullStore())  # type: ignore[arg-type]
    assert raised.value.code == "E-STO-03"
    assert scribe.confirmed == []
