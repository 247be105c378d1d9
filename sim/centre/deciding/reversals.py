"""2601: taking back what the sender does not know the fate of (DOMAIN §1.6).

It says what, by message id, and never fails for not finding it: then it is a tombstone, and the
original is refused when it comes at last. Said twice it is a success with a warning.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from edge.core import money
from edge.core.tx import SALES
from edge.core.types import Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Body
from sim.centre.books import ledgers, orders, statement, stays
from sim.centre.books import store as t
from sim.centre.books.registry import Terminal
from sim.centre.deciding import clearing, discharging, staying, undoing
from sim.centre.deciding.case import No, stamp
from sim.centre.prescriptions import books as prescriptions
from sim.centre.purchases import books as purchases

CANCELS: Final = frozenset({"2103", "2208", "2305"})
REVERSIBLE: Final = frozenset({"2102", "2207", "2304", "2401"}) | CANCELS
MADE_BY: Final = dict.fromkeys(SALES, ("2102", "2103")) | {"inpatient": ("2304", "2305")}
SPENT: Final = ("acct:", "wallet:", stays.ACCOUNT)
_BY_ID: Final = t.get(t.settlements, "setl_id")
_LIVE: Final = t.get(t.settlements, "fixmedins_code", "bill_no", "live", only=("setl_id",))
_TURN: Final = t.change(t.settlements, "setl_id")


class Reversal(Struct, frozen=True):
    """One 2601 to carry out; `mark` is unique for the record, `epoch` and `seq` say which."""

    conn: sa.Connection
    terminal: Terminal
    body: Body
    mark: int
    epoch: int
    seq: int
    now_ms: int


class Undone(Struct, frozen=True):
    """`output` as a settlement's, below zero; {} when there was nothing. `warn_msg`: it had been
    done before."""

    output: Json
    psn_no: str = ""
    warn_msg: str = ""


def run(case: Reversal) -> Undone | No:
    """Take it back. EdgeErrors of a malformed form pass through."""
    call = case.body.plan[0]
    data = bodies.form(call)
    omsgid, oinfno = bodies.text(data, "omsgid"), bodies.text(data, "oinfno")
    if oinfno not in REVERSIBLE:
        return No("not_reversible")
    if not 0 < len(omsgid) <= bodies.MSGID_CHARS or omsgid == call.msgid:
        raise EdgeError("E-WIR-22", "omsgid is not the id of another message", omsgid[:30])
    institution, psn_no = case.terminal.fixmedins_code, bodies.text(data, "psn_no", "")
    first = statement.buried(case.conn, institution, omsgid)
    if first is not None:
        if first["oinfno"] != oinfno:
            return No("setl_unknown")
        return Undone({}, first["psn_no"], "已冲正")
    done = _take_back(case, omsgid, oinfno, psn_no)
    if isinstance(done, Undone):
        row = {"fixmedins_code": institution, "omsgid": omsgid, "oinfno": oinfno}
        row |= {"psn_no": done.psn_no or psn_no, "terminal": case.terminal.name}
        found: dict[str, Any] = {"epoch": case.epoch, "seq": case.seq, "at_ms": case.now_ms}
        statement.bury(case.conn, row | found | {"found": int(bool(done.output))})
    return done


def _take_back(case: Reversal, omsgid: str, oinfno: str, psn_no: str) -> Undone | No:
    if oinfno == "2401":
        found = staying.withdraw(case.conn, case.terminal, omsgid, psn_no)
        return found if isinstance(found, No) else Undone({}, found)
    moved = statement.by_msgid(case.conn, case.terminal.fixmedins_code, omsgid)
    if moved is None:
        return Undone({})
    row = case.conn.execute(_BY_ID, t.at(setl_id=undoing.origin(moved.setl_id))).mappings().one()
    made_by = _made_by(oinfno, row["kind"])
    if psn_no not in ("", row["psn_no"]) or not made_by or bool(moved.refd) != (oinfno in CANCELS):
        return No("setl_unknown")
    if statement.cleared(case.conn, case.terminal.fixmedins_code, moved.day):
        return No("cleared")
    if oinfno not in CANCELS and clearing.confirmed(case.conn, row["setl_id"]):
        return No("cleared")
    if oinfno in CANCELS:
        return _again(case, row)
    if not row["live"]:
        return Undone({}, row["psn_no"], "已撤销")
    if why := purchases.may_refund(case.conn, row["setl_id"]):
        return No(why)
    output = undoing.undo(case.conn, row, f"{row['setl_id']}-rev", case.now_ms)
    return _noted(case, row, output)


def _made_by(oinfno: str, kind: str) -> bool:
    """A pharmacy sale is 2102 and its cancel 2103, a stay's 2304 and 2305, the rest 2207 and 2208."""
    return oinfno in MADE_BY.get(kind, ("2207", "2208"))


def _again(case: Reversal, row: sa.RowMapping) -> Undone | No:
    """The cancel is taken back: the settlement stands again, with the very postings it had."""
    conn, setl_id = case.conn, row["setl_id"]
    if row["live"]:
        return Undone({}, row["psn_no"], "已冲正")
    key = t.at(fixmedins_code=row["fixmedins_code"], bill_no=row["bill_no"], live=1)
    if conn.execute(_LIVE, key).first() is not None:
        return No("superseded")  # the bill was settled anew: it must not be paid twice
    if orders.has(conn, setl_id):
        return No("pay_given_back")  # a bank gave the own part back: it is paid anew, or not at all
    lines = ledgers.lines_of(conn, setl_id)
    if row["kind"] == "inpatient" and not discharging.may_stand(conn, row, lines):
        return No("deposit_changed")
    spent = (name for name, fen in lines.items() if name.startswith(SPENT) and fen < 0)
    if any(ledgers.balance(conn, name) + lines[name] < 0 for name in spent):
        return No("balance_gone")  # what came back on the account was spent since
    if purchases.of_sale(conn, setl_id) is not None:
        return No("order_refunded")  # the order is over; a new one may be placed
    if why := prescriptions.dispensed_again(conn, setl_id, row["fixmedins_code"], case.now_ms):
        return No(why)
    conn.execute(_TURN, t.at(setl_id=setl_id) | {"live": 1})
    ledgers.post(conn, f"{setl_id}-again-{case.mark}", lines, case.now_ms)
    delta = msgspec.json.decode(row["delta"])
    ledgers.add_to_year(conn, row["psn_no"], delta["insutype"], row["year"], delta["fen"])
    output = undoing.told(row)
    info = output["setlinfo"] | {"setl_time": stamp(case.now_ms)}
    again = info | {"setl_id": f"{setl_id}-again", "initial_setl_id": setl_id}
    return _noted(case, row, {**output, "setlinfo": again})


def _noted(case: Reversal, row: sa.RowMapping, output: Json) -> Undone:
    call = case.body.plan[0]
    statement.moved(case.conn, case.terminal, call.msgid, output["setlinfo"])
    assert money.fen(output["setlinfo"]["medfee_sumamt"]) != 0, "a settlement of nothing"
    return Undone(output, row["psn_no"])
