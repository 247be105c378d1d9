"""What a person sees while boards are worked on: one line per board that moves on a terminal, plain
lines elsewhere, nothing but one JSON object at the end with --json."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Final, Protocol

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from edge.errors import EdgeError
from edge.field.cli import exit_of
from edge.field.flash.look import Place

AT_ONCE: Final = 8


class Outcome(Struct, frozen=True):
    """How it ended for one board. `facts` is what --json shows besides."""

    port: str
    ok: bool
    message: str
    code: str = ""
    hint: str = ""
    facts: dict[str, Any] = {}


class Tell(Protocol):
    """What a work tells about its board."""

    def stage(self, text: str) -> None: ...
    def more(self, done: int, total: int) -> None: ...


class Plain:
    """Lines with the board's name in front; a stage is a line, bytes are not."""

    def __init__(self, name: str, lock: threading.Lock) -> None:
        self._name, self._lock = name, lock

    def stage(self, text: str) -> None:
        """A line."""
        with self._lock:
            sys.stdout.write(f"{self._name}  {text}\n")
            sys.stdout.flush()

    def more(self, done: int, total: int) -> None:
        """Not on paper."""


class Quiet:
    """For --json."""

    def stage(self, text: str) -> None:
        """Not shown."""

    def more(self, done: int, total: int) -> None:
        """Not shown."""


class Moving:
    """One line of rich's progress display."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def stage(self, text: str) -> None:
        """The line's text."""
        self._progress.update(self._task, stage=text)

    def more(self, done: int, total: int) -> None:
        """The line's bar."""
        self._progress.update(self._task, completed=done, total=total + 1)  # `end` has the last one

    def end(self, text: str) -> None:
        """The last text; the line stands still from now on."""
        self._progress.update(self._task, stage=text, completed=1, total=1)


class Show:
    """`with Show(places, as_json) as show: outcomes = show.work(do)`, then `show.finish(outcomes)`."""

    def __init__(self, places: list[Place], *, as_json: bool) -> None:
        self._places, self._json = places, as_json
        self._lock = threading.Lock()
        moving = not as_json and sys.stdout.isatty()
        self._console = Console(highlight=False, markup=False)
        self._progress = _display(self._console) if moving else None

    def __enter__(self) -> Show:
        self._open: AbstractContextManager[object] = self._progress or nullcontext()
        self._open.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, value, trace)

    def work(self, do: Callable[[Place, Tell], Outcome]) -> list[Outcome]:
        """Every board side by side; what goes wrong with one stays with that one."""
        tells = [self._tell(place.name) for place in self._places]

        def one(place: Place, tell: Tell) -> Outcome:
            try:
                outcome = do(place, tell)
            except EdgeError as error:
                outcome = Outcome(place.name, False, error.message, error.code, error.hint)
            except Exception as error:  # our mistake with one board must not hide how the others ended
                text = f"the command itself failed: {type(error).__name__}: {error}"[:200]
                outcome = Outcome(place.name, False, text, "E-SYS-01", "report this as a bug")
            if isinstance(tell, Moving):
                tell.end("done" if outcome.ok else f"FAILED {outcome.code}")
            return outcome

        with ThreadPoolExecutor(AT_ONCE) as crew:
            return list(crew.map(one, self._places, tells))

    def finish(self, outcomes: list[Outcome]) -> int:
        """The last word on each board; the exit code: 0, or that of the first board that failed."""
        failed = [one for one in outcomes if not one.ok]
        if self._json:
            told = {"ok": not failed, "boards": [_told(one) for one in outcomes]}
            sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        else:
            width = max((len(one.port) for one in outcomes), default=0)
            for one in outcomes:
                word = "done  " if one.ok else "FAILED"
                code = "" if one.ok else f" {one.code}"
                sys.stdout.write(f"{word}  {one.port:{width}}{code}  {one.message}\n")
                if one.hint:
                    sys.stdout.write(f"        {'next' if not one.ok else 'note'}: {one.hint}\n")
            if len(outcomes) > 1:
                sys.stdout.write(f"{len(outcomes) - len(failed)} of {len(outcomes)} boards done\n")
        return exit_of(failed[0].code) if failed else 0

    def _tell(self, name: str) -> Tell:
        if self._json:
            return Quiet()
        if self._progress is None:
            return Plain(name, self._lock)
        return Moving(self._progress, self._progress.add_task(name, total=1, stage="waiting"))


def _told(one: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"port": one.port, "ok": one.ok, "message": one.message}
    if not one.ok:
        told |= {"code": one.code, "exit": exit_of(one.code)}
    if one.hint:
        told["hint"] = one.hint
    return told | one.facts


def _display(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="•"), TextColumn("{task.description}"), BarColumn(20),
        TextColumn("{task.fields[stage]}"), console=console,
    )  # fmt: skip
