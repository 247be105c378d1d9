"""`facepay hunt`: many seeds, each a world with its own faults, and what came of them.

A seed decides everything: which faults strike, how often and when (`sim.faults.plan`), how long the
clinic is open, who comes. A seed that breaks a promise is replayed with fewer and fewer strikes
until none can be left out (`sim.hunt.shrink`)."""

from __future__ import annotations

import multiprocessing
import random
import time as wall
import traceback
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from sim import faults
from sim.centre import audit
from sim.faults import Strike
from sim.world import World, fast_folder, thief, windows_of
from sim.world.time import HOUR_MS

DAYS: Final = (0.2, 0.3, 0.3, 0.4, 0.6, 1.0)  # a seed's length when nobody says one
AHEAD: Final = 8  # seeds a process has in its queue


class Order(Struct, frozen=True):
    """What to run. `days` 0: the seed draws. `strikes`: only these numbers of the plan (None =
    all)."""

    seed: int
    days: float = 0.0
    only: tuple[str, ...] = ()
    strikes: tuple[int, ...] | None = None


class Report(Struct, frozen=True):
    """One world. `ok` only when every promise held."""

    seed: int
    days: float
    virtual_hours: float
    wall_s: float
    bills: int
    records: int
    outcomes: dict[str, int]
    counts: dict[str, int]
    strikes: tuple[Strike, ...]
    violations: tuple[str, ...]
    trace: str

    @property
    def ok(self) -> bool:
        """Nothing was violated."""
        return not self.violations

    def __str__(self) -> str:
        counts = " · ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        outcomes = " ".join(f"{name}={count}" for name, count in self.outcomes.items() if count)
        lasted = f"{self.virtual_hours:.0f} virtual hours in {self.wall_s:.2f} s"
        return "\n".join(
            [
                f"seed {self.seed} · {self.days:g} days · {lasted}",
                f"bills {self.bills} · records {self.records} · {outcomes}",
                counts,
                f"violations {len(self.violations)} · trace {self.trace[:16]}",
                *self.violations[:20],
            ]
        )


def days_of(order: Order) -> float:
    """How long the clinic is open: what was asked for, or what the seed draws."""
    return order.days or random.Random(f"days {order.seed}").choice(DAYS)


def planned(order: Order) -> tuple[Strike, ...]:
    """The strikes of this order."""
    plan = faults.plan(order.seed, windows_of(days_of(order)), order.only)
    wanted = order.strikes
    return tuple(one for one in plan if wanted is None or one.number in wanted)


def run(order: Order) -> Report:
    """One world from its first morning to its last check."""
    started, days = wall.perf_counter(), days_of(order)
    found: audit.Audit | None = None
    with fast_folder() as folder:
        world = World(order.seed, folder)
        try:
            faults.schedule(world, planned(order))
            world.live(windows_of(days))
            world.heal()
            found = world.verify()
            if world.stolen:
                thief.play(world, folder / "thief")
        except Exception as error:  # one world's end is a finding, not the end of the hunt
            world.time.violated("sound", _where(error))
        finally:
            world.close()
    return Report(
        seed=order.seed,
        days=days,
        virtual_hours=world.time.now_ms / HOUR_MS,
        wall_s=wall.perf_counter() - started,
        bills=len(world.his.orders),
        records=len(found.lines) if found else len(world.watch.acked),
        outcomes=found.outcomes() if found else {},
        counts=dict(world.time.counts),
        strikes=tuple(Strike(number, name, at) for number, at, name in world.time.strikes),
        violations=tuple(world.time.violations),
        trace=world.time.trace,
    )


def _where(error: Exception) -> str:
    """What was raised and where; without the message, which may name fresh keys or bytes."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = f": {error}" if isinstance(error, AssertionError | EdgeError) else ""
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}{said}"


def run_all(orders: Iterable[Order], *, jobs: int = 1) -> Iterator[Report]:
    """The worlds one after the other, or `jobs` at once with a process for each. The reports come
    in the orders' order; which process a world ran in changes nothing in it."""
    if jobs == 1:
        yield from map(run, orders)
        return
    fresh = multiprocessing.get_context("spawn")
    waiting: list[Future[Report]] = []
    with ProcessPoolExecutor(jobs, mp_context=fresh) as pool:
        for order in orders:
            waiting.append(pool.submit(run, order))
            if len(waiting) >= jobs * AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()


def same_promise(report: Report, names: Collection[str]) -> bool:
    """Did it break one of these promises?"""
    return bool(broken(report) & set(names))


def broken(report: Report) -> frozenset[str]:
    """The names of the promises that were broken."""
    return frozenset(one.split(" · ", 1)[1].split(":", 1)[0] for one in report.violations)
