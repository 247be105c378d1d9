"""A scenario file, decoded strictly: what is not known is an error with its line and the nearest
name that is. Step kinds are the files of `sim/scenes/steps`, found by listing."""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from edge.errors import EdgeError
from sim.scenes import steps

HOME: Final = Path(__file__).resolve().parents[1] / "scenarios"  # those that come with facepay
BYTES_MAX = 64 * 1024
STEPS_MAX = 200
PROBLEMS_MAX = 20
OVERLAY_BYTES_MAX = 16 * 1024
AREAS: Final = ("duties", "link", "board", "flash", "simulator")
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
BoardFile = Annotated[str, Meta(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)*(\.[a-z]{2,4})?$", max_length=64)]


class Patch(Struct, frozen=True, forbid_unknown_fields=True):
    """A firmware with a fault in it: in the one place where `old` stands, `new`."""

    old: Annotated[str, Meta(min_length=4, max_length=1000)]
    new: Annotated[str, Meta(max_length=1000)]


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands above the steps. `overlay`: files that are flashed over the firmware, by their
    path on the board; `realtime`: other programs take part, so the clock is the wall's; `patch`:
    changes of the firmware. `should_fail`: a step must fail, and what is said then holds this text."""

    title: Name
    area: str
    seed: Seed = 1
    limit_s: Annotated[int, Meta(ge=1, le=7200)] = 60
    realtime: bool = False
    should_fail: Annotated[str, Meta(max_length=200)] = ""
    patch: Annotated[list[Patch], Meta(max_length=8)] = []
    overlay: dict[BoardFile, Annotated[str, Meta(max_length=OVERLAY_BYTES_MAX)]] = {}


class Planned(Struct, frozen=True):
    """A step as it stands in the file: the line of its heading, its kind, its typed fields and how
    it reads in a line of text."""

    line: int
    kind: str
    fields: Any
    text: str


class Scenario(Struct, frozen=True):
    """One file. `source` is its text as it was played."""

    name: str
    path: str
    head: Head
    steps: tuple[Planned, ...]
    source: str


@cache
def kinds() -> Mapping[str, ModuleType]:
    """Step kind -> its module, which has `Step` (a struct) and `play(step, stage)`."""
    return MappingProxyType({
        info.name.replace("_", "-"): importlib.import_module(f"{steps.__name__}.{info.name}")
        for info in pkgutil.iter_modules(steps.__path__)
    })  # fmt: skip


def load(path: Path) -> Scenario:
    """The scenario of a file. E-SCN-01 what is no TOML of at most 64 kB, E-SCN-02 an unknown name,
    E-SCN-03 a value that does not fit; all problems of the file are in one message."""
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise EdgeError(
            "E-SCN-01", f"{path} cannot be read: {error.strerror}", "facepay sim run --list"
        ) from error
    return parse(raw, path.stem, str(path))


def parse(raw: bytes, name: str, path: str) -> Scenario:
    """As `load`, of bytes."""
    if len(raw) > BYTES_MAX:
        raise EdgeError("E-SCN-01", f"{path} is longer than {BYTES_MAX} bytes", "split it")
    try:
        text = raw.decode("utf-8")
        tree = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise EdgeError("E-SCN-01", f"{path} is not TOML: {error}", "see edge/docs/SCENARIOS.md") from error
    return _Reader(name, path, text).read(tree)


class _Reader:
    """One pass over one file; every problem is kept, and said together at the end."""

    def __init__(self, name: str, path: str, text: str) -> None:
        self._name, self._path, self._text = name, path, text
        self._head_lines, self._step_lines = _positions(text)
        self._problems: list[tuple[int, str, str]] = []  # line, code, text

    def read(self, tree: dict[str, Any]) -> Scenario:
        given = tree.pop("step", [])
        head = self._convert(tree, Head, self._head_lines, 1)
        if head is not None and head.area not in AREAS:
            known = ", ".join(AREAS)
            line = self._head_lines.get("area", 1)
            self._add(line, "E-SCN-03", f"area {head.area!r} is none of {known}")
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            self._add(1, "E-SCN-03", "steps are written as [[step]]")
            given = []
        elif not 1 <= len(given) <= STEPS_MAX:
            self._add(1, "E-SCN-03", f"{len(given)} steps; 1 to {STEPS_MAX} are taken")
            given = given[:STEPS_MAX]
        planned = [self._step(number, one) for number, one in enumerate(given)]
        self._clock(head, planned)
        if self._problems:
            self._refuse()
        assert head is not None
        done = tuple(one for one in planned if one is not None)
        return Scenario(self._name, self._path, head, done, self._text)

    def _clock(self, head: Head | None, planned: list[Planned | None]) -> None:
        """Steps with another program in them (REALTIME of their module) need the wall's clock."""
        if head is None or head.realtime:
            return
        for one in planned:
            if one is not None and getattr(kinds()[one.kind], "REALTIME", False):
                self._add(one.line, "E-SCN-03", f"{one.kind} needs realtime = true above the steps")

    def _step(self, number: int, given: dict[str, Any]) -> Planned | None:
        lines = self._step_lines[number] if number < len(self._step_lines) else {}
        line = lines.get("", 1)
        kind = given.pop("do", None)
        if kind is None:
            self._add(line, "E-SCN-03", "a step needs `do`")
            return None
        module = kinds().get(str(kind))
        if module is None:
            hint = near(str(kind), tuple(kinds()))
            self._add(lines.get("do", line), "E-SCN-02", f"there is no step {kind!r}{hint}")
            return None
        text = " ".join([str(kind), *(f"{k}={short(v)}" for k, v in given.items())])
        fields = self._convert(given, module.Step, lines, line)
        return None if fields is None else Planned(line, str(kind), fields, text)

    def _convert(self, given: dict[str, Any], kind: Any, lines: dict[str, int], line: int) -> Any:
        """The typed struct, or None and what is wrong among the problems."""
        known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        good = True
        for key in given:
            if key not in known:
                text = f"unknown key {key!r}{near(key, tuple(known))}"
                self._add(lines.get(key, line), "E-SCN-02", text)
                good = False
        missing = [key for key, field in known.items() if field.required and key not in given]
        if missing and good:
            self._add(line, "E-SCN-03", f"needs {', '.join(missing)}")
            good = False
        if not good:
            return None
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            found = re.search(r"`\$\.([a-z_]+)", str(error))
            at = lines.get(found.group(1), line) if found else line
            self._add(at, "E-SCN-03", str(error).replace("`$.", "`"))
            return None

    def _add(self, line: int, code: str, text: str) -> None:
        self._problems.append((line, code, text))

    def _refuse(self) -> None:
        found = sorted(self._problems)[:PROBLEMS_MAX]
        said = "\n  ".join(f"{self._path}:{line}: {text}" for line, _, text in found)
        raise EdgeError(found[0][1], said, "facepay sim run --steps lists the steps and their keys")


def near(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)[:200]}"


def short(value: Any) -> str:
    """A value in a line of text, as the file writes it, without the quotes of a plain string."""
    if isinstance(value, dict):
        return "{" + " ".join(f"{k}={short(v)}" for k, v in value.items()) + "}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.replace("\n", " ")
    return text if len(text) <= 40 else text[:39] + "…"


def _positions(text: str) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Lines of the keys of the head, and of each step ("" is its heading). tomllib does not tell
    them, and scenario files are flat."""
    head: dict[str, int] = {}
    aside: dict[str, int] = {}
    found: list[dict[str, int]] = []
    here = head
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*step\s*\]\]", line):
            here = {"": number}
            found.append(here)
        elif pair := re.match(r"\s*\"?([A-Za-z0-9_.-]+)\"?\s*=", line):
            here.setdefault(pair.group(1), number)
        elif table := re.match(r"\s*\[+\s*([A-Za-z0-9_-]+)", line):
            head.setdefault(table.group(1), number)
            here = aside
    return head, found
