"""The hub's door, beside `/fsi/api`: POST /hub/order and /hub/withdraw of a phone, which proves its owner by
their e-voucher code, and /hub/courier of a courier on this machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from edge.core.money import yuan
from edge.core.types import Json
from edge.errors import EdgeError
from sim.centre.books import people
from sim.centre.books import store as t
from sim.centre.deciding.case import No
from sim.centre.purchases import books, hub
from sim.centre.purchases.books import Order
from sim.centre.purchases.hub import ITEMS_MAX, Short, Text, Wanted, Wish

OK, REFUSED, UNKNOWN = 200, 422, 404
LOCAL: Final = frozenset({"/hub/courier"})  # from this machine only: a courier has no key here


class Phone(Struct, frozen=True, forbid_unknown_fields=True):
    """An order as it comes over the wire: a `Wish` whose person is the owner of the code."""

    code: Short
    fixmedins_code: Short
    city: Short
    address: Text
    receiver: Short
    tel: Short
    items: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=ITEMS_MAX)]


class Withdrawal(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner of the code takes the order back."""

    code: Short
    order_no: Short


class Hub:
    """Answers messages; each is one transaction, and said again it is the same."""

    def __init__(self, store: t.Store) -> None:
        self._store = store

    def answer(self, path: str, body: bytes, now_ms: int) -> tuple[int, bytes]:
        """(status, body). Never raises for what a phone or a courier sends."""
        table: dict[str, Callable[[sa.Connection, bytes, int], Json | No]] = {
            "/hub/order": _order,
            "/hub/withdraw": _withdraw,
            "/hub/courier": _courier,
        }
        do = table.get(path)
        if do is None:
            return UNKNOWN, b"{}"
        try:
            with self._store.begin() as conn:
                told = do(conn, body, now_ms)
        except EdgeError as error:
            return REFUSED, msgspec.json.encode({"code": error.code, "detail": error.message})
        if isinstance(told, No):
            return REFUSED, msgspec.json.encode({"code": told.code})
        return OK, msgspec.json.encode(told)


def _order(conn: sa.Connection, body: bytes, now_ms: int) -> Json | No:
    """The very same message is the same order: a phone that heard nothing sends it again."""
    asked, digest = hub.read(body, Phone), hashlib.sha256(body).hexdigest()
    known = books.asked(conn, digest)
    if known is not None:
        return _told(known)
    psn_no, why = people.use_code(conn, asked.code, asked.fixmedins_code, digest.encode(), now_ms)
    if not psn_no:
        return No(why)
    fields = {name: getattr(asked, name) for name in Phone.__struct_fields__ if name != "code"}
    made = hub.place(conn, Wish(psn_no=psn_no, by="qr", **fields), now_ms, asked=digest)
    return made if isinstance(made, No) else _told(made)


def _withdraw(conn: sa.Connection, body: bytes, now_ms: int) -> Json | No:
    asked, digest = hub.read(body, Withdrawal), hashlib.sha256(body).digest()
    order = books.find(conn, asked.order_no, now_ms)
    if order is None:
        return No("order_none")
    psn_no, why = people.use_code(conn, asked.code, order.fixmedins_code, digest, now_ms)
    why = why or hub.withdraw(conn, asked.order_no, psn_no, now_ms)
    return No(why) if why else {"order_no": asked.order_no}


def _courier(conn: sa.Connection, body: bytes, now_ms: int) -> Json | No:
    report = hub.read_report(body)
    why = hub.courier(conn, report, now_ms)
    return No(why) if why else {"order_no": report.order_no}


def _told(order: Order) -> Json:
    told = {"order_no": order.order_no, "status": str(order.status)}
    return told | {"medfee_sumamt": yuan(order.amount_fen)}
