"""What a decision asks of the staff: the table is whole, and the work list keeps its bounds."""

from __future__ import annotations

import itertools

import pytest

from edge.core.books import bills, tasks
from edge.core.books.outcomes import NEVER, TABLE, Situation
from edge.core.effects import Save
from edge.core.parts.tasks import FREEZES
from edge.core.types import Now, Outcome, Task, TaskStatus
from edge.explain import CODES
from sim.dice import SeededDice

NOW = Now(1_800_000_000_000, 5)
EVERY = list(itertools.product(Outcome, Situation))


def some(kind: str, due_fen: int = 0, most_fen: int = 0) -> Task:
    return Task("t1", kind, TaskStatus.OPEN, 1, 0, 0, 0, due_fen, most_fen)


@pytest.mark.parametrize(("outcome", "situation"), EVERY)
def test_every_outcome_in_every_situation_is_decided_or_cannot_be(
    outcome: Outcome, situation: Situation
) -> None:
    pair = (outcome, situation)
    assert (pair in TABLE) != (pair in NEVER)
    assert TABLE.get(pair, "") in {*tasks.KINDS, ""}


def test_every_kind_of_task_can_come_and_can_be_closed() -> None:
    assert {kind for kind in TABLE.values() if kind} <= set(tasks.KINDS)
    for kind, rule in tasks.KINDS.items():
        assert rule.hows or kind == "absorbed", kind
        for due_fen in (-5, 0, 5):
            assert tasks.hows(some(kind, due_fen)) or kind == "absorbed", (kind, due_fen)


def test_money_that_belongs_to_the_patient_is_never_kept() -> None:
    for kind in tasks.KINDS:
        assert not {"absorbed", "collected"} & set(tasks.hows(some(kind, due_fen=-1)))


@pytest.mark.parametrize(
    ("task", "how", "amount_fen", "fits"),
    [
        (some("difference", 600), "collected", 600, True),
        (some("difference", 600), "collected", 599, False),
        (some("difference", 600), "refunded", 600, False),
        (some("difference", -600), "refunded", 600, True),
        (some("difference", 600), "checked", 0, False),
        (some("unclear", 0, 900), "checked", 0, True),
        (some("unclear", 0, 900), "checked", 1, False),
        (some("unclear", 0, 900), "collected", 900, True),
        (some("unclear", 0, 900), "collected", 901, False),
        (some("unclear", 0, 900), "refunded", 0, False),
        (some("receivable", 60), "gift", 60, False),
    ],
)
def test_a_closing_fits_its_task_to_the_fen(
    task: Task, how: str, amount_fen: int, *, fits: bool
) -> None:
    assert (tasks.misfit(task, how, amount_fen) == "") is fits


def test_each_freezing_code_is_explained() -> None:
    assert set(FREEZES.values()) <= set(CODES)
    assert "quarantined" not in FREEZES  # the centre's own trouble


def test_the_list_in_memory_is_bounded_and_a_restart_brings_back_what_is_not_done() -> None:
    book = tasks.Tasks({}, SeededDice(1))
    docs: dict[str, bytes] = {}

    def put(effects: list) -> None:
        docs.update({one.key: one.value for one in effects if isinstance(one, Save)})

    for number in range(tasks.REST_MAX + 30):
        put(book.open("receivable", NOW, person=f"p{number}", due_fen=number))
    waiting = book.undone()
    for task in waiting[5:]:
        put(book.change(task.task_id, NOW, status=TaskStatus.CLOSED))
    assert len(book.listed()) == tasks.REST_MAX + 5
    assert book.blocked == {f"p{number}" for number in range(5)}
    again = tasks.Tasks({tasks.TASK_SPACE: docs}, SeededDice(2))
    assert again.undone() == book.undone() and again.blocked == book.blocked
    assert [bills.keep(tasks.TASK_SPACE, docs[task.task_id]) for task in waiting] == (
        [True] * 5 + [False] * (len(waiting) - 5)
    )


def test_a_full_list_says_so() -> None:
    book = tasks.Tasks({}, SeededDice(1))
    for _ in range(tasks.OPEN_MAX):
        assert not book.full
        book.open("difference", NOW, due_fen=600)
    assert book.full
