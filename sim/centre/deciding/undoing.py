"""2208, 2103 and 2305 undo a settlement: money, accumulators and the bill's number go back."""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from edge.core import money
from edge.core.tx import SALES
from edge.core.types import Json, Split
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Body
from sim.centre.books import ledgers, orders, statement
from sim.centre.books import store as t
from sim.centre.deciding import clearing
from sim.centre.deciding.case import Case, Done, No, stamp, taken_back
from sim.centre.prescriptions import books as prescriptions
from sim.centre.purchases import books as purchases

_BY_ID: Final = t.get(t.settlements, "setl_id")
_END: Final = t.change(t.settlements, "setl_id")


def run(case: Case) -> Done | No:
    """Kind `cancel`."""
    call = case.body.plan[0]
    data = bodies.form(call)
    setl_id = bodies.text(data, "setl_id")
    row = case.conn.execute(_BY_ID, t.at(setl_id=setl_id)).mappings().first()
    if row is None or row["fixmedins_code"] != case.terminal.fixmedins_code:
        return No("setl_unknown")
    said = bodies.text(data, "psn_no", "")
    if said not in ("", row["psn_no"]) or call.infno != undone_by(row["kind"]):
        return No("setl_unknown")
    if not row["live"]:
        return No("duplicate", negative(row, f"{setl_id}-undo", case.now_ms))
    if taken_back(case, "2208", "2103", "2305"):
        return No("reversed_before")
    if clearing.confirmed(case.conn, setl_id):
        return No("cleared")  # the other pool has paid for it
    if why := purchases.may_refund(case.conn, setl_id):
        return No(why)
    output = undo(case.conn, row, f"{setl_id}-undo", case.now_ms)
    statement.moved(case.conn, case.terminal, call.msgid, output["setlinfo"])
    return Done(output)


def undone_by(kind: str) -> str:
    """The transaction that undoes a settlement of this kind."""
    return "2103" if kind in SALES else "2305" if kind == "inpatient" else "2208"


def undo(conn: sa.Connection, row: sa.RowMapping, undone_by: str, now_ms: int) -> Json:
    """End a live settlement: money, accumulators and the bill number go back. Its mirror image."""
    setl_id = row["setl_id"]
    conn.execute(_END, t.at(setl_id=setl_id) | {"live": 0})
    ledgers.undo(conn, setl_id, undone_by, now_ms)
    for order in orders.undone(conn, setl_id):  # a part of it had gone back before
        again = {f"bank:{order.way}": -order.refd_fen, f"inst:{order.fixmedins_code}": order.refd_fen}
        ledgers.post(conn, f"{undone_by}-refd", again, now_ms)
    prescriptions.given_back(conn, setl_id)
    purchases.refunded(conn, setl_id, now_ms)
    out_of_the_year(conn, row)
    return negative(row, undone_by, now_ms)


def out_of_the_year(conn: sa.Connection, row: sa.RowMapping) -> None:
    """What the settlement had used up is free again."""
    delta = msgspec.json.decode(row["delta"])
    back = {name: -amount for name, amount in delta["fen"].items()}
    ledgers.add_to_year(conn, row["psn_no"], delta["insutype"], row["year"], back)


def origin(setl_id: str) -> str:
    """The settlement that a derived id (-undo, -rev, -again) belongs to."""
    return setl_id.partition("-")[0]


def told(row: sa.RowMapping) -> Json:
    """The output of a settlement as it was told."""
    output: Json = msgspec.json.decode(row["output"])
    return output


def negative(row: sa.RowMapping, undone_by: str, now_ms: int) -> Json:
    """The cancelled settlement as the national output shows it: the same amounts below zero, and
    whose cancellation."""
    output = told(row)
    info = dict(output["setlinfo"])
    names = [name.removesuffix("_fen") for name in Split.__struct_fields__] + ["psn_part_amt"]
    for name in names:
        if name != "balc":
            info[name] = money.yuan(-money.fen(info[name]))
    info["initial_setl_id"], info["setl_id"] = row["setl_id"], undone_by
    info["setl_time"] = stamp(now_ms)
    return {"mdtrt_id": row["mdtrt_id"], "setlinfo": info, "setldetail": []}


def person_of_settlement(conn: sa.Connection, body: Body) -> str:
    """psn_no of the settlement that a cancel names, "" when there is none."""
    try:
        setl_id = bodies.text(bodies.form(body.plan[0]), "setl_id")
    except EdgeError:
        return ""
    row = conn.execute(_BY_ID, t.at(setl_id=setl_id)).mappings().first()
    return "" if row is None else str(row["psn_no"])
