"""A terminal whose questions and records go to the centre as bytes, signed and sealed, and whose answers
are believed by the product's own rules. What people do there reads like a script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from edge.core import events as e
from edge.core.books.days import Day
from edge.core.effects import Show
from edge.core.types import Answer, Bill, BillState, Draft, FeeLine, Now, Policy
from edge.wire import policy as wire_policy
from edge.wire import roster as wire_roster
from edge.wire import statement
from sim.centre.books import ledgers, people
from sim.centre.books.people import PersonSpec
from sim.centre.desk import Centre
from sim.stage.desk import SETTINGS, Desk
from sim.stage.device import Device
from sim.stage.script import follow, good_face

LINE = "SYN-A-0001"  # 甲: all of it is in scope
OWN_LINE = "SYN-C-0001"  # 丙: nothing of it is
QUIET = frozenset({"policy"})  # the stage hands it over each morning
ROUNDS_MAX = 40
STEP_MS = 30_000
CLOSE_MS = 150_000
FACE_MODEL = "m" * 64  # of the faces that stories register
SCREEN_MS = 9_000  # until a last screen has gone by itself


class Counter(Desk):
    """One terminal of an institution. `lost`: "" | "before" | "after": what happens to the next
    record on its way (never arrives, or its answer does not)."""

    def __init__(self, device: Device, at_utc_ms: int) -> None:
        self.device, self.sent, self.lost = device, 0, ""
        settings = replace(
            SETTINGS,
            terminal=device.name,
            fixmedins_code=device.org,
            fixmedins_name=device.spec.fixmedins_name or "测试机构",
            mdtrtarea_admvs=device.spec.admdvs,
        )
        super().__init__(self._policy(at_utc_ms), settings=settings, now=Now(at_utc_ms, 1_000_000))
        self.connect()

    @property
    def centre(self) -> Centre:
        """The one that it talks to."""
        return self.device.centre

    def new_day(self, at_utc_ms: int) -> None:
        """Today's policy, and a terminal that was switched on this morning."""
        self.policy = self._policy(at_utc_ms)
        self.now = Now(at_utc_ms, self.now.mono_ms + 1_000_000)
        self.boot()
        self.connect()

    def _policy(self, at_utc_ms: int) -> Policy:
        document = self.device.get_policy(now=at_utc_ms)
        verifier = self.device.centre.keys.verifier
        return wire_policy.decode(document, verifier, terminal=self.device.name)

    def connect(self) -> None:
        """The broker took it, and the centre answered its greeting."""
        self.post(e.LinkUp())
        for answer in self.device.hello(now=self.now.utc_ms):
            self.post(e.Answered(answer))

    # -- the wire -----------------------------------------------------------------------------------
    def hash_of(self, seq: int) -> bytes:
        """Of the record's own bytes."""
        return self.device.hash_of(seq) or bytes(32)

    def policy_hash(self) -> bytes:
        """Of the document that the centre signed."""
        return self.device.policy_hash

    def written(self, draft: Draft) -> int:
        """Signed, sealed and chained as on a device."""
        more = {"kind": draft.kind, "txid": draft.txid, "policy": draft.policy_hash}
        return self.device.write(draft.body, draft.mode, now=draft.at.utc_ms, **more)

    def serve(self) -> Counter:
        """Carry everything to the centre and back until nothing moves; nothing without a network."""
        for _ in range(ROUNDS_MAX):
            asks = [one for one in self.asks if one.infno not in QUIET]
            if not self.online or (not asks and self.sent == len(self.ledger)):
                return self
            for one in asks:
                self.asks.remove(one)
                self._question(one.ask, one.infno, one.body)
            while self.sent < len(self.ledger):
                self.sent += 1
                self._carry(self.ledger[self.sent - 1].seq)
        raise AssertionError("the terminal and the centre talk without end")

    def _question(self, ask: bytes, infno: str, body: Any) -> None:
        sent = statement.sent(infno, body)
        infcode, told = self.device.ask(infno, sent, now=self.now.utc_ms)
        told = statement.received(infno, told) if infcode == 0 else told
        if infno == "roster" and infcode == 0:
            verifier = self.device.centre.keys.verifier
            part = wire_roster.decode(told["document"], verifier, terminal=self.device.name)
            self.post(e.RosterArrived(part))
        self.post(e.Told(ask, infcode, told))

    def _carry(self, seq: int) -> None:
        if self.lost != "before":
            answers: list[Answer] = self.device.send(seq, now=self.now.utc_ms)
            for answer in answers if self.lost != "after" else []:
                self.post(e.Answered(answer))

    def catch_up(self) -> Counter:
        """The network is back: what was not answered is sent again."""
        self.lost = ""
        for entry in self.ledger[: self.sent]:
            if entry.seq not in self.decided:
                self._carry(entry.seq)
        return self.serve()

    def passes(self, ms: int) -> Counter:
        """Time passes; what the terminal asks and sends meanwhile is answered."""
        end = self.now.mono_ms + ms
        while self.now.mono_ms < end:
            self.wait(min(STEP_MS, end - self.now.mono_ms))
            self.serve()
        return self

    # -- what people do -----------------------------------------------------------------------------
    def press(self, button: str, value: str = "") -> Counter:
        """A finger on the screen."""
        self.post(e.Pressed(button, value, self.screen.visit))
        return self.serve()

    def shows_code_of(self, person: PersonSpec, org: str = "") -> Counter:
        """The patient holds their phone up."""
        code = people.issue_code(self.centre.store, person.psn_no, self.now.utc_ms, org=org)
        self.press("qr")
        self.post(e.CodeSeen(code))
        return self.serve()

    def lays_card_of(self, person: PersonSpec) -> Counter:
        """The patient lays their card on the reader."""
        card_no, cert_type = person.cards[0]
        self.press("card")
        self.post(e.CardRead(card_no, cert_type))
        return self.serve()

    def lays(self, card_no: str, cert_type: str = "02") -> Counter:
        """A card is held to the reader."""
        self.post(e.CardRead(card_no, cert_type))
        return self.serve()

    def shows_face(self, face: bytes, model: str = FACE_MODEL) -> Counter:
        """They look, do what is asked, and the net measures them."""
        good_face(self)
        follow(self)
        self.post(e.TemplateMade(face, model))
        return self.serve()

    def types(self, *digits: str) -> Counter:
        """A password on the keys, once or twice."""
        for one in digits:
            self.press("password", one)
        return self

    def desk_sends(self, bill: Bill) -> Counter:
        """The HIS or the staff's page sends something without lines."""
        reply = self.send(bill, f"key-{bill.bill_no}-{self.calls}")
        assert reply.status == 202, reply
        return self.serve()

    def bill(self, number: str, amount_fen: int, kind: str = "settle", **more: Any) -> Counter:
        """The HIS sends a bill with one line that is wholly in scope."""
        line = FeeLine("1", more.pop("code", LINE), "阿莫西林", amount_fen)
        key = f"key-{number}-{self.calls}"  # a bill that was undone may come again
        reply = self.send(Bill(kind, number, amount_fen, (line,), **more), key)
        assert reply.status == 202, reply
        return self.serve()

    def until_confirm(self, number: str, amount_fen: int, person: PersonSpec, **more: Any) -> Counter:
        """From the HIS's bill to the amount on the screen, for oneself."""
        self.bill(number, amount_fen, **more).shows_code_of(person)
        if self.screen.name == "whom":
            self.press("choose", "0")
        return self.sees("confirm")

    def visit(self, bill: Bill, person: PersonSpec, whom: int = 0) -> Show:
        """Somebody comes with a bill, lays down their card, confirms; the last screen."""
        self.send(bill)
        self.lays_card_of(person)
        if self.screen.name == "whom":
            self.press("choose", str(whom))
        if self.screen.name == "confirm":
            self.press("confirm")
        shown = self.screen
        self.wait(SCREEN_MS)
        return shown

    def undo(self, number: str) -> Counter:
        """The HIS cancels a settled bill."""
        self.withdraw(self.of(number).bill_id, f"cancel-{number}-{len(self.drafts)}")
        return self.serve()

    def close_day(self) -> Day:
        """Staff close the day (3201, 3202); what came of it."""
        self.calls += 1
        self.post(e.CloseAsked(self.calls))
        reply = self.replies[self.calls]
        assert reply.status in (200, 202), reply
        self.serve().passes(CLOSE_MS)
        return msgspec.json.decode(self.docs["day"][str(reply.body["day"])], type=Day)

    def done(self) -> Counter:
        """The patient has read it."""
        return self.press("done") if self.screen.name != "idle" else self

    # -- what can be read ---------------------------------------------------------------------------
    def of(self, number: str) -> BillState:
        """The newest bill with this number."""
        found = [one for one in self.bills().values() if one.bill.bill_no == number]
        return max(found, key=lambda one: one.order)

    def paid(self, number: str) -> dict[str, int]:
        """What the settled bill says, in fen, without what is zero."""
        split = self.of(number).split
        assert split is not None
        named = {name: getattr(split, name) for name in split.__struct_fields__}
        return {name.removesuffix("_fen"): fen_ for name, fen_ in named.items() if fen_}

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
