"""Prices of the last sales, the last inventories, and where the pharmacies are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import yaml
from msgspec import Struct

from edge.core.money import decimal, half_up
from edge.core.types import FeeLine
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words
from sim.centre.purchases import pilot

DAY_MS: Final = 86_400_000
EARTH_M: Final = 6_371_000
ROWS_MAX: Final = 2_000  # pharmacies that sell one drug

sold_prices = table(
    "drug_prices",
    words("med_list_codg", primary_key=True),
    words("fixmedins_code", primary_key=True),
    words("name"),
    whole("pric_fen"),  # of one
    whole("at_ms"),
)
stocks = table(
    "drug_stocks",
    words("med_list_codg", primary_key=True),
    words("fixmedins_code", primary_key=True),
    words("name"),
    words("cnt"),
    whole("at_ms"),
)
places = table(
    "drug_places",
    words("fixmedins_code", primary_key=True),
    words("name"),
    words("lat"),  # degrees as text: a float is no column of ours
    words("lon"),
)
_SOLD: Final = sa.text(
    "INSERT INTO drug_prices (med_list_codg, fixmedins_code, name, pric_fen, at_ms) VALUES "
    "(:med_list_codg, :fixmedins_code, :name, :pric_fen, :at_ms) ON CONFLICT (med_list_codg, "
    "fixmedins_code) DO UPDATE SET name = excluded.name, pric_fen = excluded.pric_fen, "
    "at_ms = excluded.at_ms WHERE excluded.at_ms >= drug_prices.at_ms"
)
_STOCK: Final = sa.text(
    "INSERT INTO drug_stocks (med_list_codg, fixmedins_code, name, cnt, at_ms) VALUES "
    "(:med_list_codg, :fixmedins_code, :name, :cnt, :at_ms) ON CONFLICT (med_list_codg, "
    "fixmedins_code) DO UPDATE SET name = excluded.name, cnt = excluded.cnt, "
    "at_ms = excluded.at_ms WHERE excluded.at_ms >= drug_stocks.at_ms"
)
_PRICES: Final = t.get(sold_prices, "med_list_codg").limit(ROWS_MAX)
_STOCKS: Final = t.get(stocks, "med_list_codg").limit(ROWS_MAX)
_PLACE: Final = t.get(places, "fixmedins_code")


class Spot(Struct, frozen=True):
    """Where somebody is, in degrees."""

    name: str
    lat: float
    lon: float


class Offer(Struct, frozen=True):
    """What one pharmacy asks for the drug. `cnt` "" = it has told no inventory that still counts;
    ages are those of the data."""

    fixmedins_code: str
    place: str
    drug: str
    pric_fen: int
    distance_m: int
    cnt: str
    price_age_ms: int
    stock_age_ms: int


@cache
def rule(name: str) -> int:
    """One of `rules.yaml`."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text())
    return int(found[name]["value"])


def sold(conn: sa.Connection, place: str, lines: Iterable[FeeLine], now_ms: int) -> None:
    """A sale says what the drug costs there now."""
    for line in lines:
        count = decimal(line.cnt)
        if count > 0 and line.amount_fen > 0:
            row = {"med_list_codg": line.med_list_codg, "fixmedins_code": place, "at_ms": now_ms}
            more = {"name": line.medins_list_name, "pric_fen": half_up(line.amount_fen / count)}
            conn.execute(_SOLD, row | more)


class Count(Struct, frozen=True):
    """One line of an inventory."""

    med_list_codg: str
    name: str
    cnt: str
    at_ms: int


def counted(conn: sa.Connection, place: str, count: Count) -> None:
    """An inventory says how many are there; an older one changes nothing."""
    row = {"fixmedins_code": place, "med_list_codg": count.med_list_codg, "name": count.name}
    conn.execute(_STOCK, row | {"cnt": count.cnt, "at_ms": count.at_ms})


def stands(conn: sa.Connection, fixmedins_code: str, spot: Spot) -> None:
    """Where this pharmacy is; a known one is replaced."""
    conn.execute(places.delete().where(places.c.fixmedins_code == fixmedins_code))
    row = {"fixmedins_code": fixmedins_code, "name": spot.name}
    conn.execute(places.insert(), row | {"lat": repr(spot.lat), "lon": repr(spot.lon)})


def where(conn: sa.Connection, fixmedins_code: str) -> Spot | None:
    """Its place, or that of the pilot's list."""
    row = conn.execute(_PLACE, t.at(fixmedins_code=fixmedins_code)).mappings().first()
    if row is not None:
        return Spot(row["name"], float(row["lat"]), float(row["lon"]))
    known = pilot.pharmacies().get(fixmedins_code)
    return None if known is None else Spot(known.name, known.lat, known.lon)


def offers(
    conn: sa.Connection, code: str, near: Spot, *, metres: int, now_ms: int
) -> list[Offer]:
    """Who sells it within so many metres, the cheapest first and of those the nearest. Who is known to
    have none is left out."""
    stock = {
        row["fixmedins_code"]: row
        for row in conn.execute(_STOCKS, t.at(med_list_codg=code)).mappings()
        if now_ms - row["at_ms"] <= rule("stock_days_max") * DAY_MS
    }
    found: list[Offer] = []
    for row in conn.execute(_PRICES, t.at(med_list_codg=code)).mappings():
        place = row["fixmedins_code"]
        spot, here = where(conn, place), stock.get(place)
        gone = here is not None and Decimal(here["cnt"]) <= 0
        if spot is None or gone or now_ms - row["at_ms"] > rule("price_days_max") * DAY_MS:
            continue
        away = round(distance_m(near, spot))
        if away <= metres:
            offer = Offer(
                fixmedins_code=place,
                place=spot.name,
                drug=row["name"],
                pric_fen=row["pric_fen"],
                distance_m=away,
                cnt=here["cnt"] if here else "",
                price_age_ms=now_ms - row["at_ms"],
                stock_age_ms=now_ms - here["at_ms"] if here else -1,
            )
            found.append(offer)
    found.sort(key=lambda one: (one.pric_fen, one.distance_m, one.fixmedins_code))
    return found


def distance_m(one: Spot, other: Spot) -> float:
    """Over the ground, as the crow flies (haversine)."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half = math.sin((lat2 - lat1) / 2) ** 2
    wide = math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half + math.cos(lat1) * math.cos(lat2) * wide)))
