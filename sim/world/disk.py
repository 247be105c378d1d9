"""A disk that counts, fails and forgets: an SQLite VFS around the real one, and the images a power
cut could leave.

What the model knows: writes since the last sync of a file may be kept, lost, reordered or torn at
512-byte sectors; files appear and vanish in order and any sync makes earlier ones durable (ext4 and
xfs journals). What it does not know: devices that lie about their cache, bit rot."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
from msgspec import Struct

SECTOR = 512
KEPT, LOST, MIXED = "all kept", "all lost", "mixed"


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
    operation."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ops: list[Op] = []
        self.counts: Counter[tuple[str, str]] = Counter()  # (what, file name)
        self.written: Counter[str] = Counter()  # bytes per file name
        self.recording = False
        self.fail: Callable[[str, str], None] = lambda _what, _file: None
        self._vfs = _Vfs(self)

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
        super().__init__("", name, flags)

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
        super().__init__(disk.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802
        opened = _File(self._disk, name, flags)
        self._disk.note(Op("open", opened._name))  # noqa: SLF001
        return opened

    def xDelete(self, path: str, sync_directory: bool) -> None:  # noqa: N802
        self._disk.note(Op("delete", Path(path).name, number=int(sync_directory)))
        super().xDelete(path, sync_directory)


# -- power cuts -----------------------------------------------------------------------------------
class _Inode:
    """A file's content: what a sync made safe, and the writes since."""

    def __init__(self) -> None:
        self.safe = bytearray()
        self.loose: list[Op] = []

    def sync(self) -> None:
        for op in self.loose:
            _apply(self.safe, op)
        self.loose.clear()


def images(
    ops: list[Op], dice: random.Random, mixed: int
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """What the disk may hold after a power cut behind `ops`: file name -> content, with the kind of
    image."""
    inodes, names, safe_names = _replay(ops)
    yield KEPT, _image(inodes, names, len(names), _apply)
    yield LOST, _image(inodes, names, safe_names, lambda _content, _op: None)
    for _ in range(mixed):
        kept_names = dice.randint(safe_names, len(names))
        yield (
            MIXED,
            _image(inodes, names, kept_names, lambda content, op: _maybe(content, op, dice), dice),
        )


_Names = list[tuple[str, int | None]]  # in order: a name now means this inode, or (None) is gone


def _replay(ops: list[Op]) -> tuple[list[_Inode], _Names, int]:
    inodes: list[_Inode] = []
    current: dict[str, int] = {}
    names: _Names = []
    safe_names = 0
    for op in ops:
        if op.what == "open" and op.name not in current:
            current[op.name] = len(inodes)
            names.append((op.name, len(inodes)))
            inodes.append(_Inode())
        elif op.what in ("write", "truncate") and op.name in current:
            inodes[current[op.name]].loose.append(op)
        elif op.what == "sync":
            inodes[current[op.name]].sync()
            safe_names = len(names)
        elif op.what == "delete":
            current.pop(op.name, None)
            names.append((op.name, None))
            safe_names = len(names) if op.number else safe_names
    return inodes, names, safe_names


def _image(
    inodes: list[_Inode],
    names: _Names,
    kept_names: int,
    put: Callable[[bytearray, Op], None],
    dice: random.Random | None = None,
) -> dict[str, bytes]:
    found: dict[str, int] = {}
    for name, inode in names[:kept_names]:
        if inode is None:
            found.pop(name, None)
        else:
            found[name] = inode
    disk: dict[str, bytes] = {}
    for name, inode in found.items():
        content = bytearray(inodes[inode].safe)
        loose = list(inodes[inode].loose)
        if dice is not None and dice.random() < 0.3:
            dice.shuffle(loose)
        for op in loose:
            put(content, op)
        disk[name] = bytes(content)
    return disk


def _maybe(content: bytearray, op: Op, dice: random.Random) -> None:
    """Lost, whole, or only some of its sectors."""
    fate = dice.random()
    if fate < 0.5:
        return
    if fate < 0.8 or op.what != "write":
        _apply(content, op)
        return
    for start in range(0, len(op.data), SECTOR):
        if dice.random() < 0.5:
            _apply(
                content, Op("write", op.name, op.offset + start, op.data[start : start + SECTOR])
            )


def _apply(content: bytearray, op: Op) -> None:
    if op.what == "truncate":
        del content[op.offset :]
        return
    end = op.offset + len(op.data)
    content.extend(bytes(max(0, end - len(content))))
    content[op.offset : end] = op.data


def write_image(folder: Path, disk: dict[str, bytes]) -> None:
    """Put an image into an empty folder (shared-memory files are rebuilt at the next open and left
    out)."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in disk.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(content)
