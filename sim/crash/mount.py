"""The forgetting file system of `sim.crash.lossy` as a process, mounted and cut from its power by
tests."""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

MOUNT_WAIT_S: Final = 20.0
POWER: Final = ".power"


class LossyMount:
    """The file system as a process. A context manager."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder, self._seed = folder, seed
        self.cuts = 0

    def __enter__(self) -> LossyMount:
        self.folder.mkdir(exist_ok=True)
        arguments = [str(self.folder), "--seed", str(self._seed)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim.crash.lossy", *arguments],
            cwd=Path(__file__).resolve().parents[2],
        )
        give_up = time.monotonic() + MOUNT_WAIT_S
        while not os.path.ismount(self.folder):
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{self.folder} cannot be mounted")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["fusermount3", "-uz", str(self.folder)], check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def cut(self) -> None:
        """The power goes. Whoever wrote here must be dead."""
        (self.folder / POWER).write_bytes(b"cut")
        self.cuts += 1


def missing() -> str:
    """Why there can be no such file system here; "" when there can."""
    if not Path("/dev/fuse").exists():
        return "NOT TESTED: no /dev/fuse on this machine, so no whole agent lost its power"
    if ctypes.util.find_library("fuse3") is None:
        return "NOT TESTED: no libfuse3 on this machine (sim/setup tests installs it)"
    return ""
