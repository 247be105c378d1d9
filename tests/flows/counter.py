"""A terminal in front of the real centre: the real core on the desk of `kit`, real keys and sealed
records, the real books. What the patient does reads like a script; afterwards the books must be
even and nothing may be paid twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from edge.core import events as e
from edge.core.types import Bill, BillState, FeeLine, Now
from sim.centre import audit
from sim.centre.books import ledgers, people
from sim.centre.books.people import PersonSpec
from sim.centre.desk import Centre
from tests.centre.kit import NOW, Device, make
from tests.flows.kit import SETTINGS, Desk

LINE = "SYN-A-0001"  # 甲: all of it is in scope
OWN_LINE = "SYN-C-0001"  # 丙: nothing of it is
QUIET = frozenset({"policy"})
PUMPS_MAX = 20


class Counter(Desk):
    """One terminal of an institution. `lost`: "" | "before" | "after": what happens to the next
    record on its way (never arrives, or its answer does not)."""

    def __init__(self, device: Device, *, lang: str = "zh-CN") -> None:
        self.device = device
        self.sent = 0
        self.lost = ""
        settings = replace(
            SETTINGS, terminal=device.name, fixmedins_code=device.org, fixmedins_name="测试机构"
        )
        super().__init__(settings=settings, now=Now(NOW, 1_000_000))
        self.post(e.LinkUp())
        self.answer()

    @property
    def centre(self) -> Centre:
        return self.device.centre

    def pump(self) -> Counter:
        """Carry everything to the centre and back until nothing moves."""
        for _ in range(PUMPS_MAX):
            asks = [one for one in self.asks if one.infno not in QUIET]
            for ask in asks:
                self.asks.remove(ask)
                infcode, output = self.device.ask(ask.infno, ask.body, now=self.now.utc_ms)
                self.post(e.Told(ask.ask, infcode, output))
            fresh = self.drafts[self.sent :]
            for draft in fresh:
                self.sent += 1
                self._carry(draft)
            if not asks and not fresh:
                return self
        raise AssertionError("the terminal and the centre talk without end")

    def _carry(self, draft: Any) -> None:
        seq = self.device.write(draft.body, draft.mode, now=self.now.utc_ms)
        if self.lost == "before":
            return
        answers = self.device.send(seq, now=self.now.utc_ms)
        if self.lost == "after":
            return
        for answer in answers:
            self._hear(answer)

    def _hear(self, answer: Any) -> None:
        self.post(e.Answered(replace(answer, chain_hash=self._hash(answer.upto_seq))))

    def catch_up(self) -> Counter:
        """The network is back: what was not answered is sent again."""
        self.lost = ""
        for seq in range(1, self.sent + 1):
            if seq not in self.decided:
                for answer in self.device.send(seq, now=self.now.utc_ms):
                    self._hear(answer)
        return self.pump()

    # -- what people do -----------------------------------------------------------------------------
    def press(self, button: str, value: str = "") -> Counter:
        self.post(e.Pressed(button, value, self.screen.visit))
        return self.pump()

    def shows_code_of(self, person: PersonSpec, org: str = "") -> Counter:
        """The patient holds their phone up."""
        code = people.issue_code(self.centre.store, person.psn_no, self.now.utc_ms, org=org)
        self.press("qr")
        self.post(e.CodeSeen(code))
        return self.pump()

    def bill(self, number: str, amount_fen: int, kind: str = "settle", **more: Any) -> Counter:
        """The HIS sends a bill with one line that is wholly in scope."""
        line = FeeLine("1", more.pop("code", LINE), "阿莫西林", amount_fen)
        key = f"key-{number}-{self.calls}"  # a bill that was undone may come again
        reply = self.send(Bill(kind, number, amount_fen, (line,), **more), key)
        assert reply.status == 202, reply
        return self.pump()

    def until_confirm(self, number: str, amount_fen: int, person: PersonSpec, **more: Any) -> Counter:
        """From the HIS's bill to the amount on the screen, for oneself."""
        self.bill(number, amount_fen, **more).shows_code_of(person)
        if self.screen.name == "whom":
            self.press("choose", "0")
        assert self.screen.name == "confirm", self.screen
        return self

    def undo(self, number: str) -> Counter:
        """The HIS cancels a settled bill."""
        self.withdraw(self.of(number).bill_id, f"cancel-{number}-{len(self.drafts)}")
        return self.pump()

    def done(self) -> Counter:
        return self.press("done") if self.screen.name != "idle" else self

    # -- what can be read ---------------------------------------------------------------------------
    def of(self, number: str) -> BillState:
        """The newest bill with this number."""
        found = [one for one in self.bills().values() if one.bill.bill_no == number]
        return max(found, key=lambda one: one.order)

    def sees(self, screen: str, **fields: Any) -> Counter:
        """The screen that must be up, with these fields."""
        assert self.screen.name == screen, (self.screen.name, self.screen.fields)
        for name, value in fields.items():
            assert self.screen.fields[name] == value, (name, self.screen.fields[name], value)
        return self

    def balance(self, account: str) -> int:
        """Fen on an account of the centre's ledger."""
        with self.centre.store.begin() as conn:
            return ledgers.balance(conn, account)

    def at_centre(self, do: Callable[..., Any], *more: Any) -> Any:
        """Something that happens at the centre beside this terminal (a phone, an office)."""
        with self.centre.store.begin() as conn:
            return do(conn, *more)


def clinic(
    folder: Path, people_: Iterable[PersonSpec], *places: dict[str, Any], **options: Any
) -> list[Counter]:
    """A centre with these people and one terminal for each place."""
    specs = places or ({"fixmedins_code": "H51010000001", "level": "l2"},)
    devices = [Device(f"t{number}", **spec) for number, spec in enumerate(specs, start=1)]
    make(folder, devices, list(people_), "sqlite://", **options)
    return [Counter(device) for device in devices]


def books_are_even(counters: Iterable[Counter]) -> None:
    """What must be true when a story is over."""
    (centre,) = {id(one.centre): one.centre for one in counters}.values()
    found = audit.audit(centre.store)
    assert found.faults == ()
    assert found.imbalance_fen == 0
    assert audit.doubles(centre.store) == []
    centre.store.close()
