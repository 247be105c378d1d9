"""What the staff's page can look like: the statuses and tasks it is shown with in pictures and checks."""

from __future__ import annotations

import time
from typing import Any

from edge.core.types import Bill, BillState, BillStatus, FeeLine, Task, TaskStatus
from tests.http.scripted import work
from tests.kiosk.states import RX

NOW = int(time.time() * 1000)
HOUR, DAY = 3_600_000, 86_400_000
CALM: dict[str, Any] = {
    "terminal": "t-0001",
    "service": "open",
    "net": "up",
    "stop_code": "",
    "frozen_code": "",
    "camera": "ok",
    "board": "ok",
    "waiting": 0,
    "provisional": 0,
    "provisional_fen": 0,
    "backlog": {"count": 0, "amount_fen": 0, "oldest_utc_ms": 0},
    "policy": {"profile": "P1", "version": 3, "hash": "", "valid_until_utc_ms": NOW + 7 * DAY},
    "offline": {"profile": "P1", "left_count": 100, "left_fen": 5_000_00, "left_hours": 24},
    "tasks": {"open": 0, "closing": 0, "overdue": 0, "collect_fen": 0, "refund_fen": 0},
    "blocked": 0,
    "unknown": 0,
    "days_open": 0,
    "day_closing": "",
    "reconciled_until_utc_ms": NOW - NOW % DAY,
}
OUTAGE = CALM | {
    "net": "down",
    "waiting": 17,
    "provisional": 12,
    "provisional_fen": 1_843_50,
    "backlog": {"count": 17, "amount_fen": 412_345_67, "oldest_utc_ms": NOW - 20 * HOUR},
    "policy": CALM["policy"] | {"valid_until_utc_ms": NOW + 2 * DAY},
    "offline": {"profile": "P1", "left_count": 83, "left_fen": 3_156_50, "left_hours": 4},
    "camera": "E-CAM-02",
    "unknown": 3,
    "days_open": 12,
    "day_closing": "20261118",
    "reconciled_until_utc_ms": 0,
}
FROZEN = OUTAGE | {
    "net": "up",
    "service": "E-TSK-22",
    "frozen_code": "E-TSK-22",
    "stop_code": "E-LOG-04",
    "offline": {"profile": "P0", "left_count": 0, "left_fen": 0, "left_hours": 0},
    "policy": CALM["policy"] | {"profile": "P0", "valid_until_utc_ms": 0},
}


def _task(number: int, kind: str, **fields: Any) -> Task:
    usual = {"bill_no": f"B-20261121-{number:04d}", "created_utc_ms": NOW - number * HOUR}
    return work(f"t{number}", kind, **(usual | fields))


def many() -> tuple[Task, ...]:
    """One of each kind, one late, one refused, one on its way."""
    from msgspec.structs import replace

    made = (
        _task(1, "difference", due_fen=12_34, code=""),
        _task(2, "receivable", due_fen=9_876_543_21, bill_no="B" * 30, code="waiting_period"),
        _task(3, "difference", due_fen=-6_00, code=""),
        _task(4, "manual_claim", due_fen=88_00, code="expired"),
        _task(5, "suspect", due_fen=0, code="quarantined"),
        _task(6, "other_bill", due_fen=0, code="duplicate"),
        _task(7, "unclear", due_fen=0, code=""),
        _task(8, "cancel_refused", due_fen=0, code="setl_unknown"),
        _task(10, "centre_only", bill_no="", outcome="", code="000101"),
        _task(11, "ours_only", code="000102"),
        _task(12, "figures_differ", code="000103"),
        _task(9, "receivable", due_fen=60_00, status=TaskStatus.CLOSING, person="p2"),
    )
    late = replace(made[0], due_utc_ms=NOW - DAY)
    again = replace(made[3], refused="closing_amount")
    return (late, *made[1:3], again, *made[4:])


RX_BILL = BillState(
    "b00000000000000rx",
    Bill("prescription", "B-9", 70_00, (FeeLine("1", "A1", "阿莫西林胶囊", 70_00),)),
    BillStatus.IN_VISIT, 1, NOW, NOW, prescription=RX,
)  # fmt: skip
STATES: dict[str, tuple[dict[str, Any], tuple[Task, ...]]] = {
    "calm": (CALM, ()),
    "review": (CALM | {"review": RX_BILL.bill_id}, many()[:1]),
    "busy": (OUTAGE, many()),
    "frozen": (FROZEN, many()[4:6]),
}
