"""Bills and amounts as a story writes them."""

from __future__ import annotations

from typing import Any

from edge.core.effects import Show
from edge.core.money import fen
from edge.core.types import Bill, FeeLine, Json


def lines(text: str) -> tuple[FeeLine, ...]:
    """ "SYN-A-0001 120.00; SYN-B-0001 200.00" as fee lines."""
    found = []
    for number, one in enumerate(text.split(";")):
        code, amount = one.split()
        found.append(FeeLine(str(number), code, code, fen(amount)))
    return tuple(found)


def bill(kind: str, number: str, text: str = "", **more: Any) -> Bill:
    """A bill of these lines."""
    rows = lines(text) if text else ()
    return Bill(kind, number, sum(one.amount_fen for one in rows), rows, **more)


def money(**yuan: str) -> dict[str, int]:
    """Amounts of a split, in fen."""
    return {name: fen(value) for name, value in yuan.items()}


def no(shown: Show) -> str:
    """The refusal on the screen."""
    assert shown.name == "refused", (shown.name, shown.fields)
    return str(shown.fields["code"])


def detail(shown: Show) -> Json:
    """What the screen shows beside its name."""
    return shown.fields
