"""Every durable call of a process that uses the store, struck by SIGKILL, half a write, EIO, ENOSPC and a full disk."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from sim.crash.worker import DUTIES, MODES, QUIET

SAMPLE = 0.15


def killpoints(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge.field.cli", "killpoints", "--jobs", "2", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_no_strike_at_any_durable_call_loses_a_promise_or_goes_unsaid() -> None:
    """A seeded sample of what `facepay killpoints` does in full."""
    done = killpoints("--sample", str(SAMPLE), "--seed", "20261125")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(DUTIES) * (len(MODES) - 1) + 2, "a line for each duty and mode"
    points = re.fullmatch(r"points (\d+) · violations 0", lines[-1])
    assert points is not None
    assert int(points[1]) > 150


@pytest.mark.parametrize("liar", ["ack-first", "swallows"])
def test_the_sweep_sees_a_worker_that_lies(liar: str) -> None:
    """Must fail: one promises before the commit, one takes an error for a success."""
    done = killpoints("--duty", "append", "--sample", "0.1", "--weak", liar)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "violations 0" not in done.stdout.splitlines()[-1]
    assert ("lost: " if liar == "ack-first" else "the error was swallowed") in done.stdout


def test_only_named_calls_may_fail_without_a_word() -> None:
    assert {(call, end) for call, end in QUIET} == {
        ("open", ".reserve"),
        ("posix_fallocate", ".reserve"),
        ("fdatasync", "."),
    }
