"""Clearing between pools (异地清分, 3260 to 3262): the fund of the place of care has advanced what the
place of insurance owes. Lists ask for at most 100 rows a call; a confirmed row is posted and its
settlement can no longer be taken back.

Field names: DOMAIN §1.2 has the three numbers and the paging (B); the fields of a row are from memory
of the specification (C): verify before quoting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from edge.core import money
from edge.core.types import Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.books import ledgers, orders
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words

if TYPE_CHECKING:
    from sim.centre.asks import Question

ROWS_MAX: Final = 100
advances = table(
    "advances",
    words("setl_id", primary_key=True),
    words("fixmedins_code"),
    words("home"),  # the pool that owes it
    words("month"),  # yyyymm of the settlement
    words("at_text"),
    whole("fen"),
    whole("cnfm"),  # how often it was confirmed and taken back
    sa.Index("advances_month", "fixmedins_code", "month"),
)
_ADD: Final = advances.insert()
_STATE: Final = t.get(advances, "setl_id", only=("cnfm", "fen", "home", "month", "fixmedins_code"))
_TURN: Final = t.change(advances, "setl_id")


def advanced(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Note what was paid for another pool."""
    conn.execute(_ADD, row | {"cnfm": 0})


def confirmed(conn: sa.Connection, setl_id: str) -> bool:
    """Whether the other pool has paid for this settlement."""
    row = conn.execute(_STATE, t.at(setl_id=setl_id)).first()
    return row is not None and bool(row[0] % 2)


def extract(asked: Question) -> Json:
    """3260: the rows of a month that are not confirmed, from `startrow` (1 = the first) on."""
    data = _form(asked.body)
    start = _number(data, "startrow")
    s, a, order = t.settlements.c, advances.c, t.pay_orders.c
    query = (
        sa.select(a.setl_id, a.home, a.at_text, a.fen, s.mdtrt_id, s.medfee_fen, s.psn_no)
        .join(t.settlements, s.setl_id == a.setl_id)
        .outerjoin(
            t.pay_orders, (order.setl_id == a.setl_id) & (order.own == str(orders.Own.CAPTURE))
        )
        .where(
            a.fixmedins_code == asked.terminal.fixmedins_code,
            a.month == _month(data),
            a.cnfm % 2 == 0,
            s.live == 1,
            order.pay_ordid.is_(None),  # a bank that breaks its word would undo it
        )
        .order_by(a.setl_id)
        .offset(max(0, start - 1))
        .limit(ROWS_MAX)
    )
    rows = [
        {
            "seqno": str(start + number),
            "insuplc_admdvs": row.home,
            "mdtrtarea": asked.region.region,
            "medins_no": asked.terminal.fixmedins_code,
            "psn_no": row.psn_no,
            "mdtrt_id": row.mdtrt_id,
            "mdtrt_setl_time": row.at_text,
            "setl_sn": row.setl_id,
            "medfee_sumamt": money.yuan(row.medfee_fen),
            "optins_pay_sumamt": money.yuan(row.fen),
        }
        for number, row in enumerate(asked.conn.execute(query))
    ]
    return {"trt_year": data["trt_year"], "trt_month": data["trt_month"], "detail": rows}


def confirm(asked: Question) -> Json:
    """3261: these rows are right; the other pool pays them. All or none: amounts that differ stop it."""
    return _turn(asked, paid=True)


def give_back(asked: Question) -> Json:
    """3262: a confirmation is taken back, and the money with it."""
    return _turn(asked, paid=False)


def _turn(asked: Question, *, paid: bool) -> Json:
    data = _form(asked.body)
    rows = data.get("detail")
    if not isinstance(rows, list) or not 0 < len(rows) <= ROWS_MAX:
        raise EdgeError("E-WIR-20", "no or too many rows", f"1 to {ROWS_MAX} of them")
    found = [_row(asked, data, row, paid=paid) for row in rows]
    if len({setl_id for setl_id, _, _, _ in found}) != len(found):
        raise EdgeError("E-WIR-20", "a row is there twice", "each setl_sn once")
    for setl_id, home, fen, count in found:
        sign = 1 if paid else -1
        lines = {f"clear:{home}": -fen * sign, f"advance:{asked.region.region}": fen * sign}
        ledgers.post(asked.conn, f"{setl_id}-clear-{count + 1}", lines, asked.now_ms)
        asked.conn.execute(_TURN, t.at(setl_id=setl_id) | {"cnfm": count + 1})
    total = sum(fen for _, _, fen, _ in found)
    return {"totalrow": str(len(found)), "optins_pay_sumamt": money.yuan(total)}


def _row(asked: Question, data: Json, row: Any, *, paid: bool) -> tuple[str, str, int, int]:
    if not isinstance(row, dict):
        raise EdgeError("E-WIR-20", "a row is not a form", "send the national form")
    setl_id = bodies.text(row, "setl_sn")
    held = asked.conn.execute(_STATE, t.at(setl_id=setl_id)).first()
    live = t.get(t.settlements, "setl_id", only=("live",))
    alive = asked.conn.execute(live, t.at(setl_id=setl_id)).scalar()
    mine = held is not None and held.fixmedins_code == asked.terminal.fixmedins_code
    if held is None or not mine or held.month != _month(data) or not alive:
        raise EdgeError("E-WIR-20", "no such row in this month", setl_id[:30])
    if bool(held.cnfm % 2) == paid:
        raise EdgeError("E-WIR-20", "the row is confirmed already" if paid else "not confirmed", "")
    if paid and orders.is_open(asked.conn, setl_id):
        raise EdgeError("E-WIR-20", "the bank has not paid its part yet", setl_id[:30])
    if money.fen(bodies.text(row, "optins_pay_sumamt")) != held.fen:
        raise EdgeError("E-WIR-20", "optins_pay_sumamt differs", setl_id[:30])
    return setl_id, held.home, held.fen, held.cnfm


def _form(body: Json) -> Json:
    data = body.get("data")
    if not isinstance(data, dict):
        raise EdgeError("E-WIR-20", "no data", "send the national form")
    return data


def _number(data: Json, name: str) -> int:
    text = bodies.text(data, name)
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise EdgeError("E-WIR-20", f"{name} is no number", text[:20])
    return int(text)


def _month(data: Json) -> str:
    year, month = _number(data, "trt_year"), _number(data, "trt_month")
    if not 2000 <= year < 3000 or not 1 <= month <= 12:
        raise EdgeError("E-WIR-20", "no such month", f"{year}-{month}")
    return f"{year}{month:02d}"
