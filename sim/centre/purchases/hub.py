"""The order hub: what the phone orders and takes back, what the pharmacy declines, what the courier
reports. Each is one transaction, may come again, and says why not.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from edge.core.types import AMOUNT_FEN_MAX
from edge.errors import EdgeError
from sim.centre.books import people
from sim.centre.deciding.case import No, insured
from sim.centre.purchases import books, pilot
from sim.centre.purchases.books import Item, Order
from sim.centre.purchases.status import COURIER, On

BYTES_MAX: Final = 16 * 1024
ITEMS_MAX: Final = 20
T = TypeVar("T")
Short = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """One drug that the phone asks for, at the price that it was shown."""

    code: Short
    name: Text
    cnt: Annotated[int, Meta(ge=1, le=99)]
    price_fen: Annotated[int, Meta(ge=1, le=AMOUNT_FEN_MAX)]


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """An order as the phone sends it. `by`: how the phone proved who it is."""

    psn_no: Short
    fixmedins_code: Short
    city: Short
    address: Text
    receiver: Short
    tel: Short
    by: Literal["face", "qr"]
    items: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=ITEMS_MAX)]


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """What a courier says. `signature`: of the receiver, or why it was rejected."""

    order_no: Short
    what: Literal["pick_up", "deliver", "sign", "reject"]
    courier: Annotated[str, Meta(min_length=1, max_length=64)]
    signature: Text = ""


def read_wish(data: bytes) -> Wish:
    """EdgeError E-WIR-20 when it is none."""
    return read(data, Wish)


def read_report(data: bytes) -> Report:
    """EdgeError E-WIR-20 when it is none."""
    return read(data, Report)


def read(data: bytes, kind: type[T]) -> T:
    """One message. EdgeError E-WIR-20 when it is too large or none."""
    if len(data) > BYTES_MAX:
        raise EdgeError("E-WIR-20", f"an order has at most {BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EdgeError("E-WIR-20", "not an order of the hub", str(error)[:120]) from error


def place(conn: sa.Connection, wish: Wish, now_ms: int, *, asked: str = "") -> Order | No:
    """The phone orders. `asked`: which message said so, where it came as one."""
    person = people.find(conn, wish.psn_no)
    pharmacy = pilot.pharmacies().get(wish.fixmedins_code)
    if person is None:
        return No("no_person")
    if why := insured(person):
        return No(why)
    if person.age < pilot.rule("age_min"):
        return No("order_age")
    if pharmacy is None:
        return No("order_pharmacy")
    if wish.city != pharmacy.city:
        return No("order_city")
    if len(wish.address.strip()) < pilot.rule("address_chars_min") or not wish.receiver.strip():
        return No("order_address")
    items = tuple(Item(one.code, one.name, one.cnt, one.price_fen) for one in wish.items)
    amount_fen = sum(one.fen for one in items)
    if amount_fen > AMOUNT_FEN_MAX or len({one.code for one in items}) != len(items):
        return No("order_malformed")
    row = {
        "psn_no": wish.psn_no,
        "fixmedins_code": wish.fixmedins_code,
        "amount_fen": amount_fen,
        "address": wish.address.strip(),
        "receiver": wish.receiver.strip(),
        "tel": wish.tel,
        "by": wish.by,
        "asked": asked,
        "at_ms": now_ms,
        "changed_ms": now_ms,
    }
    return books.add(conn, row, items)


def withdraw(conn: sa.Connection, order_no: str, psn_no: str, now_ms: int) -> str:
    """The person thinks better of it, before anything was paid."""
    order = books.find(conn, order_no, now_ms)
    if order is None or order.psn_no != psn_no:
        return "order_none"
    return books.happen(conn, order, On.WITHDRAW, now_ms)


def decline(conn: sa.Connection, order_no: str, fixmedins_code: str, now_ms: int) -> str:
    """The pharmacy has it not."""
    order = books.find(conn, order_no, now_ms)
    if order is None or order.fixmedins_code != fixmedins_code:
        return "order_none"
    return books.happen(conn, order, On.DECLINE, now_ms)


def courier(conn: sa.Connection, report: Report, now_ms: int) -> str:
    """The courier reports; only the one who picked it up, and a signature has a name."""
    order = books.find(conn, report.order_no, now_ms)
    on = On(report.what)
    assert on in COURIER, on
    if order is None:
        return "order_none"
    if order.courier not in ("", report.courier):
        return "order_courier"
    if on in (On.SIGN, On.REJECT) and not report.signature.strip():
        return "order_signature"
    more = {"courier": report.courier, "signature": report.signature.strip()}
    return books.happen(conn, order, on, now_ms, **more)
