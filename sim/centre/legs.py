"""Carries the own leg of orders on: asks the bank, outside of every transaction, and writes down what
it said. Killed anywhere it loses nothing: what is not written down is asked again.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from sim.bank.bank import Bank
from sim.centre import plans
from sim.centre.books import orders, registry, statement
from sim.centre.books import store as t
from sim.centre.books.orders import On, Order

_BY_ID: Final = t.get(t.settlements, "setl_id")


def work(store: t.Store, bank: Bank, now_ms: int) -> None:
    """One question for each order that waits for the bank; those without an answer stay."""
    with store.begin() as conn:
        waiting = orders.due(conn, now_ms)
    for order in waiting:
        on = orders.ask(bank, order)
        if on is None:
            continue
        with store.begin() as conn:
            _happened(conn, order, on, now_ms)


def _happened(conn: sa.Connection, order: Order, on: On, now_ms: int) -> None:
    orders.happen(conn, order.pay_ordid, on)
    if on is not On.NO_CAPTURE:
        return
    row = conn.execute(_BY_ID, t.at(setl_id=order.setl_id)).mappings().one()
    if row["live"]:
        _take_back(conn, row, now_ms)


def _take_back(conn: sa.Connection, row: Any, now_ms: int) -> None:
    """The bank broke its word after the settlement: the insurance leg goes back too (2208 by the
    centre itself), the day's statement says so, and a person is told."""
    undone_by = f"{row['setl_id']}-bank"
    output = plans.undo(conn, row, undone_by, now_ms)
    terminal = registry.find(conn, row["terminal"])
    if terminal is not None:
        statement.moved(conn, terminal, undone_by, output["setlinfo"])
    place = t.Place(row["terminal"], row["epoch"], row["seq"])
    t.note(conn, "own_leg_lost", now_ms, place, alarm=True)
