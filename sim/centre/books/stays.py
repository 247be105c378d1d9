"""Who lies in which ward since when (2401 to 2405), what was paid in for it, and what it has cost so
far (2301). A deposit is the patient's own money: an account of its own for each stay, which the
settlement empties.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Json
from sim.centre.books import ledgers
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words

LINES_MAX: Final = 5_000  # of one stay
ACCOUNT: Final = "deposit:"

stays = table(
    "stays",
    words("mdtrt_id", primary_key=True),
    words("fixmedins_code"),
    words("ipt_no"),
    words("psn_no"),
    words("med_type"),
    words("begn"),  # yyyy-MM-dd HH:mm:ss
    words("adm_dept_name"),
    words("adm_bed"),
    words("msgid"),  # of the 2401
    words("out_at"),  # "" = in the ward
    whole("void"),  # 1 = taken back: nothing of it happened
    sa.Index("stays_psn", "psn_no"),
    sa.Index(
        "stays_once",
        "fixmedins_code",
        "ipt_no",
        unique=True,
        sqlite_where=sa.text("void = 0"),
        postgresql_where=sa.text("void = 0"),
    ),
)
deposits = table(
    "deposits",
    words("deposit_sn", primary_key=True),
    words("mdtrt_id"),
    words("fixmedins_code"),
    words("bill_no"),
    whole("fen"),
    whole("live"),
    whole("at_ms"),
    sa.Index(
        "deposits_once",
        "fixmedins_code",
        "bill_no",
        unique=True,
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live = 1"),
    ),
)
fees = table(
    "stay_fees",
    words("mdtrt_id", primary_key=True),
    words("feedetl_sn", primary_key=True),
    whole("row_no"),
    words("line"),
)


class Stay(Struct, frozen=True):
    """One row of `stays`."""

    mdtrt_id: str
    fixmedins_code: str
    ipt_no: str
    psn_no: str
    med_type: str
    begn: str
    adm_dept_name: str
    adm_bed: str
    out_at: str

    @property
    def account(self) -> str:
        """The name of its deposit in the ledger."""
        return f"{ACCOUNT}{self.fixmedins_code}:{self.mdtrt_id}"


class Deposit(Struct, frozen=True):
    """One row of `deposits`."""

    deposit_sn: str
    mdtrt_id: str
    fen: int
    live: int


_NAMES: Final = Stay.__struct_fields__
_PAID: Final = Deposit.__struct_fields__
_STAY: Final = t.get(stays, "mdtrt_id", "fixmedins_code", "void", only=_NAMES)
_NUMBERED: Final = t.get(stays, "fixmedins_code", "ipt_no", "void", only=_NAMES)
_SENT: Final = t.get(stays, "fixmedins_code", "msgid", "void", only=_NAMES)
_OF: Final = t.get(stays, "psn_no", "void", only=_NAMES).order_by(stays.c.begn)
_ADMIT: Final = stays.insert()
_CHANGE: Final = t.change(stays, "mdtrt_id")
_DEPOSIT: Final = t.get(deposits, "deposit_sn", "fixmedins_code", only=_PAID)
_BILLED: Final = t.get(deposits, "fixmedins_code", "bill_no", "live", only=_PAID)
_ADD_DEPOSIT: Final = deposits.insert()
_END_DEPOSIT: Final = t.change(deposits, "deposit_sn")
_SETTLED: Final = t.get(t.settlements, "mdtrt_id", "kind", "live", only=("setl_id",))
_FEES: Final = t.get(fees, "mdtrt_id", only=("line",)).order_by("row_no")
_COUNT: Final = t.get(fees, "mdtrt_id", only=("feedetl_sn",))
_ADD_FEES: Final = fees.insert()


# -- stays -----------------------------------------------------------------------------------------
def _one(conn: sa.Connection, query: sa.Select[Any], key: dict[str, Any]) -> Stay | None:
    row = conn.execute(query, key | t.at(void=0)).mappings().first()
    return None if row is None else Stay(**row)


def find(conn: sa.Connection, institution: str, mdtrt_id: str) -> Stay | None:
    """A stay of this institution."""
    return _one(conn, _STAY, t.at(mdtrt_id=mdtrt_id, fixmedins_code=institution))


def numbered(conn: sa.Connection, institution: str, ipt_no: str) -> Stay | None:
    """The stay with this number of the HIS."""
    return _one(conn, _NUMBERED, t.at(fixmedins_code=institution, ipt_no=ipt_no))


def by_msgid(conn: sa.Connection, institution: str, msgid: str) -> Stay | None:
    """The stay that this 2401 made."""
    return _one(conn, _SENT, t.at(fixmedins_code=institution, msgid=msgid))


def of_person(conn: sa.Connection, psn_no: str) -> list[Stay]:
    """Every stay of a person at this centre's institutions, the oldest first (5303)."""
    rows = conn.execute(_OF, t.at(psn_no=psn_no, void=0)).mappings()
    return [Stay(**row) for row in rows]


def in_ward(conn: sa.Connection, psn_no: str) -> Stay | None:
    """The stay that is not ended."""
    return next((one for one in of_person(conn, psn_no) if not one.out_at), None)


def lay(conn: sa.Connection, psn_no: str, at_text: str) -> bool:
    """Whether the person lay in a ward at that moment."""
    return any(
        one.begn <= at_text and (not one.out_at or at_text < one.out_at)
        for one in of_person(conn, psn_no)
    )


def admit(conn: sa.Connection, stay: Stay, msgid: str) -> None:
    """Write an admission down."""
    conn.execute(_ADMIT, msgspec.structs.asdict(stay) | {"msgid": msgid, "void": 0})


def leave(conn: sa.Connection, stay: Stay, out_at: str) -> None:
    """Discharged at `out_at`; "" = the discharge is taken back."""
    conn.execute(_CHANGE, t.at(mdtrt_id=stay.mdtrt_id) | {"out_at": out_at})


def void(conn: sa.Connection, stay: Stay) -> None:
    """It never was."""
    conn.execute(_CHANGE, t.at(mdtrt_id=stay.mdtrt_id) | {"void": 1})


def settled(conn: sa.Connection, stay: Stay) -> bool:
    """Whether a settlement of it stands."""
    key = t.at(mdtrt_id=stay.mdtrt_id, kind="inpatient", live=1)
    return conn.execute(_SETTLED, key).first() is not None


# -- deposits --------------------------------------------------------------------------------------
def deposited_fen(conn: sa.Connection, stay: Stay) -> int:
    """What is paid in and not set off."""
    return ledgers.balance(conn, stay.account)


def deposit(conn: sa.Connection, institution: str, deposit_sn: str) -> Deposit | None:
    """A deposit by its number."""
    key = t.at(deposit_sn=deposit_sn, fixmedins_code=institution)
    row = conn.execute(_DEPOSIT, key).mappings().first()
    return None if row is None else Deposit(**row)


def deposit_billed(conn: sa.Connection, institution: str, bill_no: str) -> Deposit | None:
    """The deposit that this bill of the HIS paid in."""
    key = t.at(fixmedins_code=institution, bill_no=bill_no, live=1)
    row = conn.execute(_BILLED, key).mappings().first()
    return None if row is None else Deposit(**row)


def pay_in(conn: sa.Connection, stay: Stay, row: Json) -> None:
    """Book a deposit: from the person's hand to the stay's account."""
    lines = {f"cash:{stay.psn_no}": -row["fen"], stay.account: row["fen"]}
    ledgers.post(conn, row["deposit_sn"], lines, row["at_ms"])
    mine = {"mdtrt_id": stay.mdtrt_id, "fixmedins_code": stay.fixmedins_code, "live": 1}
    conn.execute(_ADD_DEPOSIT, row | mine)


def pay_back(conn: sa.Connection, one: Deposit, now_ms: int) -> None:
    """The mirror image of `pay_in`."""
    ledgers.undo(conn, one.deposit_sn, f"{one.deposit_sn}-undo", now_ms)
    conn.execute(_END_DEPOSIT, t.at(deposit_sn=one.deposit_sn) | {"live": 0})


# -- what it has cost so far -----------------------------------------------------------------------
def lines(conn: sa.Connection, stay: Stay) -> list[Json]:
    """The rows that were uploaded (2301), in order, those that give back too."""
    rows = conn.execute(_FEES, t.at(mdtrt_id=stay.mdtrt_id)).scalars()
    return [msgspec.json.decode(row) for row in rows]


def add_lines(conn: sa.Connection, stay: Stay, rows: list[Json]) -> None:
    """Keep rows of 2301."""
    known = len(conn.execute(_COUNT, t.at(mdtrt_id=stay.mdtrt_id)).all())
    found = [
        {
            "mdtrt_id": stay.mdtrt_id,
            "feedetl_sn": row["feedetl_sn"],
            "row_no": known + number,
            "line": msgspec.json.encode(row).decode(),
        }
        for number, row in enumerate(rows)
    ]
    conn.execute(_ADD_FEES, found)


def drop_lines(conn: sa.Connection, stay: Stay, feedetl_sn: str = "") -> int:
    """Take one back (2302), or all; how many went."""
    c = fees.c
    where = [c.mdtrt_id == stay.mdtrt_id] + ([c.feedetl_sn == feedetl_sn] if feedetl_sn else [])
    return int(conn.execute(fees.delete().where(*where)).rowcount)
