"""The orders that the hub keeps, and the one way in which an order changes: `happen`."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words
from sim.centre.purchases import pilot
from sim.centre.purchases.status import NO, OPEN, TABLE, On, Status

LISTED_MAX: Final = 100
MINUTE_MS: Final = 60_000

online_orders = table(
    "online_orders",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("psn_no"),
    words("fixmedins_code"),
    words("status"),
    blob("lines"),
    whole("amount_fen"),
    words("address"),
    words("receiver"),
    words("tel"),
    words("by"),  # how the phone proved who ordered: face, qr
    words("asked", index=True),  # the digest of the message that ordered, "" = none
    words("setl_id"),
    words("courier"),
    words("signature"),  # of the receiver: who signed, or why not
    whole("at_ms"),
    whole("changed_ms"),
    sa.Index("online_orders_place", "fixmedins_code", "status"),
    sa.Index("online_orders_setl", "setl_id"),
    sqlite_autoincrement=True,
)
_NUMBER: Final = re.compile(r"PH[0-9]{10}", re.ASCII)
_BY_ID: Final = t.get(online_orders, "id")
_BY_ASKED: Final = t.get(online_orders, "asked")
_BY_SETL: Final = t.get(online_orders, "setl_id")
_SET: Final = t.change(online_orders, "id")
_OPEN: Final = (
    t.get(online_orders, "fixmedins_code")
    .where(online_orders.c.status.in_(sorted(str(one) for one in OPEN)))
    .order_by(online_orders.c.id)
    .limit(LISTED_MAX)
)


class Item(Struct, frozen=True):
    """One drug of an order."""

    code: str
    name: str
    cnt: int
    price_fen: int

    @property
    def fen(self) -> int:
        """Of all of them."""
        return self.cnt * self.price_fen


class Order(Struct, frozen=True):
    """One order as the books have it."""

    id: int
    psn_no: str
    fixmedins_code: str
    status: Status
    items: tuple[Item, ...]
    amount_fen: int
    address: str
    receiver: str
    tel: str
    by: str
    setl_id: str
    courier: str
    signature: str
    at_ms: int
    changed_ms: int

    @property
    def order_no(self) -> str:
        """As people say it."""
        return f"PH{self.id:010d}"


def add(conn: sa.Connection, row: dict[str, Any], items: tuple[Item, ...]) -> Order:
    """A fresh order."""
    more = {"status": str(Status.PLACED), "lines": msgspec.json.encode(items), "setl_id": ""}
    key = conn.execute(
        online_orders.insert(), {**row, **more, "courier": "", "signature": ""}
    ).inserted_primary_key
    assert key is not None, "a row has a key"
    return _order(conn.execute(_BY_ID, t.at(id=key[0])).mappings().one())


def find(conn: sa.Connection, order_no: str, now_ms: int) -> Order | None:
    """The order as it stands now: one that nobody paid in time has lapsed."""
    if _NUMBER.fullmatch(order_no) is None:
        return None
    row = conn.execute(_BY_ID, t.at(id=int(order_no[2:]))).mappings().first()
    if row is None:
        return None
    order = _order(row)
    late = now_ms - order.at_ms > pilot.rule("lapse_minutes") * MINUTE_MS
    if late and order.status in (Status.PLACED, Status.ACCEPTED):
        happen(conn, order, On.LAPSE, now_ms)
        return _order(conn.execute(_BY_ID, t.at(id=order.id)).mappings().one())
    return order


def asked(conn: sa.Connection, digest: str) -> Order | None:
    """The order that this message has made."""
    row = conn.execute(_BY_ASKED, t.at(asked=digest)).mappings().first()
    return None if row is None else _order(row)


def of_pharmacy(conn: sa.Connection, fixmedins_code: str) -> list[Order]:
    """What this pharmacy has to do, the oldest first."""
    rows = conn.execute(_OPEN, t.at(fixmedins_code=fixmedins_code)).mappings().all()
    return [_order(row) for row in rows]


def happen(conn: sa.Connection, order: Order, on: On, now_ms: int, **more: str) -> str:
    """One event by the table; "" or why not. What comes again is a yes that changes nothing."""
    to = TABLE.get((order.status, on))
    if to is None:
        return NO[order.status, on]
    if to is not order.status:
        changes = {"status": str(to), "changed_ms": now_ms, **more}
        conn.execute(_SET, t.at(id=order.id) | changes)
    return ""


# -- what becomes of the sale ----------------------------------------------------------------------
def may_refund(conn: sa.Connection, setl_id: str) -> str:
    """ "" or why a sale is not taken back: its goods are with a courier, or at home."""
    order = of_sale(conn, setl_id)
    return "" if order is None else NO.get((order.status, On.REFUND), "")


def refunded(conn: sa.Connection, setl_id: str, now_ms: int) -> None:
    """The sale is undone: the account has its money again, and the order is over."""
    order = of_sale(conn, setl_id)
    if order is not None:
        happen(conn, order, On.REFUND, now_ms)


def of_sale(conn: sa.Connection, setl_id: str) -> Order | None:
    """The order that this settlement paid."""
    row = conn.execute(_BY_SETL, t.at(setl_id=setl_id)).mappings().first()
    return None if row is None or not setl_id else _order(row)


def _order(row: Any) -> Order:
    found = {name: row[name] for name in Order.__struct_fields__ if name != "items"}
    items = msgspec.json.decode(row["lines"], type=tuple[Item, ...])
    return Order(**found | {"status": Status(row["status"]), "items": items})
