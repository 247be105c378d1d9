"""A town with a hospital that writes and two pharmacies that dispense, and what people do there."""

from __future__ import annotations

from typing import Any

from edge.core.types import Bill
from sim.centre.books import store as t
from sim.centre.books.people import PersonSpec
from sim.centre.prescriptions import books
from sim.centre.prescriptions.status import Status
from sim.prescriber import Prescriber
from sim.stage import Counter, Town, bill
from sim.stage.counter import QUIET

WANG = PersonSpec("SYN-W", "测试王", balance_fen=500_00, cards=(("CW", "03"),))
LI = PersonSpec("SYN-L", "测试李", balance_fen=500_00, cards=(("CL", "03"),))
PLACES = {
    "east": {"fixmedins_code": "P51010000001", "fixmedins_name": "城东药房", "level": "pharmacy"},
    "west": {"fixmedins_code": "P51010000002", "fixmedins_name": "城西药房", "level": "pharmacy"},
}


class Day:
    """A town with a hospital and two pharmacies."""

    def __init__(self, town: Town) -> None:
        self.town, self.hospital = town, Prescriber(town.centre, town.now)
        self.east, self.west = town.desks["east"], town.desks["west"]

    def status(self, hi_rxno: str) -> Status:
        with self.town.centre.store.begin() as conn:
            found = books.find(conn, hi_rxno, self.east.now.utc_ms)
        assert found is not None
        return found.status

    def alarms(self) -> list[tuple[str, str, str]]:
        """What a person at the centre must look at: (code, terminal, prescription)."""
        with self.town.centre.store.begin() as conn:
            rows = conn.execute(t.incidents.select().where(t.incidents.c.alarm == 1)).mappings()
            return [(row["code"], row["terminal"], bytes(row["data"]).decode()) for row in rows]

    def spoil(self, hi_rxno: str, **values: Any) -> None:
        """Somebody at the platform changes what it keeps."""
        table = books.prescriptions
        with self.town.centre.store.begin() as conn:
            conn.execute(table.update().where(table.c.hi_rxno == hi_rxno).values(**values))


def sale(number: str, rxno: str = "", text: str = "SYN-A-0001 40.00", **more: str) -> Bill:
    return bill("prescription", number, text, rxno=rxno, **more)


def until_review(desk: Counter, bill_: Bill, person: PersonSpec = WANG) -> Counter:
    desk.send(bill_, f"key-{bill_.bill_no}-{desk.calls}")
    return desk.serve().lays_card_of(person)


def passed(desk: Counter, number: str, **more: Any) -> Counter:
    assert desk.review(desk.of(number).bill_id, **more).status == 200
    return desk.serve()


def answered_until(desk: Counter, infno: str) -> None:
    """The centre answers up to this question, and nothing that is asked after it."""
    last = ""
    while last != infno:
        one = next(one for one in desk.asks if one.infno not in QUIET)
        desk.asks.remove(one)
        desk._question(one.ask, one.infno, one.body)
        last = one.infno


def sold(desk: Counter, bill_: Bill, person: PersonSpec = WANG) -> Counter:
    """From the pharmacy's bill to the drugs in the bag."""
    passed(until_review(desk, bill_, person).sees("review"), bill_.bill_no)
    return desk.sees("confirm").press("confirm").sees("settled")
