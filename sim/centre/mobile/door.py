"""The payment centre's own door, beside `/fsi/api`: POST /pmc/order, /pmc/confirm and /pmc/wallet/… of a phone,
/pmc/callback of the bank (signed; again = the first answer; before the order or for another amount =
refused, and the bank gives the money back).
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from edge.core.types import Json
from edge.errors import EdgeError
from edge.suites.es256 import Es256Verifier
from sim.bank import wire
from sim.bank.port import MOBILE, Bank
from sim.bank.telling import CONFLICT, OK, Paid
from sim.centre.books import orders, people
from sim.centre.books import store as t
from sim.centre.books.rules import Region
from sim.centre.deciding import legs
from sim.centre.deciding.case import No
from sim.centre.mobile import booking, books, purse
from sim.centre.mobile.books import Order
from sim.centre.mobile.stas import On, Stas

REFUSED: Final = 422
FORBIDDEN: Final = 401
UNKNOWN: Final = 404


class Look(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone opens an order."""

    pay_token: Annotated[str, Meta(max_length=64)]


class Yes(Struct, frozen=True, forbid_unknown_fields=True):
    """The person says yes, with the code of their own voucher."""

    pay_token: Annotated[str, Meta(max_length=64)]
    code: Annotated[str, Meta(max_length=64)]


class Pmc:
    """`bank`: who is asked for captures and refunds, None = nobody here; `believed`: whose callbacks
    are."""

    def __init__(
        self, store: t.Store, region: Region, bank: Bank | None, believed: Es256Verifier | None
    ) -> None:
        self._store, self._region, self._bank, self._believed = store, region, bank, believed

    def answer(self, path: str, body: bytes, signature: str, now_ms: int) -> tuple[int, bytes]:
        """(status, body) of one message. Never raises for what a phone or a bank sends."""
        do = {
            "/pmc/order": self._look,
            "/pmc/confirm": self._yes,
            "/pmc/callback": self._paid,
            "/pmc/wallet/send": self._wallet,
            "/pmc/wallet/take": self._wallet,
        }.get(path)
        if do is None:
            return UNKNOWN, b"{}"
        try:
            given = path if path.startswith("/pmc/wallet/") else signature
            status, told = do(body, given, now_ms)
        except EdgeError as error:
            told = {"code": error.code, "detail": error.message}
            status = FORBIDDEN if error.code == "E-WIR-05" else REFUSED
        if status == OK:
            self.work(now_ms)
        return status, msgspec.json.encode(told)

    def work(self, now_ms: int) -> None:
        """What the bank owes an answer to."""
        if self._bank is not None:
            self._refunds(now_ms)
            legs.work(self._store, self._bank, now_ms)
        with self._store.begin() as conn:
            booking.carried(conn, now_ms)

    def _refunds(self, now_ms: int) -> None:
        assert self._bank is not None, "asked before"
        with self._store.begin() as conn:
            waiting = books.owed(conn)
        for row in waiting:
            sn = f"{row['fixmedins_code']}.{row['app_refd_sn']}"
            try:
                good = self._bank.refund(row["pay_ordid"], sn, row["own_fen"])
            except TimeoutError:
                continue
            with self._store.begin() as conn:
                books.paid_back(conn, row)
                refd_fen = orders.by_id(conn, row["pay_ordid"]).refd_fen
                orders.refunding(conn, row["pay_ordid"], refd_fen, -1)
                if not good:  # it had taken so much, it said
                    t.note(conn, "refund_lost", now_ms, t.Place(), alarm=True)

    # -- the phone ---------------------------------------------------------------------------------
    def _look(self, body: bytes, _signature: str, now_ms: int) -> tuple[int, Json]:
        asked = wire.decode(body, Look)
        with self._store.begin() as conn:
            order = self._open(conn, asked.pay_token, now_ms)
            return _no("order_unknown") if order is None else (OK, _shown(order))

    def _yes(self, body: bytes, _signature: str, now_ms: int) -> tuple[int, Json]:
        """Even where nothing is left to pay the person says yes first."""
        asked = wire.decode(body, Yes)
        with self._store.begin() as conn:
            order = self._open(conn, asked.pay_token, now_ms)
            if order is None:
                return _no("order_unknown")
            by = hashlib.sha256(body).digest()
            psn_no, why = people.use_code(conn, asked.code, order.fixmedins_code, by, now_ms)
            if not psn_no:
                return _no(why)
            served = [one for one, _ in people.served_by(conn, psn_no)]
            if order.psn_no not in (psn_no, *served):
                return _no("no_person")
            if order.stas == Stas.PAYING:
                return OK, _shown(order)
            moved = booking.happen(conn, order, On.CONFIRM, now_ms)
            if isinstance(moved, No):
                return _no(moved.code)
            if not moved.own_fen:
                moved = self._book(conn, moved, None, now_ms)
            return OK, _shown(moved)

    def _wallet(self, body: bytes, path: str, now_ms: int) -> tuple[int, Json]:
        with self._store.begin() as conn:
            return purse.answer(conn, path, body, now_ms)

    # -- the bank ----------------------------------------------------------------------------------
    def _paid(self, body: bytes, signature: str, now_ms: int) -> tuple[int, Json]:
        if self._believed is None:
            return FORBIDDEN, {"code": "no_bank"}
        wire.check(self._believed, signature, wire.TELL, b"/pmc/callback", body)
        tell = wire.decode(body, Paid)
        digest = hashlib.sha256(body).digest()
        with self._store.begin() as conn:
            before = books.heard_before(conn, tell.tell_id)
            if before is not None:
                same = bytes(before["digest"]) == digest
                told = msgspec.json.decode(bytes(before["answer"]))
                return (before["status"], told) if same else _no("tell_id_used")
            status, told = self._judge(conn, tell, now_ms)
            row = {"tell_id": tell.tell_id, "digest": digest, "status": status}
            conn.execute(books.heard.insert(), row | {"answer": msgspec.json.encode(told)})
            return status, told

    def _judge(self, conn: sa.Connection, tell: Paid, now_ms: int) -> tuple[int, Json]:
        order = books.by_id(conn, tell.pay_ordid)
        if order is None:
            return _no("order_unknown")  # a callback before its order
        order = booking.over(conn, order, now_ms)
        if order.stas != Stas.PAYING:
            return _no("order_state")
        if tell.fen != order.own_fen:
            return _no("amount_differs")
        done = self._book(conn, order, tell, now_ms)
        return (OK, {"ordStas": done.stas}) if done.stas != Stas.REVOKED else _no(done.why)

    def _book(self, conn: sa.Connection, order: Order, tell: Paid | None, now_ms: int) -> Order:
        """Both legs in one transaction, or neither and the order is over."""
        savepoint = conn.begin_nested()
        try:
            done = booking.paid(conn, self._region, order, tell, now_ms)
        except EdgeError as error:
            done = No(error.code)
        except BaseException:
            savepoint.rollback()
            raise
        if not isinstance(done, No):
            savepoint.commit()
            return done
        savepoint.rollback()
        ended = booking.happen(conn, order, On.NO, now_ms, why=done.code)
        assert not isinstance(ended, No), "it was being paid"
        return ended

    def _open(self, conn: sa.Connection, pay_token: str, now_ms: int) -> Order | None:
        order = books.by_token(conn, pay_token)
        if order is None or order.stas == Stas.SAVED:
            return None
        return booking.over(conn, order, now_ms)


def _no(code: str) -> tuple[int, Json]:
    return CONFLICT, {"code": code}


def _shown(order: Order) -> Json:
    """What the phone shows, and what it pays by."""
    wish = {"pay_ordid": order.pay_ordid, "way": MOBILE, "fen": order.own_fen}
    return {
        "ordStas": order.stas,
        "why": order.why,
        "fee_fen": order.medfee_fen,
        "fund_fen": order.fund_fen,
        "acct_fen": order.acct_fen + order.mulaid_fen,
        "own_fen": order.own_fen,
        "expires_ms": order.expires_ms,
        "wish": wish | {"fixmedins_code": order.fixmedins_code, "med_type": order.med_type},
    }


