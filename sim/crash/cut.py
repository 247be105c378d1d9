"""What a power cut may leave of a disk.

What the model knows: writes since the last sync of a file may be kept, lost, reordered, or torn at
512-byte sectors; a file that was cut short may have its old length again; files appear and vanish
in order, and any sync makes earlier ones durable (ext4 and xfs journals), but a deletion that
nobody synced may come undone. What it does not know: devices that lie about their cache, bit rot,
stale blocks shown behind the end of a file, file systems without an ordered journal."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from sim.world.disk import Op

SECTOR = 512
KEPT, LOST, MIXED = "all kept", "all lost", "mixed"
Files = dict[str, bytes]  # file name -> content


class Inode:
    """A file's content: what a sync made safe, and what was done since."""

    __slots__ = ("_whole", "loose", "safe")

    def __init__(self, safe: bytes = b"") -> None:
        self.safe = bytearray(safe)
        self.loose: list[Op] = []
        self._whole: bytes | None = None

    def change(self, op: Op) -> None:
        """A write or truncation that nobody synced yet."""
        self.loose.append(op)

    def sync(self) -> None:
        """From here on no cut takes it back."""
        for op in self.loose:
            apply(self.safe, op)
        self.loose.clear()
        self._whole = None

    def image(self, put: Callable[[bytearray, Op], None], dice: random.Random | None) -> bytes:
        """The content after a cut; `put` decides over each loose operation."""
        if self._whole is None:
            self._whole = bytes(self.safe)
        if not self.loose:
            return self._whole
        content, loose = bytearray(self.safe), self.loose
        if dice is not None and dice.random() < 0.3:
            loose = dice.sample(loose, len(loose))
        for op in loose:
            put(content, op)
        return bytes(content)


class Platter:
    """One folder as the model sees it: feed it what was done, ask what a cut would leave."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._now = {name: Inode(content) for name, content in (files or {}).items()}
        self._safe = dict(self._now)
        self._later: list[tuple[str, Inode | None]] = []  # in order: a name is this file, or gone

    def feed(self, op: Op) -> None:
        """The next thing that was done."""
        if op.what == "open":
            if op.name not in self._now:
                self._now[op.name] = Inode()
                self._later.append((op.name, self._now[op.name]))
        elif op.what in ("write", "truncate"):
            if (inode := self._now.get(op.name)) is not None:  # deleted while open: of no interest
                inode.change(op)
        elif op.what == "sync":
            if (inode := self._now.get(op.name)) is not None:
                inode.sync()
            self._settle_names()
        elif op.what == "delete":
            self._now.pop(op.name, None)
            self._later.append((op.name, None))
            if op.number:  # the folder was synced as well
                self._settle_names()

    @property
    def quiet(self) -> bool:
        """Would every cut leave the same?"""
        return not self._later and not any(inode.loose for inode in self._now.values())

    def kept(self) -> Files:
        """Everything reached the disk in time."""
        return {name: inode.image(apply, None) for name, inode in self._now.items()}

    def lost(self) -> Files:
        """Only what was synced did."""
        return {name: inode.image(_lose, None) for name, inode in self._safe.items()}

    def mixed(self, dice: random.Random) -> Files:
        """Some of it did, some half, some in another order."""
        names = dict(self._safe)
        for name, inode in self._later[: dice.randint(0, len(self._later))]:
            _rename(names, name, inode)
        return {name: inode.image(lambda c, op: maybe(c, op, dice), dice)
                for name, inode in names.items()}  # fmt: skip

    def _settle_names(self) -> None:
        for name, inode in self._later:
            _rename(self._safe, name, inode)
        self._later.clear()


def _rename(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def apply(content: bytearray, op: Op) -> None:
    """Do it, whole."""
    if op.what == "truncate":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
        return
    end = op.offset + len(op.data)
    if end > len(content):
        content.extend(bytes(end - len(content)))
    content[op.offset : end] = op.data


def _lose(_content: bytearray, _op: Op) -> None:
    """It never reached the disk."""


def maybe(content: bytearray, op: Op, dice: random.Random) -> None:
    """Lost, whole, or only some of its sectors."""
    fate = dice.random()
    if fate < 0.5:
        return
    if fate < 0.8 or op.what != "write":
        apply(content, op)
        return
    for start, end in sectors(op.offset, len(op.data)):
        if dice.random() < 0.5:
            part = op.data[start - op.offset : end - op.offset]
            apply(content, Op("write", op.name, start, part))


def sectors(offset: int, length: int) -> list[tuple[int, int]]:
    """The pieces of a write that a device writes or does not: cut at multiples of 512."""
    cuts = [offset, *range(offset - offset % SECTOR + SECTOR, offset + length, SECTOR)]
    return list(zip(cuts, [*cuts[1:], offset + length], strict=True))
