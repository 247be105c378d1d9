"""The work list: what people must do because of what the centre decided. Each task is a document in
the turn's own transaction and is closed by a signed record (`core.tx.close_task`).

KINDS says how each kind may be closed; a part that finds work of its own adds a row there and calls
`open`. In memory are the open tasks and the newest others; everything is in the store.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core.effects import Effect, Save
from edge.core.types import Dice, Now, Task, TaskStatus

TASK_SPACE: Final = "task"
OPEN_MAX: Final = 2_000  # with so much undone work the terminal takes nothing new
REST_MAX: Final = 200  # closed and noted tasks kept in memory
ID_BYTES: Final = 8
DAY_MS: Final = 86_400_000
UNDONE: Final = frozenset({TaskStatus.OPEN, TaskStatus.CLOSING})
COLLECT: Final = "collected"
REFUND: Final = "refunded"


class Rule(Struct, frozen=True):
    """How a kind of task may be closed (the usual way first), and by when it should be."""

    hows: tuple[str, ...]
    days: int
    free: bool = False  # the staff find the amount out; else it is the task's
    blocks: bool = False  # while it is not closed, its person is not served without the centre


KINDS: Final[dict[str, Rule]] = {
    "difference": Rule((COLLECT, REFUND, "absorbed"), 7),
    "receivable": Rule((COLLECT, "claimed", "written_off"), 30, blocks=True),
    "manual_claim": Rule(("claimed", COLLECT, "written_off"), 90),
    "suspect": Rule(("checked", COLLECT, "claimed", "written_off"), 7, free=True),
    "other_bill": Rule(("checked", COLLECT, REFUND, "written_off"), 7, free=True),
    "unclear": Rule(("checked", COLLECT, REFUND), 3, free=True),
    "cancel_refused": Rule(("checked",), 3),
    # the end of a day found a line on which the two sides do not agree (core.books.resolve)
    "centre_only": Rule(("checked",), 3),
    "ours_only": Rule(("checked",), 3),
    "figures_differ": Rule(("checked",), 3),
    "absorbed": Rule((), 0),  # a small difference that the institution bears: only noted
}
STATEMENT: Final = frozenset({"centre_only", "ours_only", "figures_differ"})
HOWS: Final = frozenset(how for rule in KINDS.values() for how in rule.hows)


def decode(data: bytes) -> Task:
    """A task from the store; ours, so a failure is our mistake."""
    return msgspec.json.decode(data, type=Task)


def keep(value: bytes) -> bool:
    """For the store's `restore`: old tasks that are still needed are the ones that are not done."""
    return decode(value).status in UNDONE


def hows(task: Task) -> tuple[str, ...]:
    """How this very task may be closed: nothing is collected that is to be given back."""
    wrong = {COLLECT, "absorbed"} if task.due_fen < 0 else {REFUND} if task.due_fen > 0 else set()
    return tuple(how for how in KINDS[task.kind].hows if how not in wrong)


def misfit(task: Task, how: str, amount_fen: int) -> str:
    """Why it cannot be closed like this, "" = it can."""
    if how not in hows(task):
        return f"a {task.kind} task is closed as one of: {', '.join(hows(task))}"
    if how == "checked":
        return "" if amount_fen == 0 else "checked moves no money: amount_fen is 0"
    if not KINDS[task.kind].free:
        due = abs(task.due_fen)
        return "" if amount_fen == due else f"amount_fen of this task is {due}"
    most = task.amount_max_fen
    return "" if 0 < amount_fen <= most else f"amount_fen is between 1 and {most}"


class Tasks:
    """Every change goes through `_store`, so no change is without its document."""

    def __init__(self, docs: dict[str, dict[str, bytes]], dice: Dice) -> None:
        self._dice = dice
        found = sorted((decode(data) for data in docs.get(TASK_SPACE, {}).values()), key=_age)
        self._undone = {task.task_id: task for task in found if task.status in UNDONE}
        rest = [task for task in found if task.status not in UNDONE]
        self._rest = {task.task_id: task for task in rest[-REST_MAX:]}
        self._order = max((task.order for task in found), default=0)
        self._blocked = self._find_blocked()

    # -- reading -----------------------------------------------------------------------------------
    def get(self, task_id: str) -> Task | None:
        """The task if it is in memory."""
        return self._undone.get(task_id) or self._rest.get(task_id)

    def undone(self) -> tuple[Task, ...]:
        """What waits for somebody or for the centre, oldest first."""
        return tuple(sorted(self._undone.values(), key=_age))

    def listed(self) -> tuple[Task, ...]:
        """Everything in memory, oldest first."""
        return tuple(sorted((*self._rest.values(), *self._undone.values()), key=_age))

    def of_bill(self, bill_id: str) -> tuple[Task, ...]:
        """The undone ones of a bill."""
        return tuple(task for task in self._undone.values() if task.bill_id == bill_id)

    @property
    def full(self) -> bool:
        """So much is undone that nothing may be added."""
        return len(self._undone) >= OPEN_MAX

    @property
    def blocked(self) -> frozenset[str]:
        """Person keys that are not served without the centre."""
        return self._blocked

    # -- changing ----------------------------------------------------------------------------------
    def open(
        self, kind: str, now: Now, *, status: TaskStatus = TaskStatus.OPEN, **fields: Any
    ) -> list[Effect]:
        """A new task; `fields` are those of `Task`."""
        rule = KINDS[kind]
        self._order += 1
        task = Task(
            task_id="t" + self._dice.bytes(ID_BYTES).hex(),
            kind=kind,
            status=status,
            version=0,
            created_utc_ms=now.utc_ms,
            updated_utc_ms=now.utc_ms,
            due_utc_ms=now.utc_ms + rule.days * DAY_MS,
            order=self._order,
            **fields,
        )
        assert self.get(task.task_id) is None, "the dice repeat themselves"
        return self._store(task, now)

    def change(self, task_id: str, now: Now, **changes: Any) -> list[Effect]:
        """Change fields of a task that is not done."""
        return self._store(replace(self._undone[task_id], **changes), now)

    def _store(self, task: Task, now: Now) -> list[Effect]:
        task = replace(task, version=task.version + 1, updated_utc_ms=now.utc_ms)
        self._undone.pop(task.task_id, None)
        if task.status in UNDONE:
            self._undone[task.task_id] = task
        else:
            self._rest[task.task_id] = task
            while len(self._rest) > REST_MAX:
                del self._rest[next(iter(self._rest))]
        self._blocked = self._find_blocked()
        return [Save(TASK_SPACE, task.task_id, msgspec.json.encode(task))]

    def _find_blocked(self) -> frozenset[str]:
        blocking = (task for task in self._undone.values() if KINDS[task.kind].blocks)
        return frozenset(task.person for task in blocking if task.person)


def _age(task: Task) -> tuple[int, int]:
    return task.created_utc_ms, task.order
