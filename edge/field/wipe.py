"""Wiping a terminal: the keys first, then the ledger, each step one that may be the last: run again,
it goes on. `guard` has said before that nothing is lost by it, and holds the ledger meanwhile: without
keys no agent begins a new one beside us."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.config import Config
from edge.durable import sync_folder
from edge.errors import EdgeError

SIDE_FILES: Final = ("-wal", "-shm", "-journal", ".reserve")
KEY_BYTES_MAX: Final = 64 * 1024


def everything(config: Config) -> Iterator[Path]:
    """Wipe; gives each file that is gone. The write-ahead log goes before its database, or the next
    ledger in this place would take it for its own. E-EXP-01 when a file cannot be removed."""
    store = Path(config.store.path)
    keys = Path(config.keys.directory)
    try:
        if keys.is_dir():
            for path in sorted(keys.iterdir()):
                _overwrite(path)
                yield from _remove(path)
            keys.rmdir()
            sync_folder(keys.parent)
        for side in SIDE_FILES:
            yield from _remove(store.with_name(store.name + side))
        yield from _remove(store)
    except OSError as error:
        raise EdgeError(
            "E-EXP-01", f"{error.filename} cannot be removed: {error.strerror}", "run it as root"
        ) from error


def _remove(path: Path) -> Iterator[Path]:
    if not path.is_file():
        return
    path.unlink()
    sync_folder(path.parent)
    yield path


def _overwrite(path: Path) -> None:
    """Random bytes over a key. Flash may keep the old cells: a key that matters lives in hardware."""
    if path.is_symlink() or not path.is_file():
        return
    size = min(path.stat().st_size, KEY_BYTES_MAX)
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(size))
        file.flush()
        os.fsync(file.fileno())
