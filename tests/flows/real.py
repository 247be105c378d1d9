"""A town for stories: the real core of a terminal, the real reference centre, and the real wire format
between them. Nothing is scripted but what people do and which day it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from edge.core import events as e
from edge.core.effects import Show
from edge.core.money import fen
from edge.core.types import Bill, BillState, FeeLine, Json, Now
from edge.wire import policy as wire_policy
from sim.centre import audit, setup
from sim.centre.books.people import PersonSpec
from tests.centre.kit import Device
from tests.flows.kit import SETTINGS, Desk

PLACE = timezone(timedelta(hours=8))
ANSWERED = ("1101", "2206")


def ms(moment: str) -> int:
    """ "2024-11-30 10:00" at the place of care."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=PLACE).timestamp() * 1000)


class Town:
    """One centre, its terminals, one clock. As a context manager: at the end the books must agree."""

    def __init__(
        self,
        folder: Path,
        at: str,
        people: Iterable[PersonSpec],
        terminals: dict[str, dict[str, Any]],
        region: str = "510100",
    ) -> None:
        self.now = ms(at)
        devices = {name: Device(name, **spec) for name, spec in terminals.items()}
        specs = [device.spec for device in devices.values()]
        made = setup.make_centre(
            folder, "sqlite://", specs, list(people), now_ms=self.now, region=region
        )
        self.centre = made.centre
        self.desks = {
            name: Real(self, device.meet(self.centre)) for name, device in devices.items()
        }

    def __enter__(self) -> Town:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            found = audit.audit(self.centre.store)
            assert found.faults == () and found.imbalance_fen == 0
        self.centre.store.close()

    def at(self, moment: str) -> None:
        """The calendar turns; every terminal gets the policy of that day."""
        later = ms(moment)
        assert later >= self.now, "time goes on"
        self.now = later
        for desk in self.desks.values():
            desk.new_day()


class Real(Desk):
    """A terminal whose questions and records go to the centre as bytes."""

    def __init__(self, town: Town, device: Device) -> None:
        self.town, self.device, self.sent = town, device, 0
        settings = replace(
            SETTINGS,
            terminal=device.name,
            fixmedins_code=device.org,
            mdtrtarea_admvs=device.spec.admdvs,
        )
        super().__init__(self._policy(), settings=settings)
        self.new_day()

    def _policy(self) -> Any:
        document = self.device.get_policy(now=self.town.now)
        verifier = self.town.centre.keys.verifier
        return wire_policy.decode(document, verifier, terminal=self.device.name)

    def new_day(self) -> None:
        """Today's policy, and a terminal that was switched on this morning."""
        self.policy = self._policy()
        self.now = Now(self.town.now, self.now.mono_ms + 1_000_000)
        self.boot()
        self.post(e.LinkUp())

    def serve(self) -> None:
        """Everything that waits goes to the centre and its answers come back."""
        for _ in range(20):
            asks = [one for one in self.asks if one.infno in ANSWERED]
            if not asks and self.sent == len(self.drafts):
                return
            for one in asks:
                self.asks.remove(one)
                infcode, output = self.device.ask(one.infno, one.body, now=self.now.utc_ms)
                self.post(e.Told(one.ask, infcode, output))
            while self.sent < len(self.drafts):
                draft = self.drafts[self.sent]
                self.sent += 1
                seq = self.device.write(
                    draft.body, draft.mode, now=draft.at.utc_ms, txid=draft.txid
                )
                for answer in self.device.send(seq, now=self.now.utc_ms):
                    rows = ((one.seq, one.outcome, one.body) for one in answer.results)
                    self.answer(*rows)
        raise AssertionError("the centre and the terminal talk for ever")

    def visit(self, bill: Bill, person: PersonSpec, whom: int = 0) -> Show:
        """Somebody comes with a bill, lays down their card, confirms; the last screen."""
        self.send(bill)
        self.press("card")
        card_no, cert_type = person.cards[0]
        self.post(e.CardRead(card_no, cert_type))
        self.serve()
        if self.screen.name == "whom":
            self.press("choose", str(whom))
            self.serve()
        if self.screen.name == "confirm":
            self.press("confirm")
            self.serve()
        shown = self.screen
        self.wait(9_000)
        return shown

    def press(self, button: str, value: str = "") -> None:
        """A finger on the screen."""
        self.post(e.Pressed(button, value, self.screen.visit))

    def paid(self, number: str) -> dict[str, int]:
        """What the settled bill says, in fen, without what is zero."""
        split = self.state(number).split
        assert split is not None
        named = {name: getattr(split, name) for name in split.__struct_fields__}
        return {name.removesuffix("_fen"): fen_ for name, fen_ in named.items() if fen_}

    def state(self, number: str) -> BillState:
        """The newest bill of this number."""
        return [one for one in self.bills().values() if one.bill.bill_no == number][-1]


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
