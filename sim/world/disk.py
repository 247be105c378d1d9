"""A disk that counts, fails and remembers: an SQLite VFS around the real one. What a power cut would
leave of what it remembers: `sim.crash.cut`."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw
from msgspec import Struct


class Op(Struct, frozen=True):
    """One thing SQLite did to the disk. what: open write truncate sync delete, or "ack" (the
    workload's own mark)."""

    what: str
    name: str
    offset: int = 0
    data: bytes = b""
    number: int = 0


class VirtualDisk:
    """A VFS by the name `name`. `fail(what, file)` may raise an `apsw` error in front of each
    operation. With dice SQLite's own random numbers (the salts of its log) come from them."""

    def __init__(self, name: str, dice: random.Random | None = None) -> None:
        self.name = name
        self.dice = dice
        self.ops: list[Op] = []
        self.counts: Counter[tuple[str, str]] = Counter()  # (what, file name)
        self.written: Counter[str] = Counter()  # bytes per file name
        self.recording = False
        self.fail: Callable[[str, str], None] = lambda _what, _file: None
        self._vfs = _Vfs(self)
        if dice is not None:
            apsw.randomness(0)  # SQLite forgets its state and asks the default VFS, which we are

    def note(self, op: Op) -> None:
        """Called by the files in front of each operation."""
        self.fail(op.what, op.name)
        self.counts[op.what, op.name] += 1
        self.written[op.name] += len(op.data)
        if self.recording:
            self.ops.append(op)

    def ack(self, number: int) -> None:
        """The workload's promise number `number` was made here."""
        self.ops.append(Op("ack", "", number=number))

    def remove(self) -> None:
        """Forget the VFS; connections must be closed."""
        self._vfs.unregister()


class _File(apsw.VFSFile):
    def __init__(
        self, disk: VirtualDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        full = name.filename() if isinstance(name, apsw.URIFilename) else str(name or "temp")
        self._disk, self._name = disk, Path(full).name
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.note(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.note(Op("truncate", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.note(Op("sync", self._name))
        super().xSync(flags)


class _Vfs(apsw.VFS):
    def __init__(self, disk: VirtualDisk) -> None:
        self._disk = disk
        super().__init__(disk.name, "unix", makedefault=disk.dice is not None)

    def xRandomness(self, numbytes: int) -> bytes:  # noqa: N802
        dice = self._disk.dice
        return os.urandom(numbytes) if dice is None else dice.randbytes(numbytes)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802
        opened = _File(self._disk, name, flags)
        self._disk.note(Op("open", opened._name))  # noqa: SLF001
        return opened

    def xDelete(self, path: str, sync_directory: bool) -> None:  # noqa: N802
        self._disk.note(Op("delete", Path(path).name, number=int(sync_directory)))
        super().xDelete(path, sync_directory)
