"""The staff's work list and the frozen key: what a decision asks of people, how they close it, and
when this terminal must sign nothing any more (DOMAIN §4.4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core import events
from edge.core.books import his, outcomes, tasks
from edge.core.books.bills import Remembered
from edge.core.books.outcomes import NEVER, TABLE, Situation
from edge.core.effects import Append, Effect, Reply, Save
from edge.core.events import Event
from edge.core.limits import clock_back_ms
from edge.core.site import Site
from edge.core.types import (
    Bill,
    BillState,
    BillStatus,
    Closing,
    Draft,
    Entry,
    Identity,
    Json,
    Means,
    Mode,
    Now,
    Outcome,
    Result,
    Task,
    TaskStatus,
)
from edge.core.visit.ticket import Ticket

META_SPACE: Final = "meta"
FREEZE_KEY: Final = "freeze"
KIND: Final = "close_task"
TXID_BYTES: Final = 16
CODE_CHARS_MAX: Final = 40
FULL_CODE: Final = "E-TSK-01"
# What the centre found that means: this terminal's key, chain or clock cannot be believed any more.
# A code that is not here (quarantined: the centre could not take the record) is a task and no more.
FREEZES: Final[dict[str, str]] = {
    "bad_signature": "E-TSK-21",
    "cannot_open": "E-TSK-21",
    "wrong_terminal": "E-TSK-21",
    "chain_broken": "E-TSK-22",
    "fork": "E-TSK-22",
    "rollback": "E-TSK-22",
    "cloned": "E-TSK-22",
    "clock_ahead": "E-TSK-23",
    "clock_back": "E-TSK-23",
}
TAKEN: Final = frozenset({Outcome.SETTLED, Outcome.ADJUSTED, Outcome.DUPLICATE})


class Freeze(Struct, frozen=True):
    """Document meta/freeze: why nothing is signed. A policy newer than `version`, signed after
    `said_utc_ms`, lifts it: the centre's word, spoken when it knew.
    """

    code: str
    version: int
    said_utc_ms: int


class TaskDesk:
    """Opens tasks, takes their closings, freezes the key."""

    def __init__(self, site: Site, meta: dict[str, bytes], closed: Callable[[], str]) -> None:
        self._site, self._terminal_closed = site, closed
        self._freeze: Freeze | None = None
        if (saved := meta.get(FREEZE_KEY)) is not None:
            self._freeze = msgspec.json.decode(saved, type=Freeze)
            site.frozen_code = self._freeze.code

    def start(self, _now: Now) -> list[Effect]:
        """Nothing: a closing that was signed is in the chain."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """A closing of the staff, or the centre's newer word."""
        if isinstance(event, events.TaskCloseArrived):
            return self._close(event, now)
        if isinstance(event, events.PolicyArrived):
            return self._thaw(event)
        return []

    def deadline(self) -> int | None:
        """Tasks have dates, no alarms: nothing happens here by itself."""
        return None

    def closed(self) -> str:
        """The key is frozen, or nobody does the work."""
        return self._site.frozen_code or (FULL_CODE if self._site.tasks.full else "")

    def status(self, now: Now) -> Json:
        """Counts and sums for /v1/status."""
        undone = self._site.tasks.undone()
        waits = [task for task in undone if task.status is TaskStatus.OPEN]
        return {
            "tasks": {
                "open": len(waits),
                "closing": len(undone) - len(waits),
                "overdue": sum(task.due_utc_ms < now.utc_ms for task in waits),
                "collect_fen": sum(max(0, task.due_fen) for task in waits),
                "refund_fen": sum(max(0, -task.due_fen) for task in waits),
            },
            "blocked": len(self._site.blocked),
            "frozen_code": self._site.frozen_code,
            "backlog": self._backlog(),
        }

    def _backlog(self) -> Json:
        """What the centre has not decided."""
        held = [entry.local for entry in self._site.ledger.undecided]
        times = [int(local.get("at_utc_ms", 0)) for local in held]
        return {
            "count": len(held),
            "amount_fen": sum(int(local.get("amount_fen", 0)) for local in held),
            "oldest_utc_ms": min((moment for moment in times if moment), default=0),
        }

    # -- decisions ---------------------------------------------------------------------------------
    def decided(
        self, entry: Entry, result: Result, before: BillState | None, said_utc_ms: int, now: Now
    ) -> list[Effect]:
        """One record got its decision, at `said_utc_ms`; `before` is its bill as it was."""
        effects = self._freezing(result, said_utc_ms)
        if entry.kind == KIND:
            return effects + self._closing_decided(entry, result, now)
        after = self._site.book.get(before.bill_id) if before is not None else None
        absorb_fen = self._site.in_force(now)[0].absorb_max_fen
        at = outcomes.situation(entry, before, after, absorb_fen)
        assert (result.outcome, at) not in NEVER, (result.outcome, at)
        kind = TABLE[result.outcome, at]
        if at is Situation.UNDO and result.outcome in TAKEN:
            effects += self._undone(entry, before, now)
        if not kind:
            return effects
        status = TaskStatus.OPEN if tasks.KINDS[kind].hows else TaskStatus.NOTED
        fields = self._about(entry, result) | _money(at, before, after)
        return effects + self._site.tasks.open(kind, now, status=status, **fields)

    def _about(self, entry: Entry, result: Result) -> Json:
        """The record a task is about, and what the centre said of it."""
        return {
            "bill_no": str(entry.local.get("bill_no", "")),
            "record_kind": entry.kind,
            "epoch": self._site.ledger.head.epoch,
            "seq": entry.seq,
            "record_hash": entry.hash.hex(),
            "outcome": str(result.outcome),
            "code": str(result.body.get("code", ""))[:CODE_CHARS_MAX],
            "person": str(entry.local.get("person", "")),
        }

    def _undone(self, entry: Entry, before: BillState | None, now: Now) -> list[Effect]:
        """The settlement was undone as a whole: what was still to be done about it is done with it,
        and the record of the cancel says so.
        """
        if before is None:
            return []
        effects: list[Effect] = []
        for task in self._site.tasks.of_bill(before.bill_id):
            if task.status is TaskStatus.OPEN:
                done = Closing("cancelled", 0, "", at_utc_ms=now.utc_ms, seq=entry.seq)
                changes: Json = {"status": TaskStatus.CLOSED, "closing": done}
                effects += self._site.tasks.change(task.task_id, now, **changes)
        return effects

    # -- closing -----------------------------------------------------------------------------------
    def _close(self, event: events.TaskCloseArrived, now: Now) -> list[Effect]:
        site = self._site
        known = site.book.remembered(event.key)
        if known is not None:
            return [his.again(event, known)]
        task = site.tasks.get(event.task_id) or event.task
        no = self._cannot_close(event, task, now)
        if no is not None:
            return [Reply(event.call, *no)]
        assert task is not None, "checked"
        done = Closing(
            event.how, event.amount_fen, event.operator, event.note, now.utc_ms, site.next_seq()
        )
        draft, save = self._draft(replace(task, closing=done), now)
        changes: Json = {"status": TaskStatus.CLOSING, "closing": done, "refused": ""}
        body = {"task_id": task.task_id, "status": str(TaskStatus.CLOSING)}
        return [
            Append(draft),
            save,
            *site.tasks.change(task.task_id, now, **changes),
            *site.book.remember(event.key, Remembered(event.body_hash, 202, body)),
            Reply(event.call, 202, body),
        ]

    def _cannot_close(
        self, event: events.TaskCloseArrived, task: Task | None, now: Now
    ) -> tuple[int, Json] | None:
        if task is None:
            return his.problem(404, "E-TSK-03", "No such task", "see GET /v1/tasks")
        if task.status is not TaskStatus.OPEN:
            hint = "read the task; there is nothing to do"
            return his.problem(409, "E-TSK-05", f"The task is {task.status}", hint)
        why = tasks.misfit(task, event.how, event.amount_fen)
        if why:
            return his.problem(422, "E-TSK-04", why, "close it with the task's own amount")
        closed = self._terminal_closed()
        no = his.no_new_work("" if closed == FULL_CODE else closed)
        if no is None and self._clock_back(now):
            no = his.problem(503, "E-TX-11", "The terminal's clock went back", "set the clock")
        return no

    def _clock_back(self, now: Now) -> bool:
        back_ms = clock_back_ms(self._site.outage(), now)
        return back_ms > self._site.in_force(now)[0].caps.clock_back_max_ms

    def _draft(self, task: Task, now: Now) -> tuple[Draft, Save]:
        site, kind = self._site, self._site.kinds[KIND]
        bill = Bill(KIND, task.bill_no, 0)
        ids, save = site.msgids.take(len(kind.calls(bill)), now)
        nobody = Identity(Means.CARD, "", ())
        ticket = Ticket(site.settings, bill, nobody, None, Mode.QUEUED, now, task=task)
        draft = Draft(
            txid=site.dice.bytes(TXID_BYTES),
            kind=KIND,
            mode=Mode.QUEUED,
            body=kind.body(ticket, ids),
            local={"task_id": task.task_id, "kind": KIND, "at_utc_ms": now.utc_ms},
            policy_hash=site.in_force(now)[1],
            at=now,
        )
        return draft, save

    def _closing_decided(self, entry: Entry, result: Result, now: Now) -> list[Effect]:
        """Receipted: done. Refused: the task opens again and says why."""
        task = self._site.tasks.get(str(entry.local.get("task_id", "")))
        if task is None or task.status is not TaskStatus.CLOSING:
            return []
        if result.outcome not in TAKEN:
            code = str(result.body.get("code", "") or result.outcome)[:CODE_CHARS_MAX]
            changes: Json = {"status": TaskStatus.OPEN, "closing": None, "refused": code}
            return self._site.tasks.change(task.task_id, now, **changes)
        effects = self._site.tasks.change(task.task_id, now, status=TaskStatus.CLOSED)
        state = self._site.book.get(task.bill_id)
        if state is not None and state.status is BillStatus.CONFIRMING and state.seq == task.seq:
            # decided long ago, only its amounts could not be told: a person has found them out
            bill: Json = {"status": BillStatus.ADJUSTED, "split": None}
            effects += self._site.book.change(state.bill_id, now, **bill)
        return effects

    # -- the frozen key ----------------------------------------------------------------------------
    def _freezing(self, result: Result, said_utc_ms: int) -> list[Effect]:
        code = FREEZES.get(str(result.body.get("code", "")), "")
        if result.outcome is not Outcome.SUSPECT or not code or self._freeze is not None:
            return []
        version = self._site.policy.version if self._site.policy else 0
        self._freeze = Freeze(code, version, said_utc_ms)
        self._site.frozen_code = code
        return [Save(META_SPACE, FREEZE_KEY, msgspec.json.encode(self._freeze))]

    def _thaw(self, event: events.PolicyArrived) -> list[Effect]:
        frozen, policy = self._freeze, event.policy
        if frozen is None or policy.version <= frozen.version:
            return []
        if policy.issued_utc_ms < frozen.said_utc_ms:
            return []
        self._freeze, self._site.frozen_code = None, ""
        return [Save(META_SPACE, FREEZE_KEY, None)]


def _money(at: Situation, before: BillState | None, after: BillState | None) -> Json:
    """Whose bill it is, and who owes what."""
    if before is None:
        return {}
    due_fen = 0
    if at is Situation.GONE:
        due_fen = outcomes.unpaid_fen(before)
    elif at in (Situation.SMALL, Situation.DIFFERS) and after is not None:
        due_fen = outcomes.difference_fen(after)
    amount_fen = before.bill.amount_fen
    return {"bill_id": before.bill_id, "due_fen": due_fen, "amount_max_fen": amount_fen}
