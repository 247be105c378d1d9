"""The orders of mobile payment, their refunds, and what institutions are to be told of them."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words
from sim.centre.mobile.stas import Stas

EXPIRES_MS: Final = 30 * 60_000  # after it was priced (D)
PAGE: Final = 100
orders = table(
    "pmc_orders",
    words("pay_ordid", primary_key=True),
    words("pay_token", unique=True),
    words("med_org_ord"),  # the HIS's own number
    words("fixmedins_code"),
    words("mdtrt_id"),
    words("chrg_bchno"),
    words("psn_no"),
    words("med_type"),
    words("insutype"),
    words("acct_used_flag"),
    words("msgid"),  # of 6201: the settlement carries it
    blob("head"),  # who sent it, as a record's body says it
    *(whole(f"{name}_fen") for name in ("medfee", "fund", "acct", "mulaid", "own", "hosp", "refd")),
    words("stas"),
    words("why"),  # it came to nothing
    words("pay_auth_no"),
    words("setl_id"),
    whole("number"),
    whole("at_ms"),
    whole("expires_ms"),
    whole("collected_ms"),
    sa.UniqueConstraint("fixmedins_code", "med_org_ord"),
    sa.Index("pmc_orders_at", "fixmedins_code", "at_ms"),
)
refunds = table(
    "pmc_refunds",
    words("fixmedins_code", primary_key=True),
    words("app_refd_sn", primary_key=True),
    words("pay_ordid"),
    words("refd_type"),
    whole("own_fen"),
    whole("ins_fen"),
    whole("owed"),  # 1 = the bank has not said that it did
    whole("at_ms"),
)
notices = table(  # 6302: told on asking
    "pmc_notices",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("fixmedins_code", index=True),
    words("pay_ordid"),
    words("stas"),
    whole("at_ms"),
)
heard = table(  # callbacks of the bank, with what was answered
    "pmc_heard", words("tell_id", primary_key=True), blob("digest"), whole("status"), blob("answer")
)


class Order(Struct, frozen=True):
    """One order."""

    pay_ordid: str
    pay_token: str
    med_org_ord: str
    fixmedins_code: str
    mdtrt_id: str
    chrg_bchno: str
    psn_no: str
    med_type: str
    insutype: str
    acct_used_flag: str
    msgid: str
    head: bytes
    medfee_fen: int
    fund_fen: int
    acct_fen: int
    mulaid_fen: int
    own_fen: int
    hosp_fen: int
    refd_fen: int
    stas: str
    why: str
    pay_auth_no: str
    setl_id: str
    number: int
    at_ms: int
    expires_ms: int
    collected_ms: int


_BY_ID: Final = t.get(orders, "pay_ordid")
_BY_TOKEN: Final = t.get(orders, "pay_token")
_BY_HIS: Final = t.get(orders, "fixmedins_code", "med_org_ord")
_SET: Final = t.change(orders, "pay_ordid")
_REFUND: Final = t.get(refunds, "fixmedins_code", "app_refd_sn")
_HEARD: Final = t.get(heard, "tell_id")


def add(conn: sa.Connection, order: Order) -> None:
    """A new one."""
    conn.execute(orders.insert(), {name: getattr(order, name) for name in order.__struct_fields__})


def by_id(conn: sa.Connection, pay_ordid: str) -> Order | None:
    """The order with this number."""
    return _one(conn, _BY_ID, pay_ordid=pay_ordid)


def by_token(conn: sa.Connection, pay_token: str) -> Order | None:
    """The order that a phone holds the token of."""
    return _one(conn, _BY_TOKEN, pay_token=pay_token)


def by_his(conn: sa.Connection, fixmedins_code: str, med_org_ord: str) -> Order | None:
    """The order that the HIS calls so."""
    return _one(conn, _BY_HIS, fixmedins_code=fixmedins_code, med_org_ord=med_org_ord)


def in_state(conn: sa.Connection, stas: Stas) -> list[Order]:
    """Orders that stand there, a page of them."""
    found = conn.execute(sa.select(orders).where(orders.c.stas == str(stas)).limit(PAGE)).mappings()
    return [Order(**row) for row in found]


def of_day(
    conn: sa.Connection, fixmedins_code: str, from_ms: int, to_ms: int, start: int
) -> list[Order]:
    """A page of an institution's orders, from row `start` (1 = the first)."""
    c = orders.c
    query = (
        sa.select(orders)
        .where(c.fixmedins_code == fixmedins_code, c.at_ms >= from_ms, c.at_ms < to_ms)
        .order_by(c.at_ms, c.pay_ordid)
        .offset(start - 1)
        .limit(PAGE)
    )
    return [Order(**row) for row in conn.execute(query).mappings()]


def change(conn: sa.Connection, order: Order, now_ms: int, **columns: Any) -> Order:
    """Change it; a change of stas is something to tell the institution."""
    conn.execute(_SET, t.at(pay_ordid=order.pay_ordid) | columns)
    if "stas" in columns and columns["stas"] != order.stas:
        row = {"fixmedins_code": order.fixmedins_code, "pay_ordid": order.pay_ordid}
        conn.execute(notices.insert(), row | {"stas": columns["stas"], "at_ms": now_ms})
    found = by_id(conn, order.pay_ordid)
    assert found is not None, "it was just changed"
    return found


def told_after(conn: sa.Connection, fixmedins_code: str, number: int) -> list[Any]:
    """Notices after this one, a page."""
    c = notices.c
    query = sa.select(notices).where(c.fixmedins_code == fixmedins_code, c.id > number)
    return list(conn.execute(query.order_by(c.id).limit(PAGE)).mappings().all())


# -- refunds and callbacks -------------------------------------------------------------------------
def refund(conn: sa.Connection, fixmedins_code: str, app_refd_sn: str) -> Any:
    """The refund with this number, None when there is none."""
    key = t.at(fixmedins_code=fixmedins_code, app_refd_sn=app_refd_sn)
    return conn.execute(_REFUND, key).mappings().first()


def owed(conn: sa.Connection) -> list[Any]:
    """Refunds that the bank has not confirmed."""
    query = sa.select(refunds).where(refunds.c.owed == 1).order_by(refunds.c.at_ms).limit(PAGE)
    return list(conn.execute(query).mappings().all())


def paid_back(conn: sa.Connection, row: Any) -> None:
    """The bank did it."""
    c = refunds.c
    where = (c.fixmedins_code == row["fixmedins_code"], c.app_refd_sn == row["app_refd_sn"])
    conn.execute(refunds.update().where(*where).values(owed=0))


def heard_before(conn: sa.Connection, tell_id: str) -> Any:
    """What this callback was answered."""
    return conn.execute(_HEARD, t.at(tell_id=tell_id)).mappings().first()


def _one(conn: sa.Connection, query: Any, **key: str) -> Order | None:
    row = conn.execute(query, t.at(**key)).mappings().first()
    return None if row is None else Order(**row)
