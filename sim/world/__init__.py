"""Clinic days in virtual time under a seed: `python -m sim.world --seed 42 --days 200`.

The real terminal (core, outbox, ledger, scribe, wire, SQLite store) and the real centre, with
patients, a HIS, a line that loses, doubles, delays and breaks, power cuts at every boundary of a
turn, and a centre that dies between its commit and its answer. Two phases: faults (nothing false
may ever leave the terminal), then healing (everything must drain). A failing seed replays
identically."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import struct
import tempfile
import time as wall
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import FINAL, BillStatus, Credit, Outcome, Settings
from edge.drivers.keys.file import Driver as Keys
from sim.centre import audit, setup
from sim.centre.books import store as centre_tables
from sim.centre.books.people import population
from sim.world.net import Troubles, VirtualNet
from sim.world.people import MODEL, His, Patients
from sim.world.terminal import CUTS, VirtualTerminal
from sim.world.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SeededDice, Timeline

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z, the world's first midnight
NAME = "virtual-1"
OPENS_MS, CLOSES_MS = 8 * HOUR_MS, 18 * HOUR_MS
VISITS_A_DAY = 17
PEOPLE = 12
FLOATS = 192
FAULTY = Troubles(
    lose=0.03, double=0.03, late=0.03, nack=0.01, connect_fails=0.2, centre_dies_after_commit=0.002
)
STORMY = Troubles(
    lose=0.25, double=0.2, late=0.2, nack=0.1, connect_fails=0.5, centre_dies_after_commit=0.02
)
HEALED = Troubles()
STORMY_DAYS = 0.15
WRONG_CLOCK = 0.2  # of the power cuts
CLOCK_ALARM = "clock_ahead"
CLOCKS_OFF_MS = (-2 * HOUR_MS, -90 * SECOND_MS, -10 * SECOND_MS, 5 * MINUTE_MS, 3 * DAY_MS)
DRAIN_MAX_MS = 12 * HOUR_MS
CHAIN_STEP = 500


class Report(Struct, frozen=True):
    """One run. `ok` only when no promise was broken."""

    seed: int
    days: int
    virtual_hours: float
    wall_s: float
    bills: int
    records: int
    outcomes: dict[str, int]
    counts: dict[str, int]
    violations: tuple[str, ...]
    trace: str

    @property
    def ok(self) -> bool:
        """Nothing was violated."""
        return not self.violations

    def __str__(self) -> str:
        faults = " ".join(f"{name}={count}" for name, count in sorted(self.counts.items()))
        outcomes = " ".join(f"{name}={count}" for name, count in self.outcomes.items() if count)
        lines = [
            (
                f"seed {self.seed} · {self.days} days · {self.virtual_hours:.0f} virtual hours"
                f" in {self.wall_s:.1f} s"
            ),
            f"bills {self.bills} · records {self.records} · {outcomes}",
            f"counts {faults}",
            f"violations {len(self.violations)} · trace {self.trace[:16]}",
            *self.violations[:20],
        ]
        return "\n".join(lines)


class World:
    """Everything, wired. The folder holds the terminal's real files."""

    def __init__(self, seed: int, folder: Path, *, profile: str = "P1") -> None:
        self.time = Timeline(seed)
        self.settings = Settings(
            terminal=NAME,
            fixmedins_code="H51010000001",
            fixmedins_name="测试诊所",
            mdtrtarea_admvs="510100",
            opter="virtual",
            opter_name="自助终端",
        )
        keys = Keys.create(folder / "keys")
        people = population(PEOPLE)
        spec = setup.TerminalSpec(
            NAME, keys.sign_public_pem, keys.seal_public_bytes, profile=profile
        )
        self.made = setup.make_centre(
            folder / "centre",
            "sqlite://",
            [spec],
            people,
            now_ms=EPOCH_MS,
            dice=SeededDice(f"centre {seed}"),
            credit=Credit(spread_ms=60_000),
        )
        templates = {person.psn_no: _template(seed, number) for number, person in enumerate(people)}
        for psn_no, template in templates.items():
            self.made.register_face(psn_no, template, MODEL)
        self.net = VirtualNet(self.time, self.made, EPOCH_MS)
        self.device = VirtualTerminal(self.time, self.net, self.settings, folder, keys)
        self.device.first_policy = self.made.policies[NAME].read_bytes()
        self.patients = Patients(self.time, self.device, people, templates)
        self.his = His(self.time, self.device)

    # -- the days ----------------------------------------------------------------------------------
    def live(self, days: int) -> None:
        """Clinic days with faults."""
        for day in range(days):
            stormy = self.time.chance(STORMY_DAYS)
            self.net.troubles = STORMY if stormy else FAULTY
            start = day * DAY_MS - self.time.now_ms + OPENS_MS
            self.time.at(start, self._opens)
            for _ in range(self.time.between(VISITS_A_DAY - 7, VISITS_A_DAY + 7)):
                self.time.at(start + self.time.between(0, 9 * HOUR_MS), self.his.patient_comes)
            self._faults_of_a_day(start, stormy=stormy)
            self.time.at(day * DAY_MS - self.time.now_ms + CLOSES_MS, self._closes)
            self.time.run((day + 1) * DAY_MS)

    def _faults_of_a_day(self, start: int, *, stormy: bool) -> None:
        time, many = self.time, 4 if stormy else 1
        for _ in range(time.between(0, 2 * many)):
            lasts = time.dice.choice((20 * SECOND_MS, 5 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS))
            time.at(start + time.between(0, 9 * HOUR_MS), partial(self.net.partition, lasts))
        for _ in range(time.between(0, 2 * many)):
            time.at(start + time.between(0, 9 * HOUR_MS), self._power_fails)
        if time.chance(0.3 * many):
            lasts = time.dice.choice((10 * SECOND_MS, 10 * MINUTE_MS, 2 * HOUR_MS))
            time.at(start + time.between(0, 9 * HOUR_MS), lambda: self.net.restart_centre(lasts))

    def _power_fails(self) -> None:
        """Now, or at a boundary of the next turn that has something durable. The clock may come
        back wrong (no battery), and right again with the next one."""
        self.device.clock_off_ms = 0
        if self.time.chance(WRONG_CLOCK):
            self.time.fault("wrong clock")
            self.device.clock_off_ms = self.time.dice.choice(CLOCKS_OFF_MS)
        if self.time.chance(0.2):
            self.device.power_cut()
        elif self.device.alive:
            self.device.cut_at = self.time.dice.choice(CUTS)

    def _opens(self) -> None:
        if not self.device.alive:
            self.device.boot()

    def _closes(self) -> None:
        self.device.stop()

    # -- healing -----------------------------------------------------------------------------------
    def heal(self) -> None:
        """No more faults: everything that was begun must end, without help."""
        self.net.troubles = HEALED
        self.device.cut_at = ""
        self.time.at(OPENS_MS, self._opens)
        self.time.run(self.time.now_ms + OPENS_MS)
        end = self.time.now_ms + DRAIN_MAX_MS
        while self.time.now_ms < end and not self.drained():
            self.time.run(self.time.now_ms + MINUTE_MS)
        if not self.drained():
            waiting = self.device.terminal.status(self.device.now())["waiting"]
            self.time.violated(
                f"it did not drain: {waiting} records, bills {self.device.open_bills()}"
            )

    def drained(self) -> bool:
        """Nothing waits for anybody."""
        if not self.device.alive or self.device.store.answered_seq != self.device.store.head.seq:
            return False
        return not self.device.open_bills() and all(order.bill_id for order in self.his.orders)

    # -- the books, side by side -------------------------------------------------------------------
    def verify(self) -> audit.Audit:
        """The terminal's chain, the centre's log and the HIS's list say the same."""
        found = audit.audit(self.made.store)
        for fault in found.faults:
            self.time.violated(f"centre: {fault}")
        for double in audit.doubles(self.made.store):
            self.time.violated(f"settled twice: {double}")
        for incident in audit.incidents(self.made.store, alarms_only=True):
            if incident[0] == CLOCK_ALARM and self.time.counts["wrong clock"]:
                self.time.counts["clock alarms"] += 1  # it was wrong indeed
            else:
                self.time.violated(f"the centre raised an alarm: {incident}")
        self._same_chain(found)
        self._same_bills(found)
        return found

    def _same_chain(self, found: audit.Audit) -> None:
        store = self.device.store
        if store.verify_chain() != store.head.seq or store.head.seq != len(found.lines):
            self.time.violated(
                f"{store.head.seq} records here, {len(found.lines)} in the centre's log"
            )
            return
        table = centre_tables.records
        with self.made.store.begin() as conn:
            theirs = conn.execute(sa.select(table.c.data).order_by(table.c.seq)).scalars().all()
        for first in range(1, store.head.seq + 1, CHAIN_STEP):
            last = min(first + CHAIN_STEP - 1, store.head.seq)
            if store.records(first, last) != [bytes(one) for one in theirs[first - 1 : last]]:
                self.time.violated(f"other bytes among records {first}..{last}")
        for line in found.lines:
            here = store.result(line.seq)
            if here is None or str(here.outcome) != line.outcome:
                self.time.violated(f"record {line.seq} is {line.outcome} there, {here} here")

    def _same_bills(self, found: audit.Audit) -> None:
        lines = {line.seq: line for line in found.lines}
        live = audit.settled_bills(self.made.store)
        self.time.counts.update(f"mode {line.mode}" for line in found.lines)
        named: set[int] = set()
        for order in self.his.orders:
            state = self.device.bill(order.bill_id)
            if state is None or state.status not in FINAL or state.bill != order.bill:
                self.time.violated(f"{order.bill.bill_no} ended as {state and state.status}")
                continue
            self.time.counts[f"bill {state.status}"] += 1
            named |= {state.seq, state.cancel_seq}
            line = lines.get(state.seq)
            if state.seq and (line is None or line.bill_no != order.bill.bill_no):
                self.time.violated(f"{order.bill.bill_no}: record {state.seq} is not in the log")
            settled = state.status in (BillStatus.SETTLED, BillStatus.ADJUSTED)
            if settled and (
                line is None or line.outcome not in (Outcome.SETTLED, Outcome.ADJUSTED)
            ):
                self.time.violated(
                    f"{order.bill.bill_no} is {state.status}, the log says {line and line.outcome}"
                )
            if settled and order.bill.kind != "register" and order.bill.bill_no not in live:
                self.time.violated(
                    f"{order.bill.bill_no} is {state.status}, the centre's books have nothing"
                )
            if not settled and order.bill.bill_no in live:
                self.time.violated(
                    f"{order.bill.bill_no} is {state.status}, but the centre's fund has paid"
                )
        if orphans := set(lines) - named:
            self.time.violated(f"records of no bill: {sorted(orphans)[:10]}")


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


def run(seed: int, days: int) -> Report:
    """One world from its first morning to its last check."""
    started = wall.perf_counter()
    with fast_folder() as folder:
        world = World(seed, folder)
        try:
            world.live(days)
            world.heal()
            found = world.verify()
        finally:
            if world.device.alive:
                world.device.stop()
            world.made.close()
    return Report(
        seed=seed,
        days=days,
        virtual_hours=world.time.now_ms / HOUR_MS,
        wall_s=wall.perf_counter() - started,
        bills=len(world.his.orders),
        records=len(found.lines),
        outcomes=found.outcomes(),
        counts=dict(world.time.counts),
        violations=tuple(world.time.violations),
        trace=world.time.trace,
    )


def run_all(seeds: Iterable[int], days: int, *, jobs: int = 1) -> Iterator[Report]:
    """Worlds of `days` each, one after the other, or `jobs` at once with a process for each. The
    reports come in the seeds' order; which process a world ran in changes nothing in it."""
    if jobs == 1:
        yield from (run(seed, days) for seed in seeds)
        return
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=fresh) as pool:
        yield from pool.map(run, seeds, repeat(days))


def main(arguments: list[str] | None = None) -> int:
    """0 when no promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.world", description="clinic days in virtual time"
    )
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--days", type=int, default=200, help="of each world")
    parser.add_argument("--seeds", type=int, default=1, help="how many worlds, from --seed on")
    parser.add_argument("--jobs", type=int, default=1, help="how many worlds at once")
    options = parser.parse_args(arguments)
    if min(options.days, options.seeds, options.jobs) < 1:
        parser.error("--days, --seeds and --jobs are 1 or more")
    started, bad = wall.perf_counter(), 0
    seeds = range(options.seed, options.seed + options.seeds)
    for report in run_all(seeds, options.days, jobs=options.jobs):
        print(report, flush=True)
        bad += not report.ok
    if options.seeds > 1:
        took_s = wall.perf_counter() - started
        days = options.seeds * options.days
        print(
            f"{options.seeds} worlds · {days} clinic days in {took_s:.1f} s · {bad} with violations"
        )
    return 1 if bad else 0
