"""A terminal on a desk: the real core, a store in memory that commits every turn, and a clock that
the story moves. Nothing of the core is replaced.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from edge.core import events as e
from edge.core.effects import Append, Ask, Changed, Effect, Reply, Save, Settle, Show
from edge.core.terminal import Terminal
from edge.core.types import (
    Bill,
    BillState,
    Draft,
    Entry,
    Head,
    Now,
    Outcome,
    Policy,
    Restored,
    Settings,
    Task,
)
from edge.suites import sm2
from sim.dice import SeededDice

DAY_MS = 86_400_000
TICKS_MAX = 10_000
SETTINGS = Settings(
    terminal="t1",
    fixmedins_code="H51010000001",
    fixmedins_name="城东社区卫生服务中心",
    mdtrtarea_admvs="510104",
    opter="t1",
    opter_name="自助终端一",
)


class Desk:
    """The terminal with its store. `post` is one turn of the agent: step, commit, feed back."""

    face = b""  # what the camera measures of whoever is in front, in every good shot; nothing unless said

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
        self.online = False
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
            head=Head(1, len(self.ledger), self.hash_of(len(self.ledger))),
            answered_seq=answered,
            pending=pending,
            docs={space: dict(docs) for space, docs in self.docs.items()},
        )
        self.seed += 1
        dice, hash_ = SeededDice(self.seed), self.policy_hash()
        self.terminal = Terminal(
            self.settings, restored, dice, self.policy, hash_, signed=sm2.verify
        )
        self.asks, self.shows, self.held, self.hold = [], [], [], False
        self._turn(self.terminal.start(self.now))

    def hash_of(self, seq: int) -> bytes:
        """Of record `seq`; here there are no bytes to hash."""
        return hashlib.sha256(str(seq).encode()).digest() if seq else bytes(32)

    def policy_hash(self) -> bytes:
        """Of the policy that holds."""
        return b"\x01" * 32 if self.policy else bytes(32)

    def written(self, draft: Draft) -> int:
        """Where the record was put."""
        return len(self.ledger) + 1

    # -- turns -------------------------------------------------------------------------------------
    def post(self, event: e.Event) -> list[Effect]:
        """One turn."""
        if isinstance(event, e.LinkUp | e.LinkLost):
            self.online = isinstance(event, e.LinkUp)
        effects = self.terminal.step(event, self.now)
        self._turn(effects)
        return effects

    def _turn(self, effects: list[Effect]) -> None:
        self.effects += effects
        back: list[e.Event] = []
        durable = False
        for effect in effects:
            if isinstance(effect, Append):
                draft, seq = effect.draft, self.written(effect.draft)
                hash_ = self.hash_of(seq)
                self.ledger.append(
                    Entry(seq, draft.txid, draft.kind, draft.mode, 900, draft.local, hash=hash_)
                )
                self.drafts.append(draft)
                back.append(e.Appended(seq, draft.txid, hash_, 900))
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
        for _ in range(TICKS_MAX):
            due = self.terminal.deadline()
            if due is None or due > end:
                break
            still = still + 1 if due <= self.now.mono_ms else 0
            assert still < 3, "a Tick must get further"
            self._advance(max(0, due - self.now.mono_ms))
            self.post(e.Tick())
        self._advance(end - self.now.mono_ms)
        self.post(e.Tick())

    def passes_to(self, mono_ms: int) -> None:
        """Time passes to this moment, if it is not over; nothing ticks."""
        self._advance(max(0, mono_ms - self.now.mono_ms))

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

    def review(
        self, bill_id: str, passed: bool = True, operator: str = "赵药师", reason: str = "", key: str = ""
    ) -> Reply:
        """POST /v1/bills/{id}/review."""
        self.calls += 1
        call, key = self.calls, key or f"review-{self.calls}"
        digest = hashlib.sha256(f"{bill_id} {passed} {operator} {reason}".encode()).digest()
        self.post(e.ReviewArrived(call, key, digest, bill_id, passed, operator, reason))
        return self.replies[call]

    def reverse(self, bill_id: str, key: str = "reverse-1") -> Reply:
        """POST /v1/bills/{id}/reverse."""
        self.calls += 1
        self.post(e.ReverseArrived(self.calls, key, b"r", bill_id))
        return self.replies[self.calls]

    def look(
        self, problem: str | None = None, yaw: float = 0.0, eye: float = 1.0, live: float = 0.9,
        pitch: float = 0.0,
    ) -> None:  # fmt: skip
        """One shot."""
        self._advance(100)
        seen = e.LookSeen(
            1, self.now.mono_ms, problem, yaw, pitch, eye, live if abs(yaw) < 15 else -1.0,
            face=b"" if problem else self.face,
        )  # fmt: skip
        self.post(seen)

    # -- reading -----------------------------------------------------------------------------------
    @property
    def screen(self) -> Show:
        """What is up."""
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
