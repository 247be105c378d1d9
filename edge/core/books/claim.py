"""The manual claim (手工报销) of a bill that the centre did not take: the form filled in with all this
terminal still knows, under national names. What it never kept (names, card numbers) stays blank.
"""

from __future__ import annotations

from typing import Final

from edge.core.books.tasks import KINDS
from edge.core.money import split_fields, yuan
from edge.core.types import BillState, Json, Settings, Task
from edge.core.visit.ticket import inf_time

MANUAL: Final = "1"  # setl_type 中心报销
BLANK: Final = ("psn_name", "certno", "tel", "bankname", "bankacct", "acctname")


def claimable(task: Task) -> bool:
    """A task that may be closed by a claim, about a bill."""
    return "claimed" in KINDS[task.kind].hows and bool(task.bill_id)


def form(settings: Settings, task: Task, state: BillState) -> Json:
    """The form: who, where, what for, how much, and the signed record that proves it."""
    assert claimable(task), "asked for before"
    bill = state.bill
    when = inf_time(settings, state.created_utc_ms)
    paid_fen = bill.amount_fen - task.due_fen
    return {
        "setl_type": MANUAL,
        "fixmedins_code": settings.fixmedins_code,
        "fixmedins_name": settings.fixmedins_name,
        "mdtrtarea_admvs": settings.mdtrtarea_admvs,
        "psn_no": state.psn_no,
        "insutype": bill.insutype,
        "med_type": bill.med_type,
        "mdtrt_id": state.mdtrt_id or bill.mdtrt_id,
        "ipt_otp_no": bill.bill_no,
        "invono": bill.bill_no,
        "begntime": when,
        "dept_code": bill.dept_code,
        "dept_name": bill.dept_name,
        "atddr_no": bill.atddr_no,
        "dr_name": bill.dr_name,
        "medfee_sumamt": yuan(bill.amount_fen),
        "psn_cash_pay": yuan(max(0, paid_fen)),
        "claim_amt": yuan(max(0, task.due_fen)),
        "estimate": split_fields(state.estimate) if state.estimate is not None else {},
        "feedetail": [
            {
                "feedetl_sn": line.feedetl_sn,
                "med_list_codg": line.med_list_codg,
                "medins_list_name": line.medins_list_name,
                "cnt": line.cnt,
                "pric": line.pric,
                "det_item_fee_sumamt": yuan(line.amount_fen),
            }
            for line in bill.lines
        ],
        "record": {
            "terminal": settings.terminal,
            "epoch": task.epoch,
            "seq": task.seq,
            "hash": task.record_hash,
            "kind": task.record_kind,
        },
        "decision": {"outcome": task.outcome, "code": task.code, "task_id": task.task_id},
        **dict.fromkeys(BLANK, ""),
    }
