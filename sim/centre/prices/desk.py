"""What a terminal asks about prices: this drug, from where the terminal stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.core.money import yuan
from edge.core.types import Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.deciding.case import No
from sim.centre.prices import books

if TYPE_CHECKING:
    from sim.centre.asks import Question

MINUTES_MAX: Final = 24 * 60
DAY_MS: Final = 86_400_000
CODE_CHARS: Final = 64


def nearby(asked: Question) -> Json | No:
    """prices: the cheapest `count` within `minutes` on foot."""
    code = bodies.text(asked.body, "drug")
    minutes = _number(asked.body, "minutes", MINUTES_MAX)
    count = _number(asked.body, "count", books.rule("count_max"))
    if not 0 < len(code) <= CODE_CHARS:
        raise EdgeError("E-WIR-20", "no drug", f"its code, at most {CODE_CHARS} characters")
    here = books.where(asked.conn, asked.terminal.fixmedins_code)
    if here is None:
        return No("place_unknown")
    pace = books.rule("metres_a_minute")
    found = books.offers(asked.conn, code, here, metres=minutes * pace, now_ms=asked.now_ms)
    rows = [
        {
            "fixmedins_code": one.fixmedins_code,
            "fixmedins_name": one.place,
            "name": one.drug,
            "pric": yuan(one.pric_fen),
            "distance_m": one.distance_m,
            "minutes": -(-one.distance_m // pace),
            "cnt": one.cnt,
            "price_days": one.price_age_ms // DAY_MS,
            "stock_days": one.stock_age_ms // DAY_MS if one.cnt else -1,
        }
        for one in found[:count]
    ]
    return {"drug": code, "minutes": minutes, "prices": rows}


def _number(body: Json, name: str, most: int) -> int:
    """A whole number 1 to `most`. EdgeError E-WIR-20."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise EdgeError("E-WIR-20", f"{name} is no number from 1 to {most}")
    return value
