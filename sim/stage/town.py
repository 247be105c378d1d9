"""A town for stories: one centre, its terminals, one calendar. Nothing is scripted but what people do and
which day it is; when it closes, the books must be even and nothing paid twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sim.centre import audit, setup
from sim.centre.books.people import PersonSpec
from sim.stage.counter import Counter
from sim.stage.device import NOW, Device

PLACE = timezone(timedelta(hours=8))
ONE_PLACE = {"fixmedins_code": "H51010000001", "level": "l2"}


def ms(moment: str) -> int:
    """ "2024-11-30 10:00" at the place of care."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=PLACE).timestamp() * 1000)


class Town:
    """`desks` has a `Counter` for each terminal. As a context manager it is audited at the end.
    `options` go to the centre (bank, faces, caps …)."""

    def __init__(
        self,
        folder: Path,
        at: str | int,
        people: Iterable[PersonSpec],
        terminals: dict[str, dict[str, Any]],
        region: str = setup.REGION,
        **options: Any,
    ) -> None:
        self.now = ms(at) if isinstance(at, str) else at
        devices = {name: Device(name, **spec) for name, spec in terminals.items()}
        specs = [device.spec for device in devices.values()]
        self.centre = setup.make_centre(
            folder, "sqlite://", specs, list(people), now_ms=self.now, region=region, **options
        ).centre
        self.desks = {
            name: Counter(device.meet(self.centre), self.now) for name, device in devices.items()
        }

    def __enter__(self) -> Town:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            books_are_even(self.desks.values())
        else:
            self.centre.store.close()

    def at(self, moment: str) -> None:
        """The calendar turns; every terminal gets the policy of that day."""
        later = ms(moment)
        assert later >= self.now, "time goes on"
        self.now = later
        for desk in self.desks.values():
            desk.new_day(later)


def clinic(
    folder: Path, people: Iterable[PersonSpec], *places: dict[str, Any], **options: Any
) -> list[Counter]:
    """A town of today with these people: one terminal for each place, t1, t2 …"""
    terminals = {f"t{number}": spec for number, spec in enumerate(places or (ONE_PLACE,), start=1)}
    return list(Town(folder, NOW, people, terminals, **options).desks.values())


def books_are_even(counters: Iterable[Counter]) -> None:
    """What must be true when a story is over: no fault, a ledger that sums to zero, nothing twice."""
    (centre,) = {id(one.centre): one.centre for one in counters}.values()
    found = audit.audit(centre.store)
    doubles = audit.doubles(centre.store)
    centre.store.close()
    assert found.faults == ()
    assert found.imbalance_fen == 0
    assert doubles == []
