"""`facepay sim run SCENARIO...`: plays scenario files and says what happened, like a test runner."""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.errors import EdgeError
from sim.scenes import bundle, form, junit
from sim.scenes.run import Options, play, play_file
from sim.scenes.seen import Outcome, Verdict

JOBS_MAX = 16
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
GOOD = (Verdict.OK, Verdict.SKIP)
SHORT = 10
TINT = {Verdict.OK: "32", Verdict.FAIL: "31", Verdict.ERROR: "31", Verdict.SKIP: "33"}


def main() -> int:
    """0 all met, 1 something was not, 2 a file or an option is wrong, 130 Ctrl-C."""
    args = _arguments().parse_args()
    try:
        if args.list:
            return _list()
        if args.steps:
            return _steps()
        scenarios = [form.load(path) for path in find(args.scenario)]
        out = Path(args.out or tempfile.mkdtemp(prefix="facepay-sim-"))
        options = _options(args, out)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    return run(scenarios, options, args.jobs, junit_to=args.junit, as_json=args.json)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="facepay sim run", description=__doc__)
    parser.add_argument(
        "scenario", nargs="*", help="files, folders, or names of sim/scenarios (default: all of it)"
    )
    parser.add_argument("--seed", type=int, help="instead of each scenario's own")
    parser.add_argument("--realtime", action="store_true", help="on the wall's clock")
    parser.add_argument("--board", default="", metavar="PORT", help="a real board, not a simulated")
    parser.add_argument("--key", default="", metavar="FILE", help="its pairing key, with --board")
    parser.add_argument("--by-hand", action="store_true", help="ask a person for what needs hands")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="JUnit XML")
    parser.add_argument("--out", default="", metavar="DIR", help="a folder per run (default: /tmp)")
    parser.add_argument("--jobs", "-j", type=int, default=os.cpu_count() or 1, help="boards at once")
    parser.add_argument("--json", action="store_true", help="one JSON object per scenario")
    parser.add_argument("--list", action="store_true", help="the scenarios there are")
    parser.add_argument("--steps", action="store_true", help="the kinds of steps and their keys")
    return parser


def find(names: list[str]) -> list[Path]:
    """Files of the names. E-SCN-04 for one that leads nowhere."""
    if not names:
        return sorted(form.HOME.glob("*.toml"))
    found: list[Path] = []
    for name in names:
        path = Path(name)
        known = form.HOME / f"{name}.toml"
        if path.is_dir():
            found += sorted(path.glob("*.toml"))
        elif path.is_file():
            found.append(path)
        elif known.is_file():
            found.append(known)
        else:
            near = form.near(name, tuple(one.stem for one in form.HOME.glob("*.toml")))
            raise EdgeError("E-SCN-04", f"there is no scenario {name!r}{near}", "--list")
    if not found:
        raise EdgeError("E-SCN-04", "no scenario in these folders", "facepay sim run --list")
    return found


def _options(args: argparse.Namespace, out: Path) -> Options:
    if bool(args.board) != bool(args.key):
        raise EdgeError("E-SCN-05", "--board and --key go together", "the key pairs host and board")
    if not 1 <= args.jobs <= JOBS_MAX:
        raise EdgeError("E-SCN-05", f"--jobs is 1 to {JOBS_MAX}", "one board needs half a core")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeError("E-SCN-05", f"--out cannot be made: {error}", "name another") from error
    return Options(
        out=str(out), seed=args.seed, realtime=args.realtime, port=args.board, key=args.key,
        by_hand=args.by_hand,
    )  # fmt: skip


def run(
    scenarios: list[form.Scenario],
    options: Options,
    jobs: int,
    *,
    junit_to: Path | None = None,
    as_json: bool = False,
) -> int:
    """Play them, say each as it ends, and write the report; Ctrl-C ends it with what is done."""
    began = time.monotonic()
    done: list[Outcome] = []
    interrupted = False
    try:
        for outcome in _each(scenarios, options, 1 if options.port else jobs):
            done.append(outcome)
            if as_json:
                print(msgspec.json.encode(outcome).decode(), flush=True)
            else:
                say(outcome)
    except KeyboardInterrupt:
        interrupted = True
    if junit_to is not None:
        junit.write(done, junit_to)
    if not as_json:
        _sum(done, time.monotonic() - began, options.out, left=len(scenarios) - len(done))
    if interrupted:
        return INTERRUPTED
    good = all(one.verdict in GOOD for one in done)
    return 0 if good else FAILED


def _each(
    scenarios: list[form.Scenario], options: Options, jobs: int
) -> Iterator[Outcome]:
    if jobs == 1:
        yield from (play(one, options) for one in scenarios)
        return
    # Those on the wall's clock first: they wait, and the others fill the gaps.
    paths = [one.path for one in sorted(scenarios, key=lambda one: not one.head.realtime)]
    with concurrent.futures.ProcessPoolExecutor(jobs, initializer=_leave_ctrl_c) as pool:
        futures = [pool.submit(play_file, path, options) for path in paths]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_ctrl_c() -> None:
    """In a process of the pool: it is for the one that talks to the person."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def say(one: Outcome) -> None:
    """One line, and below it what was wrong and how to play it again."""
    mark = _tinted(f"{one.verdict:<5}", TINT[one.verdict])
    times = f"{one.board_ms / 1000:7.2f} s board {one.wall_ms / 1000:6.2f} s"
    print(f"{mark} {one.name:<42} {times}", flush=True)
    if one.verdict is Verdict.SKIP:
        print(f"      {one.why}", flush=True)
    elif one.verdict is not Verdict.OK:
        if one.line:
            print(f"      {one.path}:{one.line}  {one.step}")
        print("      " + one.why.replace("\n", "\n      "))
        print(f"      {one.bundle}\n      again: {bundle.replay(one)}", flush=True)


def _sum(done: list[Outcome], wall_s: float, out: str, *, left: int) -> None:
    counts = {verdict: sum(one.verdict is verdict for one in done) for verdict in Verdict}
    board_s = sum(one.board_ms for one in done) / 1000
    bad = [one.name for one in done if one.verdict not in GOOD]
    good = not bad and not left
    words = " · ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    words += f" · {left} not played" if left else ""
    if len(done) > SHORT:  # what went wrong has scrolled away
        for name in bad:
            print(f"      not met: {name}")
    print(f"      runs, traces and pictures: {out}")
    print(_tinted(
        f"{len(done)} scenarios: {words} · {board_s:.1f} s of boards in {wall_s:.1f} s",
        "1;32" if good else "1;31",
    ))  # fmt: skip


def _tinted(text: str, tint: str) -> str:
    return f"\033[{tint}m{text}\033[0m" if sys.stdout.isatty() else text


def _list() -> int:
    for path in find([]):
        scenario = form.load(path)
        print(f"{scenario.head.area:<10} {scenario.name:<42} {scenario.head.title}")
    return 0


def _steps() -> int:
    for kind, module in form.kinds().items():
        print(f"{kind:<16} {(module.__doc__ or '').splitlines()[0]}")
        keys = ", ".join(field.encode_name for field in msgspec.structs.fields(module.Step))
        print(f"{'':<16} keys: {keys or 'none'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
