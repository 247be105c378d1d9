"""What moved on which day, as a statement names it: one row for each settlement, each cancel and
each reversal, all kept. Beside it: what was taken back before it came, months that are cleared,
and the files of 9101 and 9102.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import money
from edge.core.books import dialects
from edge.core.types import Json
from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words
from sim.centre.books.registry import Terminal

ROWS_MAX: Final = 12_000  # of one terminal and question
FILES_MAX: Final = 20  # of one terminal, the oldest goes
FIGURES: Final = ("medfee_fen", "fund_fen", "acct_fen", "hosp_fen")


movements = table(
    "movements",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("fixmedins_code"),
    words("terminal"),
    words("day"),  # yyyymmdd of the decision at the place of care
    words("msgid"),
    words("setl_id"),
    words("mdtrt_id"),
    words("psn_no"),
    words("clr_type"),
    words("insutype"),
    words("setl_optins"),
    whole("refd"),
    *(whole(name) for name in FIGURES),
    sa.Index("movements_day", "terminal", "day"),
    sa.Index("movements_msgid", "fixmedins_code", "msgid"),
)
reversals = table(  # also of what has not come yet: a tombstone
    "reversals",
    words("fixmedins_code", primary_key=True),
    words("omsgid", primary_key=True),
    words("oinfno"),
    words("psn_no"),
    words("terminal"),
    whole("epoch"),
    whole("seq"),
    whole("found"),  # 1 = there was something to take back
    whole("at_ms"),
)
clearings = table(  # 3203: nothing of this month may be taken back any more
    "clearings",
    words("fixmedins_code", primary_key=True),
    words("month", primary_key=True),
    whole("at_ms"),
)
files = table(
    "statement_files",
    words("file_qury_no", primary_key=True),
    whole("part", primary_key=True),
    whole("parts"),
    words("terminal"),
    whole("at_ms"),
    blob("data"),
)


class Moved(Struct, frozen=True):
    """One row of `movements`."""

    day: str
    msgid: str
    setl_id: str
    mdtrt_id: str
    psn_no: str
    clr_type: str
    insutype: str
    setl_optins: str
    refd: int
    medfee_fen: int
    fund_fen: int
    acct_fen: int
    hosp_fen: int


_NAMES: Final = Moved.__struct_fields__
_ADD: Final = movements.insert()
_BY_MSGID: Final = t.get(movements, "fixmedins_code", "msgid", only=_NAMES).order_by(
    movements.c.id.desc()
)
_DAYS: Final = (
    t.get(movements, "terminal", only=_NAMES)
    .where(movements.c.day >= sa.bindparam("first"), movements.c.day <= sa.bindparam("last"))
    .order_by(movements.c.msgid)
    .limit(ROWS_MAX)
)
_BURIED: Final = t.get(reversals, "fixmedins_code", "omsgid")
_BURY: Final = reversals.insert()
_CLEARED: Final = t.get(clearings, "fixmedins_code", "month", only=("at_ms",))
_PARTS: Final = t.get(files, "file_qury_no", "terminal", only=("part", "parts", "data")).order_by(
    files.c.part
)
_PART: Final = files.insert()


def moved(conn: sa.Connection, terminal: Terminal, msgid: str, info: Json) -> None:
    """Note a settlement, or with amounts below zero its undoing, from the setlinfo that is told."""
    fen = {name: money.fen(info[name]) for name in ("medfee_sumamt", "acct_pay")}
    row: dict[str, Any] = {
        "fixmedins_code": terminal.fixmedins_code,
        "terminal": terminal.name,
        "day": info["setl_time"][:10].replace("-", ""),
        "msgid": msgid,
        "refd": int(fen["medfee_sumamt"] < 0),
        "medfee_fen": fen["medfee_sumamt"],
        "fund_fen": dialects.funds_fen(info),
        "acct_fen": fen["acct_pay"] + money.fen(info["acct_mulaid_pay"]),
        "hosp_fen": money.fen(info["hosp_part_amt"]),
        "setl_optins": info["clr_optins"],
    }
    names = ("setl_id", "mdtrt_id", "psn_no", "clr_type", "insutype")
    conn.execute(_ADD, row | {name: info[name] for name in names})


def by_msgid(conn: sa.Connection, institution: str, msgid: str) -> Moved | None:
    """The newest movement that this message of the institution made."""
    key = t.at(fixmedins_code=institution, msgid=msgid)
    row = conn.execute(_BY_MSGID, key).mappings().first()
    return None if row is None else Moved(**row)


def of_days(conn: sa.Connection, terminal: str, first: str, last: str) -> list[Moved]:
    """Every movement of a terminal in these days, by message id."""
    rows = conn.execute(_DAYS, t.at(terminal=terminal) | {"first": first, "last": last})
    return [Moved(**row) for row in rows.mappings()]


# -- taken back -----------------------------------------------------------------------------------
def buried(conn: sa.Connection, institution: str, msgid: str) -> sa.RowMapping | None:
    """The reversal of this message, whether it came before or after it."""
    key = t.at(fixmedins_code=institution, omsgid=msgid)
    return conn.execute(_BURIED, key).mappings().first()


def bury(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Remember that this message is taken back, for ever."""
    conn.execute(_BURY, row)


def cleared(conn: sa.Connection, institution: str, day: str) -> bool:
    """The month of that day was cleared (3203)."""
    key = t.at(fixmedins_code=institution, month=day[:6])
    return conn.execute(_CLEARED, key).first() is not None


def clear(conn: sa.Connection, institution: str, month: str, now_ms: int) -> None:
    """What 3203 will do at the end of a month (yyyymm): lock it."""
    row = {"fixmedins_code": institution, "month": month, "at_ms": now_ms}
    conn.execute(clearings.insert(), row)


# -- files ----------------------------------------------------------------------------------------
def put_part(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Keep one part of a file; the same part again replaces the first. Old files go."""
    c = files.c
    mine = c.terminal == row["terminal"]
    conn.execute(
        files.delete().where(mine, c.file_qury_no == row["file_qury_no"], c.part == row["part"])
    )
    conn.execute(_PART, row)
    newest = (
        sa.select(c.file_qury_no)
        .where(mine)
        .group_by(c.file_qury_no)
        .order_by(sa.func.max(c.at_ms).desc(), c.file_qury_no)
    )
    known = conn.execute(newest).scalars().all()
    for name in known[FILES_MAX:]:
        conn.execute(files.delete().where(mine, c.file_qury_no == name))


def parts(conn: sa.Connection, terminal: str, file_qury_no: str) -> dict[int, tuple[int, bytes]]:
    """part -> (parts, data) of a file of this terminal."""
    rows = conn.execute(_PARTS, t.at(terminal=terminal, file_qury_no=file_qury_no))
    return {row[0]: (row[1], bytes(row[2])) for row in rows}
