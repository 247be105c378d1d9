"""`facepay fuzz`: each parser for some seconds under atheris, a table, exit 0 only without a crash.

`--keep` makes what was found the kept corpus. libFuzzer writes an input down when it reaches
something new, and replaces it by a smaller one that reaches the same; of those an even choice by
size is kept, up to KEEP_FILES and KEEP_BYTES a target.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.kit import CORPUS, INPUT_S, MEMORY_MB, NAMES, kept, load

KEEP_BYTES = 18_000  # of one target's kept corpus
KEEP_FILES = 60
GRACE_S = 240.0  # start, first pass over the corpus, end; machines can be busy
CRASH = re.compile(r"^(crash|timeout|oom|leak|slow-unit)-")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="facepay fuzz", description=__doc__)
    parser.add_argument("--target", choices=NAMES, action="append", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's own dice")
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"))
    parser.add_argument("--keep", action="store_true", help="fold what was found into the corpus")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("SKIPPED: atheris is not installed here (it exists for Python 3.11 and 3.12)")
        return 3
    crashes = total = 0
    print(f"{'target':<12} {'executions':>11} {'a second':>9} {'corpus':>7}  crashes")
    for name in given.target or NAMES:
        ran, found = fuzz(name, given.seconds, given.seed, given.crashes, keep=given.keep)
        print(
            f"{name:<12} {ran:>11,} {ran // max(given.seconds, 1):>9,} {len(kept(name)):>7}"
            f"  {', '.join(path.name for path in found) or 0}",
            flush=True,
        )
        crashes += len(found)
        total += ran
    print(f"targets {len(given.target or NAMES)} · executions {total:,} · crashes {crashes}")
    return 1 if crashes else 0


def fuzz(
    name: str, seconds: int, seed: int, crashes: Path, *, keep: bool = False
) -> tuple[int, list[Path]]:
    """(executions, crash files) of one target. RuntimeError when the fuzzer itself does not run."""
    target = load(name)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "work")
        work.mkdir()
        for data in (*target.seeds(), *(path.read_bytes() for path in kept(name))):
            (work / digest(data)).write_bytes(data)
        artefacts = Path(folder, "artefacts")
        artefacts.mkdir()
        options = [
            f"-max_total_time={seconds}", f"-max_len={target.MAX_BYTES}", f"-timeout={INPUT_S}",
            f"-rss_limit_mb={MEMORY_MB}", f"-seed={seed}", "-print_final_stats=1",
            f"-artifact_prefix={artefacts}/",
        ]  # fmt: skip
        done = run(name, [*options, str(work)], seconds + GRACE_S)
        found = [path for path in sorted(artefacts.iterdir()) if CRASH.match(path.name)]
        for path in found:
            crashes.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, crashes / f"{name}-{path.name}")
            sys.stderr.write(done[-4000:])
        executions = re.search(r"number_of_executed_units: (\d+)", done)
        if executions is None and not found:
            raise RuntimeError(f"the fuzzer did not run: {done[-2000:]}")
        if keep and not found:
            _keep(name, work, {digest(data) for data in target.seeds()})
        return int(executions.group(1)) if executions else 0, found


def run(name: str, options: list[str], limit_s: float) -> str:
    """What the fuzzer said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.one", name, *options],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limit_s,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    return done.stdout + done.stderr


def digest(data: bytes) -> str:
    """An input's file name."""
    return hashlib.sha1(data).hexdigest()


def _keep(name: str, work: Path, seeds: set[str]) -> None:
    """Old crashes (named crash-…) stay whatever they reach."""
    home = CORPUS / name
    home.mkdir(parents=True, exist_ok=True)
    for old in kept(name):
        if not old.name.startswith("crash-"):
            old.unlink()
    found = [path for path in work.iterdir() if path.name not in seeds]
    found.sort(key=lambda path: (path.stat().st_size, path.name))
    chosen = found[:: len(found) // KEEP_FILES + 1]
    while chosen and sum(path.stat().st_size for path in chosen) > KEEP_BYTES:
        chosen.pop()  # the largest
    for path in chosen:
        shutil.copy(path, home / path.name[:16])


if __name__ == "__main__":
    raise SystemExit(main())
