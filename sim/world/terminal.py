"""The terminal in virtual time: the real core, store, scribe and turn. Only physics is simulated:
time, power, the disk's plates, the line."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import apsw

from edge.core.books import bills
from edge.core.effects import (
    Append,
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
    Witness,
)
from edge.core.events import CardRead, Event, Saved, StopAsked, StoreLow, Tick
from edge.core.terminal import ROOM_BACK_BYTES, Terminal
from edge.core.types import BillState, BillStatus, Now, Settings
from edge.drivers.keys.file import Driver as Keys
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.scribe import CentreKeys, Scribe
from edge.turn import commit_turn
from edge.wire import topics
from edge.wire.log.trusted import TrustedCentre
from sim.dice import SeededDice
from sim.invariants import RECORDED_SCREENS, Watch, bill_on_disk
from sim.world import ears
from sim.world.board import Board, gone
from sim.world.net import VirtualNet
from sim.world.platter import Platter, Room
from sim.world.time import SECOND_MS, Timeline

TICKS_AT_ONCE_MAX = 5  # a deadline that its own Tick does not move
TURN_ROUNDS_MAX = 50
BATCH_MAX = 64  # events in one turn, as in edge.process.inbox
STARTS_MAX = 200  # in a row without a turn that ended
CUTS = ("before the commit", "inside the commit", "after the commit", "between two effects")
RESERVE_BYTES = 256 * 1024
IDLE_MS = 5 * SECOND_MS  # then the log moves into the database, and a low disk is looked at
RESTART_MS = 2 * SECOND_MS  # systemd
STAFF_CALLS = 1_000_000_000  # calls above are the staff's, below the HIS's


class PowerCut(Exception):
    """Unwinds a turn: the agent is gone at this very point."""


class VirtualTerminal:
    """One device. `alive` while it has power; `cut_at` arms a power cut at a boundary of the next
    durable turn."""

    def __init__(  # noqa: PLR0917 - the world's parts
        self,
        time: Timeline,
        net: VirtualNet,
        settings: Settings,
        folder: Path,
        keys: Keys,
        watch: Watch,
        *,
        board: Board,
        whose: str = "terminal",
    ) -> None:
        self.time, self.net, self.settings, self.keys = time, net, settings, keys
        self.watch = watch
        self.board, self.whose = board, whose
        self.folder = folder
        self.path = folder / "ledger.db"
        self.disk = Platter(f"world-{folder}")
        self.room = Room(self.disk, RESERVE_BYTES)
        self.first_policy = b""
        self.alive = False
        self.closing = False  # the clinic closes: not started again before the morning
        self.cut_at = ""
        self.cut_dice = random.Random(0)
        self.lost_parts: set[str] = set()  # "camera", "board"
        self.boots = 0
        self.clock_off_ms = 0
        self.on_show: Callable[[Show], None] = lambda _show: None
        self.on_shoot: Callable[[str], None] = lambda _mode: None
        self.on_template: Callable[[], None] = lambda: None
        self.his_calls = 0  # numbers given to the HISs so far
        self.on_reply: Callable[[Reply], None] = lambda _reply: None
        self.on_staff_reply: Callable[[Reply], None] = lambda _reply: None
        self.shown_bills: dict[int, str] = {}  # visit -> bill, of this boot
        self.last_shoot = "off"
        self._store: Store | None = None
        self._inbox: list[Event] = []
        self._busy = False  # a slow disk: the turn goes on later
        self._in_turn = False  # what happens meanwhile waits in the inbox, as in the owner's task
        self._low = False
        self._checkpointed = True
        self._starts = 0
        self._failures = 0
        self._boot_ms = 0
        self._due: int | None = None
        self._spun = 0
        self.take_the_line()

    def take_the_line(self) -> None:
        """The line is this device's (a copy of it may have had it)."""
        self.net.post, self.net.deliver = self.post, self._received
        self.net.on_published = self.watch.published

    # -- power -------------------------------------------------------------------------------------
    def boot(self) -> None:
        """From cold: check the ledger, and go on where it stopped."""
        if self.alive:
            return
        self.closing = False
        self.boots += 1
        self._starts += 1
        self._boot_ms, self._due, self._spun = self.time.now_ms, None, 0
        self.shown_bills = {}
        self._inbox, self._busy, self._low, self._checkpointed = [], False, False, True
        self.cut_at = ""
        self._failures = self.disk.failed
        self.alive = True
        self._guarded(self._start)

    def _start(self) -> None:
        self.store = self._open()
        restored = self.store.restore(bills.keep, bills.touched)
        self.watch.started(self.store)
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
        boot_id = SeededDice(f"boot of {self.whose} {self.time.seed} {self.boots}").bytes(16)
        self.scribe = Scribe(self.settings, restored.head.epoch, boot_id, self.keys, keys, trusted)
        kept = restored.docs.get("policy", {}).get("current", b"")
        held = self.scribe.policy(kept or self.first_policy)
        self.policy_hash = held.hash
        dice = SeededDice(f"{self.whose} {self.time.seed} {self.boots}")
        fresh = b"" if kept else self.first_policy
        self.terminal = Terminal(
            self.settings, restored, dice, held.policy, held.hash, fresh_policy=fresh
        )
        self.time.note(f"boot head {restored.head.seq} answered {restored.answered_seq}")
        effects = self.terminal.start(self.now())
        if self.store.room_bytes() <= 0:
            self._inbox.append(self._is_low())
        self._inbox += [gone(part) for part in sorted(self.lost_parts)]
        if "board" not in self.lost_parts:
            self._inbox.append(self.board.up())
        self._turn(effects)
        self._work()

    def _open(self) -> Store:
        self._store = None
        store = Store(
            self.path, self.keys.locker, reserve_bytes=0, new_epoch=1, vfs=self.disk.name
        )
        self._store = store
        self.room.hold()
        store._reserve = self.room  # type: ignore[assignment]  # noqa: SLF001 - room on this disk
        return store

    def power_cut(self) -> None:
        """Now. What was synced is on the disk, everything else is gone."""
        if not self.alive:
            return
        self.time.note("the power is off")
        self.time.counts["power cuts"] += 1
        self.disk.gone = True
        self._end()
        self.disk.power_on(self.cut_dice)
        self._start_again(self.cut_dice.randint(5, 120) * SECOND_MS)

    def switch_off(self) -> None:
        """The end of the world; nothing is looked at any more."""
        if self.alive:
            self._end()

    def _start_again(self, wait_ms: int) -> None:
        boots = self.boots

        def again() -> None:
            if boots == self.boots and not self.closing:
                self.boot()

        self.time.at(wait_ms, again)

    def stop(self) -> None:
        """The clinic closes: a clean stop. The next `boot` is the morning's."""
        self.closing = True
        if self.alive:
            self.post(StopAsked())
            boots = self.boots
            self.time.at(60 * SECOND_MS, lambda: self._has_stopped(boots))

    def _has_stopped(self, boots: int) -> None:
        if self.alive and boots == self.boots:
            self.time.violated("moves", "StopAsked did not end the process")
            self._end()

    def _end(self) -> None:
        self.alive = False
        self._inbox.clear()
        self.net.power_lost()
        self.on_shoot("off")
        if self._store is not None:
            try:
                self._store.close()
            except EdgeError as error:  # the disk again; the process ends all the same
                self.time.note(f"close {error.code}")
            except apsw.Error as error:  # SQLite itself says nothing when it cannot tidy up
                self.time.note(f"close {type(error).__name__}")

    def _guarded(self, turn: Callable[[], None]) -> None:
        self._in_turn = True
        try:
            turn()
            self._work()
            if self.alive:
                self._starts = 0
                self._arm()
        except PowerCut:
            self.power_cut()
        except EdgeError as error:
            self._failed(error)
        finally:
            self._in_turn = False

    def _failed(self, error: EdgeError) -> None:
        """An error of the store ends the process, as in edge.agent; systemd starts it again."""
        if self.disk.gone:
            self.time.counts["cut inside the commit"] += 1
            self.power_cut()
            return
        self.time.note(f"store {error.code}")
        self.time.counts[f"exit {error.code}"] += 1
        if error.code not in ("E-STO-02", "E-STO-03") or self._starts > STARTS_MAX:
            self.time.violated("starts", f"{error}")
        if self.disk.failed > self._failures and self._store is not None:
            self._stays_dead(self._store)
        self._end()
        self._start_again(RESTART_MS << min(self._starts, 7))

    def _stays_dead(self, store: Store) -> None:
        try:
            store.room_bytes()
        except EdgeError:
            return
        self.time.violated("halts", "the store went on after an I/O error")

    # -- events ------------------------------------------------------------------------------------
    def now(self) -> Now:
        """Both clocks. The wall clock is wrong by `clock_off_ms`, and the terminal does not know."""
        utc_ms = self.net.epoch_ms + self.time.now_ms + self.clock_off_ms
        return Now(utc_ms, self.time.now_ms - self._boot_ms)

    def post(self, event: Event) -> None:
        """Into the inbox, and a turn unless one is under way. Lost when there is no power."""
        if not self.alive or (isinstance(event, CardRead) and "board" in self.lost_parts):
            return
        self._inbox.append(event)
        if not self._busy and not self._in_turn:
            self._guarded(self._work)

    def _work(self) -> None:
        while self._inbox and self.alive and not self._busy:
            batch, self._inbox = self._inbox[:BATCH_MAX], self._inbox[BATCH_MAX:]
            self._turn(self._stepped(batch))

    def _stepped(self, events: list[Event]) -> list[Effect]:
        effects: list[Effect] = []
        for event in events:
            name = type(event).__name__
            if not isinstance(event, Tick):
                self.time.note(f"event {name}")
            made = self.terminal.step(event, self.now())
            self.watch.stepped(name, made, self.stop_code())
            effects += made
        return effects

    def _turn(self, effects: list[Effect]) -> None:
        """Commit, perform, feed back, until nothing is left to do."""
        for _ in range(TURN_ROUNDS_MAX):
            feedback, outward = self._commit(effects)
            if feedback and self.disk.latency_ms:
                self._busy = True
                goes_on = partial(self._resume, self.boots, feedback, outward)
                self.time.at(self.disk.latency_ms, goes_on)
                return
            effects = self._let_out(feedback, outward)
            if not effects:
                return
        self.time.violated("moves", "a turn feeds itself")

    def _commit(self, effects: list[Effect]) -> tuple[list[Event], list[Effect]]:
        self._cut("before the commit")
        drafts = [effect.draft for effect in effects if isinstance(effect, Append)]
        for seq, draft in enumerate(drafts, start=self.store.head.seq + 1):
            self.watch.drafted(seq, draft.mode, self.clock_off_ms)
        if self.cut_at == "inside the commit":
            self.disk.cut_after = self.cut_dice.randint(0, 12)
        feedback, outward = commit_turn(effects, self.scribe, self.store)
        if feedback:
            if self.cut_at == "inside the commit":
                self.cut_at, self.disk.cut_after = "", None  # it had fewer operations
            self.time.counts["commits"] += 1
            for said in feedback:
                if isinstance(said, Saved) and said.room_bytes <= 0:
                    feedback = [*feedback, self._is_low()]
        return feedback, outward

    def _resume(self, boots: int, feedback: list[Event], outward: list[Effect]) -> None:
        """The slow disk has answered; whoever lost the power meanwhile had committed, untold."""
        if boots != self.boots or not self.alive:
            return
        self._busy = False

        def goes_on() -> None:
            effects = self._let_out(feedback, outward)
            if effects:
                self._turn(effects)

        self._guarded(goes_on)

    def _let_out(self, feedback: list[Event], outward: list[Effect]) -> list[Effect]:
        """After the commit: what may go out goes out; what the store said is stepped."""
        if feedback:
            self.watch.committed(feedback, self.store)
            self._settle_down()
            self._cut("after the commit")
        for effect in outward:
            self._perform(effect)
            self._cut("between two effects")
            if not self.alive:
                return []
        return self._stepped(feedback)

    def _cut(self, boundary: str) -> None:
        if self.cut_at == boundary:
            self.time.counts[f"cut {boundary}"] += 1
            self.cut_at = ""
            raise PowerCut

    # -- idle work ---------------------------------------------------------------------------------
    def _settle_down(self) -> None:
        if self._checkpointed:
            self._checkpointed = False
            boots = self.boots
            self.time.at(IDLE_MS, lambda: self._idle(boots))

    def _is_low(self) -> StoreLow:
        if not self._low:
            self._low = True
            boots = self.boots
            self.time.at(IDLE_MS, lambda: self._idle(boots))
        return StoreLow(self.room.room_bytes())

    def _idle(self, boots: int) -> None:
        if boots != self.boots or not self.alive:
            return
        if self._busy:
            self.time.at(IDLE_MS, lambda: self._idle(boots))
            return
        self._guarded(self._tidy)

    def _tidy(self) -> None:
        if not self._checkpointed:
            self._checkpointed = True
            self.store.checkpoint_wal()
        if self._low:
            room = self.store.room_bytes()
            self._low = room < ROOM_BACK_BYTES
            self._turn(self._stepped([Saved(room)]))
            if self._low and self.alive:
                boots = self.boots
                self.time.at(12 * IDLE_MS, lambda: self._idle(boots))

    # -- effects -----------------------------------------------------------------------------------
    def _perform(self, effect: Effect) -> None:
        match effect:
            case Show(name, visit):
                self.time.note(f"show {name} {visit}")
                self._check_show(effect)
                self.on_show(effect)
            case Shoot(mode):
                self.last_shoot = mode
                self.on_shoot(mode)
            case TakeTemplate():
                self.on_template()
            case Reply(call, status):
                self.time.note(f"reply {call} {status}")
                (self.on_staff_reply if call > STAFF_CALLS else self.on_reply)(effect)
            case Changed(bill_id, version):
                state = self.bill(bill_id)
                self.watch.changed(bill_id, version, state, self.store)
                self.time.note(f"bill {bill_id} {state and state.status} {version}")
            case Witness(head) if "board" not in self.lost_parts:
                self.board.witness(self, head)
            case Connect():
                self.net.connect()
            case Disconnect():
                self.net.disconnect()
            case Publish(token, first_seq, last_seq):
                self.time.note(f"publish {first_seq} {last_seq}")
                records = self.store.records(first_seq, last_seq)
                payload = self.scribe.envelope(first_seq, records, self.policy_hash)
                self.net.publish(topics.up(self.settings.terminal), payload, token)
            case Ask():
                payload = self.scribe.ask(effect, self.now())
                self.net.publish(topics.ask(self.settings.terminal), payload, None)
            case Halt(code):
                self.time.note(f"halt {code}")
                self._end()
            case _:
                pass  # lamps, sounds, prompts

    def _received(self, topic: str, payload: bytes, noise: bool) -> None:
        if self.alive:
            ears.hear(self, topic, payload, noise=noise)

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
        if self._busy:
            return  # armed again when the turn has ended
        due = self.terminal.deadline()
        if due is None or self._boot_ms + due > self.time.now_ms:
            self._arm()
            return
        self.post(Tick())
        after = self.terminal.deadline() if self.alive and not self._busy else None
        stuck = after is not None and self._boot_ms + after <= self.time.now_ms
        self._spun = self._spun + 1 if stuck else 0
        if self._spun > TICKS_AT_ONCE_MAX:
            self.time.violated("moves", "a Tick does not move its deadline")
            self._end()  # or this moment would never be over

    # -- looking -----------------------------------------------------------------------------------
    def bill(self, bill_id: str) -> BillState | None:
        """The bill as it would be after a power cut at this moment."""
        return bill_on_disk(self, bill_id)

    def stop_code(self) -> str:
        """Why nothing is accepted offline, "" = it is."""
        return str(self.terminal._site.stop_code)  # noqa: SLF001 - looks, does not touch

    def rolled_code(self) -> str:
        """Why the ledger counts as an old or foreign copy, "" = it does not."""
        return str(self.terminal._site.rolled_code)  # noqa: SLF001 - looks, does not touch

    def open_bills(self) -> list[str]:
        """Ids of the bills that are not finished."""
        active = self.terminal._site.book.active()  # noqa: SLF001 - looks, does not touch
        return [state.bill_id for state in active]

    def _check_show(self, show: Show) -> None:
        if show.name == "ways" and show.visit not in self.shown_bills:
            for bill_id in self.open_bills():
                state = self.terminal.bill(bill_id)
                if state is not None and state.status is BillStatus.IN_VISIT:
                    self.shown_bills[show.visit] = bill_id
        if show.name in RECORDED_SCREENS:
            state = self.bill(self.shown_bills.get(show.visit, ""))
            self.watch.shown(show, state, self.store)
