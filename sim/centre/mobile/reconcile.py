"""The clearing bank's file against the centre's own ledger: every movement of an institution's day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from sim.bank.clearing import Difference, File, Row, differences
from sim.centre.books import store as t
from sim.centre.civil import utc_ms

DAY_MS: Final = 86_400_000


def ours(conn: sa.Connection, fixmedins_code: str, day: date) -> tuple[Row, ...]:
    """What a bank took or returned for this institution by our own postings, as its file names it."""
    from_ms = utc_ms(datetime(day.year, day.month, day.day))
    p, o = t.postings.c, t.pay_orders.c
    query = (
        sa.select(p.entry, p.fen, o.pay_ordid, o.setl_id)
        .join(t.pay_orders, p.entry.like(o.setl_id + "%"))
        .where(o.fixmedins_code == fixmedins_code, o.setl_id != "", p.account.startswith("bank:"))
        .where(p.at_ms >= from_ms, p.at_ms < from_ms + DAY_MS)
        .order_by(p.id)
    )
    found: dict[tuple[str, str], int] = {}
    for entry, fen, pay_ordid, setl_id in conn.execute(query):
        what = _what(entry.removeprefix(setl_id), fixmedins_code)
        found[pay_ordid, what] = found.get((pay_ordid, what), 0) - fen
    return tuple(Row(*key, fen) for key, fen in found.items() if fen)


def compare(conn: sa.Connection, file: File, day: date) -> tuple[Difference, ...]:
    """() = the file's rows equal the ledger. What came to nothing on both sides (a hold that was never
    taken) is no row of the file."""
    mine, theirs = ours(conn, file.fixmedins_code, day), {one.pay_ordid for one in file.rows}
    sums: dict[str, int] = {}
    for one in mine:
        sums[one.pay_ordid] = sums.get(one.pay_ordid, 0) + one.fen
    nothing = {pay_ordid for pay_ordid, fen in sums.items() if not fen} - theirs
    return differences(tuple(one for one in mine if one.pay_ordid not in nothing), file)


def _what(suffix: str, code: str) -> str:
    """The bank's word for one of our entries: "" capture, -own-<sn> a refund, else an undo."""
    if not suffix:
        return "capture"
    if suffix.startswith("-own-"):
        return f"refund-{code}.{suffix.removeprefix('-own-')}"
    return "back"


