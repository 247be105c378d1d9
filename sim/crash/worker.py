"""One life of a process that uses the product's store while `shim.c` strikes one of its calls: what
it does, what it says on a pipe, and what its parent makes of both.

Words, one a line: `ack N` the first N steps of the work are promised; `full` E-STO-03, the step is
tried again; `no room` it was full for good; `later` it could not be done now; `closing`; `dead
CODE` the store gave up and refused all that was asked afterwards; `deaf` it gave up and did not
refuse; `done` it closed. Between them the shim says `call NAME FILE` and `hit NAME FILE`."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import apsw
from msgspec import Struct

from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from edge.process import carrying
from edge.wire import carry
from sim.crash.old import to_version_1
from sim.crash.script import EPOCH, STEPS, STICK, Books, Script, Step, age, keep, stick
from sim.crash.tape import LEDGER, NOTHING_YET, judge

RESERVE_BYTES: Final = 64 * 1024
TRIES_MAX: Final = 5  # of one step on a full disk
HALTED: Final = 74  # as `edge.main` ends after E-STO-02
MODES: Final = {"count": 0, "kill": 1, "torn": 2, "eio": 3, "enospc": 4, "full": 5}
WRITES: Final = frozenset({"pwrite", "write", "writev"})
# Calls whose failure may go unsaid, and why; everything else must be said.
QUIET: Final[Mapping[tuple[str, str], str]] = {
    ("open", ".reserve"): "no reserve is held; the room that is left says so",
    ("posix_fallocate", ".reserve"): "no reserve is held; the room that is left says so",
    ("fdatasync", "."): "SQLite's own sync of the folder; the store made one before it and asked",
}

Weak = Callable[[Driver, Step, Callable[[str], None]], None]


class Duty(Struct, frozen=True):
    """`before` is done in peace, `work` under fire; both begin with opening the store. `old`: what
    lies between is a ledger of version 1."""

    before: Sequence[str]
    work: Sequence[str]
    old: bool = False
    seed: int = 1

    def script(self) -> Script:
        """Both parts."""
        return Script(self.seed, [*self.before, *self.work])


DUTIES: Final[Mapping[str, Duty]] = {
    "create": Duty((), ()),
    "append": Duty(("commit",), ("commit",) * 5),
    "answer": Duty(("commit",) * 3, ("answer",) * 3),
    "document": Duty(("commit", "document"), ("document",) * 4),
    "checkpoint": Duty(("commit", "commit"), ("checkpoint", "commit", "checkpoint")),
    "start": Duty(("commit", "answer", "document"), ("reopen", "reopen")),
    "prune": Duty(("bulk", "commit"), ("prune", "commit", "prune")),
    "age": Duty(("commit", "finish", "finish", "crowd"), ("age", "commit", "age")),
    "export": Duty(("bulk", "commit"), ("export", "commit", "export")),
    "migrate": Duty(("commit", "answer", "document"), ("commit",), old=True),
}


class Life(Struct, frozen=True):
    """What a struck process and its shim said, and how it ended (a signal is negative)."""

    words: tuple[str, ...]
    end: int

    @property
    def calls(self) -> tuple[str, ...]:
        """Every durable call: "NAME FILE"."""
        return tuple(word[5:] for word in self.words if word.startswith("call "))

    @property
    def acked(self) -> int:
        """Steps of the work that were promised; NOTHING_YET before the store was open."""
        return max((int(w[4:]) for w in self.words if w.startswith("ack ")), default=NOTHING_YET)


class Theatre:
    """One duty in one folder in memory. The process must have `shim.c` loaded."""

    def __init__(self, duty: Duty, folder: Path, weak: Weak | None = None) -> None:
        self._script, self._skip, self._weak = duty.script(), len(duty.before), weak
        self._old = duty.old
        self._before, self._home = folder / "before", folder / "home"
        self._before.mkdir()
        self._shim = ctypes.CDLL(None)
        self._prepare(folder / "prepare")

    def _prepare(self, folder: Path) -> None:
        """What the peaceful part leaves when its process ends without a word: a log that must be
        read."""
        if self._skip == 0:
            return
        folder.mkdir()
        store = self._open(folder)
        for step in self._script.steps[: self._skip]:
            _do(store, step)
        if not self._old:
            self._copy(folder)
        store.close()
        if self._old:
            db = to_version_1(folder / LEDGER)
            self._copy(folder)
            db.close()

    def _copy(self, folder: Path) -> None:
        for file in folder.iterdir():
            shutil.copy(file, self._before)

    def _open(self, folder: Path) -> Driver:
        made = Driver(
            folder / LEDGER, self._script.locker(), reserve_bytes=RESERVE_BYTES, new_epoch=EPOCH
        )
        made.restore(keep, age)
        return made

    def live(self, mode: str, at: int) -> Life:
        """A process that works through the duty, struck at call `at` (from 1)."""
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._before, self._home)
        stick(self._home).mkdir(exist_ok=True)  # it was plugged in before anything is struck
        begin, end = os.pipe()
        child = os.fork()
        if child == 0:
            self._child(mode, at, end)
        os.close(end)
        with os.fdopen(begin, "rb") as pipe:
            said = pipe.read().decode().splitlines()
        _, status = os.waitpid(child, 0)
        return Life(tuple(said), os.waitstatus_to_exitcode(status))

    def judge(self, mode: str, at: int) -> str:
        """Strike call `at` and look at everything; "" when all is as promised."""
        life = self.live(mode, at)
        end = {"kill": -signal.SIGKILL, "torn": -signal.SIGKILL}.get(mode)
        if end is not None and life.end != end:
            return f"the process did not die but ended with {life.end}"
        if end is None and (wrong := self._unsaid(mode, life)):
            return wrong
        done = life.acked + self._skip if life.acked != NOTHING_YET else self._skip or NOTHING_YET
        return judge(self._home, self._script, done) or self._stick(life, done)

    def _stick(self, life: Life, done: int) -> str:
        """What is on the stick is whole, what was said to be there is there, and the same export
        made once more (by whoever tries again) is whole as well."""
        what, steps = stick(self._home), self._script.steps
        told = [n for n in range(self._skip, max(done, 0)) if steps[n].what == "export"]
        refused = sum(word.startswith("said E-EXP-") for word in life.words)
        if wrong := _unlike(what, [self._script.books[n] for n in told], refused):
            return wrong
        if not any(step.what == "export" for step in steps):
            return ""
        store = self._open(self._home)
        try:
            _do(store, Step("export"))
        finally:
            store.close()
        left = self._script.books[max(done, 0) : max(done, 0) + 2]
        again = [_unlike(what, [books], 0) for books in left]
        return "" if "" in again else f"made once more: {again[0]}"

    def _unsaid(self, mode: str, life: Life) -> str:
        """What the process kept to itself."""
        last = life.words[-1] if life.words else ""
        if (life.end, last) in ((HALTED, "dead E-STO-02"), (HALTED, "no room")):
            return ""
        if life.end != 0 or last != "done":
            return f"ended with {life.end} and {last!r}"
        loud = _loud(life.words)
        if mode == "eio":
            return "the error was swallowed" if loud else ""
        said = {"full", "later", f"call unlink {LEDGER}.reserve"} & set(life.words)
        # At the end of a life the log may simply stay: it is read at the next start.
        return "" if said or all(closing for _, closing in loud) else "never said full"

    # -- in the child ------------------------------------------------------------------------------
    def _child(self, mode: str, at: int, pipe: int) -> None:
        end = 1
        try:
            self._shim.crash_arm(os.fsencode(self._home), MODES[mode], ctypes.c_long(at), pipe)
            end = self._work(lambda word: _say(pipe, word))
        except BaseException as error:  # nothing may unwind into the parent's stack
            _say(pipe, f"broken {type(error).__name__} {error}")
        finally:
            os._exit(end)

    def _work(self, say: Callable[[str], None]) -> int:
        store: Driver | None = None
        steps = [Step("reopen"), *self._script.steps[self._skip :], Step("close")]
        try:
            for number, step in enumerate(steps):
                for _ in range(TRIES_MAX):
                    try:
                        store = self._step(store, step, say)
                        break
                    except EdgeError as error:
                        if error.code != "E-STO-03":
                            raise
                        say("full")
                else:
                    say("no room")
                    return HALTED
                if step.what != "close":
                    say(f"ack {number}")
        except EdgeError as error:
            say(f"dead {error.code}" if store is None or _refuses(store) else "deaf")
            return HALTED
        say("done")
        return 0

    def _step(self, store: Driver | None, step: Step, say: Callable[[str], None]) -> Driver:
        if step.what == "reopen":
            if store is not None:
                say("closing")
                store.close()
            return self._open(self._home)
        assert store is not None
        if step.what == "close":
            say("closing")
            store.close()
        elif self._weak is not None:
            self._weak(store, step, say)
        else:
            try:
                if not _do(store, step):
                    say("later")
            except EdgeError as error:
                if not error.code.startswith("E-EXP-"):
                    raise
                say(f"said {error.code}")  # to whoever wanted the export; the store goes on
        return store


def _do(store: Driver, step: Step) -> bool:
    do = STEPS[step.what].do
    assert do is not None, step.what
    return do(store, step)


def _loud(words: Sequence[str]) -> list[tuple[str, bool]]:
    """The failed calls that must be spoken of, and whether the store was closing then."""
    loud: list[tuple[str, bool]] = []
    closing = False
    for word in words:
        if word.startswith("said "):
            loud = [one for one in loud if f" {STICK}" not in one[0]]
        if word == "closing" or word.startswith("ack "):
            closing = word == "closing"
        name, _, file = word.removeprefix("hit ").partition(" ")
        if word.startswith("hit ") and not any(
            name == quiet and file.endswith(end) for quiet, end in QUIET
        ):
            loud.append((word, closing))
    return loud


def _unlike(folder: Path, wanted: Sequence[Books], refused: int) -> str:
    """What is wrong with the exports in a folder: each is whole, and of those that are `wanted` all
    but so many are there, record by record."""
    found = []
    for path in sorted(folder.glob(f"*{carrying.MANIFEST_SUFFIX}")):
        try:
            manifest = carry.peek(path.read_bytes())
            records = [one for _, part in carrying.parts_of(path, manifest) for one in part]
        except EdgeError as error:
            return f"half an export: {path.name}, {error.code}"
        found.append((manifest.first, records))
    missing = [
        books
        for books in wanted
        if (books.base + 1, [books.records[n] for n in range(books.base + 1, books.head.seq + 1)])
        not in found
    ]
    return f"{len(missing)} exports are not there" if len(missing) > refused else ""


def _refuses(store: Driver) -> bool:
    """A store that failed once does nothing any more."""
    for use in (lambda: store.commit(Batch()), store.restore, store.checkpoint_wal):
        try:
            use()
        except EdgeError as error:
            if error.code == "E-STO-02":
                continue
        return False
    return True


def _say(pipe: int, word: str) -> None:
    os.write(pipe, f"{word}\n".encode())


# -- workers that lie: the sweep must find them ----------------------------------------------------
def _ack_first(store: Driver, step: Step, say: Callable[[str], None]) -> None:
    """Promises before it is done."""
    say("ack 5")
    _do(store, step)


def _swallows(store: Driver, step: Step, _say: Callable[[str], None]) -> None:
    """Takes an error of the disk for a success."""
    try:
        _do(store, step)
    except (EdgeError, apsw.Error):
        return


WEAK: Final[Mapping[str, Weak]] = {"ack-first": _ack_first, "swallows": _swallows}
