"""Group `flash`: seconds to put the whole application onto an empty simulated board, against mpremote
copying the very same files.

The peer only copies (`mpremote fs cp -r`; it skips a file whose SHA-256 is there). Ours also builds and
signs the release, reads every file back, has the board check it, restarts it, and is done when the
restarted board says the new build. Each round has a board of its own, with nothing but its name on it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sim.board import SimBoard
from sim.board.chip import flash_image
from tests.bench.figure import Figure, Size, in_turns, paired, spread
from tests.bench.material import ROOT

FACEPAY = (sys.executable, "-m", "edge.field.cli")
MPREMOTE = Path(sys.executable).parent / "mpremote"
TIMEOUT_S = 300
PROMPT_S = 1.0  # mpremote sends one Ctrl-C, and waits for ever when that one met boot.py


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    _run(*FACEPAY, "keys", "maker", directory)
    tree = directory / "tree"
    files, total = staged(tree)
    boards = (directory / f"board{number}" for number in count())
    ours, theirs = in_turns(
        size.flashes,
        [
            lambda: by_facepay(next(boards), directory / "maker.key"),
            lambda: by_mpremote(next(boards), tree),
        ],
    )
    return [
        paired(
            group="flash", name="facepay flash app, an empty board", unit="s", values=ours,
            floors=theirs, floor_name="mpremote fs cp -r of the same files",
            note=f"{files} files, {total:,} B; {spread(ours)}; mpremote {spread(theirs)}",
        )
    ]  # fmt: skip


def staged(tree: Path) -> tuple[int, int]:
    """What `flash app` puts onto an empty board, as a folder. How many files, how many bytes."""
    fixed, program, _version = flash_image.firmware_files(ROOT)
    files = fixed | {f"{flash_image.FIRST_SLOT}/{path}": data for path, data in program.items()}
    for place, data in files.items():
        path = tree / place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return len(files), sum(map(len, files.values()))


def by_facepay(directory: Path, maker: Path) -> float:
    """Seconds of the command as it is typed."""
    with empty(directory):
        return _run(*FACEPAY, "flash", "app", "--port", directory, "--maker-key", maker)


def by_mpremote(directory: Path, tree: Path) -> float:
    """Seconds of the copy."""
    with empty(directory) as board:
        port = board.usb.resolve()
        return _run(MPREMOTE, "connect", port, "resume", "fs", "cp", "-r", f"{tree}/.", ":/")


@contextmanager
def empty(directory: Path) -> Iterator[SimBoard]:
    """A board at its prompt; its directory goes with it."""
    directory.mkdir(mode=0o700)
    flash_image.write_files(directory / "flash.img", {"/board": b"sim"})
    with SimBoard(directory, flash="keep") as board:
        time.sleep(PROMPT_S)
        yield board
    shutil.rmtree(directory)


def _run(*command: str | Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    spent = time.perf_counter() - began
    assert done.returncode == 0, done.stdout + done.stderr
    return spent
