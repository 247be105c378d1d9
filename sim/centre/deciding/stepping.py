"""F04: one patient walks through a visit on several terminals of the institution. Where the visit stands
follows from what was recorded; what may come next is the TABLE, what may not says why in REFUSED.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from sim.centre import bodies
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words
from sim.centre.deciding.case import Case, Done, No, stamp


class Stand(StrEnum):
    """How far a visit is."""

    REGISTERED = "registered"
    SEEN = "seen"
    PAID = "paid"
    SERVED = "served"  # the medicine is out


class Step(StrEnum):
    """businessType (DOMAIN §2.3); 01101 makes the visit, 01301 is the settlement's own record."""

    CONSULT = "01201"
    PAY = "01301"
    MEDICINE = "01302"
    REPORT = "01303"


R, S, P, V = Stand.REGISTERED, Stand.SEEN, Stand.PAID, Stand.SERVED
TABLE: Final[dict[tuple[Stand, Step], Stand]] = {
    (R, Step.CONSULT): S,
    (R, Step.PAY): P,  # a HIS that keeps its consultations to itself
    (S, Step.PAY): P,
    (S, Step.REPORT): S,
    (P, Step.PAY): P,
    (P, Step.REPORT): P,
    (P, Step.MEDICINE): V,
    (V, Step.PAY): P,  # another bill of the same visit, and its medicine
    (V, Step.REPORT): V,
}
REFUSED: Final[dict[tuple[Stand, Step], str]] = {
    (R, Step.REPORT): "step_order",
    (R, Step.MEDICINE): "step_order",
    (S, Step.CONSULT): "step_done",
    (S, Step.MEDICINE): "step_unpaid",
    (P, Step.CONSULT): "step_done",
    (V, Step.CONSULT): "step_done",
    (V, Step.MEDICINE): "step_done",
}
NAMES: Final = {"01101": "挂号", "01201": "问诊", "01301": "结算", "01302": "取药", "01303": "取报告"}
NEXT: Final = {R: "01201", S: "01301", P: "01302", V: ""}

steps = table(
    "visit_steps",
    words("mdtrt_id", primary_key=True),
    whole("number", primary_key=True),
    words("business"),
    words("terminal"),
    whole("paid"),  # how many settlements of the visit lived when it was taken
    whole("at_ms"),
)
_OWNER: Final = t.get(t.visits, "mdtrt_id", "fixmedins_code", only=("psn_no",))
_STEPS: Final = t.get(steps, "mdtrt_id", only=("business", "paid")).order_by("number")
_PAID: Final = sa.select(sa.func.count()).select_from(t.settlements).where(
    t.settlements.c.mdtrt_id == sa.bindparam("mdtrt_id"), t.settlements.c.live == 1
)


def run(case: Case) -> Done | No:
    """Kind `step`: the visit's own person, at its institution, in its turn."""
    data = bodies.form(case.body.plan[0])
    mdtrt_id, business = bodies.text(data, "mdtrt_id"), bodies.text(data, "businessType")
    if business not in (Step.CONSULT, Step.MEDICINE, Step.REPORT):
        return No("step_unknown")
    key = t.at(mdtrt_id=mdtrt_id, fixmedins_code=case.terminal.fixmedins_code)
    if case.conn.execute(_OWNER, key).scalar() != case.person.psn_no:
        return No("mdtrt_unknown")
    before = stands(case.conn, mdtrt_id)
    after = TABLE.get((before, Step(business)))
    if after is None:
        return No(REFUSED[before, Step(business)])
    number = len(case.conn.execute(_STEPS, t.at(mdtrt_id=mdtrt_id)).all()) + 1
    row = {"mdtrt_id": mdtrt_id, "number": number, "business": business}
    paid = int(case.conn.execute(_PAID, {"mdtrt_id": mdtrt_id}).scalar() or 0)
    row_more = {"terminal": case.terminal.name, "paid": paid, "at_ms": case.now_ms}
    case.conn.execute(steps.insert(), {**row, **row_more})
    given = [["step", NAMES[business]], ["step_ticket", f"{mdtrt_id[-6:]}-{number}"]]
    if NEXT[after]:
        given.append(["step_next", NAMES[NEXT[after]]])
    given.append(["given_at", stamp(case.now_ms)])
    return Done({"mdtrt_id": mdtrt_id, "given": given})


def stands(conn: sa.Connection, mdtrt_id: str) -> Stand:
    """From what was recorded: a settlement that was undone takes the visit back with it."""
    taken = conn.execute(_STEPS, t.at(mdtrt_id=mdtrt_id)).all()
    paid = int(conn.execute(_PAID, {"mdtrt_id": mdtrt_id}).scalar() or 0)
    if paid:
        served = any(row[0] == Step.MEDICINE and row[1] >= paid for row in taken)
        return Stand.SERVED if served else Stand.PAID
    return Stand.SEEN if any(row[0] == Step.CONSULT for row in taken) else Stand.REGISTERED
