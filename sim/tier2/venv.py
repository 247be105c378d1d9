"""The emulator's own Python environment, from a lock with hashes; made anew only when the lock changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from edge.errors import EdgeError
from sim.tier2 import HOME, VENV

LOCK = Path(__file__).with_name("requirements.lock")
STAMP = VENV / "facepay-stamp"
TIMEOUT_S = 900


def made() -> bool:
    """Whether it is there and of this lock."""
    return STAMP.exists() and STAMP.read_text() == _wanted()


def make() -> None:
    """Through pip as it is configured here; E-SIM-03 with its words when that fails."""
    if made():
        return
    HOME.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        [
            str(VENV / "bin" / "python"), "-m", "pip", "install", "-q", "--require-hashes",
            "--disable-pip-version-check", "-r", str(LOCK),
        ],
    ):  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
        if done.returncode:
            raise EdgeError("E-SIM-03", f"no emulator: {done.stderr.strip()}", "see pip's words above")
    STAMP.write_text(_wanted())


def _wanted() -> str:
    python = ".".join(map(str, sys.version_info[:2]))
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:32]}-{python}"
