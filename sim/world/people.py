"""Patients and the clinic's HIS in virtual time: scripts that do what the screen says, or not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from edge.core.effects import Reply, Show
from edge.core.events import (
    BillArrived,
    CancelArrived,
    CardRead,
    CodeSeen,
    LookSeen,
    Pressed,
    ReverseArrived,
    TemplateMade,
)
from edge.core.types import Bill, BillStatus, FeeLine
from sim.centre.books.people import PersonSpec
from sim.world.terminal import VirtualTerminal
from sim.world.time import HOUR_MS, MINUTE_MS, SECOND_MS, Timeline

SHOT_MS = 250
MODEL = "0" * 64
TURNED_DEG = 30.0
DOT_POSES = {  # yaw, pitch
    "dot_left": (14.0, 0.0), "dot_right": (-14.0, 0.0), "dot_up": (0.0, 12.0), "dot_down": (0.0, -12.0),
}  # fmt: skip
MEDICINES = (
    ("SYN-A-0001", "合成甲类药一"),
    ("SYN-B-0001", "合成乙类药一"),
    ("SYN-C-0001", "合成丙类药一"),
)
CHRONIC, CHRONIC_EVERY = "M03900", 4  # one bill in four, where it would be a plain one
REPLY_WAIT_MS = 15 * SECOND_MS
CALLS_EACH = 1_000_000  # numbers of one HIS
STAFF_LOOK_MS = (40 * SECOND_MS, 90 * SECOND_MS, 5 * MINUTE_MS, HOUR_MS)  # after a bill was sent


class Manner(Struct, frozen=True):
    """How this patient is: drawn at the first screen of a visit."""

    person: PersonSpec
    means: str
    leaves: bool  # walks away at some point
    cancels: bool
    clumsy: bool  # makes a wrong gesture once
    spoof: bool  # holds a picture into the camera


class Patients:
    """Whoever stands in front of the terminal. Acts only on the screen that is up."""

    def __init__(
        self,
        time: Timeline,
        device: VirtualTerminal,
        people: list[PersonSpec],
        templates: dict[str, bytes],
    ) -> None:
        self.time, self.device, self.people, self.templates = time, device, people, templates
        self._manners: dict[tuple[int, int], Manner] = {}
        self._shown = 0
        self._mode = "off"
        self._shooting = 0
        self._poses: list[tuple[float, float, float]] = []  # (yaw, pitch, eye_open) of the next shots
        self._shots = 0
        device.on_show, device.on_shoot, device.on_template = (
            self._sees,
            self._camera,
            self._template,
        )

    def _manner(self, visit: int) -> Manner:
        key = (self.device.boots, visit)
        if key not in self._manners:
            dice = self.time.dice
            self._manners = {
                key: Manner(  # only the newest visit is alive
                    person=dice.choice(self.people),
                    means=dice.choice(("face", "face", "qr", "card")),
                    leaves=self.time.chance(0.04),
                    cancels=self.time.chance(0.03),
                    clumsy=self.time.chance(0.05),
                    spoof=self.time.chance(0.03),
                )
            }
        return self._manners[key]

    # -- the screen --------------------------------------------------------------------------------
    def _sees(self, show: Show) -> None:
        self._shown += 1
        if show.visit == 0:
            return
        shown, boot, manner = self._shown, self.device.boots, self._manner(show.visit)

        def acts() -> None:
            if shown == self._shown and boot == self.device.boots:
                self._act(show, manner)

        self.time.at(self.time.between(800, 4 * SECOND_MS), acts)

    def _act(self, show: Show, manner: Manner) -> None:
        dice = self.time.dice
        if manner.leaves and self.time.chance(0.3):
            return
        if manner.cancels and self.time.chance(0.3):
            self._press("cancel", show)
        elif show.name == "ways":
            ways = show.fields["ways"]
            if ways:
                self._press(manner.means if manner.means in ways else dice.choice(ways), show)
        elif show.name == "challenge" and "home" not in show.fields:
            self._poses += list(self._gesture(str(show.fields["step"]), manner))
        elif show.name == "code":
            made = self.device.net.made
            now_ms = self.device.net.epoch_ms + self.time.now_ms
            self.device.post(CodeSeen(made.issue_code(manner.person.psn_no, now_ms)))
        elif show.name == "card":
            self.device.post(CardRead(*manner.person.cards[0]))
        elif show.name == "whom":
            self._press("choose", show, str(dice.randrange(len(show.fields["people"]))))
        elif show.name == "confirm":
            self._press("confirm", show)
        elif show.name in ("settled", "provisional", "refused", "confirming") and self.time.chance(
            0.5
        ):
            self._press("done", show)

    def _press(self, button: str, show: Show, value: str = "") -> None:
        self.device.post(Pressed(button, value, show.visit))

    # -- the camera --------------------------------------------------------------------------------
    def _gesture(self, step: str, manner: Manner) -> Iterator[tuple[float, float, float]]:
        if manner.clumsy and self.time.chance(0.3):
            step = {"turn_left": "turn_right", "dot_left": "dot_right"}.get(step, "turn_left")
        if step == "blink":
            yield from ((0.0, 0.0, 0.1), (0.0, 0.0, 1.0), (0.0, 0.0, 1.0))
        elif step in DOT_POSES:
            yaw, pitch = DOT_POSES[step]
            yield from ((yaw, pitch, 1.0), (yaw / 3, pitch / 3, 1.0), (0.0, 0.0, 1.0))
        else:
            yaw = TURNED_DEG if step == "turn_left" else -TURNED_DEG
            for part in (0.5, 1.0, 1 / 3, 0.0):
                yield yaw * part, 0.0, 1.0

    def _camera(self, mode: str) -> None:
        if mode == self._mode:
            return
        self._mode = mode
        self._shooting += 1
        self._poses = []
        if mode in ("face", "light"):
            self._next_shot(self._shooting)

    def _next_shot(self, shooting: int) -> None:
        def shot() -> None:
            if shooting != self._shooting:
                return
            self._next_shot(shooting)
            if "camera" in self.device.lost_parts:
                return
            self._shots += 1
            yaw, pitch, eye = self._poses.pop(0) if self._poses else (0.0, 0.0, 1.0)
            spoof = any(manner.spoof for manner in self._manners.values())
            live = -1.0 if abs(yaw) > 12 else 0.05 if spoof else 0.95
            seen = LookSeen(
                self._shots,
                self.device.now().mono_ms,
                None,
                yaw,
                pitch,
                eye,
                live,
                (0.3, 0.3, 0.4, 0.4),
            )
            self.device.post(seen)

        self.time.at(SHOT_MS, shot)

    def _template(self) -> None:
        boot = self.device.boots

        def made() -> None:
            if boot == self.device.boots and self._manners:
                (manner,) = self._manners.values()
                self.device.post(TemplateMade(self.templates[manner.person.psn_no], MODEL))

        self.time.at(120, made)


class Order(Struct):
    """What the HIS has in its own books about one bill."""

    key: str
    bill: Bill
    bill_id: str = ""  # once the terminal said 202
    cancel: str = ""  # "", "wanted", or what the terminal said
    tries: int = 0
    reversed: bool = False  # staff took back what was unknown (2601)


class His:
    """Sends bills, repeats what was not answered with the same key, sometimes takes one back."""

    def __init__(self, time: Timeline, device: VirtualTerminal, name: str = "V") -> None:
        self.time, self.device, self.name = time, device, name
        self.orders: list[Order] = []
        self._calls = device.his_calls  # several may have written to one device, one after the other
        self._first_call = self._calls
        self._before = device.on_reply
        self._open: dict[int, tuple[Order, bool]] = {}  # call -> (order, is a cancel)
        self._given_up: set[int] = set()
        self._reversals: set[int] = set()
        device.his_calls += CALLS_EACH
        device.on_reply = self._replied

    def patient_comes(self) -> None:
        """A new bill."""
        self.time.note("his bill")
        order = Order(f"key-{self.name}-{len(self.orders)}", self._bill(len(self.orders)))
        self.orders.append(order)
        self._send(order, cancel=False)
        if self.time.chance(0.5):
            for later_ms in STAFF_LOOK_MS:
                self.time.at(later_ms, lambda: self._may_reverse(order))
        if self.time.chance(0.05):
            self.time.at(
                self.time.between(10 * SECOND_MS, HOUR_MS), lambda: self._want_cancel(order)
            )

    def _bill(self, number: int) -> Bill:
        dice = self.time.dice
        kind = dice.choice(("settle", "settle", "settle", "pharmacy", "register"))
        if kind == "settle" and number % CHRONIC_EVERY == 0:  # no dice: the other bills stay what they were
            kind = "chronic"
        bill_no = f"{self.name}{self.time.seed}-{number}"
        if kind == "register":
            return Bill(
                kind,
                bill_no,
                0,
                dept_code="0300",
                dept_name="内科",
                dr_name="测试医生",
                atddr_no="D1",
            )
        lines = []
        for sn in range(dice.randint(1, 4)):
            code, name = dice.choice(MEDICINES)
            lines.append(FeeLine(str(sn + 1), code, name, dice.randint(1_00, 200_00)))
        amount = sum(line.amount_fen for line in lines)
        return Bill(
            kind,
            bill_no,
            amount,
            tuple(lines),
            med_type="41" if kind == "pharmacy" else "11",
            dise_codg=CHRONIC if kind == "chronic" else "",
            dept_code="0300",
            dept_name="内科",
            dr_name="测试医生",
            atddr_no="D1",
            prefer=dice.choice(("prefer_online", "prefer_online", "require_online")),
        )

    def _send(self, order: Order, *, cancel: bool) -> None:
        self._calls += 1
        call = self._calls
        order.tries += 1
        self._open[call] = (order, cancel)
        self.time.at(REPLY_WAIT_MS, lambda: self._no_reply(call))
        if cancel:
            digest = hashlib.sha256(b"cancel " + order.bill_id.encode()).digest()
            state = self.device.bill(order.bill_id) if self.device.alive else None
            self.device.post(
                CancelArrived(call, f"{order.key}-cancel", digest, order.bill_id, state)
            )
        else:
            digest = hashlib.sha256(msgspec.json.encode(order.bill)).digest()
            self.device.post(BillArrived(call, order.key, digest, order.bill))

    def _no_reply(self, call: int) -> None:
        found = self._open.pop(call, None)
        if found is not None:  # the same request with the same key
            self._given_up.add(call)
            self._send(found[0], cancel=found[1])

    def _replied(self, reply: Reply) -> None:
        if reply.call <= self._first_call:
            self._before(reply)
            return
        found = self._open.pop(reply.call, None)
        if reply.call in self._given_up:
            self._given_up.discard(reply.call)  # too late: nobody listens any more
            return
        if found is None and reply.call in self._reversals:
            self._reversals.discard(reply.call)
            return
        if found is None:
            self.time.violated("one reply", f"a second one to call {reply.call}")
            return
        order, cancel = found
        self.device.watch.replied(reply, cancel=cancel, bill_id=order.bill_id)
        if reply.status == 503:
            self.time.at(MINUTE_MS, lambda: self._send(order, cancel=cancel))
        elif cancel:
            order.cancel = f"{reply.status}"
        elif reply.status == 202:
            order.bill_id = order.bill_id or reply.body["bill_id"]

    def _may_reverse(self, order: Order) -> None:
        """Nobody knows what became of the bill: some staff wait, some take it back (2601)."""
        if not self.device.alive or not order.bill_id or order.reversed:
            return
        state = self.device.bill(order.bill_id)
        if state is not None and state.status is BillStatus.CONFIRMING:
            order.reversed = True
            self.time.counts["reversal"] += 1
            self._calls += 1
            self._reversals.add(self._calls)
            key = f"{order.key}-reverse"
            digest = hashlib.sha256(b"reverse " + order.bill_id.encode()).digest()
            self.device.post(ReverseArrived(self._calls, key, digest, order.bill_id, state))

    def _want_cancel(self, order: Order) -> None:
        if order.bill_id:
            self.time.counts["cancel"] += 1
            self._send(order, cancel=True)
