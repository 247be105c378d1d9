"""Plays a script on the product's store over a recording disk, power cuts in the middle of work
included; the tape is all that reached the disk, in order, and where each promise was made."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import apsw
from msgspec import Struct

from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from sim.crash.cut import Files, Platter
from sim.crash.old import to_version_1
from sim.crash.script import EPOCH, STEPS, Books, Script, age, difference, keep, read
from sim.world.disk import Op, VirtualDisk

LEDGER: Final = "ledger.db"
NOTHING_YET: Final = -1  # not even the opening of the store was acknowledged
_DIES_WITHIN_OPS: Final = 40


class Segment(Struct):
    """From one start of the machine to the next: what the disk held, and what was done to it."""

    start: Files
    ops: list[Op]


class Tape(Struct):
    """`broken`: what a power cut inside the script itself already showed, "" when nothing."""

    script: Script
    segments: list[Segment]
    broken: str = ""


def record(script: Script, folder: Path, pragmas: Mapping[str, str] | None = None) -> Tape:
    """Play it in `folder` (empty). `pragmas` are set at each opening: so a weaker store is made."""
    dice = random.Random(f"tape {script.seed}")
    disk = VirtualDisk(f"tape-{script.seed}", dice)
    try:
        player = _Player(script, folder, disk, dice, pragmas or {})
        player.play()
        return player.tape
    finally:
        disk.remove()


class _Player:
    def __init__(
        self,
        script: Script,
        folder: Path,
        disk: VirtualDisk,
        dice: random.Random,
        pragmas: Mapping[str, str],
    ) -> None:
        self._script, self._folder, self._disk = script, folder, disk
        self._dice, self._pragmas = dice, pragmas
        self._locker = script.locker()
        self._store: Driver | None = None
        self._left: int | None = None  # operations until the power goes; None: it stays
        self.tape = Tape(script, [])
        disk.fail = self._power
        disk.recording = True

    def play(self) -> None:
        self._segment({})
        self._open()
        self._disk.ack(0)
        done = 0
        while done < len(self._script.steps) and not self.tape.broken:
            try:
                self._do(done)
                done += 1
            except EdgeError:
                if self._left is None or self._left >= 0:
                    raise  # the power was on: an error of its own
                done = self._power_cut(done)
            self._disk.ack(done)
        self._disk.recording = False
        if self._store is not None:
            self._disk.fail = lambda _what, _file: None
            self._store.close()

    def _do(self, number: int) -> None:
        step = self._script.steps[number]
        if step.what == "cut":
            self._left = self._dice.randint(1, _DIES_WITHIN_OPS)
        elif step.what in ("reopen", "upgrade"):
            assert self._store is not None
            self._store.close()
            if step.what == "upgrade":
                with _the_power_is_ours():
                    to_version_1(self._folder / LEDGER, self._disk.name).close()
            self._open()
        else:
            do = STEPS[step.what].do
            assert do is not None, step.what
            assert self._store is not None
            do(self._store, step)

    def _power(self, _what: str, _file: str) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise apsw.IOError("the power is gone")

    def _power_cut(self, done: int) -> int:
        """What the cut left becomes the disk; gives the number of steps that it holds."""
        assert self._store is not None
        with contextlib.suppress(apsw.Error, EdgeError):  # the dying machine's business
            self._store.close()
        platter = Platter(self.tape.segments[-1].start)
        for op in self.tape.segments[-1].ops:
            platter.feed(op)
        files = platter.mixed(self._dice)
        write_image(self._folder, files)
        self._left = None
        self._segment(files)
        try:
            self._open()
            books = read(self._store)
            self._store.restore(keep, age)
        except EdgeError as error:
            self._store, self.tape.broken = None, f"after a power cut: {error.code}"
            return done
        if not difference(books, self._script.books[done]):
            return done
        if not (wrong := difference(books, self._script.books[done + 1])):
            return done + 1
        self.tape.broken = f"after a power cut: {wrong}"
        return done

    def _open(self) -> None:
        self._store = Driver(
            self._folder / LEDGER,
            self._locker,
            reserve_bytes=0,
            new_epoch=EPOCH,
            vfs=self._disk.name,
        )
        self._store.restore(keep, age)
        for name, value in self._pragmas.items():
            self._store._db.pragma(name, value)  # noqa: SLF001 (the product has no such knob)

    def _segment(self, files: Files) -> None:
        self._disk.ops = []
        self.tape.segments.append(Segment(files, self._disk.ops))


@contextlib.contextmanager
def _the_power_is_ours() -> Iterator[None]:
    """What SQLite says to us without the store between."""
    try:
        yield
    except apsw.Error as error:
        raise EdgeError("E-STO-02", str(error)) from error


def write_image(folder: Path, files: Files) -> None:
    """Make it the folder's content."""
    for old in folder.iterdir():
        if old.is_file() and old.name not in files:
            old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def judge(folder: Path, script: Script, acked: int) -> str:
    """What is wrong with the ledger in `folder` when the first `acked` steps had been acknowledged;
    "" when it holds exactly them, or one step more."""
    allowed = script.books[max(acked, 0) : max(acked, 0) + 2]
    try:
        store = Driver(
            folder / LEDGER, script.locker(), reserve_bytes=0, new_epoch=EPOCH, vfs="unix"
        )
    except EdgeError as error:
        return f"damaged: does not open, {error.code}"
    try:
        books = read(store)
    except EdgeError as error:
        return f"damaged: does not restore, {error.code}"
    finally:
        store._db.close(force=True)  # noqa: SLF001 (no checkpoint: the next image comes)
    wrong = [difference(books, one) for one in allowed]
    return "" if "" in wrong else _verdict(books, script, acked, wrong[0])


def _verdict(books: Books, script: Script, acked: int, wrong: str) -> str:
    for earlier in range(acked):
        if not difference(books, script.books[earlier]):
            return f"lost: holds {earlier} of {acked} acknowledged steps"
    return f"damaged: {wrong} is as it never was"
