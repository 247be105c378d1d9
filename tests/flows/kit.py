"""A terminal on a desk: the real core, a store that commits every turn, a clock that the story
moves, and scripts.

A story is a list of steps. `On` names the screen that must be up and what the person does there;
the others are what the world does. Nothing of the core is replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from edge.core import events as e
from edge.core import money
from edge.core.benefit import (
    Accounts,
    Accumulators,
    Cell,
    Item,
    PersonFacts,
    RegionRules,
    RuleBook,
    settle,
    split_lines,
    total,
)
from edge.core.effects import Append, Ask, Changed, Effect, Reply, Save, Settle, Show
from edge.core.terminal import Terminal
from edge.core.types import (
    Answer,
    Bill,
    BillState,
    Caps,
    Credit,
    Entry,
    FeeLine,
    Head,
    Now,
    Outcome,
    Policy,
    Restored,
    Result,
    Settings,
    Task,
)
from sim.world.time import SeededDice

DAY_MS = 86_400_000
OFFER = {
    "acct": "30.00",
    "all": "50.00",
    "mulaid": [
        {"psn_no": "510100000003", "psn_name": "李*", "relation": "配偶", "scope": "pool", "can": "20.00"}
    ],
    "ways": ["cash"],
}
BOOK = RuleBook(
    RegionRules(
        region="510100",
        cells=(
            Cell("310", "outpatient", "*", "active", "0.50"),
            Cell("310", "pharmacy", "*", "active", "0.50"),
            Cell("390", "outpatient", "*", "*", "0.60"),
            Cell("390", "pharmacy", "*", "*", "0.40"),
        ),
    ),
    catalogue={"A1": Item("1"), "B1": Item("2", "0.10")},
    level="community",
)
SETTINGS = Settings(
    terminal="t1",
    fixmedins_code="H51010000001",
    fixmedins_name="城东社区卫生服务中心",
    mdtrtarea_admvs="510104",
    opter="t1",
    opter_name="自助终端一",
)
PERSON = {
    "psn_no": "510100000001",
    "psn_name": "张*",
    "insutype": "310",
    "insuplc_admdvs": "510100",
    "ecToken": "ec-token-1",
}
BASE = {"certno": "5****************X", "gend": "1", "age": "61"}
CHILD = {
    **PERSON,
    "psn_no": "510100000002",
    "psn_name": "张**",
    "ecToken": "ec-token-2",
    "relation": "子女",
}


def policy(profile: str = "P0", **changes: Any) -> Policy:
    """A policy of today's rules."""
    base = Policy(
        profile=profile,
        version=3,
        issued_utc_ms=0,
        valid_until_utc_ms=100 * DAY_MS,
        caps=Caps(),
        allow=("settle", "pharmacy"),
        face_nopassword_max_fen=5_000_00,
        liveness_threshold=0.5,
        liveness_steps=2,
        rules=msgspec.to_builtins(BOOK),
        rules_utc_ms=9 * DAY_MS,
    )
    return msgspec.structs.replace(base, **changes)


def bill(
    kind: str = "settle", amount_fen: int = 100_00, number: str = "HIS-1", **more: Any
) -> Bill:
    """A bill with one line of 甲."""
    lines = () if kind == "register" else (FeeLine("1", "A1", "阿莫西林", amount_fen),)
    return Bill(kind=kind, bill_no=number, amount_fen=amount_fen, lines=lines, **more)


class Desk:
    """The terminal with its store. `post` is one turn of the agent: step, commit, feed back."""

    def __init__(
        self,
        policy_: Policy | None = None,
        *,
        seed: int = 1,
        settings: Settings = SETTINGS,
        now: Now | None = None,
    ) -> None:
        self.settings, self.seed = settings, seed
        self.docs: dict[str, dict[str, bytes]] = {}
        self.ledger: list[Entry] = []
        self.drafts: list[Any] = []
        self.decided: dict[int, Outcome] = {}
        self.answer_number = 0
        self.now = now or Now(10 * DAY_MS, 1_000_000)
        self.effects: list[Effect] = []
        self.asks: list[Ask] = []
        self.replies: dict[int, Reply] = {}
        self.shows: list[Show] = []
        self.calls = 0
        self.room = 1 << 30  # bytes beyond the reserve
        self.hold = False  # the disk is slow: commits are reported only by `release`
        self.held: list[e.Event] = []
        self.policy = policy_
        self.boot()

    # -- power -------------------------------------------------------------------------------------
    def boot(self) -> None:
        """Start from what was committed."""
        answered = 0
        while self.decided.get(answered + 1):
            answered += 1
        pending = tuple(
            msgspec.structs.replace(one, outcome=self.decided.get(one.seq))
            for one in self.ledger[answered:]
        )
        restored = Restored(
            head=Head(1, len(self.ledger), self._hash(len(self.ledger))),
            answered_seq=answered,
            pending=pending,
            docs={space: dict(docs) for space, docs in self.docs.items()},
        )
        self.seed += 1
        hash_ = b"\x01" * 32 if self.policy else bytes(32)
        self.terminal = Terminal(self.settings, restored, SeededDice(self.seed), self.policy, hash_)
        self.asks, self.shows, self.held, self.hold = [], [], [], False
        self._turn(self.terminal.start(self.now))

    @staticmethod
    def _hash(seq: int) -> bytes:
        return hashlib.sha256(str(seq).encode()).digest() if seq else bytes(32)

    # -- turns -------------------------------------------------------------------------------------
    def post(self, event: e.Event) -> list[Effect]:
        effects = self.terminal.step(event, self.now)
        self._turn(effects)
        return effects

    def _turn(self, effects: list[Effect]) -> None:
        self.effects += effects
        back: list[e.Event] = []
        durable = False
        for effect in effects:
            if isinstance(effect, Append):
                draft, seq = effect.draft, len(self.ledger) + 1
                entry = Entry(
                    seq, draft.txid, draft.kind, draft.mode, 900, draft.local, hash=self._hash(seq)
                )
                self.ledger.append(entry)
                self.drafts.append(draft)
                back.append(e.Appended(seq, draft.txid, self._hash(seq), 900))
            elif isinstance(effect, Save):
                space = self.docs.setdefault(effect.space, {})
                if effect.value is None:
                    space.pop(effect.key, None)
                else:
                    space[effect.key] = effect.value
            elif isinstance(effect, Settle):
                self.decided |= {one.seq: one.outcome for one in effect.answer.results}
            durable = durable or isinstance(effect, Append | Save | Settle)
        for effect in effects:
            if isinstance(effect, Show):
                self.shows.append(effect)
            elif isinstance(effect, Ask):
                if effect not in self.asks:  # a repetition is the same question
                    self.asks.append(effect)
            elif isinstance(effect, Reply):
                assert effect.call not in self.replies, "one reply per call"
                self.replies[effect.call] = effect
        if durable:
            back.append(e.Saved(self.room))
        self.held += back
        if not self.hold:
            self.release()

    def release(self) -> None:
        """The disk reports what it has done."""
        self.hold = False
        while self.held:
            self.post(self.held.pop(0))

    # -- the world ---------------------------------------------------------------------------------
    def wait(self, ms: int) -> None:
        """Time passes; deadlines tick as they come."""
        end, still = self.now.mono_ms + ms, 0
        for _ in range(10_000):
            due = self.terminal.deadline()
            if due is None or due > end:
                break
            still = still + 1 if due <= self.now.mono_ms else 0
            assert still < 3, "a Tick must get further"
            self._advance(max(0, due - self.now.mono_ms))
            self.post(e.Tick())
        self._advance(end - self.now.mono_ms)
        self.post(e.Tick())

    def _advance(self, ms: int) -> None:
        self.now = Now(self.now.utc_ms + ms, self.now.mono_ms + ms)

    def send(self, bill_: Bill, key: str | None = None, raw: bytes | None = None) -> Reply:
        """POST /v1/bills."""
        self.calls += 1
        digest = hashlib.sha256(raw or msgspec.json.encode(bill_)).digest()
        self.post(e.BillArrived(self.calls, key or f"key-{bill_.bill_no}", digest, bill_))
        return self.replies[self.calls]

    def withdraw(
        self, bill_id: str, key: str = "cancel-1", state: BillState | None = None
    ) -> Reply:
        """POST /v1/bills/{id}/cancel."""
        self.calls += 1
        self.post(e.CancelArrived(self.calls, key, b"c", bill_id, state))
        return self.replies[self.calls]

    def close(
        self, task_id: str, how: str, amount_fen: int, key: str = "", operator: str = "张护士"
    ) -> Reply:
        """POST /v1/tasks/{id}/close."""
        self.calls += 1
        call, key = self.calls, key or f"close-{self.calls}"
        digest = hashlib.sha256(f"{task_id} {how} {amount_fen}".encode()).digest()
        self.post(e.TaskCloseArrived(call, key, digest, task_id, how, amount_fen, operator))
        return self.replies[call]

    def reverse(self, bill_id: str, key: str = "reverse-1") -> Reply:
        """POST /v1/bills/{id}/reverse."""
        self.calls += 1
        self.post(e.ReverseArrived(self.calls, key, b"r", bill_id))
        return self.replies[self.calls]

    def look(
        self, problem: str | None = None, yaw: float = 0.0, eye: float = 1.0, live: float = 0.9
    ) -> None:
        """One shot."""
        self._advance(100)
        seen = e.LookSeen(
            1, self.now.mono_ms, problem, yaw, 0.0, eye, live if abs(yaw) < 15 else -1.0
        )
        self.post(seen)

    def ask(self, infno: str) -> Ask:
        """The newest open question of this kind."""
        found = [one for one in self.asks if one.infno == infno]
        assert found, f"nothing asked {infno}: {[one.infno for one in self.asks]}"
        return found[-1]

    def tell(self, infno: str, body: Any, infcode: int = 0) -> None:
        ask = self.ask(infno)
        self.asks.remove(ask)
        self.post(e.Told(ask.ask, infcode, body))

    def centre_split(self, fund_share: str = "") -> dict[str, str]:
        """What a centre with the same rules works out for the bill in front."""
        (state,) = [
            one for one in self.bills().values() if one.status in ("in_visit", "working")
        ] or [None]
        assert state is not None
        return split_of(state.bill)

    def answer(self, *results: tuple[int, Outcome, Any]) -> None:
        """A verified answer for these records."""
        self.answer_number += 1
        upto = max((seq for seq, _, _ in results), default=0)
        self.post(
            e.Answered(
                Answer(
                    number=self.answer_number,
                    epoch=1,
                    upto_seq=upto,
                    chain_hash=self._hash(upto),
                    results=tuple(
                        Result(seq, outcome, body, b"receipt") for seq, outcome, body in results
                    ),
                    centre_utc_ms=self.now.utc_ms,
                    credit=Credit(),
                    tree_size=upto,
                    root=bytes(32),
                )
            )
        )

    # -- reading -----------------------------------------------------------------------------------
    @property
    def screen(self) -> Show:
        return self.terminal.screen

    def bills(self) -> dict[str, BillState]:
        """As the store has them."""
        return {
            key: msgspec.json.decode(value, type=BillState)
            for key, value in self.docs.get("bill", {}).items()
        }

    def tasks(self) -> list[Task]:
        """As the store has them, oldest first."""
        found = [msgspec.json.decode(one, type=Task) for one in self.docs.get("task", {}).values()]
        return sorted(found, key=lambda task: task.order)

    def woken(self, bill_id: str) -> int:
        """The newest version that long-polls were told."""
        return max(
            (x.version for x in self.effects if isinstance(x, Changed) and x.bill_id == bill_id),
            default=0,
        )


def split_of(bill_: Bill) -> dict[str, str]:
    """setlinfo of a centre with the same rules and 30 yuan in the account."""
    med_type = "41" if bill_.kind == "pharmacy" else bill_.med_type
    scope = total(split_lines(bill_.lines, BOOK.catalogue))
    done = settle(
        scope,
        PersonFacts("310", "active"),
        Accumulators(),
        Accounts(30_00),
        BOOK,
        med_type=med_type,
    )
    return {
        **money.split_fields(done.split),
        "setl_id": "S1",
        "mdtrt_id": "M1",
        "psn_no": PERSON["psn_no"],
    }


# -- the words of a story --------------------------------------------------------------------------
class On(Struct, frozen=True):
    """The screen that must be up, with these fields, and what the person does."""

    screen: str
    do: Callable[[Desk], None] | None = None
    fields: dict[str, Any] = {}


Step = On | Callable[[Desk], None]


def tell_story(desk: Desk, *steps: Step) -> Desk:
    """Play it; the message names the step that went wrong."""
    for number, step in enumerate(steps):
        if not isinstance(step, On):
            step(desk)
            continue
        where = f"step {number}: {desk.screen.name} {desk.screen.fields}"
        assert desk.screen.name == step.screen, f"{where}, expected {step.screen}"
        for name, value in step.fields.items():
            assert desk.screen.fields[name] == value, f"{where}, expected {name}={value}"
        if step.do is not None:
            step.do(desk)
    return desk


def on(screen: str, do: Callable[[Desk], None] | None = None, **fields: Any) -> On:
    return On(screen, do, fields)


def press(button: str, value: str = "") -> Callable[[Desk], None]:
    return lambda desk: desk.post(e.Pressed(button, value, desk.screen.visit)) and None


def post(event: e.Event) -> Callable[[Desk], None]:
    return lambda desk: desk.post(event) and None


def wait(ms: int) -> Callable[[Desk], None]:
    return lambda desk: desk.wait(ms)


def send(bill_: Bill | None = None) -> Callable[[Desk], None]:
    return lambda desk: desk.send(bill_ or bill()) and None


def good_face(desk: Desk) -> None:
    for _ in range(3):
        desk.look()


def follow(desk: Desk, live: float = 0.9) -> None:
    """Do every gesture that the screen asks for, coming back to the front between them."""
    for _ in range(6):
        if desk.screen.name != "challenge":
            return
        gesture(desk, desk.screen.fields["step"], live)


def gesture(desk: Desk, step: str, live: float = 0.9) -> None:
    if step == "blink":
        desk.look(eye=0.1, live=live)
        desk.look(eye=1.0, live=live)
    else:
        yaw = 35.0 if step == "turn_left" else -35.0
        desk.look(yaw=yaw / 2, live=live)
        desk.look(problem="turned", yaw=yaw)
    for _ in range(3):
        desk.look(live=live)


def template(desk: Desk) -> None:
    desk.post(e.TemplateMade(b"\x00" * 768, "ab" * 32))


def known_as(*people: dict[str, Any]) -> Callable[[Desk], None]:
    """The centre answers 1101."""
    return lambda desk: desk.tell(
        "1101",
        {"authNo": "auth-1", "baseinfo": BASE, "people": list(people or (PERSON,))},
    )


def unknown(code: str) -> Callable[[Desk], None]:
    return lambda desk: desk.tell("1101", {"code": code}, -1)


def estimated(desk: Desk) -> None:
    """The centre answers 2206."""
    desk.tell("2206", {"setlinfo": desk.centre_split(), "setldetail": []})


def settled(outcome: Outcome = Outcome.SETTLED, **changes: Any) -> Callable[[Desk], None]:
    """The centre's answer to the newest record."""

    def do(desk: Desk) -> None:
        entry = desk.ledger[-1]
        state = desk.bills()[entry.local["bill_id"]]
        body: dict[str, Any] = {"infcode": 0, "err_msg": "", "mdtrt_id": "M1"}
        if state.bill.kind != "register":
            body["setlinfo"] = split_of(state.bill) | changes
        desk.answer((entry.seq, outcome, body))

    return do


FACE = (
    on("ways", press("face")),
    on("look", good_face),
    on("challenge", follow),
    on("working", template),
)
link_up = post(e.LinkUp())
link_lost = post(e.LinkLost("E-NET-01"))
