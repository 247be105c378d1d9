"""3501 at the national door: a pharmacy's inventory, which the price service lives on."""

from __future__ import annotations

from decimal import Decimal

from edge.core.types import Json
from sim.centre.civil import civil
from sim.centre.deciding.case import No
from sim.centre.national.call import Call
from sim.centre.prescriptions.books import moment
from sim.centre.prices import books


def count(call: Call) -> Json | No:
    """3501: so many of each, on that day; all rows or none."""
    rows = call.input["invinfo"]
    for row in rows:
        if Decimal(row["inv_cnt"]) < 0:
            return No("inventory_negative")
        at_ms = moment(row["invdate"])
        if civil(at_ms).date() > civil(call.now_ms).date():
            return No("day_in_future")
        name, code = row["fixmedins_hilist_name"], row["med_list_codg"]
        place = call.client.fixmedins_code
        told = books.Count(code, name, row["inv_cnt"], min(at_ms, call.now_ms))
        books.counted(call.conn, place, told)
    return {}
