"""The terminal in virtual time: the real core, store, scribe and turn. Only physics is simulated:
time, power, the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.core.books import bills
from edge.core.effects import (
    Ask,
    Changed,
    Connect,
    Disconnect,
    Effect,
    Halt,
    Publish,
    Reply,
    Shoot,
    Show,
    TakeTemplate,
)
from edge.core.events import AnswerBad, Answered, Event, PolicyArrived, StopAsked, Tick
from edge.core.terminal import Terminal
from edge.core.types import BillState, BillStatus, Now, Settings
from edge.drivers.keys.file import Driver as Keys
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.scribe import CentreKeys, Scribe
from edge.turn import commit_turn
from edge.wire import policy, topics
from edge.wire.log.trusted import TrustedCentre
from sim.world.net import VirtualNet
from sim.world.time import SECOND_MS, SeededDice, Timeline

BY_THE_CENTRE = frozenset({BillStatus.SETTLED, BillStatus.ADJUSTED, BillStatus.REJECTED})
TICKS_AT_ONCE_MAX = 5  # a deadline that its own Tick does not move
TURN_ROUNDS_MAX = 50
CUTS = ("before the commit", "after the commit", "between two effects")
CENTRE_ALARMS = ("E-LOG-",)


class PowerCut(Exception):
    """Unwinds a turn: the agent is gone at this very point."""


class VirtualTerminal:
    """One device. `alive` while it has power; `cut_at` arms a power cut at a boundary of the next
    durable turn."""

    def __init__(
        self, time: Timeline, net: VirtualNet, settings: Settings, folder: Path, keys: Keys
    ) -> None:
        self.time, self.net, self.settings, self.keys = time, net, settings, keys
        self.path = folder / "ledger.db"
        self.first_policy = b""
        self.alive = False
        self.cut_at = ""
        self.boots = 0
        self.clock_off_ms = 0
        self.on_show: Callable[[Show], None] = lambda _show: None
        self.on_shoot: Callable[[str], None] = lambda _mode: None
        self.on_template: Callable[[], None] = lambda: None
        self.on_reply: Callable[[Reply], None] = lambda _reply: None
        self.shown_bills: dict[int, str] = {}  # visit -> bill, of this boot
        self._versions: dict[str, int] = {}  # the newest that left the terminal, over all boots
        self._boot_ms = 0
        self._due: int | None = None
        self._spun = 0
        net.post, net.deliver = self.post, self._received

    # -- power -------------------------------------------------------------------------------------
    def boot(self) -> None:
        """From cold: check the ledger, and go on where it stopped."""
        assert not self.alive
        self.boots += 1
        self._boot_ms, self._due, self._spun = self.time.now_ms, None, 0
        self.shown_bills = {}
        self.cut_at = ""
        self.store = Store(self.path, self.keys.locker, reserve_bytes=0, new_epoch=1)
        restored = self.store.restore(bills.keep, bills.touched)
        centre = self.net.made.keys
        trusted = TrustedCentre(
            self.settings.terminal,
            restored.head.epoch,
            centre.verifier,
            self.keys.opener,
            checkpoint=self.store.checkpoint,
            last_number=self.store.last_number,
            answered_seq=restored.answered_seq,
        )
        keys = CentreKeys(centre.verifier, centre.sealer)
        boot_id = SeededDice(f"boot {self.time.seed} {self.boots}").bytes(16)
        self.scribe = Scribe(self.settings, restored.head.epoch, boot_id, self.keys, keys, trusted)
        document = restored.docs.get("policy", {}).get("current", self.first_policy)
        held = self.scribe.policy(document)
        self._policy_hash = held.hash
        dice = SeededDice(f"terminal {self.time.seed} {self.boots}")
        self.terminal = Terminal(self.settings, restored, dice, held.policy, held.hash)
        self.time.note(f"boot head {restored.head.seq} answered {restored.answered_seq}")
        self.alive = True
        self._guarded(lambda: self._turn(self.terminal.start(self.now())))

    def power_cut(self) -> None:
        """Now. What was committed is on the disk, everything else is gone."""
        if not self.alive:
            return
        self.time.fault("power cut")
        self._end()
        self.time.at(self.time.between(5, 120) * SECOND_MS, self.boot)

    def stop(self) -> None:
        """The clinic closes: a clean stop. The next `boot` is the morning's."""
        if self.alive:
            self.post(StopAsked())
        if self.alive:
            self.time.violated("StopAsked did not end the process")

    def _end(self) -> None:
        self.alive = False
        self.net.power_lost()
        self.store.close()
        self.on_shoot("off")

    def _guarded(self, turn: Callable[[], None]) -> None:
        try:
            turn()
            if self.alive:
                self._arm()
        except PowerCut:
            self.power_cut()

    # -- events ------------------------------------------------------------------------------------
    def now(self) -> Now:
        """Both clocks. The wall clock is wrong by `clock_off_ms`, and the terminal does not know."""
        utc_ms = self.net.epoch_ms + self.time.now_ms + self.clock_off_ms
        return Now(utc_ms, self.time.now_ms - self._boot_ms)

    def post(self, event: Event) -> None:
        """One turn. Lost when there is no power."""
        if self.alive:
            self._guarded(lambda: self._step_turn([event]))

    def _step_turn(self, events: list[Event]) -> None:
        effects: list[Effect] = []
        for event in events:
            if not isinstance(event, Tick):
                self.time.note(f"event {type(event).__name__}")
            effects += self.terminal.step(event, self.now())
        self._turn(effects)

    def _turn(self, effects: list[Effect]) -> None:
        """Commit, perform, feed back, until nothing is left to do."""
        for _ in range(TURN_ROUNDS_MAX):
            self._cut("before the commit")
            feedback, outward = commit_turn(effects, self.scribe, self.store)
            if feedback:
                self.time.counts["commits"] += 1
                self._cut("after the commit")
            for effect in outward:
                self._perform(effect)
                self._cut("between two effects")
                if not self.alive:
                    return
            if not feedback:
                return
            effects = [one for said in feedback for one in self.terminal.step(said, self.now())]
        self.time.violated("a turn feeds itself")

    def _cut(self, boundary: str) -> None:
        if self.cut_at == boundary:
            self.time.counts[f"cut {boundary}"] += 1
            self.cut_at = ""
            raise PowerCut

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Show(name, visit):
                self.time.note(f"show {name} {visit}")
                self._check_show(effect)
                self.on_show(effect)
            case Shoot(mode):
                self.on_shoot(mode)
            case TakeTemplate():
                self.on_template()
            case Reply(call, status):
                self.time.note(f"reply {call} {status}")
                self.on_reply(effect)
            case Changed(bill_id, version):
                self._check_change(bill_id, version)
            case Connect():
                self.net.connect()
            case Disconnect():
                self.net.disconnect()
            case Publish(token, first_seq, last_seq):
                self.time.note(f"publish {first_seq} {last_seq}")
                records = self.store.records(first_seq, last_seq)
                payload = self.scribe.envelope(first_seq, records, self._policy_hash)
                self.net.publish(topics.up(self.settings.terminal), payload, token)
            case Ask():
                payload = self.scribe.ask(effect, self.now())
                self.net.publish(topics.ask(self.settings.terminal), payload, None)
            case Halt(code):
                self.time.note(f"halt {code}")
                self._end()
            case _:
                pass  # lamps, sounds, prompts

    def _received(self, topic: str, payload: bytes) -> None:
        """A message of the centre, as the agent reads it."""
        if not self.alive:
            return
        what, _, _ = topics.parse(topic)
        try:
            if what == "down":
                answer = self.scribe.answer(payload, self.store.record_hash)
                if answer is not None:
                    self.post(Answered(answer))
                return
            infno, told = self.scribe.tell(payload)
        except EdgeError as error:
            self.time.violated(f"a message of the centre was refused: {error}")
            if error.code.startswith(CENTRE_ALARMS):
                self.post(AnswerBad(error.code))
            return
        document = told.body.get("document")
        if infno == "policy" and told.infcode == 0 and isinstance(document, bytes):
            arrived: PolicyArrived = self.scribe.policy(document)
            self._policy_hash = policy.document_hash(document)
            self.post(arrived)
        self.post(told)

    # -- the clock ---------------------------------------------------------------------------------
    def _arm(self) -> None:
        due = self.terminal.deadline()
        if due is None:
            return
        moment = max(self._boot_ms + due, self.time.now_ms)
        if self._due is not None and self._due <= moment:
            return  # an earlier alarm looks again
        self._due = moment
        boot = self.boots
        self.time.at(moment - self.time.now_ms, lambda: self._alarm(boot, moment))

    def _alarm(self, boot: int, moment: int) -> None:
        if not self.alive or boot != self.boots or self._due != moment:
            return
        self._due = None
        due = self.terminal.deadline()
        if due is None or self._boot_ms + due > self.time.now_ms:
            self._arm()
            return
        self.post(Tick())
        after = self.terminal.deadline() if self.alive else None
        stuck = after is not None and self._boot_ms + after <= self.time.now_ms
        self._spun = self._spun + 1 if stuck else 0
        if self._spun > TICKS_AT_ONCE_MAX:
            self.time.violated("a Tick does not move its deadline")
            self._end()  # or this moment would never be over

    # -- what must hold whenever something leaves the terminal -------------------------------------
    def bill(self, bill_id: str) -> BillState | None:
        """The bill as it would be after a power cut at this moment."""
        found = self.store.doc(bills.BILL_SPACE, bill_id)
        return None if found is None else bills.decode(found)

    def _check_show(self, show: Show) -> None:
        if show.name == "ways" and show.visit not in self.shown_bills:
            for bill_id in self.open_bills():
                state = self.terminal.bill(bill_id)
                if state is not None and state.status is BillStatus.IN_VISIT:
                    self.shown_bills[show.visit] = bill_id
        if show.name not in ("settled", "provisional", "confirming"):
            return
        state = self.bill(self.shown_bills.get(show.visit, ""))
        if state is None or not state.seq or state.seq > self.store.head.seq:
            self.time.violated(f"{show.name} was shown for a record that is not on the disk")
        elif show.name == "settled" and self.store.result(state.seq) is None:
            self.time.violated("settled was shown before the centre's receipt was on the disk")

    def open_bills(self) -> list[str]:
        """Ids of the bills that are not finished."""
        active = self.terminal._site.book.active()  # noqa: SLF001 - looks, does not touch
        return [state.bill_id for state in active]

    def _check_change(self, bill_id: str, version: int) -> None:
        state = self.bill(bill_id)
        if state is None or state.version < version:
            self.time.violated(f"bill {bill_id} changed to a version that is not on the disk")
            return
        self.time.note(f"bill {state.bill.bill_no} {state.status} {version}")
        if version < self._versions.get(bill_id, 0):
            self.time.violated(f"bill {bill_id} went back to version {version}")
        self._versions[bill_id] = version
        if state.seq and state.status in BY_THE_CENTRE and self.store.result(state.seq) is None:
            self.time.violated(f"bill {bill_id} is {state.status} without a receipt on the disk")
