"""`facepay mutants`: each one-line bug of `list/` is put into a copy of the tree, and the tests it names
must turn red there. A mutant that survives is an error of the harness.

A mutant is one file in `list/`: `promise`, `path`, `old` (which is in that file exactly once), `new`,
and `tests`, the names of the tests for pytest. All of them are run on the good tree first: what is
red anyway catches nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).parent / "list"
LINKED: Final = (".venv", ".facepay")
TESTS_S: Final = 300.0
TESTS_FAILED: Final = 1  # pytest's exit codes; all above is "could not even be run"


class Mutant(Struct, frozen=True, forbid_unknown_fields=True):
    """One bug."""

    promise: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


def mutants() -> dict[str, Mutant]:
    """All of them, by name."""
    return {
        file.stem: msgspec.toml.decode(file.read_bytes(), type=Mutant)
        for file in sorted(LIST.glob("*.toml"))
    }


def mutated(mutant: Mutant, source: str) -> str:
    """The file with the bug. The line must be there exactly once: when the code goes on, the mutant
    must go with it."""
    times = source.count(mutant.old)
    assert times == 1, f"{mutant.path} has {mutant.old.strip()!r} {times} times: mend the mutant"
    assert mutant.old != mutant.new, "a mutant that changes nothing"
    return source.replace(mutant.old, mutant.new)


class Copy:
    """The tree as git knows it or would add it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip
        for name in names:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for name in LINKED:
            if (ROOT / name).exists():
                (folder / name).symlink_to((ROOT / name).resolve())

    def run(self, tests: tuple[str, ...]) -> tuple[int, str]:
        """pytest's exit code and the end of what it said."""
        environment = {
            **os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"
        }  # fmt: skip
        options = ["-q", "-x", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *tests],
                cwd=self.folder, env=environment, capture_output=True, text=True,
                check=False, timeout=TESTS_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return TESTS_FAILED, f"no end after {TESTS_S:.0f} s"
        return done.returncode, (done.stdout + done.stderr)[-1500:]

    def with_bug(self, mutant: Mutant) -> tuple[int, str]:
        """The same, with the bug in; the good file comes back."""
        file = self.folder / mutant.path
        good = file.read_text()
        file.write_text(mutated(mutant, good))
        try:
            return self.run(mutant.tests)
        finally:
            file.write_text(good)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="facepay mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="so many of them; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--only", action="append", help="this one")
    given = parser.parse_args()
    every = mutants()
    names = given.only or list(every)
    if given.sample:
        names = sorted(random.Random(given.seed).sample(names, min(given.sample, len(names))))
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=memory) as folder:
        copy = Copy(Path(folder))
        green, said = copy.run(tuple(sorted({test for name in names for test in every[name].tests})))
        if green:
            print(f"BROKEN: the tests are red without any bug\n{said}")
            return 2
        survivors = sum(not _caught(copy, name, every[name]) for name in names)
    print(f"mutants {len(names)} · caught {len(names) - survivors} · survived {survivors}")
    return 1 if survivors else 0


def _caught(copy: Copy, name: str, mutant: Mutant) -> bool:
    began = time.monotonic()
    code, said = copy.with_bug(mutant)
    word = {0: "SURVIVED", TESTS_FAILED: "caught"}.get(code, "BROKEN: the tests cannot be run")
    seconds = time.monotonic() - began
    print(f"{word:<10} {name:<26} {seconds:>5.0f} s  {mutant.promise}", flush=True)
    if word != "caught":
        sys.stderr.write(f"{said}\n")
    return word == "caught"


if __name__ == "__main__":
    raise SystemExit(main())
