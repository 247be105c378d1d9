"""信用支付 (F07, "医院看病，回家付钱"): the bank lends the own part of a bill within a contract's limit.

A contract has a holder and, where the product shares with the family, members. What was captured is
a debt with a day on which it is due; TABLE says what can become of it. A debt that is late blocks
every new credit of its contract until it is repaid, by whom ever. All inside the bank's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import yaml
from msgspec import Meta, Struct

from edge.errors import EdgeError
from sim.bank import ledger
from sim.bank.port import Loan

DATA: Final = Path(__file__).parent / "credit.yaml"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILE_BYTES_MAX: Final = 1 << 16
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS contracts (
    contract_no TEXT PRIMARY KEY, product TEXT NOT NULL, holder TEXT NOT NULL UNIQUE,
    born INTEGER NOT NULL, limit_fen INTEGER NOT NULL CHECK (limit_fen > 0));
CREATE TABLE IF NOT EXISTS members (psn_no TEXT PRIMARY KEY, contract_no TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS debts (
    pay_ordid TEXT PRIMARY KEY, contract_no TEXT NOT NULL, fen INTEGER NOT NULL,
    left_fen INTEGER NOT NULL, interest_fen INTEGER NOT NULL, since_on TEXT NOT NULL,
    due_on TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS debts_contract ON debts (contract_no, state, due_on);
CREATE TABLE IF NOT EXISTS repayments (
    repay_id TEXT NOT NULL, pay_ordid TEXT NOT NULL, payer TEXT NOT NULL,
    fen INTEGER NOT NULL, interest_fen INTEGER NOT NULL, PRIMARY KEY (repay_id, pay_ordid));
"""


class Debt(StrEnum):
    """Where one debt stands."""

    DUE = "due"
    OVERDUE = "overdue"
    PAID = "paid"
    VOID = "void"  # the purchase was undone


class On(StrEnum):
    """What can happen to a debt."""

    LATE = "late"  # its day is over
    PART = "part"
    REST = "rest"
    VOID = "void"


TABLE: Final[dict[tuple[Debt, On], Debt]] = {
    (Debt.DUE, On.LATE): Debt.OVERDUE,
    (Debt.DUE, On.PART): Debt.DUE,
    (Debt.DUE, On.REST): Debt.PAID,
    (Debt.DUE, On.VOID): Debt.VOID,
    (Debt.OVERDUE, On.PART): Debt.OVERDUE,  # what is late stays late until all of it is repaid
    (Debt.OVERDUE, On.REST): Debt.PAID,
    (Debt.OVERDUE, On.VOID): Debt.VOID,
    (Debt.PAID, On.VOID): Debt.VOID,  # what was repaid goes back to who repaid it
}
OPEN: Final = frozenset({Debt.DUE, Debt.OVERDUE})  # only these are repaid, and can get late


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """A text and how well it is known."""

    value: str
    grade: str


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole number and how well it is known."""

    value: Annotated[int, Meta(ge=0)]
    grade: str


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    """Yes or no, and how well it is known."""

    value: bool
    grade: str


class Types(Struct, frozen=True, forbid_unknown_fields=True):
    """med_types, and how well that is known."""

    value: tuple[str, ...]
    grade: str


class Product(Struct, frozen=True, forbid_unknown_fields=True):
    """What one bank offers."""

    name: Text
    min_age: Number
    max_age: Number
    limit_fen: Number
    free_days: Number
    apr: Text
    family_share: Flag
    excluded_med_types: Types


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """credit.yaml."""

    products: dict[str, Product]
    members_max: Number


@cache
def load(path: Path = DATA) -> Rules:
    """The products. EdgeError E-CFG-20 when the file is malformed."""
    try:
        data = path.read_bytes()[:FILE_BYTES_MAX]
        found = msgspec.convert(yaml.load(data, Loader=_LOADER), Rules)  # noqa: S506
        if not all(Decimal(one.apr.value).is_finite() for one in found.products.values()):
            raise ValueError("apr is no rate")
    except (OSError, yaml.YAMLError, ArithmeticError, ValueError) as error:
        raise EdgeError("E-CFG-20", f"credit rules cannot be read: {error}", str(path)) from error
    return found


def late(db: sqlite3.Connection, contract_no: str, today: date) -> None:
    """What was due before today is overdue."""
    query = "SELECT pay_ordid FROM debts WHERE contract_no = ? AND state = ? AND due_on < ?"
    found = db.execute(query, (contract_no, str(Debt.DUE), today.isoformat())).fetchall()
    for (pay_ordid,) in found:
        _happen(db, pay_ordid, On.LATE)


def sign(
    db: sqlite3.Connection, product: str, holder: str, *, age: int, limit_fen: int, today: date
) -> str:
    """A contract; "" or why not: no_product, age, limit, signed_before."""
    offer = load().products.get(product)
    if offer is None:
        return "no_product"
    if not offer.min_age.value <= age <= offer.max_age.value:
        return "age"
    if not 0 < limit_fen <= offer.limit_fen.value:
        return "limit"
    if _contract(db, holder) is not None:
        return "signed_before"
    contract_no = f"C{holder}"
    row = (contract_no, product, holder, today.year - age, limit_fen)
    db.execute("INSERT INTO contracts VALUES (?, ?, ?, ?, ?)", row)
    db.execute("INSERT INTO members VALUES (?, ?)", (holder, contract_no))
    return ""


def share(db: sqlite3.Connection, holder: str, psn_no: str) -> str:
    """The holder lets a relative use the contract; "" or why not: no_contract, no_family_share,
    signed_before, too_many. Who is a relative is for the caller to know."""
    row = _contract(db, holder)
    if row is None or row["holder"] != holder:
        return "no_contract"
    if not load().products[row["product"]].family_share.value:
        return "no_family_share"
    if _contract(db, psn_no) is not None:
        return "signed_before"
    query = "SELECT COUNT(*) FROM members WHERE contract_no = ?"
    if db.execute(query, (row["contract_no"],)).fetchone()[0] > load().members_max.value:
        return "too_many"
    db.execute("INSERT INTO members VALUES (?, ?)", (psn_no, row["contract_no"]))
    return ""


def standing(
    db: sqlite3.Connection, psn_no: str, med_type: str, today: date
) -> tuple[str, Loan]:
    """(contract_no, what this person may pay later)."""
    row = _contract(db, psn_no)
    if row is None:
        return "", Loan()
    contract_no, product = row["contract_no"], load().products[row["product"]]
    late(db, contract_no, today)
    open_ = _open(db, contract_no)
    query = "SELECT COALESCE(SUM(held_fen), 0) FROM orders WHERE contract_no = ?"
    reserved = db.execute(query, (contract_no,)).fetchone()[0]
    left = row["limit_fen"] - reserved - sum(one["left_fen"] for one in open_)
    why = ""
    if any(one["state"] == Debt.OVERDUE for one in open_):
        why = "overdue"
    elif not product.min_age.value <= today.year - row["born"] <= product.max_age.value:
        why = "age"
    elif med_type in product.excluded_med_types.value:
        why = "excluded"
    elif left <= 0:
        why = "limit"
    due = today + timedelta(days=product.free_days.value)
    owed = sum(one["left_fen"] + _interest(one, product, today) for one in open_)
    return contract_no, Loan(product.name.value, max(0, left), owed, due.isoformat(), why)


def lend(db: sqlite3.Connection, order: Any, fen: int) -> None:
    """Captured: a debt until it is repaid."""
    due = order["due_on"]
    row = (order["pay_ordid"], order["contract_no"], fen, fen, 0, due, due, str(Debt.DUE))
    db.execute("INSERT INTO debts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def repay(
    db: sqlite3.Connection, repay_id: str, holder: str, payer: str, *, fen: int, now: tuple[date, int]
) -> int | str:
    """The payer's money for the debts of this contract, the oldest first, interest before what was
    lent. How much was taken, or why nothing: no_contract, balance, nothing_owed."""
    today, at_ms = now
    done = "SELECT SUM(fen + interest_fen) FROM repayments WHERE repay_id = ?"
    before = db.execute(done, (repay_id,)).fetchone()[0]
    if before is not None:
        return int(before)
    row = _contract(db, holder)
    if row is None:
        return "no_contract"
    late(db, row["contract_no"], today)
    left, taken = fen, 0
    for debt in _open(db, row["contract_no"]):
        owes = _interest(debt, load().products[row["product"]], today)
        part = min(left, owes + debt["left_fen"])
        if part <= 0:
            break
        interest = min(part, owes)
        rest = debt["left_fen"] - (part - interest)
        since = max(today.isoformat(), debt["due_on"])
        db.execute(
            "UPDATE debts SET left_fen = ?, interest_fen = ?, since_on = ? WHERE pay_ordid = ?",
            (rest, owes - interest, since, debt["pay_ordid"]),
        )
        _happen(db, debt["pay_ordid"], On.PART if rest or owes > interest else On.REST)
        paid = (repay_id, debt["pay_ordid"], payer, part - interest, interest)
        db.execute("INSERT INTO repayments VALUES (?, ?, ?, ?, ?)", paid)
        lines = {f"cust:{payer}": -part, f"loan:{row['contract_no']}": part - interest}
        ledger.post(db, repay_id, lines | {"interest": interest}, at_ms)
        left, taken = left - part, taken + part
    if not taken:
        return "nothing_owed"
    return taken if ledger.balance(db, f"cust:{payer}") >= 0 else "balance"


def void(db: sqlite3.Connection, pay_ordid: str) -> dict[str, int]:
    """The purchase was undone: who gets what, as lines that sum to what was lent; {} when nothing
    was."""
    debt = _debt(db, pay_ordid)
    if debt is None or debt["state"] == Debt.VOID:
        return {}
    lines = {f"loan:{debt['contract_no']}": debt["left_fen"]}
    query = "SELECT payer, SUM(fen), SUM(interest_fen) FROM repayments WHERE pay_ordid = ? GROUP BY 1"
    for payer, fen, interest in db.execute(query, (pay_ordid,)).fetchall():
        lines[f"cust:{payer}"] = fen + interest
        lines["interest"] = lines.get("interest", 0) - interest
    assert sum(lines.values()) == debt["fen"], "what was repaid and what is left differ from the debt"
    _happen(db, pay_ordid, On.VOID)
    db.execute("UPDATE debts SET left_fen = 0, interest_fen = 0 WHERE pay_ordid = ?", (pay_ordid,))
    return lines


def owed(db: sqlite3.Connection, psn_no: str) -> Iterable[dict[str, Any]]:
    """The open debts of this person's contract, as the phone shows them."""
    row = _contract(db, psn_no)
    return [] if row is None else [dict(one) for one in _open(db, row["contract_no"])]


def _interest(debt: Any, product: Product, today: date) -> int:
    """Of what is overdue: what was not paid yet, and the days since."""
    days = max(0, (today - date.fromisoformat(debt["since_on"])).days)
    more = debt["left_fen"] * Decimal(product.apr.value) * days / 365
    return int(debt["interest_fen"]) + int(more.quantize(Decimal(1), ROUND_HALF_UP))


def _happen(db: sqlite3.Connection, pay_ordid: str, on: On) -> None:
    debt = _debt(db, pay_ordid)
    assert debt is not None, pay_ordid
    to = TABLE[Debt(debt["state"]), on]
    db.execute("UPDATE debts SET state = ? WHERE pay_ordid = ?", (str(to), pay_ordid))


def _debt(db: sqlite3.Connection, pay_ordid: str) -> Any:
    return db.execute("SELECT * FROM debts WHERE pay_ordid = ?", (pay_ordid,)).fetchone()


def _open(db: sqlite3.Connection, contract_no: str) -> list[Any]:
    query = "SELECT * FROM debts WHERE contract_no = ? AND state IN (?, ?) ORDER BY due_on, pay_ordid"
    return db.execute(query, (contract_no, str(Debt.DUE), str(Debt.OVERDUE))).fetchall()


def _contract(db: sqlite3.Connection, psn_no: str) -> Any:
    query = "SELECT c.* FROM members m JOIN contracts c USING (contract_no) WHERE m.psn_no = ?"
    return db.execute(query, (psn_no,)).fetchone()
