"""What a process of its own holds: a program that prints its RSS at some moments, as JSON."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench.material import ROOT

MB = 1e6
LIMIT_S = 120


def numbers(program: str, *args: str) -> list[float]:
    """What the program printed last; it has nothing of this process in its memory."""
    done = subprocess.run(
        [sys.executable, "-c", program, *args], check=True, cwd=ROOT, text=True, timeout=LIMIT_S,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return [float(one) for one in json.loads(done.stdout.splitlines()[-1])]
