"""`facepay killpoints`: every call of a process that should make something durable, struck once:
SIGKILL in front of it, half a write and SIGKILL, EIO, ENOSPC, and a disk that is full from there
on.

The process uses the product's store; `shim.c` stands between it and libc. After each strike the
store must open, verify, and hold what was promised (or one step more), and the process must have
said what it saw."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

from sim.crash.images import SHM
from sim.crash.worker import DUTIES, MODES, WEAK, WRITES, Theatre

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = ("cc", "-O1", "-Wall", "-fPIC", "-shared")
MARK = "FACEPAY_CRASH_SHIM"
POINTS_MAX = 100_000  # of one duty
TOLD_MAX = 20


class Swept(Struct, frozen=True):
    """One duty in one mode."""

    duty: str
    mode: str
    calls: int  # that the work makes
    points: int = 0  # of them struck
    violations: tuple[str, ...] = ()


def sweep(duty: str, mode: str, sample: float, seed: int, weak: str = "") -> Swept:
    """Strike the calls of a duty, all of them or a drawn part."""
    dice, violations, points = random.Random(f"{seed} {duty} {mode}"), [], 0
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as name:
        theatre = Theatre(DUTIES[duty], Path(name), WEAK.get(weak))
        calls = theatre.live("count", 0).calls
        assert 0 < len(calls) < POINTS_MAX, "the shim sees nothing, or too much"
        for at, call in enumerate(calls, 1):
            if not _makes_sense(mode, call) or dice.random() >= sample:
                continue
            points += 1
            if wrong := theatre.judge(mode, at):
                violations.append(f"{duty} {mode} at {at} ({call}): {wrong}")
    return Swept(duty, mode, len(calls), points, tuple(violations))


def _makes_sense(mode: str, call: str) -> bool:
    name = call.partition(" ")[0]
    if mode == "torn":
        return name in WRITES
    return not (mode in ("enospc", "full") and name in ("unlink", "ftruncate"))


def shim(folder: Path) -> Path:
    """The compiled shim. RuntimeError when there is no compiler."""
    made = folder / "shim.so"
    try:
        subprocess.run([*COMPILER, "-o", str(made), str(SOURCE), "-ldl"], check=True)
    except FileNotFoundError as error:
        raise RuntimeError("no C compiler: run sim/setup tests") from error
    return made


def every(given: argparse.Namespace) -> Iterator[Swept]:
    """All duties and modes that were asked for, in order."""
    names = [given.duty] if given.duty else list(DUTIES)
    with ProcessPoolExecutor(given.jobs, multiprocessing.get_context("fork")) as pool:
        jobs = [
            pool.submit(sweep, duty, mode, given.sample, given.seed, given.weak)
            for duty in names
            for mode in MODES
            if mode != "count"
        ]
        for job in jobs:
            yield job.result()


def main(arguments: Sequence[str]) -> int:
    """0 only if every strike was survived as promised."""
    parser = argparse.ArgumentParser(prog="facepay killpoints", description=__doc__)
    parser.add_argument("--duty", choices=list(DUTIES), default="")
    parser.add_argument("--sample", type=float, default=1.0, help="part of the points, 0 to 1")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--weak", choices=["", *WEAK], default="", help="a worker that lies")
    given = parser.parse_args(arguments)
    if not os.environ.get(MARK):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, MARK: "1", "LD_PRELOAD": str(shim(Path(folder)))}
            again = [sys.executable, "-m", "sim.crash.killpoints", *arguments]
            return subprocess.call(again, env=environment)
    began, total = time.monotonic(), Counter[str]()
    for swept in every(given):
        bad = len(swept.violations)
        total.update(points=swept.points, violations=bad)
        print(
            f"{swept.duty:11} {swept.mode:7} calls {swept.calls:4} · points {swept.points:4}"
            f" · violations {bad}",
            flush=True,
        )
        for violation in swept.violations[:TOLD_MAX]:
            print(f"  {violation}", flush=True)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"points {total['points']} · violations {total['violations']}", flush=True)
    return 0 if not total["violations"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
