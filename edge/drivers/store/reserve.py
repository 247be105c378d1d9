"""Disk space that belongs to the ledger alone: given up only so that answers and settlements still
fit on a full disk."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 16 * 1024 * 1024


class Reserve:
    """A file of real blocks beside the ledger. Bytes; OS errors mean "not held", never an
    exception."""

    def __init__(self, ledger: Path, size: int) -> None:
        assert size >= 0, size
        self._path = ledger.with_name(ledger.name + ".reserve")
        self._folder = ledger.parent
        self._size = size

    @property
    def held(self) -> bool:
        try:
            return self._path.stat().st_size == self._size
        except OSError:
            return False

    def hold(self) -> bool:
        """Take the reserve when the disk has at least twice as much left; gives whether it is
        held."""
        if self.held:
            return True
        if self._size == 0 or self._free() < 2 * self._size:
            return self._size == 0
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the space to whoever writes next: us, in the commit that just found no room."""
        self._path.unlink(missing_ok=True)

    def room_bytes(self) -> int:
        """What the disk has beyond the reserve; negative while the reserve is being used up."""
        return self._free() - (0 if self.held else self._size)

    def _free(self) -> int:
        state = os.statvfs(self._folder)
        return state.f_bavail * state.f_frsize
