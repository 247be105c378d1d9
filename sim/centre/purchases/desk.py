"""What a pharmacy's terminal asks the hub: whose order is it (1101 with means "order"), which orders
wait for us, we have it not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.core.money import yuan
from edge.core.types import Json
from sim.centre import bodies
from sim.centre.books import people
from sim.centre.civil import civil
from sim.centre.deciding.case import No
from sim.centre.purchases import books, hub
from sim.centre.purchases.books import Order
from sim.centre.purchases.status import OPEN, On

if TYPE_CHECKING:
    from sim.centre.asks import Question


MEANS: Final = "order"


def customer(asked: Question) -> tuple[str, str]:
    """1101: who ordered. The phone proved them; asking takes the order on."""
    place = asked.terminal.fixmedins_code
    order = books.find(asked.conn, bodies.text(asked.body, "order_no"), asked.now_ms)
    if order is None or order.fixmedins_code != place:
        return "", "order_none"
    why = books.happen(asked.conn, order, On.ACCEPT, asked.now_ms)
    return ("", why) if why else (order.psn_no, "")


def waiting(asked: Question) -> Json | No:
    """orders: everything of this pharmacy that is not over."""
    place = asked.terminal.fixmedins_code
    rows = books.of_pharmacy(asked.conn, place)
    fresh = (books.find(asked.conn, row.order_no, asked.now_ms) for row in rows)
    return {"orders": [_line(asked, one) for one in fresh if one and one.status in OPEN]}


def declined(asked: Question) -> Json | No:
    """order.decline."""
    number = bodies.text(asked.body, "order_no")
    place = asked.terminal.fixmedins_code
    why = hub.decline(asked.conn, number, place, asked.now_ms)
    return No(why) if why else {}


def _line(asked: Question, order: Order) -> Json:
    person = people.find(asked.conn, order.psn_no)
    return {
        "order_no": order.order_no,
        "status": str(order.status),
        "psn_name": people.mask(person.psn_name) if person else "",
        "medfee_sumamt": yuan(order.amount_fen),
        "ordered": civil(order.at_ms).strftime("%Y-%m-%d %H:%M:%S"),
        "address": order.address,
        "receiver": people.mask(order.receiver),
        "courier": order.courier,
        "signature": order.signature,
        "items": [
            {"med_list_codg": one.code, "name": one.name, "cnt": str(one.cnt), "amt": yuan(one.fen)}
            for one in order.items
        ],
    }
