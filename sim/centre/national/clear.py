"""3260 to 3262 (异地清分) for a HIS: what a terminal asks in the same words (`deciding.clearing`); the
rows stand in a node of their own here."""

from __future__ import annotations

from typing import Final

from edge.core.types import Json
from sim.centre.deciding import clearing
from sim.centre.national.call import Call


def extract(call: Call) -> Json:
    """3260: rows of a month that nobody confirmed, at most 100 from `startrow` on."""
    told = clearing.extract(call.question({"data": call.data}))
    rows = told.pop("detail")
    return {"data": told | {"totalrow": str(len(rows))}, "detail": rows}


def confirm(call: Call) -> Json:
    """3261: all of them or none."""
    return {"data": clearing.confirm(call.question(_form(call)))}


def give_back(call: Call) -> Json:
    """3262: a confirmation is taken back."""
    return {"data": clearing.give_back(call.question(_form(call)))}


def _form(call: Call) -> Json:
    return {"data": call.data | {"detail": call.input["detail"]}}


HANDLERS: Final = {"3260": extract, "3261": confirm, "3262": give_back}
