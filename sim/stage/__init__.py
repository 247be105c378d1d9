"""The stage of flow tests and stories: the real core of a terminal, the real reference centre, and the
real wire format between them. Nothing is scripted but what people do and which day it is.

with Town(folder, "2026-11-18 09:00", [WU], {"pharmacy": {...}}) as town:
    desk = town.desks["pharmacy"]
    desk.visit(bill("pharmacy", "P1", "SYN-A-0001 400.00"), WU)
    assert desk.paid("P1") == money(...)
"""

from sim.stage.counter import LINE, OWN_LINE, Counter
from sim.stage.desk import DAY_MS, SETTINGS, Desk
from sim.stage.device import NOW, Device, near, template
from sim.stage.lamps import LAMPS, plays_lights
from sim.stage.papers import bill, detail, lines, money, no
from sim.stage.script import (
    On,
    Step,
    follow,
    gesture,
    good_face,
    link_lost,
    link_up,
    on,
    post,
    press,
    tell_story,
    wait,
)
from sim.stage.town import ONE_PLACE, Town, books_are_even, clinic, ms

__all__ = [
    "DAY_MS",
    "LAMPS",
    "LINE",
    "NOW",
    "ONE_PLACE",
    "OWN_LINE",
    "SETTINGS",
    "Counter",
    "Desk",
    "Device",
    "On",
    "Step",
    "Town",
    "bill",
    "books_are_even",
    "clinic",
    "detail",
    "follow",
    "gesture",
    "good_face",
    "lines",
    "link_lost",
    "link_up",
    "money",
    "ms",
    "near",
    "no",
    "on",
    "plays_lights",
    "post",
    "press",
    "tell_story",
    "template",
    "wait",
]  # fmt: skip
