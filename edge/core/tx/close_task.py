"""Close a task of the staff: says, signed, how somebody settled what a decision of the centre asked
for. It moves no fund money, so it may wait for the network; the centre holds it to its own decision.
"""

from __future__ import annotations

from typing import Final

from edge.core.money import yuan
from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time

KIND: Final = "close_task"
INFNO: Final = "close"  # no national transaction: the institution's own word
PLAN: Final = ("close",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"task"})
MED_TYPE: Final = ""


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Never a bill: tasks have their own address."""
    return _forms.refuse("E-TX-10", f"a task is closed at /v1/tasks, not as bill {bill.bill_no}")


def calls(_bill: Bill) -> tuple[str, ...]:
    """One word."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[close]: the task, the record it answers, and what was done."""
    (msgid,) = msgids
    task = ticket.task
    data: Json = {}
    if task is not None and task.closing is not None:
        done = task.closing
        data = {
            "task_id": task.task_id,
            "task_kind": task.kind,
            "epoch": task.epoch,
            "seq": task.seq,
            "record": task.record_hash,
            "how": done.how,
            "amount": yuan(done.amount_fen),
            "operator": done.operator,
            "note": done.note,
            "time": inf_time(ticket.settings, ticket.at.utc_ms),
        }
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """Whose task it was."""
    return (("slip.bill_no", bill.bill_no),)
