"""A real terminal core and a real centre, joined by the real wire: questions and records are signed,
sealed, checked and answered. A test may lose what it likes, and alter the centre's books.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.core import events as e
from edge.core.books.days import Day
from edge.core.types import Answer, Bill, BillState, FeeLine
from edge.wire import statement as wire
from sim.centre.books import people, statement
from tests.centre import kit as centre_kit
from tests.flows.kit import SETTINGS, Desk

NAME = "T-1"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MORNING = centre_kit.NOW - centre_kit.NOW % DAY_MS  # 08:00 at the place of care


class Pair:
    """`pay` is a whole visit; `pump` lets the centre answer every open question."""

    def __init__(self, folder: Path) -> None:
        self.folk = people.population(8)
        self.device = centre_kit.Device(NAME)
        self.centre = centre_kit.make(folder, [self.device], self.folk, "sqlite://")
        settings = msgspec.structs.replace(SETTINGS, terminal=NAME)
        self.desk = Desk(None, settings=settings)
        self.desk.now = msgspec.structs.replace(self.desk.now, utc_ms=MORNING)
        self.deaf = False  # questions are lost
        self.bills = 0
        self.held: list[Answer] = []  # answers on their way
        self.desk.post(e.LinkUp())
        self.pump()

    # -- questions ---------------------------------------------------------------------------------
    def pump(self) -> None:
        """Ask the centre everything that is open, until nothing is."""
        for _ in range(500):
            if self.deaf or not self.desk.asks:
                return
            ask = self.desk.asks.pop(0)
            body = wire.sent(ask.infno, ask.body)
            infcode, told = self.device.ask(ask.infno, body, now=self.desk.now.utc_ms)
            if infcode == 0:
                told = wire.received(ask.infno, told)
            self.desk.post(e.Told(ask.ask, infcode, told))
        raise AssertionError("questions without an end")

    def wait(self, ms: int) -> None:
        """Time passes in steps, and the centre answers."""
        end = self.desk.now.mono_ms + ms
        while self.desk.now.mono_ms < end:
            self.desk.wait(min(30_000, end - self.desk.now.mono_ms))
            self.pump()

    # -- records -----------------------------------------------------------------------------------
    def send(self) -> None:
        """What was signed goes to the centre; its answers are on their way."""
        while len(self.device.log) < len(self.desk.drafts):
            draft = self.desk.drafts[len(self.device.log)]
            more = {"kind": draft.kind, "txid": draft.txid, "policy": draft.policy_hash}
            seq = self.device.write(draft.body, draft.mode, now=draft.at.utc_ms, **more)
            self.held += self.device.send(seq, now=self.desk.now.utc_ms)

    def hear(self) -> None:
        """The answers that were on their way arrive."""
        while self.held:
            answer = self.held.pop(0)
            self.desk.answer(*((one.seq, one.outcome, one.body) for one in answer.results))

    def deliver(self) -> None:
        self.send()
        self.hear()
        self.pump()

    # -- people ------------------------------------------------------------------------------------
    def pay(self, person: int = 0, fen: int = 100_00, *, kind: str = "settle") -> str:
        """A visit by card up to the signature; the bill's id."""
        self.bills += 1
        line = FeeLine("1", "SYN-A-0001", "药", fen)
        reply = self.desk.send(Bill(kind, f"HIS-{self.bills}", fen, (line,)))
        assert reply.status == 202, reply
        card, cert_type = self.folk[person].cards[0]
        self.desk.post(e.CardRead(card, cert_type))
        self.pump()
        if self.desk.screen.name == "whom":  # a relative could be served too
            self.desk.post(e.Pressed("choose", "0", self.desk.screen.visit))
            self.pump()
        assert self.desk.screen.name == "confirm", self.desk.screen
        self.desk.post(e.Pressed("confirm", "online", self.desk.screen.visit))
        return str(reply.body["bill_id"])

    def settle(self, person: int = 0, fen: int = 100_00, *, kind: str = "settle") -> str:
        """The same with its answer."""
        bill_id = self.pay(person, fen, kind=kind)
        self.deliver()
        self.wait(10_000)
        return bill_id

    def lose(self, person: int = 0, fen: int = 100_00) -> str:
        """Booked at the centre, but its answer does not come in time."""
        bill_id = self.pay(person, fen)
        self.send()
        self.deaf = True
        self.wait(20_000)
        self.deaf = False
        assert self.bill(bill_id).status == "confirming"
        return bill_id

    # -- days --------------------------------------------------------------------------------------
    def close(self, day: str = "") -> Day:
        """POST /v1/day/close and what came of it."""
        self.desk.calls += 1
        self.desk.post(e.CloseAsked(self.desk.calls, day))
        reply = self.desk.replies[self.desk.calls]
        assert reply.status in (200, 202), reply
        self.pump()
        self.wait(150_000)
        return self.day(str(reply.body["day"]))

    def day(self, day: str) -> Day:
        return msgspec.json.decode(self.desk.docs["day"][day], type=Day)

    def bill(self, bill_id: str) -> BillState:
        return self.desk.bills()[bill_id]

    def midnight(self) -> None:
        """It is 08:00 of the next day."""
        left = DAY_MS - (self.desk.now.utc_ms - MORNING) % DAY_MS
        self.wait(left)

    # -- the centre's books, altered ---------------------------------------------------------------
    def movements(self) -> list[dict[str, Any]]:
        return centre_kit.rows_of(self.centre, statement.movements)

    def alter(self, msgid: str, **changes: Any) -> None:
        """Change a movement there; no changes: it was never there."""
        c = statement.movements.c
        with self.centre.store.begin() as conn:
            if changes:
                conn.execute(
                    statement.movements.update().where(c.msgid == msgid).values(**changes)
                )
            else:
                conn.execute(statement.movements.delete().where(c.msgid == msgid))

    def invent(self, msgid: str, **changes: Any) -> None:
        """A movement that nobody here knows."""
        row = {**self.movements()[0], **changes, "msgid": msgid, "setl_id": f"X{msgid}"}
        del row["id"]
        with self.centre.store.begin() as conn:
            conn.execute(statement.movements.insert(), row)
