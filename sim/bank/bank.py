"""The bank of the simulation: hold, capture, give back, each idempotent by the order's id, in a
database of its own that no transaction of the centre reaches.

A question that gets no answer (TimeoutError) may have been carried out or not: whoever asks it again
gets the same answer. What was given back is never held or captured any more, also when that came
first (a tombstone), so a late hold cannot leave money frozen. `way` says whose money it is: the
customer's (onecode) or the bank's (credit, `credit.py`).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from sim.bank import credit, ledger, telling
from sim.bank.port import CREDIT, Bank, Loan, Wish, Word

__all__ = ["Bank", "SimBank"]
HELD, REFUSED, CAPTURED, GIVEN = "held", "refused", "captured", "given"
PLACE: Final = timezone(timedelta(hours=8))
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    pay_ordid TEXT PRIMARY KEY, psn_no TEXT NOT NULL, state TEXT NOT NULL, way TEXT NOT NULL,
    held_fen INTEGER NOT NULL, captured_fen INTEGER NOT NULL, fixmedins_code TEXT NOT NULL,
    contract_no TEXT NOT NULL, capt_no TEXT NOT NULL, due_on TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
    pay_ordid TEXT NOT NULL, refd_sn TEXT NOT NULL, fen INTEGER NOT NULL,
    PRIMARY KEY (pay_ordid, refd_sn));
CREATE INDEX IF NOT EXISTS orders_contract ON orders (contract_no);
"""


DAY_MS: Final = 86_400_000


def _entry(entry: str) -> tuple[str, str]:
    """(pay_ordid, what) of a posting's name."""
    pay_ordid, _, what = entry.partition("-")
    return pay_ordid, what


def _wall() -> int:
    return time.time_ns() // 1_000_000


class SimBank:
    """The reference bank. `clock`: its own, in milliseconds; customers: (psn_no, fen)."""

    def __init__(
        self,
        path: Path,
        customers: Iterable[tuple[str, int]] = (),
        clock: Callable[[], int] = _wall,
    ) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        ledger.open_(self._db)
        self._db.executescript(SCHEMA + credit.SCHEMA + telling.SCHEMA)
        with self._begin() as db:
            for psn_no, fen in customers:
                if not ledger.known(db, f"cust:{psn_no}"):
                    entry = {f"cust:{psn_no}": fen, "open": -fen}
                    ledger.post(db, f"open-{psn_no}", entry, clock())

    # -- what the centre asks -----------------------------------------------------------------------
    def hold(self, wish: Wish) -> Word:
        """Freeze the money, or reserve the limit."""
        with self._begin() as db:
            known = self._order(wish.pay_ordid)
            if known is None:
                self._judge(db, wish)
                known = self._order(wish.pay_ordid)
            good = known["state"] in (HELD, CAPTURED)
            return Word(good, "" if good else known["why"], known["capt_no"], known["due_on"])

    def capture(self, pay_ordid: str, fen: int) -> bool:
        """Take of what is held, and free the rest."""
        with self._begin() as db:
            order = self._order(pay_ordid)
            if order is None or order["state"] != HELD:
                return order is not None and order["state"] == CAPTURED
            held = order["held_fen"]
            if not 0 < fen <= held:
                return False
            lines = {f"inst:{order['fixmedins_code']}": fen}
            if order["way"] == CREDIT:
                lines[f"loan:{order['contract_no']}"] = -fen
                credit.lend(db, order, fen)
            else:
                lines[f"held:{pay_ordid}"] = -held
                lines[f"cust:{order['psn_no']}"] = held - fen
            ledger.post(db, f"{pay_ordid}-capture", lines, self._clock())
            self._set(pay_ordid, CAPTURED, 0, fen)
            return True

    def give_back(self, pay_ordid: str) -> None:
        """Everything of this order goes back, and nothing of it ever comes again."""
        with self._begin() as db:
            order = self._order(pay_ordid)
            if order is None:
                self._add(db, Wish(pay_ordid, "", "", 0), GIVEN, why="taken_back")
            elif order["state"] in (HELD, CAPTURED):
                self._return(db, order, GIVEN)
            elif order["state"] == REFUSED:
                self._set(pay_ordid, GIVEN, 0, 0)

    def refund(self, pay_ordid: str, refd_sn: str, fen: int) -> bool:
        """Part of what was taken goes back to the customer."""
        with self._begin() as db:
            query = "SELECT fen FROM refunds WHERE pay_ordid = ? AND refd_sn = ?"
            before = db.execute(query, (pay_ordid, refd_sn)).fetchone()
            if before is not None:
                return int(before[0]) == fen
            order = self._order(pay_ordid)
            taken = order["captured_fen"] if order is not None else 0
            if order is None or order["way"] == CREDIT or not 0 < fen <= taken:
                return False
            lines = {f"cust:{order['psn_no']}": fen, f"inst:{order['fixmedins_code']}": -fen}
            ledger.post(db, f"{pay_ordid}-refund-{refd_sn}", lines, self._clock())
            db.execute("INSERT INTO refunds VALUES (?, ?, ?)", (pay_ordid, refd_sn, fen))
            self._set(pay_ordid, CAPTURED, 0, taken - fen)
            return True

    def standing(self, psn_no: str, med_type: str) -> Loan:
        """What this person may pay later."""
        with self._begin() as db:
            return credit.standing(db, psn_no, med_type, self.today())[1]

    # -- what customers do --------------------------------------------------------------------------
    def sign_credit(self, product: str, holder: str, age: int, limit_fen: int) -> str:
        """A credit contract; "" or why not."""
        with self._begin() as db:
            return credit.sign(
                db, product, holder, age=age, limit_fen=limit_fen, today=self.today()
            )

    def share_credit(self, holder: str, psn_no: str) -> str:
        """A relative may use it; "" or why not."""
        with self._begin() as db:
            return credit.share(db, holder, psn_no)

    def repay(self, repay_id: str, holder: str, payer: str, fen: int) -> int | str:
        """The payer repays of what the contract of `holder` owes: how much was taken, or why
        nothing."""
        try:
            with self._begin() as db:
                now = (self.today(), self._clock())
                done = credit.repay(db, repay_id, holder, payer, fen=fen, now=now)
                if done == "balance":
                    raise _Undo  # the payer has not got it: nothing of it happened
                return done
        except _Undo:
            return "balance"

    def pay(self, wish: Wish) -> Word:
        """A customer pays an order with the phone: the money is frozen, and who made the order is
        told (`telling.py`)."""
        word = self.hold(wish)
        if word.good:
            with self._begin() as db:
                telling.enqueue(db, wish, word, self._clock())
        return word

    def release(self, pay_ordid: str) -> None:
        """Free what is frozen for an order that nobody will take; what was taken stays taken."""
        with self._begin() as db:
            order = self._order(pay_ordid)
            if order is not None and order["state"] == HELD:
                self._return(db, order, GIVEN)

    def now_ms(self) -> int:
        """The bank's own clock."""
        return self._clock()

    def tells(self) -> list[dict[str, Any]]:
        """What somebody still has to be told, the oldest first."""
        with self._begin() as db:
            return telling.waiting(db)

    def told(self, tell_id: str, state: str) -> None:
        """It was heard (or refused, or tried in vain once more)."""
        with self._begin() as db:
            telling.end(db, tell_id, state)

    def day_rows(self, fixmedins_code: str, day: date) -> list[tuple[str, str, int, int]]:
        """(pay_ordid, what, fen, at_ms) of an institution's civil day, as they were booked."""
        begin = datetime(day.year, day.month, day.day, tzinfo=PLACE)
        from_ms = int(begin.timestamp() * 1000)
        query = (
            "SELECT entry, fen, at_ms FROM postings WHERE account = ? AND at_ms >= ? AND at_ms < ? "
            "ORDER BY id"
        )
        with self._begin() as db:
            key = (f"inst:{fixmedins_code}", from_ms, from_ms + DAY_MS)
            rows = db.execute(query, key).fetchall()
        return [(*_entry(row["entry"]), row["fen"], row["at_ms"]) for row in rows]

    # -- what can be read ---------------------------------------------------------------------------
    def today(self) -> date:
        """The bank's civil day."""
        return datetime.fromtimestamp(self._clock() / 1000, PLACE).date()

    def balance(self, psn_no: str) -> int:
        """What the customer has."""
        with self._begin() as db:
            return ledger.balance(db, f"cust:{psn_no}")

    def account(self, name: str) -> int:
        """Any account of the bank's books."""
        with self._begin() as db:
            return ledger.balance(db, name)

    def debts(self, psn_no: str) -> list[dict[str, Any]]:
        """The open debts of this person's contract."""
        with self._begin() as db:
            return list(credit.owed(db, psn_no))

    def totals(self) -> tuple[int, int]:
        """(held, taken) over all orders."""
        query = "SELECT COALESCE(SUM(held_fen), 0), COALESCE(SUM(captured_fen), 0) FROM orders"
        with self._begin() as db:
            held, captured = db.execute(query).fetchone()
        return int(held), int(captured)

    def imbalance(self) -> int:
        """0, or the books are wrong."""
        with self._begin() as db:
            return ledger.imbalance(db)

    def lose(self, pay_ordid: str) -> None:
        """A breach: the bank forgets a hold that it had promised."""
        with self._begin() as db:
            self._return(db, self._order(pay_ordid), REFUSED)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    # -- inside a transaction -----------------------------------------------------------------------
    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db

    def _judge(self, db: sqlite3.Connection, wish: Wish) -> None:
        if wish.way == CREDIT:
            contract_no, may = credit.standing(db, wish.psn_no, wish.med_type, self.today())
            why = may.why or ("" if 0 < wish.fen <= may.left_fen else "limit")
            where = (contract_no, "" if why else may.due_on)
            self._add(db, wish, REFUSED if why else HELD, where, why)
            return
        has = ledger.balance(db, f"cust:{wish.psn_no}")
        good = has >= wish.fen > 0
        if good:
            lines = {f"cust:{wish.psn_no}": -wish.fen, f"held:{wish.pay_ordid}": wish.fen}
            ledger.post(db, f"{wish.pay_ordid}-hold", lines, self._clock())
        self._add(db, wish, HELD if good else REFUSED, why="" if good else "balance")

    def _add(
        self,
        db: sqlite3.Connection,
        wish: Wish,
        state: str,
        where: tuple[str, str] = ("", ""),
        why: str = "",
    ) -> None:
        held = wish.fen if state == HELD else 0
        number = db.execute("SELECT COUNT(*) FROM orders").fetchone()[0] + 1
        capt_no = f"{self.today():%Y%m%d}{number:08d}" if held else ""
        head = (wish.pay_ordid, wish.psn_no, state, wish.way, held, 0, wish.fixmedins_code)
        row = (*head, where[0], capt_no, where[1], why)
        db.execute(f"INSERT INTO orders VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608

    def _return(self, db: sqlite3.Connection, order: Any, to: str) -> None:
        pay_ordid, taken = order["pay_ordid"], order["captured_fen"]
        if order["way"] == CREDIT:
            lines = credit.void(db, pay_ordid)  # of a hold only the limit was taken
        else:
            lines = {f"cust:{order['psn_no']}": order["held_fen"] + taken}
            lines[f"held:{pay_ordid}"] = -order["held_fen"]
        lines[f"inst:{order['fixmedins_code']}"] = -taken
        ledger.post(db, f"{pay_ordid}-back", lines, self._clock())
        self._set(pay_ordid, to, 0, 0)

    def _order(self, pay_ordid: str) -> Any:
        return self._db.execute("SELECT * FROM orders WHERE pay_ordid = ?", (pay_ordid,)).fetchone()

    def _set(self, pay_ordid: str, state: str, held: int, captured: int) -> None:
        self._db.execute(
            "UPDATE orders SET state = ?, held_fen = ?, captured_fen = ? WHERE pay_ordid = ?",
            (state, held, captured, pay_ordid),
        )


class _Undo(Exception):
    """Roll the transaction back."""
