"""Closed tasks (PROTOCOL "Closing a task"): each is held to the centre's own decision on the record it
answers: that record, that kind of task, that amount, once.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import money
from edge.core.books import tasks
from edge.core.books.outcomes import UNDOING
from edge.core.types import AMOUNT_FEN_MAX, Json, Mode, Outcome, Task, TaskStatus
from edge.errors import EdgeError
from edge.wire import answer as wire_answer
from edge.wire import record as wire
from edge.wire.cose import Opener
from edge.wire.record import RecordHeader
from sim.centre import bodies
from sim.centre.bodies import Body
from sim.centre.books import store as t
from sim.centre.deciding import quoting

KIND: Final = "close_task"
NUMBER_END: Final = 2**53
# which decisions ask for which task (DOMAIN §4.4); the terminal's table is finer
ASKS: Final[dict[str, frozenset[Outcome]]] = {
    "difference": frozenset({Outcome.SETTLED, Outcome.ADJUSTED, Outcome.DUPLICATE}),
    "receivable": frozenset({Outcome.REJECTED}),
    "manual_claim": frozenset({Outcome.EXPIRED}),
    "suspect": frozenset({Outcome.SUSPECT}),
    "other_bill": frozenset({Outcome.DUPLICATE}),
    "unclear": frozenset({Outcome.SETTLED, Outcome.ADJUSTED}),
    "cancel_refused": frozenset({Outcome.REJECTED, Outcome.EXPIRED}),
}
OWED: Final = ("difference", "receivable", "manual_claim")  # never asked for by an undoing
_RECORD: Final = t.get(t.records, "terminal", "epoch", "seq")
_CLOSED: Final = t.get(t.task_closings, "terminal", "about", "task_kind")
_CLOSE: Final = t.task_closings.insert()


class Said(Struct, frozen=True):
    """What the terminal says was done."""

    task_id: str
    kind: str
    epoch: int
    seq: int
    record: str
    how: str
    amount_fen: int
    operator: str
    note: str

    @property
    def about(self) -> str:
        """The record it answers; the task itself where it is about none."""
        return f"{self.epoch}/{self.seq}" if self.seq else self.task_id


def read(body: Body) -> Said:
    """The form of a closing. EdgeError E-WIR-20 malformed, E-TX-06 an amount."""
    data = bodies.form(body.plan[0])
    return Said(
        task_id=bodies.text(data, "task_id"),
        kind=bodies.text(data, "task_kind"),
        epoch=_number(data, "epoch"),
        seq=_number(data, "seq"),
        record=bodies.text(data, "record"),
        how=bodies.text(data, "how"),
        amount_fen=money.fen(bodies.text(data, "amount")),
        operator=bodies.text(data, "operator"),
        note=bodies.text(data, "note", ""),
    )


def _number(data: Json, name: str) -> int:
    found = data.get(name)
    if type(found) is not int or not 0 <= found < NUMBER_END:
        raise EdgeError("E-WIR-20", f"{name} is not a number", "name the record")
    return found


def enter(
    conn: sa.Connection, opener: Opener, header: RecordHeader, body: Body, now_ms: int
) -> str:
    """Write a closing down. "" or why not; "duplicate" when the same was said before."""
    if header.mode is not Mode.QUEUED:
        return "policy_violation"
    said = read(body)
    key = t.at(terminal=header.terminal, about=said.about, task_kind=said.kind)
    before = conn.execute(_CLOSED, key).mappings().first()
    if before is not None:
        same = (before["how"], before["fen"]) == (said.how, said.amount_fen)
        return "duplicate" if same else "task_closed"
    why = _misfit(conn, opener, header, said)
    if not why:
        row = {
            "terminal": header.terminal,
            "about": said.about,
            "task_kind": said.kind,
            "task_id": said.task_id,
            "how": said.how,
            "fen": said.amount_fen,
            "operator": said.operator,
            "note": said.note,
            "epoch": header.epoch,
            "seq": header.seq,
            "at_ms": now_ms,
        }
        conn.execute(_CLOSE, row)
    return why


def _misfit(conn: sa.Connection, opener: Opener, header: RecordHeader, said: Said) -> str:
    if said.kind in tasks.STATEMENT:  # about a line of a statement, and no money moves by it
        return "" if not said.seq and (said.how, said.amount_fen) == ("checked", 0) else "closing_how"
    key = t.at(terminal=header.terminal, epoch=said.epoch, seq=said.seq)
    row = conn.execute(_RECORD, key).mappings().first()
    if row is None or bytes(row["hash"]).hex() != said.record:
        return "closing_record"  # not a record of this terminal that the centre has
    outcome = Outcome(row["outcome"])
    asked = outcome in ASKS.get(said.kind, ())
    undoes = row["kind"] in UNDOING
    if not asked or said.kind in (OWED if undoes else ("cancel_refused",)):
        return "closing_kind"  # this decision asks for no such task
    if said.how not in tasks.KINDS[said.kind].hows:
        return "closing_how"
    dues, most_fen = _dues(opener, row, said)
    fits = any(
        tasks.misfit(_task(said.kind, due_fen, most_fen), said.how, said.amount_fen) == ""
        for due_fen in dues
    )
    return "" if fits else "closing_amount"


def _dues(opener: Opener, row: Any, said: Said) -> tuple[tuple[int, ...], int]:
    """What the centre itself knows to be due (above zero: from the person), and the record's total."""
    try:
        body = bodies.parse(wire.open_body(wire.peek(bytes(row["data"])), opener))
        estimate, total_fen = bodies.estimate(body), quoting.total_fen(body)
    except EdgeError:  # it could not be read then either: staff alone know the amount
        return (said.amount_fen,), AMOUNT_FEN_MAX
    cash_fen = estimate.psn_cash_pay_fen if estimate is not None else 0
    if said.kind != "difference":
        # who was told an amount has paid it; who was told to wait has paid nothing
        return (total_fen, total_fen - cash_fen), total_fen
    setlinfo = wire_answer.result_map(bytes(row["result"])).get("setlinfo") or {}
    if estimate is None or not setlinfo:
        return (), total_fen
    return (money.fen(bodies.text(setlinfo, "psn_cash_pay")) - cash_fen,), total_fen


def _task(kind: str, due_fen: int, most_fen: int) -> Task:
    """The task as the centre would have opened it."""
    return Task("", kind, TaskStatus.OPEN, 0, 0, 0, 0, due_fen, most_fen)
