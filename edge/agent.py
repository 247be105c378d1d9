"""The owner: one task that alone steps the core, commits what must be durable, and only then lets
anything out.

A turn: up to 64 events -> `Terminal.step` -> one commit -> the outward effects, in order -> what
the store said is fed
back first thing in the next turn. Everything that touches the store runs on one worker thread, so
that the loop stays
free during the fsync and the order stays what it is here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from edge.core.books import bills, tasks
from edge.core.effects import Ask, Durable, Effect, Halt, Publish, Save, Show, Speak
from edge.core.events import (
    AnswerBad,
    Answered,
    CancelArrived,
    Event,
    ReverseArrived,
    Saved,
    StopAsked,
    StoreLow,
    TaskCloseArrived,
    Tick,
    Witnessed,
)
from edge.core.terminal import ROOM_BACK_BYTES
from edge.core.types import BillState, Json, Now, Settings, Task
from edge.drivers.broker import Message
from edge.drivers.store import Store
from edge.errors import EdgeError
from edge.process import evidence, hand
from edge.process.desk import Desk
from edge.process.inbox import Inbox, Incoming
from edge.process.logbook import note
from edge.process.watchdog import Watchdog
from edge.rim import Rim
from edge.scribe import Scribe
from edge.turn import commit_turn
from edge.wire import policy, topics

IDLE_CHECKPOINT_S: Final = (
    5.0  # the log moves into the database when nothing happened for this long
)
STOP_WAIT_S: Final = 5.0  # after StopAsked the core has this long to end a visit and the link
POLICY_SPACE: Final = "policy"  # where the core keeps the signed document
NEEDS_WORKER: Final = Durable | Publish | Ask  # what touches the store or the keys
TICK_PAUSE_S: Final = 0.01  # a deadline that a Tick did not move must not spin the loop

log = logging.getLogger("facepay.agent")
T = TypeVar("T")


class Core(Protocol):
    """The pure terminal (edge.core.terminal)."""

    def start(self, now: Now) -> list[Effect]: ...
    def step(self, event: Event, now: Now) -> list[Effect]: ...
    def deadline(self) -> int | None: ...
    def bill(self, bill_id: str) -> BillState | None: ...
    def numbered(self, bill_no: str) -> str: ...
    def task(self, task_id: str) -> Task | None: ...
    def tasks(self) -> tuple[Task, ...]: ...
    def status(self, now: Now) -> Json: ...


class Parts(Struct, frozen=True):
    """What the owner works with."""

    core: Core
    scribe: Scribe
    store: Store
    inbox: Inbox
    rim: Rim
    desk: Desk
    now: Callable[[], Now]
    watchdog: Watchdog
    policy_hash: bytes = bytes(32)  # of the policy held at start
    papers: evidence.Papers = evidence.Papers()


class Agent:
    """The owner and, for HTTP, its counter (`edge.http.port.AgentPort`)."""

    def __init__(
        self, settings: Settings, parts: Parts, api_token: str = "", export_dir: str = ""
    ) -> None:
        self.settings = settings
        self.api_token = api_token
        self._export_dir = export_dir
        self._p = parts
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._policy_hash = parts.policy_hash
        self._halt: Halt | None = None
        self._stop_by: float | None = None
        self._checkpointed = True
        self._low = False  # the disk was full: nothing is written, so somebody must look again

    # -- the owner ---------------------------------------------------------------------------------
    async def run(self, started: Callable[[], None]) -> int:
        """Own the terminal until it halts; gives the exit code. `started` is called after the first
        full turn.

        EdgeError of the store (E-STO-*) passes through: the process ends, nothing of that turn was
        shown or sent.
        """
        try:
            now = self._p.now()
            feedback = await self._perform(self._p.core.start(now), now)
            room = self._p.store.room_bytes()
            if room <= 0:
                feedback.append(self._is_low(room))
            started()
            while self._halt is None and not self._overdue():
                feedback = await self._turn(feedback)
                self._p.watchdog.pet()
        finally:
            self._worker.shutdown(wait=True)
        return self._halt.code if self._halt is not None else 0

    def stop(self) -> None:
        """SIGTERM: ask the core to end; it gets STOP_WAIT_S."""
        if self._stop_by is None:
            self._stop_by = asyncio.get_running_loop().time() + STOP_WAIT_S
            self._p.inbox.put(StopAsked())

    def _overdue(self) -> bool:
        return self._stop_by is not None and asyncio.get_running_loop().time() >= self._stop_by

    async def _turn(self, feedback: list[Event]) -> list[Event]:
        """One turn; gives what the store has to say for the next."""
        incoming = await self._p.inbox.take(0 if feedback else self._patience())
        events = [*feedback, *await self._understood(incoming)]
        now = self._p.now()
        if not events and self._due(now):
            events.append(Tick())
        if not events:
            return await self._idle()
        effects: list[Effect] = []
        for event in events:
            note(log, event)
            effects += self._p.core.step(event, now)
        if isinstance(events[0], Tick) and self._due(now):
            await asyncio.sleep(TICK_PAUSE_S)
        return await self._perform(effects, now)

    def _patience(self) -> float:
        """Seconds until something is due: a deadline of the core, the watchdog, a stop."""
        waits = [self._p.watchdog.interval_s]
        deadline = self._p.core.deadline()
        if deadline is not None:
            waits.append((deadline - self._p.now().mono_ms) / 1000)
        if self._stop_by is not None:
            waits.append(self._stop_by - asyncio.get_running_loop().time())
        if not self._checkpointed:
            waits.append(IDLE_CHECKPOINT_S)
        return max(min(waits), 0.0)

    def _due(self, now: Now) -> bool:
        deadline = self._p.core.deadline()
        return deadline is not None and deadline <= now.mono_ms

    async def _idle(self) -> list[Event]:
        """Nothing happened for a while: the moment to move the store's log into its database, and
        to see whether a full disk has room again."""
        if not self._checkpointed:
            self._checkpointed = True
            await self._on_worker(self._p.store.checkpoint_wal)
        if not self._low:
            return []
        room = await self._on_worker(self._p.store.room_bytes)
        self._low = room < ROOM_BACK_BYTES
        return [Saved(room)]

    def _is_low(self, room: int) -> StoreLow:
        self._low = True
        return StoreLow(room)

    async def _perform(self, effects: list[Effect], now: Now) -> list[Event]:
        """Make durable what must be, then let out what may go, in order; gives the store's
        events."""
        if not effects:
            return []
        if any(isinstance(effect, NEEDS_WORKER) for effect in effects):
            self._checkpointed = False
            feedback, ready = await self._on_worker(lambda: self._durable(effects, now))
        else:
            feedback, ready = [], [(effect, None) for effect in effects]
        for effect, payload in ready:
            note(log, effect)
            if isinstance(effect, Halt):
                self._halt = effect
            else:
                self._p.rim.perform(effect, payload)
        return feedback

    async def _on_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    # -- on the worker thread ----------------------------------------------------------------------
    def _durable(
        self, effects: list[Effect], now: Now
    ) -> tuple[list[Event], list[tuple[Effect, bytes | None]]]:
        scribe, store = self._p.scribe, self._p.store
        feedback, outward = commit_turn(effects, scribe, store)
        for said in feedback:
            if isinstance(said, Saved) and said.room_bytes <= 0:
                feedback = [*feedback, self._is_low(said.room_bytes)]
        for effect in effects:
            if (
                isinstance(effect, Save)
                and effect.space == POLICY_SPACE
                and effect.value is not None
            ):
                self._policy_hash = policy.document_hash(effect.value)
        ready: list[tuple[Effect, bytes | None]] = []
        for effect in outward:
            payload: bytes | None = None
            if isinstance(effect, Publish):
                records = store.records(effect.first_seq, effect.last_seq)
                payload = scribe.envelope(effect.first_seq, records, self._policy_hash)
            elif isinstance(effect, Ask):
                payload = scribe.ask(effect, now)
            ready.append((effect, payload))
        return feedback, ready

    async def _understood(self, incoming: list[Incoming]) -> list[Event]:
        """Verify what the broker brought, and put our own record beside the witness's; the rest
        passes."""
        if not any(isinstance(thing, Message | Witnessed) for thing in incoming):
            return [thing for thing in incoming if not isinstance(thing, Message)]

        def read_all() -> list[Event]:
            events: list[Event] = []
            for thing in incoming:
                if isinstance(thing, Message):
                    events += self._read(thing)
                else:
                    events.append(beside(thing, self._p.store) if isinstance(thing, Witnessed) else thing)
            return events

        return await self._on_worker(read_all)

    def _read(self, message: Message) -> list[Event]:
        """What a message of the centre says; what it must not say is ignored, and noted."""
        try:
            what, _, terminal = topics.parse(message.topic)
            if terminal != self.settings.terminal:
                raise EdgeError("E-WIR-09", "a message for another terminal")
            if what == "down":
                answer = self._p.scribe.answer(message.payload, self._p.store.record_hash)
                return [] if answer is None else [Answered(answer)]
            if what == "tell":
                infno, told = self._p.scribe.tell(message.payload)
                return [*self._document(infno, told.infcode, told.body), told]
        except EdgeError as error:
            log.warning("message refused", extra={"fields": {"code": error.code}})
            return [AnswerBad(error.code)] if error.code.startswith("E-LOG-") else []
        return []

    def _document(self, infno: str, infcode: int, body: Json) -> list[Event]:
        document = body.get("document")
        if infcode != 0 or not isinstance(document, bytes):
            return []
        try:
            if infno == "policy":
                return [self._p.scribe.policy(document)]
            return [self._p.scribe.roster(document)] if infno == "roster" else []
        except EdgeError as error:
            log.warning(f"{infno} refused", extra={"fields": {"code": error.code}})
            return [AnswerBad(error.code)]

    # -- AgentPort ---------------------------------------------------------------------------------
    async def call(self, make: Callable[[int], Event]) -> tuple[int, Json]:
        """Post an event and wait for its `Reply`. Cancelling forgets the wait, never the event.
        E-HIS-27."""
        number, answer = self._p.desk.open_call()
        event = make(number)
        undoes = CancelArrived | ReverseArrived
        if isinstance(event, undoes) and self._p.core.bill(event.bill_id) is None:
            event = replace(event, state=self.bill(event.bill_id))  # the core's memory is bounded
        if isinstance(event, TaskCloseArrived):
            event = replace(event, task=self.task(event.task_id))
        self._p.inbox.put(event)
        try:
            return await answer
        finally:
            self._p.desk.forget_call(number)

    def post(self, event: Event) -> None:
        """Post an event nobody waits for."""
        self._p.inbox.put(event)

    def bill(self, bill_id: str) -> BillState | None:
        """The bill as it is: from the core's memory, an old one from the store."""
        state = self._p.core.bill(bill_id)
        if state is not None:
            return state
        found = self._p.store.doc(bills.BILL_SPACE, bill_id)
        return None if found is None else bills.decode(found)

    def task(self, task_id: str) -> Task | None:
        """The task as it is: from the core's memory, an old one from the store."""
        task = self._p.core.task(task_id)
        if task is not None:
            return task
        found = self._p.store.doc(tasks.TASK_SPACE, task_id)
        return None if found is None else tasks.decode(found)

    def tasks(self) -> tuple[Task, ...]:
        """The work list as the core has it in memory."""
        return self._p.core.tasks()

    async def wait_bill(self, bill_id: str, version: int, timeout_s: float) -> BillState | None:
        """The bill as soon as its version is above `version`, or as it is after `timeout_s`."""
        until = asyncio.get_running_loop().time() + timeout_s
        while True:
            state = self.bill(bill_id)
            left = until - asyncio.get_running_loop().time()
            if state is None or state.version > version or left <= 0:
                return state
            await self._p.desk.news(bill_id, left)

    def screen(self) -> Show:
        """What is on the screen."""
        return self._p.desk.screen

    def screens(self) -> AsyncIterator[Show | Speak]:
        """Each screen from now on, and what is said to it; a slow reader gets the newest."""
        return self._p.desk.screens()

    def status(self) -> Json:
        """How the terminal is: the core's own words and what waits here."""
        return {**self._p.core.status(self._p.now()), "inbox_dropped": self._p.inbox.dropped}

    async def export(self, to: str, *, everything: bool) -> Json:
        """Take records away by hand. E-EXP-01..03."""
        folder, at_ms = hand.inside(self._export_dir, to), self._p.now().utc_ms
        p, on_worker = self._p, self._on_worker
        return await hand.export(p.store, p.scribe, on_worker, folder, at_ms, everything=everything)

    async def take_answer(self, data: bytes) -> Json:
        """An answer that was carried here by hand. E-EXP-04."""
        terminal = self.settings.terminal
        return await hand.take_answer(self._p.store, self._p.inbox.put, terminal, data)

    def receipt(self, bill_id: str) -> Json | None:
        """The proof of a bill, None before the answer (`evidence.receipt_of`). E-HIS-34 pruned."""
        state = self.bill(bill_id)
        found = evidence.receipt_of(self._p.store, state.seq) if state and state.seq else None
        return None if found is None else {"bill_id": bill_id} | found

    async def bundle(self, bill_id: str, *, cancel: bool) -> Json | None:
        """The bundle of a bill's record, None for a bill nobody knows. E-PRF-07, E-PRF-08."""
        state = self.bill(bill_id)
        if state is None:
            return None
        seq = evidence.seq_of(state, cancel=cancel)
        now_ms = self._p.now().utc_ms
        data = await self._on_worker(
            lambda: evidence.bundle_of(self._p.store, seq, self._p.papers, now_ms)
        )
        return {"bill_id": bill_id, "seq": seq, "bundle": evidence.b64(data)}

    def bill_of(self, bill_no: str) -> BillState | None:
        """The newest bill with this number of the HIS, among those that are remembered."""
        bill_id = self._p.core.numbered(bill_no)
        return self.bill(bill_id) if bill_id else None


def beside(event: Witnessed, store: Store) -> Witnessed:
    """The witness's word with the hash of our own record of that number."""
    held = event.head
    if held.epoch != store.head.epoch or not 0 <= held.seq <= store.head.seq:
        return event
    ours = store.record_hash(held.seq) if held.seq else bytes(32)
    return replace(event, ours=ours or b"")
