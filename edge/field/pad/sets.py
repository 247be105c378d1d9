"""What a set looks like: `labels.csv` (path, label real|spoof, attack, subject, split; more columns
are groups) beside pictures, films, folders of pictures (clips), folders with a `look.json` (clips under
the lamps) or with a `pair.json` (one shot without a flash and one with it). Errors: E-PAD-01 no set,
E-PAD-02 a line that is none, E-PAD-03 a presentation that is none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import NONCE_BYTES, redraw
from edge.errors import EdgeError

LABELS: Final = "labels.csv"
LOOK: Final = "look.json"
PAIR: Final = "pair.json"
ABOUT: Final = "about.txt"  # what the set is: told above every figure
ITEMS_MAX: Final = 100_000
LOOK_BYTES_MAX: Final = 64 * 1024
PAIR_BYTES_MAX: Final = 4 * 1024
NEEDED: Final = ("path", "label")
T = TypeVar("T")
KNOWN: Final = frozenset({"path", "label", "attack", "subject", "split"})


class Item(Struct, frozen=True):
    """One line of the set. groups: the further columns, e.g. light or skin."""

    path: str
    spoof: bool
    attack: str
    subject: str
    split: str
    groups: tuple[tuple[str, str], ...]


class Look(Struct, frozen=True):
    """`look.json`: the lamps of a presentation, and when its shots were."""

    terminal: str
    nonce: str
    step_ms: int
    lit_ms: tuple[float, ...]
    end_ms: float
    shot_ms: tuple[int, ...]


class Pair(Struct, frozen=True, forbid_unknown_fields=True):
    """`pair.json`: the names of two pictures beside it. dark: before the flash."""

    dark: str
    flash: str


def items(folder: Path, split: str = "") -> Iterator[Item]:
    """The lines of a set, of one split or all."""
    place = folder / LABELS
    if not place.is_file():
        raise EdgeError("E-PAD-01", f"{place} is not there", "labels.csv: path,label,attack,…")
    with place.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not set(NEEDED) <= set(rows.fieldnames or ()):
            raise EdgeError("E-PAD-01", f"{place} has no columns {', '.join(NEEDED)}")
        for number, row in enumerate(rows, start=2):
            if number > ITEMS_MAX:
                raise EdgeError("E-PAD-02", f"{place} has more than {ITEMS_MAX} lines")
            one = item(row, f"{place} line {number}")
            if not split or one.split == split:
                yield one


def item(row: dict[str, str], where: str) -> Item:
    """A line of labels.csv."""
    label, path = row.get("label"), row.get("path") or ""
    if label not in ("real", "spoof") or not path or ".." in Path(path).parts or path[0] == "/":
        raise EdgeError("E-PAD-02", f"{where}: path and label real or spoof are needed")
    groups = tuple((name, value) for name, value in row.items() if name not in KNOWN and value)
    attack = row.get("attack") or ("unnamed" if label == "spoof" else "")
    return Item(
        path, label == "spoof", attack, row.get("subject") or "", row.get("split") or "", groups
    )


def about(folder: Path) -> str:
    """What the set says of itself, "" nothing."""
    place = folder / ABOUT
    return _bytes(place, LOOK_BYTES_MAX).decode("utf-8", "replace") if place.is_file() else ""


def lighting(told: Look | None, where: str) -> Lighting | None:
    """The lights of a presentation, or None. The steps are drawn from the nonce, as at the centre."""
    if told is None:
        return None
    try:
        nonce = bytes.fromhex(told.nonce)
    except ValueError:
        nonce = b""
    drawn = redraw(nonce, told.terminal, len(told.lit_ms)) if len(nonce) == NONCE_BYTES else None
    if drawn is None or len(drawn.steps) != len(told.lit_ms) or drawn.step_ms != told.step_ms:
        raise EdgeError("E-PAD-03", f"{where}/{LOOK} is not of a sequence that we draw")
    return Lighting(drawn, told.lit_ms, told.end_ms)


def look_of(folder: Path, path: str) -> Look | None:
    """`look.json`, where there is one."""
    return _told(folder / path / LOOK, LOOK_BYTES_MAX, Look)


def pair_of(folder: Path, path: str) -> Pair | None:
    """`pair.json`, where there is one."""
    pair = _told(folder / path / PAIR, PAIR_BYTES_MAX, Pair)
    names = () if pair is None else (pair.dark, pair.flash)
    if pair is not None and (pair.dark == pair.flash or any(Path(n).name != n for n in names)):
        raise EdgeError("E-PAD-03", f"{path}/{PAIR}: two different names of pictures beside it are needed")
    if pair is not None and (folder / path / LOOK).is_file():
        raise EdgeError("E-PAD-03", f"{path} has {LOOK} and {PAIR}: it is a visit under lamps or a pair")
    return pair


def _told(place: Path, limit: int, kind: type[T]) -> T | None:
    if not place.is_file():
        return None
    try:
        return msgspec.json.decode(_bytes(place, limit), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as bad:
        raise EdgeError("E-PAD-03", f"{place}: {bad}") from bad


def _bytes(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise EdgeError("E-PAD-03", f"{path} is longer than {limit} bytes")
    return data
