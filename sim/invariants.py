"""What must hold, whatever strikes: each promise with its name and one sentence.

`Watch` looks whenever something leaves the terminal and at each start; the `check_…` functions look
when the faults are over and everything had time to drain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.books import bills, outcomes
from edge.core.books.days import day_of
from edge.core.effects import Effect, Publish, Reply, Show
from edge.core.events import Appended, Event
from edge.core.parts.log_stop import LOG_ERRORS
from edge.core.types import FINAL, BillState, BillStatus, Mode, Outcome, TaskStatus
from edge.drivers.store.sqlite import Driver as Store
from edge.wire import envelope, topics
from edge.wire.record import peek, record_hash
from sim.centre import audit
from sim.centre.books import store as centre_tables

if TYPE_CHECKING:
    from sim.world import World
    from sim.world.terminal import VirtualTerminal
    from sim.world.time import Timeline

NAMES: Final[dict[str, str]] = {
    "durable first": "No screen and no change tells what a power cut could still take back.",
    "receipt first": "Nothing is called settled before the centre's receipt is on the disk.",
    "kept": "A record that was acknowledged once is there after every start, byte for byte.",
    "receipt kept": "A decision that was stored once is there after every start, unchanged.",
    "starts": "After any cut and any fault the terminal starts again.",
    "one number": "A number of the chain leaves the terminal with the same bytes every time.",
    "connected": "Nothing is published while disconnected.",
    "no way back": "No bill goes back to an earlier version or leaves its end.",
    "one reply": "A call gets one reply, one that its request allows, and a key makes one bill.",
    "noise": "A message of the centre is believed exactly when it is what the centre wrote.",
    "moves": "A turn ends, a deadline that was handled moves, and a stop stops.",
    "sound": "Neither side meets an exception it does not know or an assertion of its own.",
    "halts": "After an I/O error the store does nothing more and the process ends.",
    "alone": "A second agent on the ledger is refused.",
    "stopped": "After the centre's log broke its word nothing new is accepted offline.",
    "centre sound": "The centre's log, records, chain and books agree, and the books sum to zero.",
    "centre chain": "Each record in the centre's log names the hash of the one before.",
    "once": "No bill is settled twice at the centre.",
    "same log": "The terminal's chain and the centre's log are the same bytes.",
    "same outcome": "Each record ended here as it ended there.",
    "same bills": "What the HIS was told of a bill is what the centre's books hold.",
    "same tasks": "A task is closed here exactly as the centre's list says, and fits its decision.",
    "same days": "A day that is over long enough agrees with the centre, or staff know each line.",
    "asked": "What the centre refuses after the person has left is work for the staff.",
    "no stray": "Every record belongs to a bill of the HIS or closes a task.",
    "ends": "Once the faults are over everything drains and every bill ends.",
    "not accused": "The witness on the controller never takes the newest ledger for an old copy.",
    "no false alarm": "The centre raises an alarm only about what happened.",
    "seen": "A fault that must be noticed was noticed.",
}
BY_THE_CENTRE = frozenset({BillStatus.SETTLED, BillStatus.ADJUSTED, BillStatus.REJECTED})
SETTLED = (BillStatus.SETTLED, BillStatus.ADJUSTED)
PAID = (Outcome.SETTLED, Outcome.ADJUSTED)
UNPAID = (Outcome.REJECTED, Outcome.EXPIRED, Outcome.SUSPECT)
RECORDED_SCREENS = ("settled", "provisional", "confirming")
AT_A_START = 200  # records looked at after each start; all of them at the end
CHAIN_STEP = 500
DAY_MAY_TAKE_MS = 14 * 3_600_000  # a night and a morning: links that come late, questions again
UNJUDGED = "E-LOG-07"  # many honest answers about something older: said aloud, nobody is accused
OTHER_EPOCH = "E-LOG-01 an answer for another terminal or epoch"
CLOCK_ALARM = "clock_ahead"
OLD_COPY_ALARMS = LOG_ERRORS | {"terminal_ahead"}  # the centre, as it was before, told by the terminal


class Must(Struct, frozen=True):
    """A fault that has to be noticed: `seen` is asked at the end."""

    what: str
    seen: Callable[[], bool]


class Watch:
    """The promises of one device while it lives. What it knows survives power cuts."""

    def __init__(self, time: Timeline) -> None:
        self.time = time
        self.acked: dict[int, bytes] = {}  # record -> its hash
        self.clock_off_ms: dict[int, int] = {}  # record -> how wrong the clock was that signed it
        self.musts: list[Must] = []
        self.restored_at_ms: list[int] = []  # moments at which the centre was an old copy
        self._decided: dict[int, tuple[str, bytes]] = {}  # record -> outcome, hash of the receipt
        self._commits = 0
        self._sent: dict[tuple[int, int], bytes] = {}
        self._versions: dict[str, tuple[int, BillStatus]] = {}  # the newest that left the terminal
        self._linked = False
        self.stopped = ""

    def must(self, what: str, seen: Callable[[], bool]) -> None:
        """This has to be noticed by the end."""
        self.musts.append(Must(what, seen))

    # -- the store ---------------------------------------------------------------------------------
    def started(self, store: Store, *, everything: bool = False) -> None:
        """A boot, or the end: everything that was promised is still there."""
        self._linked = self._linked and everything
        for seq in range(len(self.acked) + 1, store.head.seq + 1):  # committed, and told nobody yet
            self.acked[seq] = store.record_hash(seq) or b""
        first = 1 if everything else max(1, len(self.acked) - AT_A_START)
        for seq in range(max(first, store.base.seq + 1), len(self.acked) + 1):
            if store.record_hash(seq) != self.acked[seq]:
                self.time.violated("kept", f"record {seq} is not what was acknowledged")
            if (known := self._decided.get(seq)) is not None:
                found = store.result(seq)
                if found is None or _decision(found.outcome, found.receipt) != known:
                    self.time.violated("receipt kept", f"record {seq} was {known[0]}")

        for bill_id, (version, status) in list(self._versions.items())[-AT_A_START:]:
            doc = store.doc(bills.BILL_SPACE, bill_id)
            if doc is None or bills.decode(doc).version < version:
                self.time.violated("durable first", f"bill {bill_id} was {status}, and is not")
        if _commits(store) < self._commits:
            self.time.violated("kept", f"commit {self._commits} is gone: {_commits(store)}")
        self._commits = _commits(store)

    def committed(self, said: list[Event], store: Store) -> None:
        """The store reported these; from here on nobody may take them back."""
        for event in said:
            if isinstance(event, Appended):
                if event.seq != len(self.acked) + 1:
                    self.time.violated("kept", f"record {event.seq} after {len(self.acked)}")
                self.acked[event.seq] = event.hash
        if said:
            self._commits = _commits(store)
            for seq in range(len(self._decided) + 1, store.head.seq + 1):
                found = store.result(seq)
                if found is None:
                    break
                self._decided[seq] = _decision(found.outcome, found.receipt)

    # -- what leaves the terminal ------------------------------------------------------------------
    def stepped(self, event_name: str, effects: list[Effect], stop_code: str) -> None:
        """After each step of the core."""
        if event_name in ("LinkUp", "LinkLost"):
            self._linked = event_name == "LinkUp"
        if not self._linked and any(isinstance(one, Publish) for one in effects):
            self.time.violated("connected", f"published at {event_name}")
        self.stopped = stop_code

    def drafted(self, seq: int, mode: Mode, clock_off_ms: int) -> None:
        """A record is about to be signed."""
        self.clock_off_ms[seq] = clock_off_ms
        if self.stopped and mode is Mode.PROVISIONAL:
            self.time.violated("stopped", f"a provisional record after {self.stopped}")

    def published(self, topic: str, payload: bytes) -> None:
        """The bytes of a number never change."""
        if topics.parse(topic)[0] != "up":
            return
        got = envelope.decode(payload)
        for seq, data in enumerate(got.records, start=got.first_seq):
            digest = record_hash(data)
            if self._sent.setdefault((got.epoch, seq), digest) != digest:
                self.time.violated("one number", f"record {seq} has two contents")

    def shown(self, show: Show, state: BillState | None, store: Store) -> None:
        """`state`: the bill of this visit as the disk has it."""
        if show.name not in RECORDED_SCREENS:
            return
        if state is None or not state.seq or state.seq > store.head.seq:
            self.time.violated("durable first", f"{show.name} was shown for no record on the disk")
        elif show.name == "settled" and store.result(state.seq) is None:
            self.time.violated("receipt first", "settled was shown before the receipt was stored")

    def changed(
        self, bill_id: str, version: int, state: BillState | None, store: Store
    ) -> None:
        """Somebody is told that a bill changed."""
        if state is None or state.version < version:
            self.time.violated("durable first", f"bill {bill_id} changed beyond the disk")
            return
        before, was = self._versions.get(bill_id, (0, BillStatus.WAITING))
        undone = was in SETTLED and state.cancel_seq != 0  # 2208 is under way, done, or refused
        if version < before or (was in FINAL and state.status is not was and not undone):
            self.time.violated(
                "no way back", f"bill {bill_id} went from {was} {before} to {state.status} {version}"
            )
        self._versions[bill_id] = (version, state.status)
        if state.seq and state.status in BY_THE_CENTRE and store.result(state.seq) is None:
            self.time.violated("receipt first", f"bill {bill_id} is {state.status} without one")

    def replied(self, reply: Reply, *, cancel: bool, bill_id: str) -> None:
        """The HIS got an answer; `bill_id` is what this key had got before."""
        fine = (200, 202, 409) if cancel else (202,)
        if reply.status not in (503, *fine):
            self.time.violated("one reply", f"{reply.status} {reply.body}")
        elif not cancel and reply.status == 202 and bill_id not in ("", reply.body["bill_id"]):
            self.time.violated("one reply", f"a second bill for one key: {reply.body['bill_id']}")

    def heard(self, what: str, *, noise: bool, refused: str) -> None:
        """A message of the centre was read: refused with this code, or believed."""
        if noise and not refused:
            self.time.violated("noise", f"an altered {what} was believed")
        elif refused and not noise and not self._may_be(refused):
            self.time.violated("noise", f"a {what} of the centre was refused: {refused}")


    def _may_be(self, refused: str) -> bool:
        """An envelope is not signed: one whose epoch was altered on the way gets an honest answer
        about that epoch, which is nothing to us. And an old copy of the centre may say anything.
        """
        altered = self.time.counts["corrupt"] > 0
        return (
            refused.startswith(UNJUDGED)
            or (altered and refused.startswith(OTHER_EPOCH))
            or bool(self.restored_at_ms)
        )


def _commits(store: Store) -> int:
    """How many turns the file says it holds."""
    return int(store._meta["rev"])  # noqa: SLF001 - looks, does not touch


def _decision(outcome: Outcome, receipt: bytes) -> tuple[str, bytes]:
    return str(outcome), hashlib.sha256(receipt).digest()


# -- the books, side by side, when the faults are over ----------------------------------------------
def check_centre(world: World) -> audit.Audit:
    """The centre by itself; gives what its log holds."""
    violated, made = world.time.violated, world.made
    found = audit.audit(made.store)
    for fault in found.faults:
        violated("centre sound", fault)
    for double in audit.doubles(made.store):
        violated("once", f"settled twice: {double}")
    last: dict[tuple[str, int], bytes] = {}
    for data in _theirs(world):
        said = peek(data)
        if said.seq > 1 and last.get((said.terminal, said.epoch)) != said.prev:
            violated("centre chain", f"record {said.seq} does not follow the one before")
        last[said.terminal, said.epoch] = record_hash(data)
    return found


def check_alarms(world: World) -> None:
    """Every alarm has its reason."""
    c = centre_tables.incidents.c
    with world.made.store.begin() as conn:
        rows = conn.execute(sa.select(c.code, c.at_ms, c.seq).where(c.alarm == 1)).all()
    watch, net = world.watch, world.net
    for code, at_ms, seq in rows:
        world.time.counts[f"alarm {code}"] += 1
        why = at_ms in net.noise_at_ms
        why = why or (code == CLOCK_ALARM and watch.clock_off_ms.get(seq, 0) > 0)
        why = why or (code in OLD_COPY_ALARMS and bool(watch.restored_at_ms))
        if not why:
            world.time.violated("no false alarm", f"{code} about record {seq}")


def check_chain(world: World, found: audit.Audit) -> None:
    """The terminal's chain and the centre's log."""
    violated, store = world.time.violated, world.device.store
    world.watch.started(store, everything=True)
    if store.verify_chain() != store.head.seq - store.base.seq or store.head.seq != len(found.lines):
        violated("same log", f"{store.head.seq} records here, {len(found.lines)} there")
        return
    theirs = _theirs(world)
    for first in range(store.base.seq + 1, store.head.seq + 1, CHAIN_STEP):
        last = min(first + CHAIN_STEP - 1, store.head.seq)
        if store.records(first, last) != theirs[first - 1 : last]:
            violated("same log", f"other bytes among records {first}..{last}")
    for line in found.lines:
        here = store.result(line.seq)
        if here is None or str(here.outcome) != line.outcome:
            violated("same outcome", f"record {line.seq} is {line.outcome} there, {here} here")


def check_bills(world: World, found: audit.Audit) -> None:
    """What the HIS was told, and what the centre's books hold."""
    lines = {line.seq: line for line in found.lines}
    live = audit.settled_bills(world.made.store)
    world.time.counts.update(f"mode {line.mode}" for line in found.lines)
    named: set[int] = set()
    for order in world.his.orders:
        state = world.device.bill(order.bill_id)
        if state is None or state.status not in FINAL or state.bill != order.bill:
            world.time.violated("ends", f"{order.bill.bill_no} is {state and state.status}")
            continue
        world.time.counts[f"bill {state.status}"] += 1
        named |= {state.seq, state.cancel_seq, state.reverse_seq}
        for what in _bill_faults(state, lines.get(state.seq), live=live.get(state.bill.bill_no)):
            world.time.violated("same bills", f"{state.bill.bill_no} is {state.status}, {what}")
    named |= {line.seq for line in found.lines if line.kind == "close_task"}
    if orphans := set(lines) - named:
        world.time.violated("no stray", f"records of no bill: {sorted(orphans)[:10]}")


def check_passes(world: World, found: audit.Audit) -> None:
    """A visit pass's uses are counted in the turn of the record that stands on them: the centre never
    sees one twice, also after every cut; only an older copy of the ledger may say one again."""
    for line in found.lines:
        if line.kind != "chronic" or line.mode != Mode.PROVISIONAL:
            continue
        world.time.counts[f"by a pass {line.outcome}"] += 1
        here = world.device.store.result(line.seq)
        why = str(here.body.get("err_msg", "")) if here is not None else ""
        if "visit pass" in why and not world.watch.restored_at_ms:
            world.time.violated("one use", f"record {line.seq}: {why}")


def check_tasks(world: World, found: audit.Audit) -> None:
    """What the staff closed, and what the centre took of it."""
    said = {one.seq: (one.task_kind, one.how, one.fen) for one in found.closings}
    for task in world.device.terminal.tasks() if world.device.alive else ():
        done = task.closing
        if task.status is not TaskStatus.CLOSED or done is None or done.how == "cancelled":
            continue
        if said.get(done.seq) != (task.kind, done.how, done.amount_fen):
            world.time.violated("same tasks", f"{task.task_id} is closed here, not at the centre")
    for line in found.lines:
        if line.kind == "close_task" and line.outcome == Outcome.REJECTED:
            world.time.violated("same tasks", f"closing {line.seq} did not fit the decision")
    if world.device.alive:
        _check_work(world, found)


def _check_work(world: World, found: audit.Audit) -> None:
    """What the centre did not take after the person had left is on the staff's list."""
    listed = {(task.seq, task.kind) for task in world.device.terminal.tasks()}
    taken_back = {
        state.seq
        for order in world.his.orders
        if (state := world.device.bill(order.bill_id)) is not None
        and (state.reverse_seq or state.cancel_seq)
    }
    for line in found.lines:
        if line.mode != Mode.PROVISIONAL or line.seq in taken_back:
            continue
        kind = outcomes.TABLE.get((Outcome(line.outcome), outcomes.Situation.GONE), "")
        if line.outcome in UNPAID and (line.seq, kind) not in listed:
            world.time.violated("asked", f"record {line.seq} is {line.outcome}, no {kind} task")
        world.time.counts[f"provisional {line.outcome}"] += 1


def _bill_faults(
    state: BillState, line: audit.Line | None, *, live: tuple[str, int, int, int] | None
) -> Iterator[str]:
    """`live`: setl_id, bill, fund and record of what the centre's books hold for this number."""
    settled = state.status in SETTLED
    if state.seq and (line is None or line.bill_no != state.bill.bill_no):
        yield f"and its record {state.seq} is not in the log"
    if settled and (line is None or line.outcome not in PAID):
        yield f"the log says {line and line.outcome}"
    if settled and state.bill.kind != "register":
        if live is None:
            yield "the centre's books have nothing"
            return
        told = state.split
        fen = (told.medfee_sumamt_fen, told.fund_pay_sumamt_fen) if told is not None else live[1:3]
        if (state.setl_id, *fen) != live[:3]:
            yield f"told {state.setl_id} {fen}, booked {live[:3]}"
    if not settled and live is not None:
        yield "but the centre's fund has paid"


def check_days(world: World) -> None:
    """Each civil day that ended a while ago is final, or names what keeps it open."""
    if not world.device.alive or world.device.stop_code():
        return
    days, now = world.device.terminal._site.days, world.device.now()  # noqa: SLF001 - looks only
    before = day_of(world.settings, now.utc_ms - DAY_MAY_TAKE_MS)
    for day in days.not_final(before):
        known = days.get(day)
        if known is None or not (known.left or known.unknown):
            world.time.violated("same days", f"{day} is {known and known.state} at {now.utc_ms}")
    world.time.counts["days final"] += sum(one.final for one in days.days())


def check_musts(world: World) -> None:
    """What had to be noticed."""
    for must in world.watch.musts:
        if not must.seen():
            world.time.violated("seen", must.what)


def _theirs(world: World) -> list[bytes]:
    """The centre's records, in the order of the chain."""
    c = centre_tables.records.c
    query = sa.select(c.data).order_by(c.terminal, c.epoch, c.seq)
    with world.made.store.begin() as conn:
        return [bytes(one) for one in conn.execute(query).scalars()]


def bill_on_disk(device: VirtualTerminal, bill_id: str) -> BillState | None:
    """The bill as it would be after a power cut at this moment."""
    found = device.store.doc(bills.BILL_SPACE, bill_id)
    return None if found is None else bills.decode(found)
