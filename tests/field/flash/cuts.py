"""The power goes at one flash write of an upgrade that an engineer has typed, for every write that it
makes: from the first byte of the other slot to the confirmation of the new program.

    python -m tests.field.flash.cuts [--every N] [--jobs J]

Each cut is a board of its own, with the old version proved and a third one in the slot to be written.
Afterwards the power comes back, and through the commands alone: a program runs, it is the old or the new
version, every byte of its slot is as signed, `flash app` had not said done unless the new one runs, and
the same command typed again ends in the new version.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from msgspec import Struct

from edge.errors import EdgeError
from edge.field import cli
from edge.field.flash import files
from sim.board import SimBoard

ROOT = Path(__file__).resolve().parents[3]
OLD, NEW = "0.2.0", "0.3.0"
LATE = frozenset({"E-FLS-01", "E-FLS-05", "E-FLS-07", "E-FLS-41"})
WAIT_S = 200  # a hang guard, not a measurement


class Upgrade(Struct, frozen=True):
    """A board before an upgrade, in `folder`; `writes`: programs and erases that an upgrade makes."""

    folder: Path
    old: str  # builds
    new: str
    writes: int


class Cut(Struct, frozen=True):
    """What came of one cut. `broken` is "" when every promise was kept."""

    at: int
    code: str  # of the command in which the power went; "" when it said done
    version: str  # that ran when the power was back
    broken: str = ""


def typed(*words: object) -> tuple[int, Any]:
    """`facepay WORDS --json`: exit code and what it says."""
    out, status = io.StringIO(), 0
    argv = ["facepay", *map(str, words), "--json"]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out):
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
    return status, json.loads(out.getvalue())


def release(folder: Path, version: str) -> Path:
    """Our own firmware as another version, every file of it changed."""
    told = tomllib.loads((ROOT / "firmware/manifest.toml").read_text())
    lines = [f'version = "{version}"', f'runtime_min = "{told["runtime_min"]}"']
    for table in ("root", "application"):
        lines.append(f"[{table}]")
        for place, source in told[table].items():
            path = folder / source
            path.parent.mkdir(parents=True, exist_ok=True)
            mark = f"# {version}\n".encode() if table == "application" else b""
            path.write_bytes((ROOT / source).read_bytes() + mark)
            lines.append(f'"{place}" = "{source}"')
    (folder / "firmware/manifest.toml").write_text("\n".join(lines))
    return folder


def app(board: SimBoard, folder: Path, version: str) -> tuple[int, Any]:
    """The upgrade as it is typed."""
    on = ("--port", board.directory, "--pair-key", board.key_path, "--maker-key", folder / "maker/maker.key")
    status, told = typed("flash", "app", *on, "--tree", folder / version)
    return status, told["boards"][0]


def quiet(board: SimBoard) -> int:
    """Flash writes so far, once the program has made its last."""
    until, before = time.monotonic() + WAIT_S, -1
    while (now := int(board.control.ask("state")["writes"])) != before:
        assert time.monotonic() < until, "it writes without end"
        before = now
        time.sleep(1.5)
    return now


def prepare(folder: Path) -> Upgrade:
    """Versions, keys, the board before, and one upgrade without a cut to count its writes."""
    files.make_maker(folder / "maker")
    for version in (OLD, NEW):
        release(folder / version, version)
    with SimBoard(folder / "before") as board:
        status, told = app(board, folder, OLD)
        assert status == 0, told
        quiet(board)
        old = str(told["build"])
    shutil.copytree(folder / "before", folder / "counted", ignore=_only)
    with SimBoard(folder / "counted", flash="keep") as board:
        begun = quiet(board)
        status, told = app(board, folder, NEW)
        assert status == 0, told
        return Upgrade(folder, old, str(told["build"]), quiet(board) - begun)


def cut(upgrade: Upgrade, at: int) -> Cut:
    """One board, one cut; anew when the simulator, not the board, was too late."""
    for last in (False, False, True):
        try:
            return _cut(upgrade, at)
        except EdgeError as error:
            print(f"{at}: {error}", file=sys.stderr, flush=True)
            if last or not error.code.startswith("E-BRD-2"):
                return Cut(at, error.code, "", f"the simulator failed: {error}")
    raise AssertionError("the last try returns")


def _cut(upgrade: Upgrade, at: int) -> Cut:
    place = upgrade.folder / f"cut-{at}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(upgrade.folder / "before", place, ignore=_only)
    public = upgrade.folder / "maker/maker.pub"
    with SimBoard(place, flash="keep") as board:
        on = ("--port", board.directory, "--pair-key", board.key_path)
        _running(on)
        board.control.ask("cut_at_write", n=at)
        status, told = app(board, upgrade.folder, NEW)
        board.control.ask("cut_at_write", n=0)
        board.control.ask("replug")
        seen = _running(on)
        version = {upgrade.old: OLD, upgrade.new: NEW}.get(seen["build"], seen["build"])
        found = partial(Cut, at, str(told.get("code", "")), version)
        if version not in {OLD, NEW}:
            return found("neither version runs")
        if status == 0 and version != NEW:
            return found("it said done")
        whole, told = patient(lambda: typed("flash", "verify", *on, "--maker", public))
        if whole != 0:
            return found(f"not whole: {told}")
        status, told = patient(lambda: app(board, upgrade.folder, NEW))
        if status != 0 or told["build"] != upgrade.new:
            return found(f"the same command again: {told}")
    shutil.rmtree(place)
    return found()


def patient(do: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """On a crowded machine a simulated board may be later than the flasher waits: asked again, twice."""
    for last in (False, False, True):
        status, told = do()
        one = told["boards"][0] if "boards" in told else told
        if last or status == 0 or one.get("code") not in LATE:
            return status, told
        print(f"late: {one}", file=sys.stderr, flush=True)
    raise AssertionError("the last try returns")


def sweep(upgrade: Upgrade, cuts: list[int], jobs: int) -> list[Cut]:
    """In the order of the writes."""
    if jobs == 1:
        return [cut(upgrade, at) for at in cuts]
    # Each a session of its own: Linux shares a crowded machine out by sessions.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), os.setsid) as crew:
        found = []
        for one in crew.map(partial(cut, upgrade), cuts):
            found.append(one)
            print(one.at, one.code or "done", one.version, one.broken, file=sys.stderr, flush=True)
        return found


def broken(found: list[Cut]) -> list[str]:
    """Promises that were not kept, of each cut and of all of them: from one write on it is the new
    version, and both happen."""
    out = [f"cut at write {one.at}: {one.broken}" for one in found if one.broken]
    versions = [one.version for one in found]
    if versions != sorted(versions):
        out.append("an earlier cut left the new version, a later one the old")
    if set(versions) != {OLD, NEW}:
        out.append(f"only {set(versions)} ever ran")
    return out


def _running(on: tuple[object, ...]) -> Any:
    """The board's line of `flash list` once its program answers; the last one when it never does."""
    until = time.monotonic() + WAIT_S
    while True:
        line = typed("flash", "list", *on)[1][0]
        if line["state"] == "running" or time.monotonic() > until:
            return {"build": line["state"]} | line
        time.sleep(0.2)


def _only(_folder: str, names: list[str]) -> set[str]:
    return set(names) - {"flash.img", "flash.json", "pair.key", "runtime"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.field.flash.cuts", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th write, and the last three")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        upgrade = prepare(Path(folder))
        print(f"an upgrade {OLD} -> {NEW} makes {upgrade.writes} flash writes", flush=True)
        last = set(range(max(1, upgrade.writes - 2), upgrade.writes + 1))  # these leave the new version
        cuts = sorted({*range(1, upgrade.writes + 1, args.every)} | last)
        found = sweep(upgrade, cuts, args.jobs)
    wrong = broken(found)
    for line in wrong:
        print(line)
    count = {version: sum(one.version == version for one in found) for version in (OLD, NEW)}
    said = sum(not one.code for one in found)
    print(
        f"{len(found)} cuts: {count[OLD]} left {OLD}, {count[NEW]} left {NEW}, {said} after done was said; "
        f"broken promises {len(wrong)}; {time.monotonic() - began:.0f} s"
    )
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
