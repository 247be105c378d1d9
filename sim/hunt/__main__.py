"""`python -m sim.hunt`, and what `facepay hunt` calls: seeds in, one honest last line out."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from sim import faults
from sim.hunt import Order, Report, run_all
from sim.hunt.shrink import shrink

PLAIN_EVERY_S: Final = 30.0
SHRUNK_MAX: Final = 5  # failing seeds of one hunt; each may cost many worlds


class Totals(Struct):
    """What the last line is made of."""

    seeds: int = 0
    hours: float = 0.0
    faults: int = 0
    records: int = 0
    violations: int = 0

    def add(self, report: Report) -> None:
        """One more world."""
        self.seeds += 1
        self.hours += report.virtual_hours
        self.faults += len(report.strikes)
        self.records += report.records
        self.violations += len(report.violations)

    def __str__(self) -> str:
        return (
            f"seeds {self.seeds} · virtual hours {self.hours:.0f} · faults {self.faults}"
            f" · records {self.records} · violations {self.violations}"
        )


class Progress(Protocol):
    """How somebody who waits is told."""

    def __call__(self, totals: Totals) -> None: ...


def main(arguments: list[str] | None = None) -> int:
    """0 when every promise of every seed held, 1 when not, 2 when it was not understood."""
    options = _options(arguments)
    orders = _orders(options)
    totals, struck, bad = Totals(), Counter[str](), list[Report]()
    started = time.monotonic()
    with _progress(options.seeds, quiet=options.json) as progress:
        for report in run_all(orders, jobs=options.jobs):
            totals.add(report)
            struck.update(strike.fault for strike in report.strikes)
            if not report.ok:
                bad.append(report)
            if options.replay is not None or (not report.ok and len(bad) <= SHRUNK_MAX):
                _say(report, options)
            progress(totals)
    if options.json:
        sys.stdout.write(json.dumps(_as_json(totals, struck, bad), ensure_ascii=False) + "\n")
    else:
        _epilogue(totals, struck, bad, time.monotonic() - started)
    sys.stdout.write(f"{totals}\n")
    return 1 if bad else 0


def _orders(options: argparse.Namespace) -> list[Order]:
    only = tuple(name for name in options.only.split(",") if name)
    if options.replay is not None:
        strikes = None
        if options.strikes != "all":
            strikes = tuple(int(number) for number in options.strikes.split(",") if number)
        return [Order(options.replay, options.days, only, strikes)]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return [Order(seed, options.days, only) for seed in seeds]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="facepay hunt",
        description="many worlds in virtual time, each with its own faults; exit 0 only if every"
        " promise of sim/invariants.py held",
        epilog="faults: " + " ".join(faults.names()),
    )
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument(
        "--days", type=float, default=0.0, help="clinic days of each (0.5 is half a day); else drawn"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worlds at once")
    parser.add_argument("--only", default="", metavar="FAULT,…", help="only these faults")
    parser.add_argument("--shrink", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--replay", type=int, metavar="SEED", help="this one world, told in full")
    parser.add_argument("--strikes", default="all", metavar="N,…", help="with --replay: only these")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if min(options.seeds, options.jobs) < 1 or options.days < 0:
        parser.error("--seeds and --jobs are 1 or more, --days is above 0")
    for name in filter(None, options.only.split(",")):
        if name not in faults.names():
            parser.error(f"there is no fault {name!r}; there are: {' '.join(faults.names())}")
    if options.strikes != "all" and not all(
        number.isdigit() for number in options.strikes.split(",") if number
    ):
        parser.error("--strikes are numbers with commas between them")
    if options.replay is not None:
        options.seeds = options.jobs = 1
    return options


# -- what is said -------------------------------------------------------------------------------------
def _say(report: Report, options: argparse.Namespace) -> None:
    """A failing seed: what broke, and the shortest way to see it again."""
    if options.json:
        return
    sys.stdout.write(f"\n{report}\n")
    smallest = report
    if options.shrink and options.replay is None:
        order = Order(report.seed, report.days, tuple(filter(None, options.only.split(","))))
        smallest = shrink(order, report)
        sys.stdout.write(f"shrunk from {len(report.strikes)} strikes to {len(smallest.strikes)}\n")
        for violation in smallest.violations[:5]:
            sys.stdout.write(f"  {violation}\n")
    for strike in smallest.strikes:
        sys.stdout.write(f"  strike {strike}\n")
    sys.stdout.write(f"replay: {replay(smallest, options.only)}\n")
    sys.stdout.write(f"        trace {smallest.trace}\n\n")
    sys.stdout.flush()


def replay(report: Report, only: str = "") -> str:
    """The command that runs this very world again."""
    numbers = ",".join(str(strike.number) for strike in report.strikes)
    named = f" --only {only}" if only else ""
    return f"facepay hunt --replay {report.seed} --days {report.days:g}{named} --strikes {numbers or ','}"


def _epilogue(totals: Totals, struck: Counter[str], bad: list[Report], took_s: float) -> None:
    sys.stdout.write(" · ".join(f"{name} {struck[name]}" for name in faults.names()) + "\n")
    speed = totals.hours / max(took_s / 3600, 1e-9)
    sys.stdout.write(f"{took_s:.0f} s, {speed:,.0f} virtual hours an hour")
    failing = " ".join(str(one.seed) for one in bad[:50])
    sys.stdout.write(f"; failing seeds: {failing}\n" if bad else "\n")


def _as_json(totals: Totals, struck: Counter[str], bad: list[Report]) -> object:
    failing = [{**msgspec.to_builtins(one), "replay": replay(one)} for one in bad]
    return {**msgspec.to_builtins(totals), "strikes": dict(struck), "failing": failing}


@contextmanager
def _progress(seeds: int, *, quiet: bool) -> Iterator[Progress]:
    """A bar on a terminal, a line now and then elsewhere (CI keeps what it is told)."""
    if quiet or seeds == 1:
        yield lambda _totals: None
    elif sys.stdout.isatty():
        from rich.progress import Progress as Bar

        with Bar(transient=True) as bar:
            task = bar.add_task("hunting", total=seeds)
            yield lambda totals: bar.update(task, completed=totals.seeds, description=f"{totals}")
    else:
        said = [time.monotonic()]

        def line(totals: Totals) -> None:
            if time.monotonic() - said[0] >= PLAIN_EVERY_S:
                said[0] = time.monotonic()
                sys.stdout.write(f"{totals}\n")
                sys.stdout.flush()

        yield line


if __name__ == "__main__":
    sys.exit(main())
