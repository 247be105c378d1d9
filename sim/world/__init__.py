"""Clinic days in virtual time under a seed. `facepay hunt` runs many of them (`sim.hunt`).

The real terminal (core, outbox, ledger, scribe, wire, SQLite store) and the real centre, with
patients, a HIS, and whatever of `sim/faults` strikes. Two phases: faults (nothing false may ever
leave the terminal), then healing (everything must drain). What must hold is in
`sim/invariants.py`. A seed replays identically, also in another process."""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from edge.core.types import Credit, Settings
from edge.drivers.keys.file import Driver as Keys
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from sim import invariants
from sim.centre import audit, setup
from sim.centre.books import entitlements
from sim.centre.books import store as centre_tables
from sim.centre.books.people import population
from sim.dice import SeededDice
from sim.invariants import Watch
from sim.world.board import Board, find
from sim.world.net import VirtualNet, put_back, snapshot
from sim.world.people import CHRONIC, MODEL, His, Patients
from sim.world.staff import Staff
from sim.world.terminal import VirtualTerminal
from sim.world.time import DAY_MS, HOUR_MS, MINUTE_MS, Timeline, Window

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z, the world's first midnight
NAME = "virtual-1"
OPENS_MS, CLOSES_MS = 8 * HOUR_MS, 18 * HOUR_MS
LAST_BILL_MS = HOUR_MS  # before the clinic closes, or half of a short day
VISITS_A_DAY = (10, 24)
PEOPLE = 12
FLOATS = 192
DRAIN_MAX_MS = 12 * HOUR_MS
BROKEN_MS = HOUR_MS  # a promise is broken already: what does not drain soon says nothing new
NOTICE_MAX_MS = 24 * HOUR_MS


class World:
    """Everything, wired. The folder holds the terminal's real files."""

    def __init__(self, seed: int, folder: Path, *, profile: str = "P1") -> None:
        self.seed = seed
        self.time = Timeline(seed)
        self.watch = Watch(self.time)
        self.settings = Settings(
            terminal=NAME,
            fixmedins_code="H51010000001",
            fixmedins_name="测试诊所",
            mdtrtarea_admvs="510100",
            opter="virtual",
            opter_name="自助终端",
        )
        self.keys = Keys.create(folder / "keys")
        people = population(PEOPLE)
        spec = setup.TerminalSpec(
            NAME, self.keys.sign_public_pem, self.keys.seal_public_bytes, profile=profile
        )
        self.made = setup.make_centre(
            folder / "centre",
            "sqlite://",
            [spec],
            people,
            now_ms=EPOCH_MS,
            store=_empty_store(),
            dice=SeededDice(f"centre {seed}"),
            credit=Credit(spread_ms=60_000),
        )
        self.people = people
        self.templates = {
            person.psn_no: _template(seed, number) for number, person in enumerate(people)
        }
        for psn_no, template in self.templates.items():
            self.made.register_face(psn_no, template, MODEL)
        with self.made.store.begin() as conn:
            for person in people:
                entitlements.recognise(conn, person.psn_no, CHRONIC, "2026-01-01", "2027-12-31")
        self.net = VirtualNet(self.time, self.made, EPOCH_MS)
        self.board = Board("board-1")
        self.device = self.build(folder, self.watch, self.board)
        self.patients = Patients(self.time, self.device, people, self.templates)
        self.his = His(self.time, self.device)
        self.staff = Staff(
            self.time, self.device, lambda now_ms: self.net.centre.lift(NAME, now_ms), EPOCH_MS
        )
        self.stolen: dict[str, bytes] = {}
        self.thief_dice = random.Random(0)
        self._truth = b""  # the newest database, while the centre runs on an old copy
        self._centre_is_old = False

    def build(
        self, folder: Path, watch: Watch, board: Board, whose: str = "terminal"
    ) -> VirtualTerminal:
        """A terminal with its files in this folder; all have the same name and keys."""
        device = VirtualTerminal(
            self.time, self.net, self.settings, folder, self.keys, watch, board=board, whose=whose
        )
        device.first_policy = self.made.policies[NAME].read_bytes()
        return device

    # -- the days ----------------------------------------------------------------------------------
    def live(self, windows: Sequence[Window]) -> None:
        """The clinic is open in these spans; in half of the worlds the terminal runs on after the
        last. Faults are on the timeline already."""
        runs_on = self.time.chance(0.5)
        for opens_ms, closes_ms in windows:
            length_ms = closes_ms - opens_ms
            self._at(opens_ms, self.device.boot)
            last_ms = max(closes_ms - LAST_BILL_MS, opens_ms + length_ms // 2)
            visits = self.time.between(*VISITS_A_DAY) * length_ms // (CLOSES_MS - OPENS_MS)
            for _ in range(max(visits, 1)):
                self._at(self.time.between(opens_ms, last_ms), self.his.patient_comes)
            if not (runs_on and (opens_ms, closes_ms) == windows[-1]):
                self._at(closes_ms, self.device.stop)
            self.time.run(closes_ms + HOUR_MS)

    def _at(self, moment_ms: int, what: object) -> None:
        assert callable(what)
        self.time.at(moment_ms - self.time.now_ms, what)

    # -- healing -----------------------------------------------------------------------------------
    def heal(self) -> None:
        """No more faults: everything that was begun must end, without help. Only an old copy of the
        centre's database needs a person, who brings the newest one when it was noticed."""
        self.net.heal()
        self.device.disk.heal()
        self.device.cut_at = ""
        self.device.clock_off_ms = 0
        for part in sorted(self.device.lost_parts):
            find(self.device, part)
        self.time.run(self.time.now_ms + HOUR_MS)
        self.device.boot()
        if self._centre_is_old:
            self._run_until(self._noticed, NOTICE_MAX_MS)
            self._bring_the_newest()
        self._run_until(self.drained, BROKEN_MS if self.time.violations else DRAIN_MAX_MS)
        if self.device.alive and self.device.rolled_code():
            self.time.violated("not accused", f"{self.device.rolled_code()} about its own ledger")
        if not self.drained():
            waiting = self.device.terminal.status(self.device.now())["waiting"]
            open_bills = self.device.open_bills()
            self.time.violated("ends", f"{waiting} records wait, bills {open_bills} are open")

    def _run_until(self, done: object, at_most_ms: int) -> None:
        assert callable(done)
        end = self.time.now_ms + at_most_ms
        while self.time.now_ms < end and not done():
            self.time.run(self.time.now_ms + MINUTE_MS)

    def drained(self) -> bool:
        """Nothing waits for anybody."""
        if not self.device.alive or self.device.store.answered_seq != self.device.store.head.seq:
            return False
        return not self.device.open_bills() and all(order.bill_id for order in self.his.orders)

    def verify(self) -> audit.Audit:
        """The terminal's chain, the centre's log and the HIS's list say the same."""
        found = invariants.check_centre(self)
        invariants.check_alarms(self)
        invariants.check_chain(self, found)
        invariants.check_bills(self, found)
        invariants.check_tasks(self, found)
        invariants.check_passes(self, found)
        invariants.check_days(self)
        invariants.check_musts(self)
        return found

    # -- for the faults ----------------------------------------------------------------------------
    def restore_centre(self, backup: bytes) -> None:
        """The centre's database goes back to this copy, once in a world, and not after its faults."""
        if self._centre_is_old or self.net.healed:
            return
        self._truth = self.net.snapshot()
        self._centre_is_old = True
        size = self.net.centre_size()
        self.net.put_back(backup)
        self.watch.restored_at_ms.append(self.time.now_ms)
        self.time.note(f"the log went back from {size} to {self.net.centre_size()}")

    def _noticed(self) -> bool:
        """The terminal holds nothing that the centre has not, or it has stopped and the centre has
        been told (of the stop, or by its next envelope, which may take an hour). A log that has grown again beyond
        the terminal's checkpoint, with other content, only the terminal can tell from its own."""
        stopped = bool(self.device.alive and self.device.stop_code())
        return self._fits() or (stopped and self._heard_of())

    def _heard_of(self) -> bool:
        """The centre was told, or its log is not the shorter one."""
        alarms = audit.incidents(self.made.store, alarms_only=True)
        told = any(code in invariants.OLD_COPY_ALARMS for code, *_ in alarms)
        return told or self.net.centre_size() >= self.device.store.checkpoint[0]

    def _fits(self) -> bool:
        """The terminal's checkpoint is one of the log that the centre has now."""
        size, root = self.device.store.checkpoint
        return self.net.centre_size() >= size and self.net.centre_root(size) == root

    def _bring_the_newest(self) -> None:
        fits, stopped = self._fits(), bool(self.device.stop_code())
        if not fits:
            told = self._heard_of()
            self.watch.must("a restored centre: the terminal stops", lambda: stopped)
            self.watch.must("a restored centre: it is told that a terminal is ahead", lambda: told)
            self.time.counts["centre restored, noticed"] += stopped
            self.net.put_back(self._truth)

    def second_agent(self) -> None:
        """Another process opens the ledger."""
        if not self.device.alive or self.device.disk.gone:
            return
        code = "nobody"
        try:
            Store(
                self.device.path,
                self.keys.locker,
                reserve_bytes=0,
                vfs=self.device.disk.name,
            ).close()
        except EdgeError as error:
            code = error.code
        if code != "E-STO-04":
            self.time.violated("alone", f"the second agent met {code}")

    def steal(self, dice: random.Random) -> None:
        """A copy of the ledger's files as they are."""
        if not self.stolen:
            self.thief_dice = dice
            self.stolen = {
                path.name: path.read_bytes()
                for path in (self.device.path, self.device.path.with_name("ledger.db-wal"))
                if path.exists()
            }

    def close(self) -> None:
        """Everything ends; the next world of this process gets the database."""
        self.device.closing = True
        self.device.switch_off()
        self.device.disk.remove()


@cache
def _store() -> tuple[centre_tables.Store, bytes]:
    """One database for all worlds of this process: SQLAlchemy compiles each statement once only."""
    store = centre_tables.Store("sqlite://")
    return store, snapshot(store)


def _empty_store() -> centre_tables.Store:
    store, empty = _store()
    put_back(store, empty)
    return store


def windows_of(days: float) -> list[Window]:
    """When the clinic is open: whole days from 8 to 18, and a part of one."""
    spans: list[Window] = []
    left = days
    while left > 0:
        start = len(spans) * DAY_MS
        length = int(min(left, 1.0) * (CLOSES_MS - OPENS_MS))
        spans.append((start + OPENS_MS, start + OPENS_MS + length))
        left -= 1.0
    return spans


def _template(seed: int, number: int) -> bytes:
    """A face's embedding, as different from the others as chance makes it."""
    dice = random.Random(f"face {seed} {number}")
    return struct.pack(f"<{FLOATS}f", *(dice.gauss(0, 1) for _ in range(FLOATS)))


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: the store's fsync is tested elsewhere, here its count
    would only cost time."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)
