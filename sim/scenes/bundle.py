"""What goes to whoever must look at a failure: one zip with everything, and the line that plays the
same again."""

from __future__ import annotations

import platform
import shlex
import subprocess
import zipfile
from pathlib import Path

import msgspec

from sim.board.chip import micropython
from sim.board.chip.flash_image import ROOT
from sim.scenes.boards import own_build
from sim.scenes.form import HOME, Scenario
from sim.scenes.seen import Outcome

FILES = ("run.jsonl", "picture.html", "console.txt", "board/trace.jsonl", "board/flash.img")
FILE_BYTES_MAX = 64 * 1024 * 1024
FIXED_TIME = (2026, 1, 1, 0, 0, 0)  # the same run makes the same bytes


def replay(outcome: Outcome) -> str:
    """One line for a shell: by its name what comes with facepay, by its path what does not."""
    ours = Path(outcome.path).resolve().parent == HOME
    what = outcome.name if ours else shlex.quote(outcome.path)
    return f"facepay sim run {what} --seed {outcome.seed}"


def make(scenario: Scenario, outcome: Outcome, place: Path) -> Path:
    """PLACE.zip beside the run's folder. The flash holds the key of a simulated board only."""
    target = place.with_name(place.name + ".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        _put(file, f"{scenario.name}.toml", scenario.source.encode())
        _put(file, "outcome.json", msgspec.json.format(msgspec.json.encode(outcome)))
        _put(file, "versions.json", msgspec.json.format(msgspec.json.encode(versions())))
        _put(file, "replay.txt", (replay(outcome) + "\n").encode())
        for name in FILES:
            one = place / name
            if one.is_file() and one.stat().st_size <= FILE_BYTES_MAX:
                _put(file, name.rpartition("/")[2], one.read_bytes())
    return target


def versions() -> dict[str, str]:
    """Of everything that may make a run differ."""
    return {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "vm": _first_line([str(micropython.find()), "-c", "import sys; print(sys.version)"]),
        "commit": _first_line(["git", "-C", str(ROOT), "rev-parse", "HEAD"]),
        "changed": _first_line(["git", "-C", str(ROOT), "status", "--short"]),
        "firmware": own_build(),
    }


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return next(iter(done.stdout.splitlines()), "")


def _put(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, FIXED_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    file.writestr(info, data)
