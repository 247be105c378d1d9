"""Kind `collect` (取药): what was paid with a phone is handed out once, to whom it is for."""

from __future__ import annotations

from sim.centre import bodies
from sim.centre.deciding.case import Case, Done, No
from sim.centre.mobile import books
from sim.centre.mobile.stas import PAID, Stas


def run(case: Case) -> Done | No:
    """Once; said twice it is a no, because what was handed out is gone."""
    data = bodies.form(case.body.plan[0])
    number = bodies.text(data, "medOrgOrd")
    order = books.by_his(case.conn, case.terminal.fixmedins_code, number)
    if order is None or order.psn_no != case.person.psn_no or number != case.body.bill_no:
        return No("order_unknown")
    if Stas(order.stas) not in PAID:
        return No("not_paid")
    if order.collected_ms:
        return No("collected_before")
    books.change(case.conn, order, case.now_ms, collected_ms=case.now_ms)
    return Done({"mdtrt_id": order.mdtrt_id})
