"""What a life before us believed to be on the disk is put there once more.

A sync that fails says so once; the pages it did not write count as clean from then on, are read back
as if they were safe, and later syncs succeed (fsyncgate). The process that saw it has ended; the one
that starts must not build on the log it reads. Writing the same bytes again makes them dirty again,
and the sync behind it means what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

CHUNK_BYTES: Final = 64 * 1024  # SQLite writes at most 128 KiB at once


def write_log_again(log: str, vfs: str) -> None:
    """Write the whole log in place and sync it. Only while we hold the ledger's lock. apsw.Error."""
    size = Path(log).stat().st_size if Path(log).exists() else 0
    if not size:
        return
    file = apsw.VFSFile(vfs, log, [apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        for offset in range(0, size, CHUNK_BYTES):
            file.xWrite(file.xRead(min(CHUNK_BYTES, size - offset), offset), offset)
        file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        file.xClose()
