"""Double entry: every movement is an entry whose postings sum to zero, so all balances together
are always zero.

Accounts: fund:{fund_pay_type} · acct:{psn_no} (own money) · cash:{psn_no} (paid at the desk) ·
inst:{fixmedins_code} (what the institution is owed or got) · open (where opening balances come
from). Amounts in fen.
"""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from edge.core.benefit import Accumulators, FundLine
from edge.core.types import Split
from sim.centre.books import store as t
from sim.centre.books.people import PersonSpec

OPENING: Final = "open"
NAMES: Final = Accumulators.__struct_fields__


_BALANCE: Final = t.get(t.accounts, "name", only=("balance_fen",))
_YEAR: Final = t.get(t.accumulators, "psn_no", "insutype", "year", only=NAMES)
_POST: Final = t.postings.insert()
_MOVE: Final = sa.text(  # one form that SQLite and PostgreSQL both have
    "INSERT INTO accounts (name, balance_fen) VALUES (:account, :fen) "
    "ON CONFLICT (name) DO UPDATE SET balance_fen = accounts.balance_fen + excluded.balance_fen"
)
_ADD: Final = sa.text(
    f"INSERT INTO accumulators (psn_no, insutype, year, {', '.join(NAMES)}) "  # noqa: S608 - ours
    f"VALUES (:psn_no, :insutype, :year, {', '.join(f':{name}' for name in NAMES)}) "
    "ON CONFLICT (psn_no, insutype, year) DO UPDATE SET "
    + ", ".join(f"{name} = accumulators.{name} + excluded.{name}" for name in NAMES)
)


def balance(conn: sa.Connection, account: str) -> int:
    """Fen on the account; 0 when it never moved."""
    return int(conn.execute(_BALANCE, t.at(name=account)).scalar() or 0)


def post(conn: sa.Connection, entry: str, lines: dict[str, int], at_ms: int) -> None:
    """Book one entry. The lines must sum to zero: anything else is our mistake."""
    assert sum(lines.values()) == 0, f"entry {entry} does not balance"
    rows = [
        {"entry": entry, "account": account, "fen": amount, "at_ms": at_ms}
        for account, amount in lines.items()
        if amount
    ]
    if rows:
        conn.execute(_MOVE, [{"account": row["account"], "fen": row["fen"]} for row in rows])
        conn.execute(_POST, rows)


def settlement_lines(
    split: Split,
    funds: tuple[FundLine, ...],
    psn_no: str,
    payers: dict[str, int],
    institution: str,
    *,
    rest: str = "",
) -> dict[str, int]:
    """Who gives (negative) and that the institution gets the bill less what it bears itself.
    `payers`: what each account besides the own one gives; `rest`: who gives what is left over, the
    person at the desk when nobody is named."""
    lines = {f"fund:{line.fund_pay_type}": -line.fund_payamt_fen for line in funds}
    assert -sum(lines.values()) == split.fund_pay_sumamt_fen, "fund lines differ from their sum"
    assert sum(payers.values()) == split.acct_mulaid_pay_fen, "relatives differ from their sum"
    lines[f"acct:{psn_no}"] = -split.acct_pay_fen
    for other, amount in payers.items():
        lines[other] = lines.get(other, 0) - amount
    lines[rest or f"cash:{psn_no}"] = -split.psn_cash_pay_fen
    lines[f"inst:{institution}"] = split.medfee_sumamt_fen - split.hosp_part_amt_fen
    return lines


def undo(conn: sa.Connection, entry: str, undone_by: str, at_ms: int) -> None:
    """Book the mirror image of an entry."""
    back = {account: -fen for account, fen in lines_of(conn, entry).items()}
    post(conn, undone_by, back, at_ms)


def lines_of(conn: sa.Connection, entry: str) -> dict[str, int]:
    """The lines of an entry as they were posted."""
    query = t.get(t.postings, "entry", only=("account", "fen"))
    rows = conn.execute(query, t.at(entry=entry)).all()
    assert rows, f"no entry {entry}"
    return {row[0]: row[1] for row in rows}


def imbalance(conn: sa.Connection) -> int:
    """0, or the books are wrong: balances differ from postings, or do not sum to zero."""
    c = t.postings.c
    posted = conn.execute(sa.select(c.account, sa.func.sum(c.fen)).group_by(c.account))
    sums = {row[0]: int(row[1]) for row in posted}
    balances = conn.execute(sa.select(t.accounts.c.name, t.accounts.c.balance_fen))
    held = {row[0]: int(row[1]) for row in balances}
    differ = sum(abs(held.get(name, 0) - sums.get(name, 0)) for name in {*held, *sums})
    return differ + abs(sum(held.values()))


def paid_by_funds(conn: sa.Connection) -> int:
    """What the funds have given and not got back. Entries that each sum to zero do not say that a
    settlement which is undone has been given back."""
    c = t.accounts.c
    query = sa.select(sa.func.sum(c.balance_fen)).where(c.name.startswith("fund:"))
    return -int(conn.execute(query).scalar() or 0)


# -- accumulators ---------------------------------------------------------------------------------
def year(conn: sa.Connection, psn_no: str, insutype: str, in_year: int) -> Accumulators:
    """What the person has used up in that benefit year (5206)."""
    key = t.at(psn_no=psn_no, insutype=insutype, year=in_year)
    row = conn.execute(_YEAR, key).mappings().first()
    return Accumulators(**row) if row is not None else Accumulators()


def add_to_year(
    conn: sa.Connection, psn_no: str, insutype: str, in_year: int, delta: dict[str, int]
) -> None:
    """Add (or with negative numbers take back) amounts of one settlement."""
    key = {"psn_no": psn_no, "insutype": insutype, "year": in_year}
    amounts = {name: delta.get(name, 0) for name in NAMES}
    conn.execute(_ADD, key | amounts)
    if min(amounts.values()) < 0:
        after = msgspec.structs.astuple(year(conn, psn_no, insutype, in_year))
        assert min(after) >= 0, "an accumulator fell below zero"


def difference(before: Accumulators, after: Accumulators) -> dict[str, int]:
    """after - before, name by name."""
    return {name: getattr(after, name) - getattr(before, name) for name in NAMES}


def open_person(conn: sa.Connection, one: PersonSpec, at_ms: int) -> None:
    """Opening balance and opening accumulators of an invented person."""
    if one.balance_fen:
        entry = {f"acct:{one.psn_no}": one.balance_fen, OPENING: -one.balance_fen}
        post(conn, f"open-{one.psn_no}", entry, at_ms)
    if one.accumulated:
        assert one.year, "accumulators belong to a year"
        add_to_year(conn, one.psn_no, one.insutype, one.year, one.accumulated)
