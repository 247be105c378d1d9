"""Who takes part in the pilot, as data with the grade of each value (`pilot.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

_FILE: Final = Path(__file__).with_name("pilot.yaml")


class Pharmacy(Struct, frozen=True):
    """One of the 25; its place is invented."""

    code: str
    name: str
    city: str
    city_name: str
    lat: float
    lon: float


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_FILE.read_text())
    return found


@cache
def pharmacies() -> dict[str, Pharmacy]:
    """By their number."""
    return {
        row["code"]: Pharmacy(row["code"], row["name"], code, city["name"], row["lat"], row["lon"])
        for code, city in _data()["cities"].items()
        for row in city["pharmacies"]
    }


def rule(name: str) -> int:
    """age_min, lapse_minutes, address_chars_min."""
    return int(_data()[name]["value"])
