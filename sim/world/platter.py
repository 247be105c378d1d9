"""The terminal's disk: an SQLite VFS that forgets at a power cut what was not synced, fills up,
fails, and is slow.

A write since the last sync of its file may be kept, lost, or torn at a sector when the power goes.
A failed sync is the nasty one: the page cache shows what was written as if it were safe, later
syncs succeed, and a power cut takes it all the same (fsyncgate). Deleted files are gone at once."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
from msgspec import Struct

SECTOR = 512
ROOMY = 1 << 40


class Write(Struct, frozen=True):
    """A write (or with `data` None a truncation to `offset`) that may not be on the disk yet."""

    offset: int
    data: bytes | None


class Kept:
    """One file: what would survive a power cut, and the writes since."""

    def __init__(self, safe: bytes) -> None:
        self.safe = bytearray(safe)
        self.loose: list[Write] = []
        self.size = len(safe)


class Platter:
    """One disk. `gone`: the power is off, nothing can be done to it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gone = False
        self.free_bytes = ROOMY
        self.latency_ms = 0
        self.cut_after: int | None = None  # operations until the power is gone
        self.fail_after: int | None = None  # operations of `fail_what` until one fails
        self.fail_what = "sync"
        self.failed = 0  # how many operations failed
        self._files: dict[Path, Kept] = {}
        self._vfs = _Vfs(self)

    def remove(self) -> None:
        """Forget the VFS; connections must be closed."""
        self._vfs.unregister()

    def heal(self) -> None:
        """Nothing that was armed happens any more; there is room, and it is fast."""
        self.free_bytes, self.latency_ms = ROOMY, 0
        self.cut_after = self.fail_after = None

    def power_on(self, dice: random.Random) -> None:
        """After a power cut: the files are what was safe and, by the dice, some of what was not."""
        fate = dice.choice(("lost", "kept", "mixed"))
        for path, kept in self._files.items():
            for write in kept.loose:
                if fate == "kept" or (fate == "mixed" and dice.random() < 0.5):
                    apply(kept.safe, write if dice.random() < 0.8 else _torn(write, dice))
            path.write_bytes(kept.safe)
        self._files.clear()
        self.gone, self.cut_after, self.fail_after = False, None, None

    # -- what the VFS tells ------------------------------------------------------------------------
    def file(self, path: Path) -> Kept:
        """The file as the disk has it; what was there before is safe."""
        if path not in self._files:
            self._files[path] = Kept(path.read_bytes() if path.exists() else b"")
        return self._files[path]

    def deleted(self, path: Path) -> None:
        """The name is gone."""
        self._files.pop(path, None)

    def touch(self, what: str) -> None:
        """In front of each operation that changes something; apsw.IOError when it cannot be."""
        if self.cut_after is not None:
            self.cut_after -= 1
            self.gone = self.gone or self.cut_after < 0
        if self.gone:
            raise apsw.IOError("the power is off")
        if self.fail_after is not None and what == self.fail_what:
            self.fail_after -= 1
            if self.fail_after < 0:
                self.fail_after = None
                self.failed += 1
                raise apsw.IOError("injected")

    def grow(self, kept: Kept, end: int) -> None:
        """apsw.FullError when there is no room for the file to become so long."""
        more = end - kept.size
        if more > 0:
            if more > self.free_bytes:
                raise apsw.FullError("injected")
            self.free_bytes -= more
            kept.size = end


class Room:
    """The reserve on this disk, as `edge.drivers.store.reserve.Reserve` would hold it."""

    def __init__(self, platter: Platter, size: int) -> None:
        self._platter, self._size = platter, size
        self.held = False
        self.hold()

    def hold(self) -> bool:
        """Take the reserve when there is twice as much left."""
        if not self.held and self._platter.free_bytes >= 2 * self._size:
            self._platter.free_bytes -= self._size
            self.held = True
        return self.held

    def release(self) -> None:
        """Give the space to whoever writes next."""
        if self.held:
            self._platter.free_bytes += self._size
            self.held = False

    def room_bytes(self) -> int:
        """What the disk has beyond the reserve."""
        return self._platter.free_bytes - (0 if self.held else self._size)


class _File(apsw.VFSFile):
    def __init__(
        self, platter: Platter, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        if platter.gone:
            raise apsw.CantOpenError("the power is off")
        self._platter, self._kept = platter, platter.file(self._path)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._platter.touch("write")
        self._platter.grow(self._kept, offset + len(data))
        self._kept.loose.append(Write(offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._platter.touch("write")
        self._kept.loose.append(Write(size, None))
        self._kept.size = min(self._kept.size, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        try:
            self._platter.touch("sync")
        except apsw.IOError:
            if not self._platter.gone:  # reported once, marked clean, and nowhere
                self._kept.loose.clear()
            raise
        for write in self._kept.loose:
            apply(self._kept.safe, write)
        self._kept.loose.clear()
        # The real sync is left out: this disk's promise is kept in `safe`


class _Vfs(apsw.VFS):
    def __init__(self, platter: Platter) -> None:
        self._platter = platter
        super().__init__(platter.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802
        return _File(self._platter, name, flags)

    def xDelete(self, path: str, sync_directory: bool) -> None:  # noqa: N802
        self._platter.touch("delete")
        super().xDelete(path, sync_directory)
        self._platter.deleted(Path(path))


def apply(content: bytearray, write: Write) -> None:
    """Do the write."""
    if write.data is None:
        del content[write.offset :]
        return
    end = write.offset + len(write.data)
    content.extend(bytes(max(0, end - len(content))))
    content[write.offset : end] = write.data


def _torn(write: Write, dice: random.Random) -> Write:
    if write.data is None or len(write.data) <= SECTOR:
        return write
    return Write(write.offset, write.data[: SECTOR * dice.randint(1, len(write.data) // SECTOR)])
