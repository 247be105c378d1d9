"""The disk under the ledger: how long a small write takes to be safe, and how much room there is. Every
visit waits for such writes."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from edge.field.checks import FAIL, OK, WARN, Ask, Finding

NAME, AT = "disk", 40
WRITES = 100
BYTES = 4096
P99_WARN_MS = 100.0
P99_FAIL_MS = 1_000.0
LONGEST_S = 20.0


def check(ask: Ask) -> list[Finding]:
    """fsync of 4 KiB, a hundred times or for twenty seconds, in the ledger's own folder."""
    assert ask.config is not None
    folder = Path(ask.config.store.path).parent
    while not folder.exists():
        folder = folder.parent
    times = sorted(fsync_ms(folder))
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    text = f"fsync p50 {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms over {len(times)} writes in {folder}"
    fix = "a worn card, or one that is busy: use an industrial card or an SSD"
    state = FAIL if p99 > P99_FAIL_MS else WARN if p99 > P99_WARN_MS else OK
    found = [Finding(NAME, state, text, "", fix if state != OK else "")]
    free, reserve = shutil.disk_usage(folder).free, ask.config.store.reserve_mib * 1024 * 1024
    if free < reserve:
        text = f"{free // 1_048_576} MiB free, below the reserve of {ask.config.store.reserve_mib} MiB"
        found.append(Finding(NAME, FAIL, text, "E-STO-03", "free the disk: no new visit starts"))
    elif free < 4 * reserve:
        found.append(Finding(NAME, WARN, f"{free // 1_048_576} MiB free", "", "free the disk soon"))
    return found


def fsync_ms(folder: Path) -> list[float]:
    """Milliseconds of each write until it is safe."""
    times: list[float] = []
    began = time.monotonic()
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(WRITES):
            start = time.monotonic()
            file.write(bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
            times.append((time.monotonic() - start) * 1000)
            if time.monotonic() - began > LONGEST_S:
                break
    return times
